/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "paint.h"

#include <math.h>
#include <string.h>
#include <libavutil/common.h>
#include <libavutil/parseutils.h>
#include <libavutil/pixdesc.h>

#include "filter.h"

const enum AVPixelFormat veil_paint_formats[] = {
    AV_PIX_FMT_YUV420P,   AV_PIX_FMT_YUV422P,   AV_PIX_FMT_YUV444P,   AV_PIX_FMT_YUV440P,   AV_PIX_FMT_YUV411P,
    AV_PIX_FMT_YUVJ420P,  AV_PIX_FMT_YUVJ422P,  AV_PIX_FMT_YUVJ444P,  AV_PIX_FMT_YUVJ440P,  AV_PIX_FMT_NV12,
    AV_PIX_FMT_NV16,      AV_PIX_FMT_NV21,      AV_PIX_FMT_YUV420P10, AV_PIX_FMT_YUV422P10, AV_PIX_FMT_YUV444P10,
    AV_PIX_FMT_YUV420P12, AV_PIX_FMT_YUV422P12, AV_PIX_FMT_YUV444P12, AV_PIX_FMT_P010,      AV_PIX_FMT_GRAY8,
    AV_PIX_FMT_GRAY10,    AV_PIX_FMT_GRAY12,    AV_PIX_FMT_GBRP,      AV_PIX_FMT_GBRP10,    AV_PIX_FMT_GBRP12,
    AV_PIX_FMT_YUVA420P,  AV_PIX_FMT_YUVA444P,  AV_PIX_FMT_NONE,
};

#define MAX_CELLS (VEIL_PAINT_MAX_CELLS * VEIL_PAINT_MAX_CELLS)

/* One painting of one rectangle: everything that the row loops need. */
typedef struct Canvas {
    AVFrame *frame;
    const AVPixFmtDescriptor *desc;
    const VeilPaint *paint;
    int block_w, block_h;
    int comps;              ///< components painted; alpha is left alone
    VeilRect rect;          ///< clipped to the frame, on block borders
    int solid[3];           ///< the paint's own colour, as component values
    int nx, ny;             ///< MOSAIC, BLUR: cells across and down
    float cell[3][MAX_CELLS];
} Canvas;

int veil_paint_color(VeilPaint *paint, const char *text, void *log)
{
    const int level = av_log_get_level();
    int ret;

    av_log_set_level(AV_LOG_QUIET); /* libavutil's own sentence has no remedy */
    ret = av_parse_color(paint->rgba, text, -1, NULL);
    av_log_set_level(level);
    if (ret < 0)
        av_log(log, AV_LOG_ERROR, "no colour is called '%s'; give a name that 'ffmpeg -colors' lists, or #RRGGBB\n",
               text);
    return ret < 0 ? AVERROR(EINVAL) : 0;
}

static bool is_chroma(const Canvas *c, int comp)
{
    return comp > 0 && !(c->desc->flags & AV_PIX_FMT_FLAG_RGB);
}

static int shift_w(const Canvas *c, int comp)
{
    return is_chroma(c, comp) ? c->desc->log2_chroma_w : 0;
}

static int shift_h(const Canvas *c, int comp)
{
    return is_chroma(c, comp) ? c->desc->log2_chroma_h : 0;
}

void veil_paint_block(const AVFrame *frame, int *w, int *h)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(frame->format);

    *w = 1 << desc->log2_chroma_w;
    *h = 1 << desc->log2_chroma_h;
    if (frame->interlaced_frame)
        *h *= 2;
}

static uint8_t *sample_at(const Canvas *c, int comp, int x, int y)
{
    const AVComponentDescriptor *d = &c->desc->comp[comp];

    return c->frame->data[d->plane] + (ptrdiff_t)y * c->frame->linesize[d->plane] + x * d->step + d->offset;
}

static int read_sample(const Canvas *c, int comp, int x, int y)
{
    const uint8_t *p = sample_at(c, comp, x, y);

    return c->desc->comp[comp].depth > 8 ? *(const uint16_t *)p >> c->desc->comp[comp].shift : *p;
}

static void write_sample(const Canvas *c, int comp, int x, int y, int value)
{
    uint8_t *p = sample_at(c, comp, x, y);

    if (c->desc->comp[comp].depth > 8)
        *(uint16_t *)p = (uint16_t)(value << c->desc->comp[comp].shift);
    else
        *p = (uint8_t)value;
}

/* Luma weights of red and blue, ITU-T H.273 table 4. */
static void luma_weights(enum AVColorSpace space, double *kr, double *kb)
{
    *kr = 0.299, *kb = 0.114;
    if (space == AVCOL_SPC_BT709)
        *kr = 0.2126, *kb = 0.0722;
    else if (space == AVCOL_SPC_BT2020_NCL || space == AVCOL_SPC_BT2020_CL)
        *kr = 0.2627, *kb = 0.0593;
}

static bool is_full_range(const AVFrame *f)
{
    return f->color_range == AVCOL_RANGE_JPEG || f->format == AV_PIX_FMT_YUVJ420P ||
           f->format == AV_PIX_FMT_YUVJ422P || f->format == AV_PIX_FMT_YUVJ444P || f->format == AV_PIX_FMT_YUVJ440P;
}

static void solid_values(Canvas *c)
{
    const double rgb[3] = { c->paint->rgba[0] / 255., c->paint->rgba[1] / 255., c->paint->rgba[2] / 255. };
    const double top = (1 << c->desc->comp[0].depth) - 1, step = (1 << c->desc->comp[0].depth) / 256.;
    const bool full = is_full_range(c->frame);
    double kr, kb, y;

    if (c->desc->flags & AV_PIX_FMT_FLAG_RGB) {
        for (int i = 0; i < 3; i++)
            c->solid[i] = (int)lrint(rgb[i] * top);
        return;
    }
    luma_weights(c->frame->colorspace, &kr, &kb);
    y = kr * rgb[0] + (1 - kr - kb) * rgb[1] + kb * rgb[2];
    c->solid[0] = (int)lrint(full ? y * top : (16 + 219 * y) * step);
    c->solid[1] = (int)lrint(128 * step + (rgb[2] - y) / (2 * (1 - kb)) * (full ? top : 224 * step));
    c->solid[2] = (int)lrint(128 * step + (rgb[0] - y) / (2 * (1 - kr)) * (full ? top : 224 * step));
    for (int i = 0; i < 3; i++)
        c->solid[i] = av_clip(c->solid[i], 0, (int)top);
}

/* Mean of the samples of a component over luma columns x0..x1 and rows y0..y1. */
static float mean_of(const Canvas *c, int comp, int x0, int x1, int y0, int y1)
{
    const int sw = shift_w(c, comp), sh = shift_h(c, comp);
    const int w = FFMAX((x1 >> sw) - (x0 >> sw), 1), h = FFMAX((y1 >> sh) - (y0 >> sh), 1);
    int64_t sum = 0;

    for (int y = y0 >> sh; y < (y0 >> sh) + h; y++)
        for (int x = x0 >> sw; x < (x0 >> sw) + w; x++)
            sum += read_sample(c, comp, x, y);
    return (float)sum / (float)(w * h);
}

/* What is seen on each side of the rectangle, one block thick, n means a
 * side. A side on the edge of the frame has nothing beyond it: n is 0. */
enum { ABOVE, BELOW, LEFT, RIGHT, SIDES };

typedef struct Ring {
    int n[SIDES];
    float mean[SIDES][VEIL_PAINT_MAX_CELLS];
} Ring;

static void look_around(const Canvas *c, int comp, Ring *ring)
{
    const VeilRect r = c->rect;
    const int x1 = r.x + r.w, y1 = r.y + r.h, bw = c->block_w, bh = c->block_h;

    ring->n[ABOVE] = r.y > 0 ? c->nx : 0;
    ring->n[BELOW] = y1 + bh <= c->frame->height ? c->nx : 0;
    ring->n[LEFT] = r.x > 0 ? c->ny : 0;
    ring->n[RIGHT] = x1 + bw <= c->frame->width ? c->ny : 0;
    for (int i = 0; i < c->nx; i++) {
        const int from = r.x + r.w * i / c->nx, to = r.x + r.w * (i + 1) / c->nx;

        if (ring->n[ABOVE])
            ring->mean[ABOVE][i] = mean_of(c, comp, from, to, r.y - bh, r.y);
        if (ring->n[BELOW])
            ring->mean[BELOW][i] = mean_of(c, comp, from, to, y1, y1 + bh);
    }
    for (int i = 0; i < c->ny; i++) {
        const int from = r.y + r.h * i / c->ny, to = r.y + r.h * (i + 1) / c->ny;

        if (ring->n[LEFT])
            ring->mean[LEFT][i] = mean_of(c, comp, r.x - bw, r.x, from, to);
        if (ring->n[RIGHT])
            ring->mean[RIGHT][i] = mean_of(c, comp, x1, x1 + bw, from, to);
    }
}

/* The colour of a cell: that of the four sides straight away from it, the
 * nearer the heavier. */
static float cell_value(const Canvas *c, const Ring *ring, int comp, int cx, int cy)
{
    const int along[SIDES] = { cx, cx, cy, cy };
    const float away[SIDES] = { (float)cy + .5f, (float)(c->ny - cy) - .5f, (float)cx + .5f, (float)(c->nx - cx) - .5f };
    float sum = 0, weight = 0;

    for (int side = 0; side < SIDES; side++)
        if (ring->n[side]) {
            sum += ring->mean[side][along[side]] / away[side];
            weight += 1 / away[side];
        }
    return weight > 0 ? sum / weight : (float)c->solid[comp];
}

static void colour_cells(Canvas *c)
{
    const int longer = FFMAX(c->rect.w, c->rect.h), n = c->paint->cells;

    c->nx = av_clip((int)lrint((double)n * c->rect.w / longer), 1, n);
    c->ny = av_clip((int)lrint((double)n * c->rect.h / longer), 1, n);
    for (int comp = 0; comp < c->comps; comp++) {
        Ring ring;

        look_around(c, comp, &ring);
        for (int cy = 0; cy < c->ny; cy++)
            for (int cx = 0; cx < c->nx; cx++)
                c->cell[comp][cy * c->nx + cx] = cell_value(c, &ring, comp, cx, cy);
    }
}

static int mosaic_value(const Canvas *c, int comp, int x, int y)
{
    const int cx = av_clip((x - c->rect.x) * c->nx / c->rect.w, 0, c->nx - 1);
    const int cy = av_clip((y - c->rect.y) * c->ny / c->rect.h, 0, c->ny - 1);

    return (int)lrintf(c->cell[comp][cy * c->nx + cx]);
}

static int blur_value(const Canvas *c, int comp, int x, int y)
{
    const float u = av_clipf((x + .5f - c->rect.x) * c->nx / c->rect.w - .5f, 0, (float)(c->nx - 1));
    const float v = av_clipf((y + .5f - c->rect.y) * c->ny / c->rect.h - .5f, 0, (float)(c->ny - 1));
    const int x0 = (int)u, y0 = (int)v, x1 = FFMIN(x0 + 1, c->nx - 1), y1 = FFMIN(y0 + 1, c->ny - 1);
    const float *m = c->cell[comp], fx = u - (float)x0, fy = v - (float)y0;
    const float top = m[y0 * c->nx + x0] * (1 - fx) + m[y0 * c->nx + x1] * fx;
    const float low = m[y1 * c->nx + x0] * (1 - fx) + m[y1 * c->nx + x1] * fx;

    return (int)lrintf(top * (1 - fy) + low * fy);
}

static void fill_row(const Canvas *c, int comp, int y, int x0, int x1)
{
    const AVComponentDescriptor *d = &c->desc->comp[comp];

    if (c->paint->style == VEIL_PAINT_SOLID && d->depth <= 8 && d->step == 1) {
        memset(sample_at(c, comp, x0, y), c->solid[comp], (size_t)(x1 - x0));
        return;
    }
    for (int x = x0; x < x1; x++) {
        const int luma_x = x << shift_w(c, comp), luma_y = y << shift_h(c, comp);
        const int value = c->paint->style == VEIL_PAINT_SOLID    ? c->solid[comp]
                          : c->paint->style == VEIL_PAINT_MOSAIC ? mosaic_value(c, comp, luma_x, luma_y)
                                                                 : blur_value(c, comp, luma_x, luma_y);
        write_sample(c, comp, x, y, value);
    }
}

/* Paint luma columns x0..x1 of the block row that starts at luma row y; both
 * ends lie on block borders or on the edge of the frame. */
static void fill_blocks(const Canvas *c, int y, int x0, int x1)
{
    const int y1 = FFMIN(y + c->block_h, c->frame->height);

    for (int comp = 0; comp < c->comps; comp++) {
        const int sw = shift_w(c, comp), sh = shift_h(c, comp);

        for (int row = y >> sh; row < AV_CEIL_RSHIFT(y1, sh); row++)
            fill_row(c, comp, row, x0 >> sw, AV_CEIL_RSHIFT(x1, sw));
    }
}

/* Clip to the frame and round outwards to blocks. @return false if nothing is left */
static bool canvas_begin(Canvas *c, AVFrame *frame, VeilRect r, const VeilPaint *paint)
{
    int x0, y0, x1, y1;

    c->frame = frame;
    c->desc = av_pix_fmt_desc_get(frame->format);
    c->paint = paint;
    c->comps = c->desc->nb_components >= 3 ? 3 : 1;
    veil_paint_block(frame, &c->block_w, &c->block_h);
    x0 = FFMAX(r.x, 0) / c->block_w * c->block_w;
    y0 = FFMAX(r.y, 0) / c->block_h * c->block_h;
    x1 = FFMIN(FFALIGN(FFMAX(r.x + r.w, 0), c->block_w), frame->width);
    y1 = FFMIN(FFALIGN(FFMAX(r.y + r.h, 0), c->block_h), frame->height);
    c->rect = (VeilRect){ x0, y0, x1 - x0, y1 - y0 };
    if (x1 <= x0 || y1 <= y0)
        return false;
    solid_values(c);
    if (paint->style != VEIL_PAINT_SOLID)
        colour_cells(c);
    return true;
}

/* Half the width of an ellipse over the luma rows y0..y1: its widest there. */
static double ellipse_half(VeilRect r, int y0, int y1)
{
    const double cy = r.y + r.h / 2., ry = r.h / 2.;
    const double dy = y0 > cy ? y0 - cy : y1 < cy ? cy - y1 : 0;

    return dy >= ry ? 0 : r.w / 2. * sqrt(1 - dy * dy / (ry * ry));
}

void veil_paint_shape(AVFrame *frame, VeilRect rect, VeilShape shape, const VeilPaint *paint)
{
    Canvas c;

    if (rect.w <= 0 || rect.h <= 0 || !canvas_begin(&c, frame, rect, paint))
        return;
    for (int y = c.rect.y; y < c.rect.y + c.rect.h; y += c.block_h) {
        int x0 = c.rect.x, x1 = c.rect.x + c.rect.w;

        if (shape == VEIL_SHAPE_ELLIPSE) {
            const double half = ellipse_half(rect, y, y + c.block_h), cx = rect.x + rect.w / 2.;

            x0 = FFMAX(x0, (int)floor(FFMAX(cx - half, 0)) / c.block_w * c.block_w);
            x1 = FFMIN(x1, FFALIGN((int)ceil(FFMAX(cx + half, 0)), c.block_w));
        }
        if (x1 > x0)
            fill_blocks(&c, y, x0, x1);
    }
}

void veil_paint_mask(AVFrame *frame, const uint8_t *mask, VeilRect rect, const VeilPaint *paint)
{
    Canvas c;
    int pitch;

    if (!canvas_begin(&c, frame, rect, paint))
        return;
    pitch = (frame->width + c.block_w - 1) / c.block_w;
    for (int y = c.rect.y; y < c.rect.y + c.rect.h; y += c.block_h) {
        const uint8_t *row = mask + (ptrdiff_t)(y / c.block_h) * pitch;

        for (int x = c.rect.x; x < c.rect.x + c.rect.w; x += c.block_w)
            if (row[x / c.block_w])
                fill_blocks(&c, y, x, FFMIN(x + c.block_w, frame->width));
    }
}
