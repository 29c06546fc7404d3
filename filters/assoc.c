/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "assoc.h"

#include <math.h>
#include <stdlib.h>
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

int veil_pairs_add(VeilPairs *p, int track, int box, float likeness)
{
    if (p->n == p->cap) {
        const int cap = FFMAX(256, 2 * p->cap);
        VeilPair *more = realloc(p->pair, (size_t)cap * sizeof(*more));

        if (!more)
            return AVERROR(ENOMEM);
        p->pair = more;
        p->cap = cap;
    }
    p->pair[p->n++] = (VeilPair){ track, box, likeness };
    return 0;
}

void veil_pairs_free(VeilPairs *p)
{
    free(p->pair);
    *p = (VeilPairs){ 0 };
}

static int better_first(const void *pa, const void *pb)
{
    const VeilPair *a = pa, *b = pb;

    if (a->likeness != b->likeness)
        return a->likeness < b->likeness ? 1 : -1;
    /* a fixed order, so that two runs agree */
    return a->track != b->track ? (a->track > b->track) - (a->track < b->track) : (a->box > b->box) - (a->box < b->box);
}

/* Another free track is about as like the box of pair[0]. Better pairs, which come before it, are decided. */
static bool has_rival(const VeilPair *pair, int n, const int *match)
{
    for (int i = 1; i < n && pair[i].likeness > pair->likeness - DOUBT; i++)
        if (pair[i].box == pair->box && match[pair[i].track] < 0)
            return true;
    return false;
}

void veil_assign(VeilPairs *p, int n_tracks, int n_boxes, int *match, bool *unsure)
{
    bool taken[VEIL_MAX_FACES] = { false };

    for (int t = 0; t < n_tracks; t++)
        match[t] = -1;
    memset(unsure, 0, (size_t)n_boxes * sizeof(*unsure));
    if (p->n)
        qsort(p->pair, (size_t)p->n, sizeof(*p->pair), better_first);
    for (int i = 0; i < p->n; i++) {
        const VeilPair *pair = &p->pair[i];

        if (match[pair->track] >= 0 || taken[pair->box])
            continue;
        taken[pair->box] = true;
        if (has_rival(pair, p->n - i, match))
            unsure[pair->box] = true;
        else
            match[pair->track] = pair->box;
    }
}
