/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Encoding and muxing. Threads are fixed and the container carries neither
 * date nor version, so that a seed gives the same bytes each time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
#include "output.h"
#include "sound.h"

#define X264_THREADS 2

typedef struct Track {
    AVStream *stream;
    AVCodecContext *codec;
    AVFrame *frame;
} Track;

struct Output {
    char *path, *part;
    AVFormatContext *format;
    AVPacket *packet;
    struct SwsContext *sws;
    Track video, sound;
    Sound noise;
    int width, height;
    int64_t frames;
    bool begun, finished;
};

static int complain(const char *doing, const char *path, int ret)
{
    char why[AV_ERROR_MAX_STRING_SIZE];

    av_strerror(ret, why, sizeof(why));
    fprintf(stderr, "street: cannot %s '%s': %s\n", doing, path, why);
    return ret;
}

static int open_track(Output *o, Track *t, const AVCodec *codec, AVDictionary **opts)
{
    int ret;

    if (o->format->oformat->flags & AVFMT_GLOBALHEADER)
        t->codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    t->codec->flags |= AV_CODEC_FLAG_BITEXACT;
    if ((ret = avcodec_open2(t->codec, codec, opts)) < 0)
        return ret;
    if (!(t->stream = avformat_new_stream(o->format, NULL)))
        return AVERROR(ENOMEM);
    t->stream->time_base = t->codec->time_base;
    return avcodec_parameters_from_context(t->stream->codecpar, t->codec);
}

static int open_video(Output *o, const OutputOptions *opt)
{
    const AVCodec *codec = avcodec_find_encoder_by_name("libx264");
    AVDictionary *opts = NULL;
    AVCodecContext *c;
    int ret;

    if (!codec)
        return AVERROR_ENCODER_NOT_FOUND;
    if (!(c = o->video.codec = avcodec_alloc_context3(codec)))
        return AVERROR(ENOMEM);
    c->width = opt->width;
    c->height = opt->height;
    c->pix_fmt = AV_PIX_FMT_YUV420P;
    c->time_base = (AVRational){ 1, opt->fps };
    c->framerate = (AVRational){ opt->fps, 1 };
    c->sample_aspect_ratio = (AVRational){ 1, 1 };
    c->gop_size = 2 * opt->fps;
    c->thread_count = X264_THREADS;
    c->color_range = AVCOL_RANGE_MPEG;
    c->colorspace = AVCOL_SPC_BT709;
    c->color_primaries = AVCOL_PRI_BT709;
    c->color_trc = AVCOL_TRC_BT709;
    av_dict_set(&opts, "preset", "veryfast", 0);
    av_dict_set_int(&opts, "crf", opt->crf, 0);
    ret = open_track(o, &o->video, codec, &opts);
    av_dict_free(&opts);
    return ret;
}

static int open_sound(Output *o, uint32_t seed)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_AAC);
    AVCodecContext *c;

    if (!codec)
        return AVERROR_ENCODER_NOT_FOUND;
    if (!(c = o->sound.codec = avcodec_alloc_context3(codec)))
        return AVERROR(ENOMEM);
    c->sample_fmt = AV_SAMPLE_FMT_FLTP;
    c->sample_rate = SOUND_RATE;
    c->bit_rate = 64000;
    c->time_base = (AVRational){ 1, SOUND_RATE };
    av_channel_layout_default(&c->ch_layout, 1);
    o->noise.rng.state = seed;
    return open_track(o, &o->sound, codec, NULL);
}

static int make_frames(Output *o)
{
    AVFrame *v = o->video.frame = av_frame_alloc(), *a;
    int ret;

    if (!v)
        return AVERROR(ENOMEM);
    v->format = AV_PIX_FMT_YUV420P;
    v->width = o->width;
    v->height = o->height;
    if ((ret = av_frame_get_buffer(v, 0)) < 0 || !o->sound.codec)
        return ret;
    if (!(a = o->sound.frame = av_frame_alloc()))
        return AVERROR(ENOMEM);
    a->format = AV_SAMPLE_FMT_FLTP;
    a->nb_samples = o->sound.codec->frame_size;
    a->sample_rate = SOUND_RATE;
    if ((ret = av_channel_layout_copy(&a->ch_layout, &o->sound.codec->ch_layout)) < 0)
        return ret;
    return av_frame_get_buffer(a, 0);
}

static int open_scaler(Output *o)
{
    const int *to = sws_getCoefficients(SWS_CS_ITU709), *from = sws_getCoefficients(SWS_CS_DEFAULT);

    o->sws = sws_getContext(o->width, o->height, AV_PIX_FMT_RGB24, o->width, o->height, AV_PIX_FMT_YUV420P,
                            SWS_BILINEAR | SWS_ACCURATE_RND | SWS_BITEXACT, NULL, NULL, NULL);
    if (!o->sws)
        return AVERROR(ENOMEM);
    sws_setColorspaceDetails(o->sws, from, 1, to, 0, 0, 1 << 16, 1 << 16);
    return 0;
}

static int open_container(Output *o)
{
    const AVOutputFormat *format = av_guess_format(NULL, o->path, NULL);

    if (!format || format->video_codec == AV_CODEC_ID_NONE || format->flags & AVFMT_NOFILE) {
        fprintf(stderr, "street: cannot tell the container from '%s'; end the name in .mp4, .mov or .mkv\n",
                o->path);
        return AVERROR(EINVAL);
    }
    return avformat_alloc_output_context2(&o->format, format, NULL, o->part);
}

static int begin_file(Output *o)
{
    AVDictionary *opts = NULL;
    int ret;

    o->format->flags |= AVFMT_FLAG_BITEXACT;
    if ((ret = avio_open(&o->format->pb, o->part, AVIO_FLAG_WRITE)) < 0)
        return ret;
    o->begun = true;
    av_dict_set(&opts, "movflags", "+faststart", 0);
    ret = avformat_write_header(o->format, &opts);
    av_dict_free(&opts);
    return ret < 0 ? ret : 0;
}

int output_open(Output **out, const OutputOptions *opt)
{
    Output *o = calloc(1, sizeof(*o));
    int ret = AVERROR(ENOMEM);

    *out = NULL;
    if (!o)
        return complain("write", opt->path, ret);
    o->width = opt->width;
    o->height = opt->height;
    if (!(o->path = strdup(opt->path)) || asprintf(&o->part, "%s.part", opt->path) < 0 ||
        !(o->packet = av_packet_alloc()))
        goto fail;
    if ((ret = open_container(o)) < 0 || (ret = open_video(o, opt)) < 0 ||
        (opt->audio && (ret = open_sound(o, opt->seed)) < 0) || (ret = make_frames(o)) < 0 ||
        (ret = open_scaler(o)) < 0 || (ret = begin_file(o)) < 0)
        goto fail;
    *out = o;
    return 0;
fail:
    if (ret != AVERROR(EINVAL) || o->format)
        complain("write", opt->path, ret);
    output_close(o);
    return ret;
}

/* Hand a frame (NULL: the end) to an encoder and write what comes out. */
static int encode(Output *o, Track *t, const AVFrame *frame)
{
    int ret = avcodec_send_frame(t->codec, frame);

    while (ret >= 0) {
        if ((ret = avcodec_receive_packet(t->codec, o->packet)) < 0)
            break;
        if (t == &o->video && !o->packet->duration)
            o->packet->duration = 1;
        av_packet_rescale_ts(o->packet, t->codec->time_base, t->stream->time_base);
        o->packet->stream_index = t->stream->index;
        ret = av_interleaved_write_frame(o->format, o->packet);
    }
    return ret == AVERROR(EAGAIN) || ret == AVERROR_EOF ? 0 : ret;
}

/* Sound up to the end of the picture so far. The last frame may be a short one. */
static int make_sound(Output *o, bool last)
{
    AVFrame *a = o->sound.frame;
    const int64_t end = av_rescale_q(o->frames, o->video.codec->time_base, o->sound.codec->time_base);
    const int whole = o->sound.codec->frame_size;
    int ret = 0;

    while (ret >= 0 && (o->noise.at + whole <= end || (last && o->noise.at < end))) {
        if ((ret = av_frame_make_writable(a)) < 0)
            break;
        a->nb_samples = end - o->noise.at < whole ? (int)(end - o->noise.at) : whole;
        a->pts = o->noise.at;
        sound_make(&o->noise, (float *)a->data[0], a->nb_samples);
        ret = encode(o, &o->sound, a);
    }
    return ret;
}

int output_frame(Output *o, const uint8_t *rgb)
{
    const uint8_t *const planes[] = { rgb };
    const int strides[] = { 3 * o->width };
    AVFrame *v = o->video.frame;
    int ret;

    if ((ret = av_frame_make_writable(v)) < 0)
        return complain("write", o->path, ret);
    sws_scale(o->sws, planes, strides, 0, o->height, v->data, v->linesize);
    v->pts = o->frames++;
    if ((ret = encode(o, &o->video, v)) < 0 || (o->sound.codec && (ret = make_sound(o, false)) < 0))
        return complain("write", o->path, ret);
    return 0;
}

static int drain(Output *o)
{
    int ret = encode(o, &o->video, NULL);

    if (ret < 0 || !o->sound.codec)
        return ret;
    if ((ret = make_sound(o, true)) < 0)
        return ret;
    return encode(o, &o->sound, NULL);
}

int output_finish(Output *o)
{
    int ret;

    if ((ret = drain(o)) < 0 || (ret = av_write_trailer(o->format)) < 0 ||
        (ret = avio_closep(&o->format->pb)) < 0)
        return complain("write", o->path, ret);
    if (rename(o->part, o->path) < 0)
        return complain("write", o->path, AVERROR(errno));
    o->finished = true;
    return 0;
}

static void close_track(Track *t)
{
    avcodec_free_context(&t->codec);
    av_frame_free(&t->frame);
}

void output_close(Output *o)
{
    if (!o)
        return;
    if (o->format)
        avio_closep(&o->format->pb);
    if (o->begun && !o->finished)
        remove(o->part);
    close_track(&o->video);
    close_track(&o->sound);
    avformat_free_context(o->format);
    av_packet_free(&o->packet);
    sws_freeContext(o->sws);
    free(o->path);
    free(o->part);
    free(o);
}

static int encode_png(const uint8_t *rgb, int width, int height, AVPacket *packet)
{
    AVCodecContext *c = avcodec_alloc_context3(avcodec_find_encoder(AV_CODEC_ID_PNG));
    AVFrame *f = av_frame_alloc();
    int ret = AVERROR(ENOMEM);

    if (!c || !f)
        goto end;
    c->width = f->width = width;
    c->height = f->height = height;
    c->pix_fmt = f->format = AV_PIX_FMT_RGB24;
    c->time_base = (AVRational){ 1, 1 };
    if ((ret = avcodec_open2(c, NULL, NULL)) < 0 || (ret = av_frame_get_buffer(f, 0)) < 0)
        goto end;
    for (int y = 0; y < height; y++)
        memcpy(f->data[0] + (ptrdiff_t)y * f->linesize[0], rgb + 3 * (size_t)y * (size_t)width,
               3 * (size_t)width);
    if ((ret = avcodec_send_frame(c, f)) >= 0 && (ret = avcodec_send_frame(c, NULL)) >= 0)
        ret = avcodec_receive_packet(c, packet);
end:
    av_frame_free(&f);
    avcodec_free_context(&c);
    return ret;
}

static int write_bytes(const char *path, const uint8_t *bytes, size_t n)
{
    char *part = NULL;
    FILE *f = NULL;
    int ret = 0;

    if (asprintf(&part, "%s.part", path) < 0)
        return AVERROR(ENOMEM);
    if (!(f = fopen(part, "wb"))) {
        ret = AVERROR(errno);
        goto end;
    }
    if (fwrite(bytes, 1, n, f) != n)
        ret = AVERROR(errno);
    if (fclose(f) != 0 && ret == 0)
        ret = AVERROR(errno);
    if (ret == 0 && rename(part, path) < 0)
        ret = AVERROR(errno);
    if (ret < 0)
        remove(part);
end:
    free(part);
    return ret;
}

int output_png(const char *path, const uint8_t *rgb, int width, int height)
{
    AVPacket *packet = av_packet_alloc();
    int ret = packet ? encode_png(rgb, width, height, packet) : AVERROR(ENOMEM);

    if (ret >= 0)
        ret = write_bytes(path, packet->data, (size_t)packet->size);
    av_packet_free(&packet);
    return ret < 0 ? complain("write", path, ret) : 0;
}
