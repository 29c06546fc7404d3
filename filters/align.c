/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "align.h"

#include <math.h>
#include <stdlib.h>
#include <libavutil/common.h>
#include <libavutil/error.h>

#define SAMPLES_MAX 16 ///< per pixel and axis, when a large picture is made small

const float veil_align_points[VEIL_LANDMARKS][2] = {
    { 38.2946f, 51.6963f }, { 73.5318f, 51.5014f }, { 56.0252f, 71.7366f },
    { 41.5493f, 92.3655f }, { 70.7299f, 92.2041f },
};

static void centre(float c[2], const float p[VEIL_LANDMARKS][2])
{
    c[0] = c[1] = 0;
    for (int i = 0; i < VEIL_LANDMARKS; i++) {
        c[0] += p[i][0] / VEIL_LANDMARKS;
        c[1] += p[i][1] / VEIL_LANDMARKS;
    }
}

/* In the plane, Umeyama's rotation times scale is one complex number: sum of conj(p) q over sum of |p|^2. */
int veil_align_fit(VeilSimilarity *out, const float from[VEIL_LANDMARKS][2], const float to[VEIL_LANDMARKS][2])
{
    float cf[2], ct[2], re = 0, im = 0, norm = 0;

    centre(cf, from);
    centre(ct, to);
    for (int i = 0; i < VEIL_LANDMARKS; i++) {
        const float px = from[i][0] - cf[0], py = from[i][1] - cf[1];
        const float qx = to[i][0] - ct[0], qy = to[i][1] - ct[1];

        re += px * qx + py * qy;
        im += px * qy - py * qx;
        norm += px * px + py * py;
    }
    if (!(norm > 1e-6f) || !(re * re + im * im > 1e-12f)) /* also refuses what is not a number */
        return AVERROR(EINVAL);
    out->a = re / norm;
    out->b = im / norm;
    out->tx = ct[0] - out->a * cf[0] + out->b * cf[1];
    out->ty = ct[1] - out->b * cf[0] - out->a * cf[1];
    return 0;
}

/* Add the bilinear sample at x, y: positions of pixel centres are whole numbers. */
static void add_sample(float sum[3], const VeilBgr *p, float x, float y)
{
    const float cx = av_clipf(x, 0, (float)(p->w - 1)), cy = av_clipf(y, 0, (float)(p->h - 1));
    const int x0 = (int)cx, y0 = (int)cy, x1 = FFMIN(x0 + 1, p->w - 1), y1 = FFMIN(y0 + 1, p->h - 1);
    const float fx = cx - (float)x0, fy = cy - (float)y0;
    const uint8_t *top = p->data + (ptrdiff_t)y0 * p->stride, *low = p->data + (ptrdiff_t)y1 * p->stride;

    for (int c = 0; c < 3; c++) {
        const float a = top[3 * x0 + c] * (1 - fx) + top[3 * x1 + c] * fx;
        const float b = low[3 * x0 + c] * (1 - fx) + low[3 * x1 + c] * fx;

        sum[c] += a * (1 - fy) + b * fy;
    }
}

void veil_align_warp(uint8_t *out, int w, int h, const VeilBgr *pic, const VeilSimilarity *s)
{
    const float norm = s->a * s->a + s->b * s->b, ia = s->a / norm, ib = -s->b / norm; /* the inverse */
    const int n = av_clip((int)ceilf(1 / sqrtf(norm)), 1, SAMPLES_MAX);

    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            float sum[3] = { 0 };

            for (int i = 0; i < n * n; i++) {
                const float ox = (float)x + ((float)(i % n) + .5f) / (float)n - .5f - s->tx;
                const float oy = (float)y + ((float)(i / n) + .5f) / (float)n - .5f - s->ty;

                add_sample(sum, pic, ia * ox - ib * oy, ib * ox + ia * oy);
            }
            for (int c = 0; c < 3; c++)
                out[3 * (y * w + x) + c] = (uint8_t)(sum[c] / (float)(n * n) + .5f);
        }
}

static int luma(const uint8_t *bgr)
{
    return (29 * bgr[0] + 150 * bgr[1] + 77 * bgr[2]) >> 8;
}

/* Mean absolute Laplacian of the middle of the face, without the background at its corners. */
static float edges(const uint8_t *aligned)
{
    const int row = 3 * VEIL_ALIGN_SIDE, from = VEIL_ALIGN_SIDE / 5, to = VEIL_ALIGN_SIDE - from;
    int64_t sum = 0;

    for (int y = from; y < to; y++)
        for (int x = from; x < to; x++) {
            const uint8_t *p = aligned + y * row + 3 * x;

            sum += abs(4 * luma(p) - luma(p - 3) - luma(p + 3) - luma(p - row) - luma(p + row));
        }
    return (float)sum / (float)((to - from) * (to - from));
}

float veil_align_quality(const VeilFace *face, const uint8_t *aligned)
{
    const float(*p)[2] = face->landmark;
    const float ex = p[1][0] - p[0][0], ey = p[1][1] - p[0][1], d2 = ex * ex + ey * ey;
    float t, v;

    if (!face->has_landmarks || !(d2 > 0))
        return 0;
    t = ((p[2][0] - p[0][0]) * ex + (p[2][1] - p[0][1]) * ey) / d2;
    v = edges(aligned);
    return face->score * fminf(1, sqrtf(d2) / 35) * (v / (v + 5)) * fmaxf(0, 1 - 2 * fabsf(t - .5f));
}
