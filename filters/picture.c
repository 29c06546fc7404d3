/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Frame to small upright picture. One set of weights per axis serves area
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
    Taps x[2], y[2];    ///< [0] luma, [1] chroma
    void *acc;          ///< one source row, weighted: uint16_t or uint32_t
    uint8_t *line[3];   ///< one target row of each component
    uint8_t *raw;       ///< small picture as stored; only when it must be turned
    unsigned acc_size, line_size[3], raw_size, data_size;
    struct SwsContext *sws;
} VeilPictureScratch;

/** One component of a frame, as memory. */
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
    const int n = scale > 1 ? (int)ceil(scale) + 1 : 2;

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

static void weigh_columns8(uint8_t *restrict out, const uint16_t *restrict acc, const Taps *t, int step)
{
    for (int x = 0; x < t->to; x++) {
        const uint16_t *w = t->w + (size_t)x * t->n;
        const uint16_t *a = acc + (size_t)t->first[x] * step;
        uint32_t sum = 1 << 15;

        for (int k = 0; k < t->n; k++)
            sum += (uint32_t)w[k] * a[k * step];
        out[x] = sum >> 16;
    }
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

/** YCbCr to RGB in units of 1/16384 (ITU-T H.273, 8.3: Kr and Kb per matrix). */
typedef struct Matrix {
    int y0, y, rv, gu, gv, bu;
} Matrix;

static Matrix matrix_of(const AVFrame *f, bool full)
{
    double kr = 0.299, kb = 0.114, ys = full ? 1 : 255 / 219., cs = full ? 1 : 255 / 224.;
    enum AVColorSpace space = f->colorspace;

    /* nobody said: what players assume, BT.709 above standard definition */
    if (space == AVCOL_SPC_UNSPECIFIED && f->height > 576)
        space = AVCOL_SPC_BT709;
    if (space == AVCOL_SPC_BT709)
        kr = 0.2126, kb = 0.0722;
    else if (space == AVCOL_SPC_BT2020_NCL || space == AVCOL_SPC_BT2020_CL)
        kr = 0.2627, kb = 0.0593;
    else if (space == AVCOL_SPC_SMPTE240M)
        kr = 0.212, kb = 0.087;
    const double kg = 1 - kr - kb;
    return (Matrix){
        .y0 = full ? 0 : 16,
        .y = lrint(16384 * ys),
        .rv = lrint(16384 * cs * 2 * (1 - kr)),
        .gu = lrint(16384 * cs * 2 * (1 - kb) * kb / kg),
        .gv = lrint(16384 * cs * 2 * (1 - kr) * kr / kg),
        .bu = lrint(16384 * cs * 2 * (1 - kb)),
    };
}

static void row_to_bgr(uint8_t *out, uint8_t *const line[3], int w, const Matrix *m)
{
    for (int x = 0; x < w; x++) {
        const int y = m->y * (line[0][x] - m->y0) + 8192, u = line[1][x] - 128, v = line[2][x] - 128;

        out[3 * x + 0] = av_clip_uint8((y + m->bu * u) >> 14);
        out[3 * x + 1] = av_clip_uint8((y - m->gu * u - m->gv * v) >> 14);
        out[3 * x + 2] = av_clip_uint8((y + m->rv * v) >> 14);
    }
}

static bool readable_as_it_is(const AVPixFmtDescriptor *d)
{
    const uint64_t odd = AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM |
                         AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_HWACCEL;
    const AVComponentDescriptor *c = d->comp;

    /* XYZ has no flag of its own */
    return !(d->flags & odd) && strncmp(d->name, "xyz", 3) && c->depth >= 8 && c->depth <= 16;
}

static Plane plane_of(const AVFrame *f, const AVPixFmtDescriptor *d, int i)
{
    const AVComponentDescriptor *c = &d->comp[i];
    const int bytes = c->depth > 8 ? 2 : 1;
    const bool chroma = i == 1 || i == 2;

    return (Plane){
        .data = f->data[c->plane] + c->offset,
        .stride = f->linesize[c->plane],
        .w = chroma ? AV_CEIL_RSHIFT(f->width, d->log2_chroma_w) : f->width,
        .h = chroma ? AV_CEIL_RSHIFT(f->height, d->log2_chroma_h) : f->height,
        .step = c->step / bytes,
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

/* Scale the planes themselves into out, w x h pixels. */
static int read_planes(VeilPicture *p, const AVFrame *f, const AVPixFmtDescriptor *d, uint8_t *out, int stride,
                       int w, int h)
{
    VeilPictureScratch *s = p->scratch;
    const bool grey = d->nb_components < 3;
    const int n = p->channels == 1 || grey ? 1 : 3;
    const Matrix m = matrix_of(f, f->color_range == AVCOL_RANGE_JPEG || !strncmp(d->name, "yuvj", 4) ||
                                      (grey && f->color_range == AVCOL_RANGE_UNSPECIFIED));
    int ret;

    for (int i = 0; i < n; i++) {
        const Plane q = plane_of(f, d, i);

        if (!q.data)
            return AVERROR(EINVAL);
        if ((ret = taps_make(&s->x[!!i], q.w, w)) < 0 || (ret = taps_make(&s->y[!!i], q.h, h)) < 0 ||
            (ret = grow(&s->acc, &s->acc_size, (size_t)q.w * q.step * 4)) < 0)
            return ret;
    }
    for (int i = 0; i < 3; i++) {
        if ((ret = grow(&s->line[i], &s->line_size[i], w)) < 0)
            return ret;
        memset(s->line[i], 128, w); /* chroma of a grey picture */
    }
    for (int y = 0; y < h; y++) {
        uint8_t *row = out + (size_t)y * stride;

        for (int i = 0; i < n; i++) {
            const Plane q = plane_of(f, d, i);

            scale_row(p->channels == 1 ? row : s->line[i], s->acc, &q, &s->x[!!i], &s->y[!!i], y);
        }
        if (p->channels == 3)
            row_to_bgr(row, s->line, w, &m);
    }
    return 0;
}

static int read_sws(VeilPicture *p, const AVFrame *f, uint8_t *out, int stride, int w, int h)
{
    VeilPictureScratch *s = p->scratch;
    uint8_t *const dst[4] = {out};
    const int dst_stride[4] = {stride};
    const int flags = (w > f->width ? SWS_BILINEAR : SWS_AREA) | SWS_FULL_CHR_H_INP | SWS_ACCURATE_RND;

    s->sws = sws_getCachedContext(s->sws, f->width, f->height, f->format, w, h,
                                  p->channels == 1 ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_BGR24, flags, NULL, NULL, NULL);
    if (!s->sws)
        return AVERROR(EINVAL);
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
static void target_size(const AVFrame *f, int size, int *w, int *h)
{
    const AVRational sar = f->sample_aspect_ratio;
    double dw = f->width, dh = f->height, scale;

    if (sar.num > 0 && sar.den > 0 && av_q2d(sar) >= 0.25 && av_q2d(sar) <= 4)
        dw *= av_q2d(sar);
    scale = size > 0 ? size / fmax(dw, dh) : 1;
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
    target_size(f, config->size, &w, &h);
    if ((ret = lay_out(p, f, config, w, h)) < 0)
        return ret;
    out = p->rotation ? p->scratch->raw : p->data;
    stride = p->rotation ? w * p->channels : p->stride;
    ret = readable_as_it_is(d) ? read_planes(p, f, d, out, stride, w, h) : read_sws(p, f, out, stride, w, h);
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
        for (int i = 0; i < 2; i++) {
            taps_free(&s->x[i]);
            taps_free(&s->y[i]);
        }
        for (int i = 0; i < 3; i++)
            av_freep(&s->line[i]);
        av_freep(&s->acc);
        av_freep(&s->raw);
        sws_freeContext(s->sws);
    }
    av_freep(&p->data);
    av_freep(&p->scratch);
    memset(p, 0, sizeof(*p));
}
