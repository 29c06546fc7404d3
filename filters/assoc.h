/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Box arithmetic of tracking: prediction, likeness, assignment. Takes arrays,
 * not frames, so that a test can call it.
 *
 * Two thresholds as in ByteTrack (Zhang et al., ECCV 2022): boxes of high
 * score may begin a track, boxes of low score may only carry one on.
 */
#ifndef VEIL_FILTERS_ASSOC_H
#define VEIL_FILTERS_ASSOC_H

#include "boxes.h"

/** A moving box: centre and size in luma pixels, speeds in pixels a frame. */
typedef struct VeilMotion {
    float cx, cy, w, h;
    float vx, vy; ///< speed of the centre
    float growth; ///< change of size a frame, as a share of it
    bool moving;  ///< the speeds have been measured
} VeilMotion;

/** Likeness of two boxes, 0 (unrelated) to 1 (the same): distance of centres and ratio of sizes, both in units of the size. */
float veil_likeness(const VeilFace *a, const VeilFace *b);

/** Begin at rest at this box. */
VeilMotion veil_motion_begin(const VeilFace *at);

/** Take in a box seen `frames` (1 or more) after the last one. */
void veil_motion_update(VeilMotion *m, const VeilFace *seen, int frames);

/** Where the box is `frames` after the last one (before it, if negative). */
VeilFace veil_motion_predict(const VeilMotion *m, int frames);

/** The box at `t` (0..1) of the way from a to b. */
VeilFace veil_face_between(const VeilFace *a, const VeilFace *b, float t);

/** A track and a box that may be its next sighting, by index. */
typedef struct VeilPair {
    int track, box;
    float likeness;
} VeilPair;

/** All zero is an empty list. */
typedef struct VeilPairs {
    VeilPair *pair;
    int n, cap;
} VeilPairs;

/** @return 0 or AVERROR(ENOMEM) */
int veil_pairs_add(VeilPairs *p, int track, int box, float likeness);

void veil_pairs_free(VeilPairs *p);

/**
 * Pair tracks with boxes, best likeness first.
 *
 * A box that is about equally like two tracks is given to neither: one of
 * them would be merged with another person. Both tracks end there, and the
 * box begins a new one.
 *
 * @param p       those that are alike enough; sorted on return
 * @param n_boxes at most VEIL_MAX_FACES
 * @param match   receives for each track the box's index, or -1
 * @param unsure  receives for each box whether it was withheld for doubt
 */
void veil_assign(VeilPairs *p, int n_tracks, int n_boxes, int *match, bool *unsure);

#endif /* VEIL_FILTERS_ASSOC_H */
