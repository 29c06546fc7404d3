/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "track.h"

#include <math.h>
#include <libavutil/common.h>

#include "follow.h"
#include "weak.h"

/* However far from a sighting, a box grows no more than this, each side. */
#define MAX_GROWTH 0.5f

/* Where the picture ended when a face was last seen, the box may be of a part
 * of it, and the rest comes in first as it moves. So much may lie beyond, in
 * heights of the box: half the width of a face. */
#define BEYOND 0.4f

/* Frames that a track is followed without a sighting for each unit of
 * evidence: a false find must not wander through the picture. */
#define FOLLOW_FRAMES 30

const VeilPoint *veil_track_last(const VeilTrack *track)
{
    return &track->path.point[track->path.n - 1];
}

/* ---- sightings ------------------------------------------------------------- */

static void count(const VeilTracksConfig *c, VeilTrack *track, const VeilFace *seen)
{
    track->evidence += veil_weak_worth(veil_tracks_span(c), seen);
    track->peak = fmaxf(track->peak, seen->score);
}

int veil_track_see(const VeilTracksConfig *c, VeilTrack *track, const VeilPoint *seen)
{
    if (track->path.n) {
        veil_path_correct(&track->path, seen);
        veil_motion_update(&track->motion, &seen->face, (int)(seen->at - veil_track_last(track)->at));
    } else {
        track->motion = veil_motion_begin(&seen->face);
    }
    track->seen = track->motion;
    track->lost = false;
    track->last_seen = seen->at;
    count(c, track, &seen->face);
    return veil_path_append(&track->path, seen);
}

int veil_track_saw(const VeilTracksConfig *c, VeilTrack *track, const VeilPoint *seen)
{
    const int ret = veil_path_prepend(&track->path, seen);
    const VeilPoint *p = track->path.point;

    if (ret < 0)
        return ret;
    count(c, track, &seen->face);
    track->motion = veil_motion_begin(&p->face);
    for (int i = 1; i < track->path.n; i++)
        veil_motion_update(&track->motion, &p[i].face, (int)(p[i].at - p[i - 1].at));
    track->seen = track->motion;
    return 0;
}

/* ---- following ------------------------------------------------------------- */

static int budget(const VeilTrack *track)
{
    return (int)(FOLLOW_FRAMES * FFMAX(track->evidence, 0));
}

static bool step(const VeilTracksConfig *c, const VeilPoint *from, int64_t to, const VeilMotion *motion, VeilPoint *out)
{
    VeilFace guess = from->face;

    if (motion->moving) {
        guess.x += motion->vx * (float)(to - from->at);
        guess.y += motion->vy * (float)(to - from->at);
    }
    *out = *from;
    out->at = to;
    out->followed = true;
    return c->follow && c->follow(c->opaque, from->at, &from->face, to, &guess, &out->face) >= VEIL_FOLLOW_SURE;
}

int veil_track_follow_on(const VeilTracksConfig *c, VeilTrack *track, int64_t to)
{
    const int64_t limit = track->last_seen + budget(track);

    while (!track->lost && veil_track_last(track)->at < to) {
        const VeilPoint *last = veil_track_last(track);
        VeilPoint next;
        int ret;

        if (last->at >= limit || !step(c, last, last->at + 1, &track->motion, &next)) {
            track->lost = true;
            break;
        }
        veil_motion_update(&track->motion, &next.face, 1);
        if ((ret = veil_path_append(&track->path, &next)) < 0)
            return ret;
    }
    return 0;
}

int veil_track_follow_back(const VeilTracksConfig *c, VeilTrack *track)
{
    const int64_t limit = FFMAX(track->path.point[0].at - budget(track), track->scene_from);
    VeilMotion motion = veil_motion_begin(&track->path.point[0].face);

    if (track->path.n > 1)
        veil_motion_update(&motion, &track->path.point[1].face, (int)(track->path.point[1].at - track->path.point[0].at));
    while (track->path.point[0].at > limit) {
        VeilPoint before;
        int ret;

        if (!step(c, &track->path.point[0], track->path.point[0].at - 1, &motion, &before))
            break;
        motion.vx += .5f * (track->path.point[0].face.x - before.face.x - motion.vx);
        motion.vy += .5f * (track->path.point[0].face.y - before.face.y - motion.vy);
        if ((ret = veil_path_prepend(&track->path, &before)) < 0)
            return ret;
    }
    return 0;
}

void veil_track_end(VeilTrack *track)
{
    track->live = false;
    track->motion = track->seen; /* not where the other person led it */
    veil_path_cut_after(&track->path, track->last_seen);
}

/* ---- answers --------------------------------------------------------------- */

/* Each side by a share of the box, by some pixels, and where the face was cut off by what may lie beyond. */
static void enlarge(VeilFace *f, float share, float pixels, const float cut[4])
{
    const float dx = f->w * share + pixels, dy = f->h * share + pixels, beyond = BEYOND * f->h;

    f->x -= dx + cut[0] * beyond;
    f->y -= dy + cut[1] * beyond;
    f->w += 2 * dx + (cut[0] + cut[2]) * beyond;
    f->h += 2 * dy + (cut[1] + cut[3]) * beyond;
}

/* @return where it is, with the frames to the nearest point */
static VeilPoint where(const VeilTrack *track, int64_t at, int *gap)
{
    const VeilPoint *first = track->path.point, *last = veil_track_last(track);
    VeilPoint there = *last;

    if (at <= last->at && at >= first->at)
        return veil_path_at(&track->path, at, gap);
    *gap = (int)FFMAX(first->at - at, at - last->at);
    if (at < first->at)
        return veil_path_before(&track->path, at);
    there.face = veil_motion_predict(&track->motion, *gap);
    return there;
}

bool veil_track_at(const VeilTracksConfig *c, VeilTrack *track, int64_t at, VeilBox *out)
{
    const int64_t first = track->path.point[0].at, last = veil_track_last(track)->at;
    const int extend = FFMIN(c->extend, budget(track));
    VeilPoint there;
    int gap;

    if (at < track->scene_from || at > track->scene_to || at < first - extend || at > last + extend)
        return false;
    there = where(track, at, &gap);
    *out = (VeilBox){ .face = there.face,
                      .track = track->id,
                      .origin = at < first || at > last ? VEIL_ORIGIN_EXTENDED
                                : there.followed        ? VEIL_ORIGIN_FILLED
                                                        : VEIL_ORIGIN_DETECTED };
    track->proven = track->proven || track->peak >= veil_weak_least_peak(veil_tracks_span(c), &out->face);
    enlarge(&out->face, FFMIN(c->growth * (float)gap, MAX_GROWTH), c->slack, there.cut);
    return track->proven;
}
