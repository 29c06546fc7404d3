/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Put every tracked face into the vault before it is covered: crops with
 * margin, a unit for each track and segment of ten seconds. What else is
 * covered in the picture is grey in a crop, so that opening one track shows
 * no other. No frame goes on before the units of all earlier segments are on
 * disk under a signed checkpoint.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <libavutil/common.h>
#include <libavutil/mathematics.h>
#include <libavutil/pixdesc.h>

#include "crops.h"
#include "cutout.h"
#include "filter.h"
#include "paint.h"
#include "seal.h"

enum { FIDELITY_VISUAL, FIDELITY_LOSSLESS };

/** A face that has crops in the open segment, or had in the one before. */
typedef struct Track {
    int id;     ///< of `track`
    uint32_t number; ///< in the vault
    int listed;      ///< index in plan->track
    uint32_t part;
    VeilCrops *crops;
    int64_t seen; ///< last frame
} Track;

typedef struct SealContext {
    const AVClass *class; ///< must be first
    double margin, cover;
    int shape, fidelity;
    VeilSealPlan *plan;
    VeilCropsPool *pool;
    Track *track;
    int n, cap;
    VeilPaint grey;
    int64_t frame, first_pts, seg; ///< seg -1: none is open
    int64_t crops, skipped, sealed_bytes;
} SealContext;

/* ---- beginning ---------------------------------------------------------------- */

static int vault_failed(VeilFilterContext *ctx, const VeilErr *err)
{
    av_log(ctx, AV_LOG_ERROR, "cannot seal: %s; nothing was kept\n", err->text);
    return err->code > -2000 ? err->code : AVERROR_EXTERNAL;
}

static int make_vault(VeilFilterContext *ctx)
{
    SealContext *s = ctx->priv;
    VeilVaultHeader *h = &s->plan->header;
    AVRational rate = ctx->in.frame_rate;
    VeilErr err = { 0 };

    if (rate.num <= 0 || rate.den <= 0)
        rate = (AVRational){ 25, 1 }; /* unknown; crops carry their own times */
    h->width = (uint32_t)ctx->in.w;
    h->height = (uint32_t)ctx->in.h;
    h->fps_num = (uint32_t)rate.num;
    h->fps_den = (uint32_t)rate.den;
    if (veil_vault_create(&s->plan->vault, s->plan->path, s->plan->group, h, s->plan->sk, &err) < 0)
        return vault_failed(ctx, &err);
    return 0;
}

static int make_pool(VeilFilterContext *ctx)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(ctx->in.format);
    SealContext *s = ctx->priv;
    /* Twice the block's height: chroma rows of interlaced pictures come in pairs. */
    const VeilCropsConfig config = { .format = ctx->in.format,
                                     .width = ctx->in.w,
                                     .height = ctx->in.h,
                                     .block_w = 1 << d->log2_chroma_w,
                                     .block_h = 2 << d->log2_chroma_h,
                                     .lossless = s->fidelity == FIDELITY_LOSSLESS };
    const int ret = veil_crops_pool_new(&s->pool, &config);

    if (ret == AVERROR_ENCODER_NOT_FOUND)
        av_log(ctx, AV_LOG_ERROR,
               "this FFmpeg has no libx264, which codes what is sealed; install one that has\n");
    return ret;
}

static int seal_init(VeilFilterContext *ctx)
{
    SealContext *s = ctx->priv;
    int ret;

    s->seg = -1;
    s->plan = ctx->env->seal;
    if (!s->plan || s->plan->vault) {
        av_log(ctx, AV_LOG_ERROR,
               s->plan ? "the chain holds 'seal' twice; one vault takes all faces, remove one\n"
                       : "'seal' needs a group that can open the vault: 'veil group new' makes "
                         "one, then give --group, --policy and --operator\n");
        return AVERROR(EINVAL);
    }
    s->grey = (VeilPaint){ .style = VEIL_PAINT_SOLID, .rgba = VEIL_SEAL_GREY };
    /* As `cover` does it: an ellipse through the corners of the box needs more. */
    s->cover = s->shape == VEIL_SHAPE_ELLIPSE ? s->cover * 1.2 + 0.1 : s->cover;
    s->margin = FFMAX(s->margin, s->cover); /* what is covered can be put back whole */
    if ((ret = make_pool(ctx)) < 0)
        return ret;
    return make_vault(ctx);
}

/* ---- tracks ------------------------------------------------------------------- */

static int find_track(SealContext *s, int id, Track **out)
{
    Track *t;
    int ret;

    for (int i = 0; i < s->n; i++)
        if (s->track[i].id == id) {
            *out = &s->track[i];
            return 0;
        }
    if (s->n == s->cap) {
        const int cap = FFMAX(16, s->cap * 2);
        Track *more = realloc(s->track, (size_t)cap * sizeof(*more));

        if (!more)
            return AVERROR(ENOMEM);
        s->track = more;
        s->cap = cap;
    }
    t = &s->track[s->n];
    *t = (Track){ .id = id };
    if ((ret = veil_crops_new(&t->crops, s->pool)) < 0)
        return ret;
    s->n++; /* from here uninit frees it */
    *out = t;
    if ((t->listed = veil_seal_plan_add(s->plan, (uint32_t)s->frame)) < 0)
        return t->listed;
    t->number = s->plan->track[t->listed].number;
    return 0;
}

/* ---- units -------------------------------------------------------------------- */

static int add_unit(VeilFilterContext *ctx, Track *t)
{
    SealContext *s = ctx->priv;
    const uint8_t *records;
    const size_t len = veil_crops_records(t->crops, &records);
    VeilErr err = { 0 };

    if (!len)
        return 0;
    if (veil_vault_add(s->plan->vault, t->number, (uint32_t)s->seg, t->part, records,
                       len, &err) < 0)
        return vault_failed(ctx, &err);
    s->plan->units++;
    s->sealed_bytes += (int64_t)len;
    t->part++;
    veil_crops_restart(t->crops);
    return 0;
}

static int by_number(const void *a, const void *b)
{
    const Track *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

/* All units of the open segment, then a checkpoint: the file is on disk when this returns. */
static int close_segment(VeilFilterContext *ctx)
{
    SealContext *s = ctx->priv;
    VeilErr err = { 0 };
    int ret, left = 0;

    if (s->seg < 0)
        return 0;
    qsort(s->track, (size_t)s->n, sizeof(*s->track),
          by_number); /* the order of entries tells nothing either */
    for (int i = 0; i < s->n; i++)
        if ((ret = add_unit(ctx, &s->track[i])) < 0)
            return ret;
    if (veil_vault_checkpoint(s->plan->vault, &err) < 0)
        return vault_failed(ctx, &err);
    for (int i = 0; i < s->n; i++) {
        s->track[i].part = 0;
        if (s->track[i].seen < s->frame - 1)
            veil_crops_free(s->track[i].crops);
        else
            s->track[left++] = s->track[i];
    }
    s->n = left;
    return 0;
}

/* A scene that begins: a track that goes on is another face. */
static void forget_tracks(SealContext *s)
{
    for (int i = 0; i < s->n; i++) {
        s->track[i].id = 0;
        veil_crops_rest(s->track[i].crops);
    }
}

/* ---- crops -------------------------------------------------------------------- */

static void grey_others(const SealContext *s, AVFrame *crop, VeilRect at, const VeilBox *boxes, int n,
                        int own)
{
    for (int i = 0; i < n; i++) {
        VeilRect r = veil_box_rect(&boxes[i], s->cover);

        r.x -= at.x;
        r.y -= at.y;
        if (i != own && r.x < at.w && r.y < at.h && r.x + r.w > 0 && r.y + r.h > 0)
            veil_paint_shape(crop, r, s->shape, &s->grey);
    }
}

static int add_crop(VeilFilterContext *ctx, Track *t, const VeilCrop *crop, const AVFrame *picture)
{
    int ret = veil_crops_add(t->crops, crop, picture);

    if (ret == AVERROR(ENOSPC)) { /* the unit is full: the rest goes into another part */
        if ((ret = add_unit(ctx, t)) >= 0)
            ret = veil_crops_add(t->crops, crop, picture);
    }
    if (ret == AVERROR(ENOSPC))
        av_log(ctx, AV_LOG_ERROR,
               "a crop of %dx%d does not fit in a unit of the vault; seal with fidelity=visual\n",
               crop->rect.w, crop->rect.h);
    return ret;
}

static int seal_box(VeilFilterContext *ctx, const AVFrame *frame, int64_t us, const VeilBox *boxes, int n,
                    int i)
{
    SealContext *s = ctx->priv;
    VeilCrop crop = { .frame = (uint32_t)s->frame, .pts = us };
    VeilSealedTrack *listed;
    AVFrame *picture = NULL;
    Track *t;
    int ret;

    if ((ret = find_track(s, boxes[i].track, &t)) < 0)
        return ret;
    crop.rect = veil_crops_place(t->crops, veil_box_rect(&boxes[i], s->margin));
    if ((ret = veil_cut_out(frame, crop.rect, &picture)) >= 0) {
        grey_others(s, picture, crop.rect, boxes, n, i);
        ret = add_crop(ctx, t, &crop, picture);
    }
    av_frame_free(&picture);
    if (ret < 0)
        return ret;
    t->seen = s->frame;
    listed = &s->plan->track[t->listed];
    listed->last_frame = (uint32_t)s->frame;
    listed->last = veil_box_rect(&boxes[i], 0);
    if (!listed->crops++)
        listed->first = listed->last;
    s->crops++;
    return 0;
}

/* ---- frames ------------------------------------------------------------------- */

static int get_boxes(VeilFilterContext *ctx, const AVFrame *frame, VeilBox *boxes)
{
    const int n = veil_boxes_get(frame, boxes, VEIL_MAX_FACES);

    for (int i = 0; i < n; i++)
        if (!boxes[i].track) {
            av_log(ctx, AV_LOG_ERROR,
                   "a face has no track, and a unit is one track; put 'track' before 'seal'\n");
            return AVERROR(EINVAL);
        }
    if (n == AVERROR(ENOENT))
        av_log(ctx, AV_LOG_ERROR,
               "a frame was not searched for faces; put 'detect,track' before 'seal', with no "
               "foreign filter after 'detect'\n");
    return n;
}

static int seal_faces(VeilFilterContext *ctx, const AVFrame *frame, int64_t us)
{
    SealContext *s = ctx->priv;
    VeilBox boxes[VEIL_MAX_FACES];
    int ret = 0, n = get_boxes(ctx, frame, boxes);

    if (veil_frame_covered(frame)) {
        av_log(ctx, AV_LOG_ERROR, "faces are covered before they are sealed; put 'seal' before 'cover'\n");
        return AVERROR(EINVAL);
    }
    for (int i = 0; i < n && ret >= 0; i++)
        ret = seal_box(ctx, frame, us, boxes, n, i);
    for (int i = 0; i < s->n && ret >= 0; i++)
        if (s->track[i].seen < s->frame)
            veil_crops_rest(s->track[i].crops);
    return n < 0 ? n : ret;
}

static int seal_filter_frame(VeilFilterContext *ctx, AVFrame **frame)
{
    SealContext *s = ctx->priv;
    int64_t us, seg;
    int ret = 0;

    if (!*frame) {
        ret = close_segment(ctx);
        s->plan->whole = ret >= 0;
        return ret;
    }
    if (!s->frame)
        s->first_pts = (*frame)->pts;
    us = FFMAX(av_rescale_q((*frame)->pts - s->first_pts, ctx->in.time_base, AV_TIME_BASE_Q), 0);
    seg = us / (VEIL_VAULT_SEGMENT_MS * INT64_C(1000));
    if (seg > s->seg) {
        if ((ret = close_segment(ctx)) < 0)
            return ret;
        s->seg = seg;
    }
    if (veil_frame_is_cut(*frame))
        forget_tracks(s);
    /* `cover` hides a damaged frame whole: all of it is somebody's covered area. */
    if (veil_frame_is_damaged(*frame))
        s->skipped++;
    else
        ret = seal_faces(ctx, *frame, us);
    s->frame++;
    return ret;
}

static int seal_describe(const VeilFilterContext *ctx, AVDictionary **facts)
{
    const SealContext *s = ctx->priv;

    av_dict_set_int(facts, "crops_sealed", s->crops, 0);
    av_dict_set_int(facts, "crop_bytes", s->sealed_bytes, 0);
    return av_dict_set_int(facts, "frames_damaged_not_sealed", s->skipped, 0);
}

static void seal_uninit(VeilFilterContext *ctx)
{
    SealContext *s = ctx->priv;

    for (int i = 0; i < s->n; i++)
        veil_crops_free(s->track[i].crops);
    free(s->track);
    veil_crops_pool_free(s->pool);
}

#define OFFSET(x) offsetof(SealContext, x)
static const AVOption seal_options[] = {
    { "margin", "grow each side of a box by this share of its size, for the crop", OFFSET(margin), AV_OPT_TYPE_DOUBLE, { .dbl = 0.2 }, 0, 2, VEIL_OPT_FLAGS },
    { "fidelity", "set how true a crop is", OFFSET(fidelity), AV_OPT_TYPE_INT, { .i64 = FIDELITY_VISUAL }, FIDELITY_VISUAL, FIDELITY_LOSSLESS, VEIL_OPT_FLAGS, "fidelity" },
    { "visual", "no difference to be seen", 0, AV_OPT_TYPE_CONST, { .i64 = FIDELITY_VISUAL }, 0, 0, VEIL_OPT_FLAGS, "fidelity" },
    { "lossless", "the decoded samples, bit for bit", 0, AV_OPT_TYPE_CONST, { .i64 = FIDELITY_LOSSLESS }, 0, 0, VEIL_OPT_FLAGS, "fidelity" },
    { "cover", "set the margin that 'cover' has", OFFSET(cover), AV_OPT_TYPE_DOUBLE, { .dbl = 0.2 }, 0, 2, VEIL_OPT_FLAGS },
    { "shape", "set the shape that 'cover' paints", OFFSET(shape), AV_OPT_TYPE_INT, { .i64 = VEIL_SHAPE_RECT }, VEIL_SHAPE_RECT, VEIL_SHAPE_ELLIPSE, VEIL_OPT_FLAGS, "shape" },
    { "rect", "a box, for every style but ellipse", 0, AV_OPT_TYPE_CONST, { .i64 = VEIL_SHAPE_RECT }, 0, 0, VEIL_OPT_FLAGS, "shape" },
    { "ellipse", "an ellipse", 0, AV_OPT_TYPE_CONST, { .i64 = VEIL_SHAPE_ELLIPSE }, 0, 0, VEIL_OPT_FLAGS, "shape" },
    { NULL }
};
VEIL_DEFINE_CLASS(seal);

const VeilFilter veil_vf_seal = {
    .name = "seal",
    .description = "Put every face into a vault that a group of custodians can open.",
    .priv_class = &seal_class,
    .priv_size = sizeof(SealContext),
    .pix_fmts = veil_crops_formats,
    .flags = VEIL_FILTER_SEALS,
    .init = seal_init,
    .filter_frame = seal_filter_frame,
    .describe = seal_describe,
    .uninit = seal_uninit,
};
