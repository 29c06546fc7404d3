/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Pictures compared. Whether a face is bare is asked of its detail: where the
 * output's follows the source's, block by block, it can be read. A black box
 * on a dark face changes few levels, but all of the detail.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <libavutil/common.h>
#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>

#include "audit_parts.h"

#define INNER      0.84f ///< of a box: its rim belongs to what is around the face
#define DETAIL     2.5   ///< levels: less deviation is noise
#define LIKE       0.5   ///< least correlation of detail that can still be read
#define REPAINTED  12.0  ///< mean difference of levels that coding does not make
#define BLOCK      16

int veil_luma_read(VeilLuma *l, const AVFrame *f)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(f->format);
    const int depth = d ? d->comp[0].depth : 0;

    if (!d || (d->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BE)) ||
        d->comp[0].plane != 0 || depth < 8 || depth > 16 || d->comp[0].step != (depth > 8 ? 2 : 1))
        return AVERROR(EINVAL);
    l->w = f->width;
    l->h = f->height;
    if (depth == 8) {
        l->data = f->data[0];
        l->stride = f->linesize[0];
        return 0;
    }
    av_fast_malloc(&l->own, &l->own_size, (size_t)l->w * (size_t)l->h);
    if (!l->own)
        return AVERROR(ENOMEM);
    for (int y = 0; y < l->h; y++) {
        const uint16_t *from = (const uint16_t *)(const void *)(f->data[0] + y * f->linesize[0]);

        for (int x = 0; x < l->w; x++)
            l->own[(size_t)y * (size_t)l->w + (size_t)x] = (uint8_t)(from[x] >> (d->comp[0].shift + depth - 8));
    }
    l->data = l->own;
    l->stride = l->w;
    return 0;
}

/* ---- one place ----------------------------------------------------------------- */

typedef struct Sums {
    double n, a, b, aa, bb, ab, differ;
} Sums;

static Sums sum_block(const VeilLuma *a, const VeilLuma *b, int x0, int y0, int size)
{
    Sums s = { 0 };

    for (int y = y0; y < y0 + size; y++)
        for (int x = x0; x < x0 + size; x++) {
            const double p = a->data[y * a->stride + x], q = b->data[y * b->stride + x];

            s.a += p, s.b += q, s.aa += p * p, s.bb += q * q, s.ab += p * q, s.differ += fabs(p - q);
        }
    s.n = (double)size * size;
    return s;
}

static double deviation(double n, double sum, double squares)
{
    return sqrt(fmax(squares / n - sum * sum / (n * n), 0));
}

/* The part of a box that is face and in the picture, cut in blocks. */
typedef struct Place {
    float cx, cy, rx, ry;
    int x0, y0, x1, y1, size;
} Place;

static Place place_of(const VeilLuma *l, const float box[4])
{
    Place p = { .cx = box[0] + box[2] / 2, .cy = box[1] + box[3] / 2, .rx = box[2] * INNER / 2, .ry = box[3] * INNER / 2 };

    p.size = av_clip((int)(fminf(box[2], box[3]) / 6), 4, 16);
    p.x0 = av_clip((int)floorf(p.cx - p.rx), 0, l->w);
    p.y0 = av_clip((int)floorf(p.cy - p.ry), 0, l->h);
    p.x1 = av_clip((int)ceilf(p.cx + p.rx), 0, l->w);
    p.y1 = av_clip((int)ceilf(p.cy + p.ry), 0, l->h);
    return p;
}

static bool in_ellipse(const Place *p, int x, int y)
{
    const float dx = ((float)x + (float)p->size / 2 - p->cx) / p->rx, dy = ((float)y + (float)p->size / 2 - p->cy) / p->ry;

    return dx * dx + dy * dy <= 1;
}

VeilBareness veil_place_compare(const VeilLuma *out, const VeilLuma *source, const float box[4])
{
    const Place p = place_of(out, box);
    const int step = FFMAX(p.size / 2, 2);
    int like = 0, unlike = 0, plain = 0, repainted = 0;

    if (out->w != source->w || out->h != source->h)
        return VEIL_PLACE_UNCLEAR;
    for (int y = p.y0; y + p.size <= p.y1; y += step)
        for (int x = p.x0; x + p.size <= p.x1; x += step) {
            Sums s;
            double da, db;

            if (!in_ellipse(&p, x, y))
                continue;
            s = sum_block(out, source, x, y, p.size);
            da = deviation(s.n, s.a, s.aa);
            db = deviation(s.n, s.b, s.bb);
            if (db >= DETAIL && da >= db * 0.3 && s.ab / s.n - s.a * s.b / (s.n * s.n) >= LIKE * da * db) {
                like++;
            } else if (db >= DETAIL) {
                unlike++;
            } else if (s.differ / s.n >= REPAINTED) {
                repainted++;
            } else {
                plain++;
            }
        }
    if (like + unlike + repainted + plain == 0)
        return VEIL_PLACE_UNCLEAR;
    /* Almost no detail: bare if nothing was painted over it. */
    if (like + unlike < 3)
        return repainted > plain ? VEIL_PLACE_MASKED : VEIL_PLACE_UNCLEAR;
    return like >= unlike + repainted ? VEIL_PLACE_BARE : VEIL_PLACE_MASKED;
}

/* What is left of a block when its slope is taken away: a blurred mask slopes, and has no detail. */
static double roughness(const VeilLuma *l, int x0, int y0, int size, double *mean)
{
    double n = (double)size * size, mid = (size - 1) / 2.0, sum = 0, squares = 0, sx = 0, sy = 0, xx = 0, rest;

    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++) {
            const double v = l->data[(y0 + y) * l->stride + x0 + x];

            sum += v, squares += v * v, sx += v * (x - mid), sy += v * (y - mid), xx += (x - mid) * (x - mid);
        }
    *mean = sum / n;
    rest = squares - sum * sum / n - (sx * sx + sy * sy) / xx;
    return sqrt(fmax(rest / n, 0));
}

VeilBareness veil_place_look(const VeilLuma *out, const float box[4], int level)
{
    const Place p = place_of(out, box);
    const int step = FFMAX(p.size / 2, 2);
    int all = 0, smooth = 0, solid = 0;

    for (int y = p.y0; y + p.size <= p.y1; y += step)
        for (int x = p.x0; x + p.size <= p.x1; x += step) {
            double mean, rough;

            if (!in_ellipse(&p, x, y))
                continue;
            rough = roughness(out, x, y, p.size, &mean);
            all++;
            smooth += rough < 1.5;
            solid += rough < 1.0 && level >= 0 && fabs(mean - level) <= 4;
        }
    if (!all)
        return VEIL_PLACE_UNCLEAR;
    return solid * 3 >= all || smooth * 10 >= all * 8 ? VEIL_PLACE_MASKED : VEIL_PLACE_BARE;
}

/* ---- the whole picture ----------------------------------------------------------- */

typedef struct Grid {
    uint8_t *mark; ///< 1 changed, 2 changed and counted with its group
    uint8_t *altered; ///< changed, but the source's detail is still there
    int *stack;
    double *error; ///< squared, by block
    int cols, rows;
} Grid;

static bool is_dense(const Grid *g, int x, int y)
{
    int n = 0;

    for (int dy = -1; dy <= 1; dy++)
        for (int dx = -1; dx <= 1; dx++)
            n += x + dx >= 0 && y + dy >= 0 && x + dx < g->cols && y + dy < g->rows &&
                 g->mark[(y + dy) * g->cols + x + dx];
    return n >= 6;
}

/* Groups of changed blocks that touch. A mask fills its own bounds; masks that
 * touch do not, but are dense. Edges and damage all over are neither. */
static int stray_of_group(Grid *g, int start)
{
    int n = 0, size = 0, dense = 0, x0 = g->cols, y0 = g->rows, x1 = 0, y1 = 0;

    g->stack[n++] = start;
    g->mark[start] = 2;
    while (n) {
        const int at = g->stack[--n], x = at % g->cols, y = at / g->cols;

        size++;
        dense += is_dense(g, x, y);
        x0 = FFMIN(x0, x), y0 = FFMIN(y0, y), x1 = FFMAX(x1, x), y1 = FFMAX(y1, y);
        for (int dy = -1; dy <= 1; dy++)
            for (int dx = -1; dx <= 1; dx++) {
                const int nx = x + dx, ny = y + dy, to = ny * g->cols + nx;

                if (nx < 0 || ny < 0 || nx >= g->cols || ny >= g->rows || g->mark[to] != 1)
                    continue;
                g->mark[to] = 2;
                g->stack[n++] = to;
            }
    }
    return size * 100 < (x1 - x0 + 1) * (y1 - y0 + 1) * 35 && dense * 2 < size ? size : 0;
}

static bool near_change(const Grid *g, int x, int y)
{
    for (int dy = -1; dy <= 1; dy++)
        for (int dx = -1; dx <= 1; dx++)
            if (x + dx >= 0 && y + dy >= 0 && x + dx < g->cols && y + dy < g->rows &&
                g->mark[(y + dy) * g->cols + x + dx])
                return true;
    return false;
}

static bool keeps_detail(const VeilLuma *out, const VeilLuma *source, int x, int y, int size)
{
    const Sums s = sum_block(out, source, x, y, size);
    const double da = deviation(s.n, s.a, s.aa), db = deviation(s.n, s.b, s.bb);

    return db >= DETAIL && da >= db * 0.3 && (s.ab / s.n - s.a * s.b / (s.n * s.n)) >= LIKE * da * db;
}

/* A picture that was made brighter changes all over and masks nothing. The
 * rim of a mask keeps detail too, but it is one block wide. */
static bool is_altered(const Grid *g, int x, int y)
{
    for (int dy = -1; dy <= 1; dy++)
        for (int dx = -1; dx <= 1; dx++)
            if (x + dx < 0 || y + dy < 0 || x + dx >= g->cols || y + dy >= g->rows ||
                !g->altered[(y + dy) * g->cols + x + dx])
                return false;
    return true;
}

static void measure_blocks(Grid *g, const VeilLuma *out, const VeilLuma *source)
{
    for (int r = 0; r < g->rows; r++)
        for (int c = 0; c < g->cols; c++) {
            int64_t differ = 0, squares = 0;

            for (int y = r * BLOCK; y < (r + 1) * BLOCK; y++) {
                const uint8_t *a = out->data + y * out->stride + c * BLOCK;
                const uint8_t *b = source->data + y * source->stride + c * BLOCK;
                int row = 0, row2 = 0;

                for (int x = 0; x < BLOCK; x++) {
                    const int d = a[x] - b[x];

                    row += abs(d);
                    row2 += d * d;
                }
                differ += row;
                squares += row2;
            }
            g->error[r * g->cols + c] = (double)squares;
            g->mark[r * g->cols + c] = (double)differ >= REPAINTED * BLOCK * BLOCK;
            g->altered[r * g->cols + c] = g->mark[r * g->cols + c] && keeps_detail(out, source, c * BLOCK, r * BLOCK, BLOCK);
        }
}

static void add_up(VeilDifference *d, Grid *g)
{
    const int all = g->cols * g->rows;
    double error = 0;
    int changed = 0, stray = 0, rest = 0;

    for (int i = 0; i < all; i++) {
        changed += g->mark[i] != 0;
        if (g->mark[i] == 1)
            stray += stray_of_group(g, i);
        stray += is_altered(g, i % g->cols, i / g->cols);
    }
    for (int i = 0; i < all; i++)
        if (!near_change(g, i % g->cols, i / g->cols)) {
            error += g->error[i];
            rest++;
        }
    d->changed = (double)changed / FFMAX(all, 1);
    d->stray = (double)stray / FFMAX(all, 1);
    d->psnr = error > 0 ? FFMIN(10 * log10(255.0 * 255.0 * rest * BLOCK * BLOCK / error), 99) : 99;
}

int veil_difference(VeilDifference *d, const VeilLuma *out, const VeilLuma *source)
{
    Grid g = { .cols = out->w / BLOCK, .rows = out->h / BLOCK };
    const size_t all = (size_t)g.cols * (size_t)g.rows;
    int ret = 0;

    *d = (VeilDifference){ .psnr = 99 };
    if (!all || out->w != source->w || out->h != source->h)
        return 0;
    g.mark = malloc(2 * all);
    g.altered = g.mark + all;
    g.stack = malloc(all * sizeof(*g.stack));
    g.error = malloc(all * sizeof(*g.error));
    if (g.mark && g.stack && g.error) {
        measure_blocks(&g, out, source);
        add_up(d, &g);
    } else {
        ret = AVERROR(ENOMEM);
    }
    free(g.mark);
    free(g.stack);
    free(g.error);
    return ret;
}
