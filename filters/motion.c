/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "motion.h"
#include "follow.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <libavutil/common.h>
#include <libavutil/pixdesc.h>

#define REACH_X (VEIL_MOTION_W * 2 / 5)
#define REACH_Y (VEIL_MOTION_H * 2 / 5)

/* Pixels of one cell, each way. */
#define TAPS 4

/* The same of a fine copy. */
#define FINE_TAPS 2

#define FINE_W (VEIL_MOTION_W * VEIL_MOTION_FINE)
#define FINE_H (VEIL_MOTION_H * VEIL_MOTION_FINE)

/* The pixels at column[], `taps` at a time, are added to w sums. */
static void add_row(const uint8_t *row, const AVComponentDescriptor *c, const int *column, int w, int taps, int *sum)
{
    const bool wide = c->depth > 8;
    const int down = c->shift + c->depth - 8;

    for (int cx = 0; cx < w; cx++)
        for (int i = 0; i < taps; i++, column++)
            sum[cx] += wide ? *(const uint16_t *)(row + *column) >> down : row[*column];
}

/* A copy has w x h cells, means of taps x taps pixels of theirs; its rows from `row` on, each step-th. */
static void copy_rows(const AVFrame *f, int w, int h, int taps, int row, int step, uint8_t *out)
{
    const AVComponentDescriptor *c = &av_pix_fmt_desc_get(f->format)->comp[0];
    int column[FINE_W * FINE_TAPS];

    for (int i = 0; i < w * taps; i++)
        column[i] = (int)((int64_t)i * f->width / (w * taps)) * c->step;
    for (int cy = row; cy < h; cy += step) {
        int sum[FINE_W] = { 0 };

        for (int j = 0; j < taps; j++) {
            const int64_t y = ((int64_t)cy * taps + j) * f->height / (h * taps);

            add_row(f->data[c->plane] + y * f->linesize[c->plane] + c->offset, c, column, w, taps, sum);
        }
        for (int cx = 0; cx < w; cx++)
            out[cy * w + cx] = (uint8_t)(sum[cx] / (taps * taps));
    }
}

_Static_assert(FINE_W * FINE_TAPS >= VEIL_MOTION_W * TAPS, "too few columns");

void veil_motion_small(const AVFrame *f, VeilSmall *out)
{
    copy_rows(f, VEIL_MOTION_W, VEIL_MOTION_H, TAPS, 0, 1, &out->cell[0][0]);
}

/* Sums of differences are one instruction, which -O2 alone does not use. */
#pragma GCC push_options
#pragma GCC optimize("O3")
/* Mean difference, times 256, of the parts that overlap when a is moved by dx, dy; only each step-th row counts. */
static int overlap(const uint8_t *a, const uint8_t *b, int all_w, int all_h, int dx, int dy, int step)
{
    const int w = all_w - abs(dx), h = all_h - abs(dy);
    int sum = 0, rows = 0;

    for (int y = 0; y < h; y += step, rows++) {
        const uint8_t *p = a + (y + FFMAX(-dy, 0)) * all_w + FFMAX(-dx, 0);
        const uint8_t *q = b + (y + FFMAX(dy, 0)) * all_w + FFMAX(dx, 0);

        for (int x = 0; x < w; x++)
            sum += abs(p[x] - q[x]);
    }
    return (int)((int64_t)sum * 256 / (w * rows));
}
#pragma GCC pop_options

static int difference(const VeilSmall *a, const VeilSmall *b, int dx, int dy)
{
    return overlap(&a->cell[0][0], &b->cell[0][0], VEIL_MOTION_W, VEIL_MOTION_H, dx, dy, 1);
}

#define FINE_STEP 4 ///< rows of a fine copy from one that counts to the next

/* The rows that are compared where nothing moves. */
static void copy_some(VeilFine *fine, const AVFrame *f)
{
    fine->whole = false;
    copy_rows(f, FINE_W, FINE_H, FINE_TAPS, 0, FINE_STEP, &fine->cell[0][0]);
}

static void copy_rest(VeilFine *fine, const AVFrame *f)
{
    for (int row = 1; row < FINE_STEP && !fine->whole; row++)
        copy_rows(f, FINE_W, FINE_H, FINE_TAPS, row, FINE_STEP, &fine->cell[0][0]);
    fine->whole = true;
}

static int fine_difference(const VeilFine *a, const VeilFine *b, int dx, int dy)
{
    return overlap(&a->cell[0][0], &b->cell[0][0], FINE_W, FINE_H, dx, dy, FINE_STEP);
}

/* Offset of the lowest point of the parabola through three values, -.5 to .5. */
static float valley(int before, int at, int after)
{
    const int bend = before - 2 * at + after;

    return bend > 0 ? av_clipf((float)(before - after) / (2 * (float)bend), -.5f, .5f) : 0;
}

float veil_motion_shift(const VeilSmall *a, const VeilSmall *b, float *dx, float *dy)
{
    int best = INT_MAX, bx = 0, by = 0, still;

    for (int y = -REACH_Y; y <= REACH_Y; y++)
        for (int x = -REACH_X; x <= REACH_X; x++) {
            const int d = difference(a, b, x, y);

            if (d < best) {
                best = d;
                bx = x, by = y;
            }
        }
    *dx = (float)bx + valley(difference(a, b, bx - 1, by), best, difference(a, b, bx + 1, by));
    *dy = (float)by + valley(difference(a, b, bx, by - 1), best, difference(a, b, bx, by + 1));
    still = difference(a, b, 0, 0);
    return still && abs(bx) < REACH_X && abs(by) < REACH_Y ? 1 - (float)best / (float)still : 0;
}

float veil_motion_alike(const VeilSmall *a, const VeilSmall *b)
{
    const uint8_t *p = &a->cell[0][0], *q = &b->cell[0][0];
    const int n = VEIL_MOTION_W * VEIL_MOTION_H;
    int64_t sp = 0, sq = 0, pp = 0, qq = 0, pq = 0;

    for (int i = 0; i < n; i++) {
        sp += p[i];
        sq += q[i];
        pp += p[i] * p[i];
        qq += q[i] * q[i];
        pq += p[i] * q[i];
    }
    pp = pp * n - sp * sp;
    qq = qq * n - sq * sq;
    return pp > 0 && qq > 0 ? (float)((double)(pq * n - sp * sq) / sqrt((double)pp * (double)qq)) : 0;
}

/* A shift found in small copies, made exact to a fraction of a fine cell; in cells of small copies. @return as veil_motion_shift() */
static float refine(const VeilFine *a, const VeilFine *b, float *dx, float *dy)
{
    const int cx = (int)lrintf(*dx * VEIL_MOTION_FINE), cy = (int)lrintf(*dy * VEIL_MOTION_FINE);
    const int still = fine_difference(a, b, 0, 0);
    int best = INT_MAX, bx = cx, by = cy;

    for (int y = cy - VEIL_MOTION_FINE; y <= cy + VEIL_MOTION_FINE; y++)
        for (int x = cx - VEIL_MOTION_FINE; x <= cx + VEIL_MOTION_FINE; x++) {
            const int d = fine_difference(a, b, x, y);

            if (d < best) {
                best = d;
                bx = x, by = y;
            }
        }
    *dx = (float)bx + valley(fine_difference(a, b, bx - 1, by), best, fine_difference(a, b, bx + 1, by));
    *dy = (float)by + valley(fine_difference(a, b, bx, by - 1), best, fine_difference(a, b, bx, by + 1));
    *dx /= VEIL_MOTION_FINE;
    *dy /= VEIL_MOTION_FINE;
    return still ? 1 - (float)best / (float)still : 0;
}

/* From this share on a shift is taken for the camera's by veil_camera_see(). A face that moved otherwise is looked for
 * from there all the same, so that little is lost when it was not. */
#define MOVED 0.2f

#define INSIDE 0.9f ///< small cells: a least difference this far off is not the edge of what refine() tries
#define STILL 256 ///< mean difference, times 256, of two pictures from a camera that stands

/* The small copy of a frame whose fine one is there. */
static void shrink(const VeilFine *fine, VeilSmall *out)
{
    for (int cy = 0; cy < VEIL_MOTION_H; cy++)
        for (int cx = 0; cx < VEIL_MOTION_W; cx++) {
            int sum = 0;

            for (int y = cy * VEIL_MOTION_FINE; y < (cy + 1) * VEIL_MOTION_FINE; y++)
                for (int x = cx * VEIL_MOTION_FINE; x < (cx + 1) * VEIL_MOTION_FINE; x++)
                    sum += fine->cell[y][x];
            out->cell[cy][cx] = (uint8_t)(sum / (VEIL_MOTION_FINE * VEIL_MOTION_FINE));
        }
}

/* Between the two newest frames. Most often nothing moved, or little, which is seen without trying all shifts. */
static float newest_shift(VeilCamera *c, const AVFrame *before, const AVFrame *frame, float *dx, float *dy)
{
    VeilFine *a = &c->fine[!c->newest], *b = &c->fine[c->newest];
    VeilSmall small_a, small_b;
    float share;

    *dx = *dy = 0;
    if (fine_difference(a, b, 0, 0) < STILL)
        return 0;
    copy_rest(a, before);
    copy_rest(b, frame);
    share = refine(a, b, dx, dy);
    if (share >= VEIL_MOTION_SURE && fabsf(*dx) < INSIDE && fabsf(*dy) < INSIDE)
        return share;
    shrink(a, &small_a);
    shrink(b, &small_b);
    veil_motion_shift(&small_a, &small_b, dx, dy);
    return refine(a, b, dx, dy);
}

void veil_camera_see(VeilCamera *c, const AVFrame *before, const AVFrame *frame, bool cut)
{
    const bool known = before && c->known && !cut;
    float dx, dy, share = 0;

    c->panned = false;
    if (cut)
        c->x = c->y = 0; /* nothing is carried into a new scene */
    if (!(c->known = veil_follow_can(frame->format)))
        return;
    c->newest = !c->newest;
    copy_some(&c->fine[c->newest], frame);
    if (known)
        share = newest_shift(c, before, frame, &dx, &dy);
    c->panned = share >= VEIL_MOTION_SURE;
    if (share >= MOVED) {
        c->x += dx * (float)frame->width / VEIL_MOTION_W;
        c->y += dy * (float)frame->height / VEIL_MOTION_H;
    }
}
