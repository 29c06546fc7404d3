/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Is this the recording that was scanned? Its shape is compared before
 * anything is served; its SHA-256 takes seconds on a long file, so that is
 * taken meanwhile, and ends the review if it is another one.
 */
#include <errno.h>
#include <string.h>

#include "digest.h"
#include "msg.h"
#include "review.h"
#include "signals.h"

static int check_shape(const VeilReview *r, const VeilTracksSource *s)
{
    const VeilLink *link = veil_frames_link(r->frames);

    if (link->w == s->width && link->h == s->height && link->rotation == s->rotation &&
        !av_cmp_q(link->time_base, s->time_base))
        return 0;
    veil_error("tracks file '%s' is of a video of %dx%d turned by %d, '%s' is %dx%d turned by %d; give the video that was "
               "scanned, or scan this one", r->tracks_path, s->width, s->height, s->rotation, r->input, link->w, link->h,
               link->rotation);
    return -EINVAL;
}

static void *digest_thread(void *opaque)
{
    VeilReview *r = opaque;
    char hex[VEIL_DIGEST_HEX];
    const int ret = veil_digest_file(r->input, hex);

    if (ret < 0)
        veil_error("cannot take the SHA-256 of '%s': %s; the review needs a plain file", r->input, strerror(-ret));
    else if (strcmp(hex, r->sha256) != 0)
        veil_error("tracks file '%s' is of another video than '%s': the SHA-256 differs; give the video that was scanned, "
                   "or scan this one", r->tracks_path, r->input);
    else
        return NULL;
    atomic_store(&r->foreign, true);
    atomic_store(&veil_cancelled, true);
    return NULL;
}

int veil_review_check_begin(VeilReview *review)
{
    const VeilDocState *state;
    AVBufferRef *hold = veil_doc_hold(review->doc, &state);
    int ret = hold ? check_shape(review, &state->file->source) : -ENOMEM;

    if (ret >= 0) {
        memcpy(review->sha256, state->file->source.sha256, sizeof(review->sha256));
        ret = -pthread_create(&review->checker, NULL, digest_thread, review);
        review->has_checker = !ret;
    }
    av_buffer_unref(&hold);
    return ret;
}

bool veil_review_check_end(VeilReview *review)
{
    if (review->has_checker) {
        pthread_cancel(review->checker); /* at a read: nobody waits for the rest of a long file */
        pthread_join(review->checker, NULL);
    }
    review->has_checker = false;
    return !atomic_load(&review->foreign);
}
