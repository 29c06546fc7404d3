/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Light of the street: a day under a soft sun, dusk with lamps and shop
 * windows, and night seen by an infra-red camera that brings its own lamp.
 */
#ifndef STREET_LIGHT_H
#define STREET_LIGHT_H

#include <stdbool.h>
#include "vec.h"

typedef enum LightKind { LIGHT_DAY, LIGHT_DUSK, LIGHT_NIGHT } LightKind;

typedef struct Lamp {
    Vec at, rgb;
    float size; ///< metres; light weakens with (distance / size) squared beyond it
} Lamp;

typedef struct Light {
    LightKind kind;
    Vec to_sun;           ///< unit direction
    Vec sun, sky, bounce; ///< linear RGB: direct, from above, from the ground
    Lamp lamps[4];
    int lamp_count;
    float flash;           ///< strength of the camera's own lamp
    Vec eye;               ///< where that lamp is
    float windows;         ///< how brightly windows are lit from inside
    float exposure, noise; ///< noise: standard deviation in grey levels at mid grey
    bool grey;             ///< the picture has no colour
} Light;

/** Everything about one kind of light, seen from `eye`. */
Light light_make(LightKind kind, Vec eye);

/**
 * Light that falls on a surface.
 *
 * @param wrap how far, per colour, light creeps round the shadow's edge (skin)
 * @param sun_share 0 in shadow .. 1 in the sun
 * @param open share of the sky the point sees, 0..1
 */
Vec light_on(const Light *l, Vec p, Vec n, Vec wrap, float sun_share, float open);

/** Highlight of the sun and of the camera's lamp; `to_eye` is a unit direction. */
Vec light_shine(const Light *l, Vec n, Vec to_eye, float power);

/** Colour of the sky in a direction. */
Vec light_sky(const Light *l, Vec d);

#endif /* STREET_LIGHT_H */
