/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The faces that are being followed. Fed with the boxes of searched frames,
 * it answers where each face is in any frame of the window: seen by the
 * detector, followed in the picture where the detector lost it or had not
 * found it yet, filled between, or extended a little beyond. Knows frame
 * numbers and boxes; frames it sees through one call only.
 */
#ifndef VEIL_FILTERS_TRACKS_H
#define VEIL_FILTERS_TRACKS_H

#include <stdint.h>

#include "boxes.h"

typedef struct VeilTracks VeilTracks;

/**
 * Find what `box` holds in frame `from` again in frame `to`.
 * @return likeness, VEIL_FOLLOW_SURE and up when it was found; -1 if a frame is not held
 */
typedef float (*VeilFollowFn)(void *opaque, int64_t from, const VeilFace *box, int64_t to, const VeilFace *guess,
                              VeilFace *out);

typedef struct VeilTracksConfig {
    int window;      ///< frames that are held back: how far a new track may look back
    int patience;    ///< frames that a track lives on without a sighting; at most `window`
    int extend;      ///< frames that a track is carried beyond the first and last place where it was seen or followed
    float high;      ///< lowest score that begins a track at once
    float evidence;  ///< what boxes of lower score in a row must be worth to begin one, see weak.h
    float w, h;      ///< size of the picture, luma pixels
    float slack;     ///< luma pixels by which a box may be off, added on each side
    float growth;    ///< share of its size that a box grows, each side, a frame away from where it was seen or followed
    VeilFollowFn follow; ///< NULL: nothing is followed
    void *opaque;        ///< its first argument
} VeilTracksConfig;

/** What sizes of faces are measured by: the longer side of the picture, luma pixels. */
static inline float veil_tracks_span(const VeilTracksConfig *c)
{
    return c->w > c->h ? c->w : c->h;
}

/** @return 0 or AVERROR(ENOMEM) */
int veil_tracks_new(VeilTracks **out, const VeilTracksConfig *config);
void veil_tracks_free(VeilTracks *t);

/** Frame number `at` opens a new scene: every track ends before it. */
void veil_tracks_cut(VeilTracks *t, int64_t at);

/**
 * Take in the boxes of a searched frame; `at` rises from call to call. The
 * frames since the last one, and this one, can be followed in.
 * @param x, y where the picture's corner lies among the boxes: 0, 0 unless the camera's motion was taken out of them
 * @return 0 or AVERROR(ENOMEM)
 */
int veil_tracks_update(VeilTracks *t, int64_t at, float x, float y, const VeilBox *boxes, int n);

/**
 * Where every face is in frame `at`, which is not older than the last one asked for.
 * @return number of boxes; AVERROR(ENOSPC) if there are more than cap
 */
int veil_tracks_at(VeilTracks *t, int64_t at, VeilBox *boxes, int cap);

/** Tracks begun so far. */
int veil_tracks_total(const VeilTracks *t);

#endif /* VEIL_FILTERS_TRACKS_H */
