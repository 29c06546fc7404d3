/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Where one scene ends and another begins: mean luma over a coarse grid,
 * compared from frame to frame. A camera that swings round makes as large a
 * difference; but there one shift explains it, which a cut never does.
 */
#ifndef VEIL_FILTERS_SCENE_H
#define VEIL_FILTERS_SCENE_H

#include <stdbool.h>
#include <stdint.h>
#include <libavutil/frame.h>

#include "motion.h"

#define VEIL_SCENE_W 32
#define VEIL_SCENE_H 18

typedef struct VeilScene {
    bool started;
    float grid[VEIL_SCENE_W * VEIL_SCENE_H]; ///< of the last frame, 0..255
    VeilSmall small;                         ///< of the last frame
    float motion;                            ///< usual difference from frame to frame, 0..255
} VeilScene;

/**
 * Look at the next frame.
 * @param scene all zero before the first frame
 * @return true if the frame does not continue the one before it; the first one never does
 */
bool veil_scene_is_new(VeilScene *scene, const AVFrame *frame);

#endif /* VEIL_FILTERS_SCENE_H */
