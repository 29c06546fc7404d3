/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Hide every box of the frame's list. A frame without a list stops the run,
 * a frame that the decoder reports as damaged is covered whole: in both
 * nobody knows where the faces are.
 */
#include "boxes.h"
#include "filter.h"
#include "paint.h"

enum { STYLE_SOLID, STYLE_ELLIPSE, STYLE_MOSAIC, STYLE_BLUR };

typedef struct CoverContext {
    const AVClass *class; ///< must be first
    int style;
    double margin;
    int cells;
    char *color;
    VeilPaint paint;
    int64_t covered;      ///< boxes hidden so far
    int64_t covered_whole; ///< frames hidden whole so far
} CoverContext;

static int cover_init(VeilFilterContext *ctx)
{
    CoverContext *s = ctx->priv;

    s->paint.style = s->style == STYLE_MOSAIC ? VEIL_PAINT_MOSAIC
                     : s->style == STYLE_BLUR ? VEIL_PAINT_BLUR
                                              : VEIL_PAINT_SOLID;
    s->paint.cells = s->cells;
    return veil_paint_color(&s->paint, s->color, ctx);
}

static void cover_whole(CoverContext *s, AVFrame *frame)
{
    VeilPaint solid = s->paint;

    solid.style = VEIL_PAINT_SOLID;
    veil_paint_shape(frame, (VeilRect){ 0, 0, frame->width, frame->height }, VEIL_SHAPE_RECT, &solid);
    s->covered_whole++;
}

static void paint_boxes(const CoverContext *s, AVFrame *frame, const VeilBox *boxes, int n, VeilPaintStyle style)
{
    const VeilShape shape = s->style == STYLE_ELLIPSE ? VEIL_SHAPE_ELLIPSE : VEIL_SHAPE_RECT;
    /* An ellipse inscribed in the box would leave its corners, where ears and
     * hair are: its axes are the box's times 1.2. */
    const double margin = s->style == STYLE_ELLIPSE ? s->margin * 1.2 + 0.1 : s->margin;
    VeilPaint paint = s->paint;

    paint.style = style;
    for (int i = 0; i < n; i++)
        veil_paint_shape(frame, veil_box_rect(&boxes[i], margin), shape, &paint);
}

static int cover_filter_frame(VeilFilterContext *ctx, AVFrame **frame)
{
    CoverContext *s = ctx->priv;
    VeilBox boxes[VEIL_MAX_FACES];
    int n;

    if (!*frame)
        return 0; /* nothing is kept back, so nothing drains */
    if (veil_frame_is_damaged(*frame)) {
        cover_whole(s, *frame);
        return 0;
    }
    if ((n = veil_boxes_get(*frame, boxes, VEIL_MAX_FACES)) < 0) {
        if (n == AVERROR(ENOENT))
            av_log(ctx, AV_LOG_ERROR, "a frame was not searched for faces; put 'detect' before 'cover', with 'track' "
                                      "between them if 'detect' skips frames, and no foreign filter after 'detect'\n");
        return n;
    }
    if (s->paint.style != VEIL_PAINT_SOLID) /* no face may be among another's surroundings */
        paint_boxes(s, *frame, boxes, n, VEIL_PAINT_SOLID);
    paint_boxes(s, *frame, boxes, n, s->paint.style);
    s->covered += n;
    return veil_frame_mark_covered(*frame, n);
}

static int cover_describe(const VeilFilterContext *ctx, AVDictionary **facts)
{
    const CoverContext *s = ctx->priv;
    int ret = av_dict_set_int(facts, "boxes_covered", s->covered, 0);

    return ret < 0 ? ret : av_dict_set_int(facts, "frames_covered_whole", s->covered_whole, 0);
}

#define OFFSET(x) offsetof(CoverContext, x)
static const AVOption cover_options[] = {
    { "style", "set how a face is hidden", OFFSET(style), AV_OPT_TYPE_INT, { .i64 = STYLE_SOLID }, STYLE_SOLID, STYLE_BLUR, VEIL_OPT_FLAGS, "style" },
    { "solid", "a filled box", 0, AV_OPT_TYPE_CONST, { .i64 = STYLE_SOLID }, 0, 0, VEIL_OPT_FLAGS, "style" },
    { "ellipse", "a filled ellipse", 0, AV_OPT_TYPE_CONST, { .i64 = STYLE_ELLIPSE }, 0, 0, VEIL_OPT_FLAGS, "style" },
    { "mosaic", "squares in the colours around the box", 0, AV_OPT_TYPE_CONST, { .i64 = STYLE_MOSAIC }, 0, 0, VEIL_OPT_FLAGS, "style" },
    { "blur", "the same squares, blended", 0, AV_OPT_TYPE_CONST, { .i64 = STYLE_BLUR }, 0, 0, VEIL_OPT_FLAGS, "style" },
    { "margin", "grow each side of a box by this share of its size", OFFSET(margin), AV_OPT_TYPE_DOUBLE, { .dbl = 0.14 }, 0, 2, VEIL_OPT_FLAGS },
    { "cells", "set mosaic and blur squares along the longer side", OFFSET(cells), AV_OPT_TYPE_INT, { .i64 = 6 }, 1, VEIL_PAINT_MAX_CELLS, VEIL_OPT_FLAGS },
    { "color", "set the colour of solid and ellipse, and of the others where nothing surrounds a box", OFFSET(color), AV_OPT_TYPE_STRING, { .str = "black" }, 0, 0, VEIL_OPT_FLAGS },
    { NULL }
};
VEIL_DEFINE_CLASS(cover);

const VeilFilter veil_vf_cover = {
    .name = "cover",
    .description = "Hide every face of the frame's list.",
    .priv_class = &cover_class,
    .priv_size = sizeof(CoverContext),
    .pix_fmts = veil_paint_formats,
    .flags = VEIL_FILTER_NEEDS_WRITABLE | VEIL_FILTER_HIDES,
    .init = cover_init,
    .filter_frame = cover_filter_frame,
    .describe = cover_describe,
};
