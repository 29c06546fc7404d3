/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Camera motion from one frame to the next: the one shift under which small
 * copies of both differ least. For hands that shake, and for pans so fast that
 * every face is smeared; rolls and zooms are left to follow.h, face by face.
 */
#ifndef VEIL_FILTERS_MOTION_H
#define VEIL_FILTERS_MOTION_H

#include <stdbool.h>
#include <libavutil/frame.h>

#define VEIL_MOTION_W 80 ///< cells of a small copy
#define VEIL_MOTION_H 45

/** A small copy of a frame's luma: the mean of a few pixels of each cell. */
typedef struct VeilSmall {
    uint8_t cell[VEIL_MOTION_H][VEIL_MOTION_W];
} VeilSmall;

/** The frame is of a format that veil_follow_can() accepts. */
void veil_motion_small(const AVFrame *frame, VeilSmall *out);

/** A shift that explains this share of the difference is the camera's; between unlike pictures the best explains less. */
#define VEIL_MOTION_SURE 0.4f

/**
 * How far the picture moved from a to b, in cells; up to four tenths of the
 * picture each way.
 * @return share of the difference that is gone after the shift, 0..1; 0 for
 *         a still camera
 */
float veil_motion_shift(const VeilSmall *a, const VeilSmall *b, float *dx, float *dy);

/**
 * How alike the two are when brightness and contrast do not count: near 1
 * across a flash, a fade or a lamp switched on.
 * @return correlation, -1..1; 0 if one of them is flat
 */
float veil_motion_alike(const VeilSmall *a, const VeilSmall *b);

#define VEIL_MOTION_FINE 4 ///< cells of a fine copy in one of a small copy, each way

/** A finer copy, of the same part of the picture. */
typedef struct VeilFine {
    bool whole; ///< all rows are there, not just those that show whether anything moved
    uint8_t cell[VEIL_MOTION_H * VEIL_MOTION_FINE][VEIL_MOTION_W * VEIL_MOTION_FINE];
} VeilFine;

/** Where the camera points, followed from frame to frame. Begins zeroed. */
typedef struct VeilCamera {
    float x, y;  ///< luma pixels by which what stands still has moved in the picture since the scene's first frame
    bool panned; ///< with the newest frame it moved so far that this explains most of what changed
    bool known;  ///< there is a copy of the newest frame
    int newest;  ///< its index; the other is of the frame before
    VeilFine fine[2];
} VeilCamera;

/**
 * See the next frame.
 * @param before the frame seen before it; NULL if that is gone
 * @param cut    it begins a new scene: nothing is compared with the frame before it
 */
void veil_camera_see(VeilCamera *c, const AVFrame *before, const AVFrame *frame, bool cut);

#endif /* VEIL_FILTERS_MOTION_H */
