/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lend.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <libavutil/bprint.h>
#include <libavutil/log.h>
#include <sodium.h>

#include "consents.h"
#include "digest.h"
#include "filters/detector.h"
#include "keys/bytes.h"
#include "msg.h"
#include "reasons.h"

/* What was decided about a track that is to be kept. */
typedef struct Ruling {
    int track;
    bool shows;
    char why[160]; ///< ground, or reason of the refusal
} Ruling;

struct VeilLend {
    VeilTracksLent calls;
    VeilTracksFile *file;
    const char *path; ///< of the settings
    char digest[VEIL_DIGEST_HEX];
    Ruling *ruling; ///< by rising track
    int n;
};

/* ---- what the filters ask ------------------------------------------------------ */

static int fits_video(void *opaque, const VeilLink *in, void *log)
{
    const VeilLend *l = opaque;
    const VeilTracksSource *s = &l->file->source;

    if (in->w == s->width && in->h == s->height && in->rotation == s->rotation &&
        !av_cmp_q(in->time_base, s->time_base))
        return 0;
    av_log(log, AV_LOG_ERROR, "tracks file '%s' is of a video of %dx%d turned by %d, this one comes as %dx%d turned by "
                              "%d; put 'tracks' first in the chain, or scan the video again\n",
           l->path, s->width, s->height, s->rotation, in->w, in->h, in->rotation);
    return AVERROR(EINVAL);
}

static int boxes_at(void *opaque, int64_t frame, int64_t pts, VeilBox *boxes, int cap, void *log)
{
    const VeilLend *l = opaque;
    int n;

    if (frame >= l->file->source.frames) {
        av_log(log, AV_LOG_ERROR, "tracks file '%s' has %" PRId64 " frames, this video has more; scan it again\n",
               l->path, l->file->source.frames);
        return AVERROR(EINVAL);
    }
    if (pts != veil_tracksfile_pts(l->file, frame)) {
        av_log(log, AV_LOG_ERROR, "tracks file '%s' has frame %" PRId64 " at time %" PRId64 ", this video at %" PRId64
                                  "; scan it again\n", l->path, frame, veil_tracksfile_pts(l->file, frame), pts);
        return AVERROR(EINVAL);
    }
    if ((n = veil_tracksfile_at(l->file, frame, boxes, cap)) < 0)
        av_log(log, AV_LOG_ERROR, "tracks file '%s' has more than %d boxes in frame %" PRId64 "; remove some\n", l->path,
               cap, frame);
    return n < 0 ? AVERROR(EINVAL) : n;
}

static int all_came(void *opaque, int64_t frames, void *log)
{
    const VeilLend *l = opaque;

    if (frames == l->file->source.frames)
        return 0;
    av_log(log, AV_LOG_ERROR, "tracks file '%s' has %" PRId64 " frames, this video has %" PRId64 "; scan it again\n",
           l->path, l->file->source.frames, frames);
    return AVERROR(EINVAL);
}

static int by_track(const void *a, const void *b)
{
    const Ruling *x = a, *y = b;

    return (x->track > y->track) - (x->track < y->track);
}

bool veil_lend_shows(const VeilLend *l, int track)
{
    const Ruling key = { .track = track };
    const Ruling *r = l->n ? bsearch(&key, l->ruling, (size_t)l->n, sizeof(key), by_track) : NULL;

    return r && r->shows;
}

static bool may_show(void *opaque, int track)
{
    return veil_lend_shows(opaque, track);
}

/* ---- who may be seen ------------------------------------------------------------ */

static void rule(Ruling *r, const VeilTracksTrack *track, const VeilConsents *consents, const VeilReasons *reasons,
                 VeilConsentAsk *ask)
{
    const VeilReason *reason;

    r->track = track->id;
    if (*track->consent) {
        const VeilConsent *c;

        ask->record = track->consent;
        ask->track = track->id;
        c = veil_consents_allow(consents, ask, r->why);
        r->shows = c != NULL;
        if (c)
            snprintf(r->why, sizeof(r->why), "consent of '%.60s' for %.60s", c->subject, c->purpose);
        return;
    }
    reason = reasons ? veil_reasons_find(reasons, track->reason) : NULL;
    r->shows = reason && reason->keeps;
    if (r->shows)
        snprintf(r->why, sizeof(r->why), "reason %.40s", reason->code);
    else
        snprintf(r->why, sizeof(r->why), "%s", reason          ? "this reason does not let a face be seen"
                                               : *track->reason ? "the reason is not on the closed list"
                                                                : "neither consent nor a reason was given");
}

/* The list of reasons is read only where a track leans on one. */
static int read_reasons(VeilReasons **reasons, const VeilTracksFile *t, const char *name)
{
    for (int i = 0; i < t->n_tracks; i++)
        if (t->track[i].action == VEIL_ACTION_KEEP && !*t->track[i].consent && *t->track[i].reason)
            return veil_reasons_read(reasons, name);
    return 0;
}

static int rule_all(VeilLend *l, const VeilSettings *s)
{
    const VeilTracksFile *t = l->file;
    VeilConsentAsk ask = { .purpose = s->purpose, .now = time(NULL) };
    VeilConsents *consents = NULL;
    VeilReasons *reasons = NULL;
    int ret;

    if (veil_hex_decode(ask.recording, sizeof(ask.recording), t->source.sha256, 64) < 0 ||
        !(l->ruling = calloc((size_t)t->n_tracks + 1, sizeof(*l->ruling))))
        return -ENOMEM;
    if ((ret = veil_consents_read(&consents, &s->consent, s->consents)) >= 0 &&
        (ret = read_reasons(&reasons, t, s->reasons)) >= 0)
        for (int i = 0; i < t->n_tracks; i++) {
            if (t->track[i].action != VEIL_ACTION_KEEP)
                continue;
            rule(&l->ruling[l->n], &t->track[i], consents, reasons, &ask);
            if (!l->ruling[l->n].shows)
                veil_warn("track %d is covered, not kept: %s", t->track[i].id, l->ruling[l->n].why);
            l->n++;
        }
    qsort(l->ruling, (size_t)l->n, sizeof(*l->ruling), by_track);
    veil_consents_free(consents);
    free(reasons);
    return ret;
}

/* ---- what the file adds to the settings ------------------------------------------ */

static int add_to_list(VeilStrings *list, char *text)
{
    char **more = text ? realloc(list->at, ((size_t)list->n + 1) * sizeof(*more)) : NULL;

    if (!more) {
        free(text);
        return -ENOMEM;
    }
    list->at = more;
    list->at[list->n++] = text;
    return 0;
}

/* The option takes points of the picture as it is shown. */
static int add_zone(VeilSettings *s, const VeilTracksSource *source, const VeilTracksZone *z)
{
    const bool turned = source->rotation % 180;
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);

    if (!f)
        return -ENOMEM;
    for (int i = 0; i < z->n; i++) {
        VeilFace at = { .x = z->point[i][0], .y = z->point[i][1] };

        veil_face_unrotate(&at, turned ? source->height : source->width, turned ? source->width : source->height,
                           (360 - source->rotation) % 360);
        fprintf(f, "%.1f,%.1f ", (double)at.x, (double)at.y);
    }
    fprintf(f, "@%.6f-%.6f", z->from, z->to);
    if (fclose(f)) {
        free(text);
        return -ENOMEM;
    }
    return add_to_list(&s->zone, text);
}

/* "keep" becomes "mute=...", and what is muted already stays so. */
static int add_mutes(VeilSettings *s, const VeilTracksFile *t)
{
    char *text = NULL;
    size_t len;
    FILE *f;
    int n = 0;

    if (!t->n_mutes || !strcmp(s->audio, "drop"))
        return 0;
    if (!(f = open_memstream(&text, &len)))
        return -ENOMEM;
    fputs(strcmp(s->audio, "keep") ? s->audio : "mute=", f);
    for (int i = 0; i < t->n_mutes; i++) {
        const VeilTracksMute *m = &t->mute[i];

        if (m->to <= 0)
            continue; /* no sound of the output is there */
        fprintf(f, "%s%.6f-%.6f", n || strcmp(s->audio, "keep") ? "," : "", m->from < 0 ? 0 : m->from, m->to);
        n++;
    }
    if (fclose(f) || !n) {
        free(text);
        return n ? -ENOMEM : 0;
    }
    free(s->audio);
    s->audio = text;
    return 0;
}

static int add_to_settings(const VeilTracksFile *t, VeilSettings *s)
{
    int ret = add_mutes(s, t);

    for (int i = 0; i < t->n_zones && ret >= 0; i++)
        ret = add_zone(s, &t->source, &t->zone[i]);
    return ret;
}

/* ---- opening --------------------------------------------------------------------- */

static int check_video(const VeilLend *l, const char *input)
{
    char hex[VEIL_DIGEST_HEX];
    const int ret = veil_digest_file(input, hex);

    if (ret < 0) {
        veil_error("cannot take the SHA-256 of '%s': %s; --tracks needs a plain file", input, strerror(-ret));
        return ret;
    }
    if (!strcmp(hex, l->file->source.sha256))
        return 0;
    veil_error("tracks file '%s' is of another video than '%s': the SHA-256 differs; give the video that was scanned, "
               "or scan this one", l->path, input);
    return -EINVAL;
}

int veil_lend_open(VeilLend **out, VeilSettings *s, const char *input)
{
    VeilLend *l = calloc(1, sizeof(*l));
    char why[VEIL_TRACKSFILE_WHY];
    int ret = -ENOMEM;

    *out = NULL;
    if (l) {
        l->path = s->tracks;
        l->calls = (VeilTracksLent){ l, fits_video, boxes_at, all_came, may_show };
        if ((ret = veil_tracksfile_read(&l->file, s->tracks, why)) < 0)
            veil_error("%s", why);
        else if (veil_digest_file(s->tracks, l->digest) < 0)
            l->digest[0] = 0; /* a pipe */
    }
    if (ret < 0 || (ret = check_video(l, input)) < 0 || (ret = rule_all(l, s)) < 0 ||
        (ret = add_to_settings(l->file, s)) < 0) {
        veil_lend_close(l);
        return ret;
    }
    *out = l;
    return 0;
}

const VeilTracksLent *veil_lend_calls(VeilLend *l)
{
    return &l->calls;
}

const VeilTracksFile *veil_lend_file(const VeilLend *l)
{
    return l->file;
}

json_t *veil_lend_describe(const VeilLend *l)
{
    const VeilTracksFile *t = l->file;
    json_t *kept = json_array(), *refused = json_array();

    for (int i = 0; i < l->n; i++) {
        const Ruling *r = &l->ruling[i];
        const VeilTracksTrack *track = veil_tracksfile_find(t, r->track);

        json_array_append_new(r->shows ? kept : refused,
                              json_pack("{s:i, s:s, s:s, s:i}", "track", r->track, r->shows ? "ground" : "covered_because",
                                        r->why, "consent", track->consent, "boxes", track->n));
    }
    return json_pack("{s:s, s:o, s:I, s:i, s:I, s:i, s:i, s:o, s:o, s:O}", "file", l->path, "sha256",
                     l->digest[0] ? json_string(l->digest) : json_null(), "revision", (json_int_t)t->revision, "tracks",
                     t->n_tracks, "boxes", (json_int_t)t->n_boxes, "zones", t->n_zones, "mutes", t->n_mutes, "kept", kept,
                     "kept_refused", refused, "detector", t->detector);
}

void veil_lend_close(VeilLend *l)
{
    if (!l)
        return;
    veil_tracksfile_free(l->file);
    free(l->ruling);
    free(l);
}
