/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "output.h"

#include <limits.h>
#include <string.h>
#include <libavutil/avstring.h>
#include <libavutil/mathematics.h>
#include <libavutil/pixdesc.h>

#include "audio.h"
#include "encoder.h"
#include "extras.h"
#include "msg.h"

/* What each ending is muxed as, and the encoder that players of it expect. */
static const struct {
    const char *ending, *muxer, *encoder;
    bool turns; ///< can carry a display matrix (FFmpeg 5.1's Matroska muxer cannot)
} containers[] = {
    { "mp4", "mp4", "libx264", true },       { "m4v", "mp4", "libx264", true },
    { "mov", "mov", "libx264", true },       { "mkv", "matroska", "libx264", false },
    { "webm", "webm", "libvpx-vp9", false },
};
#define N_CONTAINERS (sizeof(containers) / sizeof(containers[0]))

static int write_error(const VeilOutput *o, int err)
{
    veil_error("cannot write '%s': %s; nothing was kept", o->file.path, av_err2str(err));
    return err;
}

const AVOutputFormat *veil_output_format(const char *path)
{
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot && i < N_CONTAINERS; i++)
        if (!av_strcasecmp(dot + 1, containers[i].ending))
            return av_guess_format(containers[i].muxer, NULL, NULL);
    veil_error("output '%s' has no known ending; give .mp4, .mov, .mkv or .webm", path);
    return NULL;
}

bool veil_output_must_turn(const AVOutputFormat *format)
{
    for (size_t i = 0; i < N_CONTAINERS; i++)
        if (!strcmp(containers[i].muxer, format->name))
            return !containers[i].turns;
    return true;
}

const enum AVPixelFormat *veil_output_encoder(const VeilSettings *s, const AVOutputFormat *format,
                                              const AVCodec **codec)
{
    const char *name = s->encoder;

    for (size_t i = 0; !name && i < N_CONTAINERS; i++)
        if (!strcmp(containers[i].muxer, format->name))
            name = containers[i].encoder;
    *codec = avcodec_find_encoder_by_name(name);
    if (!*codec || (*codec)->type != AVMEDIA_TYPE_VIDEO) {
        veil_error("no video encoder is called '%s'; 'ffmpeg -encoders' lists them", name);
        *codec = NULL;
    } else if (avformat_query_codec(format, (*codec)->id, FF_COMPLIANCE_NORMAL) == 0) {
        veil_error("%s cannot hold what encoder '%s' makes; choose another ending or --encoder", format->name,
                   name);
        *codec = NULL;
    }
    return *codec ? (*codec)->pix_fmts : NULL;
}

/* ---- opening: video -------------------------------------------------------- */

/* How to show the picture: rotation and mastering light. */
static int copy_display_data(const AVStream *from, AVStream *to, bool turned)
{
    for (int i = 0; i < from->nb_side_data; i++) {
        const AVPacketSideData *sd = &from->side_data[i];
        uint8_t *copy;

        if (sd->type != AV_PKT_DATA_MASTERING_DISPLAY_METADATA &&
            sd->type != AV_PKT_DATA_CONTENT_LIGHT_LEVEL && (sd->type != AV_PKT_DATA_DISPLAYMATRIX || turned))
            continue;
        if (!(copy = av_stream_new_side_data(to, sd->type, sd->size)))
            return AVERROR(ENOMEM);
        memcpy(copy, sd->data, sd->size);
    }
    return 0;
}

static int add_video(VeilOutput *o, const VeilInput *in, const AVCodecContext *c)
{
    AVStream *st = o->video = avformat_new_stream(o->format, NULL);

    if (!st)
        return AVERROR(ENOMEM);
    st->time_base = c->time_base;
    st->avg_frame_rate = c->framerate;
    st->sample_aspect_ratio = c->sample_aspect_ratio;
    st->disposition = in->video->disposition & AV_DISPOSITION_DEFAULT;
    return copy_display_data(in->video, st, o->bakes_rotation);
}

/* ---- opening: the rest ------------------------------------------------------ */

static int add_audio(VeilOutput *o, const VeilSettings *s, const VeilInput *in, int index)
{
    const AVStream *from = in->format->streams[index];
    AVStream *st;
    int ret;

    if (avformat_query_codec(o->format->oformat, from->codecpar->codec_id, FF_COMPLIANCE_NORMAL) == 0) {
        veil_error("%s cannot hold %s audio unchanged; write .mov or .mkv, or give --audio drop",
                   o->format->oformat->name, avcodec_get_name(from->codecpar->codec_id));
        return AVERROR(EINVAL);
    }
    if (!(st = avformat_new_stream(o->format, NULL)))
        return AVERROR(ENOMEM);
    o->stream_map[index] = st->index;
    o->source_tb[index] = from->time_base;
    st->disposition = from->disposition & AV_DISPOSITION_DEFAULT;
    st->time_base = from->time_base;
    if (av_strstart(s->audio, "mute=", NULL)) {
        ret = veil_audio_open(&o->audio[index], from, st, o->format->oformat, s->audio + strlen("mute="));
    } else {
        ret = avcodec_parameters_copy(st->codecpar, from->codecpar);
        st->codecpar->codec_tag = 0; /* each container has its own */
    }
    return ret;
}

static void keep_metadata(const AVDictionary *from, AVDictionary **to, const char *keep)
{
    const AVDictionaryEntry *e = NULL;

    while ((e = av_dict_get(from, "", e, AV_DICT_IGNORE_SUFFIX)))
        if (veil_list_has(keep, e->key))
            av_dict_set(to, e->key, e->value, 0);
}

/* Streams in the order of the source, so that "-map 0:a:1" means the same in both. */
static int add_streams(VeilOutput *o, const VeilSettings *s, const VeilInput *in)
{
    int ret = 0;

    keep_metadata(in->format->metadata, &o->format->metadata, s->keep_metadata);
    for (int i = 0; i < (int)in->format->nb_streams && ret >= 0; i++) {
        const AVStream *from = in->format->streams[i];

        if (from == in->video) {
            if ((ret = add_video(o, in, o->encoder)) >= 0)
                ret = avcodec_parameters_from_context(o->video->codecpar, o->encoder);
            o->stream_map[i] = o->video ? o->video->index : -1;
        } else if (in->keep_audio && from->codecpar->codec_type == AVMEDIA_TYPE_AUDIO) {
            ret = add_audio(o, s, in, i);
        }
        if (ret >= 0 && o->stream_map[i] >= 0)
            keep_metadata(from->metadata, &o->format->streams[o->stream_map[i]]->metadata, s->keep_metadata);
    }
    return ret;
}

/* MP4 and MOV write a stream's start in the movie's time scale, a millisecond
 * by default: give them one in which every stream's times are whole. */
static void set_movie_timescale(const VeilOutput *o, const VeilInput *in, AVDictionary **opts)
{
    int64_t scale = 1000;

    for (int i = 0; i < o->n_source; i++) {
        const int64_t den = in->format->streams[i]->time_base.den;

        if (o->stream_map[i] >= 0 && scale / av_gcd(scale, den) * den <= INT_MAX)
            scale = scale / av_gcd(scale, den) * den;
    }
    av_dict_set_int(opts, "movie_timescale", scale, 0);
}

static int open_file(VeilOutput *o, const VeilInput *in)
{
    AVDictionary *opts = NULL;
    int ret;

    /* Bit exact: no version, no random id, so that a second run gives the same file. */
    o->format->flags |= AVFMT_FLAG_BITEXACT;
    o->format->max_interleave_delta = 0; /* video is held back for seconds: audio waits for it */
    o->format->avoid_negative_ts = AVFMT_AVOID_NEG_TS_DISABLED;
    o->format->max_delay = 700000;                         /* as ffmpeg does */
    char *url = av_asprintf("file:%s", o->file.part_path); /* a colon in the name is no protocol */
    if (!url)
        return AVERROR(ENOMEM);
    ret = avio_open(&o->format->pb, url, AVIO_FLAG_WRITE);
    av_free(url);
    if (ret < 0)
        return write_error(o, ret);
    set_movie_timescale(o, in, &opts); /* muxers without the option leave it in the dictionary */
    ret = avformat_write_header(o->format, &opts);
    av_dict_free(&opts);
    if (ret < 0) {
        veil_error("%s cannot hold these streams: %s; see --verbose, or choose another ending",
                   o->format->oformat->name, av_err2str(ret));
        return ret;
    }
    return 0;
}

int veil_output_open(VeilOutput **out, const VeilSettings *s, const VeilInput *in, const VeilLink *link,
                     const AVFrame *first)
{
    VeilOutput *o = av_mallocz(sizeof(*o));
    const AVOutputFormat *muxer = veil_output_format(s->output);
    VeilEncoderJob job = { .settings = s, .link = link, .first = first };
    int ret = AVERROR(EINVAL);

    *out = NULL;
    if (!o)
        return AVERROR(ENOMEM);
    o->file.fd = -1;
    o->n_source = (int)in->format->nb_streams;
    o->bakes_rotation = in->rotation && muxer && veil_output_must_turn(muxer);
    if (!muxer || (veil_output_encoder(s, muxer, &job.codec), !job.codec) ||
        (ret = veil_partfile_begin(&o->file, s->output, s->force)) < 0)
        goto fail;
    ret = AVERROR(ENOMEM);
    if (!(o->packet = av_packet_alloc()) ||
        !(o->stream_map = av_malloc_array(in->format->nb_streams, sizeof(*o->stream_map))) ||
        !(o->source_tb = av_calloc(in->format->nb_streams, sizeof(*o->source_tb))) ||
        !(o->audio = av_calloc(in->format->nb_streams, sizeof(*o->audio))))
        goto fail;
    memset(o->stream_map, -1, in->format->nb_streams * sizeof(*o->stream_map));
    job.global_header = muxer->flags & AVFMT_GLOBALHEADER;
    if ((ret = avformat_alloc_output_context2(&o->format, muxer, NULL, o->file.part_path)) < 0 ||
        (ret = veil_encoder_open(&o->encoder, &job)) < 0 || (ret = add_streams(o, s, in)) < 0 ||
        (ret = open_file(o, in)) < 0)
        goto fail;
    *out = o;
    return 0;
fail:
    veil_output_close(o);
    return ret;
}

/* ---- running ---------------------------------------------------------------- */

static int write_packet(VeilOutput *o, AVPacket *p)
{
    const AVStream *st = o->format->streams[p->stream_index];
    const int64_t shift = av_rescale_q(o->shift_us, AV_TIME_BASE_Q, st->time_base);
    int ret;

    if (p->pts != AV_NOPTS_VALUE)
        p->pts += shift;
    if (p->dts != AV_NOPTS_VALUE)
        p->dts += shift;
    p->pos = -1;
    ret = av_interleaved_write_frame(o->format, p);
    if (ret >= 0 && o->format->pb->error < 0)
        ret = o->format->pb->error;
    return ret < 0 ? write_error(o, ret) : 0;
}

/* Encoders give packets back in coding order, without the durations that went in. */
static int64_t duration_of(const VeilOutput *o, int64_t pts)
{
    for (size_t i = 0; i < sizeof(o->held) / sizeof(o->held[0]); i++)
        if (o->held[i].pts == pts)
            return o->held[i].duration;
    return 0;
}

int veil_output_frame(VeilOutput *o, AVFrame *frame)
{
    int ret;

    if (frame) {
        const unsigned slot = o->next_held++ % (sizeof(o->held) / sizeof(o->held[0]));

        o->held[slot].pts = frame->pts;
        o->held[slot].duration = frame->pkt_duration;
        o->frames++;
    }
    if ((ret = avcodec_send_frame(o->encoder, frame)) < 0)
        goto failed;
    while ((ret = avcodec_receive_packet(o->encoder, o->packet)) >= 0) {
        o->packet->duration = duration_of(o, o->packet->pts);
        o->packet->stream_index = o->video->index;
        av_packet_rescale_ts(o->packet, o->encoder->time_base, o->video->time_base);
        if ((ret = write_packet(o, o->packet)) < 0)
            return ret;
    }
    if (ret == AVERROR(EAGAIN) || ret == AVERROR_EOF)
        return 0;
failed:
    veil_error("encoder '%s' failed: %s; nothing was kept", o->encoder->codec->name, av_err2str(ret));
    return ret;
}

static int write_audio(void *opaque, AVPacket *p)
{
    return write_packet(opaque, p);
}

/* FFmpeg 5.1's Matroska muxer writes the delay of Opus into the header but not
 * into the times, from which every reader then takes it off. */
static void add_codec_delay(const AVOutputFormat *format, const AVStream *st, AVPacket *p)
{
    const AVCodecParameters *par = st->codecpar;
    const bool matroska = !strcmp(format->name, "matroska") || !strcmp(format->name, "webm");
    int64_t delay;

    if (!matroska || par->codec_id != AV_CODEC_ID_OPUS)
        return;
    delay = av_rescale_q(par->initial_padding, (AVRational){ 1, 48000 }, st->time_base);
    if (p->pts != AV_NOPTS_VALUE)
        p->pts += delay;
    if (p->dts != AV_NOPTS_VALUE)
        p->dts += delay;
}

int veil_output_packet(VeilOutput *o, AVPacket *packet)
{
    const int to = o->stream_map[packet->stream_index];
    struct VeilAudio *audio = o->audio[packet->stream_index];

    if (audio)
        return veil_audio_packet(audio, packet, write_audio, o);
    av_packet_rescale_ts(packet, o->source_tb[packet->stream_index], o->format->streams[to]->time_base);
    add_codec_delay(o->format->oformat, o->format->streams[to], packet);
    packet->stream_index = to;
    return write_packet(o, packet);
}

int veil_output_finish(VeilOutput *o)
{
    int ret = 0;

    for (int i = 0; i < o->n_source && ret >= 0; i++)
        if (o->audio[i])
            ret = veil_audio_packet(o->audio[i], NULL, write_audio, o);
    if (ret >= 0 && (ret = av_write_trailer(o->format)) < 0)
        return write_error(o, ret);
    if (ret >= 0 && (ret = avio_closep(&o->format->pb)) < 0)
        return write_error(o, ret);
    return ret;
}

void veil_output_close(VeilOutput *o)
{
    if (!o)
        return;
    avcodec_free_context(&o->encoder);
    if (o->format)
        avio_closep(&o->format->pb);
    avformat_free_context(o->format);
    for (int i = 0; o->audio && i < o->n_source; i++)
        veil_audio_close(o->audio[i]);
    av_free(o->audio);
    av_free(o->stream_map);
    av_free(o->source_tb);
    av_packet_free(&o->packet);
    veil_partfile_abandon(&o->file);
    av_free(o);
}
