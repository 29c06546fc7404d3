/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "putback.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <libavutil/common.h>
#include <libavutil/error.h>
#include <libavutil/pixdesc.h>

#include "paint.h"
#include "seal.h"

/* Chosen on walkers who cross by day and by night, at the default fidelity: wider
 * limits leave grey clothes and chins at night covered (21 dB of the face instead of
 * 33), narrower ones put more of the sealer's grey over others' covers (now 1 % of it). */
#define CORE      8  ///< luma pixels: side of the smallest area that is taken for painted
#define EDGE      5  ///< of that side, what must lie inside of a lossy crop
#define NEAR_CORE 4  ///< levels of 8 bits by which the lossy coder moves a flat area: 3 were seen
#define FLAT      5  ///< luma levels of 8 bits from the lowest to the highest in it: cloth and stone have more
#define FLAT_EDGE 2  ///< the same where a part of it lies outside
#define NEAR_GREY 10 ///< the same at its rim
#define REACH     2  ///< luma pixels beside it that the coder's smoothing filter mixes with it

static int sample(const AVFrame *f, const AVPixFmtDescriptor *d, int c, int x, int y)
{
    const uint8_t *p = f->data[d->comp[c].plane] + (ptrdiff_t)y * f->linesize[d->comp[c].plane] + x * d->comp[c].step;

    return d->comp[c].depth > 8 ? *(const uint16_t *)p : *p;
}

/* The seal's grey in this format and range, by the very function that painted it. */
static int grey_of(const AVFrame *crop, const AVPixFmtDescriptor *d, int value[3])
{
    const VeilPaint grey = { .style = VEIL_PAINT_SOLID, .rgba = VEIL_SEAL_GREY };
    AVFrame *f = av_frame_alloc();

    if (!f)
        return AVERROR(ENOMEM);
    f->format = crop->format;
    f->width = f->height = 16;
    f->color_range = crop->color_range;
    f->colorspace = crop->colorspace;
    if (av_frame_get_buffer(f, 0) < 0) {
        av_frame_free(&f);
        return AVERROR(ENOMEM);
    }
    veil_paint_shape(f, (VeilRect){ 0, 0, 16, 16 }, VEIL_SHAPE_RECT, &grey);
    for (int c = 0; c < d->nb_components; c++)
        value[c] = sample(f, d, c, 0, 0);
    av_frame_free(&f);
    return 0;
}

/* How far from grey each luma pixel is, the chroma beneath it included: 0 exact, 1 core, 2 rim, 3 not grey. */
static void classify(const AVFrame *crop, const AVPixFmtDescriptor *d, const int grey[3], uint8_t *far)
{
    const int unit = 1 << (d->comp[0].depth - 8);

    for (int y = 0; y < crop->height; y++)
        for (int x = 0; x < crop->width; x++) {
            int most = 0;

            for (int c = 0; c < d->nb_components; c++) {
                const int sw = c ? d->log2_chroma_w : 0, sh = c ? d->log2_chroma_h : 0;

                most = FFMAX(most, FFABS(sample(crop, d, c, x >> sw, y >> sh) - grey[c]));
            }
            far[y * crop->width + x] = !most ? 0 : most <= NEAR_CORE * unit ? 1 : most <= NEAR_GREY * unit ? 2 : 3;
        }
}

/* sum[(y + 1) * (w + 1) + x + 1]: pixels up to there that are not grey enough. */
static void add_up(const uint8_t *far, int w, int h, int limit, int *sum)
{
    memset(sum, 0, (size_t)(w + 1) * sizeof(*sum));
    for (int y = 0; y < h; y++) {
        int row = 0;

        sum[(y + 1) * (w + 1)] = 0;
        for (int x = 0; x < w; x++) {
            row += far[y * w + x] > limit;
            sum[(y + 1) * (w + 1) + x + 1] = sum[y * (w + 1) + x + 1] + row;
        }
    }
}

static int sum_over(const int *sum, int w, int x0, int y0, int x1, int y1)
{
    return sum[y1 * (w + 1) + x1] - sum[y0 * (w + 1) + x1] - sum[y1 * (w + 1) + x0] + sum[y0 * (w + 1) + x0];
}

static bool is_flat(const AVFrame *crop, const AVPixFmtDescriptor *d, int limit, int x0, int y0, int x1, int y1)
{
    int least = INT_MAX, most = 0;

    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++) {
            const int v = sample(crop, d, 0, x, y);

            least = FFMIN(least, v);
            most = FFMAX(most, v);
        }
    return most - least <= limit << (d->comp[0].depth - 8);
}

/* Squares that are all grey; beyond the edge everything may be. */
static int find_cores(const AVFrame *crop, const AVPixFmtDescriptor *d, const int *sum, bool lossless, uint8_t *mask,
                      int *queue)
{
    const int w = crop->width, h = crop->height;
    int n = 0;

    for (int y = 1 - CORE; y < h; y++)
        for (int x = 1 - CORE; x < w; x++) {
            const int x0 = FFMAX(x, 0), y0 = FFMAX(y, 0), x1 = FFMIN(x + CORE, w), y1 = FFMIN(y + CORE, h);

            /* At the edge, few pixels of about this colour are no proof. */
            if (!lossless && (x1 - x0 < EDGE || y1 - y0 < EDGE))
                continue;
            if (sum_over(sum, w, x0, y0, x1, y1) || (!lossless && !is_flat(crop, d, x1 - x0 < CORE || y1 - y0 < CORE ? FLAT_EDGE : FLAT, x0, y0, x1, y1)))
                continue;
            for (int v = y0; v < y1; v++)
                for (int u = x0; u < x1; u++)
                    if (!mask[v * w + u]) {
                        mask[v * w + u] = 1;
                        queue[n++] = v * w + u;
                    }
        }
    return n;
}

/* What is grey and joined to a core: the tips of ellipses, rims of coding. */
static void grow(const uint8_t *far, int w, int h, int limit, uint8_t *mask, int *queue, int n)
{
    while (n) {
        static const int step[4][2] = { { 1, 0 }, { -1, 0 }, { 0, 1 }, { 0, -1 } };
        const int at = queue[--n], x = at % w, y = at / w;

        for (int i = 0; i < 4; i++) {
            const int u = x + step[i][0], v = y + step[i][1];

            if (u < 0 || v < 0 || u >= w || v >= h || mask[v * w + u] || far[v * w + u] > limit)
                continue;
            mask[v * w + u] = 1;
            queue[n++] = v * w + u;
        }
    }
}

/* All within REACH of the mask, along rows into `wide`, then along columns back. */
static void widen(uint8_t *mask, uint8_t *wide, int w, int h)
{
    memset(wide, 0, (size_t)w * (size_t)h);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            if (mask[y * w + x])
                memset(wide + y * w + FFMAX(x - REACH, 0), 1, (size_t)(FFMIN(x + REACH, w - 1) - FFMAX(x - REACH, 0) + 1));
    for (int y = 0; y < h; y++)
        for (int v = FFMAX(y - REACH, 0); v <= FFMIN(y + REACH, h - 1); v++)
            for (int x = 0; x < w; x++)
                mask[v * w + x] |= wide[y * w + x];
}

int veil_putback_find(const AVFrame *crop, bool lossless, uint8_t *mask)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(crop->format);
    const int w = crop->width, h = crop->height;
    const size_t all = (size_t)w * (size_t)h;
    uint8_t *far = malloc(2 * all);
    int *sum = malloc((size_t)(w + 1) * (size_t)(h + 1) * sizeof(*sum)), *queue = malloc(all * sizeof(*queue));
    int grey[3], n, ret = AVERROR(ENOMEM);

    memset(mask, 0, all);
    if (!far || !sum || !queue || (ret = grey_of(crop, d, grey)) < 0)
        goto out;
    classify(crop, d, grey, far);
    add_up(far, w, h, lossless ? 0 : 1, sum);
    n = find_cores(crop, d, sum, lossless, mask, queue);
    ret = n > 0;
    grow(far, w, h, lossless ? 0 : 2, mask, queue, n);
    if (!lossless && ret)
        widen(mask, far + all, w, h);
    for (size_t i = ret = 0; i < all; i++)
        ret += mask[i];
out:
    free(far);
    free(sum);
    free(queue);
    return ret;
}

static bool is_free(const uint8_t *mask, int w, int h, int x0, int y0, int x1, int y1)
{
    for (int y = y0; y < FFMIN(y1, h); y++)
        for (int x = x0; x < FFMIN(x1, w); x++)
            if (mask[y * w + x])
                return false;
    return true;
}

int veil_putback(AVFrame *frame, const AVFrame *crop, VeilRect at, const uint8_t *mask)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(frame->format);
    int copied = 0;

    if (frame->format != crop->format || at.w != crop->width || at.h != crop->height || at.x < 0 || at.y < 0 ||
        at.w > frame->width - at.x || at.h > frame->height - at.y || (at.x & ((1 << d->log2_chroma_w) - 1)) ||
        (at.y & ((1 << d->log2_chroma_h) - 1)))
        return AVERROR(EINVAL);
    for (int c = 0; c < d->nb_components; c++) {
        const int sw = c ? d->log2_chroma_w : 0, sh = c ? d->log2_chroma_h : 0, step = d->comp[c].step;

        for (int y = 0; y < AV_CEIL_RSHIFT(at.h, sh); y++) {
            const uint8_t *from = crop->data[c] + (ptrdiff_t)y * crop->linesize[c];
            uint8_t *to = frame->data[c] + (ptrdiff_t)(y + (at.y >> sh)) * frame->linesize[c] + (at.x >> sw) * step;

            for (int x = 0; x < AV_CEIL_RSHIFT(at.w, sw); x++)
                if (is_free(mask, at.w, at.h, x << sw, y << sh, (x + 1) << sw, (y + 1) << sh)) {
                    memcpy(to + x * step, from + x * step, (size_t)step);
                    copied += !c;
                }
        }
    }
    return copied;
}
