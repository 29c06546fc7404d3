/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "restore.h"

#include <stdlib.h>
#include <string.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#include "cmd.h"
#include "filters/putback.h"
#include "input.h"
#include "msg.h"
#include "output.h"
#include "progress.h"
#include "settings.h"
#include "signals.h"

typedef struct Restoring {
    VeilOpened *o;
    int vault;
    VeilInput *in;
    VeilOutput *out;
    VeilSettings s;
    VeilRestoreTake take;
    void *opaque;
    VeilRestored *result;
    int64_t number;         ///< of the next frame of the published video
    int64_t start_us;       ///< its first frame's time
    int64_t from_us, to_us; ///< what is written, in microseconds after that
    uint8_t *mask; ///< of the crop at hand
    size_t cap;
    int code; ///< exit code of what refused, 0 for plain failures
} Restoring;

/* ---- one frame ------------------------------------------------------------------------- */

/* The published file may have another format than the source had, such as 4:4:4 for odd sizes. */
static int convert(AVFrame *to, const AVFrame *from)
{
    const bool grey = av_pix_fmt_desc_get(from->format)->nb_components == 1; /* full range, for FFmpeg */
    const int *matrix = sws_getCoefficients(SWS_CS_DEFAULT);
    struct SwsContext *sws;
    int ret = av_frame_get_buffer(to, 0);

    if (ret < 0)
        return ret;
    if (!(sws = sws_getContext(to->width, to->height, from->format, to->width, to->height, to->format,
                               SWS_BICUBIC | SWS_ACCURATE_RND, NULL, NULL, NULL)))
        return AVERROR(ENOMEM);
    sws_setColorspaceDetails(sws, matrix, grey || from->color_range == AVCOL_RANGE_JPEG, matrix,
                             to->color_range == AVCOL_RANGE_JPEG, 0, 1 << 16, 1 << 16);
    ret = sws_scale(sws, (const uint8_t *const *)from->data, from->linesize, 0, to->height, to->data, to->linesize);
    sws_freeContext(sws);
    return ret == to->height ? 0 : AVERROR_EXTERNAL;
}

/* Cut off what lies on a part of a chroma sample of the frame: a column and a row at most. */
static int align(AVFrame *crop, VeilRect *at, uint8_t *mask, const AVFrame *frame)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(frame->format);
    const int dx = -at->x & ((1 << d->log2_chroma_w) - 1), dy = -at->y & ((1 << d->log2_chroma_h) - 1);

    if (dx >= at->w || dy >= at->h || (!dx && !dy))
        return dx >= at->w || dy >= at->h ? AVERROR(EINVAL) : 0;
    for (int y = dy; y < at->h; y++)
        memmove(mask + (size_t)(y - dy) * (size_t)(at->w - dx), mask + (size_t)y * (size_t)at->w + dx, (size_t)(at->w - dx));
    *at = (VeilRect){ at->x + dx, at->y + dy, at->w - dx, at->h - dy };
    crop->crop_left = (size_t)dx;
    crop->crop_top = (size_t)dy;
    return av_frame_apply_cropping(crop, AV_FRAME_CROP_UNALIGNED);
}

/* The crop as the frame has its samples, and where to put it. */
static int fit(AVFrame **out, VeilRect *at, uint8_t *mask, const AVFrame *picture, const AVFrame *frame)
{
    AVFrame *crop = av_frame_clone(picture), *f;
    int ret;

    *out = crop;
    if (!crop)
        return AVERROR(ENOMEM);
    if ((ret = align(crop, at, mask, frame)) < 0 || crop->format == frame->format)
        return ret;
    if (!(f = av_frame_alloc()))
        return AVERROR(ENOMEM);
    f->format = frame->format;
    f->width = crop->width;
    f->height = crop->height;
    f->color_range = frame->color_range;
    ret = convert(f, crop);
    av_frame_free(&crop);
    *out = f;
    return ret;
}

static int put_back(Restoring *r, const VeilOpenedTrack *t, AVFrame *frame)
{
    const size_t all = (size_t)t->crop.rect.w * (size_t)t->crop.rect.h;
    VeilRect at = t->crop.rect;
    AVFrame *crop = NULL;
    int ret, hidden;

    if (all > r->cap) {
        free(r->mask);
        r->mask = malloc(all);
        r->cap = r->mask ? all : 0;
    }
    if (!r->cap)
        return AVERROR(ENOMEM);
    if ((ret = hidden = veil_putback_find(t->picture, t->lossless, r->mask)) >= 0 &&
        (ret = fit(&crop, &at, r->mask, t->picture, frame)) >= 0 && (ret = av_frame_make_writable(frame)) >= 0 &&
        (ret = veil_putback(frame, crop, at, r->mask)) >= 0) {
        r->result->put_back++;
        r->result->samples += ret;
        r->result->withheld += hidden;
    }
    veil_cropchild_wipe(&crop);
    return ret;
}

static int restore_frame(Restoring *r, AVFrame *frame, int64_t number)
{
    for (int i = 0; i < r->o->n; i++) {
        VeilOpenedTrack *t = &r->o->track[i];
        int ret;

        if (t->vault != r->vault)
            continue;
        if ((r->code = veil_opened_peek(r->o, t)))
            return AVERROR_EXIT;
        if (!t->picture || t->crop.frame != number)
            continue;
        if ((r->code = r->take(r->opaque, t)))
            return AVERROR_EXIT;
        ret = put_back(r, t, frame);
        veil_opened_drop(t);
        if (ret < 0)
            return ret;
    }
    r->result->frames++;
    return veil_output_frame(r->out, frame);
}

/* A crop that waits for a frame which never comes: the vault is of another video. */
static int nothing_is_left(Restoring *r)
{
    for (int i = 0; i < r->o->n; i++) {
        VeilOpenedTrack *t = &r->o->track[i];

        if (t->vault != r->vault)
            continue;
        if ((r->code = veil_opened_peek(r->o, t)))
            return AVERROR_EXIT;
        if (!t->picture)
            continue;
        veil_error("'%s' was read to frame %lld, and a crop of track %u belongs to frame %u; nothing was kept", r->in->path,
                   (long long)r->number, t->track, t->crop.frame);
        r->code = VEIL_EXIT_NO;
        return AVERROR_EXIT;
    }
    return 0;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static int open_output(Restoring *r, const AVFrame *first)
{
    const VeilVaultHeader *h = &veil_vault_info(r->o->granted->vault[r->vault].file)->header;
    const VeilLink link = veil_input_link(r->in, first);
    int ret;

    if ((uint32_t)first->width != h->width || (uint32_t)first->height != h->height) {
        veil_error("'%s' is %dx%d and the sealed pictures are %ux%u: it was turned or scaled when it was written; open "
                   "without --published", r->in->path, first->width, first->height, h->width, h->height);
        return AVERROR(EINVAL);
    }
    if ((ret = veil_output_open(&r->out, &r->s, r->in, &link, first)) >= 0)
        snprintf(r->result->encoder, sizeof(r->result->encoder), "%s", r->out->encoder->codec->name);
    return ret;
}

static void show(const Restoring *r, const AVFrame *frame)
{
    const VeilProgress p = { .frames = r->number,
                             .faces = -1,
                             .total = r->in->video->nb_frames,
                             .seconds = (double)frame->pts * av_q2d(r->in->video->time_base) };

    veil_progress_show(&p);
}

/* The segments that are opened, and what is wanted around them. */
static void set_stretch(Restoring *r, double context)
{
    const VeilGranted *g = r->o->granted;
    int64_t first = INT64_MAX, last = 0;

    for (size_t i = 0; i < g->units; i++)
        if (g->unit[i].vault == r->vault) {
            first = FFMIN(first, (int64_t)g->unit[i].seg);
            last = FFMAX(last, (int64_t)g->unit[i].seg + 1);
        }
    r->from_us = context < 0 ? INT64_MIN : first * VEIL_VAULT_SEGMENT_MS * 1000 - (int64_t)(context * 1e6);
    r->to_us = context < 0 ? INT64_MAX : last * VEIL_VAULT_SEGMENT_MS * 1000 + (int64_t)(context * 1e6);
}

/* Microseconds after the first frame. */
static int64_t time_of(const Restoring *r, int64_t pts, AVRational base)
{
    return pts == AV_NOPTS_VALUE ? 0 : av_rescale_q(pts, base, AV_TIME_BASE_Q) - r->start_us;
}

/* @return 0; AVERROR_EOF where nothing more is wanted; AVERROR */
static int take_frame(Restoring *r, AVFrame *frame)
{
    const int64_t number = r->number++;
    int64_t us;
    int ret;

    if (!number)
        r->start_us = av_rescale_q(frame->pts, r->in->video->time_base, AV_TIME_BASE_Q);
    us = time_of(r, frame->pts, r->in->video->time_base);
    show(r, frame);
    if (us < r->from_us || us >= r->to_us)
        return us < r->from_us ? 0 : AVERROR_EOF;
    if (!r->out) {
        if ((ret = open_output(r, frame)) < 0)
            return ret;
        r->result->first = number;
    }
    return restore_frame(r, frame, number);
}

static int take_sound(Restoring *r, AVPacket *p)
{
    const int64_t us = time_of(r, p->pts, r->in->format->streams[p->stream_index]->time_base);

    return us < r->from_us || us >= r->to_us ? 0 : veil_output_packet(r->out, p);
}

#define EARLY 256 ///< packets of sound before the first picture that is written

static int restore_all(Restoring *r)
{
    AVPacket *early[EARLY];
    int n = 0, ret;
    VeilItem item;

    while ((ret = veil_input_next(r->in, &item)) >= 0) {
        if (item.frame) {
            ret = take_frame(r, item.frame);
        } else if (r->out) {
            ret = take_sound(r, item.packet);
        } else {
            if (n == EARLY) { /* the oldest is the farthest away */
                av_packet_free(&early[0]);
                memmove(early, early + 1, (size_t)--n * sizeof(*early));
            }
            early[n++] = item.packet;
            item.packet = NULL;
        }
        veil_item_free(&item);
        for (int i = 0; i < n && r->out && ret >= 0; i++) {
            ret = take_sound(r, early[i]);
            av_packet_free(&early[i]);
            if (i == n - 1)
                n = 0;
        }
        if (ret < 0)
            break;
    }
    for (int i = 0; i < n; i++)
        av_packet_free(&early[i]);
    if (ret != AVERROR_EOF || !r->out)
        return ret == AVERROR_EOF ? AVERROR_INVALIDDATA : ret;
    if ((ret = nothing_is_left(r)) >= 0 && (ret = veil_output_frame(r->out, NULL)) >= 0 &&
        (ret = veil_output_finish(r->out)) >= 0)
        ret = veil_partfile_commit(&r->out->file);
    return ret;
}

/* FFV1 in Matroska; but Matroska cannot say "turn me", and MOV cannot hold FFV1: there, H.264 without loss. */
static int make_settings(VeilSettings *s, const char *to, bool lossy)
{
    const bool mov = !strcmp(to + strlen(to) - 3, "mov");
    const char *opts = lossy ? NULL : mov ? "qp=0" : "level=3:slicecrc=1:slices=4:g=1";

    if (veil_settings_init(s) < 0)
        return AVERROR(ENOMEM);
    free(s->preset);
    s->output = strdup(to);
    s->encoder = strdup(lossy || mov ? "libx264" : "ffv1");
    s->preset = strdup(lossy || mov ? "fast" : "none");
    s->crf = lossy ? 12 : -1;
    s->enc_opts = opts ? strdup(opts) : NULL;
    return s->output && s->encoder && s->preset && (!opts || s->enc_opts) ? 0 : AVERROR(ENOMEM);
}

const char *veil_restore_ending(const char *published)
{
    VeilInput *in = NULL;
    const bool turned = veil_input_open(&in, published, 1, &veil_cancelled) >= 0 && in->rotation;

    veil_input_close(in);
    return turned ? "mov" : "mkv";
}

int veil_restore(VeilOpened *o, int vault, const char *published, const char *to, VeilRestoreHow how,
                 VeilRestoreTake take, void *opaque, VeilRestored *result)
{
    const int errors = veil_msg_errors();
    Restoring r = { .o = o, .vault = vault, .take = take, .opaque = opaque, .result = result };
    int ret = make_settings(&r.s, to, how.lossy);

    *result = (VeilRestored){ .lossless = !how.lossy };
    set_stretch(&r, how.context);
    if (ret >= 0 && (ret = veil_input_open(&r.in, published, 0, &veil_cancelled)) >= 0) {
        r.in->stop_on_error = true; /* it is whole, or it is not the sealed one */
        veil_progress_begin();
        ret = restore_all(&r);
        veil_progress_end();
    }
    if (ret < 0 && atomic_load(&veil_cancelled) && veil_msg_errors() == errors)
        veil_error("stopped by a signal; nothing was kept");
    else if (ret < 0 && veil_msg_errors() == errors)
        veil_error("cannot put faces back into '%s': %s; nothing was kept", published, av_err2str(ret));
    veil_output_close(r.out);
    veil_input_close(r.in);
    veil_opts_free(&r.s, veil_settings_rows);
    free(r.mask);
    return ret >= 0 ? 0 : r.code ? r.code : VEIL_EXIT_ERROR;
}
