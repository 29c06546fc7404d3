/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chain.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <libavcodec/avcodec.h>
#include <libavutil/avstring.h>
#include <libavutil/bprint.h>
#include <libavutil/pixdesc.h>

#define MAX_FILTERS 32

/* A filter as written: still text. */
typedef struct Spec {
    const VeilFilter *filter; ///< veil_vf_lavfi for a run of foreign names
    char *args;               ///< of ours: unquoted options; of a run: the graph as typed
    bool finds;               ///< a foreign run that ends in a filter which makes box lists
} Spec;

typedef struct Node {
    Spec spec;
    VeilFilterContext ctx;
    bool opened;
} Node;

struct VeilChain {
    Node node[MAX_FILTERS];
    int n;
    const VeilFilterEnv *env;
    VeilLink in;   ///< what every filter sees at the start: the working format
    VeilLink out;
    Node adapter;  ///< brings frames of other shape to `in`
    VeilLink adapter_in;
    VeilChainSink sink;
    void *opaque;
};

static const AVClass chain_class = { .class_name = "veil chain", .item_name = av_default_item_name,
                                     .version = LIBAVUTIL_VERSION_INT };
static const AVClass *chain_log = &chain_class; ///< av_log(&chain_log, ...): no filter is at hand yet

/* ---- text ---------------------------------------------------------------- */

static void free_specs(Spec *spec, int n)
{
    for (int i = 0; i < n; i++)
        av_freep(&spec[i].args);
}

/* FFmpeg's own filter that finds things and lists them as we do. */
static bool foreign_finds(const char *name)
{
    return !strcmp(name, "dnn_detect");
}

static int add_foreign(Spec *spec, int *n, const char *name, const char *raw, size_t len)
{
    Spec *last = *n ? &spec[*n - 1] : NULL;

    if (last && last->filter == &veil_vf_lavfi) {
        char *joined = av_asprintf("%s,%.*s", last->args, (int)len, raw);
        av_free(last->args);
        last->args = joined;
    } else {
        last = &spec[(*n)++];
        *last = (Spec){ .filter = &veil_vf_lavfi, .args = av_strndup(raw, len) };
    }
    last->finds = foreign_finds(name);
    return last->args ? 0 : AVERROR(ENOMEM);
}

static int add_own(Spec *spec, int *n, const VeilFilter *filter, const char *args)
{
    spec[*n] = (Spec){ .filter = filter, .args = av_strdup(args) };
    return spec[(*n)++].args ? 0 : AVERROR(ENOMEM);
}

/* One filter at *p, up to the next free comma: name, then "=options". */
static int parse_one(Spec *spec, int *n, const char **p)
{
    const char *raw = *p + strspn(*p, " \t\n");
    char *token = av_get_token(p, ","), *args, name[64];
    const VeilFilter *own;
    int ret;

    if (!token)
        return AVERROR(ENOMEM);
    args = strchr(token, '=');
    av_strlcpy(name, token, FFMIN(sizeof(name), args ? (size_t)(args - token) + 1 : sizeof(name)));
    own = veil_filter_find(name);
    if (!*name) {
        av_log(&chain_log, AV_LOG_ERROR, "the chain has an empty place where a filter should be; remove the comma\n");
        ret = AVERROR(EINVAL);
    } else if (*n == MAX_FILTERS) {
        av_log(&chain_log, AV_LOG_ERROR, "the chain has more than %d filters; shorten it\n", MAX_FILTERS);
        ret = AVERROR(EINVAL);
    } else {
        ret = own ? add_own(spec, n, own, args ? args + 1 : "") : add_foreign(spec, n, name, raw, (size_t)(*p - raw));
    }
    av_free(token);
    return ret;
}

/* @return number of filters, all in spec[] also on error, for free_specs() */
static int parse(Spec *spec, int *n, const char *text)
{
    int ret;

    *n = 0;
    do {
        if ((ret = parse_one(spec, n, &text)) < 0)
            return ret;
    } while (*text++ == ',');
    return 0;
}

int veil_chain_flags(const char *description)
{
    Spec spec[MAX_FILTERS];
    unsigned flags = 0;
    int n, ret = parse(spec, &n, description);

    for (int i = 0; i < n; i++)
        flags |= spec[i].filter->flags | (spec[i].finds ? VEIL_FILTER_FINDS : 0);
    free_specs(spec, n);
    return ret < 0 ? ret : (int)flags;
}

/* ---- opening ------------------------------------------------------------- */

static void node_close(Node *node)
{
    if (node->opened && node->spec.filter->uninit)
        node->spec.filter->uninit(&node->ctx);
    if (node->ctx.priv)
        av_opt_free(node->ctx.priv);
    av_freep(&node->ctx.priv);
    av_freep(&node->spec.args);
    node->opened = false;
}

/* libavutil would say its own sentence about a wrong option, without a remedy. */
static int set_options(Node *node)
{
    const int level = av_log_get_level();
    int ret;

    av_log_set_level(AV_LOG_QUIET);
    ret = node->spec.filter == &veil_vf_lavfi
              ? av_opt_set(node->ctx.priv, "graph", node->spec.args, 0)
              : av_set_options_string(node->ctx.priv, node->spec.args, "=", ":");
    av_log_set_level(level);
    return ret;
}

static int node_open(Node *node, const VeilLink *in, const VeilFilterEnv *env)
{
    const VeilFilter *f = node->spec.filter;
    VeilFilterContext *ctx = &node->ctx;
    int ret;

    *ctx = (VeilFilterContext){ .av_class = f->priv_class, .filter = f, .env = env, .in = *in, .out = *in };
    if (!(ctx->priv = av_mallocz(f->priv_size)))
        return AVERROR(ENOMEM);
    *(const AVClass **)ctx->priv = f->priv_class;
    av_opt_set_defaults(ctx->priv);
    if ((ret = set_options(node)) < 0) {
        av_log(ctx, AV_LOG_ERROR, "filter '%s' cannot take '%s': %s; 'veil doctor --filters' lists its options and ranges\n",
               f->name, node->spec.args, av_err2str(ret));
        return ret;
    }
    node->opened = true;
    return f->init ? f->init(ctx) : 0;
}

static bool has_format(const enum AVPixelFormat *list, enum AVPixelFormat format)
{
    for (; *list != AV_PIX_FMT_NONE; list++)
        if (*list == format)
            return true;
    return false;
}

static bool all_take(const VeilChain *c, const enum AVPixelFormat *out_fmts, enum AVPixelFormat format)
{
    for (int i = 0; i < c->n; i++)
        if (c->node[i].spec.filter->pix_fmts && !has_format(c->node[i].spec.filter->pix_fmts, format))
            return false;
    return !out_fmts || has_format(out_fmts, format);
}

/* 4:2:0 and 4:2:2 pictures of odd size cannot be encoded; 4:4:4 can. */
static bool fits_size(const VeilLink *link, enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(format);

    return !(link->w & ((1 << d->log2_chroma_w) - 1)) && !(link->h & ((1 << d->log2_chroma_h) - 1));
}

/* The format nearest to the source that every filter and the encoder take. */
static enum AVPixelFormat choose_format(const VeilChain *c, const VeilLink *in, const enum AVPixelFormat *out_fmts)
{
    enum AVPixelFormat list[512];
    int n = 0;

    if (all_take(c, out_fmts, in->format) && fits_size(in, in->format))
        return in->format;
    /* From RGB the nearest would be 4:4:4, which few players show. */
    if (av_pix_fmt_desc_get(in->format)->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL) &&
        all_take(c, out_fmts, AV_PIX_FMT_YUV420P) && fits_size(in, AV_PIX_FMT_YUV420P))
        return AV_PIX_FMT_YUV420P;
    for (const AVPixFmtDescriptor *d = NULL; (d = av_pix_fmt_desc_next(d)) && n < 511;) {
        const enum AVPixelFormat format = av_pix_fmt_desc_get_id(d);

        if (!(d->flags & (AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_ALPHA)) && all_take(c, out_fmts, format) &&
            fits_size(in, format))
            list[n++] = format;
    }
    list[n] = AV_PIX_FMT_NONE;
    return avcodec_find_best_pix_fmt_of_list(list, in->format, 0, NULL);
}

static int open_nodes(VeilChain *c, enum AVPixelFormat format)
{
    c->out = c->in;
    for (int i = 0; i < c->n; i++) {
        Node *node = &c->node[i];
        int ret;

        if (node->spec.filter == &veil_vf_lavfi) {
            char *graph = av_asprintf("%s,format=%s", node->spec.args, av_get_pix_fmt_name(format));

            av_free(node->spec.args);
            if (!(node->spec.args = graph))
                return AVERROR(ENOMEM);
        }
        if ((ret = node_open(node, &c->out, c->env)) < 0)
            return ret;
        c->out = node->ctx.out;
    }
    return 0;
}

int veil_chain_open(VeilChain **out, const char *description, const VeilLink *in,
                    const enum AVPixelFormat *out_fmts, const VeilFilterEnv *env, VeilChainSink sink, void *opaque)
{
    VeilChain *c = av_mallocz(sizeof(*c));
    Spec spec[MAX_FILTERS];
    int ret;

    *out = NULL;
    if (!c)
        return AVERROR(ENOMEM);
    c->env = env;
    c->sink = sink;
    c->opaque = opaque;
    ret = parse(spec, &c->n, description);
    for (int i = 0; i < c->n; i++)
        c->node[i].spec = spec[i];
    if (ret < 0)
        goto fail;
    c->in = *in;
    if ((c->in.format = choose_format(c, in, out_fmts)) == AV_PIX_FMT_NONE) {
        av_log(&chain_log, AV_LOG_ERROR, "no pixel format suits both the filters and the encoder; choose another "
                                         "--encoder\n");
        ret = AVERROR(EINVAL);
        goto fail;
    }
    if ((ret = open_nodes(c, c->in.format)) < 0)
        goto fail;
    *out = c;
    return 0;
fail:
    veil_chain_close(c);
    return ret;
}

const VeilLink *veil_chain_link(const VeilChain *chain)
{
    return &chain->out;
}

void veil_chain_close(VeilChain *chain)
{
    if (!chain)
        return;
    for (int i = 0; i < chain->n; i++)
        node_close(&chain->node[i]);
    node_close(&chain->adapter);
    av_free(chain);
}

/* ---- running ------------------------------------------------------------- */

/* Hand `frame` (NULL: the end) to node i; what comes out goes on to i + 1. */
static int run_from(VeilChain *c, int i, AVFrame *frame)
{
    const bool ending = !frame;
    const VeilFilter *f;
    VeilFilterContext *ctx;
    int ret = 0;

    if (i == c->n)
        return frame ? c->sink(c->opaque, frame) : 0;
    ctx = &c->node[i].ctx;
    f = ctx->filter;
    if (frame && (f->flags & VEIL_FILTER_NEEDS_WRITABLE))
        ret = av_frame_make_writable(frame);
    if (ret >= 0)
        ret = f->filter_frame(ctx, &frame);
    if (ret < 0) {
        av_frame_free(&frame);
        return ret;
    }
    if (frame && (ret = run_from(c, i + 1, frame)) < 0)
        return ret;
    while (f->next_frame) {
        frame = NULL;
        if ((ret = f->next_frame(ctx, &frame)) < 0) {
            av_frame_free(&frame);
            return ret;
        }
        if (!frame)
            break;
        /* A foreign filter may have moved pixels: boxes of before say nothing now. */
        if (f == &veil_vf_lavfi && !c->node[i].spec.finds)
            av_frame_remove_side_data(frame, AV_FRAME_DATA_DETECTION_BBOXES);
        if ((ret = run_from(c, i + 1, frame)) < 0)
            return ret;
    }
    return ending ? run_from(c, i + 1, NULL) : 0;
}

static bool same_shape(const VeilLink *link, const AVFrame *frame)
{
    return link->w == frame->width && link->h == frame->height && link->format == frame->format;
}

static int open_adapter(VeilChain *c, const AVFrame *frame)
{
    node_close(&c->adapter);
    c->adapter_in = c->in;
    c->adapter_in.w = frame->width;
    c->adapter_in.h = frame->height;
    c->adapter_in.format = frame->format;
    c->adapter.spec.filter = &veil_vf_lavfi;
    if (!(c->adapter.spec.args = av_asprintf("scale=%d:%d:flags=bicubic,format=%s", c->in.w, c->in.h,
                                             av_get_pix_fmt_name(c->in.format))))
        return AVERROR(ENOMEM);
    return node_open(&c->adapter, &c->adapter_in, c->env);
}

/* Convert one frame; scale and format give one frame for one frame. */
static int adapt(VeilChain *c, AVFrame **frame)
{
    int ret = 0;

    if ((!c->adapter.opened || !same_shape(&c->adapter_in, *frame)) && (ret = open_adapter(c, *frame)) < 0)
        return ret;
    if ((ret = veil_vf_lavfi.filter_frame(&c->adapter.ctx, frame)) < 0)
        return ret;
    ret = veil_vf_lavfi.next_frame(&c->adapter.ctx, frame);
    return ret >= 0 && !*frame ? AVERROR_BUG : ret;
}

int veil_chain_push(VeilChain *chain, AVFrame *frame)
{
    int ret;

    if (frame && !same_shape(&chain->in, frame) && (ret = adapt(chain, &frame)) < 0) {
        av_frame_free(&frame);
        return ret;
    }
    return run_from(chain, 0, frame);
}

int veil_chain_describe(const VeilChain *chain, VeilChainVisit visit, void *opaque)
{
    int ret = 0;

    for (int i = 0; i < chain->n && ret >= 0; i++) {
        const Node *node = &chain->node[i];
        AVDictionary *facts = NULL;

        if (node->spec.filter->describe)
            ret = node->spec.filter->describe(&node->ctx, &facts);
        if (ret >= 0)
            ret = visit(opaque, node->spec.filter->name, node->spec.args, facts);
        av_dict_free(&facts);
    }
    return ret;
}
