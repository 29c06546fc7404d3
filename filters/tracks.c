/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tracks.h"

#include <stdlib.h>
#include <string.h>
#include <libavutil/common.h>
#include <libavutil/error.h>

#include "assoc.h"
#include "track.h"
#include "weak.h"

/* Least likeness for a pair: centres about 1.1 box sizes apart. */
#define LEAST_LIKENESS 0.3f

/* A followed box this like one that another track was seen in has slid onto
 * that other person. */
#define SLID_LIKENESS 0.4f

/* A box this close to where the picture ends, in heights of it, may be of a
 * part of a face. */
#define AT_EDGE 0.05f

/* What became of a box. */
typedef enum Use {
    FREE,      ///< no track's yet
    WORTHLESS, ///< chance gives as much: it carries nothing on and begins nothing
    TAKEN,     ///< a track was seen in it
} Use;

struct VeilTracks {
    VeilTracksConfig config;
    VeilTrack *track;
    int n, cap;
    VeilWeak weak;
    float x, y; ///< the picture's corner in the newest searched frame
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
    t->weak.span = veil_tracks_span(config);
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

static VeilPoint sighting(const VeilTracks *t, int64_t at, const VeilFace *face)
{
    const float near = AT_EDGE * face->h;

    return (VeilPoint){ .at = at,
                        .face = *face,
                        .cut = { face->x < t->x + near, face->y < t->y + near,
                                 face->x + face->w > t->x + t->config.w - near,
                                 face->y + face->h > t->y + t->config.h - near } };
}

/* ---- new tracks ------------------------------------------------------------ */

/* Put the weak sightings that lead up to the first one before it. */
static int look_back(VeilTracks *t, VeilTrack *track)
{
    VeilPoint w;
    int ret = 0;

    while (ret >= 0 && veil_weak_take(&t->weak, &track->path.point[0], &w))
        ret = veil_track_saw(&t->config, track, &w);
    return ret;
}

static int begin_track(VeilTracks *t, const VeilPoint *seen)
{
    VeilTrack *track;
    int ret;

    if (t->n == t->cap) {
        const int cap = FFMAX(16, t->cap * 2);
        VeilTrack *more = realloc(t->track, (size_t)cap * sizeof(*more));

        if (!more)
            return AVERROR(ENOMEM);
        t->track = more;
        t->cap = cap;
    }
    track = &t->track[t->n++];
    *track = (VeilTrack){ .id = ++t->total, .live = true, .scene_from = t->scene_from, .scene_to = INT64_MAX };
    if ((ret = veil_track_see(&t->config, track, seen)) < 0 || (ret = look_back(t, track)) < 0)
        return ret;
    return veil_track_follow_back(&t->config, track);
}

static bool begins_track(const VeilTracks *t, const VeilPoint *seen)
{
    return veil_weak_worth(t->weak.span, &seen->face) >= t->config.high - VEIL_WEAK_CHANCE ||
           veil_weak_evidence(&t->weak, seen) >= t->config.evidence;
}

/* Boxes that no track took begin one, or wait. */
static int begin_tracks(VeilTracks *t, int64_t at, const VeilBox *boxes, int n, const Use *use)
{
    int ret = 0;

    for (int i = 0; i < n && ret >= 0; i++) {
        const VeilPoint seen = sighting(t, at, &boxes[i].face);

        if (use[i] == FREE)
            ret = begins_track(t, &seen) ? begin_track(t, &seen) : veil_weak_add(&t->weak, &seen);
    }
    return ret;
}

/* ---- those that are known -------------------------------------------------- */

/* One round of association: boxes of scores from `low` up with the live
 * tracks that were not seen in this frame yet. */
static int associate(VeilTracks *t, int64_t at, const VeilBox *boxes, int n, float low, Use *use)
{
    int rows[VEIL_MAX_FACES] = { 0 }, cols[VEIL_MAX_FACES] = { 0 }, match[VEIL_MAX_FACES], n_rows = 0, n_cols = 0, ret;
    bool unsure[VEIL_MAX_FACES];

    for (int i = 0; i < t->n && n_rows < VEIL_MAX_FACES; i++)
        if (t->track[i].live && t->track[i].last_seen < at)
            rows[n_rows++] = i;
    for (int i = 0; i < n; i++)
        if (use[i] == FREE && boxes[i].face.score >= low)
            cols[n_cols++] = i;
    t->pairs.n = 0;
    for (int r = 0; r < n_rows; r++) {
        const VeilTrack *track = &t->track[rows[r]];
        const VeilFace there = veil_motion_predict(&track->motion, (int)(at - veil_track_last(track)->at));

        for (int c = 0; c < n_cols; c++) {
            const float likeness = veil_likeness(&there, &boxes[cols[c]].face);

            if (likeness >= LEAST_LIKENESS && (ret = veil_pairs_add(&t->pairs, r, c, likeness)) < 0)
                return ret;
        }
    }
    veil_assign(&t->pairs, n_rows, n_cols, match, unsure);
    for (int r = 0; r < n_rows; r++) {
        VeilPoint seen;

        if (match[r] < 0)
            continue;
        use[cols[match[r]]] = TAKEN;
        seen = sighting(t, at, &boxes[cols[match[r]]].face);
        if ((ret = veil_track_see(&t->config, &t->track[rows[r]], &seen)) < 0)
            return ret;
    }
    return 0;
}

/* Whether the track was led to a box in which another one was seen; or, if it never was a face for sure, to one that the
 * detector thinks nothing of. */
static bool slid(const VeilTracks *t, const VeilTrack *track, const VeilBox *boxes, int n, const Use *use)
{
    const Use least = track->peak >= t->config.high ? TAKEN : WORTHLESS;

    for (int i = 0; i < n; i++)
        if (use[i] >= least && veil_likeness(&veil_track_last(track)->face, &boxes[i].face) > SLID_LIKENESS)
            return true;
    return false;
}

/* Tracks not seen in this frame are followed up to it, and may then be seen
 * after all; one that slid onto another person ends where it was last seen. */
static int follow_unseen(VeilTracks *t, int64_t at, const VeilBox *boxes, int n, Use *use)
{
    int ret;

    for (int i = 0; i < t->n; i++)
        if (t->track[i].live && t->track[i].last_seen < at &&
            (ret = veil_track_follow_on(&t->config, &t->track[i], at)) < 0)
            return ret;
    if ((ret = associate(t, at, boxes, n, 0, use)) < 0)
        return ret;
    for (int i = 0; i < t->n; i++) {
        VeilTrack *track = &t->track[i];

        if (track->live && track->last_seen < at && veil_track_last(track)->at == at && slid(t, track, boxes, n, use))
            veil_track_end(track);
    }
    return 0;
}

int veil_tracks_update(VeilTracks *t, int64_t at, float x, float y, const VeilBox *boxes, int n)
{
    Use use[VEIL_MAX_FACES] = { FREE };
    int ret;

    if (n > VEIL_MAX_FACES)
        return AVERROR(EINVAL);
    t->x = x;
    t->y = y;
    for (int i = 0; i < n; i++)
        if (boxes[i].face.score < t->config.high && veil_weak_worth(t->weak.span, &boxes[i].face) <= 0)
            use[i] = WORTHLESS;
    if ((ret = associate(t, at, boxes, n, t->config.high, use)) < 0 ||
        (ret = associate(t, at, boxes, n, 0, use)) < 0 || (ret = follow_unseen(t, at, boxes, n, use)) < 0 ||
        (ret = begin_tracks(t, at, boxes, n, use)) < 0)
        return ret;
    for (int i = 0; i < t->n; i++)
        if (at - t->track[i].last_seen > t->config.patience)
            t->track[i].live = false;
    veil_weak_forget(&t->weak, at - t->config.window);
    return 0;
}

/* ---- answers --------------------------------------------------------------- */

/* Forget what lies before frame `at`: points but the newest of them, and
 * tracks that have ended. */
static void forget(VeilTracks *t, int64_t at)
{
    int kept = 0;

    for (int i = 0; i < t->n; i++) {
        VeilTrack *track = &t->track[i];

        veil_path_forget(&track->path, at);
        if (!track->live && at > FFMIN(veil_track_last(track)->at + t->config.extend, track->scene_to))
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

        if (!veil_track_at(&t->config, &t->track[i], at, &box))
            continue;
        if (n == cap)
            return AVERROR(ENOSPC);
        boxes[n++] = box;
    }
    return n;
}
