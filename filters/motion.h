/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Camera motion from one frame to the next: the one shift under which small
 * copies of both differ least. For pans so fast that every face is smeared;
 * rolls and zooms are left to follow.h, face by face.
 */
#ifndef VEIL_FILTERS_MOTION_H
#define VEIL_FILTERS_MOTION_H

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

#endif /* VEIL_FILTERS_MOTION_H */
