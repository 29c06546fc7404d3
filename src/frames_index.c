/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "frames_index.h"

#include <stdlib.h>
#include <string.h>

#include "input.h"

/* Growing lists of one pass. */
typedef struct Pass {
    int64_t *pts; ///< of every packet
    int64_t n_pts, cap_pts;
    VeilKeyFrame *key;
    int n_key, cap_key;
    bool all_timed;
} Pass;

static int by_time(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static int by_key_time(const void *a, const void *b)
{
    return by_time(&((const VeilKeyFrame *)a)->pts, &((const VeilKeyFrame *)b)->pts);
}

static int add_pts(Pass *p, int64_t pts)
{
    if (p->n_pts == p->cap_pts) {
        const int64_t cap = FFMAX(4096, p->cap_pts * 2);
        int64_t *more = realloc(p->pts, (size_t)cap * sizeof(*more));

        if (!more)
            return AVERROR(ENOMEM);
        p->pts = more;
        p->cap_pts = cap;
    }
    p->pts[p->n_pts++] = pts;
    return 0;
}

static int add_key(Pass *p, const AVPacket *packet)
{
    if (p->n_key == p->cap_key) {
        const int cap = FFMAX(256, p->cap_key * 2);
        VeilKeyFrame *more = realloc(p->key, (size_t)cap * sizeof(*more));

        if (!more)
            return AVERROR(ENOMEM);
        p->key = more;
        p->cap_key = cap;
    }
    p->key[p->n_key++] =
        (VeilKeyFrame){ packet->pts, packet->dts == AV_NOPTS_VALUE ? packet->pts : packet->dts };
    return 0;
}

static int take(Pass *p, const AVPacket *packet)
{
    int ret;

    if (packet->pts == AV_NOPTS_VALUE) {
        p->all_timed = false;
        return 0;
    }
    if ((ret = add_pts(p, packet->pts)) < 0 || !(packet->flags & AV_PKT_FLAG_KEY))
        return ret;
    return add_key(p, packet);
}

/* Both lists rise: walk them side by side. */
static bool holds_all(const Pass *p, const int64_t *pts, int64_t n)
{
    int64_t at = 0;

    for (int64_t i = 0; i < n; i++) {
        while (at < p->n_pts && p->pts[at] < pts[i])
            at++;
        if (at == p->n_pts || p->pts[at] != pts[i])
            return false;
    }
    return true;
}

static int read_packets(Pass *p, VeilInput *in, const atomic_bool *cancel)
{
    AVPacket *packet = av_packet_alloc();
    int ret = packet ? 0 : AVERROR(ENOMEM);

    while (ret >= 0 && (ret = av_read_frame(in->format, packet)) >= 0) {
        if (packet->stream_index == in->video->index)
            ret = take(p, packet);
        av_packet_unref(packet);
        if (ret >= 0 && atomic_load(cancel))
            ret = AVERROR_EXIT;
    }
    av_packet_free(&packet);
    return ret == AVERROR_EOF || ret == AVERROR_INVALIDDATA ? 0 : ret; /* the decoder will meet the same end */
}

int veil_frames_index(VeilFramesIndex *out, const char *path, const int64_t *pts, int64_t n_pts,
                      const atomic_bool *cancel)
{
    Pass p = { .all_timed = true };
    VeilInput *in = NULL;
    int ret = veil_input_open(&in, path, 1, cancel);

    *out = (VeilFramesIndex){ 0 };
    if (ret < 0)
        return ret;
    for (unsigned i = 0; i < in->format->nb_streams; i++)
        if (in->format->streams[i] != in->video)
            in->format->streams[i]->discard = AVDISCARD_ALL;
    if ((ret = read_packets(&p, in, cancel)) >= 0) {
        if (p.n_pts) /* a stream may have no times at all, and qsort() takes no NULL */
            qsort(p.pts, (size_t)p.n_pts, sizeof(*p.pts), by_time);
        if (p.n_key)
            qsort(p.key, (size_t)p.n_key, sizeof(*p.key), by_key_time);
        *out = (VeilFramesIndex){ p.key, p.n_key, p.all_timed && holds_all(&p, pts, n_pts) };
    } else {
        free(p.key);
    }
    free(p.pts);
    veil_input_close(in);
    return ret;
}

int veil_frames_key_before(const VeilFramesIndex *index, int64_t pts)
{
    int low = 0, high = index->n;

    while (low < high) {
        const int middle = low + (high - low) / 2;

        if (index->key[middle].pts <= pts)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

void veil_frames_index_free(VeilFramesIndex *index)
{
    free(index->key);
    *index = (VeilFramesIndex){ 0 };
}
