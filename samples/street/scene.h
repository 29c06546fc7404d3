/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The street without people: what a ray meets, and the colour it brings back.
 * A pavement along shops on the left, a kerb, a road with parked cars, houses
 * across it, a lamp post, a bin, bollards, and sky at the end.
 */
#ifndef STREET_SCENE_H
#define STREET_SCENE_H

#include "light.h"

#define WALL_LEFT_X  -2.7f ///< front of the shops
#define KERB_X       1.55f ///< edge of the pavement
#define FAR_KERB_X   8.6f  ///< the other side of the road
#define WALL_RIGHT_X 10.6f ///< front of the houses across
#define ROAD_Y       -.12f ///< the road lies this much below the pavement

/** What one ray sees. */
typedef struct Sight {
    Vec rgb;      ///< linear light
    float dist;   ///< metres along the ray; very large for the sky
    float ground; ///< 1 on pavement and road, where people throw shadows; else 0
} Sight;

/** Look from a point along a unit direction. */
Sight scene_look(const Light *l, Vec from, Vec dir);

/** Height of the ground under a place. */
float scene_floor(float x);

#endif /* STREET_SCENE_H */
