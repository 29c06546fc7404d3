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

/* Where the pixels of n cells lie along one axis, `taps` a cell, inside 0 to `length`. */
static void places(int at[REGION * TAPS], float from, float step, int n, int taps, int length)
{
    for (int i = 0; i < n * taps; i++)
        at[i] = av_clip((int)floorf(from + step * ((float)i + .5f) / (float)taps), 0, length - 1);
}

/* The pixels of one line, `taps` at a time, are added to n sums. */
static void add_line(const Luma *l, const uint8_t *line, const int *at, int n, int taps, int *sum)
{
    for (int col = 0; col < n; col++)
        for (int i = 0; i < taps; i++, at++)
            sum[col] += l->wide ? ((const uint16_t *)line)[*at * (l->step / 2)] >> l->shift : line[*at * l->step];
}

/* n x n samples, `sx` and `sy` pixels apart, the first cell beginning at x, y. */
static void sample(const Luma *l, float x, float y, float sx, float sy, int n, float *out)
{
    const int tx = av_clip((int)lrintf(sx), 1, TAPS), ty = av_clip((int)lrintf(sy), 1, TAPS);
    int across[REGION * TAPS], down[REGION * TAPS];

    places(across, x, sx, n, tx, l->w);
    places(down, y, sy, n, ty, l->h);
    for (int row = 0; row < n; row++) {
        int sum[REGION] = { 0 };

        for (int j = 0; j < ty; j++)
            add_line(l, l->data + down[row * ty + j] * l->linesize, across, n, tx, sum);
        for (int col = 0; col < n; col++)
            out[row * n + col] = (float)sum[col] / (float)(tx * ty);
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

/* Sums of a window and of its squares, and their product with the pattern. */
typedef struct Sums {
    double sum, square;
    float dot;
} Sums;

/* -O2 alone leaves the loop scalar. Sums are kept by column, which a compiler turns into vectors. */
#pragma GCC push_options
#pragma GCC optimize("O3")
static float dot(const float *pattern, const float *window, int pitch)
{
    float by_column[GRID] = { 0 }, d = 0;

    for (int row = 0; row < GRID; row++)
        for (int col = 0; col < GRID; col++)
            by_column[col] += window[row * pitch + col] * pattern[row * GRID + col];
    for (int col = 0; col < GRID; col++)
        d += by_column[col];
    return d;
}
#pragma GCC pop_options

/* Correlation of a window with the pattern, which is normalised. */
static float correlation(Sums s)
{
    const double spread = s.square - s.sum * s.sum / (GRID * GRID);

    return spread < LEAST_CONTRAST * LEAST_CONTRAST * GRID * GRID ? -1 : s.dot / (float)sqrt(spread);
}

static float correlate(const float *pattern, const float grid[GRID * GRID])
{
    Sums s = { .dot = dot(pattern, grid, GRID) };

    for (int i = 0; i < GRID * GRID; i++) {
        s.sum += grid[i];
        s.square += grid[i] * grid[i];
    }
    return correlation(s);
}

/* Summed areas of a region: what lies left of and above each corner of its cells; the first row and column stay zero. */
typedef struct Areas {
    double sum[REGION + 1][REGION + 1], square[REGION + 1][REGION + 1];
} Areas;

static void sum_up(Areas *a, const float *region)
{
    for (int y = 0; y < REGION; y++) {
        double sum = 0, square = 0;

        for (int x = 0; x < REGION; x++) {
            const double v = region[y * REGION + x];

            a->sum[y + 1][x + 1] = a->sum[y][x + 1] + (sum += v);
            a->square[y + 1][x + 1] = a->square[y][x + 1] + (square += v * v);
        }
    }
}

static double of_window(const double area[REGION + 1][REGION + 1], int x, int y)
{
    return area[y + GRID][x + GRID] - area[y + GRID][x] - area[y][x + GRID] + area[y][x];
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
    Areas areas = { 0 };

    sum_up(&areas, region);
    for (int y = 0; y <= 2 * REACH; y++)
        for (int x = 0; x <= 2 * REACH; x++) {
            const Sums s = { of_window(areas.sum, x, y), of_window(areas.square, x, y),
                             dot(pattern, region + y * REGION + x, REGION) };

            score[y][x] = correlation(s);
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
        score = correlate(pattern, grid);
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
