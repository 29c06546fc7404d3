/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <libavutil/avstring.h>
#include <libavutil/common.h>

#include "audit_parts.h"
#include "filters/detector.h"
#include "models.h"

/* A stretch goes on over so many frames in which the face was not seen. */
#define GAP 12

/* ---- results ------------------------------------------------------------------- */

void veil_audit_add(VeilAudit *a, const char *name, VeilAuditState state, const char *fmt, ...)
{
    VeilAuditCheck *c;
    va_list args;

    if (a->n_checks == (int)(sizeof(a->check) / sizeof(a->check[0])))
        return;
    c = &a->check[a->n_checks++];
    c->name = name;
    c->state = state;
    va_start(args, fmt);
    vsnprintf(c->text, sizeof(c->text), fmt, args);
    va_end(args);
}

float veil_audit_overlap(const float a[4], const float b[4])
{
    const VeilFace x = { .x = a[0], .y = a[1], .w = a[2], .h = a[3] }, y = { .x = b[0], .y = b[1], .w = b[2], .h = b[3] };

    return veil_face_iou(&x, &y);
}

static VeilAuditFace *stretch_of(VeilAudit *a, int64_t frame, const float box[4], bool uncovered)
{
    VeilAuditFace *best = NULL;
    float most = 0.2f;

    for (int i = a->n_faces - 1; i >= 0 && i >= a->n_faces - 2000; i--) {
        VeilAuditFace *f = &a->face[i];

        if (f->to < frame && frame - f->to <= GAP && f->uncovered == uncovered && veil_audit_overlap(f->last, box) > most) {
            most = veil_audit_overlap(f->last, box);
            best = f;
        }
    }
    return best;
}

static VeilAuditFace *new_stretch(VeilAudit *a)
{
    if (a->n_faces == a->cap_faces) {
        const int cap = a->cap_faces ? a->cap_faces * 2 : 64;
        VeilAuditFace *more = realloc(a->face, (size_t)cap * sizeof(*more));

        if (!more)
            return NULL;
        a->face = more;
        a->cap_faces = cap;
    }
    return &a->face[a->n_faces++];
}

int veil_audit_add_face(VeilAudit *a, int64_t frame, double seconds, const float box[4], float score, int again)
{
    const bool uncovered = again < 0;
    VeilAuditFace *f = stretch_of(a, frame, box, uncovered);

    if (!f && a->n_faces == VEIL_AUDIT_FACES_MAX) {
        a->more_faces++;
        return 0;
    }
    if (!f) {
        if (!(f = new_stretch(a)))
            return -ENOMEM;
        *f = (VeilAuditFace){ .uncovered = uncovered, .from = frame, .from_s = seconds };
    }
    f->to = frame;
    f->to_s = seconds;
    f->frames++;
    f->again = FFMAX(f->again, again);
    memcpy(f->last, box, sizeof(f->last));
    if (score > f->score || f->frames == 1) {
        f->x = box[0], f->y = box[1], f->w = box[2], f->h = box[3];
        f->score = score;
    }
    return 0;
}

int veil_audit_failed(const VeilAudit *a)
{
    int n = 0;

    for (int i = 0; i < a->n_checks; i++)
        n += a->check[i].state == VEIL_AUDIT_FAILED;
    return n;
}

bool veil_audit_is_doubtful(const VeilAudit *a, const VeilAuditFace *face)
{
    return !a->strict && !face->uncovered && face->again < VEIL_AUDIT_SURE;
}

bool veil_audit_is_clean(const VeilAudit *a)
{
    for (int i = 0; i < a->n_faces; i++)
        if (!veil_audit_is_doubtful(a, &a->face[i]))
            return false;
    return !a->more_faces && !veil_audit_failed(a);
}

void veil_audit_conclude_faces(VeilAudit *a)
{
    int64_t sure = a->more_faces;

    for (int i = 0; i < a->n_faces; i++) {
        a->doubtful += veil_audit_is_doubtful(a, &a->face[i]);
        sure += !veil_audit_is_doubtful(a, &a->face[i]);
    }
    if (sure)
        veil_audit_add(a, "faces", VEIL_AUDIT_FAILED, "%lld stretches in which a face can be seen; %d doubtful ones",
                       (long long)sure, a->doubtful);
    else if (a->doubtful)
        veil_audit_add(a, "faces", VEIL_AUDIT_PASSED, "none in sight but those that are kept; %d doubtful stretches that a "
                       "person should look at", a->doubtful);
    else
        veil_audit_add(a, "faces", VEIL_AUDIT_PASSED, "none in sight but those that are kept");
}

void veil_audit_free(VeilAudit *a)
{
    if (!a)
        return;
    free(a->face);
    free(a->name);
    free(a->source);
    free(a);
}

/* ---- what made it, and what shall look at it ----------------------------------------- */

static const char *text_at(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text ? text : "";
}

static void read_made(VeilAudit *a, const json_t *facts)
{
    av_strlcpy(a->made_detector, text_at(facts, "detector"), sizeof(a->made_detector));
    a->made_size = (int)json_integer_value(json_object_get(facts, "size"));
}

static void find_made(VeilAudit *a, const VeilAuditJob *job)
{
    const json_t *filters = json_object_get(job->report, "filters"), *from_tracks;
    size_t i;
    json_t *filter;

    json_array_foreach(filters, i, filter)
        if (!strcmp(text_at(filter, "name"), "detect"))
            read_made(a, filter);
    from_tracks = json_object_get(json_object_get(job->report, "tracks"), "detector");
    if (!a->made_detector[0] && from_tracks)
        read_made(a, from_tracks);
    if (!a->made_detector[0] && job->tracks)
        read_made(a, job->tracks->detector);
}

/* The best network with a file here but the one that made the audited file; where there is no other, that one. */
static const char *another_detector(const VeilAudit *a)
{
    const VeilDetectorBackend *made = veil_detector_find(a->made_detector);
    const char *same = NULL;
    char path[4096];

    for (int i = 0; veil_detectors[i]; i++) {
        const VeilDetectorBackend *d = veil_detectors[i];

        if (!d->model || veil_models_find(d->model, path, sizeof(path)) < 0)
            continue;
        if (!made || !made->model || strcmp(d->model, made->model) != 0)
            return d->name;
        if (!same)
            same = d->name;
    }
    return same ? same : "own";
}

/* Half as much again as it was made with. */
void veil_audit_choose(VeilAudit *a, const VeilAuditJob *job)
{
    const bool given = strcmp(job->detector, "auto") != 0;

    av_strlcpy(a->detector, given ? job->detector : another_detector(a), sizeof(a->detector));
    a->size = job->size;
    if (!a->size && !a->made_detector[0])
        a->size = 1920;
    else if (!a->size)
        a->size = av_clip((a->made_size > 0 ? a->made_size : FFMAX(a->width, a->height)) * 3 / 2, 1280, 8192);
    a->every = job->every;
    a->threshold = job->threshold;
    a->strict = job->strict;
}

/* ---- the run --------------------------------------------------------------------------- */

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int veil_audit_run(VeilAudit **out, const VeilAuditJob *job)
{
    const double begun = now();
    VeilAudit *a = calloc(1, sizeof(*a));
    int ret = 0;

    *out = NULL;
    if (!a || !(a->name = strdup(job->name ? job->name : job->path)) ||
        (job->source && !(a->source = strdup(job->source))))
        ret = -ENOMEM;
    if (ret >= 0) {
        find_made(a, job);
        ret = veil_audit_frames(a, job);
    }
    if (ret >= 0)
        ret = veil_audit_media(a, job);
    if (ret < 0) {
        veil_audit_free(a);
        return ret;
    }
    a->wall_s = now() - begun;
    *out = a;
    return 0;
}
