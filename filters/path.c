/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "path.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <libavutil/common.h>
#include <libavutil/error.h>

#include "assoc.h"

void veil_path_free(VeilPath *p)
{
    free(p->point);
    *p = (VeilPath){ 0 };
}

static int insert(VeilPath *p, int at, const VeilPoint *point)
{
    if (p->n == p->cap) {
        const int cap = FFMAX(16, p->cap * 2);
        VeilPoint *more = realloc(p->point, (size_t)cap * sizeof(*more));

        if (!more)
            return AVERROR(ENOMEM);
        p->point = more;
        p->cap = cap;
    }
    memmove(p->point + at + 1, p->point + at, (size_t)(p->n - at) * sizeof(*p->point));
    p->point[at] = *point;
    p->n++;
    return 0;
}

int veil_path_append(VeilPath *p, const VeilPoint *point)
{
    return insert(p, p->n, point);
}

int veil_path_prepend(VeilPath *p, const VeilPoint *point)
{
    return insert(p, 0, point);
}

void veil_path_cut_after(VeilPath *p, int64_t at)
{
    while (p->n && p->point[p->n - 1].at > at)
        p->n--;
}

void veil_path_forget(VeilPath *p, int64_t at)
{
    int old = 0;

    while (old + 1 < p->n && p->point[old + 1].at <= at)
        old++;
    if (!old)
        return;
    p->n -= old;
    memmove(p->point, p->point + old, (size_t)p->n * sizeof(*p->point));
}

/* Move by `share` of the way that leads from one box to the other. */
static void shift(VeilFace *f, const VeilFace *from, const VeilFace *to, float share)
{
    const float w = f->w * powf(to->w / from->w, share), h = f->h * powf(to->h / from->h, share);
    const float cx = f->x + f->w / 2 + share * (to->x + to->w / 2 - from->x - from->w / 2);
    const float cy = f->y + f->h / 2 + share * (to->y + to->h / 2 - from->y - from->h / 2);

    f->x = cx - w / 2, f->y = cy - h / 2, f->w = w, f->h = h;
}

void veil_path_correct(VeilPath *p, const VeilPoint *seen)
{
    const VeilPoint last = p->point[p->n - 1];
    int anchor = p->n - 1;

    while (anchor > 0 && p->point[anchor].followed)
        anchor--;
    if (last.at == seen->at) {
        for (int i = anchor + 1; i < p->n - 1; i++)
            shift(&p->point[i].face, &last.face, &seen->face,
                  (float)(p->point[i].at - p->point[anchor].at) / (float)(last.at - p->point[anchor].at));
        p->n--;
    }
}

VeilPoint veil_path_at(const VeilPath *p, int64_t at, int *gap)
{
    const VeilPoint *a = p->point, *b;
    VeilPoint there;

    while (a + 1 < p->point + p->n && a[1].at <= at)
        a++;
    b = a + 1 < p->point + p->n ? a + 1 : a;
    *gap = (int)FFMIN(FFABS(at - a->at), FFABS(b->at - at));
    there = *a;
    if (a->at < at && b != a) {
        const float way = (float)(at - a->at) / (float)(b->at - a->at);

        there.face = veil_face_between(&a->face, &b->face, way);
        for (int side = 0; side < 4; side++)
            there.cut[side] += way * (b->cut[side] - a->cut[side]);
    }
    there.followed = a->followed || a->at != at;
    there.at = at;
    return there;
}

VeilPoint veil_path_before(const VeilPath *p, int64_t at)
{
    VeilMotion back = veil_motion_begin(&p->point[0].face);
    VeilPoint there = p->point[0];

    if (p->n > 1) {
        VeilMotion m = back;

        veil_motion_update(&m, &p->point[1].face, (int)(p->point[1].at - p->point[0].at));
        back.vx = m.vx;
        back.vy = m.vy;
    }
    there.face = veil_motion_predict(&back, (int)(at - p->point[0].at));
    there.followed = true;
    there.at = at;
    return there;
}
