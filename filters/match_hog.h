/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file What the `hog` matcher measures in a face, for it and for the program that trains it. */
#ifndef VEIL_FILTERS_MATCH_HOG_H
#define VEIL_FILTERS_MATCH_HOG_H

#include <stdint.h>

#define VEIL_HOG_CELLS    4  ///< on a side, of the histograms
#define VEIL_HOG_BINS     9  ///< directions without sign, 20 degrees each
#define VEIL_HOG_TILES    7  ///< on a side, of the colours
#define VEIL_HOG_FEATURES (VEIL_HOG_CELLS * VEIL_HOG_CELLS * VEIL_HOG_BINS + 3 * VEIL_HOG_TILES * VEIL_HOG_TILES)

/**
 * Histograms, each bin's share of its neighbourhood's gradient (square root);
 * then of each tile log(red/green), log(blue/green) and log(green), linear light.
 * @param aligned VEIL_ALIGN_BYTES
 * @param scratch VEIL_ALIGN_SIDE * VEIL_ALIGN_SIDE * 2 floats; the caller wipes them
 */
void veil_hog_measure(const uint8_t *aligned, float out[VEIL_HOG_FEATURES], float *scratch);

#endif /* VEIL_FILTERS_MATCH_HOG_H */
