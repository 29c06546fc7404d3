/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "walk.h"

#include "msg.h"
#include "progress.h"

static int64_t expected_frames(const VeilInput *in, AVRational rate)
{
    if (in->video->nb_frames > 0)
        return in->video->nb_frames;
    return in->format->duration > 0 && rate.num > 0
               ? av_rescale_q(in->format->duration, AV_TIME_BASE_Q, av_inv_q(rate))
               : 0;
}

/* @return 0 with a frame, AVERROR_EOF, AVERROR */
static int next_frame(VeilInput *in, AVFrame **frame)
{
    VeilItem item;
    int ret;

    while ((ret = veil_input_next(in, &item)) >= 0 && !item.frame)
        veil_item_free(&item);
    *frame = ret < 0 ? NULL : item.frame;
    return ret;
}

int veil_walk_open(VeilWalk *w, VeilInput *in, const char *chain, const enum AVPixelFormat *out_fmts,
                   const VeilFilterEnv *env, VeilChainSink sink, void *opaque)
{
    const int errors = veil_msg_errors();
    int ret;

    *w = (VeilWalk){ .in = in };
    in->keep_audio = false;
    if ((ret = next_frame(in, &w->first)) < 0) {
        if (ret == AVERROR_EOF)
            veil_error("no frame of '%s' could be decoded; the file may be cut short or damaged", in->path);
        return ret == AVERROR_EOF ? AVERROR_INVALIDDATA : ret;
    }
    w->link = veil_input_link(in, w->first);
    w->total = expected_frames(in, w->link.frame_rate);
    ret = veil_chain_open(&w->chain, chain, &w->link, out_fmts, env, sink, opaque);
    if (ret < 0 && veil_msg_errors() == errors)
        veil_error("cannot open the chain '%s': %s; 'veil doctor' says what works here", chain, av_err2str(ret));
    return ret;
}

int veil_walk_step(VeilWalk *w)
{
    const int errors = veil_msg_errors();
    AVFrame *frame = w->first;
    int ret = 0;

    w->first = NULL;
    if (!frame)
        ret = next_frame(w->in, &frame);
    if (ret < 0 && ret != AVERROR_EOF)
        return ret;
    w->frames += !!frame;
    ret = veil_chain_push(w->chain, frame);
    if (ret < 0 && ret != AVERROR_EXIT && veil_msg_errors() == errors)
        veil_error("cannot go through '%s': %s; nothing was kept", w->in->path, av_err2str(ret));
    return ret < 0 ? ret : !!frame;
}

int veil_walk_run(VeilWalk *w, const int *faces)
{
    int ret;

    veil_progress_begin();
    while ((ret = veil_walk_step(w)) > 0) {
        const VeilProgress progress = { .frames = w->frames,
                                        .total = w->total,
                                        .seconds = (double)w->in->last_pts * av_q2d(w->in->video->time_base),
                                        .faces = faces ? *faces : 0 };

        veil_progress_show(&progress);
    }
    veil_progress_end();
    return ret;
}

void veil_walk_close(VeilWalk *w)
{
    av_frame_free(&w->first);
    veil_chain_close(w->chain);
    w->chain = NULL;
}
