/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The sound of a review, in pieces: piece N is what is heard from N * 4 s on
 * the clock of the recording, for four seconds, as one channel of 24 kHz. The
 * page puts them one after another; a piece costs a seek and 4 s of decoding.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <libavutil/channel_layout.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>

#include "input.h"
#include "review.h"
#include "signals.h"

#define PIECE_S  4
#define RATE     24000
#define SAMPLES  (PIECE_S * RATE)
#define HEADER   44
#define BEFORE_S 0.5   ///< decoded before the piece, as codecs need a run-up
#define APART    (RATE / 20) ///< samples; times further off than this are a gap, not rounding
#define PIECES   (1 << 20)

typedef struct Piece {
    VeilInput *in;
    AVStream *stream;
    AVCodecContext *decoder;
    SwrContext *resample;
    int64_t begin; ///< of the piece, in samples on the clock of the recording
    int64_t at;    ///< where the next sample goes; AV_NOPTS_VALUE before the first
    int16_t *out;  ///< SAMPLES of them
} Piece;

static int open_piece(Piece *p, const char *path, int64_t number)
{
    const AVCodec *codec;
    int ret, n;

    if ((ret = veil_input_open(&p->in, path, 1, &veil_cancelled)) < 0)
        return ret;
    if ((n = av_find_best_stream(p->in->format, AVMEDIA_TYPE_AUDIO, -1, -1, &codec, 0)) < 0)
        return n;
    p->stream = p->in->format->streams[n];
    for (unsigned i = 0; i < p->in->format->nb_streams; i++)
        p->in->format->streams[i]->discard = (int)i == n ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    if (!(p->decoder = avcodec_alloc_context3(codec)))
        return AVERROR(ENOMEM);
    p->decoder->pkt_timebase = p->stream->time_base;
    if ((ret = avcodec_parameters_to_context(p->decoder, p->stream->codecpar)) < 0 ||
        (ret = avcodec_open2(p->decoder, codec, NULL)) < 0)
        return ret;
    p->begin = number * SAMPLES;
    p->at = AV_NOPTS_VALUE;
    /* Where it cannot seek it decodes from where it stands, and times still say what belongs here. */
    av_seek_frame(p->in->format, n, (int64_t)((double)(number * PIECE_S - BEFORE_S) / av_q2d(p->stream->time_base)),
                  AVSEEK_FLAG_BACKWARD);
    return 0;
}

static void close_piece(Piece *p)
{
    swr_free(&p->resample);
    avcodec_free_context(&p->decoder);
    veil_input_close(p->in);
}

static void put(Piece *p, const int16_t *samples, int n)
{
    for (int i = 0; i < n; i++) {
        const int64_t to = p->at + i - p->begin;

        if (to >= 0 && to < SAMPLES)
            p->out[to] = samples[i];
    }
    p->at += n;
}

static int start_resampler(Piece *p, const AVFrame *f)
{
    AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    AVChannelLayout from = { 0 };
    int ret;

    if (f->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&from, f->ch_layout.nb_channels);
    else if ((ret = av_channel_layout_copy(&from, &f->ch_layout)) < 0)
        return ret;
    ret = swr_alloc_set_opts2(&p->resample, &mono, AV_SAMPLE_FMT_S16, RATE, &from, (enum AVSampleFormat)f->format,
                              f->sample_rate, 0, NULL);
    av_channel_layout_uninit(&from);
    return ret < 0 ? ret : swr_init(p->resample);
}

/* @return 1 once the piece is full, 0 to go on */
static int take_frame(Piece *p, const AVFrame *f)
{
    const int64_t pts = f->best_effort_timestamp;
    int16_t *samples;
    int64_t where;
    int ret, room;

    if (!p->resample && (ret = start_resampler(p, f)) < 0)
        return ret;
    /* What the resampler still holds comes before this frame. */
    where = pts == AV_NOPTS_VALUE ? p->at : llrint((double)pts * av_q2d(p->stream->time_base) * RATE) - swr_get_delay(p->resample, RATE);
    if (where == AV_NOPTS_VALUE)
        return 0;
    if (p->at == AV_NOPTS_VALUE || llabs(where - p->at) > APART)
        p->at = where;
    if ((room = swr_get_out_samples(p->resample, f->nb_samples)) < 0)
        return room;
    if (!(samples = malloc(((size_t)room + 1) * sizeof(*samples))))
        return AVERROR(ENOMEM);
    ret = swr_convert(p->resample, (uint8_t *[]){ (uint8_t *)samples }, room, (const uint8_t **)f->extended_data, f->nb_samples);
    if (ret > 0)
        put(p, samples, ret);
    free(samples);
    return ret < 0 ? ret : p->at >= p->begin + SAMPLES;
}

/* Damaged parts stay silent: this is for listening, not for the result. */
static int decode(Piece *p)
{
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    int ret = packet && frame ? 0 : AVERROR(ENOMEM);
    bool full = false, drained = false;

    while (ret >= 0 && !full && !drained) {
        ret = av_read_frame(p->in->format, packet);
        drained = ret < 0;
        if (ret >= 0 && packet->stream_index != p->stream->index) {
            av_packet_unref(packet);
            continue;
        }
        avcodec_send_packet(p->decoder, drained ? NULL : packet);
        av_packet_unref(packet);
        for (ret = 0; !full && avcodec_receive_frame(p->decoder, frame) >= 0; av_frame_unref(frame)) {
            if ((ret = take_frame(p, frame)) < 0)
                break;
            full = ret > 0;
        }
    }
    av_frame_free(&frame);
    av_packet_free(&packet);
    return ret < 0 ? ret : 0;
}

static void put_le(uint8_t *to, uint32_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (uint8_t)(v >> (8 * i));
}

static void put_header(uint8_t *to)
{
    static const uint8_t head[HEADER] = "RIFF....WAVEfmt \x10\0\0\0\1\0\1\0........\2\0\x10\0data";

    memcpy(to, head, HEADER);
    put_le(to + 4, HEADER - 8 + 2 * SAMPLES, 4);
    put_le(to + 24, RATE, 4);
    put_le(to + 28, 2 * RATE, 4);
    put_le(to + 40, 2 * SAMPLES, 4);
}

void veil_review_sound(void *review, const VeilWebRequest *request, VeilWebReply *reply)
{
    const VeilReview *r = review;
    AVBufferRef *body = NULL;
    Piece p = { 0 };
    int ret = 0;

    if (!r->has_audio || request->number >= PIECES || (double)request->number * PIECE_S > r->duration + PIECE_S) {
        veil_web_refuse(reply, 404, r->has_audio ? "the sound ends before that" : "the recording has no sound");
        return;
    }
    if (!(p.out = calloc(SAMPLES, sizeof(*p.out))) || !(body = av_buffer_alloc(HEADER + 2 * SAMPLES)))
        ret = AVERROR(ENOMEM);
    if (ret >= 0 && (ret = open_piece(&p, r->input, request->number)) >= 0 && (ret = decode(&p)) >= 0) {
        put_header(body->data);
        for (int i = 0; i < SAMPLES; i++)
            put_le(body->data + HEADER + 2 * i, (uint16_t)p.out[i], 2);
        veil_web_bytes(reply, "audio/wav", body);
    } else {
        av_buffer_unref(&body);
        veil_web_refuse(reply, 500, "the sound cannot be decoded: %s", av_err2str(ret));
    }
    close_piece(&p);
    free(p.out);
}
