/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "input.h"

#include <math.h>
#include <string.h>
#include <libavutil/avstring.h>
#include <libavutil/display.h>
#include <libavutil/pixdesc.h>

#include "extras.h"
#include "msg.h"

/* Local files only: a playlist inside a video must not make us open the network. */
#define PROTOCOLS "file,pipe,data,concat,subfile,crypto"

static int interrupted(void *opaque)
{
    const VeilInput *in = opaque;

    return atomic_load(in->cancel);
}

static int rotation_of(const AVStream *st)
{
    const uint8_t *matrix = av_stream_get_side_data(st, AV_PKT_DATA_DISPLAYMATRIX, NULL);
    double angle;

    if (!matrix)
        return 0;
    angle = -av_display_rotation_get((const int32_t *)matrix); /* FFmpeg counts anticlockwise */
    return isnan(angle) ? 0 : (((int)lrint(angle / 90) * 90) % 360 + 360) % 360;
}

/* A name with a colon, as recorders give ("2026-11-23T10:00.mp4"), is no protocol. */
static char *url_of(const char *path)
{
    if (!strcmp(path, "-"))
        return av_strdup("pipe:0");
    return av_asprintf("%s%s",
                       strstr(path, "://") || av_strstart(path, "concat:", NULL) ? "" : "file:", path);
}

static int open_format(VeilInput *in)
{
    char *url = url_of(in->path);
    AVDictionary *opts = NULL;
    int ret;

    if (!url || !(in->format = avformat_alloc_context())) {
        av_free(url);
        return AVERROR(ENOMEM);
    }
    in->format->interrupt_callback = (AVIOInterruptCB){ interrupted, in };
    av_dict_set(&opts, "scan_all_pmts", "1", 0);
    av_dict_set(&opts, "protocol_whitelist", PROTOCOLS, 0);
    ret = avformat_open_input(&in->format, url, NULL, &opts);
    av_dict_free(&opts);
    av_free(url);
    if (ret == AVERROR_EXIT)
        return ret; /* stopped from outside */
    if (ret < 0) {
        veil_error("cannot open '%s': %s; give a video file that ffprobe can read", in->path,
                   av_err2str(ret));
        return ret;
    }
    if ((ret = avformat_find_stream_info(in->format, NULL)) < 0 && ret != AVERROR_EXIT)
        veil_error("cannot read '%s': %s; the file may be cut short", in->path, av_err2str(ret));
    return ret;
}

static int open_decoder(VeilInput *in, int threads)
{
    const AVCodec *codec = NULL;
    int index = av_find_best_stream(in->format, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0), ret;

    if (index < 0 || (in->format->streams[index]->disposition & AV_DISPOSITION_ATTACHED_PIC)) {
        veil_error(index == AVERROR_DECODER_NOT_FOUND
                       ? "no decoder for the video in '%s'; convert it with ffmpeg first"
                       : "'%s' has no video stream; give a file with moving pictures",
                   in->path);
        return AVERROR(EINVAL);
    }
    in->video = in->format->streams[index];
    if (!(in->decoder = avcodec_alloc_context3(codec)))
        return AVERROR(ENOMEM);
    if ((ret = avcodec_parameters_to_context(in->decoder, in->video->codecpar)) < 0)
        return ret;
    in->decoder->pkt_timebase = in->video->time_base;
    in->decoder->thread_count = threads;
    if ((ret = avcodec_open2(in->decoder, codec, NULL)) < 0)
        veil_error("cannot decode '%s': %s; convert it with ffmpeg first", in->path, av_err2str(ret));
    return ret;
}

int veil_input_open(VeilInput **out, const char *path, int threads, const atomic_bool *cancel)
{
    VeilInput *in = av_mallocz(sizeof(*in));
    int ret;

    *out = NULL;
    if (!in)
        return AVERROR(ENOMEM);
    in->path = path;
    in->cancel = cancel;
    in->keep_audio = true;
    in->last_pts = AV_NOPTS_VALUE;
    if (!(in->packet = av_packet_alloc()))
        ret = AVERROR(ENOMEM);
    else
        ret = open_format(in);
    if (ret < 0 || (ret = open_decoder(in, threads)) < 0) {
        veil_input_close(in);
        return ret;
    }
    in->rotation = rotation_of(in->video);
    *out = in;
    return 0;
}

void veil_input_close(VeilInput *in)
{
    if (!in)
        return;
    av_packet_free(&in->packet);
    avcodec_free_context(&in->decoder);
    avformat_close_input(&in->format);
    av_free(in);
}

void veil_item_free(VeilItem *item)
{
    av_frame_free(&item->frame);
    av_packet_free(&item->packet);
}

/* ---- reading -------------------------------------------------------------- */

/* The J formats are the plain ones with the range in their name. */
static void plain_format(AVFrame *f)
{
    static const enum AVPixelFormat plain[][2] = { { AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUV420P },
                                                   { AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUV422P },
                                                   { AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUV444P },
                                                   { AV_PIX_FMT_YUVJ440P, AV_PIX_FMT_YUV440P },
                                                   { AV_PIX_FMT_YUVJ411P, AV_PIX_FMT_YUV411P } };

    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        if (f->format == plain[i][0]) {
            f->format = plain[i][1];
            f->color_range = AVCOL_RANGE_JPEG;
        }
}

/* Nothing private rides along: what the source put beside its pictures stays behind. */
static void strip_side_data(VeilInput *in, AVFrame *f)
{
    while (f->nb_side_data) {
        const enum AVFrameSideDataType type = f->side_data[0]->type;

        in->frame_side_data |= UINT64_C(1) << (type & 63);
        av_frame_remove_side_data(f, type);
    }
    av_dict_free(&f->metadata);
}

static void set_time(VeilInput *in, AVFrame *f)
{
    const AVRational rate = av_guess_frame_rate(in->format, in->video, f);

    if (f->pkt_duration <= 0 && rate.num > 0)
        f->pkt_duration = FFMAX(av_rescale_q(1, av_inv_q(rate), in->video->time_base), 1);
    f->pts = f->best_effort_timestamp;
    if (in->last_pts != AV_NOPTS_VALUE && f->pts == AV_NOPTS_VALUE) {
        f->pts = in->last_pts + FFMAX(in->last_duration, 1);
    } else if (f->pts == AV_NOPTS_VALUE) {
        f->pts = 0;
    } else if (in->last_pts != AV_NOPTS_VALUE && f->pts <= in->last_pts) {
        f->pts = in->last_pts + 1;
        in->times_nudged++;
    }
    in->last_pts = f->pts;
    in->last_duration = f->pkt_duration;
}

static void finish_frame(VeilInput *in, AVFrame *f)
{
    if (in->failed_since_frame)
        f->decode_error_flags |= FF_DECODE_ERROR_MISSING_REFERENCE;
    in->failed_since_frame = false;
    if (f->decode_error_flags || (f->flags & AV_FRAME_FLAG_CORRUPT))
        in->decode_errors++;
    plain_format(f);
    strip_side_data(in, f);
    set_time(in, f);
    f->pict_type = AV_PICTURE_TYPE_NONE; /* the encoder decides anew */
}

/* A packet or a frame went wrong: count it, and see to it that the next frame is covered. */
static int decode_error(VeilInput *in, int err)
{
    if (err == AVERROR(ENOMEM) || err == AVERROR_EXIT)
        return err;
    in->decode_errors++;
    in->failed_since_frame = true;
    if (!in->stop_on_error)
        return 0;
    veil_error("cannot decode '%s' after %.3f s: %s; --on-error cover-frame covers what cannot be decoded",
               in->path,
               in->last_pts == AV_NOPTS_VALUE ? 0 : (double)in->last_pts * av_q2d(in->video->time_base),
               av_err2str(err));
    return err;
}

/* @return 1 with a frame, 0 if the decoder wants a packet, AVERROR_EOF, AVERROR */
static int receive(VeilInput *in, AVFrame **frame)
{
    int ret;

    if (!*frame && !(*frame = av_frame_alloc()))
        return AVERROR(ENOMEM);
    while ((ret = avcodec_receive_frame(in->decoder, *frame)) < 0) {
        if (ret == AVERROR(EAGAIN))
            return 0;
        if (ret == AVERROR_EOF || (ret = decode_error(in, ret)) < 0)
            return ret;
    }
    finish_frame(in, *frame);
    if (in->stop_on_error && (*frame)->decode_error_flags)
        return decode_error(in, AVERROR_INVALIDDATA);
    return 1;
}

static bool is_kept_audio(const VeilInput *in, const AVPacket *p)
{
    return in->keep_audio && in->format->streams[p->stream_index]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
}

static int read_packet(VeilInput *in)
{
    const int ret = av_read_frame(in->format, in->packet);

    if (ret >= 0 || ret == AVERROR_EOF)
        return ret;
    if (ret == AVERROR_EXIT || atomic_load(in->cancel))
        return AVERROR_EXIT;
    veil_error("cannot read '%s' to its end: %s; repair the file, or copy it again from its source", in->path,
               av_err2str(ret));
    return ret;
}

/* Give the pending packet to the decoder. @return 0 or AVERROR */
static int feed(VeilInput *in)
{
    int ret = avcodec_send_packet(in->decoder, in->draining ? NULL : in->packet);

    if (ret == AVERROR(EAGAIN))
        return 0; /* it wants to be emptied first */
    if (!in->draining)
        av_packet_unref(in->packet);
    in->packet_pending = false;
    return ret < 0 && ret != AVERROR_EOF ? decode_error(in, ret) : 0;
}

int veil_input_next(VeilInput *in, VeilItem *item)
{
    int ret;

    *item = (VeilItem){ 0 };
    for (;;) {
        if (atomic_load(in->cancel))
            ret = AVERROR_EXIT;
        else if ((ret = receive(in, &item->frame)) == 1)
            return 0;
        if (ret < 0)
            break;
        if (!in->packet_pending) {
            ret = read_packet(in);
            if (ret < 0 && ret != AVERROR_EOF)
                break;
            in->draining = ret == AVERROR_EOF;
            in->packet_pending = true;
            if (!in->draining && in->packet->stream_index != in->video->index) {
                in->packet_pending = false;
                if (is_kept_audio(in, in->packet)) {
                    av_frame_free(&item->frame);
                    item->packet = av_packet_clone(in->packet);
                    av_packet_unref(in->packet);
                    return item->packet ? 0 : AVERROR(ENOMEM);
                }
                av_packet_unref(in->packet);
                continue;
            }
        }
        if ((ret = feed(in)) < 0)
            break;
    }
    av_frame_free(&item->frame);
    return ret;
}

VeilLink veil_input_link(const VeilInput *in, const AVFrame *first)
{
    VeilLink link = { .w = first->width,
                      .h = first->height,
                      .format = first->format,
                      .time_base = in->video->time_base,
                      .rotation = in->rotation };

    link.frame_rate = av_guess_frame_rate(in->format, in->video, NULL);
    link.sar = av_guess_sample_aspect_ratio(in->format, in->video, (AVFrame *)first);
    return link;
}

/* ---- what is left out ------------------------------------------------------ */

static void add_word(void *list, const char *what)
{
    json_array_append_new(list, json_string(what));
}

json_t *veil_input_stripped(const VeilInput *in, const char *keep_metadata)
{
    const VeilExtras extras = {
        .format = in->format, .video = in->video, .audio = in->keep_audio, .keep = keep_metadata
    };
    json_t *list = json_array();

    veil_extras_list(&extras, add_word, list);
    for (int type = 0; type < 64; type++)
        if (in->frame_side_data >> type & 1) {
            const char *name = av_frame_side_data_name((enum AVFrameSideDataType)type);
            json_array_append_new(list, json_sprintf("frame side data: %s", name ? name : "unknown"));
        }
    return list;
}
