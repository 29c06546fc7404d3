/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "follow.h"

#include <math.h>
#include <libavutil/common.h>
#include <libavutil/pixdesc.h>

/* The box is looked at through GRID x GRID samples, and moved by up to REACH
 * samples each way: half its size and a bit. */
#define GRID   16
#define REACH  10
#define REGION (GRID + 2 * REACH)

/* Each sample is a mean of up to TAPS x TAPS pixels of its cell, so that fine
 * texture does not alias. */
#define TAPS 3

/* Less contrast than this (standard deviation, of 255) is sensor noise. */
#define LEAST_CONTRAST 2.f

typedef struct Luma {
    const uint8_t *data;
    ptrdiff_t linesize;
    int w, h, step, shift;
    bool wide; ///< two bytes a sample
} Luma;

bool veil_follow_can(enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(format);

    return d && d->comp[0].depth >= 8 && d->comp[0].depth <= 16 &&
           !(d->flags & (AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL |
                         AV_PIX_FMT_FLAG_BE | AV_PIX_FMT_FLAG_FLOAT));
}

/* The first component: luma, or red, which serves as well. */
static Luma luma_of(const AVFrame *f)
{
    const AVComponentDescriptor *c = &av_pix_fmt_desc_get(f->format)->comp[0];

    return (Luma){ .data = f->data[c->plane] + c->offset,
                   .linesize = f->linesize[c->plane],
                   .w = f->width,
                   .h = f->height,
                   .step = c->step,
                   .shift = c->depth > 8 ? c->shift + c->depth - 8 : 0,
                   .wide = c->depth > 8 };
}

static float pixel(const Luma *l, int x, int y)
{
    const uint8_t *p = l->data + av_clip(y, 0, l->h - 1) * l->linesize + (ptrdiff_t)av_clip(x, 0, l->w - 1) * l->step;

    return l->wide ? (float)(*(const uint16_t *)p >> l->shift) : (float)*p;
}

/* n x n samples, `sx` and `sy` pixels apart, the first cell beginning at x, y. */
static void sample(const Luma *l, float x, float y, float sx, float sy, int n, float *out)
{
    const int tx = av_clip((int)lrintf(sx), 1, TAPS), ty = av_clip((int)lrintf(sy), 1, TAPS);

    for (int row = 0; row < n; row++)
        for (int col = 0; col < n; col++) {
            float sum = 0;

            for (int j = 0; j < ty; j++)
                for (int i = 0; i < tx; i++)
                    sum += pixel(l, (int)floorf(x + sx * ((float)col + ((float)i + .5f) / (float)tx)),
                                 (int)floorf(y + sy * ((float)row + ((float)j + .5f) / (float)ty)));
            out[row * n + col] = sum / (float)(tx * ty);
        }
}

/* Take the mean away and make the length 1. @return false without texture */
static bool normalise(float grid[GRID * GRID])
{
    float mean = 0, square = 0;

    for (int i = 0; i < GRID * GRID; i++)
        mean += grid[i];
    mean /= GRID * GRID;
    for (int i = 0; i < GRID * GRID; i++) {
        grid[i] -= mean;
        square += grid[i] * grid[i];
    }
    if (square < LEAST_CONTRAST * LEAST_CONTRAST * GRID * GRID)
        return false;
    for (int i = 0; i < GRID * GRID; i++)
        grid[i] /= sqrtf(square);
    return true;
}

/* Correlation of the pattern, normalised, with a window of rows `pitch` apart.
 * Sums are kept by column, which a compiler turns into vectors. */
static float correlate(const float *pattern, const float *window, int pitch)
{
    float dot[GRID] = { 0 }, sum[GRID] = { 0 }, square[GRID] = { 0 }, d = 0, s = 0, q = 0;

    for (int row = 0; row < GRID; row++)
        for (int col = 0; col < GRID; col++) {
            const float v = window[row * pitch + col];

            dot[col] += v * pattern[row * GRID + col];
            sum[col] += v;
            square[col] += v * v;
        }
    for (int col = 0; col < GRID; col++) {
        d += dot[col];
        s += sum[col];
        q += square[col];
    }
    q -= s * s / (GRID * GRID);
    return q < LEAST_CONTRAST * LEAST_CONTRAST * GRID * GRID ? -1 : d / sqrtf(q);
}

/* Offset of the top of the parabola through three values, -.5 to .5. */
static float peak(float before, float at, float after)
{
    const float bend = before - 2 * at + after;

    return bend < -1e-6f ? av_clipf((before - after) / (2 * bend), -.5f, .5f) : 0;
}

/* Best shift, in samples, of the pattern inside the region. @return its correlation */
static float best_shift(const float *pattern, const float *region, float *dx, float *dy)
{
    float score[2 * REACH + 1][2 * REACH + 1], best = -1;
    int bx = REACH, by = REACH;

    for (int y = 0; y <= 2 * REACH; y++)
        for (int x = 0; x <= 2 * REACH; x++) {
            score[y][x] = correlate(pattern, region + y * REGION + x, REGION);
            if (score[y][x] > best) {
                best = score[y][x];
                bx = x, by = y;
            }
        }
    *dx = (float)(bx - REACH);
    *dy = (float)(by - REACH);
    if (bx > 0 && bx < 2 * REACH)
        *dx += peak(score[by][bx - 1], best, score[by][bx + 1]);
    if (by > 0 && by < 2 * REACH)
        *dy += peak(score[by - 1][bx], best, score[by + 1][bx]);
    return best;
}

static bool mostly_inside(const AVFrame *f, const VeilFace *b)
{
    const float cx = b->x + b->w / 2, cy = b->y + b->h / 2;

    return b->w >= 4 && b->h >= 4 && cx > 0 && cy > 0 && cx < (float)f->width && cy < (float)f->height;
}

static VeilFace moved(const VeilFace *box, float cx, float cy, float scale)
{
    VeilFace out = *box;

    out.w *= scale;
    out.h *= scale;
    out.x = cx - out.w / 2;
    out.y = cy - out.h / 2;
    for (int i = 0; box->has_landmarks && i < VEIL_LANDMARKS; i++) {
        out.landmark[i][0] = out.x + (box->landmark[i][0] - box->x) * scale;
        out.landmark[i][1] = out.y + (box->landmark[i][1] - box->y) * scale;
    }
    return out;
}

/* The size at which the pattern fits best around a centre. @return its correlation */
static float best_scale(const Luma *to, const float *pattern, const VeilFace *box, float cx, float cy, float *scale)
{
    static const float tried[] = { 1, .96f, 1.04f, .92f, 1.08f };
    float best = -1;

    *scale = 1;
    for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++) {
        const float w = box->w * tried[i], h = box->h * tried[i];
        float grid[GRID * GRID], score;

        sample(to, cx - w / 2, cy - h / 2, w / GRID, h / GRID, GRID, grid);
        score = correlate(pattern, grid, GRID);
        if (score > best + (i ? .005f : 0)) { /* only a clear gain changes the size: noise would make it wander */
            best = score;
            *scale = tried[i];
        }
    }
    return best;
}

float veil_follow(const AVFrame *from, const VeilFace *box, const AVFrame *to, const VeilFace *guess, VeilFace *out)
{
    const Luma a = luma_of(from), b = luma_of(to);
    const float sx = box->w / GRID, sy = box->h / GRID;
    float pattern[GRID * GRID], region[REGION * REGION], dx, dy, cx, cy, scale;

    if (!mostly_inside(from, box) || !mostly_inside(to, guess))
        return -1;
    sample(&a, box->x, box->y, sx, sy, GRID, pattern);
    if (!normalise(pattern))
        return -1;
    cx = guess->x + guess->w / 2;
    cy = guess->y + guess->h / 2;
    sample(&b, cx - box->w / 2 - REACH * sx, cy - box->h / 2 - REACH * sy, sx, sy, REGION, region);
    if (best_shift(pattern, region, &dx, &dy) < 0)
        return -1;
    cx += dx * sx;
    cy += dy * sy;
    dx = best_scale(&b, pattern, box, cx, cy, &scale);
    *out = moved(box, cx, cy, scale);
    return mostly_inside(to, out) ? dx : -1;
}
