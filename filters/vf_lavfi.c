/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A graph of libavfilter's own filters as one filter of ours.
 */
#include <string.h>
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/avstring.h>
#include <libavutil/pixdesc.h>

#include "filter.h"

typedef struct LavfiContext {
    const AVClass *class; ///< must be first
    char *graph_text;
    AVFilterGraph *graph;
    AVFilterContext *source, *sink;
} LavfiContext;

static int make_ends(VeilFilterContext *ctx)
{
    LavfiContext *s = ctx->priv;
    const VeilLink *in = &ctx->in;
    char args[256];
    int ret;

    snprintf(args, sizeof(args), "width=%d:height=%d:pix_fmt=%s:time_base=%d/%d:sar=%d/%d", in->w, in->h,
             av_get_pix_fmt_name(in->format), in->time_base.num, in->time_base.den, in->sar.num,
             FFMAX(in->sar.den, 1));
    if (in->frame_rate.num > 0 && in->frame_rate.den > 0)
        av_strlcatf(args, sizeof(args), ":frame_rate=%d/%d", in->frame_rate.num, in->frame_rate.den);
    ret = avfilter_graph_create_filter(&s->source, avfilter_get_by_name("buffer"), "in", args, NULL, s->graph);
    if (ret < 0)
        return ret;
    return avfilter_graph_create_filter(&s->sink, avfilter_get_by_name("buffersink"), "out", NULL, NULL, s->graph);
}

/* FFmpeg names the ends from the parsed text's side: what it leaves open as
 * output is what our source feeds. */
static int connect_text(LavfiContext *s)
{
    AVFilterInOut *from = avfilter_inout_alloc(), *to = avfilter_inout_alloc();
    int ret = AVERROR(ENOMEM);

    if (from && to) {
        *from = (AVFilterInOut){ .name = av_strdup("in"), .filter_ctx = s->source };
        *to = (AVFilterInOut){ .name = av_strdup("out"), .filter_ctx = s->sink };
        ret = avfilter_graph_parse_ptr(s->graph, s->graph_text, &to, &from, NULL);
    }
    avfilter_inout_free(&from);
    avfilter_inout_free(&to);
    return ret < 0 ? ret : avfilter_graph_config(s->graph, NULL);
}

static int lavfi_init(VeilFilterContext *ctx)
{
    LavfiContext *s = ctx->priv;
    int ret;

    if (!(s->graph = avfilter_graph_alloc()))
        return AVERROR(ENOMEM);
    s->graph->nb_threads = ctx->env->threads;
    if ((ret = make_ends(ctx)) < 0 || (ret = connect_text(s)) < 0) {
        av_log(ctx, AV_LOG_ERROR, "libavfilter cannot build '%s': %s; 'ffmpeg -filters' lists its names\n",
               s->graph_text, av_err2str(ret));
        return ret;
    }
    ctx->out.w = av_buffersink_get_w(s->sink);
    ctx->out.h = av_buffersink_get_h(s->sink);
    ctx->out.format = av_buffersink_get_format(s->sink);
    ctx->out.time_base = av_buffersink_get_time_base(s->sink);
    ctx->out.frame_rate = av_buffersink_get_frame_rate(s->sink);
    ctx->out.sar = av_buffersink_get_sample_aspect_ratio(s->sink);
    return 0;
}

static int lavfi_filter_frame(VeilFilterContext *ctx, AVFrame **frame)
{
    LavfiContext *s = ctx->priv;
    int ret = av_buffersrc_add_frame(s->source, *frame);

    if (ret >= 0)
        av_frame_free(frame);
    return ret;
}

static int lavfi_next_frame(VeilFilterContext *ctx, AVFrame **frame)
{
    LavfiContext *s = ctx->priv;
    int ret;

    if (!(*frame = av_frame_alloc()))
        return AVERROR(ENOMEM);
    ret = av_buffersink_get_frame(s->sink, *frame);
    if (ret < 0)
        av_frame_free(frame);
    return ret == AVERROR(EAGAIN) || ret == AVERROR_EOF ? 0 : ret;
}

static void lavfi_uninit(VeilFilterContext *ctx)
{
    LavfiContext *s = ctx->priv;

    avfilter_graph_free(&s->graph);
}

#define OFFSET(x) offsetof(LavfiContext, x)
static const AVOption lavfi_options[] = {
    { "graph", "set the graph", OFFSET(graph_text), AV_OPT_TYPE_STRING, { .str = "null" }, 0, 0, VEIL_OPT_FLAGS },
    { NULL }
};
VEIL_DEFINE_CLASS(lavfi);

const VeilFilter veil_vf_lavfi = {
    .name = "lavfi",
    .description = "Run a graph of libavfilter's filters.",
    .priv_class = &lavfi_class,
    .priv_size = sizeof(LavfiContext),
    .init = lavfi_init,
    .filter_frame = lavfi_filter_frame,
    .next_frame = lavfi_next_frame,
    .uninit = lavfi_uninit,
};
