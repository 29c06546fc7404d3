/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A clip's stage: camera, light, people and the empty street, and one frame
 * of it at any time.
 */
#ifndef STREET_STAGE_H
#define STREET_STAGE_H

#include "figure.h"

typedef struct Stage {
    Camera camera;
    Light light;
    Person *people;
    int count;
    float *back;        ///< the empty street: linear RGB, three per pixel
    float *back_near;   ///< 1 / depth of each of its pixels
    float *back_ground; ///< 1 where shadows of people fall
} Stage;

/** What one worker draws on; made once and used for many frames. */
typedef struct Canvas {
    Buffer depth;
    float *rgb;   ///< linear light, three per pixel
    float *spare; ///< as large as rgb, for the lens
} Canvas;

/** One line of the ground truth. */
typedef struct Face {
    int id;
    float x, y, w, h; ///< pixels, not clipped to the frame
    float visible;    ///< 0..1
    float motion;     ///< pixels since the frame before
} Face;

/**
 * Set up a street.
 *
 * @return 0 or -ENOMEM; free with stage_close() in both cases
 */
int stage_open(Stage *s, int width, int height, LightKind light, uint32_t seed, int people);
void stage_close(Stage *s);

/** @return 0 or -ENOMEM; free with canvas_close() in both cases */
int canvas_open(Canvas *c, int width, int height);
void canvas_close(Canvas *c);

/**
 * Render one instant.
 *
 * @param faces receives one row per face whose box touches the frame; room for s->count
 * @return number of faces, or -ENOMEM
 */
int stage_render(const Stage *s, Canvas *c, float seconds, float frame_seconds, Face *faces);

#endif /* STREET_STAGE_H */
