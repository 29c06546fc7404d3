/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * From five landmarks to the picture that a recognition network expects: the
 * similarity transform that brings them closest to the reference points, and
 * the pixels seen through it. Also how good a look at a face is.
 */
#ifndef VEIL_FILTERS_ALIGN_H
#define VEIL_FILTERS_ALIGN_H

#include <stdint.h>

#include "detector.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_ALIGN_SIDE  112 ///< width and height of an aligned face, in pixels
#define VEIL_ALIGN_BYTES (VEIL_ALIGN_SIDE * VEIL_ALIGN_SIDE * 3) ///< blue, green, red interleaved

/** Where an aligned face has its eyes, nose and mouth corners: the reference points of ArcFace
 *  (Deng et al. 2019, insightface `arcface_dst`), which SFace and MobileFaceNet were trained with. */
extern const float veil_align_points[VEIL_LANDMARKS][2];

/** Turn, scale and shift, without reflection: x' = a x - b y + tx, y' = b x + a y + ty. */
typedef struct VeilSimilarity {
    float a, b, tx, ty;
} VeilSimilarity;

/** Interleaved 8-bit blue, green, red; borrowed. */
typedef struct VeilBgr {
    const uint8_t *data;
    int w, h;   ///< in pixels
    int stride; ///< bytes from row to row
} VeilBgr;

/**
 * The similarity that maps `from` onto `to` with the least sum of squares
 * (Umeyama, IEEE PAMI 13(4) 1991, in the plane and without reflection).
 * @return 0; AVERROR(EINVAL) if all points of `from` fall together
 */
int veil_align_fit(VeilSimilarity *out, const float from[VEIL_LANDMARKS][2], const float to[VEIL_LANDMARKS][2]);

/**
 * The picture as the similarity maps it: out(S p) = pic(p). Where it shrinks,
 * areas are averaged; where it enlarges, it is bilinear. Outside of the
 * picture its edge goes on.
 * @param out w * h * 3 bytes
 */
void veil_align_warp(uint8_t *out, int w, int h, const VeilBgr *pic, const VeilSimilarity *s);

/**
 * How much a look at a face is worth for recognition, 0..1:
 *
 *   quality = score * size * sharp * frontal
 *   size    = min(1, d / 35)         d: between the eyes in the picture, in pixels; 35 is what
 *                                    an aligned face has, so that below it is enlarged
 *   sharp   = v / (v + 5)            v: mean absolute Laplacian of the aligned face's luma
 *   frontal = max(0, 1 - 2 |t - .5|) t: where along the line between the eyes the nose stands;
 *                                    0 once it is over an eye
 * @param aligned VEIL_ALIGN_BYTES
 */
float veil_align_quality(const VeilFace *face, const uint8_t *aligned);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_FILTERS_ALIGN_H */
