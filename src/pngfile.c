/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pngfile.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <libavcodec/avcodec.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

static int matrix_of(const AVFrame *f, int lines)
{
    switch (f->colorspace) {
    case AVCOL_SPC_BT709: return SWS_CS_ITU709;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL: return SWS_CS_BT2020;
    case AVCOL_SPC_SMPTE240M: return SWS_CS_SMPTE240M;
    case AVCOL_SPC_UNSPECIFIED: return lines >= 720 ? SWS_CS_ITU709 : SWS_CS_ITU601;
    default: return SWS_CS_ITU601;
    }
}

static enum AVPixelFormat png_format(const AVFrame *f)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(f->format);

    if (d->nb_components == 1)
        return d->comp[0].depth > 8 ? AV_PIX_FMT_GRAY16BE : AV_PIX_FMT_GRAY8;
    return d->comp[0].depth > 8 ? AV_PIX_FMT_RGB48BE : AV_PIX_FMT_RGB24;
}

AVFrame *veil_png_picture(const AVFrame *f, int lines)
{
    const enum AVPixelFormat to = png_format(f);
    struct SwsContext *sws = sws_getContext(f->width, f->height, f->format, f->width, f->height, to,
                                            SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP,
                                            NULL, NULL, NULL);
    AVFrame *out = av_frame_alloc();
    const int *matrix = sws_getCoefficients(matrix_of(f, lines));
    bool done = false;

    if (sws && out) {
        out->format = to;
        out->width = f->width;
        out->height = f->height;
        out->color_range = AVCOL_RANGE_JPEG;
        sws_setColorspaceDetails(sws, matrix, f->color_range == AVCOL_RANGE_JPEG, matrix, 1, 0, 1 << 16, 1 << 16);
        done = av_frame_get_buffer(out, 0) >= 0 &&
               sws_scale(sws, (const uint8_t *const *)f->data, f->linesize, 0, f->height, out->data,
                         out->linesize) == f->height;
    }
    sws_freeContext(sws);
    if (!done)
        av_frame_free(&out);
    return out;
}

static int encode(AVCodecContext *e, const AVFrame *picture, AVPacket *p, uint8_t **out, size_t *len)
{
    AVFrame *f = av_frame_clone(picture);
    int ret;

    if (!f)
        return AVERROR(ENOMEM);
    f->pts = 0;
    ret = avcodec_send_frame(e, f);
    av_frame_free(&f);
    if (ret < 0 || (ret = avcodec_receive_packet(e, p)) < 0)
        return ret;
    if (!(*out = malloc((size_t)p->size)))
        return AVERROR(ENOMEM);
    memcpy(*out, p->data, (size_t)p->size);
    *len = (size_t)p->size;
    return 0;
}

int veil_png_encode(const AVFrame *picture, uint8_t **out, size_t *len)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_PNG);
    AVCodecContext *e = codec ? avcodec_alloc_context3(codec) : NULL;
    AVPacket *p = av_packet_alloc();
    int ret = codec ? AVERROR(ENOMEM) : AVERROR_ENCODER_NOT_FOUND;

    *out = NULL;
    if (e && p) {
        e->width = picture->width;
        e->height = picture->height;
        e->pix_fmt = picture->format;
        e->time_base = (AVRational){ 1, 25 };
        e->thread_count = 1;
        e->compression_level = 3; /* twice the speed of the default, some per cent more bytes */
        if ((ret = avcodec_open2(e, codec, NULL)) >= 0)
            ret = encode(e, picture, p, out, len);
    }
    av_packet_free(&p);
    avcodec_free_context(&e);
    return ret;
}
