/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Where one scene ends and another begins: mean luma over a coarse grid,
 * compared from frame to frame.
 */
#ifndef VEIL_FILTERS_SCENE_H
#define VEIL_FILTERS_SCENE_H

#include <stdbool.h>
#include <stdint.h>
#include <libavutil/frame.h>

#define VEIL_SCENE_W 32
#define VEIL_SCENE_H 18

typedef struct VeilScene {
    bool started;
    float grid[VEIL_SCENE_W * VEIL_SCENE_H]; ///< of the last frame, 0..255
    float motion;                            ///< usual difference from frame to frame, 0..255
} VeilScene;

/**
 * Look at the next frame.
 * @param scene all zero before the first frame
 * @return true if the frame does not continue the one before it; the first one never does
 */
bool veil_scene_is_new(VeilScene *scene, const AVFrame *frame);

#endif /* VEIL_FILTERS_SCENE_H */
