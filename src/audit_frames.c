/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file The part of the audit that goes through the frames: the output's, and beside each the source's. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <libavutil/avstring.h>
#include <libavutil/common.h>
#include <libavutil/cpu.h>

#include "audit_parts.h"
#include "filters/boxes.h"
#include "filters/paint.h"
#include "models.h"
#include "msg.h"
#include "walk.h"

/* Frames of the source that may wait for their partner: `detect` holds one back. */
#define WAITING 8

typedef struct Pair {
    const VeilAuditJob *job;
    VeilAudit *a;
    VeilInput *out_in, *source_in;
    VeilWalk out, source;
    AVFrame *waiting[WAITING];
    int n_waiting;
    bool source_ended, comparable;
    VeilLuma out_luma, source_luma;
    VeilCloser closer;
    int mask_level; ///< luma of solid masks, -1 if unknown
    int64_t frame;
    /* of the comparison with the source */
    int64_t source_frames, late_frames, stray_frames, poor_frames;
    double worst_late_s, first_late_s, worst_stray, worst_psnr, sum_psnr, shift_s;
    int faces;
} Pair;

/* ---- faces of one frame ----------------------------------------------------------- */

static bool is_shown(const Pair *p, const VeilTracksTrack *track)
{
    if (track->action != VEIL_ACTION_KEEP)
        return false;
    return !p->job->shows || p->job->shows(p->job->opaque, track->id);
}

/* The file has boxes as the source is stored; the output may have been turned upright. */
static void place_in_output(const Pair *p, const VeilTracksBox *b, float box[4])
{
    const int turn = (p->job->tracks->source.rotation - p->a->rotation + 360) % 360;
    VeilFace f = { .x = b->x, .y = b->y, .w = b->w, .h = b->h };

    veil_face_unrotate(&f, p->out_luma.w, p->out_luma.h, (360 - turn) % 360);
    box[0] = f.x, box[1] = f.y, box[2] = f.w, box[3] = f.h;
}

/* A face of someone who may be seen is no finding. */
static bool lies_on_kept(const Pair *p, const float box[4])
{
    const VeilTracksFile *t = p->job->tracks;

    for (int i = 0; t && i < t->n_tracks; i++) {
        const VeilTracksBox *b = is_shown(p, &t->track[i]) ? veil_tracksfile_box_at(&t->track[i], p->frame) : NULL;
        const float cx = box[0] + box[2] / 2, cy = box[1] + box[3] / 2;
        float kept[4];

        if (!b)
            continue;
        place_in_output(p, b, kept);
        if (cx >= kept[0] && cx <= kept[0] + kept[2] && cy >= kept[1] && cy <= kept[1] + kept[3])
            return true;
    }
    return false;
}

static VeilBareness look_at(const Pair *p, const float box[4])
{
    VeilBareness b = p->comparable ? veil_place_compare(&p->out_luma, &p->source_luma, box) : VEIL_PLACE_UNCLEAR;

    return b == VEIL_PLACE_UNCLEAR ? veil_place_look(&p->out_luma, box, p->mask_level) : b;
}

static int judge_finds(Pair *p, const AVFrame *frame, double seconds)
{
    VeilBox boxes[VEIL_MAX_FACES];
    const int n = veil_boxes_get(frame, boxes, VEIL_MAX_FACES);
    int ret = n == AVERROR(ENOENT) ? 0 : n; /* with --every, most frames are not searched */

    p->faces = 0;
    for (int i = 0; i < n && ret >= 0; i++) {
        const VeilFace *f = &boxes[i].face;
        const float box[4] = { f->x, f->y, f->w, f->h };

        p->a->found++;
        if (look_at(p, box) == VEIL_PLACE_MASKED)
            p->a->over_masks++;
        else if (lies_on_kept(p, box))
            p->a->kept++;
        else {
            const int again = veil_closer_look(&p->closer, frame, box);

            p->faces++;
            ret = again < 0 ? again : veil_audit_add_face(p->a, p->frame, seconds, box, f->score, again);
        }
    }
    return ret;
}

/* The detector has said so of this frame already. */
static bool is_listed(const Pair *p, const float box[4])
{
    for (int i = p->a->n_faces - 1; i >= 0 && i >= p->a->n_faces - 2000; i--)
        if (p->a->face[i].to == p->frame && veil_audit_overlap(p->a->face[i].last, box) > 0.2f)
            return true;
    return false;
}

/* Each box of the tracks file must have something on it, whatever detectors say. */
static int judge_tracks(Pair *p, double seconds)
{
    const VeilTracksFile *t = p->comparable ? p->job->tracks : NULL;
    int ret = 0;

    for (int i = 0; t && i < t->n_tracks && ret >= 0; i++) {
        const VeilTracksBox *b = is_shown(p, &t->track[i]) ? NULL : veil_tracksfile_box_at(&t->track[i], p->frame);
        float box[4];

        if (!b)
            continue;
        place_in_output(p, b, box);
        if (!lies_on_kept(p, box) && !is_listed(p, box) &&
            veil_place_compare(&p->out_luma, &p->source_luma, box) == VEIL_PLACE_BARE)
            ret = veil_audit_add_face(p->a, p->frame, seconds, box, b->score, -1);
    }
    return ret;
}

/* ---- pairs of frames ---------------------------------------------------------------- */

static int keep_source(void *opaque, AVFrame *frame)
{
    Pair *p = opaque;

    if (p->n_waiting == WAITING) {
        av_frame_free(&frame);
        return AVERROR_BUG;
    }
    p->waiting[p->n_waiting++] = frame;
    return 0;
}

/* @return 1 with a frame, 0 when the source has no more, AVERROR */
static int next_source(Pair *p, AVFrame **frame)
{
    int ret;

    *frame = NULL;
    while (!p->n_waiting && !p->source_ended) {
        if ((ret = veil_walk_step(&p->source)) < 0)
            return ret;
        p->source_ended = !ret;
    }
    if (!p->n_waiting)
        return 0;
    *frame = p->waiting[0];
    memmove(p->waiting, p->waiting + 1, (size_t)--p->n_waiting * sizeof(p->waiting[0]));
    p->source_frames++;
    return 1;
}

static double time_of(const VeilWalk *w, int64_t pts)
{
    return (double)pts * av_q2d(w->link.time_base);
}

static void compare_times(Pair *p, const AVFrame *source, double seconds)
{
    const double s = time_of(&p->source, source->pts);
    const double tolerance = (av_q2d(p->out.link.time_base) + av_q2d(p->source.link.time_base)) / 2 + 0.0006;
    double late;

    if (!p->frame)
        p->shift_s = s < 0 ? -s : 0; /* what begins before zero is moved to begin at zero */
    late = fabs(seconds - s - p->shift_s);
    if (late <= tolerance)
        return;
    if (!p->late_frames++)
        p->first_late_s = seconds;
    p->worst_late_s = fmax(p->worst_late_s, late);
}

static int compare_pictures(Pair *p, double seconds)
{
    const double span = FFMAX(p->a->end_s - p->a->begin_s, 1e-3);
    const int bucket = av_clip((int)((seconds - p->a->begin_s) / span * VEIL_AUDIT_BUCKETS), 0, VEIL_AUDIT_BUCKETS - 1);
    VeilDifference d;
    const int ret = veil_difference(&d, &p->out_luma, &p->source_luma);

    if (ret < 0)
        return ret;
    p->a->changed[bucket] = fmaxf(p->a->changed[bucket], (float)d.changed);
    p->stray_frames += d.stray > 0.02;
    p->poor_frames += d.psnr < 26;
    p->worst_stray = fmax(p->worst_stray, d.stray);
    p->worst_psnr = fmin(p->worst_psnr, d.psnr);
    p->sum_psnr += d.psnr;
    return 0;
}

static int take_pair(Pair *p, const AVFrame *frame)
{
    const double seconds = time_of(&p->out, frame->pts);
    AVFrame *source = NULL;
    int ret = veil_luma_read(&p->out_luma, frame);

    if (!p->frame)
        p->a->begin_s = seconds;
    if (ret >= 0 && p->source_in)
        ret = next_source(p, &source);
    p->comparable = false;
    if (source) {
        compare_times(p, source, seconds);
        p->comparable = veil_luma_read(&p->source_luma, source) >= 0 && p->source_luma.w == p->out_luma.w &&
                        p->source_luma.h == p->out_luma.h;
        if (p->comparable)
            ret = compare_pictures(p, seconds);
    }
    if (ret >= 0 && (ret = judge_finds(p, frame, seconds)) >= 0)
        ret = judge_tracks(p, seconds);
    av_frame_free(&source);
    p->frame++;
    return ret;
}

static int take_output(void *opaque, AVFrame *frame)
{
    const int ret = take_pair(opaque, frame);

    av_frame_free(&frame);
    return ret;
}

/* The luma that solid masks have, by the colour of the report. */
static int mask_level(const json_t *report)
{
    const json_t *c = json_object_get(report, "configuration");
    const char *style = json_string_value(json_object_get(c, "style"));
    const char *color = json_string_value(json_object_get(c, "color"));
    VeilPaint paint;

    if (!style || !color)
        return 16;
    if ((strcmp(style, "solid") && strcmp(style, "ellipse")) || veil_paint_color(&paint, color, NULL) < 0)
        return -1;
    return (int)lrint(16 + 0.257 * paint.rgba[0] + 0.504 * paint.rgba[1] + 0.098 * paint.rgba[2]);
}

/* ---- the run --------------------------------------------------------------------------- */

static int open_output(Pair *p, const VeilFilterEnv *env)
{
    VeilAudit *a = p->a;
    char chain[512];
    int ret;

    if ((ret = veil_input_open(&p->out_in, p->job->path, p->job->threads, p->job->cancel)) < 0)
        return ret;
    a->width = p->out_in->video->codecpar->width;
    a->height = p->out_in->video->codecpar->height;
    a->rotation = p->out_in->rotation;
    a->end_s = p->out_in->format->duration > 0 ? (double)p->out_in->format->duration / AV_TIME_BASE : 1;
    veil_audit_choose(a, p->job);
    if (strspn(a->detector, "abcdefghijklmnopqrstuvwxyz0123456789_-") != strlen(a->detector)) {
        veil_error("unknown detector '%s'; 'veil doctor' lists the detectors", a->detector);
        return -EINVAL;
    }
    /* nothing is taken for known or rounded: another look is what an audit is for */
    snprintf(chain, sizeof(chain), "detect=backend=%s:size=%d:every=%d:threshold=%g:precision=float:rois=1:threads=%d",
             a->detector, a->size, a->every, a->threshold, FFMIN(env->threads, 16));
    if ((ret = veil_walk_open(&p->out, p->out_in, chain, veil_paint_formats, env, take_output, p)) < 0)
        return ret;
    return veil_closer_open(&p->closer, a->detector, a->rotation, a->threshold);
}

/* The source in the shape of the output: its format, and turned where the output was. */
static int open_source(Pair *p, const VeilFilterEnv *env)
{
    const enum AVPixelFormat formats[] = { veil_chain_link(p->out.chain)->format, AV_PIX_FMT_NONE };
    const char *chain = "null";
    int ret;

    if ((ret = veil_input_open(&p->source_in, p->job->source, p->job->threads, p->job->cancel)) < 0)
        return ret;
    if (p->source_in->rotation && !p->out_in->rotation)
        chain = p->source_in->rotation == 90    ? "transpose=clock"
                : p->source_in->rotation == 270 ? "transpose=cclock"
                                                : "hflip,vflip";
    if ((ret = veil_walk_open(&p->source, p->source_in, chain, formats, env, keep_source, p)) < 0)
        return ret;
    p->a->has_changed = true;
    return 0;
}

static int count_rest(Pair *p)
{
    AVFrame *frame;
    int ret;

    while ((ret = next_source(p, &frame)) > 0)
        av_frame_free(&frame);
    return ret;
}

static void conclude_pictures(const Pair *p)
{
    VeilAudit *a = p->a;
    const VeilLink *from = veil_chain_link(p->source.chain), *to = &p->out.link;

    if (p->source_frames != p->frame)
        veil_audit_add(a, "frames", VEIL_AUDIT_FAILED, "the source has %lld frames, the output has %lld",
                       (long long)p->source_frames, (long long)p->frame);
    else
        veil_audit_add(a, "frames", VEIL_AUDIT_PASSED, "%lld, as the source has", (long long)p->frame);
    if (p->late_frames)
        veil_audit_add(a, "times", VEIL_AUDIT_FAILED, "%lld frames are shown up to %.3f s off, first at %.3f s",
                       (long long)p->late_frames, p->worst_late_s, p->first_late_s);
    else
        veil_audit_add(a, "times", VEIL_AUDIT_PASSED, "every frame is shown when the source shows it");
    if (from->w != to->w || from->h != to->h) {
        veil_audit_add(a, "picture", VEIL_AUDIT_FAILED, "the source shows %dx%d, the output %dx%d", from->w, from->h,
                       to->w, to->h);
        return;
    }
    if (p->stray_frames || p->poor_frames)
        veil_audit_add(a, "picture", VEIL_AUDIT_FAILED,
                       "outside of masks %lld frames are changed in places that form no mask (at most %.1f %% of the "
                       "picture), and %lld have under 26 dB (least %.1f)",
                       (long long)p->stray_frames, p->worst_stray * 100, (long long)p->poor_frames, p->worst_psnr);
    else
        veil_audit_add(a, "picture", VEIL_AUDIT_PASSED,
                       "outside of masks unchanged but for coding: PSNR %.1f dB, least %.1f",
                       p->sum_psnr / (double)FFMAX(p->frame, 1), p->worst_psnr);
}

static int take_digest(void *opaque, const char *name, const char *args, const AVDictionary *facts)
{
    VeilAudit *a = opaque;
    const AVDictionaryEntry *e = av_dict_get(facts, "model_sha256", NULL, 0);

    (void)args;
    if (!strcmp(name, "detect") && e)
        av_strlcpy(a->model_sha256, e->value, sizeof(a->model_sha256));
    e = av_dict_get(facts, "detector", NULL, 0);
    if (!strcmp(name, "detect") && e)
        av_strlcpy(a->detector, e->value, sizeof(a->detector));
    return 0;
}

static int run_pair(Pair *p)
{
    const VeilAuditJob *job = p->job;
    const VeilFilterEnv env = { .threads = job->threads ? job->threads : av_cpu_count(), .find_model = veil_models_lend };
    int ret = open_output(p, &env);

    if (ret >= 0 && job->source)
        ret = open_source(p, &env);
    if (ret >= 0 && (ret = veil_walk_run(&p->out, &p->faces)) >= 0 && job->source)
        ret = count_rest(p);
    if (ret >= 0) {
        p->a->frames = p->frame;
        p->a->end_s = fmax(p->a->end_s, p->a->begin_s);
        ret = veil_chain_describe(p->out.chain, take_digest, p->a);
    }
    if (ret >= 0)
        veil_audit_conclude_faces(p->a);
    if (ret >= 0 && job->source)
        conclude_pictures(p);
    return ret;
}

static void close_pair(Pair *p)
{
    for (int i = 0; i < p->n_waiting; i++)
        av_frame_free(&p->waiting[i]);
    veil_walk_close(&p->out);
    veil_walk_close(&p->source);
    veil_input_close(p->out_in);
    veil_input_close(p->source_in);
    veil_closer_close(&p->closer);
    av_free(p->out_luma.own);
    av_free(p->source_luma.own);
}

int veil_audit_frames(VeilAudit *a, const VeilAuditJob *job)
{
    Pair p = { .job = job, .a = a, .mask_level = mask_level(job->report), .worst_psnr = 99 };
    const int ret = run_pair(&p);

    close_pair(&p);
    return ret;
}
