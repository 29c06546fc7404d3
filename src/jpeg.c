/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jpeg.h"

#include <math.h>
#include <string.h>
#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#define QUALITY 4 ///< of mjpeg, 2 (best) to 31: boxes are judged on these pictures

static double pixel_shape(const VeilLink *link)
{
    return link->sar.num > 0 && link->sar.den > 0 ? av_q2d(link->sar) : 1;
}

void veil_jpeg_shown_size(const VeilLink *link, int *w, int *h)
{
    const double shape = pixel_shape(link);
    const int wide = FFMAX((int)lrint(shape >= 1 ? link->w * shape : link->w), 1);
    const int high = FFMAX((int)lrint(shape >= 1 ? link->h : link->h / shape), 1);

    *w = link->rotation % 180 ? high : wide;
    *h = link->rotation % 180 ? wide : high;
}

/* A view of a part of the frame, on whole chroma samples. No pixels are copied. */
static int view_of(AVFrame *view, const AVFrame *frame, const VeilRect *part)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(frame->format);
    int x0, y0, x1, y1, ret = av_frame_ref(view, frame);

    if (ret < 0 || !part)
        return ret;
    x0 = av_clip(part->x, 0, frame->width - 1) & -(1 << d->log2_chroma_w);
    y0 = av_clip(part->y, 0, frame->height - 1) & -(1 << d->log2_chroma_h);
    x1 = av_clip(part->x + part->w, x0 + 1, frame->width);
    y1 = av_clip(part->y + part->h, y0 + 1, frame->height);
    view->crop_left = (size_t)x0;
    view->crop_top = (size_t)y0;
    view->crop_right = (size_t)(frame->width - x1);
    view->crop_bottom = (size_t)(frame->height - y1);
    return av_frame_apply_cropping(view, AV_FRAME_CROP_UNALIGNED);
}

/* The size as stored, before it is turned. */
static void choose_size(const AVFrame *view, const VeilLink *link, int w, int h, int *out_w, int *out_h)
{
    const VeilLink own = { .w = view->width, .h = view->height, .sar = link->sar, .rotation = link->rotation };
    int shown_w, shown_h;
    double scale;

    veil_jpeg_shown_size(&own, &shown_w, &shown_h);
    scale = w ? (double)w / shown_w : h ? (double)h / shown_h : 1;
    scale = FFMIN(scale, 1);
    shown_w = FFMAX((int)lrint(shown_w * scale), 1);
    shown_h = FFMAX((int)lrint(shown_h * scale), 1);
    *out_w = link->rotation % 180 ? shown_h : shown_w;
    *out_h = link->rotation % 180 ? shown_w : shown_h;
}

/* Full range, and the matrix that JPEG means. */
static AVFrame *scale(const AVFrame *view, int w, int h)
{
    struct SwsContext *sws = sws_getContext(view->width, view->height, view->format, w, h, AV_PIX_FMT_YUV420P,
                                            SWS_BILINEAR | SWS_ACCURATE_RND, NULL, NULL, NULL);
    AVFrame *out = av_frame_alloc();
    const int matrix = view->colorspace == AVCOL_SPC_BT709 ||
                               (view->colorspace == AVCOL_SPC_UNSPECIFIED && view->height >= 720)
                           ? SWS_CS_ITU709
                       : view->colorspace == AVCOL_SPC_BT2020_NCL ? SWS_CS_BT2020
                                                                  : SWS_CS_ITU601;
    bool done = false;

    if (sws && out) {
        out->width = w;
        out->height = h;
        out->format = AV_PIX_FMT_YUVJ420P; /* 4:2:0 of full range, as the encoder calls it */
        sws_setColorspaceDetails(sws, sws_getCoefficients(matrix), view->color_range == AVCOL_RANGE_JPEG,
                                 sws_getCoefficients(SWS_CS_ITU601), 1, 0, 1 << 16, 1 << 16);
        done = av_frame_get_buffer(out, 0) >= 0 && sws_scale(sws, (const uint8_t *const *)view->data, view->linesize,
                                                             0, view->height, out->data, out->linesize) == h;
    }
    sws_freeContext(sws);
    if (!done)
        av_frame_free(&out);
    return out;
}

static void turn_plane(uint8_t *to, int to_stride, const uint8_t *from, int from_stride, int w, int h, int rotation)
{
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            const uint8_t v = from[y * from_stride + x];

            if (rotation == 90)
                to[x * to_stride + h - 1 - y] = v;
            else if (rotation == 180)
                to[(h - 1 - y) * to_stride + w - 1 - x] = v;
            else
                to[(w - 1 - x) * to_stride + y] = v;
        }
}

/* Takes the frame over. */
static AVFrame *turn(AVFrame *frame, int rotation)
{
    AVFrame *out;

    if (!frame || !rotation)
        return frame;
    if ((out = av_frame_alloc())) {
        out->width = rotation % 180 ? frame->height : frame->width;
        out->height = rotation % 180 ? frame->width : frame->height;
        out->format = frame->format;
        if (av_frame_get_buffer(out, 0) < 0)
            av_frame_free(&out);
    }
    for (int p = 0; out && p < 3; p++)
        turn_plane(out->data[p], out->linesize[p], frame->data[p], frame->linesize[p],
                   p ? AV_CEIL_RSHIFT(frame->width, 1) : frame->width,
                   p ? AV_CEIL_RSHIFT(frame->height, 1) : frame->height, rotation);
    av_frame_free(&frame);
    return out;
}

static AVBufferRef *encode(AVFrame *frame)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
    AVCodecContext *e = codec ? avcodec_alloc_context3(codec) : NULL;
    AVPacket *packet = av_packet_alloc();
    AVBufferRef *out = NULL;

    if (e && packet) {
        e->width = frame->width;
        e->height = frame->height;
        e->pix_fmt = AV_PIX_FMT_YUVJ420P;
        e->time_base = (AVRational){ 1, 25 };
        e->thread_count = 1;
        e->flags |= AV_CODEC_FLAG_QSCALE;
        e->global_quality = frame->quality = FF_QP2LAMBDA * QUALITY;
        frame->pts = 0;
        if (avcodec_open2(e, codec, NULL) >= 0 && avcodec_send_frame(e, frame) >= 0 &&
            avcodec_receive_packet(e, packet) >= 0 && (out = av_buffer_alloc((size_t)packet->size)))
            memcpy(out->data, packet->data, (size_t)packet->size);
    }
    av_packet_free(&packet);
    avcodec_free_context(&e);
    return out;
}

AVBufferRef *veil_jpeg_encode(const AVFrame *frame, const VeilLink *link, const VeilRect *part, int w, int h)
{
    AVFrame *view = av_frame_alloc(), *shown = NULL;
    AVBufferRef *out = NULL;
    int to_w, to_h;

    if (view && view_of(view, frame, part) >= 0) {
        choose_size(view, link, w, h, &to_w, &to_h);
        if ((shown = turn(scale(view, to_w, to_h), link->rotation)))
            out = encode(shown);
    }
    av_frame_free(&shown);
    av_frame_free(&view);
    return out;
}
