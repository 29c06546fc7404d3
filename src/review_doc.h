/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The tracks file under review: its bytes for the page, its boxes for the
 * pictures, and saving by which no other tab or program is overwritten
 * unseen. For any number of threads: a state, once read, does not change, and
 * lives as long as someone holds it.
 */
#ifndef VEIL_SRC_REVIEW_DOC_H
#define VEIL_SRC_REVIEW_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include <libavutil/buffer.h>

typedef struct VeilDoc VeilDoc;

/** A box in one frame. */
typedef struct VeilDocBox {
    int64_t frame;    ///< number, from 0
    float x, y, w, h; ///< luma pixels as stored
    float score;
    char origin;      ///< 'd', 'f', 'e' or 'm'
} VeilDocBox;

typedef struct VeilDocTrack {
    int64_t id;
    const VeilDocBox *box; ///< n boxes, frames rising
    int n;
    bool covered;          ///< action is not `keep`
    const char *consent;   ///< consent record or "", of a track to keep
    const char *reason;    ///< code or ""
} VeilDocTrack;

/** One state of the file. */
typedef struct VeilDocState {
    int64_t revision;
    AVBufferRef *text;     ///< as saved
    json_t *source;        ///< its "source"
    json_t *zones;         ///< its "zones", an array
    VeilDocTrack *track;
    int n_tracks;
    int64_t frames;        ///< in the recording
    VeilDocBox *boxes;     ///< of all tracks, one after the other
} VeilDocState;

/**
 * Read and check.
 * @param path of the tracks file, borrowed
 * @return 0; a negative errno after a printed sentence
 */
int veil_doc_open(VeilDoc **out, const char *path);

/**
 * Hold the newest state; also sees what another program saved.
 * @param state receives it, valid until av_buffer_unref() of what is returned
 * @return NULL without memory
 */
AVBufferRef *veil_doc_hold(VeilDoc *doc, const VeilDocState **state);

/**
 * Save a whole new document, under the next revision.
 * @param text      len bytes
 * @param expected  the revision that it was made from
 * @param revision  receives the one saved, or on -ESTALE the one that is there
 * @param why       receives a sentence on failure
 * @return 0; -ESTALE someone else saved meanwhile; -EINVAL not a tracks file of
 *         this recording; another negative errno if it cannot be written
 */
int veil_doc_save(VeilDoc *doc, const char *text, size_t len, int64_t expected, int64_t *revision, char why[512]);

/** Times of all frames in the stream's time base. @return allocated, state->frames long; NULL without memory */
int64_t *veil_doc_times(const VeilDocState *state);

/** The track of that id, or NULL. */
const VeilDocTrack *veil_doc_track(const VeilDocState *state, int64_t id);

/** The box of a track in that frame, or NULL. */
const VeilDocBox *veil_doc_box(const VeilDocTrack *track, int64_t frame);

/** Where the face shows best: found by a detector or a person, large, with a high score. NULL for an empty track */
const VeilDocBox *veil_doc_best(const VeilDocTrack *track);

void veil_doc_close(VeilDoc *doc); ///< accepts NULL

#endif /* VEIL_SRC_REVIEW_DOC_H */
