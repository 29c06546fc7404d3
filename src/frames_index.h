/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file Key frames of a recording, read off its packets without decoding. Part of frames.c. */
#ifndef VEIL_SRC_FRAMES_INDEX_H
#define VEIL_SRC_FRAMES_INDEX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct VeilKeyFrame {
    int64_t pts, dts; ///< in the stream's time base; dts is the pts where the container has none
} VeilKeyFrame;

typedef struct VeilFramesIndex {
    VeilKeyFrame *key; ///< n entries, pts rising
    int n;
    bool exact;        ///< every frame's time is that of a packet, so a seek can be checked
} VeilFramesIndex;

/**
 * Read all packets of the best video stream.
 * @param pts    n_pts times that the frames have, rising
 * @param cancel ends the reading
 * @return 0, with whatever could be read; AVERROR
 */
int veil_frames_index(VeilFramesIndex *out, const char *path, const int64_t *pts, int64_t n_pts,
                      const atomic_bool *cancel);

/** The last key frame at or before that time; -1 if there is none. */
int veil_frames_key_before(const VeilFramesIndex *index, int64_t pts);

void veil_frames_index_free(VeilFramesIndex *index); ///< clears it

#endif /* VEIL_SRC_FRAMES_INDEX_H */
