/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Where one face was, frame by frame: points in rising order of frames, each
 * seen by a detector or followed in the picture from a point beside it.
 */
#ifndef VEIL_FILTERS_PATH_H
#define VEIL_FILTERS_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "detector.h"

typedef struct VeilPoint {
    int64_t at; ///< frame number
    VeilFace face;
    bool followed; ///< not seen by a detector
    float cut[4];  ///< left, top, right, bottom: 1 where the picture ended when the face was last seen, else 0; from one
                   ///< to the other between two points
} VeilPoint;

typedef struct VeilPath {
    VeilPoint *point;
    int n, cap;
} VeilPath;

void veil_path_free(VeilPath *p);

/** Put a point after the last one, or before the first one. @return 0 or AVERROR(ENOMEM) */
int veil_path_append(VeilPath *p, const VeilPoint *point);
int veil_path_prepend(VeilPath *p, const VeilPoint *point);

/** Drop points that lie after frame `at`. */
void veil_path_cut_after(VeilPath *p, int64_t at);

/** Forget what no frame from `at` on needs: the newest point up to it is kept. */
void veil_path_forget(VeilPath *p, int64_t at);

/**
 * The newest points are followed, and the face has been seen again at `seen`:
 * spread the error of the last of them over all since the last sighting, and
 * drop one in that very frame. `seen` itself is not added.
 */
void veil_path_correct(VeilPath *p, const VeilPoint *seen);

/**
 * Where the face is in frame `at`, from the first point to the last.
 * @param gap receives the frames to the nearest point
 * @return point that is `followed` unless a detector saw it in this very frame
 */
VeilPoint veil_path_at(const VeilPath *p, int64_t at, int *gap);

/** Where it was in frame `at`, before the first point: the motion of the first two run backwards. */
VeilPoint veil_path_before(const VeilPath *p, int64_t at);

#endif /* VEIL_FILTERS_PATH_H */
