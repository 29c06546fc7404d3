/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * For tests and measurements: read one picture file into an AVFrame.
 */
#ifndef VEIL_TESTS_IMAGE_H
#define VEIL_TESTS_IMAGE_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

/**
 * Decode the first picture of a file.
 * @return the frame as decoded, to be freed with av_frame_free(); NULL if the
 *         file cannot be read
 */
static inline AVFrame *image_read(const char *path)
{
    AVFormatContext *in = NULL;
    AVCodecContext *dec = NULL;
    AVFrame *frame = av_frame_alloc();
    AVPacket *packet = av_packet_alloc();
    const AVCodec *codec;
    int ret = AVERROR(ENOMEM);

    if (!frame || !packet || (ret = avformat_open_input(&in, path, NULL, NULL)) < 0)
        goto done;
    if (!(codec = avcodec_find_decoder(in->streams[0]->codecpar->codec_id)) ||
        !(dec = avcodec_alloc_context3(codec))) {
        ret = AVERROR_DECODER_NOT_FOUND;
        goto done;
    }
    if ((ret = avcodec_parameters_to_context(dec, in->streams[0]->codecpar)) < 0 ||
        (ret = avcodec_open2(dec, codec, NULL)) < 0 || (ret = av_read_frame(in, packet)) < 0 ||
        (ret = avcodec_send_packet(dec, packet)) < 0 || (ret = avcodec_send_packet(dec, NULL)) < 0)
        goto done;
    ret = avcodec_receive_frame(dec, frame);
done:
    if (ret < 0)
        av_frame_free(&frame);
    av_packet_free(&packet);
    avcodec_free_context(&dec);
    avformat_close_input(&in);
    return frame;
}

#endif /* VEIL_TESTS_IMAGE_H */
