/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Bodies: clothes and limbs of one identity as a mesh of rigid parts, and the
 * places of these parts while it walks, stands or looks at a telephone.
 */
#ifndef STREET_BODY_H
#define STREET_BODY_H

#include "mesh.h"

typedef enum Bone {
    BONE_HIP,
    BONE_CHEST,
    BONE_HEAD,
    BONE_THIGH_L,
    BONE_THIGH_R,
    BONE_SHIN_L,
    BONE_SHIN_R,
    BONE_UPPER_L,
    BONE_UPPER_R,
    BONE_FORE_L,
    BONE_FORE_R,
    BONE_COUNT
} Bone;

/** Where a bone is: local points are turned, then moved; metres, in the world. */
typedef struct Pose {
    Mat turn;
    Vec at;
} Pose;

/** What a person is doing at one instant. */
typedef struct Stance {
    Vec at;                                ///< on the ground, under the hips
    float heading;                         ///< radians; 0 walks away from the camera
    float step;                            ///< phase of the walk, radians
    float stride;                          ///< 0 stands .. 1 walks briskly
    float look_yaw, look_pitch, look_roll; ///< of the head against the body; pitch > 0 looks down
} Stance;

/** Build the body. @return 0 or -ENOMEM; free with mesh_free() */
int body_build(Mesh *m, const Identity *id);

/** Size of a head unit of this person, in metres. */
float body_head_unit(const Identity *id);

/** Place every bone. BONE_HEAD's origin is that of the head's own coordinates. */
void body_pose(Pose bones[BONE_COUNT], const Identity *id, const Stance *s);

#endif /* STREET_BODY_H */
