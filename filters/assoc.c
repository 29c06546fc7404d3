/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "assoc.h"

#include <math.h>
#include <string.h>
#include <libavutil/common.h>

/* Weight of a new speed against the old one: high, as people turn and stop. */
#define SPEED_GAIN 0.6f

/* Two tracks that differ by less than this in likeness to one box cannot be
 * told apart. */
#define DOUBT 0.1f

/* exp(-d^2) x (ratio of areas): 1 for equal boxes, .37 for centres one box
 * size apart, .5 for boxes of half the area. Unlike IoU it still tells small
 * boxes apart that no longer overlap. */
float veil_likeness(const VeilFace *a, const VeilFace *b)
{
    const float dx = (a->x + a->w / 2) - (b->x + b->w / 2), dy = (a->y + a->h / 2) - (b->y + b->h / 2);
    const float area_a = a->w * a->h, area_b = b->w * b->h;

    if (area_a <= 0 || area_b <= 0)
        return 0;
    return expf(-(dx * dx + dy * dy) / sqrtf(area_a * area_b)) * fminf(area_a, area_b) / fmaxf(area_a, area_b);
}

VeilMotion veil_motion_begin(const VeilFace *at)
{
    return (VeilMotion){ .cx = at->x + at->w / 2, .cy = at->y + at->h / 2, .w = at->w, .h = at->h };
}

void veil_motion_update(VeilMotion *m, const VeilFace *seen, int frames)
{
    const float cx = seen->x + seen->w / 2, cy = seen->y + seen->h / 2, n = (float)FFMAX(frames, 1);
    const float gain = m->moving ? SPEED_GAIN : 1; /* the first speed has nothing to be weighed against */
    const float growth = (sqrtf(seen->w * seen->h) / sqrtf(m->w * m->h) - 1) / n;

    m->vx += gain * ((cx - m->cx) / n - m->vx);
    m->vy += gain * ((cy - m->cy) / n - m->vy);
    m->growth += gain * (growth - m->growth);
    m->cx = cx, m->cy = cy, m->w = seen->w, m->h = seen->h;
    m->moving = true;
}

VeilFace veil_motion_predict(const VeilMotion *m, int frames)
{
    const float n = (float)frames, scale = av_clipf(1 + m->growth * n, 0.5f, 2.f);
    const float w = m->w * scale, h = m->h * scale;

    return (VeilFace){ .x = m->cx + m->vx * n - w / 2, .y = m->cy + m->vy * n - h / 2, .w = w, .h = h };
}

VeilFace veil_face_between(const VeilFace *a, const VeilFace *b, float t)
{
    VeilFace f = { .x = a->x + (b->x - a->x) * t,
                   .y = a->y + (b->y - a->y) * t,
                   .w = a->w + (b->w - a->w) * t,
                   .h = a->h + (b->h - a->h) * t,
                   .score = fminf(a->score, b->score) };

    if ((f.has_landmarks = a->has_landmarks && b->has_landmarks))
        for (int i = 0; i < VEIL_LANDMARKS; i++)
            for (int axis = 0; axis < 2; axis++)
                f.landmark[i][axis] = a->landmark[i][axis] + (b->landmark[i][axis] - a->landmark[i][axis]) * t;
    return f;
}

/* Another free track is about as like this box as `track` is. */
static bool has_rival(const float *likeness, int n_tracks, int n_boxes, const int *match, int track, int box,
                      float least)
{
    const float mine = likeness[track * n_boxes + box];

    for (int t = 0; t < n_tracks; t++)
        if (t != track && match[t] < 0 && likeness[t * n_boxes + box] >= least &&
            likeness[t * n_boxes + box] > mine - DOUBT)
            return true;
    return false;
}

void veil_assign(const float *likeness, int n_tracks, int n_boxes, float least, int *match, bool *unsure)
{
    bool taken[VEIL_MAX_FACES] = { false };

    for (int t = 0; t < n_tracks; t++)
        match[t] = -1;
    memset(unsure, 0, (size_t)n_boxes * sizeof(*unsure));
    for (;;) {
        int best = -1;

        for (int i = 0; i < n_tracks * n_boxes; i++)
            if (match[i / n_boxes] < 0 && !taken[i % n_boxes] && likeness[i] >= least &&
                (best < 0 || likeness[i] > likeness[best]))
                best = i;
        if (best < 0)
            return;
        taken[best % n_boxes] = true;
        if (has_rival(likeness, n_tracks, n_boxes, match, best / n_boxes, best % n_boxes, least))
            unsure[best % n_boxes] = true;
        else
            match[best / n_boxes] = best % n_boxes;
    }
}
