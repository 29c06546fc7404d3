/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Triangle meshes: baked from a head's distance field, or built ring by ring
 * for clothes and limbs.
 */
#ifndef STREET_MESH_H
#define STREET_MESH_H

#include "head.h"

typedef struct Mesh {
    int vertices, triangles;
    Vec *pos, *normal; ///< one each per vertex, in the mesh's own units
    float *open;       ///< share of the sky that a vertex sees, 0..1
    uint8_t *material; ///< Material of each vertex
    uint8_t *bone;     ///< which limb a vertex moves with; 0 for heads
    int (*tri)[3];     ///< anticlockwise seen from outside
    int vertex_room, triangle_room;
} Mesh;

/** One cross-section of a limb or garment, in metres from its joint. */
typedef struct Ring {
    float y; ///< height of the section
    float half_x, half_z;
    float shift_z; ///< centre of the section in front of the joint
} Ring;

/**
 * Bake a head by surface nets.
 *
 * @param cell edge of the sampling grid in head units; .03 is fine, .06 coarse
 * @return 0 or -ENOMEM; free with mesh_free() in both cases
 */
int mesh_bake_head(Mesh *m, const Identity *id, float cell);

/**
 * Add a closed tube through n rings. Ends are closed by rings of no size.
 *
 * @param square 1 for elliptical sections; smaller is boxier, .4 a rounded box
 * @return 0 or -ENOMEM
 */
int mesh_add_tube(Mesh *m, const Ring *rings, int n, float square, int bone, Material material);

/** Free what a mesh holds; a zeroed mesh is allowed. */
void mesh_free(Mesh *m);

#endif /* STREET_MESH_H */
