/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Any frame of a recording by its number, exactly the one that `veil redact`
 * would see under that number. Frames are numbered in presentation order
 * from 0, and their times are known beforehand (from the tracks file).
 *
 * A seek is trusted only where every time of the list is the time of a packet,
 * and what it leads to is checked by time; where that fails, the frames are
 * counted from the start of the file. Slow, but never the wrong picture.
 */
#ifndef VEIL_SRC_FRAMES_H
#define VEIL_SRC_FRAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <libavutil/frame.h>

#include "filters/filter.h"

typedef struct VeilFrames VeilFrames;

/** Who asks: each has a decoder of its own, so that thumbnails do not disturb what is playing or followed. */
typedef enum VeilFramesLane {
    VEIL_FRAMES_PLAY,
    VEIL_FRAMES_THUMB,
    VEIL_FRAMES_FOLLOW,
    VEIL_FRAMES_LANES
} VeilFramesLane;

/**
 * Open, and begin to index key frames in a thread.
 * @param pts   n times in the stream's time base, rising; copied
 * @param bytes memory for decoded frames, over all lanes; at least one frame each is kept
 * @return 0; AVERROR after a printed sentence
 */
int veil_frames_open(VeilFrames **out, const char *path, const int64_t *pts, int64_t n, size_t bytes);

/** Is the frame still wanted? Asked before each frame that is decoded on the way. NULL: always */
typedef struct VeilFramesAsker {
    bool (*wants)(const void *opaque);
    const void *opaque;
} VeilFramesAsker;

/**
 * Decode one frame. Blocks while another caller uses the lane; one who has
 * gone away meanwhile costs those behind it nothing.
 * @param asker NULL: wants it in any case
 * @param frame receives a new reference; read it only
 * @return 0; AVERROR(EINVAL) for a number outside 0..n-1; AVERROR_EXIT after
 *         veil_frames_cancel(), or when the asker has gone; AVERROR(ENOENT) if the file ends before it; other AVERROR
 */
int veil_frames_get(VeilFrames *f, VeilFramesLane lane, int64_t number, const VeilFramesAsker *asker, AVFrame **frame);

/** The index is complete. */
bool veil_frames_indexed(const VeilFrames *f);

/** How many frames there are. */
int64_t veil_frames_count(const VeilFrames *f);

/** What every frame is like, as the filters want to know it. */
const VeilLink *veil_frames_link(const VeilFrames *f);

/** End every call that is under way, and fail all later ones. */
void veil_frames_cancel(VeilFrames *f);

void veil_frames_close(VeilFrames *f); ///< accepts NULL; no call may be under way

#endif /* VEIL_SRC_FRAMES_H */
