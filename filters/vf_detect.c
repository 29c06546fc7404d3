/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Search frames for faces with one of the detectors, and give each frame that
 * was searched its box list. With every=N the frames between are left without
 * a list, for `track` to fill in between two searched ones. The first and the
 * last frame of each scene are always searched, so that no frame lies outside
 * two searched ones; to know the last, the filter keeps one frame back.
 *
 * A face that is missed at one size of the picture is often found at another,
 * so the searches take turns at three sizes, together as dear as three of the
 * middle one and a quarter more. With turn=N each Nth search is followed by
 * one of the picture turned, by 90, 180 and 270 degrees in rotation: for people
 * who lie, and for recordings held sideways that say nothing of it.
 *
 * What stands still since the last search at a size is not searched at that
 * size again, but for each Nth time (rois=N): what it held is known.
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <libavutil/avstring.h>
#include <libavutil/common.h>
#include <libavutil/macros.h>

#include "boxes.h"
#include "detector.h"
#include "filter.h"
#include "parts.h"
#include "scene.h"

/* Sizes that are taken in turn, as shares of `size`. */
static const float scales[] = { 1, 1.5f, 0.75f };
#define MAX_SIZE 8192
#define LEAST    (16 / 1920.) ///< height of the faces that a detector's own size is meant for, over the frame's longer side
#define ENLARGE  1.5          ///< more than that shows the network no more, and parts of large faces as faces
#define TURNS    3
#define HUGE_FACE 256  ///< pixels high in the picture searched: many cells of a network see it, each a little off,
#define TOUCH    0.2f ///< so that of those that overlap by more than this the best is the face
#define SAME     0.5f ///< overlap of two finds of one face
#define SCALES (int)FF_ARRAY_ELEMS(scales)

typedef struct DetectContext {
    const AVClass *class; ///< must be first
    char *backend;
    char *model;
    int size, min_face; ///< -1 and 0: not given
    double threshold;
    int every, vary, light, scene_start;
    int threads, turn_every, precision, rois;
    const VeilDetectorBackend *found;
    int searched_size; ///< longer side of the picture searched
    void *detector[SCALES]; ///< one for each size; only the first without `vary`
    void *turned[TURNS];    ///< by 90, 180, 270 degrees; only with `turn`
    void *part[SCALES];     ///< for parts of the picture, at the same scales; only with `rois`
    VeilParts known[SCALES];
    char digest[65];
    char source[64]; ///< who made the list, for its header
    VeilScene scene;
    AVFrame *held;     ///< the newest frame, until it is known whether its scene goes on
    AVFrame *ready;    ///< the one before it, to be given on
    int since_searched; ///< frames from the last searched one to `held`
    int age;            ///< frames of this scene up to `held`
    int turn;           ///< whose size is next
    int64_t turns;      ///< searches of the turned picture
    int64_t frames, searched, in_part, faces;
    double area; ///< searched, in whole pictures
} DetectContext;

/* @return NULL, always */
static const VeilDetectorBackend *complain(VeilFilterContext *ctx, const char *model, int ret)
{
    if (ret == AVERROR_INVALIDDATA)
        av_log(ctx, AV_LOG_ERROR, "the file of model '%s' was altered: its SHA-256 is not the one in models.cfg; "
                                  "remove it and run 'veil models fetch %s'\n", model, model);
    else
        av_log(ctx, AV_LOG_ERROR, "no file of model '%s' was found; run 'veil models fetch %s', or name its folder in "
                                  "VEIL_MODELS\n", model, model);
    return NULL;
}

/* The first detector that can work here, but never the cascades: they miss
 * too much to be used unasked. */
static const VeilDetectorBackend *pick(VeilFilterContext *ctx, char *path, size_t cap)
{
    DetectContext *s = ctx->priv;
    int ret;

    for (int i = 0; veil_detectors[i]; i++) {
        const VeilDetectorBackend *b = veil_detectors[i];

        if (b->last_resort)
            continue;
        if (!b->model)
            return b;
        ret = ctx->env->find_model(ctx->env->opaque, b->model, path, cap, s->digest);
        if (ret >= 0)
            return b;
        if (ret == AVERROR_INVALIDDATA) /* never pass over a file that someone changed */
            return complain(ctx, b->model, ret);
    }
    av_log(ctx, AV_LOG_ERROR, "no face detector can work here: no model file was found; 'veil models list' shows what "
                              "is looked for and where, or ask for backend=cascade\n");
    return NULL;
}

static const VeilDetectorBackend *named(VeilFilterContext *ctx, char *path, size_t cap)
{
    DetectContext *s = ctx->priv;
    const VeilDetectorBackend *b = veil_detector_find(s->backend);
    int ret;

    if (!b) {
        av_log(ctx, AV_LOG_ERROR, "unknown backend '%s'; 'veil doctor' lists the detectors\n", s->backend);
        return NULL;
    }
    if (!b->model || s->model)
        return b;
    ret = ctx->env->find_model(ctx->env->opaque, b->model, path, cap, s->digest);
    return ret < 0 ? complain(ctx, b->model, ret) : b;
}

/* Longer side of the picture searched; 0 for the frame's own. */
static int choose_size(VeilFilterContext *ctx)
{
    const DetectContext *s = ctx->priv;

    if (s->min_face && s->size >= 0) {
        av_log(ctx, AV_LOG_ERROR, "'size' follows from 'min_face'; give one of them\n");
        return AVERROR(EINVAL);
    }
    if (!s->min_face)
        return s->size >= 0 ? s->size : FFMIN(s->found->size, (int)lrint(FFMAX(ctx->in.w, ctx->in.h) * ENLARGE));
    return av_clip((int)lrint(FFMAX(ctx->in.w, ctx->in.h) * LEAST * s->found->size / s->min_face), 64, MAX_SIZE);
}

/* Sides of a picture of `size` over those of the frame with its pixels made square. */
static float scale_of(const VeilFilterContext *ctx, int size)
{
    const double sar = ctx->in.sar.num > 0 && ctx->in.sar.den > 0 ? av_q2d(ctx->in.sar) : 1;

    return (float)(size / FFMAX(ctx->in.w * sar, ctx->in.h));
}

static int open_detectors(VeilFilterContext *ctx, const VeilDetectorConfig *config)
{
    DetectContext *s = ctx->priv;
    int ret = 0;

    for (int i = 0; i < (s->turn_every ? TURNS : 0) && ret >= 0; i++) {
        VeilDetectorConfig c = *config;

        c.rotation = (config->rotation + 90 * (i + 1)) % 360;
        ret = s->found->open(&s->turned[i], &c, ctx);
    }

    for (int i = 0; i < (s->vary ? SCALES : 1) && ret >= 0; i++) {
        VeilDetectorConfig c = *config;

        if (i)
            c.size = FFMIN((int)lrintf((float)s->searched_size * scales[i]), MAX_SIZE);
        ret = s->found->open(&s->detector[i], &c, ctx);
        c.size = 0;
        c.scale = scale_of(ctx, s->searched_size) * scales[i];
        if (ret >= 0 && s->rois > 1)
            ret = s->found->open(&s->part[i], &c, ctx);
    }
    return ret;
}

static int detect_init(VeilFilterContext *ctx)
{
    DetectContext *s = ctx->priv;
    char path[PATH_MAX] = "";
    VeilDetectorConfig config = { .rotation = ctx->in.rotation };

    config.threads = s->threads;
    config.dim = !s->light;
    config.precision = s->precision;
    s->found = strcmp(s->backend, "auto") ? named(ctx, path, sizeof(path)) : pick(ctx, path, sizeof(path));
    if (!s->found)
        return AVERROR(ENOENT);
    if (s->model)
        s->digest[0] = 0; /* that is of the file which would have been taken */
    if ((config.size = choose_size(ctx)) < 0)
        return config.size;
    s->searched_size = config.size ? config.size : FFMAX(ctx->in.w, ctx->in.h);
    if (s->precision == VEIL_PRECISION_INT8 && !s->found->precision) {
        av_log(ctx, AV_LOG_ERROR, "detector '%s' counts in floats only; leave 'precision' at 'auto'\n", s->found->name);
        return AVERROR(EINVAL);
    }
    config.threshold = veil_score_from_common(s->found, s->threshold > 0 ? (float)s->threshold : s->found->least);
    config.model = s->model ? s->model : path[0] ? path : NULL;
    if (s->found->last_resort)
        av_log(ctx, AV_LOG_WARNING, "detector '%s' is the last resort: it misses about every third face that the "
                                    "networks find; check the result by eye\n", s->found->name);
    av_log(ctx, AV_LOG_INFO, "faces are found by detector '%s'%s\n", s->found->name,
           strcmp(s->backend, "auto") || s->found == veil_detectors[0]
               ? ""
               : "; 'veil models fetch yunet-n' gets one that finds more");
    snprintf(s->source, sizeof(s->source), "detect %s", s->found->name);
    return open_detectors(ctx, &config);
}

/* The picture as it is, and now and then turned. @return number of faces, or as find() */
static int find(VeilFilterContext *ctx, const AVFrame *frame, VeilFace faces[2 * VEIL_MAX_FACES])
{
    DetectContext *s = ctx->priv;
    const int upright = s->found->find(s->detector[s->turn], frame, faces, VEIL_MAX_FACES, ctx);
    int lying;

    if (upright < 0 || !s->turn_every || s->searched % s->turn_every)
        return upright;
    lying = s->found->find(s->turned[s->turns++ % TURNS], frame, faces + upright, VEIL_MAX_FACES, ctx);
    return lying < 0 ? lying : veil_faces_suppress(faces, upright + lying, SAME, VEIL_MAX_FACES);
}

/* What the parts hold. @return number of faces, or as find() */
static int find_in(VeilFilterContext *ctx, const AVFrame *frame, const VeilRect *part, int parts, VeilFace *faces)
{
    DetectContext *s = ctx->priv;
    int n = 0, ret = 0;

    for (int i = 0; i < parts && ret >= 0; i++, n += ret)
        ret = veil_detector_find_in(s->found, s->part[s->turn], frame, part[i].x, part[i].y, part[i].w, part[i].h,
                                    faces + n, VEIL_MAX_FACES - n, ctx);
    return ret < 0 ? ret : n;
}

/* All faces of the frame, on the common scale, of which some may be known. @return number of faces, or as find() */
static int look(VeilFilterContext *ctx, const AVFrame *frame, VeilFace faces[2 * VEIL_MAX_FACES])
{
    DetectContext *s = ctx->priv;
    const bool turned = s->turn_every && s->searched % s->turn_every == 0; /* which is of the whole picture */
    VeilRect part[VEIL_MAX_PARTS] = { { 0, 0, frame->width, frame->height } };
    const int parts = s->rois > 1 ? veil_parts_choose(&s->known[s->turn], frame, turned ? 1 : s->rois, part) : 1;
    const bool whole = parts == 1 && part->w == frame->width && part->h == frame->height;
    int n;

    if (parts < 0)
        return parts;
    n = whole ? find(ctx, frame, faces) : find_in(ctx, frame, part, parts, faces);
    n = n < 0 ? n : veil_faces_suppress_huge(faces, n, HUGE_FACE / (scale_of(ctx, s->searched_size) * scales[s->turn]), TOUCH);
    for (int i = 0; i < n; i++)
        faces[i].score = veil_score_to_common(s->found, faces[i].score);
    s->in_part += !whole;
    for (int i = 0; i < parts; i++)
        s->area += (double)part[i].w * part[i].h / ((double)frame->width * frame->height);
    return n < 0 || s->rois < 2 ? n : veil_parts_found(&s->known[s->turn], frame, part, parts, faces, n);
}

static int search(VeilFilterContext *ctx, AVFrame *frame)
{
    DetectContext *s = ctx->priv;
    VeilFace faces[2 * VEIL_MAX_FACES];
    VeilBox boxes[VEIL_MAX_FACES];
    const int n = look(ctx, frame, faces);

    if (n < 0) {
        av_log(ctx, AV_LOG_ERROR, "detector '%s' failed on frame %" PRId64 ": %s; nothing was written\n",
               s->found->name, s->frames, av_err2str(n));
        return n;
    }
    if (n == VEIL_MAX_FACES) { /* there may be more, and they would stay bare */
        av_log(ctx, AV_LOG_ERROR, "frame %" PRId64 " has %d faces or more; raise 'threshold'\n", s->frames, n);
        return AVERROR(ENOSPC);
    }
    for (int i = 0; i < n; i++)
        boxes[i] = (VeilBox){ .face = faces[i], .origin = VEIL_ORIGIN_DETECTED };
    s->searched++;
    s->since_searched = 0;
    s->turn = s->vary ? (s->turn + 1) % SCALES : 0;
    s->faces += n;
    return veil_boxes_set(frame, boxes, n, s->source);
}

static int detect_filter_frame(VeilFilterContext *ctx, AVFrame **frame)
{
    DetectContext *s = ctx->priv;
    const bool cut = *frame && veil_scene_is_new(&s->scene, *frame);
    int ret;

    if (s->held && s->since_searched && (cut || !*frame) && (ret = search(ctx, s->held)) < 0)
        return ret;
    s->ready = s->held;
    s->held = *frame;
    *frame = NULL;
    if (!s->held)
        return 0;
    if (cut && (ret = veil_frame_mark_cut(s->held)) < 0)
        return ret;
    s->frames++;
    s->since_searched++;
    s->age = cut ? 1 : FFMIN(s->age + 1, INT_MAX - 1);
    for (int i = 0; i < SCALES && cut; i++)
        veil_parts_forget(&s->known[i]);
    if (cut)
        s->turn = 0;
    return s->age <= s->scene_start || s->since_searched >= s->every ? search(ctx, s->held) : 0;
}

static int detect_next_frame(VeilFilterContext *ctx, AVFrame **frame)
{
    DetectContext *s = ctx->priv;

    *frame = s->ready;
    s->ready = NULL;
    return 0;
}

static int detect_describe(const VeilFilterContext *ctx, AVDictionary **facts)
{
    const DetectContext *s = ctx->priv;

    av_dict_set(facts, "detector", s->found ? s->found->name : "none", 0);
    av_dict_set(facts, "precision", s->found && s->found->precision ? s->found->precision(s->detector[0]) : NULL, 0);
    av_dict_set(facts, "detector_warning", s->found && s->found->last_resort ? "last resort: low recall" : NULL, 0);
    av_dict_set(facts, "model_sha256", s->digest[0] ? s->digest : NULL, 0);
    av_dict_set_int(facts, "size", s->searched_size, 0);
    av_dict_set_int(facts, "frames_seen", s->frames, 0);
    av_dict_set_int(facts, "frames_searched", s->searched, 0);
    av_dict_set_int(facts, "searched_in_part", s->in_part, 0);
    av_dict_set_int(facts, "searched_percent", s->searched ? lrint(100 * s->area / (double)s->searched) : 0, 0);
    return av_dict_set_int(facts, "faces_found", s->faces, 0);
}

static void detect_uninit(VeilFilterContext *ctx)
{
    DetectContext *s = ctx->priv;

    for (int i = 0; s->found && i < SCALES; i++) {
        s->found->close(s->detector[i]);
        s->found->close(s->part[i]);
        veil_parts_free(&s->known[i]);
    }
    for (int i = 0; s->found && i < TURNS; i++)
        s->found->close(s->turned[i]);
    av_frame_free(&s->held);
    av_frame_free(&s->ready);
}

#define OFFSET(x) offsetof(DetectContext, x)
static const AVOption detect_options[] = {
    { "backend", "set the detector, or 'auto' for the best one here", OFFSET(backend), AV_OPT_TYPE_STRING, { .str = "auto" }, 0, 0, VEIL_OPT_FLAGS },
    { "model", "set the file of its weights; not checked against a SHA-256", OFFSET(model), AV_OPT_TYPE_STRING, { .str = NULL }, 0, 0, VEIL_OPT_FLAGS },
    { "size", "set the longer side of the picture searched, 0 for the frame's own, -1 for the detector's own or what min_face asks", OFFSET(size), AV_OPT_TYPE_INT, { .i64 = -1 }, -1, MAX_SIZE, VEIL_OPT_FLAGS },
    { "min_face", "set the smallest face to look for, in pixels of the frame, in place of 'size'", OFFSET(min_face), AV_OPT_TYPE_INT, { .i64 = 0 }, 0, 1024, VEIL_OPT_FLAGS },
    { "turn", "follow each Nth search by one of the picture turned; 0 for none", OFFSET(turn_every), AV_OPT_TYPE_INT, { .i64 = 0 }, 0, 1000, VEIL_OPT_FLAGS },
    { "threshold", "set the lowest score that counts, on the common scale; 0 for the detector's own", OFFSET(threshold), AV_OPT_TYPE_DOUBLE, { .dbl = 0 }, 0, 0.99, VEIL_OPT_FLAGS },
    { "every", "search each Nth frame, and each new scene", OFFSET(every), AV_OPT_TYPE_INT, { .i64 = 1 }, 1, 25, VEIL_OPT_FLAGS },
    { "vary", "search at three sizes in turn: once, one and a half times and three quarters of it", OFFSET(vary), AV_OPT_TYPE_BOOL, { .i64 = 1 }, 0, 1, VEIL_OPT_FLAGS },
    { "rois", "search the whole picture each Nth time at each size, and in between only where it changed; 1 for always", OFFSET(rois), AV_OPT_TYPE_INT, { .i64 = 8 }, 1, 1000, VEIL_OPT_FLAGS },
    { "light", "raise the light of dark pictures before the search", OFFSET(light), AV_OPT_TYPE_BOOL, { .i64 = 1 }, 0, 1, VEIL_OPT_FLAGS },
    { "scene_start", "set frames at the start of each scene that are all searched", OFFSET(scene_start), AV_OPT_TYPE_INT, { .i64 = 10 }, 1, 250, VEIL_OPT_FLAGS },
    { "precision", "set what the network counts in; int8 is faster and finds as much", OFFSET(precision), AV_OPT_TYPE_INT, { .i64 = VEIL_PRECISION_AUTO }, 0, VEIL_PRECISION_AUTO, VEIL_OPT_FLAGS, "precision" },
    { "auto", "int8 where the processor has AVX-512 VNNI", 0, AV_OPT_TYPE_CONST, { .i64 = VEIL_PRECISION_AUTO }, 0, 0, VEIL_OPT_FLAGS, "precision" },
    { "float", "32-bit numbers", 0, AV_OPT_TYPE_CONST, { .i64 = VEIL_PRECISION_FLOAT }, 0, 0, VEIL_OPT_FLAGS, "precision" },
    { "int8", "bytes in dense layers", 0, AV_OPT_TYPE_CONST, { .i64 = VEIL_PRECISION_INT8 }, 0, 0, VEIL_OPT_FLAGS, "precision" },
    { "threads", "set threads of the detector; the encoder has use for the others", OFFSET(threads), AV_OPT_TYPE_INT, { .i64 = 1 }, 1, 16, VEIL_OPT_FLAGS },
    { NULL }
};
VEIL_DEFINE_CLASS(detect);

const VeilFilter veil_vf_detect = {
    .name = "detect",
    .description = "Search frames for faces.",
    .priv_class = &detect_class,
    .priv_size = sizeof(DetectContext),
    .flags = VEIL_FILTER_FINDS,
    .init = detect_init,
    .filter_frame = detect_filter_frame,
    .next_frame = detect_next_frame,
    .describe = detect_describe,
    .uninit = detect_uninit,
};
