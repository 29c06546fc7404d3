/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "motion.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <libavutil/common.h>
#include <libavutil/pixdesc.h>

#define REACH_X (VEIL_MOTION_W * 2 / 5)
#define REACH_Y (VEIL_MOTION_H * 2 / 5)

/* Pixels of one cell, each way. */
#define TAPS 4

void veil_motion_small(const AVFrame *f, VeilSmall *out)
{
    const AVComponentDescriptor *c = &av_pix_fmt_desc_get(f->format)->comp[0];

    for (int cy = 0; cy < VEIL_MOTION_H; cy++)
        for (int cx = 0; cx < VEIL_MOTION_W; cx++) {
            int sum = 0;

            for (int j = 0; j < TAPS; j++) {
                const int64_t y = ((int64_t)cy * TAPS + j) * f->height / (VEIL_MOTION_H * TAPS);
                const uint8_t *row = f->data[c->plane] + y * f->linesize[c->plane] + c->offset;

                for (int i = 0; i < TAPS; i++) {
                    const uint8_t *p = row + ((int64_t)cx * TAPS + i) * f->width / (VEIL_MOTION_W * TAPS) * c->step;

                    sum += c->depth > 8 ? *(const uint16_t *)p >> (c->shift + c->depth - 8) : *p;
                }
            }
            out->cell[cy][cx] = (uint8_t)(sum / (TAPS * TAPS));
        }
}

/* Sums of differences are one instruction, which -O2 alone does not use. */
#pragma GCC push_options
#pragma GCC optimize("O3")
/* Mean difference, times 256, of the parts that overlap when a is moved by dx, dy. */
static int difference(const VeilSmall *a, const VeilSmall *b, int dx, int dy)
{
    const int w = VEIL_MOTION_W - abs(dx), h = VEIL_MOTION_H - abs(dy);
    int sum = 0;

    for (int y = 0; y < h; y++) {
        const uint8_t *p = &a->cell[y + FFMAX(-dy, 0)][FFMAX(-dx, 0)], *q = &b->cell[y + FFMAX(dy, 0)][FFMAX(dx, 0)];

        for (int x = 0; x < w; x++)
            sum += abs(p[x] - q[x]);
    }
    return (int)((int64_t)sum * 256 / (w * h));
}
#pragma GCC pop_options

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
