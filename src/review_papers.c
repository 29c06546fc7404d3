/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The papers of the last render, made and shown from the page. In this
 * process, not by `veil report`: who the recipient is would stand in its words.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "keys/file.h"
#include "papers.h"
#include "review.h"

#define FACT_MAX    500
#define PAPER_BYTES ((size_t)64 << 20)

/* "out.mp4.papers" of the render that is done; free() it. NULL after filling in the reply. */
static char *name_papers(VeilReview *r, json_t **report, VeilWebReply *reply)
{
    json_t *state = veil_render_state(r->render);
    const char *output = json_string_value(json_object_get(state, "output"));
    const char *path = json_string_value(json_object_get(state, "report"));
    char *name = NULL;

    if (!output || !path)
        veil_web_refuse(reply, 409, "papers are made of a finished render; render first");
    else if (report && !(*report = json_load_file(path, JSON_REJECT_DUPLICATES, NULL)))
        veil_web_refuse(reply, 409, "the report of the render cannot be read; render again");
    else if (asprintf(&name, "%s.papers", output) < 0)
        name = NULL;
    json_decref(state);
    return name;
}

/* @return false after filling in the reply */
static bool take_fact(const char **fact, const json_t *body, const char *key, VeilWebReply *reply)
{
    const json_t *value = json_object_get(body, key);

    if (!value || json_is_null(value))
        return true;
    if (!json_is_string(value) || json_string_length(value) > FACT_MAX) {
        veil_web_refuse(reply, 400, "'%s' must be a text of at most %d bytes", key, FACT_MAX);
        return false;
    }
    *fact = json_string_length(value) ? json_string_value(value) : NULL;
    return true;
}

static json_t *make(const VeilReview *r, const json_t *report, const VeilPapersFacts *facts, char why[VEIL_TRACKSFILE_WHY])
{
    char digest[VEIL_DIGEST_HEX];
    VeilTracksFile *tracks = NULL;
    json_t *papers = NULL;

    if (veil_tracksfile_read(&tracks, r->tracks_path, why) >= 0) {
        if (veil_digest_file(r->tracks_path, digest) < 0)
            *digest = 0; /* the papers will refuse it */
        papers = veil_papers_make(report, tracks, digest, r->reasons, facts, why);
    }
    veil_tracksfile_free(tracks);
    return papers;
}

static void make_papers(VeilReview *r, const VeilPapersFacts *facts, VeilWebReply *reply)
{
    char why[VEIL_TRACKSFILE_WHY] = "";
    json_t *report = NULL, *papers = NULL;
    char *name = name_papers(r, &report, reply);
    int ret;

    if (!name)
        goto end;
    if (!(papers = make(r, report, facts, why)))
        veil_web_refuse(reply, 409, "no papers can be made of the render: %s", *why ? why : "no memory is left");
    else if ((ret = veil_papers_write(papers, name, true)) < 0)
        veil_web_refuse(reply, 500, "cannot write the papers: %s", strerror(-ret));
    else
        veil_web_json(reply, 200, json_pack("{s:s, s:O}", "name", name, "summary", json_object_get(papers, "summary")));
end:
    json_decref(papers);
    json_decref(report);
    free(name);
}

void veil_review_papers_make(void *review, const VeilWebRequest *request, VeilWebReply *reply)
{
    VeilReview *r = review;
    VeilPapersFacts facts = { 0 };
    json_t *body = veil_review_body(request, reply);

    if (body && take_fact(&facts.reference, body, "reference", reply) && take_fact(&facts.recipient, body, "recipient", reply) &&
        take_fact(&facts.purpose, body, "purpose", reply) && take_fact(&facts.decided_by, body, "decided_by", reply) &&
        take_fact(&facts.reason, body, "reason", reply)) {
        if (facts.reason && !veil_reasons_find(r->reasons, facts.reason))
            veil_web_refuse(reply, 400, "reason '%s' is not on the list", facts.reason);
        else
            make_papers(r, &facts, reply);
    }
    json_decref(body);
}

static void free_bytes(void *opaque, uint8_t *bytes)
{
    (void)opaque;
    free(bytes);
}

static void send_paper(VeilReview *r, const char *ending, const char *type, VeilWebReply *reply)
{
    char *name = name_papers(r, NULL, reply), *path = NULL;
    AVBufferRef *body = NULL;
    uint8_t *bytes = NULL;
    VeilErr err;
    size_t len;

    if (name && asprintf(&path, "%s.%s", name, ending) >= 0) {
        if (veil_file_read(&bytes, &len, path, PAPER_BYTES, &err) < 0) {
            veil_web_refuse(reply, 404, "no papers were made of this render yet");
        } else {
            if (!(body = av_buffer_create(bytes, len, free_bytes, NULL, 0)))
                free(bytes);
            veil_web_bytes(reply, type, body);
            reply->paper = true;
        }
        free(path);
    }
    free(name);
}

void veil_review_papers_html(void *review, const VeilWebRequest *request, VeilWebReply *reply)
{
    (void)request;
    send_paper(review, "html", "text/html; charset=utf-8", reply);
}

void veil_review_papers_csv(void *review, const VeilWebRequest *request, VeilWebReply *reply)
{
    (void)request;
    send_paper(review, "csv", "text/csv; charset=utf-8", reply);
}

void veil_review_papers_json(void *review, const VeilWebRequest *request, VeilWebReply *reply)
{
    (void)request;
    send_paper(review, "json", "application/json", reply);
}
