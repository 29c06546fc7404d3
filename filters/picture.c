/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Frame to small upright picture. Colour goes through libswscale's area
 * filter, which measured four times as fast as plain C of ours. Luma alone is
 * scaled here: about the same speed, any depth, and the range stays as it is,
 * where libswscale would stretch it. One set of weights per axis serves area
 * averaging and bilinear enlargement alike: each target pixel is a weighted
 * sum of a few neighbouring source pixels, weights of 1/256 that add up to 1.
 */
#include "picture.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#define MAX_SIDE 16384 ///< of a frame or picture, so that sizes multiply safely

#define HOST_IS_BIG (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

/** Weights along one axis. */
typedef struct Taps {
    int from, to; ///< source and target length they were made for
    int n;        ///< weights per target pixel
    int *first;   ///< first source pixel of each target pixel
    uint16_t *w;  ///< n weights per target pixel, sum 256
} Taps;

typedef struct VeilPictureScratch {
    Taps x, y;
    void *acc;    ///< one source row, weighted: uint16_t or uint32_t
    uint8_t *raw; ///< small picture as stored; only when it must be turned
    unsigned acc_size, raw_size, data_size;
    struct SwsContext *sws;
    const struct SwsContext *coloured; ///< the one that space and full were set for
    int space;
    bool full;
} VeilPictureScratch;

/** The luma of a frame, as memory. */
typedef struct Plane {
    const uint8_t *data;
    ptrdiff_t stride; ///< bytes
    int w, h;         ///< samples
    int step;         ///< elements from sample to sample
    int depth;        ///< bits, 8 to 16
    int shift;        ///< unused low bits
    bool swap;        ///< two bytes, in the other order than this machine's
} Plane;

static int taps_make(Taps *t, int from, int to)
{
    const double scale = (double)from / to;
    const int n = scale < 1 ? 2 : scale == floor(scale) ? (int)scale : (int)ceil(scale) + 1;

    if (t->from == from && t->to == to)
        return 0;
    av_freep(&t->first);
    av_freep(&t->w);
    t->from = 0;
    t->n = FFMIN(n, from);
    t->first = av_malloc_array(to, sizeof(*t->first));
    t->w = av_calloc((size_t)to * t->n, sizeof(*t->w));
    if (!t->first || !t->w)
        return AVERROR(ENOMEM);
    for (int i = 0; i < to; i++) {
        /* the part of the source under target pixel i; when enlarging, one source pixel wide */
        const double half = fmax(scale, 1) / 2, mid = (i + 0.5) * scale;
        const double a = mid - half, b = mid + half;
        const int first = av_clip((int)floor(a + 1e-6), 0, from - t->n);
        uint16_t *w = t->w + (size_t)i * t->n;
        double seen = 0;
        int given = 0;

        t->first[i] = first;
        for (int k = 0; k < t->n; k++) {
            /* the outermost pixels stand for what lies beyond the border */
            const double lo = first + k == 0 ? -1e9 : first + k;
            const double hi = first + k == from - 1 ? 1e9 : first + k + 1;

            seen += fmax(0, fmin(hi, b) - fmax(lo, a));
            w[k] = lrint(256 * seen / (b - a)) - given;
            given += w[k];
        }
    }
    t->from = from;
    t->to = to;
    return 0;
}

static void taps_free(Taps *t)
{
    av_freep(&t->first);
    av_freep(&t->w);
}

/* SSE2 and NEON are there on every machine; -O2 alone leaves these loops scalar. */
#pragma GCC push_options
#pragma GCC optimize("O3")
static void weigh_rows8(uint16_t *restrict acc, const Plane *p, const Taps *t, int y, int len)
{
    const uint16_t *w = t->w + (size_t)y * t->n;
    bool started = false;

    for (int k = 0; k < t->n; k++) {
        const uint8_t *restrict s = p->data + (t->first[y] + k) * p->stride;
        const uint16_t wk = w[k];

        if (!wk)
            continue;
        if (started)
            for (int i = 0; i < len; i++)
                acc[i] += wk * s[i];
        else
            for (int i = 0; i < len; i++)
                acc[i] = wk * s[i];
        started = true;
    }
}

static void weigh_rows16(uint32_t *restrict acc, const Plane *p, const Taps *t, int y, int len)
{
    const uint16_t *w = t->w + (size_t)y * t->n;

    memset(acc, 0, len * sizeof(*acc));
    for (int k = 0; k < t->n; k++) {
        const uint16_t *restrict s = (const uint16_t *)(p->data + (t->first[y] + k) * p->stride);

        if (p->swap)
            for (int i = 0; i < len; i++)
                acc[i] += (uint32_t)w[k] * ((uint16_t)(s[i] << 8 | s[i] >> 8) >> p->shift);
        else
            for (int i = 0; i < len; i++)
                acc[i] += (uint32_t)w[k] * (s[i] >> p->shift);
    }
}

static inline __attribute__((always_inline)) void columns8(uint8_t *restrict out, const uint16_t *restrict acc,
                                                          const Taps *t, int step, int n)
{
    const uint16_t *w = t->w;

    for (int x = 0; x < t->to; x++, w += n) {
        const uint16_t *a = acc + (size_t)t->first[x] * step;
        uint32_t sum = 1 << 15;

        for (int k = 0; k < n; k++)
            sum += (uint32_t)w[k] * a[k * step];
        out[x] = sum >> 16;
    }
}

/* The usual counts unrolled: a third of the time of a loop over a handful. */
static void weigh_columns8(uint8_t *out, const uint16_t *acc, const Taps *t, int step)
{
    if (step == 1 && t->n == 2)
        columns8(out, acc, t, 1, 2);
    else if (step == 1 && t->n == 3)
        columns8(out, acc, t, 1, 3);
    else if (step == 1 && t->n == 4)
        columns8(out, acc, t, 1, 4);
    else
        columns8(out, acc, t, step, t->n);
}

static void weigh_columns16(uint8_t *restrict out, const uint32_t *restrict acc, const Taps *t, int step, int depth)
{
    const int shift = 8 + depth; /* 16 for the weights, depth - 8 for the sample */

    for (int x = 0; x < t->to; x++) {
        const uint16_t *w = t->w + (size_t)x * t->n;
        const uint32_t *a = acc + (size_t)t->first[x] * step;
        uint64_t sum = UINT64_C(1) << (shift - 1);

        for (int k = 0; k < t->n; k++)
            sum += (uint64_t)w[k] * a[k * step];
        out[x] = FFMIN(sum >> shift, 255);
    }
}
#pragma GCC pop_options

static void scale_row(uint8_t *out, void *acc, const Plane *p, const Taps *tx, const Taps *ty, int y)
{
    const int len = (p->w - 1) * p->step + 1;

    if (p->depth == 8) {
        weigh_rows8(acc, p, ty, y, len);
        weigh_columns8(out, acc, tx, p->step);
    } else {
        weigh_rows16(acc, p, ty, y, len);
        weigh_columns16(out, acc, tx, p->step, p->depth);
    }
}

static bool luma_is_plain(const AVPixFmtDescriptor *d)
{
    const uint64_t odd = AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM |
                         AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_HWACCEL;
    const AVComponentDescriptor *c = d->comp;

    /* XYZ has no flag of its own */
    return !(d->flags & odd) && strncmp(d->name, "xyz", 3) && c->depth >= 8 && c->depth <= 16;
}

static Plane luma_of(const AVFrame *f, const AVPixFmtDescriptor *d)
{
    const AVComponentDescriptor *c = &d->comp[0];

    return (Plane){
        .data = f->data[c->plane] + c->offset,
        .stride = f->linesize[c->plane],
        .w = f->width,
        .h = f->height,
        .step = c->step / (c->depth > 8 ? 2 : 1),
        .depth = c->depth,
        .shift = c->shift,
        .swap = c->depth > 8 && !!(d->flags & AV_PIX_FMT_FLAG_BE) != HOST_IS_BIG,
    };
}

static int grow(void *ptr, unsigned *size, size_t want)
{
    av_fast_malloc(ptr, size, want);
    return *(void **)ptr ? 0 : AVERROR(ENOMEM);
}

/* Scale the luma plane itself into out, w x h pixels. */
static int read_luma(VeilPicture *p, const AVFrame *f, const AVPixFmtDescriptor *d, uint8_t *out, int stride, int w,
                     int h)
{
    VeilPictureScratch *s = p->scratch;
    const Plane q = luma_of(f, d);
    int ret;

    if ((ret = taps_make(&s->x, q.w, w)) < 0 || (ret = taps_make(&s->y, q.h, h)) < 0 ||
        (ret = grow(&s->acc, &s->acc_size, (size_t)q.w * q.step * 4)) < 0)
        return ret;
    for (int y = 0; y < h; y++)
        scale_row(out + (size_t)y * stride, s->acc, &q, &s->x, &s->y, y);
    return 0;
}

/* Range and matrix of the frame; what nobody said is what players assume, BT.709 above standard definition. */
static void set_colours(VeilPictureScratch *s, const AVFrame *f, const AVPixFmtDescriptor *d)
{
    const bool full = f->color_range == AVCOL_RANGE_JPEG || !strncmp(d->name, "yuvj", 4);
    const int unsaid = f->height > 576 ? SWS_CS_ITU709 : SWS_CS_ITU601;
    const int space = f->colorspace == AVCOL_SPC_UNSPECIFIED ? unsaid : (int)f->colorspace;

    if (s->sws == s->coloured && s->space == space && s->full == full)
        return;
    sws_setColorspaceDetails(s->sws, sws_getCoefficients(space), full, sws_getCoefficients(SWS_CS_DEFAULT), 1, 0,
                             1 << 16, 1 << 16);
    s->coloured = s->sws;
    s->space = space;
    s->full = full;
}

static int read_sws(VeilPicture *p, const AVFrame *f, const AVPixFmtDescriptor *d, uint8_t *out, int stride, int w,
                    int h)
{
    VeilPictureScratch *s = p->scratch;
    uint8_t *const dst[4] = {out};
    const int dst_stride[4] = {stride};
    const enum AVPixelFormat format = p->channels == 1 ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_BGR24;
    struct SwsContext *before = s->sws;

    s->sws = sws_getCachedContext(s->sws, f->width, f->height, f->format, w, h, format,
                                  w > f->width ? SWS_BILINEAR : SWS_AREA, NULL, NULL, NULL);
    if (!s->sws)
        return AVERROR(EINVAL);
    if (s->sws != before)
        s->coloured = NULL;
    if (p->channels == 3)
        set_colours(s, f, d);
    return sws_scale(s->sws, (const uint8_t *const *)f->data, f->linesize, 0, f->height, dst, dst_stride) == h
               ? 0
               : AVERROR(EINVAL);
}

/* Turn the w x h picture at raw clockwise into p->data. */
static void turn(VeilPicture *p, const uint8_t *raw, int w, int h)
{
    const int c = p->channels;

    for (int y = 0; y < p->used_h; y++) {
        uint8_t *out = p->data + (size_t)y * p->stride;

        for (int x = 0; x < p->used_w; x++) {
            const int sx = p->rotation == 90 ? y : p->rotation == 180 ? w - 1 - x : w - 1 - y;
            const int sy = p->rotation == 90 ? h - 1 - x : p->rotation == 180 ? h - 1 - y : x;
            const uint8_t *s = raw + ((size_t)sy * w + sx) * c;

            for (int k = 0; k < c; k++)
                out[x * c + k] = s[k];
        }
    }
}

static void pad(VeilPicture *p, uint8_t fill)
{
    const int used = p->used_w * p->channels;

    for (int y = 0; y < p->used_h; y++)
        memset(p->data + (size_t)y * p->stride + used, fill, p->stride - used);
    memset(p->data + (size_t)p->used_h * p->stride, fill, (size_t)(p->h - p->used_h) * p->stride);
}

/* Size of the picture as stored, with non-square pixels made square. */
static void target_size(const AVFrame *f, const VeilPictureConfig *c, int *w, int *h)
{
    const AVRational sar = f->sample_aspect_ratio;
    double dw = f->width, dh = f->height, scale;

    if (sar.num > 0 && sar.den > 0 && av_q2d(sar) >= 0.25 && av_q2d(sar) <= 4)
        dw *= av_q2d(sar);
    scale = c->size > 0 ? c->size / fmax(dw, dh) : c->scale > 0 ? c->scale : 1;
    *w = av_clip(lrint(dw * scale), 1, MAX_SIDE);
    *h = av_clip(lrint(dh * scale), 1, MAX_SIDE);
}

static int lay_out(VeilPicture *p, const AVFrame *f, const VeilPictureConfig *config, int w, int h)
{
    const bool side = config->rotation % 180 != 0;
    int ret;

    if (!p->scratch && !(p->scratch = av_mallocz(sizeof(*p->scratch))))
        return AVERROR(ENOMEM);
    p->channels = config->channels;
    p->rotation = config->rotation;
    p->frame_w = f->width;
    p->frame_h = f->height;
    p->used_w = side ? h : w;
    p->used_h = side ? w : h;
    p->step_x = (side ? f->height : f->width) / (float)p->used_w;
    p->step_y = (side ? f->width : f->height) / (float)p->used_h;
    p->w = FFALIGN(p->used_w, VEIL_PICTURE_ALIGN);
    p->h = FFALIGN(p->used_h, VEIL_PICTURE_ALIGN);
    p->stride = p->w * p->channels;
    if ((ret = grow(&p->data, &p->scratch->data_size, (size_t)p->stride * p->h)) < 0)
        return ret;
    if (p->rotation)
        return grow(&p->scratch->raw, &p->scratch->raw_size, (size_t)w * h * p->channels);
    return 0;
}

int veil_picture_read(VeilPicture *p, const AVFrame *f, const VeilPictureConfig *config, void *log)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(f->format);
    uint8_t *out;
    int w, h, stride, ret;

    if (!d || d->flags & AV_PIX_FMT_FLAG_HWACCEL || f->width < 1 || f->height < 1 || f->width > MAX_SIDE ||
        f->height > MAX_SIDE || !f->data[0]) {
        av_log(log, AV_LOG_ERROR, "cannot search a frame of %dx%d, format '%s'; put 'format=yuv420p' before 'detect'\n",
               f->width, f->height, d ? d->name : "none");
        return AVERROR(EINVAL);
    }
    target_size(f, config, &w, &h);
    if ((ret = lay_out(p, f, config, w, h)) < 0)
        return ret;
    out = p->rotation ? p->scratch->raw : p->data;
    stride = p->rotation ? w * p->channels : p->stride;
    ret = config->channels == 1 && luma_is_plain(d) ? read_luma(p, f, d, out, stride, w, h)
                                                    : read_sws(p, f, d, out, stride, w, h);
    if (ret < 0) {
        av_log(log, AV_LOG_ERROR, "cannot read a frame of format '%s'; put 'format=yuv420p' before 'detect'\n", d->name);
        return ret;
    }
    if (p->rotation)
        turn(p, p->scratch->raw, w, h);
    pad(p, config->fill);
    return 0;
}

void veil_picture_face_to_frame(const VeilPicture *p, VeilFace *face)
{
    face->x *= p->step_x;
    face->w *= p->step_x;
    face->y *= p->step_y;
    face->h *= p->step_y;
    for (int i = 0; i < VEIL_LANDMARKS; i++) {
        face->landmark[i][0] *= p->step_x;
        face->landmark[i][1] *= p->step_y;
    }
    veil_face_unrotate(face, p->frame_w, p->frame_h, p->rotation);
}

void veil_picture_free(VeilPicture *p)
{
    VeilPictureScratch *s = p->scratch;

    if (s) {
        taps_free(&s->x);
        taps_free(&s->y);
        av_freep(&s->acc);
        av_freep(&s->raw);
        sws_freeContext(s->sws);
    }
    av_freep(&p->data);
    av_freep(&p->scratch);
    memset(p, 0, sizeof(*p));
}
