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

#include <stddef.h>
#include <stdint.h>
#include <libavutil/buffer.h>

#include "tracksfile.h"

typedef struct VeilDoc VeilDoc;

/** One state of the file; read only. */
typedef struct VeilDocState {
    VeilTracksFile *file;
    AVBufferRef *text; ///< as it lies on the disk
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
 * @return 0; -ESTALE someone else saved meanwhile; -EINVAL or -EFBIG not a tracks
 *         file of this recording; another negative errno if it cannot be written
 */
int veil_doc_save(VeilDoc *doc, const char *text, size_t len, int64_t expected, int64_t *revision,
                  char why[VEIL_TRACKSFILE_WHY]);

/** Times of all frames in the stream's time base. @return allocated, source.frames long; NULL without memory */
int64_t *veil_doc_times(const VeilDocState *state);

/** Where the face shows best: found by a detector or a person, large, with a high score. NULL for an empty track */
const VeilTracksBox *veil_doc_best(const VeilTracksTrack *track);

void veil_doc_close(VeilDoc *doc); ///< accepts NULL

#endif /* VEIL_SRC_REVIEW_DOC_H */
