/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * For measuring recognition: photographs turned into short coded clips of a
 * face that moves over a background, and the crops that a vault would hold.
 */
#ifndef VEIL_TESTS_BENCH_CLIPS_H
#define VEIL_TESTS_BENCH_CLIPS_H

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>

#include "filters/align.h"
#include "filters/boxes.h"

#define CLIP_W 320
#define CLIP_H 240
#define CLIP_MARGIN 1.4f ///< crop by box, as sealed by default

static uint64_t clip_seed = 1;

static float clip_random(void) ///< 0..1, the same on each run
{
    clip_seed = clip_seed * 6364136223846793005u + 1442695040888963407u;
    return (float)(clip_seed >> 40) / (1 << 24);
}

/** Grey patches between random values at the corners of a coarse grid. */
static void clip_background(uint8_t *grey)
{
    enum { GRID = 9 };
    float corner[GRID + 1][GRID + 1];

    for (int i = 0; i <= GRID; i++)
        for (int j = 0; j <= GRID; j++)
            corner[i][j] = 30 + 200 * clip_random();
    for (int y = 0; y < CLIP_H; y++)
        for (int x = 0; x < CLIP_W; x++) {
            const float gx = (float)x * GRID / CLIP_W, gy = (float)y * GRID / CLIP_H, fx = gx - (int)gx, fy = gy - (int)gy;
            const float *a = corner[(int)gy] + (int)gx, *b = corner[(int)gy + 1] + (int)gx;

            grey[y * CLIP_W + x] = (uint8_t)((a[0] * (1 - fx) + a[1] * fx) * (1 - fy) + (b[0] * (1 - fx) + b[1] * fx) * fy);
        }
}

/** The head of `face`, an ellipse around it, drawn into a grey picture as `s` maps it. */
static void clip_draw(uint8_t *grey, const VeilBgr *photo, const VeilFace *face, const VeilSimilarity *s)
{
    static uint8_t seen[CLIP_W * CLIP_H * 3];
    const float zoom = sqrtf(s->a * s->a + s->b * s->b);
    const float mx = face->x + face->w / 2, my = face->y + face->h * .48f;
    const float cx = s->a * mx - s->b * my + s->tx, cy = s->b * mx + s->a * my + s->ty;

    veil_align_warp(seen, CLIP_W, CLIP_H, photo, s);
    for (int y = 0; y < CLIP_H; y++)
        for (int x = 0; x < CLIP_W; x++) {
            const float dx = ((float)x - cx) / (face->w * .72f * zoom), dy = ((float)y - cy) / (face->h * .68f * zoom);
            const float in = fminf(fmaxf((1.05f - sqrtf(dx * dx + dy * dy)) * 10, 0), 1);
            uint8_t *p = grey + y * CLIP_W + x;

            *p = (uint8_t)(*p * (1 - in) + seen[3 * (y * CLIP_W + x)] * in + .5f);
        }
}

static AVFrame *clip_frame(const uint8_t *grey)
{
    AVFrame *f = av_frame_alloc();

    f->format = AV_PIX_FMT_YUV420P;
    f->width = CLIP_W;
    f->height = CLIP_H;
    f->color_range = AVCOL_RANGE_MPEG;
    if (av_frame_get_buffer(f, 0) < 0)
        exit(2);
    for (int y = 0; y < CLIP_H; y++)
        for (int x = 0; x < CLIP_W; x++)
            f->data[0][y * f->linesize[0] + x] = (uint8_t)(16 + grey[y * CLIP_W + x] * 219 / 255);
    for (int y = 0; y < CLIP_H; y++)
        memset(f->data[1 + y % 2] + y / 2 * f->linesize[1 + y % 2], 128, CLIP_W / 2);
    return f;
}

static int clip_take(AVCodecContext *dec, const AVPacket *p, AVFrame **out, int n)
{
    AVFrame *f = av_frame_alloc();

    if (avcodec_send_packet(dec, p) < 0)
        exit(2);
    while (avcodec_receive_frame(dec, f) >= 0) {
        out[n++] = f;
        f = av_frame_alloc();
    }
    av_frame_free(&f);
    return n;
}

/** Through libx264 (veryfast, crf 23) and back; frames are replaced by what comes out. */
static void clip_code(AVFrame **frames, int n)
{
    AVCodecContext *enc = avcodec_alloc_context3(avcodec_find_encoder_by_name("libx264"));
    AVCodecContext *dec = avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_H264));
    AVPacket *p = av_packet_alloc();
    int got = 0;

    enc->width = CLIP_W;
    enc->height = CLIP_H;
    enc->pix_fmt = AV_PIX_FMT_YUV420P;
    enc->time_base = (AVRational){ 1, 25 };
    enc->thread_count = dec->thread_count = 1;
    av_opt_set(enc->priv_data, "preset", "veryfast", 0);
    av_opt_set(enc->priv_data, "crf", "23", 0);
    av_opt_set(enc->priv_data, "x264-params", "log-level=none", 0);
    if (avcodec_open2(enc, NULL, NULL) < 0 || avcodec_open2(dec, NULL, NULL) < 0)
        exit(2);
    AVFrame **in = malloc((size_t)n * sizeof(AVFrame *));
    memcpy(in, frames, (size_t)n * sizeof(AVFrame *));
    for (int i = 0; i <= n; i++) {
        if (i < n)
            in[i]->pts = i;
        if (avcodec_send_frame(enc, i < n ? in[i] : NULL) < 0)
            exit(2);
        while (avcodec_receive_packet(enc, p) >= 0) {
            got = clip_take(dec, p, frames, got);
            av_packet_unref(p);
        }
    }
    got = clip_take(dec, NULL, frames, got);
    if (got != n)
        exit(2);
    for (int i = 0; i < n; i++)
        av_frame_free(&in[i]);
    free(in);
    av_packet_free(&p);
    avcodec_free_context(&enc);
    avcodec_free_context(&dec);
}

/** What a vault holds of a box: CLIP_MARGIN times its size, inside the picture. A view; free it as a frame. */
static AVFrame *clip_crop(const AVFrame *f, const VeilFace *box)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(f->format);
    const int x0 = (int)fmaxf(0, box->x - box->w * (CLIP_MARGIN - 1) / 2) & ~1;
    const int y0 = (int)fmaxf(0, box->y - box->h * (CLIP_MARGIN - 1) / 2) & ~1;
    const int x1 = (int)fminf((float)f->width, box->x + box->w * (CLIP_MARGIN + 1) / 2) & ~1;
    const int y1 = (int)fminf((float)f->height, box->y + box->h * (CLIP_MARGIN + 1) / 2) & ~1;
    AVFrame *c;

    if (x1 - x0 < 8 || y1 - y0 < 8)
        return NULL;
    c = av_frame_clone(f);
    c->width = x1 - x0;
    c->height = y1 - y0;
    for (int p = 0; p < 3; p++) {
        const int sx = p ? d->log2_chroma_w : 0, sy = p ? d->log2_chroma_h : 0;

        c->data[p] += (y0 >> sy) * c->linesize[p] + (x0 >> sx);
    }
    return c;
}

#endif /* VEIL_TESTS_BENCH_CLIPS_H */
