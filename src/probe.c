/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe.h"

#include <string.h>
#include <libavcodec/avcodec.h>

#include "cmd.h"
#include "msg.h"

static enum AVCodecID codec_of(const uint8_t *bytes, size_t len)
{
    static const uint8_t png[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' }, jpeg[3] = { 0xff, 0xd8, 0xff };

    if (len > sizeof(png) && !memcmp(bytes, png, sizeof(png)))
        return AV_CODEC_ID_PNG;
    return len > sizeof(jpeg) && !memcmp(bytes, jpeg, sizeof(jpeg)) ? AV_CODEC_ID_MJPEG : AV_CODEC_ID_NONE;
}

static int decode(AVFrame *out, AVCodecContext *dec, AVPacket *p, const uint8_t *bytes, size_t len)
{
    int ret = av_new_packet(p, (int)len); /* padded, as decoders read ahead */

    if (ret < 0)
        return ret;
    memcpy(p->data, bytes, len);
    dec->max_pixels = VEIL_PROBE_PIXELS_MAX;
    dec->thread_count = 1;
    dec->err_recognition = AV_EF_EXPLODE; /* half a face is not the face that the issuers saw */
    if ((ret = avcodec_open2(dec, NULL, NULL)) < 0 || (ret = avcodec_send_packet(dec, p)) < 0 ||
        (ret = avcodec_send_packet(dec, NULL)) < 0)
        return ret;
    return avcodec_receive_frame(dec, out);
}

int veil_probe_decode(AVFrame **out, const uint8_t *bytes, size_t len, const char *name)
{
    const enum AVCodecID id = codec_of(bytes, len);
    const AVCodec *codec = id ? avcodec_find_decoder(id) : NULL;
    AVCodecContext *dec = codec ? avcodec_alloc_context3(codec) : NULL;
    AVPacket *p = av_packet_alloc();
    int ret = AVERROR(ENOMEM);

    *out = NULL;
    if (!codec || len > VEIL_PROBE_BYTES_MAX) {
        veil_error("probe '%s' is not a PNG or JPEG picture of at most %u MiB; give the file that the issuers saw",
                   name, VEIL_PROBE_BYTES_MAX >> 20);
        ret = AVERROR(EINVAL);
    } else if (dec && p && (*out = av_frame_alloc()) && (ret = decode(*out, dec, p, bytes, len)) < 0) {
        veil_error("probe '%s' cannot be decoded: %s; give the file that the issuers saw", name, av_err2str(ret));
    } else if (ret < 0) {
        veil_error("no memory for the probe '%s'; free some", name);
    }
    av_packet_free(&p);
    avcodec_free_context(&dec);
    if (ret < 0)
        av_frame_free(out);
    return ret < 0 ? VEIL_EXIT_ERROR : 0;
}
