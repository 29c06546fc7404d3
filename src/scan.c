/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "filters/boxes.h"
#include "msg.h"
#include "report.h"
#include "version.h"
#include "walk.h"

typedef struct Scan {
    VeilTracksFile *t;
    int *place; ///< by track id: 1 + its place in the file, 0 for none yet
    int n_places;
    int faces; ///< in the newest frame
} Scan;

static VeilTracksTrack *track_of(Scan *s, int id)
{
    VeilTracksTrack *track;

    if (id < 1 || id > 1 << 28)
        return NULL;
    if (id >= s->n_places) {
        const int n = id * 2 + 64;
        int *more = realloc(s->place, (size_t)n * sizeof(*more));

        if (!more)
            return NULL;
        memset(more + s->n_places, 0, (size_t)(n - s->n_places) * sizeof(*more));
        s->place = more;
        s->n_places = n;
    }
    if (s->place[id])
        return &s->t->track[s->place[id] - 1];
    if ((track = veil_tracksfile_add_track(s->t, id)))
        s->place[id] = s->t->n_tracks;
    return track;
}

static int take(Scan *s, const AVFrame *frame)
{
    VeilBox boxes[VEIL_MAX_FACES];
    const int64_t at = s->t->source.frames;
    int n = veil_boxes_get(frame, boxes, VEIL_MAX_FACES), ret = n;

    for (int i = 0; i < n && ret >= 0; i++) {
        const VeilFace *f = &boxes[i].face;
        const VeilTracksBox box = { (int32_t)at, f->x, f->y, f->w, f->h, f->score, boxes[i].origin };
        VeilTracksTrack *track = track_of(s, boxes[i].track);

        ret = track ? veil_tracksfile_add_box(track, &box) : -ENOMEM;
    }
    s->faces = n;
    return ret < 0 ? ret : veil_tracksfile_add_pts(s->t, frame->pts);
}

/* The chain's sink. */
static int take_frame(void *opaque, AVFrame *frame)
{
    const int ret = take(opaque, frame);

    av_frame_free(&frame);
    return ret;
}

static int describe_source(VeilTracksFile *t, const VeilInput *in)
{
    const int ret = veil_digest_file(in->path, t->source.sha256);

    if (ret < 0) {
        veil_error("'%s' is not a plain file, so tracks cannot be tied to it; save it as one video file first", in->path);
        return ret;
    }
    t->source.file = strdup(in->path);
    t->program = strdup("veil " VEIL_VERSION);
    return t->source.file && t->program ? 0 : -ENOMEM;
}

static void describe_link(VeilTracksFile *t, const VeilLink *link)
{
    VeilTracksSource *s = &t->source;

    s->width = link->w;
    s->height = link->h;
    s->rotation = link->rotation;
    s->time_base = link->time_base;
    s->sar = link->sar.den > 0 && link->sar.num >= 0 ? link->sar : (AVRational){ 0, 1 };
    s->frame_rate = link->frame_rate.den > 0 && link->frame_rate.num >= 0 ? link->frame_rate : (AVRational){ 0, 1 };
}

/* What found them: the facts of `detect`, as in a report. */
static void describe_detector(VeilTracksFile *t, const VeilChain *chain)
{
    json_t *filters = veil_report_filters(chain), *filter;
    size_t i;

    t->detector = json_object();
    json_array_foreach(filters, i, filter)
        if (!strcmp(json_string_value(json_object_get(filter, "name")), "detect"))
            json_object_update(t->detector, filter);
    json_object_del(t->detector, "name");
    json_decref(filters);
}

static int run(Scan *scan, VeilInput *in, const VeilSettings *s, const VeilFilterEnv *env)
{
    char why[VEIL_TRACKSFILE_WHY], *chain = veil_settings_finding(s);
    VeilWalk walk = { 0 };
    int ret = chain ? 0 : -ENOMEM;

    if (ret >= 0 && (ret = veil_walk_open(&walk, in, chain, NULL, env, take_frame, scan)) >= 0) {
        describe_link(scan->t, &walk.link);
        ret = veil_walk_run(&walk, &scan->faces);
    }
    if (ret >= 0) {
        describe_detector(scan->t, walk.chain);
        if ((ret = veil_tracksfile_check(scan->t, "scan", why)) < 0)
            veil_error("%s", why);
    }
    veil_walk_close(&walk);
    av_free(chain);
    return ret;
}

int veil_scan_run(VeilTracksFile **out, VeilInput *in, const VeilSettings *s, const VeilFilterEnv *env)
{
    Scan scan = { .t = veil_tracksfile_new() };
    int ret = scan.t ? describe_source(scan.t, in) : -ENOMEM;

    *out = NULL;
    if (ret >= 0)
        ret = run(&scan, in, s, env);
    free(scan.place);
    if (ret < 0)
        veil_tracksfile_free(scan.t);
    else
        *out = scan.t;
    return ret;
}
