/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audio.h"

#include <string.h>
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/avstring.h>
#include <libavutil/channel_layout.h>
#include <libavutil/parseutils.h>
#include <libavutil/samplefmt.h>

#include "msg.h"

#define MAX_RANGES 1024

typedef struct Range {
    int64_t from, to; ///< microseconds
} Range;

struct VeilAudio {
    AVCodecContext *decoder, *encoder;
    AVFilterGraph *graph;
    AVFilterContext *source, *sink;
    AVRational in_tb;
    AVStream *to;
    AVFrame *frame;
    AVPacket *packet;
    Range range[MAX_RANGES];
    int n;
};

static int parse_ranges(Range *range, const char *text)
{
    int n = 0;

    while (*text) {
        char part[128], *dash;
        const size_t len = strcspn(text, ",");

        av_strlcpy(part, text, FFMIN(len + 1, sizeof(part)));
        dash = strchr(part, '-');
        if (n == MAX_RANGES || !dash)
            return -1;
        *dash++ = 0;
        if (av_parse_time(&range[n].from, part, 1) < 0 || av_parse_time(&range[n].to, dash, 1) < 0 ||
            range[n].to <= range[n].from)
            return -1;
        n++;
        text += len + (text[len] == ',');
    }
    return n;
}

bool veil_audio_check(const char *how)
{
    Range range[MAX_RANGES];
    const char *ranges;

    if (!strcmp(how, "keep") || !strcmp(how, "drop"))
        return true;
    if (av_strstart(how, "mute=", &ranges) && parse_ranges(range, ranges) > 0)
        return true;
    veil_error("option '--audio' is '%s'; give keep, drop, or mute=FROM-TO,FROM-TO with times as 12.5 or 1:02:03", how);
    return false;
}

/* ---- opening ---------------------------------------------------------------- */

static int open_decoder(VeilAudio *a, const AVStream *from)
{
    const AVCodec *codec = avcodec_find_decoder(from->codecpar->codec_id);
    int ret;

    if (!codec)
        return AVERROR_DECODER_NOT_FOUND;
    if (!(a->decoder = avcodec_alloc_context3(codec)))
        return AVERROR(ENOMEM);
    if ((ret = avcodec_parameters_to_context(a->decoder, from->codecpar)) < 0)
        return ret;
    a->decoder->pkt_timebase = from->time_base;
    return avcodec_open2(a->decoder, codec, NULL);
}

static const AVCodec *choose_encoder(enum AVCodecID id, const AVOutputFormat *format)
{
    const AVCodec *codec = avcodec_find_encoder(id);

    if (codec)
        return codec;
    return avcodec_find_encoder(avformat_query_codec(format, AV_CODEC_ID_AAC, FF_COMPLIANCE_NORMAL) > 0
                                    ? AV_CODEC_ID_AAC
                                    : AV_CODEC_ID_OPUS);
}

static enum AVSampleFormat choose_format(const AVCodec *codec, enum AVSampleFormat wanted)
{
    for (const enum AVSampleFormat *f = codec->sample_fmts; f && *f != AV_SAMPLE_FMT_NONE; f++)
        if (*f == wanted)
            return wanted;
    return codec->sample_fmts ? codec->sample_fmts[0] : wanted;
}

static int choose_rate(const AVCodec *codec, int wanted)
{
    for (const int *r = codec->supported_samplerates; r && *r; r++)
        if (*r == wanted)
            return wanted;
    return codec->supported_samplerates ? codec->supported_samplerates[0] : wanted;
}

static int open_encoder(VeilAudio *a, const AVStream *from, const AVOutputFormat *format)
{
    const AVCodec *codec = choose_encoder(from->codecpar->codec_id, format);
    AVCodecContext *c;
    int ret;

    if (!codec)
        return AVERROR_ENCODER_NOT_FOUND;
    if (!(c = a->encoder = avcodec_alloc_context3(codec)))
        return AVERROR(ENOMEM);
    c->sample_rate = choose_rate(codec, a->decoder->sample_rate);
    c->sample_fmt = choose_format(codec, a->decoder->sample_fmt);
    if (a->decoder->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&c->ch_layout, a->decoder->ch_layout.nb_channels);
    else if ((ret = av_channel_layout_copy(&c->ch_layout, &a->decoder->ch_layout)) < 0)
        return ret;
    c->bit_rate = from->codecpar->bit_rate;
    c->time_base = (AVRational){ 1, c->sample_rate };
    if (format->flags & AVFMT_GLOBALHEADER)
        c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    return avcodec_open2(c, codec, NULL);
}

static int open_graph(VeilAudio *a)
{
    char args[256], layout[64], convert[256];
    const AVCodecContext *d = a->decoder, *e = a->encoder;
    int ret;

    if (!(a->graph = avfilter_graph_alloc()))
        return AVERROR(ENOMEM);
    av_channel_layout_describe(&e->ch_layout, layout, sizeof(layout));
    snprintf(args, sizeof(args), "time_base=1/%d:sample_rate=%d:sample_fmt=%s:channel_layout=%s", d->sample_rate,
             d->sample_rate, av_get_sample_fmt_name(d->sample_fmt), layout);
    snprintf(convert, sizeof(convert), "sample_fmts=%s:sample_rates=%d:channel_layouts=%s",
             av_get_sample_fmt_name(e->sample_fmt), e->sample_rate, layout);
    if ((ret = avfilter_graph_create_filter(&a->source, avfilter_get_by_name("abuffer"), "in", args, NULL, a->graph)) < 0 ||
        (ret = avfilter_graph_create_filter(&a->sink, avfilter_get_by_name("abuffersink"), "out", NULL, NULL, a->graph)) < 0)
        return ret;
    AVFilterContext *format;
    if ((ret = avfilter_graph_create_filter(&format, avfilter_get_by_name("aformat"), "format", convert, NULL, a->graph)) < 0 ||
        (ret = avfilter_link(a->source, 0, format, 0)) < 0 || (ret = avfilter_link(format, 0, a->sink, 0)) < 0 ||
        (ret = avfilter_graph_config(a->graph, NULL)) < 0)
        return ret;
    if (e->frame_size && !(e->codec->capabilities & AV_CODEC_CAP_VARIABLE_FRAME_SIZE))
        av_buffersink_set_frame_size(a->sink, (unsigned)e->frame_size);
    return 0;
}

int veil_audio_open(VeilAudio **out, const AVStream *from, AVStream *to, const AVOutputFormat *format,
                    const char *ranges)
{
    VeilAudio *a = av_mallocz(sizeof(*a));
    int ret = AVERROR(ENOMEM);

    *out = NULL;
    if (!a)
        return ret;
    a->in_tb = from->time_base;
    a->to = to;
    a->n = parse_ranges(a->range, ranges);
    a->frame = av_frame_alloc();
    a->packet = av_packet_alloc();
    if (a->frame && a->packet && (ret = open_decoder(a, from)) >= 0 && (ret = open_encoder(a, from, format)) >= 0 &&
        (ret = open_graph(a)) >= 0 && (ret = avcodec_parameters_from_context(to->codecpar, a->encoder)) >= 0) {
        to->time_base = a->encoder->time_base;
        *out = a;
        return 0;
    }
    veil_error("audio stream %d (%s) cannot be muted: %s; give --audio drop", from->index,
               avcodec_get_name(from->codecpar->codec_id), av_err2str(ret));
    veil_audio_close(a);
    return ret;
}

void veil_audio_close(VeilAudio *a)
{
    if (!a)
        return;
    avfilter_graph_free(&a->graph);
    avcodec_free_context(&a->decoder);
    avcodec_free_context(&a->encoder);
    av_frame_free(&a->frame);
    av_packet_free(&a->packet);
    av_free(a);
}

/* ---- running ----------------------------------------------------------------- */

/* Set to zero what lies in a range, to the sample. frame->pts is in 1/sample_rate. */
static int silence(const VeilAudio *a, AVFrame *f)
{
    const AVRational rate = { 1, f->sample_rate };
    int ret;

    for (int i = 0; i < a->n; i++) {
        const int64_t from = av_rescale_q_rnd(a->range[i].from, AV_TIME_BASE_Q, rate, AV_ROUND_DOWN) - f->pts;
        const int64_t to = av_rescale_q_rnd(a->range[i].to, AV_TIME_BASE_Q, rate, AV_ROUND_UP) - f->pts;
        const int first = (int)av_clip64(from, 0, f->nb_samples), last = (int)av_clip64(to, 0, f->nb_samples);

        if (last <= first)
            continue;
        if ((ret = av_frame_make_writable(f)) < 0)
            return ret;
        av_samples_set_silence(f->extended_data, first, last - first, f->ch_layout.nb_channels, f->format);
    }
    return 0;
}

static int drain_encoder(VeilAudio *a, int (*write)(void *, AVPacket *), void *opaque)
{
    int ret;

    while ((ret = avcodec_receive_packet(a->encoder, a->packet)) >= 0) {
        a->packet->stream_index = a->to->index;
        av_packet_rescale_ts(a->packet, a->encoder->time_base, a->to->time_base);
        if ((ret = write(opaque, a->packet)) < 0)
            return ret;
    }
    return ret == AVERROR(EAGAIN) || ret == AVERROR_EOF ? 0 : ret;
}

static int drain_graph(VeilAudio *a, bool at_end, int (*write)(void *, AVPacket *), void *opaque)
{
    int ret;

    while ((ret = av_buffersink_get_frame(a->sink, a->frame)) >= 0) {
        a->frame->pts = av_rescale_q(a->frame->pts, av_buffersink_get_time_base(a->sink), a->encoder->time_base);
        ret = avcodec_send_frame(a->encoder, a->frame);
        av_frame_unref(a->frame);
        if (ret < 0 || (ret = drain_encoder(a, write, opaque)) < 0)
            return ret;
    }
    if (ret != AVERROR(EAGAIN) && ret != AVERROR_EOF)
        return ret;
    if (!at_end)
        return 0;
    ret = avcodec_send_frame(a->encoder, NULL);
    return ret < 0 ? ret : drain_encoder(a, write, opaque);
}

static int decode(VeilAudio *a, const AVPacket *packet, int (*write)(void *, AVPacket *), void *opaque)
{
    int ret = avcodec_send_packet(a->decoder, packet);

    if (ret == AVERROR_INVALIDDATA)
        return 0; /* a damaged packet is silence */
    if (ret < 0)
        return ret;
    while ((ret = avcodec_receive_frame(a->decoder, a->frame)) >= 0) {
        a->frame->pts = av_rescale_q(a->frame->best_effort_timestamp, a->in_tb, (AVRational){ 1, a->frame->sample_rate });
        if ((ret = silence(a, a->frame)) < 0 || (ret = av_buffersrc_add_frame(a->source, a->frame)) < 0 ||
            (ret = drain_graph(a, false, write, opaque)) < 0)
            return ret;
    }
    return ret == AVERROR(EAGAIN) || ret == AVERROR_EOF || ret == AVERROR_INVALIDDATA ? 0 : ret;
}

int veil_audio_packet(VeilAudio *a, AVPacket *packet, int (*write)(void *opaque, AVPacket *p), void *opaque)
{
    int ret = decode(a, packet, write, opaque);

    if (ret >= 0 && !packet && (ret = av_buffersrc_add_frame(a->source, NULL)) >= 0)
        ret = drain_graph(a, true, write, opaque);
    return ret;
}
