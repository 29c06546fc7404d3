/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * From the outputs of a network to faces, before suppression. Knows the
 * decoding table of the graph; nothing of frames.
 */
#ifndef VEIL_NN_DECODE_H
#define VEIL_NN_DECODE_H

#include "run.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_NN_POINTS 5

/** A candidate, in picture pixels. */
typedef struct VeilNNFace {
    float x, y, w, h; ///< left, top, width, height
    float score;      ///< 0..1
    float point[VEIL_NN_POINTS][2]; ///< zero if the network has none
} VeilNNFace;

/**
 * Walk through the outputs of the last run.
 * @param threshold lowest score, 0..1
 * @param take      called for each candidate
 */
void veil_nn_decode(const VeilNN *nn, const VeilNNGraph *g, float threshold,
                    void (*take)(void *opaque, const VeilNNFace *face), void *opaque);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_NN_DECODE_H */
