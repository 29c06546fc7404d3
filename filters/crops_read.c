/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libavcodec/avcodec.h>
#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>

#include "crops.h"
#include "keys/avc.h"
#include "keys/record.h"

struct VeilCropsReader {
    const uint8_t *records;
    size_t len, at;
    uint32_t width, height;
    VeilRecord record;
    VeilAvc stream; ///< what the stream's first record says
    AVCodecContext *decoder;
    AVPacket *packet;
    bool failed;
};

static int open_decoder(VeilCropsReader *r)
{
    const AVCodec *codec = avcodec_find_decoder(AV_CODEC_ID_H264);
    AVCodecContext *c;

    if (!codec)
        return AVERROR_DECODER_NOT_FOUND;
    if (!(c = r->decoder = avcodec_alloc_context3(codec)))
        return AVERROR(ENOMEM);
    c->thread_count = 1;
    c->flags = AV_CODEC_FLAG_LOW_DELAY; /* each record gives its picture at once */
    c->err_recognition = AV_EF_EXPLODE | AV_EF_BITSTREAM | AV_EF_BUFFER;
    c->max_pixels = (int64_t)r->width * r->height + 16 * ((int64_t)r->width + r->height) + 256;
    return avcodec_open2(c, codec, NULL);
}

int veil_crops_open(VeilCropsReader **out, const uint8_t *records, size_t len, uint32_t width, uint32_t height)
{
    VeilCropsReader *r = av_mallocz(sizeof(*r));
    int ret = AVERROR(ENOMEM);

    *out = NULL;
    if (!r)
        return ret;
    *r = (VeilCropsReader){ .records = records, .len = len, .width = width, .height = height };
    if (!(r->packet = av_packet_alloc()) || (ret = open_decoder(r)) < 0) {
        veil_crops_close(r);
        return ret;
    }
    *out = r;
    return 0;
}

void veil_crops_close(VeilCropsReader *r)
{
    if (!r)
        return;
    avcodec_free_context(&r->decoder);
    av_packet_free(&r->packet);
    av_free(r);
}

bool veil_crops_is_lossless(const VeilCropsReader *r)
{
    return r->stream.profile == 244 && r->stream.chroma != 3;
}

/* FFmpeg's decoder gives grey as 4:2:0 with chroma of its own making. */
static void drop_chroma(const VeilCropsReader *r, AVFrame *f)
{
    if (r->stream.chroma || (f->format != AV_PIX_FMT_YUV420P && f->format != AV_PIX_FMT_YUVJ420P &&
                             f->format != AV_PIX_FMT_YUV420P10))
        return;
    f->format = f->format == AV_PIX_FMT_YUV420P10 ? AV_PIX_FMT_GRAY10 : AV_PIX_FMT_GRAY8;
    f->data[1] = f->data[2] = NULL;
    f->linesize[1] = f->linesize[2] = 0;
}

/* The decoder must have made what the checked header announced. */
static bool as_announced(const VeilCropsReader *r, const AVFrame *f)
{
    static const uint8_t shift_w[] = { 0, 1, 1, 0 }, shift_h[] = { 0, 1, 0, 0 };
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(f->format);

    return d && f->width == (int)r->record.w && f->height == (int)r->record.h &&
           d->comp[0].depth == r->stream.depth && d->nb_components == (r->stream.chroma ? 3 : 1) &&
           (!r->stream.chroma || (d->log2_chroma_w == shift_w[r->stream.chroma] &&
                                  d->log2_chroma_h == shift_h[r->stream.chroma])) &&
           !(d->flags & AV_PIX_FMT_FLAG_RGB) && !veil_frame_is_damaged(f);
}

/* One record in, one picture out. */
static int decode(VeilCropsReader *r, AVFrame *f)
{
    int ret;

    if (r->record.codec == VEIL_CODEC_AVC_FIRST) {
        avcodec_flush_buffers(r->decoder);
        if (!veil_avc_first(&r->stream, r->record.data, r->record.len))
            return AVERROR_INVALIDDATA;
    } else if (r->record.codec != VEIL_CODEC_AVC_NEXT) {
        return AVERROR_INVALIDDATA;
    }
    av_packet_unref(r->packet);
    /* A copy: decoders read a little past the end, which must be zero there. */
    if ((ret = av_new_packet(r->packet, (int)r->record.len)) < 0)
        return ret;
    memcpy(r->packet->data, r->record.data, r->record.len);
    if ((ret = avcodec_send_packet(r->decoder, r->packet)) < 0 ||
        (ret = avcodec_receive_frame(r->decoder, f)) < 0)
        return ret == AVERROR(ENOMEM) ? ret : AVERROR_INVALIDDATA;
    drop_chroma(r, f);
    return as_announced(r, f) ? 0 : AVERROR_INVALIDDATA;
}

int veil_crops_next(VeilCropsReader *r, VeilCrop *crop, AVFrame **picture, VeilErr *err)
{
    int ret;

    *picture = NULL;
    if (r->failed)
        return veil_err(err, VEIL_E_RECORD, "record at byte %zu of %zu", r->at, r->len);
    ret = veil_record_next(&r->record, r->records, r->len, &r->at, r->width, r->height, err);
    if (ret <= 0) {
        r->failed = ret < 0;
        return ret;
    }
    if (!(*picture = av_frame_alloc()))
        return veil_err(err, AVERROR(ENOMEM), "record of frame %u", r->record.frame);
    if ((ret = decode(r, *picture)) < 0) {
        av_frame_free(picture);
        r->failed = true;
        return veil_err(err, ret == AVERROR(ENOMEM) ? ret : VEIL_E_RECORD,
                        "picture of frame %u (codec %u, %ux%u)", r->record.frame, r->record.codec, r->record.w,
                        r->record.h);
    }
    *crop = (VeilCrop){ r->record.frame, r->record.pts,
                        { (int)r->record.x, (int)r->record.y, (int)r->record.w, (int)r->record.h } };
    return 1;
}
