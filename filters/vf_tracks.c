/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Give each frame the boxes that a tracks file has for it, in place of
 * searching. A frame that the file does not know, or knows at another time,
 * ends the run: then the boxes are of another video.
 */
#include "boxes.h"
#include "filter.h"

typedef struct TracksContext {
    const AVClass *class; ///< must be first
    int64_t frames, boxes;
    int64_t by_action[VEIL_ACTION_NB];
} TracksContext;

static int tracks_init(VeilFilterContext *ctx)
{
    const VeilTracksLent *lent = ctx->env->tracks;

    if (!lent) {
        av_log(ctx, AV_LOG_ERROR, "filter 'tracks' has no tracks file; give --tracks FILE, which 'veil scan' writes\n");
        return AVERROR(EINVAL);
    }
    return lent->open(lent->opaque, &ctx->in, ctx);
}

static int tracks_filter_frame(VeilFilterContext *ctx, AVFrame **frame)
{
    const VeilTracksLent *lent = ctx->env->tracks;
    TracksContext *s = ctx->priv;
    VeilBox boxes[VEIL_MAX_FACES];
    int n;

    if (!*frame)
        return lent->end(lent->opaque, s->frames, ctx);
    if ((n = lent->at(lent->opaque, s->frames, (*frame)->pts, boxes, VEIL_MAX_FACES, ctx)) < 0)
        return n;
    for (int i = 0; i < n; i++)
        s->by_action[boxes[i].action]++;
    s->boxes += n;
    s->frames++;
    return veil_boxes_set(*frame, boxes, n, "tracks");
}

static int tracks_describe(const VeilFilterContext *ctx, AVDictionary **facts)
{
    const TracksContext *s = ctx->priv;

    av_dict_set_int(facts, "boxes", s->boxes, 0);
    av_dict_set_int(facts, "boxes_keep", s->by_action[VEIL_ACTION_KEEP], 0);
    return av_dict_set_int(facts, "boxes_seal", s->by_action[VEIL_ACTION_SEAL], 0);
}

static const AVOption tracks_options[] = { { NULL } };
VEIL_DEFINE_CLASS(tracks);

const VeilFilter veil_vf_tracks = {
    .name = "tracks",
    .description = "Take the faces from a tracks file.",
    .priv_class = &tracks_class,
    .priv_size = sizeof(TracksContext),
    .flags = VEIL_FILTER_FINDS | VEIL_FILTER_RECALLS,
    .init = tracks_init,
    .filter_frame = tracks_filter_frame,
    .describe = tracks_describe,
};
