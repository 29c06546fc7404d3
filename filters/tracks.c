/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tracks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <libavutil/common.h>
#include <libavutil/error.h>

#include "assoc.h"

/* Least likeness for a pair: centres about 1.1 box sizes apart. */
#define LEAST_LIKENESS 0.3f

/* However far from a sighting, a box grows no more than this, each side. */
#define MAX_GROWTH 0.5f

typedef struct Sighting {
    int64_t at;
    VeilFace face;
} Sighting;

typedef struct Track {
    int id;
    bool live;
    int64_t scene_from, scene_to; ///< frames of its scene; INT64_MAX while the scene goes on
    VeilMotion motion;            ///< at the last sighting
    Sighting *seen;
    int n, cap;
} Track;

/* Boxes of low score that belong to no track yet: when one begins later they
 * show where it came from. */
typedef struct Weak {
    int64_t at;
    VeilFace face;
} Weak;

struct VeilTracks {
    VeilTracksConfig config;
    Track *track;
    int n, cap;
    Weak *weak;
    int n_weak, cap_weak;
    int64_t scene_from;
    int total;
    float *likeness; ///< scratch, cap_likeness values
    size_t cap_likeness;
};

int veil_tracks_new(VeilTracks **out, const VeilTracksConfig *config)
{
    if (!(*out = calloc(1, sizeof(**out))))
        return AVERROR(ENOMEM);
    (*out)->config = *config;
    return 0;
}

void veil_tracks_free(VeilTracks *t)
{
    if (!t)
        return;
    for (int i = 0; i < t->n; i++)
        free(t->track[i].seen);
    free(t->track);
    free(t->weak);
    free(t->likeness);
    free(t);
}

int veil_tracks_total(const VeilTracks *t)
{
    return t->total;
}

/* Room for one more element of an array that grows by doubling. */
static int grow(void **array, int n, int *cap, size_t size)
{
    void *more;

    if (n < *cap)
        return 0;
    if (!(more = realloc(*array, (size_t)FFMAX(16, *cap * 2) * size)))
        return AVERROR(ENOMEM);
    *array = more;
    *cap = FFMAX(16, *cap * 2);
    return 0;
}

void veil_tracks_cut(VeilTracks *t, int64_t at)
{
    for (int i = 0; i < t->n; i++)
        if (t->track[i].scene_to == INT64_MAX) {
            t->track[i].live = false;
            t->track[i].scene_to = at - 1;
        }
    t->scene_from = at;
    t->n_weak = 0;
}

static int add_sighting(Track *track, int64_t at, const VeilFace *face)
{
    int ret = grow((void **)&track->seen, track->n, &track->cap, sizeof(*track->seen));

    if (ret < 0)
        return ret;
    if (track->n)
        veil_motion_update(&track->motion, face, (int)(at - track->seen[track->n - 1].at));
    else
        track->motion = veil_motion_begin(face);
    track->seen[track->n++] = (Sighting){ at, *face };
    return 0;
}

/* The weak box, in the newest frame before `at`, that is most like `face`. */
static const Weak *weak_before(const VeilTracks *t, int64_t at, const VeilFace *face)
{
    const Weak *best = NULL;
    float best_likeness = LEAST_LIKENESS;

    for (int i = t->n_weak - 1; i >= 0; i--) {
        const Weak *w = &t->weak[i];
        float likeness;

        if (w->at >= at)
            continue;
        if (at - w->at > t->config.patience || (best && w->at < best->at))
            break;
        if ((likeness = veil_likeness(&w->face, face)) > best_likeness) {
            best = w;
            best_likeness = likeness;
        }
    }
    return best;
}

/* Put the weak sightings that lead up to the first one before it. */
static int look_back(VeilTracks *t, Track *track)
{
    const Weak *w;
    int ret;

    while ((w = weak_before(t, track->seen[0].at, &track->seen[0].face))) {
        if ((ret = grow((void **)&track->seen, track->n, &track->cap, sizeof(*track->seen))) < 0)
            return ret;
        memmove(track->seen + 1, track->seen, (size_t)track->n * sizeof(*track->seen));
        track->seen[0] = (Sighting){ w->at, w->face };
        track->n++;
    }
    track->motion = veil_motion_begin(&track->seen[0].face);
    for (int i = 1; i < track->n; i++)
        veil_motion_update(&track->motion, &track->seen[i].face, (int)(track->seen[i].at - track->seen[i - 1].at));
    return 0;
}

static int begin_track(VeilTracks *t, int64_t at, const VeilFace *face)
{
    Track *track;
    int ret = grow((void **)&t->track, t->n, &t->cap, sizeof(*t->track));

    if (ret < 0)
        return ret;
    track = &t->track[t->n++];
    *track = (Track){ .id = ++t->total, .live = true, .scene_from = t->scene_from, .scene_to = INT64_MAX };
    if ((ret = add_sighting(track, at, face)) < 0)
        return ret;
    return look_back(t, track);
}

static int add_weak(VeilTracks *t, int64_t at, const VeilFace *face)
{
    int ret = grow((void **)&t->weak, t->n_weak, &t->cap_weak, sizeof(*t->weak));

    if (ret >= 0)
        t->weak[t->n_weak++] = (Weak){ at, *face };
    return ret;
}

/* One round of association: the boxes of one score class with the live tracks
 * that have no box in this frame yet. used[] marks the boxes that were taken. */
static int associate(VeilTracks *t, int64_t at, const VeilBox *boxes, int n, bool strong, bool *used)
{
    int rows[VEIL_MAX_FACES] = { 0 }, cols[VEIL_MAX_FACES] = { 0 }, match[VEIL_MAX_FACES], n_rows = 0, n_cols = 0, ret;
    bool unsure[VEIL_MAX_FACES];
    const size_t need = (size_t)VEIL_MAX_FACES * (size_t)FFMAX(n, 1);

    if (need > t->cap_likeness) {
        free(t->likeness);
        t->cap_likeness = 0;
        if (!(t->likeness = malloc(need * sizeof(*t->likeness))))
            return AVERROR(ENOMEM);
        t->cap_likeness = need;
    }
    for (int i = 0; i < t->n && n_rows < VEIL_MAX_FACES; i++)
        if (t->track[i].live && t->track[i].seen[t->track[i].n - 1].at < at)
            rows[n_rows++] = i;
    for (int i = 0; i < n; i++)
        if (!used[i] && (boxes[i].face.score >= t->config.high) == strong)
            cols[n_cols++] = i;
    for (int r = 0; r < n_rows; r++) {
        const Track *track = &t->track[rows[r]];
        const VeilFace there = veil_motion_predict(&track->motion, (int)(at - track->seen[track->n - 1].at));

        for (int c = 0; c < n_cols; c++)
            t->likeness[r * n_cols + c] = veil_likeness(&there, &boxes[cols[c]].face);
    }
    veil_assign(t->likeness, n_rows, n_cols, LEAST_LIKENESS, match, unsure);
    for (int r = 0; r < n_rows; r++) {
        if (match[r] < 0)
            continue;
        used[cols[match[r]]] = true;
        if ((ret = add_sighting(&t->track[rows[r]], at, &boxes[cols[match[r]]].face)) < 0)
            return ret;
    }
    return 0;
}

static void drop_old_weak(VeilTracks *t, int64_t at)
{
    int kept = 0;

    for (int i = 0; i < t->n_weak; i++)
        if (at - t->weak[i].at <= t->config.window)
            t->weak[kept++] = t->weak[i];
    t->n_weak = kept;
}

int veil_tracks_update(VeilTracks *t, int64_t at, const VeilBox *boxes, int n)
{
    bool used[VEIL_MAX_FACES] = { false };
    int ret;

    if (n > VEIL_MAX_FACES)
        return AVERROR(EINVAL);
    if ((ret = associate(t, at, boxes, n, true, used)) < 0 || (ret = associate(t, at, boxes, n, false, used)) < 0)
        return ret;
    for (int i = 0; i < n; i++) {
        if (used[i])
            continue;
        ret = boxes[i].face.score >= t->config.high ? begin_track(t, at, &boxes[i].face)
                                                    : add_weak(t, at, &boxes[i].face);
        if (ret < 0)
            return ret;
    }
    for (int i = 0; i < t->n; i++)
        if (at - t->track[i].seen[t->track[i].n - 1].at > t->config.patience)
            t->track[i].live = false;
    drop_old_weak(t, at);
    return 0;
}

static void enlarge(VeilFace *f, float share)
{
    f->x -= f->w * share;
    f->y -= f->h * share;
    f->w *= 1 + 2 * share;
    f->h *= 1 + 2 * share;
}

/* Before the first sighting: run the motion of the first two backwards. */
static VeilFace before_first(const Track *track, int64_t at)
{
    VeilMotion back = veil_motion_begin(&track->seen[0].face);

    if (track->n > 1) {
        const int gap = (int)(track->seen[1].at - track->seen[0].at);
        VeilMotion m = back;

        veil_motion_update(&m, &track->seen[1].face, gap);
        back.vx = m.vx;
        back.vy = m.vy;
    }
    return veil_motion_predict(&back, (int)(at - track->seen[0].at));
}

/* Between sightings i and i + 1, or on one of them. */
static VeilFace between(const Track *track, int64_t at, int i, int *distance)
{
    const Sighting *a = &track->seen[i], *b = &track->seen[FFMIN(i + 1, track->n - 1)];
    const int64_t gap = b->at - a->at;

    *distance = (int)FFMIN(at - a->at, FFMAX(b->at - at, 0));
    return *distance ? veil_face_between(&a->face, &b->face, (float)(at - a->at) / (float)gap)
                     : (at == a->at ? a->face : b->face);
}

/* @return false if the track has no face in that frame */
static bool box_at(const VeilTracks *t, const Track *track, int64_t at, VeilBox *out)
{
    const Sighting *first = &track->seen[0], *last = &track->seen[track->n - 1];
    int distance = 0, i = 0;

    if (at < track->scene_from || at > track->scene_to || at < first->at - t->config.extend ||
        at > last->at + t->config.extend)
        return false;
    *out = (VeilBox){ .track = track->id, .origin = VEIL_ORIGIN_EXTENDED };
    if (at < first->at) {
        out->face = before_first(track, at);
        distance = (int)(first->at - at);
    } else if (at > last->at) {
        out->face = veil_motion_predict(&track->motion, (int)(at - last->at));
        distance = (int)(at - last->at);
    } else {
        while (i + 1 < track->n && track->seen[i + 1].at <= at)
            i++;
        out->face = between(track, at, i, &distance);
        out->origin = distance ? VEIL_ORIGIN_FILLED : VEIL_ORIGIN_DETECTED;
    }
    enlarge(&out->face, FFMIN(t->config.growth * (float)distance, MAX_GROWTH));
    return true;
}

/* Forget what lies before frame `at`: sightings but the newest of them, and
 * tracks that have ended. */
static void forget(VeilTracks *t, int64_t at)
{
    int kept = 0;

    for (int i = 0; i < t->n; i++) {
        Track *track = &t->track[i];
        int old = 0;

        while (old + 1 < track->n && track->seen[old + 1].at <= at)
            old++;
        if (old) {
            track->n -= old;
            memmove(track->seen, track->seen + old, (size_t)track->n * sizeof(*track->seen));
        }
        if (!track->live && at > FFMIN(track->seen[track->n - 1].at + t->config.extend, track->scene_to))
            free(track->seen);
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
