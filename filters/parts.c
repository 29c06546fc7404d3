/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parts.h"
#include "follow.h"

#include <stdlib.h>
#include <string.h>
#include <libavutil/common.h>
#include <libavutil/error.h>
#include <libavutil/pixdesc.h>

#define SIDE 8 ///< luma pixels of a square

/* Levels of 255 by which a square's mean must differ. Noise of 8 levels moves
 * the mean of 64 pixels by 1; a face of 16 px on anything but a wall of its
 * own colour moves some square by 10 and more. Pictures darker than DARK on
 * average are raised before the search, so less counts in them. */
#define DIFFERS 4
#define DARK    100

#define AROUND 64 ///< luma pixels around what has changed that are searched with it
#define GRAIN  10 ///< sides of a part are multiples of a tenth: a network lays out its memory anew for each other size
#define LITTLE .6 ///< share of the picture above which all of it is searched

/* ---- squares ------------------------------------------------------------------ */

/* Planar luma of 8 to 16 bits; else NULL. */
static const AVComponentDescriptor *luma_of(const AVFrame *f)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(f->format);

    if (!veil_follow_can(f->format) || d->flags & AV_PIX_FMT_FLAG_RGB || d->comp[0].step != (d->comp[0].depth > 8 ? 2 : 1) ||
        f->width < SIDE || f->height < SIDE)
        return NULL;
    return &d->comp[0];
}

/* -O2 alone leaves the loops scalar. */
#pragma GCC push_options
#pragma GCC optimize("O3")
static uint8_t mean8(const uint8_t *p, ptrdiff_t stride)
{
    unsigned sum = 0;

    for (int y = 0; y < SIDE; y++, p += stride)
        for (int x = 0; x < SIDE; x++)
            sum += p[x];
    return (uint8_t)(sum / (SIDE * SIDE));
}

static uint8_t mean16(const uint8_t *p, ptrdiff_t stride, int down)
{
    unsigned sum = 0;

    for (int y = 0; y < SIDE; y++, p += stride)
        for (int x = 0; x < SIDE; x++)
            sum += ((const uint16_t *)p)[x];
    return (uint8_t)FFMIN(sum / (SIDE * SIDE) >> down, 255);
}
#pragma GCC pop_options

/* The last square of a row or column ends with the picture. @return mean of all */
static int means_of(uint8_t *out, const AVFrame *f, const AVComponentDescriptor *c, int w, int h)
{
    const ptrdiff_t stride = f->linesize[c->plane];
    int64_t sum = 0;

    for (int row = 0; row < h; row++)
        for (int col = 0; col < w; col++) {
            const int x = FFMIN(col * SIDE, f->width - SIDE), y = FFMIN(row * SIDE, f->height - SIDE);
            const uint8_t *p = f->data[c->plane] + c->offset + y * stride + x * c->step;

            out[row * w + col] = c->depth > 8 ? mean16(p, stride, c->shift + c->depth - 8) : mean8(p, stride);
            sum += out[row * w + col];
        }
    return (int)(sum / (w * h));
}

/* ---- rectangles ------------------------------------------------------------------ */

static bool meet(VeilRect a, VeilRect b)
{
    return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

static VeilRect united(VeilRect a, VeilRect b)
{
    const int x = FFMIN(a.x, b.x), y = FFMIN(a.y, b.y);

    return (VeilRect){ x, y, FFMAX(a.x + a.w, b.x + b.w) - x, FFMAX(a.y + a.h, b.y + b.h) - y };
}

/* One side of a part, from and length, within 0 to `all`: a little larger, never smaller. */
static void round_side(int *from, int *length, int all)
{
    const int grain = FFALIGN(FFMAX(all / GRAIN, 1), 2 * SIDE), end = FFMIN(*from + *length, all);

    *from = FFMAX(*from, 0) / (2 * SIDE) * (2 * SIDE); /* so that chroma is cut as luma is */
    *length = FFMAX((end - *from + grain - 1) / grain, 1) * grain;
    if (*from + *length <= all)
        return;
    *from = FFMAX(all - *length, 0) / (2 * SIDE) * (2 * SIDE);
    *length = all - *from;
}

static VeilRect rounded(VeilRect r, const AVFrame *f)
{
    round_side(&r.x, &r.w, f->width);
    round_side(&r.y, &r.h, f->height);
    return r;
}

static bool inside(VeilRect r, VeilRect of)
{
    return r.x >= of.x && r.y >= of.y && r.x + r.w <= of.x + of.w && r.y + r.h <= of.y + of.h;
}

static int64_t area(VeilRect r)
{
    return (int64_t)r.w * r.h;
}

/* Rectangles that do not meet. */
typedef struct Apart {
    VeilRect at[VEIL_MAX_PARTS];
    int n;
} Apart;

/* Which one to unite r with: one that it meets; or, if there is no room for one more, that which grows least. -1: none */
static int partner(const Apart *a, VeilRect r)
{
    int best = 0;

    for (int i = 0; i < a->n; i++) {
        if (meet(a->at[i], r))
            return i;
        if (area(united(a->at[i], r)) - area(a->at[i]) < area(united(a->at[best], r)) - area(a->at[best]))
            best = i;
    }
    return a->n == VEIL_MAX_PARTS ? best : -1;
}

/* Add r, rounded if `round` is the frame that it is a part of, not NULL. */
static void add(Apart *a, VeilRect r, const AVFrame *round)
{
    for (int i;; a->at[i] = a->at[--a->n]) {
        r = round ? rounded(r, round) : r;
        i = partner(a, r);
        if (i < 0)
            break;
        if (inside(r, a->at[i]))
            return;
        r = united(r, a->at[i]);
    }
    a->at[a->n++] = r;
}

/* ---- what to search ---------------------------------------------------------------- */

/* The squares that differ, with what is around them. */
static Apart changed(const VeilParts *s, int mean, const AVFrame *f)
{
    const int least = av_clip(DIFFERS * mean / DARK, 1, DIFFERS);
    Apart close = { .n = 0 }, parts = { .n = 0 };

    for (int row = 0; row < s->h; row++)
        for (int col = 0; col < s->w; col++)
            if (FFABS(s->now[row * s->w + col] - s->seen[row * s->w + col]) >= least)
                add(&close, (VeilRect){ col * SIDE - AROUND, row * SIDE - AROUND, SIDE + 2 * AROUND, SIDE + 2 * AROUND }, NULL);
    for (int i = 0; i < close.n; i++)
        add(&parts, close.at[i], f);
    return parts;
}

/* A face with as much around it as a detector wants to see, within the frame. */
static VeilRect surroundings(const VeilFace *face, const AVFrame *f)
{
    const float side = FFMAX(face->w, face->h);
    const int x = av_clip((int)(face->x - side), 0, f->width - 1), y = av_clip((int)(face->y - side), 0, f->height - 1);

    return (VeilRect){ x, y, av_clip((int)(face->x + face->w + side), x + 1, f->width) - x,
                       av_clip((int)(face->y + face->h + side), y + 1, f->height) - y };
}

/* Is this in one of the parts, wholly or partly? @return 1, 0 for outside of all, -1 for partly */
static int is_in(const Apart *a, VeilRect r)
{
    int in = 0;

    for (int i = 0; i < a->n; i++) {
        if (inside(r, a->at[i]))
            return 1;
        in = meet(r, a->at[i]) ? -1 : in;
    }
    return in;
}

/* Faces are in a part with their surroundings, or outside of all. */
static void take_whole_faces(Apart *a, const VeilParts *s, const AVFrame *f)
{
    for (int i = 0; i < s->n; i++) {
        const VeilRect face = surroundings(&s->faces[i], f);

        if (is_in(a, face) < 0) {
            add(a, face, f);
            i = -1; /* what has grown may cut others */
        }
    }
}

/* ---- memory ------------------------------------------------------------------------ */

static int fit(VeilParts *s, const AVFrame *f)
{
    const int w = (f->width + SIDE - 1) / SIDE, h = (f->height + SIDE - 1) / SIDE;

    if (s->faces && w == s->w && h == s->h)
        return 0;
    veil_parts_free(s);
    s->seen = malloc((size_t)w * h);
    s->now = malloc((size_t)w * h);
    s->faces = malloc(VEIL_MAX_FACES * sizeof(*s->faces));
    if (!s->seen || !s->now || !s->faces) {
        veil_parts_free(s);
        return AVERROR(ENOMEM);
    }
    s->w = w;
    s->h = h;
    return 0;
}

int veil_parts_choose(VeilParts *s, const AVFrame *f, int whole_every, VeilRect out[VEIL_MAX_PARTS])
{
    const AVComponentDescriptor *c = luma_of(f);
    int64_t sum = 0;
    Apart parts;
    int ret, mean;

    out[0] = (VeilRect){ 0, 0, f->width, f->height };
    if (!c) {
        veil_parts_free(s); /* so that this frame is not remembered by the squares of another */
        return 1;
    }
    if ((ret = fit(s, f)) < 0)
        return ret;
    mean = means_of(s->now, f, c, s->w, s->h);
    if (!s->known || s->since_whole + 1 >= whole_every)
        return 1;
    parts = changed(s, mean, f);
    take_whole_faces(&parts, s, f);
    for (int i = 0; i < parts.n; i++)
        sum += area(parts.at[i]);
    if ((double)sum > LITTLE * f->width * f->height)
        return 1;
    memcpy(out, parts.at, (size_t)parts.n * sizeof(*out));
    return parts.n;
}

static void see(VeilParts *s, VeilRect r)
{
    const int left = r.x / SIDE, right = FFMIN((r.x + r.w + SIDE - 1) / SIDE, s->w);

    for (int row = r.y / SIDE; row < FFMIN((r.y + r.h + SIDE - 1) / SIDE, s->h); row++)
        memcpy(s->seen + row * s->w + left, s->now + row * s->w + left, (size_t)(right - left));
}

int veil_parts_found(VeilParts *s, const AVFrame *f, const VeilRect *searched, int n_searched, VeilFace *faces, int n)
{
    const bool whole = n_searched == 1 && searched->w == f->width && searched->h == f->height;

    if (!s->faces)
        return n;
    for (int i = 0; i < s->n && !whole && n < VEIL_MAX_FACES; i++) {
        const VeilRect face = surroundings(&s->faces[i], f);
        int k = 0;

        while (k < n_searched && !meet(searched[k], face))
            k++;
        if (k == n_searched)
            faces[n++] = s->faces[i];
    }
    memcpy(s->faces, faces, (size_t)n * sizeof(*faces));
    s->n = n;
    s->since_whole = whole ? 0 : s->since_whole + 1;
    s->known = true;
    for (int i = 0; i < n_searched; i++)
        see(s, searched[i]);
    return n;
}

void veil_parts_forget(VeilParts *s)
{
    s->known = false;
    s->n = 0;
}

void veil_parts_free(VeilParts *s)
{
    free(s->seen);
    free(s->now);
    free(s->faces);
    *s = (VeilParts){ 0 };
}
