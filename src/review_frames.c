/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Pictures for the review: a frame as it is, as it will be published, and
 * one face of a track.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "jpeg.h"
#include "review.h"
#include "review_preview.h"

#define MAX_SIDE 4096

/* A face with what is around it, so that people recognise it: hair, collar. */
#define THUMB_MARGIN 0.35

static void refuse(VeilWebReply *reply, int ret)
{
    if (ret == AVERROR(EINVAL))
        veil_web_refuse(reply, 404, "there is no frame of that number");
    else if (ret == AVERROR_EXIT)
        veil_web_refuse(reply, 503, "the review is ending, or nobody waits for this picture");
    else
        veil_web_refuse(reply, 500, "this frame cannot be decoded: %s", av_err2str(ret));
}

static bool is_waiting(const void *request)
{
    return veil_web_is_waiting(request);
}

/* Who drags along the timeline asks for more pictures than can be decoded, and gives up on most. */
static int get_frame(VeilReview *r, VeilFramesLane lane, int64_t number, const VeilWebRequest *request, AVFrame **frame)
{
    const VeilFramesAsker asker = { is_waiting, request };

    return veil_frames_get(r->frames, lane, number, &asker, frame);
}

void veil_review_frame(void *review, const VeilWebRequest *request, VeilWebReply *reply)
{
    VeilReview *r = review;
    const int w = veil_web_query(request, "w", 960, 16, MAX_SIDE);
    char name[VEIL_CACHE_NAME];
    AVBufferRef *jpeg;
    AVFrame *frame;
    int ret;

    snprintf(name, sizeof(name), "f%lld-%d", (long long)request->number, w);
    if (!(jpeg = veil_cache_get(r->cache, name))) {
        if ((ret = get_frame(r, VEIL_FRAMES_PLAY, request->number, request, &frame)) < 0) {
            refuse(reply, ret);
            return;
        }
        if ((jpeg = veil_jpeg_encode(frame, veil_frames_link(r->frames), NULL, w, 0)))
            veil_cache_put(r->cache, name, jpeg);
        av_frame_free(&frame);
    }
    veil_web_bytes(reply, "image/jpeg", jpeg);
}

void veil_review_preview(void *review, const VeilWebRequest *request, VeilWebReply *reply)
{
    VeilReview *r = review;
    const int w = veil_web_query(request, "w", 960, 16, MAX_SIDE);
    const VeilDocState *state;
    AVBufferRef *jpeg = NULL, *hold;
    AVFrame *frame;
    int ret;

    if ((ret = get_frame(r, VEIL_FRAMES_PLAY, request->number, request, &frame)) < 0) {
        refuse(reply, ret);
        return;
    }
    if ((hold = veil_doc_hold(r->doc, &state)) && (ret = veil_preview_paint(r, state, request->number, &frame)) >= 0)
        jpeg = veil_jpeg_encode(frame, veil_frames_link(r->frames), NULL, w, 0);
    if (ret < 0)
        veil_web_refuse(reply, 500, "this frame cannot be painted: %s", av_err2str(ret));
    else
        veil_web_bytes(reply, "image/jpeg", jpeg);
    av_buffer_unref(&hold);
    av_frame_free(&frame);
}

static AVBufferRef *cut_face(VeilReview *r, const VeilTracksBox *box, int h, const VeilWebRequest *request, int *ret)
{
    const VeilBox face = { .face = { .x = box->x, .y = box->y, .w = box->w, .h = box->h } };
    const VeilRect rect = veil_box_rect(&face, THUMB_MARGIN);
    AVBufferRef *jpeg;
    AVFrame *frame;

    if ((*ret = get_frame(r, VEIL_FRAMES_THUMB, box->frame, request, &frame)) < 0)
        return NULL;
    jpeg = veil_jpeg_encode(frame, veil_frames_link(r->frames), &rect, 0, h);
    av_frame_free(&frame);
    return jpeg;
}

void veil_review_thumb(void *review, const VeilWebRequest *request, VeilWebReply *reply)
{
    VeilReview *r = review;
    const int h = veil_web_query(request, "h", 48, 16, 512);
    const VeilDocState *state;
    AVBufferRef *hold = veil_doc_hold(r->doc, &state), *jpeg = NULL;
    const VeilTracksTrack *track =
        hold && request->number <= INT_MAX ? veil_tracksfile_find(state->file, (int)request->number) : NULL;
    const VeilTracksBox *box = track ? veil_doc_best(track) : NULL;
    char name[VEIL_CACHE_NAME];
    int ret = AVERROR(EINVAL);

    if (box) {
        ret = 0;
        /* By place, not by track: an edit that leaves the best box leaves the picture. */
        snprintf(name, sizeof(name), "t%d-%.0f-%.0f-%.0f-%d", box->frame, box->x, box->y, box->w, h);
        if (!(jpeg = veil_cache_get(r->cache, name)) && (jpeg = cut_face(r, box, h, request, &ret)))
            veil_cache_put(r->cache, name, jpeg);
    }
    if (!track || !box)
        veil_web_refuse(reply, 404, "there is no track of that number with a box");
    else if (ret < 0)
        refuse(reply, ret);
    else
        veil_web_bytes(reply, "image/jpeg", jpeg);
    av_buffer_unref(&hold);
}
