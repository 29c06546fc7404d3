/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Boxes of low score that belong to no track yet. One alone is noise; some
 * that follow each other in place are a face that the detector hardly sees.
 */
#ifndef VEIL_FILTERS_WEAK_H
#define VEIL_FILTERS_WEAK_H

#include <stdint.h>

#include "path.h"

#define VEIL_WEAK_CHANCE 0.12f ///< what a small texture scores by chance, on the common scale

typedef struct VeilWeak {
    VeilPoint *box; ///< in rising order of frames
    int n, cap;
    int patience; ///< frames between two boxes of one face at most
    float span;   ///< longer side of the picture, luma pixels
} VeilWeak;

/**
 * How much a box speaks for a face: its score above what chance gives boxes
 * of its size. Below 0 it says nothing.
 * @param span longer side of the picture, luma pixels
 */
float veil_weak_worth(float span, const VeilFace *face);

/**
 * The least that the best sighting of a face of this size must score: boxes that recur, but never score so much, are
 * hands, helmets and texture more often than faces.
 */
float veil_weak_least_peak(float span, const VeilFace *face);

void veil_weak_free(VeilWeak *w);
void veil_weak_clear(VeilWeak *w);

/** @return 0 or AVERROR(ENOMEM) */
int veil_weak_add(VeilWeak *w, const VeilPoint *seen);

/** Forget boxes of frames before `at`. */
void veil_weak_forget(VeilWeak *w, int64_t at);

/** How much the boxes that lead up to this one, and itself, speak for a face: the sum of what each is worth. */
float veil_weak_evidence(const VeilWeak *w, const VeilPoint *seen);

/** Take out the box that comes before this one. @return 1, or 0 if there is none */
int veil_weak_take(VeilWeak *w, const VeilPoint *seen, VeilPoint *out);

#endif /* VEIL_FILTERS_WEAK_H */
