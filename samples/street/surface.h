/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * What a ray that meets the street finds there, handed from the rooms that
 * know shapes (facade, props) to the one that adds light (scene).
 */
#ifndef STREET_SURFACE_H
#define STREET_SURFACE_H

#include "light.h"

typedef struct Surface {
    Vec n;       ///< unit normal
    Vec albedo;  ///< linear RGB
    Vec glow;    ///< light it gives off itself
    float gloss; ///< share of the surroundings it mirrors when seen straight on
    float open;  ///< share of the sky it sees
} Surface;

/**
 * Paint a house front.
 *
 * @param row    0 the shops on the left, 1 the houses across, 2 the end of the street
 * @param along  metres along the front
 * @param y      metres above the ground
 * @param into   the ray in the front's own axes: along, up, into the wall (z > 0)
 * @param s      n is in the front's own axes; out of the wall is (0, 0, -1)
 * @return false above the roof, where the ray goes on
 */
bool facade_paint(const Light *l, int row, float along, float y, Vec into, Surface *s);

/**
 * Meet cars, lamp posts, bins and bollards.
 *
 * @param reach in: look no further; out: where the ray met something
 * @return false if it met nothing
 */
bool props_meet(Vec from, Vec dir, float *reach, Surface *s, const Light *l);

/** Meet awnings and trees; as props_meet(). */
bool canopy_meet(Vec from, Vec dir, float *reach, Surface *s);

/** Does anything stand between a place and the sun? 0 in shadow .. 1. */
float props_sun(Vec p, Vec to_sun);

#endif /* STREET_SURFACE_H */
