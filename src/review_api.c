/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The addresses of the review: the table, the page itself, the job, and the
 * tracks file. The API, for whoever writes another page: docs/review-api.md.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jpeg.h"
#include "page_data.h"
#include "reasons.h"
#include "review.h"
#include "version.h"

#define SMALL_BODY  ((size_t)64 << 10)
#define TRACKS_BODY ((size_t)128 << 20)

/* ---- the page ------------------------------------------------------------------------- */

static void send_page(void *opaque, VeilPageFile file, const char *type, VeilWebReply *reply)
{
    const VeilReview *r = opaque;

    veil_web_bytes(reply, type, av_buffer_ref(r->page_file[file]));
}

static void send_html(void *opaque, const VeilWebRequest *request, VeilWebReply *reply)
{
    (void)request;
    send_page(opaque, VEIL_PAGE_HTML, "text/html; charset=utf-8", reply);
}

static void send_js(void *opaque, const VeilWebRequest *request, VeilWebReply *reply)
{
    (void)request;
    send_page(opaque, VEIL_PAGE_JS, "text/javascript; charset=utf-8", reply);
}

static void send_css(void *opaque, const VeilWebRequest *request, VeilWebReply *reply)
{
    (void)request;
    send_page(opaque, VEIL_PAGE_CSS, "text/css; charset=utf-8", reply);
}

static void quit(void *opaque, const VeilWebRequest *request, VeilWebReply *reply)
{
    (void)opaque;
    (void)request;
    veil_web_json(reply, 200, json_pack("{s:b}", "ended", 1));
    reply->last = true;
}

/* ---- the job --------------------------------------------------------------------------- */

/* Seconds of all frames: two numbers where the step is constant. */
static json_t *times_of(const VeilDocState *state)
{
    const VeilTracksSource *s = &state->file->source;
    json_t *list;

    if (!s->pts)
        return json_pack("{s:f, s:f}", "first", veil_tracksfile_time(state->file, 0), "step",
                         (double)s->step * av_q2d(s->time_base));
    list = json_array();
    for (int64_t i = 0; i < s->frames; i++)
        json_array_append_new(list, json_real(veil_tracksfile_time(state->file, i)));
    return json_pack("{s:o}", "list", list);
}

const char *veil_review_name(const VeilReview *r)
{
    const char *slash = strrchr(r->input, '/');

    return slash ? slash + 1 : r->input;
}

static json_t *job_of(const VeilReview *r, const VeilDocState *state)
{
    const VeilLink *link = veil_frames_link(r->frames);
    json_t *job = json_pack("{s:s, s:i, s:i, s:i, s:I, s:f, s:b, s:b, s:s}", "name", veil_review_name(r), "width", link->w,
                            "height", link->h, "rotation", link->rotation, "frames", (json_int_t)state->file->source.frames,
                            "duration", r->duration, "audio", (int)r->has_audio, "indexed",
                            (int)veil_frames_indexed(r->frames), "version", VEIL_VERSION);
    int shown_w, shown_h;

    veil_jpeg_shown_size(link, &shown_w, &shown_h);
    json_object_set_new(job, "shown", json_pack("[i, i]", shown_w, shown_h));
    json_object_set_new(job, "sar", json_sprintf("%d/%d", link->sar.num > 0 ? link->sar.num : 1,
                                                 link->sar.num > 0 ? link->sar.den : 1));
    json_object_set_new(job, "frame_rate", json_sprintf("%d/%d", link->frame_rate.num, link->frame_rate.den));
    json_object_set_new(job, "times", times_of(state));
    json_object_set_new(job, "reasons", veil_reasons_json(r->reasons));
    json_object_set_new(job, "consents", veil_review_consents(r));
    json_object_set_new(job, "defaults", json_pack("{s:f, s:s}", "margin", r->settings.margin, "style",
                                                   r->settings.style));
    return job;
}

void veil_review_job(void *review, const VeilWebRequest *request, VeilWebReply *reply)
{
    VeilReview *r = review;
    const VeilDocState *state;
    AVBufferRef *hold = veil_doc_hold(r->doc, &state);

    (void)request;
    veil_web_json(reply, 200, hold ? job_of(r, state) : NULL);
    av_buffer_unref(&hold);
}

/* ---- the tracks file ---------------------------------------------------------------------- */

static void set_etag(VeilWebReply *reply, int64_t revision)
{
    snprintf(reply->etag, sizeof(reply->etag), "\"%lld\"", (long long)revision);
}

void veil_review_tracks_get(void *review, const VeilWebRequest *request, VeilWebReply *reply)
{
    VeilReview *r = review;
    const VeilDocState *state;
    AVBufferRef *hold = veil_doc_hold(r->doc, &state);

    (void)request;
    veil_web_bytes(reply, "application/json", hold ? av_buffer_ref(state->text) : NULL);
    if (hold)
        set_etag(reply, state->file->revision);
    av_buffer_unref(&hold);
}

/* "12" with its quotes, and nothing else: `*` would overwrite whatever is there. */
static bool parse_etag(const char *text, int64_t *revision)
{
    char *end;

    if (!text || *text++ != '"' || *text < '0' || *text > '9')
        return false;
    errno = 0;
    *revision = strtoll(text, &end, 10);
    return !errno && !strcmp(end, "\"");
}

void veil_review_tracks_put(void *review, const VeilWebRequest *request, VeilWebReply *reply)
{
    VeilReview *r = review;
    int64_t expected, revision;
    char why[VEIL_TRACKSFILE_WHY] = "";
    int ret;

    if (!parse_etag(veil_web_header(request, "If-Match"), &expected)) {
        veil_web_refuse(reply, 428, "saving needs the header If-Match with the revision that was loaded, in quotes");
        return;
    }
    ret = veil_doc_save(r->doc, request->body, request->len, expected, &revision, why);
    if (ret == -ESTALE)
        veil_web_json(reply, 412, json_pack("{s:s, s:I}", "error", why, "revision", (json_int_t)revision));
    else if (ret < 0)
        veil_web_refuse(reply, ret == -EINVAL || ret == -EFBIG ? 400 : 500, "%s", why);
    else
        veil_web_json(reply, 200, json_pack("{s:I}", "revision", (json_int_t)revision));
    if (ret >= 0 || ret == -ESTALE)
        set_etag(reply, revision);
}

json_t *veil_review_body(const VeilWebRequest *request, VeilWebReply *reply)
{
    json_error_t error;
    json_t *root = json_loadb(request->body, request->len, JSON_REJECT_DUPLICATES, &error);

    if (root && json_is_object(root))
        return root;
    veil_web_refuse(reply, 400, root ? "the body must be a JSON object" : "the body is not JSON: %s", error.text);
    json_decref(root);
    return NULL;
}

const VeilWebRoute veil_review_routes[] = {
    { "GET", "/", 0, send_html, true },
    { "GET", "/app.js", 0, send_js, true },
    { "GET", "/app.css", 0, send_css, true },
    { "GET", "/api/scan", 0, veil_review_scan_state, true },
    { "GET", "/api/job", 0, veil_review_job },
    { "GET", "/api/tracks", 0, veil_review_tracks_get },
    { "PUT", "/api/tracks", TRACKS_BODY, veil_review_tracks_put },
    { "GET", "/api/frame/*.jpg", 0, veil_review_frame },
    { "GET", "/api/preview/*.jpg", 0, veil_review_preview },
    { "GET", "/api/thumb/*.jpg", 0, veil_review_thumb },
    { "GET", "/api/sound/*.wav", 0, veil_review_sound },
    { "POST", "/api/follow", SMALL_BODY, veil_review_follow },
    { "POST", "/api/consent", 2 * SMALL_BODY, veil_review_consent },
    { "POST", "/api/render", SMALL_BODY, veil_review_render_start },
    { "GET", "/api/render", 0, veil_review_render_state },
    { "DELETE", "/api/render", 0, veil_review_render_cancel },
    { "POST", "/api/papers", SMALL_BODY, veil_review_papers_make },
    { "GET", "/api/papers.html", 0, veil_review_papers_html },
    { "GET", "/api/papers.csv", 0, veil_review_papers_csv },
    { "GET", "/api/papers.json", 0, veil_review_papers_json },
    { "POST", "/api/quit", SMALL_BODY, quit, true },
    { NULL }
};
