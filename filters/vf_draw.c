/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Draw each box with its track number, for checking by eye. Shows faces, so
 * no profile that publishes may hold it.
 */
#include <libavutil/common.h>

#include "boxes.h"
#include "filter.h"
#include "paint.h"

#define GLYPH_W 3
#define GLYPH_H 5

typedef struct DrawContext {
    const AVClass *class; ///< must be first
    int width;
} DrawContext;

/* Digits, five rows of three bits, top row in the highest bits. */
static const uint16_t digits[10] = { 0x7b6f, 0x2c97, 0x73e7, 0x73cf, 0x5bc9, 0x79cf, 0x79ef, 0x7252, 0x7bef, 0x7bcf };

static const VeilPaint colors[VEIL_ORIGIN_NB] = {
    [VEIL_ORIGIN_DETECTED] = { .rgba = { 64, 255, 64, 255 } },
    [VEIL_ORIGIN_FILLED] = { .rgba = { 255, 200, 0, 255 } },
    [VEIL_ORIGIN_EXTENDED] = { .rgba = { 255, 80, 80, 255 } },
    [VEIL_ORIGIN_MANUAL] = { .rgba = { 80, 160, 255, 255 } },
};

static void draw_outline(AVFrame *frame, VeilRect r, int t, const VeilPaint *paint)
{
    const VeilRect sides[4] = { { r.x, r.y, r.w, t },
                                { r.x, r.y + r.h - t, r.w, t },
                                { r.x, r.y, t, r.h },
                                { r.x + r.w - t, r.y, t, r.h } };

    for (int i = 0; i < 4; i++)
        veil_paint_shape(frame, sides[i], VEIL_SHAPE_RECT, paint);
}

static void draw_digit(AVFrame *frame, int x, int y, int dot, int digit, const VeilPaint *paint)
{
    for (int i = 0; i < GLYPH_W * GLYPH_H; i++)
        if (digits[digit] >> (GLYPH_W * GLYPH_H - 1 - i) & 1)
            veil_paint_shape(frame, (VeilRect){ x + i % GLYPH_W * dot, y + i / GLYPH_W * dot, dot, dot },
                             VEIL_SHAPE_RECT, paint);
}

/* Right to left, ending at the box's top right corner; on even places, as a
 * dot that lies across two chroma blocks would paint both. */
static void draw_number(AVFrame *frame, VeilRect r, int dot, int number, const VeilPaint *paint)
{
    int x = (r.x + r.w) & ~1;
    const int y = (r.y & ~1) - (GLYPH_H + 1) * dot;

    do {
        x -= (GLYPH_W + 1) * dot;
        draw_digit(frame, x, y, dot, number % 10, paint);
    } while ((number /= 10));
}

static int draw_filter_frame(VeilFilterContext *ctx, AVFrame **frame)
{
    const DrawContext *s = ctx->priv;
    VeilBox boxes[VEIL_MAX_FACES];
    int n;

    if (!*frame)
        return 0;
    if ((n = veil_boxes_get(*frame, boxes, VEIL_MAX_FACES)) == AVERROR(ENOENT))
        return 0; /* nothing to show; hiding is cover's duty */
    for (int i = 0; i < n; i++) {
        const VeilRect r = veil_box_rect(&boxes[i], 0);

        draw_outline(*frame, r, s->width, &colors[boxes[i].origin]);
        if (boxes[i].track)
            draw_number(*frame, r, FFALIGN(s->width, 2), boxes[i].track, &colors[boxes[i].origin]);
    }
    return FFMIN(n, 0);
}

#define OFFSET(x) offsetof(DrawContext, x)
static const AVOption draw_options[] = {
    { "width", "set the width of lines in pixels", OFFSET(width), AV_OPT_TYPE_INT, { .i64 = 2 }, 1, 32, VEIL_OPT_FLAGS },
    { NULL }
};
VEIL_DEFINE_CLASS(draw);

const VeilFilter veil_vf_draw = {
    .name = "draw",
    .description = "Draw boxes and track numbers, for checking.",
    .priv_class = &draw_class,
    .priv_size = sizeof(DrawContext),
    .pix_fmts = veil_paint_formats,
    .flags = VEIL_FILTER_NEEDS_WRITABLE | VEIL_FILTER_SHOWS,
    .filter_frame = draw_filter_frame,
};
