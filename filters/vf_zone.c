/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Cover fixed areas: a neighbour's window, a screen, a door. Each is a
 * polygon of the picture as it is shown, with an optional time range.
 */
#include <stdlib.h>
#include <string.h>
#include <libavutil/avstring.h>
#include <libavutil/common.h>
#include <libavutil/parseutils.h>

#include "filter.h"
#include "paint.h"

#define MAX_AREAS  512
#define MAX_POINTS 128

/* An edge that only touches a block's border, in luma pixels, is not in it. */
#define TOUCH 0.01f

typedef struct Area {
    float x[MAX_POINTS], y[MAX_POINTS]; ///< luma pixels, as stored
    int n;
    int64_t from, to; ///< microseconds; `to` is not in it
    uint8_t *mask;    ///< blocks, for paint.h; made at the first frame
    int mask_bh;      ///< block height it was made for
    VeilRect rect;    ///< bounds of the mask
} Area;

typedef struct ZoneContext {
    const AVClass *class; ///< must be first
    char *areas;
    char *color;
    VeilPaint paint;
    Area *area;
    int n;
} ZoneContext;

/* "12.5%" of `whole`, or plain pixels. */
static bool parse_length(const char **p, int whole, float *out)
{
    char *end;
    const float v = strtof(*p, &end);

    if (end == *p || !(v >= -1e5f && v <= 1e5f))
        return false;
    *out = *end == '%' ? v * (float)whole / 100 : v;
    *p = end + (*end == '%');
    return true;
}

static bool parse_point(const char **p, const VeilLink *in, Area *a)
{
    const bool turned = in->rotation % 180;
    const int shown_w = turned ? in->h : in->w, shown_h = turned ? in->w : in->h;
    VeilFace at = { 0 };

    if (a->n == MAX_POINTS || !parse_length(p, shown_w, &at.x) || *(*p)++ != ',' || !parse_length(p, shown_h, &at.y))
        return false;
    veil_face_unrotate(&at, in->w, in->h, in->rotation);
    a->x[a->n] = at.x;
    a->y[a->n++] = at.y;
    return true;
}

/* "@FROM-TO", each a time as in ffmpeg; "@FROM-" has no end. */
static bool parse_range(const char **p, Area *a)
{
    char text[64], *dash;
    const size_t len = strcspn(*p, "|");

    av_strlcpy(text, *p, FFMIN(len + 1, sizeof(text)));
    av_strlcpy(text, av_stristart(text, "@", NULL) ? text + 1 : text, sizeof(text));
    for (size_t i = strlen(text); i && text[i - 1] == ' '; i--)
        text[i - 1] = 0;
    if (!(dash = strchr(text + (*text == '-'), '-'))) /* a time before zero begins with one */
        return false;
    *dash++ = 0;
    if (av_parse_time(&a->from, text, 1) < 0 || (*dash && av_parse_time(&a->to, dash, 1) < 0) || a->to <= a->from)
        return false;
    *p += len;
    return true;
}

static bool parse_area(const char **p, const VeilLink *in, Area *a)
{
    *a = (Area){ .from = INT64_MIN, .to = INT64_MAX };
    for (;;) {
        *p += strspn(*p, " ");
        if (!**p || **p == '|')
            break;
        if (**p == '@' ? !parse_range(p, a) : !parse_point(p, in, a))
            return false;
    }
    return a->n >= 3;
}

static int zone_init(VeilFilterContext *ctx)
{
    ZoneContext *s = ctx->priv;
    const char *p = s->areas ? s->areas : "";

    if (!(s->area = av_calloc(MAX_AREAS, sizeof(*s->area))))
        return AVERROR(ENOMEM);
    do {
        if (s->n == MAX_AREAS || !parse_area(&p, &ctx->in, &s->area[s->n])) {
            av_log(ctx, AV_LOG_ERROR, "zone %d of '%s' cannot be read; give 3 to %d points as 'x,y x,y x,y', in "
                                      "pixels or percent, then '@FROM-TO' for a time, and '|' before the next\n",
                   s->n + 1, s->areas ? s->areas : "", MAX_POINTS);
            return AVERROR(EINVAL);
        }
        s->n++;
    } while (*p++ == '|');
    return veil_paint_color(&s->paint, s->color, ctx);
}

/* Even-odd rule, at one point. */
static bool inside(const Area *a, float x, float y)
{
    bool in = false;

    for (int i = 0, j = a->n - 1; i < a->n; j = i++)
        if ((a->y[i] > y) != (a->y[j] > y) &&
            x < (a->x[j] - a->x[i]) * (y - a->y[i]) / (a->y[j] - a->y[i]) + a->x[i])
            in = !in;
    return in;
}

/* An edge of the polygon runs through the block. Liang-Barsky clipping. */
static bool edge_crosses(const Area *a, float x0, float y0, float x1, float y1)
{
    for (int i = 0, j = a->n - 1; i < a->n; j = i++) {
        const float dx = a->x[i] - a->x[j], dy = a->y[i] - a->y[j];
        const float p[4] = { -dx, dx, -dy, dy };
        const float q[4] = { a->x[j] - x0, x1 - a->x[j], a->y[j] - y0, y1 - a->y[j] };
        float from = 0, to = 1;

        for (int k = 0; k < 4 && from <= to; k++) {
            if (p[k] < 0)
                from = FFMAX(from, q[k] / p[k]);
            else if (p[k] > 0)
                to = FFMIN(to, q[k] / p[k]);
            else if (q[k] < 0)
                from = 2;
        }
        if (from <= to)
            return true;
    }
    return false;
}

/* A line is an area too: someone meant to cover what lies on it. */
static float touch_of(const Area *a)
{
    float twice = 0;

    for (int i = 0, j = a->n - 1; i < a->n; j = i++)
        twice += a->x[j] * a->y[i] - a->x[i] * a->y[j];
    return twice > -2 && twice < 2 ? 0 : TOUCH;
}

/* A block belongs to the mask if any part of it lies in the polygon. */
static int make_mask(Area *a, const AVFrame *frame)
{
    int bw, bh, cols, rows, x0, y0, x1 = 0, y1 = 0;
    const float t = touch_of(a);

    veil_paint_block(frame, &bw, &bh);
    if (a->mask && a->mask_bh == bh)
        return 0;
    cols = (frame->width + bw - 1) / bw;
    rows = (frame->height + bh - 1) / bh;
    x0 = cols, y0 = rows;
    av_freep(&a->mask);
    if (!(a->mask = av_calloc((size_t)cols, (size_t)rows)))
        return AVERROR(ENOMEM);
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++) {
            const float left = (float)(c * bw), top = (float)(r * bh);

            if (!inside(a, left + (float)bw / 2, top + (float)bh / 2) &&
                !edge_crosses(a, left + t, top + t, left + (float)bw - t, top + (float)bh - t))
                continue;
            a->mask[r * cols + c] = 1;
            x0 = FFMIN(x0, c), y0 = FFMIN(y0, r), x1 = FFMAX(x1, c + 1), y1 = FFMAX(y1, r + 1);
        }
    a->mask_bh = bh;
    a->rect = x1 ? (VeilRect){ x0 * bw, y0 * bh, (x1 - x0) * bw, (y1 - y0) * bh } : (VeilRect){ 0 };
    return 0;
}

static int zone_filter_frame(VeilFilterContext *ctx, AVFrame **frame)
{
    ZoneContext *s = ctx->priv;
    int64_t us;
    int ret;

    if (!*frame)
        return 0;
    us = av_rescale_q((*frame)->pts, ctx->in.time_base, AV_TIME_BASE_Q);
    for (int i = 0; i < s->n; i++) {
        if (us < s->area[i].from || us >= s->area[i].to)
            continue;
        if ((ret = make_mask(&s->area[i], *frame)) < 0)
            return ret;
        veil_paint_mask(*frame, s->area[i].mask, s->area[i].rect, &s->paint);
    }
    return 0;
}

static void zone_uninit(VeilFilterContext *ctx)
{
    ZoneContext *s = ctx->priv;

    for (int i = 0; i < s->n; i++)
        av_freep(&s->area[i].mask);
    av_freep(&s->area);
}

#define OFFSET(x) offsetof(ZoneContext, x)
static const AVOption zone_options[] = {
    { "areas", "set polygons: 'x,y x,y x,y @FROM-TO | ...', in pixels or percent", OFFSET(areas), AV_OPT_TYPE_STRING, { .str = NULL }, 0, 0, VEIL_OPT_FLAGS },
    { "color", "set the colour", OFFSET(color), AV_OPT_TYPE_STRING, { .str = "black" }, 0, 0, VEIL_OPT_FLAGS },
    { NULL }
};
VEIL_DEFINE_CLASS(zone);

const VeilFilter veil_vf_zone = {
    .name = "zone",
    .description = "Cover fixed areas.",
    .priv_class = &zone_class,
    .priv_size = sizeof(ZoneContext),
    .pix_fmts = veil_paint_formats,
    .flags = VEIL_FILTER_NEEDS_WRITABLE,
    .init = zone_init,
    .filter_frame = zone_filter_frame,
    .uninit = zone_uninit,
};
