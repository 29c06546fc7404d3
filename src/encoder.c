/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "encoder.h"

#include <string.h>
#include <libavutil/avstring.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>

#include "extras.h"
#include "msg.h"

static void set_picture(AVCodecContext *c, const VeilLink *link, const AVFrame *first)
{
    c->width = link->w;
    c->height = link->h;
    c->pix_fmt = link->format;
    c->time_base = link->time_base;
    c->framerate = link->frame_rate;
    c->sample_aspect_ratio = link->sar;
    c->color_range = first->color_range;
    c->color_primaries = first->color_primaries;
    c->color_trc = first->color_trc;
    c->colorspace = first->colorspace;
    c->chroma_sample_location = first->chroma_location;
    if (av_pix_fmt_desc_get(first->format)->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL) &&
        !(av_pix_fmt_desc_get(link->format)->flags & AV_PIX_FMT_FLAG_RGB)) {
        c->colorspace = AVCOL_SPC_SMPTE170M; /* what swscale makes of RGB unasked */
        c->color_range = AVCOL_RANGE_MPEG;
    }
    if (first->interlaced_frame) {
        c->flags |= AV_CODEC_FLAG_INTERLACED_DCT | AV_CODEC_FLAG_INTERLACED_ME;
        c->field_order = first->top_field_first ? AV_FIELD_TT : AV_FIELD_BB;
    }
}

/* x264 and x265 find fault with a preset only when they open, in words of their own. */
static bool has_preset(AVCodecContext *c, const AVCodec *codec, const char *preset)
{
    static const char x26x[] = "ultrafast,superfast,veryfast,faster,fast,medium,slow,slower,veryslow,placebo";

    if (av_strstart(codec->name, "libx26", NULL) && !veil_list_has(x26x, preset))
        return false;
    return av_opt_set(c->priv_data, "preset", preset, 0) >= 0;
}

static int set_options(const VeilSettings *s, AVCodecContext *c, const AVCodec *codec)
{
    char crf[16];

    snprintf(crf, sizeof(crf), "%d", s->crf);
    /* Not every encoder has these two; one that lacks them has its own ways. */
    if (s->crf >= 0 && av_opt_find(c->priv_data, "crf", NULL, 0, 0))
        av_opt_set(c->priv_data, "crf", crf, 0);
    if (strcmp(s->preset, "none") && av_opt_find(c->priv_data, "preset", NULL, 0, 0) &&
        !has_preset(c, codec, s->preset)) {
        veil_error("encoder '%s' has no preset '%s'; 'ffmpeg -h encoder=%s' lists them", codec->name,
                   s->preset, codec->name);
        return AVERROR(EINVAL);
    }
    if (!strcmp(codec->name, "libvpx-vp9")) { /* its defaults use one thread, and take a day */
        av_opt_set(c->priv_data, "row-mt", "1", 0);
        av_opt_set(c->priv_data, "cpu-used", "4", 0);
    }
    return 0;
}

int veil_encoder_open(AVCodecContext **out, const VeilEncoderJob *job)
{
    const VeilSettings *s = job->settings;
    const AVCodec *codec = job->codec;
    AVDictionary *opts = NULL;
    AVCodecContext *c = *out = avcodec_alloc_context3(codec);
    int ret;

    if (!c)
        return AVERROR(ENOMEM);
    set_picture(c, job->link, job->first);
    c->thread_count = s->threads;
    if (job->global_header)
        c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    if ((ret = set_options(s, c, codec)) < 0)
        return ret;
    if (s->enc_opts && av_dict_parse_string(&opts, s->enc_opts, "=", ":", 0) < 0) {
        veil_error("option '--enc-opts' is '%s'; give key=value:key=value", s->enc_opts);
        ret = AVERROR(EINVAL);
    } else if ((ret = avcodec_open2(c, codec, &opts)) < 0) {
        veil_error("encoder '%s' cannot take %dx%d %s: %s; see --verbose, or choose another --encoder",
                   codec->name, c->width, c->height, av_get_pix_fmt_name(c->pix_fmt), av_err2str(ret));
    } else if (av_dict_count(opts)) {
        veil_error("encoder '%s' has no option '%s'; 'ffmpeg -h encoder=%s' lists them", codec->name,
                   av_dict_get(opts, "", NULL, AV_DICT_IGNORE_SUFFIX)->key, codec->name);
        ret = AVERROR(EINVAL);
    }
    av_dict_free(&opts);
    return ret;
}
