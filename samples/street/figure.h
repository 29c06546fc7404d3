/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * One person in one frame: placed, drawn into the depth buffer, coloured, and
 * the box of the face.
 */
#ifndef STREET_FIGURE_H
#define STREET_FIGURE_H

#include "light.h"
#include "people.h"
#include "raster.h"

#define FIGURE_BALLS 17 ///< spheres that stand for a body when it throws shadow

typedef struct Figure {
    const Person *person;
    const Mesh *head; ///< fine or coarse
    Pose bones[BONE_COUNT];
    Vec scale; ///< head units to metres
    Vec floor; ///< where the person stands
    struct {
        Vec at;
        float r;
    } balls[FIGURE_BALLS];
    float face_box[4]; ///< x, y, w, h in pixels
    float facing;      ///< 1: the face is turned to the camera, to 0: away
    int face_pixels;   ///< of the face, if nothing stood before it
} Figure;

/** Place a person. False if wholly out of the picture. */
bool figure_place(Figure *f, const Person *p, const Stance *s, const Camera *c);

/**
 * Draw into the depth buffer, as things 2 i + 1 (body) and 2 i + 2 (head).
 *
 * @return 0 or -ENOMEM
 */
int figure_draw(Figure *f, const Camera *c, Buffer *b, int i);

/** Does this pixel, drawn by figure f, belong to its face? */
bool figure_is_face(const Figure *f, const Pixel *px);

/** Light that one pixel of the figure sends to the eye. */
Vec figure_colour(const Figure *f, const Light *l, const Camera *c, const Pixel *px);

#endif /* STREET_FIGURE_H */
