/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Hold frames back for a while, follow the faces through them, and give each
 * frame the boxes of all faces that must be in it: seen, missed between two
 * sightings, or just before the first and after the last one.
 */
#include <stdlib.h>
#include <string.h>
#include <libavutil/common.h>
#include <libavutil/imgutils.h>

#include "boxes.h"
#include "filter.h"
#include "follow.h"
#include "motion.h"
#include "tracks.h"

/* More frames than this between two searched ones, and a face could pass
 * unseen: then the frames count as not searched. */
#define MAX_UNSEARCHED 25

/** A frame that is held back, and where the camera pointed. */
typedef struct Held {
    AVFrame *frame;
    bool panned; ///< as in VeilCamera
    float x, y;
} Held;

typedef struct TrackContext {
    const AVClass *class; ///< must be first
    int64_t lookahead, patience, extend; ///< microseconds
    double high, evidence, growth, slack;
    int memory; ///< MiB of frames held back at most
    VeilTracks *tracks;
    Held *held; ///< ring of `window + 1` frames
    int window, n_held, first;
    int64_t in, out, last_searched; ///< frame numbers
    bool draining;
    int64_t filled, extended;
    VeilCamera *camera; ///< at the newest frame; tracks are kept where they would be had it not moved
} TrackContext;

static int frames_of(const VeilFilterContext *ctx, int64_t us)
{
    AVRational rate = ctx->in.frame_rate;

    if (rate.num <= 0 || rate.den <= 0 || av_q2d(rate) > 240)
        rate = (AVRational){ 25, 1 };
    return (int)FFMAX(av_rescale_q(us, rate, (AVRational){ 1000000, 1 }), 1);
}

static int frames_in_memory(const VeilFilterContext *ctx)
{
    const TrackContext *s = ctx->priv;
    const int64_t size = av_image_get_buffer_size(ctx->in.format, ctx->in.w, ctx->in.h, 64);

    return (int)FFMAX((int64_t)s->memory * 1024 * 1024 / FFMAX(size, 1), 2);
}

static Held *held(const TrackContext *s, int64_t at)
{
    return at < s->out || at >= s->in ? NULL : &s->held[(s->first + (int)(at - s->out)) % (s->window + 1)];
}

/* By its own motion, or with the camera; and where a fast pan smears the face, by the camera alone. */
static float follow(void *opaque, int64_t from, const VeilFace *box, int64_t to, const VeilFace *guess, VeilFace *out)
{
    const Held *a = held(opaque, from), *b = held(opaque, to);
    VeilFace there = *box, then = *guess;
    float likeness;

    if (!a || !b || a->frame->width != b->frame->width || a->frame->height != b->frame->height ||
        a->frame->format != b->frame->format || !veil_follow_can(a->frame->format))
        return -1;
    veil_face_move(&there, a->x, a->y);
    veil_face_move(&then, b->x, b->y);
    likeness = veil_follow(a->frame, &there, b->frame, &then, out);
    if (likeness < VEIL_FOLLOW_SURE && (to > from ? b : a)->panned && abs((int)(to - from)) == 1) {
        then = there;
        veil_face_move(&then, b->x - a->x, b->y - a->y);
        if ((likeness = veil_follow(a->frame, &there, b->frame, &then, out)) < VEIL_FOLLOW_SURE) {
            *out = then;
            likeness = VEIL_FOLLOW_SURE;
        }
    }
    veil_face_move(out, -b->x, -b->y);
    return likeness;
}

static int track_init(VeilFilterContext *ctx)
{
    TrackContext *s = ctx->priv;
    VeilTracksConfig config = { .high = (float)s->high,
                                .evidence = (float)s->evidence,
                                .w = (float)ctx->in.w,
                                .h = (float)ctx->in.h,
                                .slack = (float)(s->slack * FFMAX(ctx->in.w, ctx->in.h)),
                                .growth = (float)s->growth,
                                .follow = follow,
                                .opaque = s };

    s->window = FFMIN(frames_of(ctx, s->lookahead), frames_in_memory(ctx));
    if (s->window < frames_of(ctx, s->lookahead))
        av_log(ctx, AV_LOG_VERBOSE, "look-ahead is %d frames, not %d: more would need over %d MiB\n", s->window,
               frames_of(ctx, s->lookahead), s->memory);
    config.window = s->window;
    config.patience = FFMIN(frames_of(ctx, s->patience), s->window);
    config.extend = FFMIN(frames_of(ctx, s->extend), s->window);
    s->last_searched = -1;
    if (!(s->held = calloc((size_t)s->window + 1, sizeof(*s->held))) || !(s->camera = calloc(1, sizeof(*s->camera))))
        return AVERROR(ENOMEM);
    return veil_tracks_new(&s->tracks, &config);
}

static int take_in(VeilFilterContext *ctx, const AVFrame *frame, int64_t at)
{
    TrackContext *s = ctx->priv;
    VeilBox boxes[VEIL_MAX_FACES];
    const bool cut = veil_frame_is_cut(frame);
    const int n = veil_boxes_get(frame, boxes, VEIL_MAX_FACES);

    if (cut)
        veil_tracks_cut(s->tracks, at);
    if (n >= 0) {
        s->last_searched = at;
        for (int i = 0; i < n; i++)
            veil_face_move(&boxes[i].face, -s->camera->x, -s->camera->y);
        return veil_tracks_update(s->tracks, at, -s->camera->x, -s->camera->y, boxes, n);
    }
    if (n == AVERROR(ENOENT) && !cut && s->last_searched >= 0 && at - s->last_searched <= MAX_UNSEARCHED)
        return 0;
    av_log(ctx, AV_LOG_ERROR, "frames come without having been searched for faces; put 'detect' before 'track', with "
                              "no foreign filter between them\n");
    return n == AVERROR(ENOENT) ? AVERROR(EINVAL) : n;
}

static int track_filter_frame(VeilFilterContext *ctx, AVFrame **frame)
{
    TrackContext *s = ctx->priv;
    const Held *before = held(s, s->in - 1);
    AVFrame *taken;

    if (!*frame) {
        s->draining = true;
        return 0;
    }
    taken = *frame;
    *frame = NULL;
    veil_camera_see(s->camera, before ? before->frame : NULL, taken, veil_frame_is_cut(taken));
    s->held[(s->first + s->n_held++) % (s->window + 1)] = (Held){
        .frame = taken, .panned = s->camera->panned, .x = s->camera->x, .y = s->camera->y
    };
    return take_in(ctx, taken, s->in++);
}

static int give_boxes(VeilFilterContext *ctx, AVFrame *frame, const Held *from)
{
    TrackContext *s = ctx->priv;
    VeilBox boxes[VEIL_MAX_FACES];
    const int n = veil_tracks_at(s->tracks, s->out, boxes, VEIL_MAX_FACES);

    if (n < 0) {
        av_log(ctx, AV_LOG_ERROR, "frame %" PRId64 " has more than %d faces; raise 'high', or 'min_face' of detect\n", s->out, VEIL_MAX_FACES);
        return n;
    }
    for (int i = 0; i < n; i++) {
        veil_face_move(&boxes[i].face, from->x, from->y);
        s->filled += boxes[i].origin == VEIL_ORIGIN_FILLED;
        s->extended += boxes[i].origin == VEIL_ORIGIN_EXTENDED;
    }
    return veil_boxes_set(frame, boxes, n, "track");
}

static int track_next_frame(VeilFilterContext *ctx, AVFrame **frame)
{
    TrackContext *s = ctx->priv;
    Held from;
    int ret;

    if (!s->n_held || (!s->draining && s->n_held <= s->window))
        return 0;
    from = s->held[s->first];
    *frame = from.frame;
    s->held[s->first].frame = NULL;
    s->first = (s->first + 1) % (s->window + 1);
    s->n_held--;
    ret = give_boxes(ctx, *frame, &from);
    s->out++;
    return ret;
}

static int track_describe(const VeilFilterContext *ctx, AVDictionary **facts)
{
    const TrackContext *s = ctx->priv;

    av_dict_set_int(facts, "tracks", veil_tracks_total(s->tracks), 0);
    av_dict_set_int(facts, "window_frames", s->window, 0);
    av_dict_set_int(facts, "boxes_filled", s->filled, 0);
    return av_dict_set_int(facts, "boxes_extended", s->extended, 0);
}

static void track_uninit(VeilFilterContext *ctx)
{
    TrackContext *s = ctx->priv;

    for (int i = 0; s->held && i <= s->window; i++)
        av_frame_free(&s->held[i].frame);
    free(s->held);
    free(s->camera);
    veil_tracks_free(s->tracks);
}

#define OFFSET(x) offsetof(TrackContext, x)
static const AVOption track_options[] = {
    { "lookahead", "set how long frames are held back", OFFSET(lookahead), AV_OPT_TYPE_DURATION, { .i64 = 2000000 }, 0, 60000000, VEIL_OPT_FLAGS },
    { "patience", "set how long a face is awaited that was not seen", OFFSET(patience), AV_OPT_TYPE_DURATION, { .i64 = 1200000 }, 0, 60000000, VEIL_OPT_FLAGS },
    { "extend", "set how long a face is covered before the first and after the last place where it was seen or followed", OFFSET(extend), AV_OPT_TYPE_DURATION, { .i64 = 160000 }, 0, 60000000, VEIL_OPT_FLAGS },
    { "high", "set the lowest score that begins a track at once; large boxes need more", OFFSET(high), AV_OPT_TYPE_DOUBLE, { .dbl = 0.5 }, 0.01, 0.99, VEIL_OPT_FLAGS },
    { "evidence", "set the sum of scores above chance at which boxes below 'high' begin one", OFFSET(evidence), AV_OPT_TYPE_DOUBLE, { .dbl = 0.15 }, 0, 100, VEIL_OPT_FLAGS },
    { "growth", "set how much a box grows a frame away from a sighting, as a share of its size", OFFSET(growth), AV_OPT_TYPE_DOUBLE, { .dbl = 0.005 }, 0, 1, VEIL_OPT_FLAGS },
    { "slack", "set how far a box may be off, added on each side, as a share of the picture's longer side", OFFSET(slack), AV_OPT_TYPE_DOUBLE, { .dbl = 0.0014 }, 0, 1, VEIL_OPT_FLAGS },
    { "memory", "set MiB of frames held back at most", OFFSET(memory), AV_OPT_TYPE_INT, { .i64 = 128 }, 16, 65536, VEIL_OPT_FLAGS },
    { NULL }
};
VEIL_DEFINE_CLASS(track);

const VeilFilter veil_vf_track = {
    .name = "track",
    .description = "Follow faces, fill the gaps and extend the ends.",
    .priv_class = &track_class,
    .priv_size = sizeof(TrackContext),
    .init = track_init,
    .filter_frame = track_filter_frame,
    .next_frame = track_next_frame,
    .describe = track_describe,
    .uninit = track_uninit,
};
