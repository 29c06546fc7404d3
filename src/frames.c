/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "frames.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <libavutil/imgutils.h>

#include "frames_index.h"
#include "input.h"

/* Nearer than this, decoding on is quicker than a seek to a key frame that may lie before. */
#define NEAR 16

#define MISSED 1 ///< the frame was passed by, or came out damaged: begin further back

/* A decoded frame that is kept. */
typedef struct Kept {
    AVFrame *frame;
    int64_t number;
    uint64_t used; ///< the clock when it was last asked for
} Kept;

typedef struct Lane {
    pthread_mutex_t lock;
    VeilInput *in;
    int64_t next;     ///< number of the frame that the decoder gives next; -1 unknown
    bool counted;     ///< decoding began at the start of the file: numbers are counted, not looked up
    Kept *kept;
    uint64_t clock;
} Lane;

struct VeilFrames {
    char *path;
    int64_t *pts, n;
    VeilLink link;
    Lane lane[VEIL_FRAMES_LANES];
    int places;       ///< of kept frames in each lane
    atomic_bool cancel;
    /* the index, and the thread that makes it */
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool indexed;
    VeilFramesIndex index;
};

/* ---- what is kept ------------------------------------------------------------------- */

static AVFrame *find_kept(const VeilFrames *f, Lane *l, int64_t number)
{
    for (int i = 0; i < f->places; i++)
        if (l->kept[i].frame && l->kept[i].number == number) {
            l->kept[i].used = ++l->clock;
            return av_frame_clone(l->kept[i].frame);
        }
    return NULL;
}

static void keep(const VeilFrames *f, Lane *l, int64_t number, AVFrame *frame)
{
    Kept *oldest = &l->kept[0];

    for (int i = 1; i < f->places && oldest->frame; i++)
        if (!l->kept[i].frame || l->kept[i].used < oldest->used)
            oldest = &l->kept[i];
    av_frame_free(&oldest->frame);
    *oldest = (Kept){ frame, number, ++l->clock };
}

/* ---- the decoder ---------------------------------------------------------------------- */

static int open_lane(VeilFrames *f, Lane *l)
{
    int ret;

    veil_input_close(l->in);
    l->next = -1;
    if ((ret = veil_input_open(&l->in, f->path, 0, &f->cancel)) < 0)
        return ret;
    l->in->keep_audio = false;
    for (unsigned i = 0; i < l->in->format->nb_streams; i++)
        if (l->in->format->streams[i] != l->in->video)
            l->in->format->streams[i]->discard = AVDISCARD_ALL;
    l->next = 0;
    l->counted = true;
    return 0;
}

/* Read on to the key packet, so that the decoder is fed nothing that stands before it.
 * @return 0, MISSED if the demuxer came out behind it, or AVERROR */
static int read_to_key(Lane *l, const VeilKeyFrame *key)
{
    VeilInput *in = l->in;
    int ret;

    while ((ret = av_read_frame(in->format, in->packet)) >= 0) {
        const AVPacket *p = in->packet;
        const int64_t dts = p->dts == AV_NOPTS_VALUE ? p->pts : p->dts;

        if (p->stream_index == in->video->index && p->pts == key->pts && (p->flags & AV_PKT_FLAG_KEY)) {
            in->packet_pending = true;
            return 0;
        }
        ret = p->stream_index == in->video->index && dts > key->dts ? MISSED : 0;
        av_packet_unref(in->packet);
        if (ret)
            return ret;
    }
    return ret == AVERROR_EXIT ? ret : MISSED;
}

static int seek_lane(Lane *l, const VeilKeyFrame *key)
{
    VeilInput *in = l->in;

    l->next = -1;
    l->counted = false;
    if (av_seek_frame(in->format, in->video->index, key->dts, AVSEEK_FLAG_BACKWARD) < 0)
        return MISSED;
    avcodec_flush_buffers(in->decoder);
    av_packet_unref(in->packet);
    in->packet_pending = in->draining = in->failed_since_frame = false;
    in->last_pts = AV_NOPTS_VALUE;
    return read_to_key(l, key);
}

/* The number of a frame that came after a seek, by its time. */
static int64_t number_of(const VeilFrames *f, int64_t pts)
{
    int64_t low = 0, high = f->n;

    while (low < high) {
        const int64_t middle = low + (high - low) / 2;

        if (f->pts[middle] < pts)
            low = middle + 1;
        else
            high = middle;
    }
    return low < f->n && f->pts[low] == pts ? low : -1;
}

static bool is_damaged(const AVFrame *frame)
{
    return frame->decode_error_flags || (frame->flags & AV_FRAME_FLAG_CORRUPT);
}

static bool is_wanted(const VeilFramesAsker *asker)
{
    return !asker || !asker->wants || asker->wants(asker->opaque);
}

/* Decode up to the frame wanted, and keep what comes on the way. @return 0, MISSED or AVERROR */
static int advance(VeilFrames *f, Lane *l, int64_t number, const VeilFramesAsker *asker, AVFrame **frame)
{
    for (;;) {
        VeilItem item;
        int64_t at;
        int ret;

        if (!is_wanted(asker))
            return AVERROR_EXIT;
        if ((ret = veil_input_next(l->in, &item)) < 0) {
            l->next = -1;
            return ret == AVERROR_EOF ? (l->counted ? AVERROR(ENOENT) : MISSED) : ret;
        }
        at = l->counted ? l->next : number_of(f, item.frame->pts);
        /* After a seek, frames that lean on what was not decoded may come out first: pass them by. */
        if (!l->counted && (at < 0 || at > number || is_damaged(item.frame))) {
            const bool past = at < 0 || at >= number;

            av_frame_free(&item.frame);
            if (past) {
                l->next = -1;
                return MISSED;
            }
            continue;
        }
        l->next = at + 1;
        if (at == number && !(*frame = av_frame_clone(item.frame))) {
            av_frame_free(&item.frame);
            return AVERROR(ENOMEM);
        }
        keep(f, l, at, item.frame);
        if (at == number)
            return 0;
    }
}

static int wait_for_index(VeilFrames *f)
{
    pthread_mutex_lock(&f->lock);
    while (!f->indexed && !atomic_load(&f->cancel))
        pthread_cond_wait(&f->changed, &f->lock);
    pthread_mutex_unlock(&f->lock);
    return atomic_load(&f->cancel) ? AVERROR_EXIT : 0;
}

/* Decoding on from where the lane stands gets there soonest. */
static bool is_ahead(const VeilFrames *f, const Lane *l, int64_t number)
{
    int key;

    if (!l->in || l->next < 0 || number < l->next)
        return false;
    if (number - l->next < NEAR)
        return true;
    key = f->index.exact ? veil_frames_key_before(&f->index, f->pts[number]) : -1;
    return key < 0 || f->index.key[key].pts <= f->pts[l->next];
}

/* From key frames further and further back, at last from the start of the file. */
static int fetch(VeilFrames *f, Lane *l, int64_t number, const VeilFramesAsker *asker, AVFrame **frame)
{
    int key, back = 0, ret;

    /* Near the start nothing is to be gained by a seek, so it need not wait for the index. */
    if (number >= NEAR && (ret = wait_for_index(f)) < 0)
        return ret;
    if (is_ahead(f, l, number) && (ret = advance(f, l, number, asker, frame)) != MISSED)
        return ret;
    key = number >= NEAR && f->index.exact ? veil_frames_key_before(&f->index, f->pts[number]) : 0;
    if (!l->in && (ret = open_lane(f, l)) < 0)
        return ret;
    for (; key > 0; key -= ++back) {
        ret = seek_lane(l, &f->index.key[key]);
        if (ret >= 0 && ret != MISSED)
            ret = advance(f, l, number, asker, frame);
        if (ret != MISSED)
            return ret;
    }
    return (ret = open_lane(f, l)) < 0 ? ret : advance(f, l, number, asker, frame);
}

int veil_frames_get(VeilFrames *f, VeilFramesLane lane, int64_t number, const VeilFramesAsker *asker, AVFrame **frame)
{
    Lane *l = &f->lane[lane];
    int ret = 0;

    *frame = NULL;
    if (number < 0 || number >= f->n)
        return AVERROR(EINVAL);
    pthread_mutex_lock(&l->lock);
    if (atomic_load(&f->cancel) || !is_wanted(asker))
        ret = AVERROR_EXIT;
    else if (!(*frame = find_kept(f, l, number)))
        ret = fetch(f, l, number, asker, frame);
    pthread_mutex_unlock(&l->lock);
    return ret;
}

/* ---- beginning and end ------------------------------------------------------------------ */

static void *index_thread(void *opaque)
{
    VeilFrames *f = opaque;
    VeilFramesIndex index = { 0 };

    veil_frames_index(&index, f->path, f->pts, f->n, &f->cancel); /* on failure it stays empty: frames are counted */
    pthread_mutex_lock(&f->lock);
    f->index = index;
    f->indexed = true;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    return NULL;
}

bool veil_frames_indexed(const VeilFrames *f)
{
    VeilFrames *mine = (VeilFrames *)(uintptr_t)f;
    bool indexed;

    pthread_mutex_lock(&mine->lock);
    indexed = f->indexed;
    pthread_mutex_unlock(&mine->lock);
    return indexed;
}

int64_t veil_frames_count(const VeilFrames *f)
{
    return f->n;
}

const VeilLink *veil_frames_link(const VeilFrames *f)
{
    return &f->link;
}

/* The first frame says what all are like, and how many fit into memory. */
static int look_at_first(VeilFrames *f, size_t bytes)
{
    AVFrame *first = NULL;
    VeilItem item;
    int64_t size;
    int ret = open_lane(f, &f->lane[VEIL_FRAMES_PLAY]);

    if (ret < 0 || (ret = veil_input_next(f->lane[0].in, &item)) < 0)
        return ret;
    first = item.frame;
    f->link = veil_input_link(f->lane[0].in, first);
    size = av_image_get_buffer_size(first->format, first->width, first->height, 32);
    f->places = (int)av_clip64((int64_t)bytes / VEIL_FRAMES_LANES / FFMAX(size, 1), 1, 256);
    for (int i = 0; i < VEIL_FRAMES_LANES; i++)
        if (!(f->lane[i].kept = calloc((size_t)f->places, sizeof(Kept))))
            ret = AVERROR(ENOMEM);
    f->lane[0].next = 1;
    if (ret >= 0)
        keep(f, &f->lane[0], 0, first);
    else
        av_frame_free(&first);
    return ret;
}

int veil_frames_open(VeilFrames **out, const char *path, const int64_t *pts, int64_t n, size_t bytes)
{
    VeilFrames *f = calloc(1, sizeof(*f));
    int ret = AVERROR(ENOMEM);

    *out = NULL;
    if (!f)
        return ret;
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->changed, NULL);
    for (int i = 0; i < VEIL_FRAMES_LANES; i++)
        pthread_mutex_init(&f->lane[i].lock, NULL);
    f->n = n;
    if (!(f->path = strdup(path)) || n < 1 || !(f->pts = malloc((size_t)n * sizeof(*pts))))
        goto fail;
    memcpy(f->pts, pts, (size_t)n * sizeof(*pts));
    if ((ret = look_at_first(f, bytes)) < 0)
        goto fail;
    if ((ret = AVERROR(pthread_create(&f->thread, NULL, index_thread, f))) < 0)
        goto fail;
    f->has_thread = true;
    *out = f;
    return 0;
fail:
    veil_frames_close(f);
    return ret;
}

void veil_frames_cancel(VeilFrames *f)
{
    atomic_store(&f->cancel, true);
    pthread_mutex_lock(&f->lock);
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

void veil_frames_close(VeilFrames *f)
{
    if (!f)
        return;
    veil_frames_cancel(f);
    if (f->has_thread)
        pthread_join(f->thread, NULL);
    for (int i = 0; i < VEIL_FRAMES_LANES; i++) {
        for (int k = 0; f->lane[i].kept && k < f->places; k++)
            av_frame_free(&f->lane[i].kept[k].frame);
        free(f->lane[i].kept);
        veil_input_close(f->lane[i].in);
        pthread_mutex_destroy(&f->lane[i].lock);
    }
    veil_frames_index_free(&f->index);
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    free(f->pts);
    free(f->path);
    free(f);
}
