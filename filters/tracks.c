/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tracks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <libavutil/common.h>
#include <libavutil/error.h>

#include "assoc.h"
#include "follow.h"
#include "path.h"
#include "weak.h"

/* Least likeness for a pair: centres about 1.1 box sizes apart. */
#define LEAST_LIKENESS 0.3f

/* A followed box this like one that another track was seen in has slid onto
 * that other person. */
#define SLID_LIKENESS 0.4f

/* However far from a sighting, a box grows no more than this, each side. */
#define MAX_GROWTH 0.5f

/* Frames that a track is followed without a sighting for each unit of
 * evidence: a false find must not wander through the picture. */
#define FOLLOW_FRAMES 30

typedef struct Track {
    int id;
    bool live;
    bool lost;                    ///< can't be followed on from the last point
    float evidence;               ///< sum of what its sightings are worth
    float peak;                   ///< best score of them
    bool proven;                  ///< peak was once enough: a face that comes nearer is not given up
    int64_t last_seen;
    int64_t scene_from, scene_to; ///< frames of its scene; INT64_MAX while the scene goes on
    VeilMotion motion;            ///< at the last point
    VeilMotion seen;              ///< at the last sighting
    VeilPath path;
} Track;

struct VeilTracks {
    VeilTracksConfig config;
    Track *track;
    int n, cap;
    VeilWeak weak;
    int64_t scene_from;
    int total;
    VeilPairs pairs; ///< scratch
};

int veil_tracks_new(VeilTracks **out, const VeilTracksConfig *config)
{
    VeilTracks *t = calloc(1, sizeof(*t));

    *out = NULL;
    if (!t)
        return AVERROR(ENOMEM);
    t->config = *config;
    t->weak.patience = config->patience;
    t->weak.span = config->span;
    *out = t;
    return 0;
}

void veil_tracks_free(VeilTracks *t)
{
    if (!t)
        return;
    for (int i = 0; i < t->n; i++)
        veil_path_free(&t->track[i].path);
    veil_weak_free(&t->weak);
    free(t->track);
    veil_pairs_free(&t->pairs);
    free(t);
}

int veil_tracks_total(const VeilTracks *t)
{
    return t->total;
}

void veil_tracks_cut(VeilTracks *t, int64_t at)
{
    for (int i = 0; i < t->n; i++)
        if (t->track[i].scene_to == INT64_MAX) {
            t->track[i].live = false;
            t->track[i].scene_to = at - 1;
        }
    t->scene_from = at;
    veil_weak_clear(&t->weak);
}

static const VeilPoint *last_point(const Track *track)
{
    return &track->path.point[track->path.n - 1];
}

/* ---- following ------------------------------------------------------------- */

static int budget(const Track *track)
{
    return (int)(FOLLOW_FRAMES * FFMAX(track->evidence, 0));
}

static bool step(const VeilTracks *t, const VeilPoint *from, int64_t to, const VeilMotion *motion, VeilPoint *out)
{
    VeilFace guess = from->face;

    if (motion->moving) {
        guess.x += motion->vx * (float)(to - from->at);
        guess.y += motion->vy * (float)(to - from->at);
    }
    *out = (VeilPoint){ .at = to, .followed = true };
    return t->config.follow && t->config.follow(t->config.opaque, from->at, &from->face, to, &guess, &out->face) >=
                                   VEIL_FOLLOW_SURE;
}

/* Carry a track that was not seen on to frame `to`, as far as the picture allows. */
static int follow_on(const VeilTracks *t, Track *track, int64_t to)
{
    const int64_t limit = track->last_seen + budget(track);

    while (!track->lost && last_point(track)->at < to) {
        VeilPoint next;
        int ret;

        if (last_point(track)->at >= limit ||
            !step(t, last_point(track), last_point(track)->at + 1, &track->motion, &next)) {
            track->lost = true;
            break;
        }
        veil_motion_update(&track->motion, &next.face, 1);
        if ((ret = veil_path_append(&track->path, &next)) < 0)
            return ret;
    }
    return 0;
}

/* Carry a new track back towards where it came from. */
static int follow_back(const VeilTracks *t, Track *track)
{
    const int64_t limit = FFMAX(track->path.point[0].at - budget(track), t->scene_from);
    VeilMotion motion = veil_motion_begin(&track->path.point[0].face);

    if (track->path.n > 1)
        veil_motion_update(&motion, &track->path.point[1].face, (int)(track->path.point[1].at - track->path.point[0].at));
    while (track->path.point[0].at > limit) {
        VeilPoint before;
        int ret;

        if (!step(t, &track->path.point[0], track->path.point[0].at - 1, &motion, &before))
            break;
        motion.vx += .5f * (track->path.point[0].face.x - before.face.x - motion.vx);
        motion.vy += .5f * (track->path.point[0].face.y - before.face.y - motion.vy);
        if ((ret = veil_path_prepend(&track->path, &before)) < 0)
            return ret;
    }
    return 0;
}

/* ---- sightings ------------------------------------------------------------- */

static int add_sighting(const VeilTracks *t, Track *track, int64_t at, const VeilFace *face)
{
    const VeilPoint seen = { .at = at, .face = *face };

    if (track->path.n) {
        veil_path_correct(&track->path, &seen);
        veil_motion_update(&track->motion, face, (int)(at - last_point(track)->at));
    } else {
        track->motion = veil_motion_begin(face);
    }
    track->seen = track->motion;
    track->lost = false;
    track->evidence += veil_weak_worth(&t->weak, face);
    track->peak = fmaxf(track->peak, face->score);
    track->last_seen = at;
    return veil_path_append(&track->path, &seen);
}

/* Put the weak sightings that lead up to the first one before it. */
static int look_back(VeilTracks *t, Track *track)
{
    VeilWeakBox w;

    while (veil_weak_take(&t->weak, track->path.point[0].at, &track->path.point[0].face, &w)) {
        const int ret = veil_path_prepend(&track->path, &(VeilPoint){ .at = w.at, .face = w.face });

        if (ret < 0)
            return ret;
        track->evidence += veil_weak_worth(&t->weak, &w.face);
        track->peak = fmaxf(track->peak, w.face.score);
    }
    track->motion = veil_motion_begin(&track->path.point[0].face);
    for (int i = 1; i < track->path.n; i++)
        veil_motion_update(&track->motion, &track->path.point[i].face,
                           (int)(track->path.point[i].at - track->path.point[i - 1].at));
    track->seen = track->motion;
    return 0;
}

static int begin_track(VeilTracks *t, int64_t at, const VeilFace *face)
{
    Track *track;
    int ret;

    if (t->n == t->cap) {
        const int cap = FFMAX(16, t->cap * 2);
        Track *more = realloc(t->track, (size_t)cap * sizeof(*more));

        if (!more)
            return AVERROR(ENOMEM);
        t->track = more;
        t->cap = cap;
    }
    track = &t->track[t->n++];
    *track = (Track){ .id = ++t->total, .live = true, .scene_from = t->scene_from, .scene_to = INT64_MAX };
    if ((ret = add_sighting(t, track, at, face)) < 0 || (ret = look_back(t, track)) < 0)
        return ret;
    return follow_back(t, track);
}

static bool begins_track(const VeilTracks *t, int64_t at, const VeilFace *face)
{
    return veil_weak_worth(&t->weak, face) >= t->config.high - VEIL_WEAK_CHANCE ||
           veil_weak_evidence(&t->weak, at, face) >= t->config.evidence;
}

/* One round of association: boxes of scores from `low` up with the live
 * tracks that were not seen in this frame yet. used[] marks boxes taken. */
static int associate(VeilTracks *t, int64_t at, const VeilBox *boxes, int n, float low, bool *used)
{
    int rows[VEIL_MAX_FACES] = { 0 }, cols[VEIL_MAX_FACES] = { 0 }, match[VEIL_MAX_FACES], n_rows = 0, n_cols = 0, ret;
    bool unsure[VEIL_MAX_FACES];

    for (int i = 0; i < t->n && n_rows < VEIL_MAX_FACES; i++)
        if (t->track[i].live && t->track[i].last_seen < at)
            rows[n_rows++] = i;
    for (int i = 0; i < n; i++)
        if (!used[i] && boxes[i].face.score >= low)
            cols[n_cols++] = i;
    t->pairs.n = 0;
    for (int r = 0; r < n_rows; r++) {
        const Track *track = &t->track[rows[r]];
        const VeilFace there = veil_motion_predict(&track->motion, (int)(at - last_point(track)->at));

        for (int c = 0; c < n_cols; c++) {
            const float likeness = veil_likeness(&there, &boxes[cols[c]].face);

            if (likeness >= LEAST_LIKENESS && (ret = veil_pairs_add(&t->pairs, r, c, likeness)) < 0)
                return ret;
        }
    }
    veil_assign(&t->pairs, n_rows, n_cols, match, unsure);
    for (int r = 0; r < n_rows; r++) {
        if (match[r] < 0)
            continue;
        used[cols[match[r]]] = true;
        if ((ret = add_sighting(t, &t->track[rows[r]], at, &boxes[cols[match[r]]].face)) < 0)
            return ret;
    }
    return 0;
}

/* Tracks not seen in this frame are followed up to it, and may then be seen
 * after all; one that slid onto another person ends where it was last seen. */
static int follow_unseen(VeilTracks *t, int64_t at, const VeilBox *boxes, int n, bool *used)
{
    int ret;

    for (int i = 0; i < t->n; i++)
        if (t->track[i].live && t->track[i].last_seen < at && (ret = follow_on(t, &t->track[i], at)) < 0)
            return ret;
    if ((ret = associate(t, at, boxes, n, 0, used)) < 0)
        return ret;
    for (int i = 0; i < t->n; i++) {
        Track *track = &t->track[i];

        if (!track->live || track->last_seen == at || last_point(track)->at != at)
            continue;
        for (int b = 0; b < n && track->live; b++)
            if (used[b] && veil_likeness(&last_point(track)->face, &boxes[b].face) > SLID_LIKENESS) {
                track->live = false;
                track->motion = track->seen; /* not where the other person led it */
                veil_path_cut_after(&track->path, track->last_seen);
            }
    }
    return 0;
}

int veil_tracks_update(VeilTracks *t, int64_t at, const VeilBox *boxes, int n)
{
    bool used[VEIL_MAX_FACES] = { false };
    int ret;

    if (n > VEIL_MAX_FACES)
        return AVERROR(EINVAL);
    for (int i = 0; i < n; i++)
        used[i] = boxes[i].face.score < t->config.high && veil_weak_worth(&t->weak, &boxes[i].face) <= 0;
    if ((ret = associate(t, at, boxes, n, t->config.high, used)) < 0 ||
        (ret = associate(t, at, boxes, n, 0, used)) < 0 || (ret = follow_unseen(t, at, boxes, n, used)) < 0)
        return ret;
    for (int i = 0; i < n; i++) {
        if (used[i])
            continue;
        ret = begins_track(t, at, &boxes[i].face) ? begin_track(t, at, &boxes[i].face)
                                                  : veil_weak_add(&t->weak, at, &boxes[i].face);
        if (ret < 0)
            return ret;
    }
    for (int i = 0; i < t->n; i++)
        if (at - t->track[i].last_seen > t->config.patience)
            t->track[i].live = false;
    veil_weak_forget(&t->weak, at - t->config.window);
    return 0;
}

/* ---- answers --------------------------------------------------------------- */

/* Each side by a share of the box, and by some pixels. */
static void enlarge(VeilFace *f, float share, float pixels)
{
    const float dx = f->w * share + pixels, dy = f->h * share + pixels;

    f->x -= dx;
    f->y -= dy;
    f->w += 2 * dx;
    f->h += 2 * dy;
}

/* @return false if the track has no face in that frame */
static bool box_at(const VeilTracks *t, Track *track, int64_t at, VeilBox *out)
{
    const VeilPath *path = &track->path;
    const int64_t first = path->point[0].at, last = last_point(track)->at;
    const int extend = FFMIN(t->config.extend, budget(track));
    bool followed = false;
    int gap;

    if (at < track->scene_from || at > track->scene_to || at < first - extend || at > last + extend)
        return false;
    *out = (VeilBox){ .track = track->id, .origin = VEIL_ORIGIN_EXTENDED };
    if (at < first) {
        out->face = veil_path_before(path, at);
        gap = (int)(first - at);
    } else if (at > last) {
        out->face = veil_motion_predict(&track->motion, (int)(at - last));
        gap = (int)(at - last);
    } else {
        out->face = veil_path_at(path, at, &gap, &followed);
        out->origin = followed ? VEIL_ORIGIN_FILLED : VEIL_ORIGIN_DETECTED;
    }
    track->proven = track->proven || track->peak >= veil_weak_least_peak(&t->weak, &out->face);
    if (!track->proven)
        return false;
    enlarge(&out->face, FFMIN(t->config.growth * (float)gap, MAX_GROWTH), t->config.slack);
    return true;
}

/* Forget what lies before frame `at`: points but the newest of them, and
 * tracks that have ended. */
static void forget(VeilTracks *t, int64_t at)
{
    int kept = 0;

    for (int i = 0; i < t->n; i++) {
        Track *track = &t->track[i];

        veil_path_forget(&track->path, at);
        if (!track->live && at > FFMIN(last_point(track)->at + t->config.extend, track->scene_to))
            veil_path_free(&track->path);
        else
            t->track[kept++] = *track;
    }
    t->n = kept;
}

int veil_tracks_at(VeilTracks *t, int64_t at, VeilBox *boxes, int cap)
{
    int n = 0;

    forget(t, at);
    for (int i = 0; i < t->n; i++) {
        VeilBox box;

        if (!box_at(t, &t->track[i], at, &box))
            continue;
        if (n == cap)
            return AVERROR(ENOSPC);
        boxes[n++] = box;
    }
    return n;
}
