/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pipeline.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <libavutil/avstring.h>

#include "filters/boxes.h"
#include "msg.h"
#include "progress.h"
#include "queue.h"

/* Frames and packets that may wait between two threads. */
#define PLACES 4

typedef struct Pipeline {
    VeilInput *in;
    VeilChain *chain;
    VeilOutput *out;
    VeilRun *run;
    VeilQueue *decoded, *filtered;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int error;    ///< the first one
    int working;  ///< threads that have not ended
    VeilProgress progress;
} Pipeline;

static VeilItem *item_new(VeilItem from)
{
    VeilItem *item = malloc(sizeof(*item));

    if (item)
        *item = from;
    return item;
}

static void item_free(void *opaque)
{
    veil_item_free(opaque);
    free(opaque);
}

/* The first error ends all threads; the others follow from it. */
static void fail(Pipeline *p, int err)
{
    pthread_mutex_lock(&p->lock);
    if (!p->error)
        p->error = err;
    pthread_mutex_unlock(&p->lock);
    veil_queue_abort(p->decoded);
    veil_queue_abort(p->filtered);
}

static void thread_ends(Pipeline *p, int ret)
{
    if (ret < 0)
        fail(p, ret);
    pthread_mutex_lock(&p->lock);
    p->working--;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

/* Put what the item holds; takes it over in every case. */
static int put(VeilQueue *q, VeilItem from)
{
    VeilItem *item = item_new(from);
    int ret = item ? veil_queue_put(q, item) : AVERROR(ENOMEM);

    if (ret < 0) {
        veil_item_free(&from);
        free(item);
    }
    return ret;
}

/* ---- the three threads ------------------------------------------------------ */

static void *decode_thread(void *opaque)
{
    Pipeline *p = opaque;
    VeilItem item;
    int ret;

    while ((ret = veil_input_next(p->in, &item)) >= 0)
        if ((ret = put(p->decoded, item)) < 0)
            break;
    if (ret == AVERROR_EOF) {
        veil_queue_end(p->decoded);
        ret = 0;
    }
    thread_ends(p, ret);
    return NULL;
}

static int count_faces(VeilRun *run, int faces)
{
    VeilCountRun *last = run->n_counts ? &run->counts[run->n_counts - 1] : NULL;

    run->frames++;
    run->face_frames += faces;
    if (last && last->faces == faces) {
        last->frames++;
        return 0;
    }
    if (run->n_counts == run->cap_counts) {
        const int cap = FFMAX(64, run->cap_counts * 2);
        VeilCountRun *more = realloc(run->counts, (size_t)cap * sizeof(*more));

        if (!more)
            return AVERROR(ENOMEM);
        run->counts = more;
        run->cap_counts = cap;
    }
    run->counts[run->n_counts++] = (VeilCountRun){ 1, faces };
    return 0;
}

/* The chain's sink, in the filter thread. */
static int take_filtered(void *opaque, AVFrame *frame)
{
    Pipeline *p = opaque;
    const int faces = veil_frame_covered(frame);
    int ret = count_faces(p->run, faces);

    p->run->damaged += veil_frame_is_damaged(frame);
    pthread_mutex_lock(&p->lock);
    p->progress.faces = faces;
    pthread_mutex_unlock(&p->lock);
    /* Boxes say where faces were, and libx264 would take them as hints: none go on. */
    while (frame->nb_side_data)
        av_frame_remove_side_data(frame, frame->side_data[0]->type);
    av_dict_free(&frame->metadata);
    if (ret >= 0)
        return put(p->filtered, (VeilItem){ .frame = frame });
    av_frame_free(&frame);
    return ret;
}

static void *filter_thread(void *opaque)
{
    Pipeline *p = opaque;
    void *got;
    int ret;

    while ((ret = veil_queue_get(p->decoded, &got)) >= 0) {
        VeilItem item = *(VeilItem *)got;

        free(got);
        ret = item.frame ? veil_chain_push(p->chain, item.frame) : put(p->filtered, item);
        if (ret < 0)
            break;
    }
    if (ret == -ENODATA && (ret = veil_chain_push(p->chain, NULL)) >= 0)
        veil_queue_end(p->filtered);
    thread_ends(p, ret);
    return NULL;
}

static void note_progress(Pipeline *p, const AVFrame *frame)
{
    pthread_mutex_lock(&p->lock);
    p->progress.frames = p->out->frames;
    p->progress.seconds = (double)(frame->pts + frame->pkt_duration) * av_q2d(p->out->encoder->time_base);
    pthread_mutex_unlock(&p->lock);
}

static void *encode_thread(void *opaque)
{
    Pipeline *p = opaque;
    void *got;
    int ret;

    while ((ret = veil_queue_get(p->filtered, &got)) >= 0) {
        VeilItem *item = got;

        if (item->frame) {
            if ((ret = veil_output_frame(p->out, item->frame)) >= 0)
                note_progress(p, item->frame);
        } else {
            ret = veil_output_packet(p->out, item->packet);
        }
        item_free(item);
        if (ret < 0)
            break;
    }
    if (ret == -ENODATA)
        ret = veil_output_frame(p->out, NULL);
    thread_ends(p, ret);
    return NULL;
}

/* ---- beginning and end -------------------------------------------------------- */

/* Where a run ends before its threads are up, what was read goes here. */
typedef struct Early {
    VeilItem *item;
    int n;
} Early;

static void early_free(Early *e)
{
    for (int i = 0; i < e->n; i++)
        veil_item_free(&e->item[i]);
    free(e->item);
}

/* Read to the first frame; audio that comes before it is kept. */
static int read_first(VeilInput *in, Early *early)
{
    for (;;) {
        VeilItem *more = realloc(early->item, (size_t)(early->n + 1) * sizeof(*more));
        int ret;

        if (!more)
            return AVERROR(ENOMEM);
        early->item = more;
        if ((ret = veil_input_next(in, &early->item[early->n])) < 0) {
            if (ret == AVERROR_EOF)
                veil_error("no frame of '%s' could be decoded; the file may be cut short or damaged", in->path);
            return ret == AVERROR_EOF ? AVERROR_INVALIDDATA : ret;
        }
        if (early->item[early->n++].frame)
            return 0;
    }
}

static int open_chain(Pipeline *p, const VeilSettings *s, const VeilFilterEnv *env, const AVFrame *first)
{
    const VeilLink link = veil_input_link(p->in, first);
    const AVOutputFormat *format = veil_output_format(s->output);
    const enum AVPixelFormat *fmts;
    const AVCodec *codec;
    char *text;
    int ret;

    if (!format || (fmts = veil_output_encoder(s, format, &codec), !codec))
        return AVERROR(EINVAL);
    if (!(text = veil_settings_chain(s)))
        return AVERROR(ENOMEM);
    if (link.rotation && veil_output_must_turn(format)) {
        char *turned = av_asprintf("%s,%s", text, link.rotation == 90    ? "transpose=clock"
                                                  : link.rotation == 270 ? "transpose=cclock"
                                                                         : "hflip,vflip");
        av_free(text);
        if (!(text = turned))
            return AVERROR(ENOMEM);
    }
    veil_verbose("chain: %s", text);
    ret = veil_chain_open(&p->chain, text, &link, fmts, env, take_filtered, p);
    if (ret < 0 && !veil_msg_errors())
        veil_error("cannot open the chain '%s': %s", text, av_err2str(ret));
    av_free(text);
    return ret;
}

/* MP4 and Matroska hold no time below zero; all streams move together then. */
static void set_shift(Pipeline *p, const Early *early)
{
    const AVFrame *first = early->item[early->n - 1].frame;
    const int64_t us = av_rescale_q(first->pts, p->in->video->time_base, AV_TIME_BASE_Q);

    p->out->shift_us = us < 0 ? -us : 0;
    if (p->out->shift_us)
        veil_warn("the video begins %.3f s before zero; all times are moved to begin at zero", -(double)us / 1e6);
}

static int send_early(Pipeline *p, Early *early)
{
    int ret = 0;

    /* More than the queue has places may wait here, so the encoder's thread must be up. */
    for (int i = 0; i < early->n; i++) {
        const VeilItem item = early->item[i];

        early->item[i] = (VeilItem){ 0 };
        if (ret >= 0)
            ret = put(p->decoded, item);
        else
            veil_item_free((VeilItem *)&item);
    }
    return ret;
}

static void wait_for_threads(Pipeline *p)
{
    veil_progress_begin();
    pthread_mutex_lock(&p->lock);
    while (p->working) {
        struct timespec until;
        VeilProgress progress;

        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 50000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&p->changed, &p->lock, &until);
        progress = p->progress;
        pthread_mutex_unlock(&p->lock);
        veil_progress_show(&progress);
        if (atomic_load(p->in->cancel))
            fail(p, AVERROR_EXIT);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    veil_progress_end();
}

static int run_threads(Pipeline *p, Early *early)
{
    void *(*const body[3])(void *) = { encode_thread, filter_thread, decode_thread };
    pthread_t thread[3];
    int started = 0, ret = 0;

    p->working = 3;
    while (started < 2 && !ret)
        ret = -pthread_create(&thread[started], NULL, body[started], p), started += !ret;
    if (!ret)
        ret = send_early(p, early);
    if (!ret)
        ret = -pthread_create(&thread[started], NULL, body[started], p), started += !ret;
    if (ret < 0)
        fail(p, ret);
    pthread_mutex_lock(&p->lock);
    p->working -= 3 - started;
    pthread_mutex_unlock(&p->lock);
    wait_for_threads(p);
    for (int i = 0; i < started; i++)
        pthread_join(thread[i], NULL);
    return p->error;
}

static int64_t expected_frames(const VeilInput *in, AVRational rate)
{
    if (in->video->nb_frames > 0)
        return in->video->nb_frames;
    return in->format->duration > 0 && rate.num > 0
               ? av_rescale_q(in->format->duration, AV_TIME_BASE_Q, av_inv_q(rate))
               : 0;
}

static double seconds_of(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int run_all(Pipeline *p, const VeilSettings *s, const VeilFilterEnv *env)
{
    Early early = { 0 };
    int ret = read_first(p->in, &early);

    if (ret >= 0)
        ret = open_chain(p, s, env, early.item[early.n - 1].frame);
    if (ret >= 0)
        ret = veil_output_open(&p->out, s, p->in, veil_chain_link(p->chain), early.item[early.n - 1].frame);
    if (ret >= 0) {
        set_shift(p, &early);
        p->progress.total = expected_frames(p->in, veil_chain_link(p->chain)->frame_rate);
        if ((ret = run_threads(p, &early)) >= 0)
            ret = veil_output_finish(p->out);
        else if (ret != AVERROR_EXIT && !veil_msg_errors())
            veil_error("the run failed: %s; nothing was kept", av_err2str(ret));
    }
    early_free(&early);
    return ret;
}

int veil_pipeline_run(VeilInput *in, const VeilSettings *s, const VeilFilterEnv *env, VeilChain **chain,
                      VeilOutput **out, VeilRun *run)
{
    const double wall = seconds_of(CLOCK_MONOTONIC);
    Pipeline p = { .in = in, .run = run, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
    int ret = AVERROR(ENOMEM);

    p.decoded = veil_queue_new(PLACES);
    p.filtered = veil_queue_new(PLACES);
    if (p.decoded && p.filtered)
        ret = run_all(&p, s, env);
    veil_queue_free(p.decoded, item_free);
    veil_queue_free(p.filtered, item_free);
    *chain = p.chain;
    *out = p.out;
    run->wall_s = seconds_of(CLOCK_MONOTONIC) - wall;
    run->cpu_s = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    return ret;
}

void veil_run_free(VeilRun *run)
{
    free(run->counts);
    *run = (VeilRun){ 0 };
}
