/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil review`: what its parts share. cmd_review.c begins and ends it,
 * web.c lets requests in, review_api.c holds the routing table, and each
 * review_*.c answers one kind of question. Adding an address is a function
 * here and a row there.
 */
#ifndef VEIL_SRC_REVIEW_H
#define VEIL_SRC_REVIEW_H

#include <pthread.h>

#include "cache.h"
#include "frames.h"
#include "reasons.h"
#include "review_doc.h"
#include "review_render.h"
#include "settings.h"
#include "web.h"

typedef struct VeilReviewScan VeilReviewScan; ///< of review_scan.c

typedef struct VeilReview {
    const char *input;      ///< the recording, as given
    char *folder;           ///< of the recording; outputs go there
    char *tracks_path;      ///< the tracks file
    char *consents;         ///< folder of consent records, "IN.consent"
    VeilSettings settings;  ///< of the profile: margin, style
    VeilReasons *reasons;   ///< the closed list
    const char *page;       ///< folder of the page; NULL: the one in the binary
    AVBufferRef *page_file[3];
    bool has_audio;
    double duration;        ///< seconds
    int64_t expected;       ///< frames, as the file says; for the progress of the scan
    VeilReviewScan *scan;   ///< NULL: there was a tracks file
    atomic_bool ready;      ///< tracks and frames are open; before that only the page and the scan answer
    atomic_bool scan_failed;
    VeilDoc *doc;
    VeilFrames *frames;
    VeilCache *cache;
    VeilRender *render;
    char sha256[65];           ///< of the recording that was scanned
    pthread_t checker;
    bool has_checker;
    atomic_bool foreign;       ///< the recording is another one
    pthread_mutex_t following; ///< one box is followed at a time
} VeilReview;

/** The routing table, for veil_web_open(); its opaque is a VeilReview. */
extern const VeilWebRoute veil_review_routes[];

/* One function an address; see the table in review_api.c. */
void veil_review_job(void *review, const VeilWebRequest *request, VeilWebReply *reply);
void veil_review_tracks_get(void *review, const VeilWebRequest *request, VeilWebReply *reply);
void veil_review_tracks_put(void *review, const VeilWebRequest *request, VeilWebReply *reply);
void veil_review_consent(void *review, const VeilWebRequest *request, VeilWebReply *reply);
void veil_review_frame(void *review, const VeilWebRequest *request, VeilWebReply *reply);
void veil_review_preview(void *review, const VeilWebRequest *request, VeilWebReply *reply);
void veil_review_thumb(void *review, const VeilWebRequest *request, VeilWebReply *reply);
void veil_review_follow(void *review, const VeilWebRequest *request, VeilWebReply *reply);
void veil_review_render_start(void *review, const VeilWebRequest *request, VeilWebReply *reply);
void veil_review_render_state(void *review, const VeilWebRequest *request, VeilWebReply *reply);
void veil_review_render_cancel(void *review, const VeilWebRequest *request, VeilWebReply *reply);
void veil_review_sound(void *review, const VeilWebRequest *request, VeilWebReply *reply);
void veil_review_scan_state(void *review, const VeilWebRequest *request, VeilWebReply *reply);
void veil_review_papers_make(void *review, const VeilWebRequest *request, VeilWebReply *reply);
void veil_review_papers_html(void *review, const VeilWebRequest *request, VeilWebReply *reply);
void veil_review_papers_csv(void *review, const VeilWebRequest *request, VeilWebReply *reply);
void veil_review_papers_json(void *review, const VeilWebRequest *request, VeilWebReply *reply);

/** Open tracks file and frames. @return 0; a negative errno after a printed sentence */
int veil_review_open_tracks(VeilReview *review);

/** Search for faces in a thread; sets `ready` or `scan_failed`. @return 0 or a negative errno */
int veil_review_scan_begin(VeilReview *review);

/** Stop it if it runs. Safe without one, and twice. */
void veil_review_scan_end(VeilReview *review);

/** The recording's name without its folder. */
const char *veil_review_name(const VeilReview *review);

/** Compare the recording with the tracks file, in part meanwhile. @return 0; -EINVAL after a printed sentence; -ENOMEM */
int veil_review_check_begin(VeilReview *review);

/** @return false if it turned out, after a printed sentence, to be another recording */
bool veil_review_check_end(VeilReview *review);

/** True if that state shows the faces of the track: it is to be kept, and a valid consent or a reason allows it. */
bool veil_review_keeps(const VeilReview *review, const VeilTracksFile *file, const VeilTracksTrack *track);

/** Consent records beside the recording, as /api/job lists them. @return new JSON array */
json_t *veil_review_consents(const VeilReview *review);

/**
 * A request's body as a JSON object, strictly: one object, no duplicate keys, at most 16 levels.
 * @return new reference, or NULL after filling in the reply
 */
json_t *veil_review_body(const VeilWebRequest *request, VeilWebReply *reply);

#endif /* VEIL_SRC_REVIEW_H */
