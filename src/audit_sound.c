/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Sound is copied packet for packet, so its packets must be the same bytes. A
 * track with muted parts was coded anew: then every tenth of a second must be
 * as loud as in the source, or silent where it was muted.
 */
#include "audit_sound.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libavutil/parseutils.h>
#include <sodium.h>

#include "audit_parts.h"
#include "msg.h"

#define TRACKS_MAX 32
#define SLICE_S    0.1
#define SLICES_MAX 1000000 ///< over a day
#define SILENT     1e-3    ///< of full scale
#define AUDIBLE    3e-3

typedef struct Sound {
    const char *path;
    AVFormatContext *format;
    int stream[TRACKS_MAX]; ///< by audio track
    int n;
    crypto_hash_sha256_state state[TRACKS_MAX];
    int64_t packets[TRACKS_MAX];
    uint8_t digest[TRACKS_MAX][crypto_hash_sha256_BYTES];
} Sound;

/* ---- packets ---------------------------------------------------------------------- */

static int sound_open(Sound *s, const char *path)
{
    char *url = av_asprintf("file:%s", path);
    AVDictionary *opts = NULL;
    int ret;

    av_dict_set(&opts, "protocol_whitelist", "file,data,concat,subfile,crypto", 0); /* as input.c: never the network */
    ret = url ? avformat_open_input(&s->format, url, NULL, &opts) : AVERROR(ENOMEM);
    av_dict_free(&opts);
    av_free(url);
    s->path = path;
    if (ret >= 0)
        ret = avformat_find_stream_info(s->format, NULL);
    if (ret < 0) {
        veil_error("cannot read the sound of '%s': %s; the file may be cut short", path, av_err2str(ret));
        return ret;
    }
    for (unsigned i = 0; i < s->format->nb_streams; i++)
        if (s->format->streams[i]->codecpar->codec_type != AVMEDIA_TYPE_AUDIO)
            s->format->streams[i]->discard = AVDISCARD_ALL;
        else if (s->n < TRACKS_MAX)
            s->stream[s->n++] = (int)i;
    return 0;
}

static int track_of(const Sound *s, int stream)
{
    for (int i = 0; i < s->n; i++)
        if (s->stream[i] == stream)
            return i;
    return -1;
}

/* AAC from a TS has a header before each packet that other containers leave out. */
static void hash_packet(Sound *s, int track, const AVPacket *p)
{
    const AVCodecParameters *par = s->format->streams[p->stream_index]->codecpar;
    const bool adts = par->codec_id == AV_CODEC_ID_AAC && p->size > 9 && p->data[0] == 0xff && (p->data[1] & 0xf6) == 0xf0;
    const int head = !adts ? 0 : p->data[1] & 1 ? 7 : 9;

    crypto_hash_sha256_update(&s->state[track], p->data + head, (unsigned long long)(p->size - head));
    s->packets[track]++;
}

static int hash_all(Sound *s)
{
    AVPacket *p = av_packet_alloc();
    int ret = p ? 0 : AVERROR(ENOMEM);

    for (int i = 0; i < s->n; i++)
        crypto_hash_sha256_init(&s->state[i]);
    while (ret >= 0 && (ret = av_read_frame(s->format, p)) >= 0) {
        const int track = track_of(s, p->stream_index);

        if (track >= 0)
            hash_packet(s, track, p);
        av_packet_unref(p);
    }
    for (int i = 0; i < s->n; i++)
        crypto_hash_sha256_final(&s->state[i], s->digest[i]);
    av_packet_free(&p);
    if (ret == AVERROR_EOF)
        return 0;
    veil_error("cannot read the sound of '%s' to its end: %s", s->path, av_err2str(ret));
    return ret;
}

/* ---- loudness ----------------------------------------------------------------------- */

typedef struct Loudness {
    double *square; ///< sum by slice
    int64_t *count;
    int n;
} Loudness;

static double sample_of(const AVFrame *f, int channel, int i)
{
    const bool planar = av_sample_fmt_is_planar(f->format);
    const uint8_t *data = f->extended_data[planar ? channel : 0];
    const int at = planar ? i : i * f->ch_layout.nb_channels + channel;

    switch (av_get_packed_sample_fmt(f->format)) {
    case AV_SAMPLE_FMT_U8:
        return (data[at] - 128) / 128.0;
    case AV_SAMPLE_FMT_S16:
        return ((const int16_t *)(const void *)data)[at] / 32768.0;
    case AV_SAMPLE_FMT_S32:
        return ((const int32_t *)(const void *)data)[at] / 2147483648.0;
    case AV_SAMPLE_FMT_FLT:
        return (double)((const float *)(const void *)data)[at];
    case AV_SAMPLE_FMT_DBL:
        return ((const double *)(const void *)data)[at];
    default:
        return 0;
    }
}

static int grow(Loudness *l, int n)
{
    double *square;
    int64_t *count;
    int cap = l->n;

    if (n <= cap)
        return 0;
    if (n > SLICES_MAX)
        return AVERROR(EFBIG);
    for (cap = cap ? cap : 1024; cap < n;)
        cap *= 2;
    if (!(square = realloc(l->square, (size_t)cap * sizeof(*square))))
        return AVERROR(ENOMEM);
    l->square = square;
    if (!(count = realloc(l->count, (size_t)cap * sizeof(*count))))
        return AVERROR(ENOMEM);
    l->count = count;
    memset(square + l->n, 0, (size_t)(cap - l->n) * sizeof(*square));
    memset(count + l->n, 0, (size_t)(cap - l->n) * sizeof(*count));
    l->n = cap;
    return 0;
}

static int add_frame(Loudness *l, const AVFrame *f, AVRational time_base)
{
    const double begin = f->pts == AV_NOPTS_VALUE ? 0 : (double)f->pts * av_q2d(time_base);

    for (int i = 0; i < f->nb_samples; i++) {
        const int slice = (int)floor((begin + (double)i / f->sample_rate) / SLICE_S);
        int ret;

        if (slice < 0)
            continue;
        if ((ret = grow(l, slice + 1)) < 0)
            return ret;
        for (int c = 0; c < f->ch_layout.nb_channels; c++) {
            const double v = sample_of(f, c, i);

            l->square[slice] += v * v;
            l->count[slice]++;
        }
    }
    return 0;
}

static int decode(AVCodecContext *dec, const AVPacket *packet, AVFrame *frame, Loudness *l, AVRational time_base)
{
    int ret = avcodec_send_packet(dec, packet);

    if (ret < 0 && ret != AVERROR_EOF && ret != AVERROR_INVALIDDATA)
        return ret;
    while ((ret = avcodec_receive_frame(dec, frame)) >= 0) {
        frame->pts = frame->best_effort_timestamp;
        if ((ret = add_frame(l, frame, time_base)) < 0)
            return ret;
    }
    return ret == AVERROR(EAGAIN) || ret == AVERROR_EOF ? 0 : ret;
}

static int measure(Loudness *l, const char *path, int track)
{
    Sound s = { 0 };
    AVCodecContext *dec = NULL;
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    const AVCodec *codec;
    int ret = packet && frame ? sound_open(&s, path) : AVERROR(ENOMEM);
    AVStream *st = ret >= 0 && track < s.n ? s.format->streams[s.stream[track]] : NULL;

    if (ret >= 0 && (!st || !(codec = avcodec_find_decoder(st->codecpar->codec_id)) ||
                     !(dec = avcodec_alloc_context3(codec)) || avcodec_parameters_to_context(dec, st->codecpar) < 0))
        ret = AVERROR_DECODER_NOT_FOUND;
    if (ret >= 0) {
        dec->pkt_timebase = st->time_base;
        ret = avcodec_open2(dec, codec, NULL);
    }
    while (ret >= 0 && (ret = av_read_frame(s.format, packet)) >= 0) {
        if (packet->stream_index == st->index)
            ret = decode(dec, packet, frame, l, st->time_base);
        av_packet_unref(packet);
    }
    if (ret == AVERROR_EOF)
        ret = decode(dec, NULL, frame, l, st->time_base);
    avcodec_free_context(&dec);
    av_packet_free(&packet);
    av_frame_free(&frame);
    avformat_close_input(&s.format);
    return ret;
}

typedef struct Range {
    double from, to;
} Range;

/* "mute=FROM-TO,..." @return number of ranges, at most cap */
static int read_mutes(Range *range, int cap, const char *how)
{
    int n = 0;

    if (!av_strstart(how, "mute=", &how))
        return 0;
    while (*how && n < cap) {
        char part[128], *dash;
        const size_t len = strcspn(how, ",");
        int64_t from, to;

        av_strlcpy(part, how, FFMIN(len + 1, sizeof(part)));
        if ((dash = strchr(part, '-'))) {
            *dash++ = 0;
            if (av_parse_time(&from, part, 1) >= 0 && av_parse_time(&to, dash, 1) >= 0)
                range[n++] = (Range){ (double)from / 1e6, (double)to / 1e6 };
        }
        how += len + (how[len] == ',');
    }
    return n;
}

/* @return 1 the slice is muted whole, 0 not at all, -1 in part */
static int muted(const Range *range, int n, int slice)
{
    /* A lossy coder smears silence and sound over each other at the edges. */
    const double from = slice * SLICE_S, to = from + SLICE_S, edge = 0.06;
    int found = 0;

    for (int i = 0; i < n && found != 1; i++)
        if (from >= range[i].from + edge && to <= range[i].to - edge)
            found = 1;
        else if (to > range[i].from - edge && from < range[i].to + edge)
            found = -1;
    return found;
}

static double level(const Loudness *l, int slice)
{
    return slice < l->n && l->count[slice] ? sqrt(l->square[slice] / (double)l->count[slice]) : 0;
}

/* Loudness of both; @return false with words if they do not fit */
static bool fits(const Loudness *out, const Loudness *source, const Range *range, int n, char *why, size_t cap)
{
    int audible = 0, alike = 0;

    for (int i = 0; i < FFMAX(out->n, source->n); i++) {
        const double a = level(out, i), b = level(source, i);
        const int is = muted(range, n, i);

        if (is == 1 && a > SILENT) {
            snprintf(why, cap, "at %.1f s there is sound, which was to be muted", i * SLICE_S);
            return false;
        }
        if (is || b < AUDIBLE)
            continue;
        audible++;
        alike += a > b * 0.7 && a < b * 1.4;
    }
    snprintf(why, cap, "outside of the muted parts %d of %d tenths of a second sound otherwise", audible - alike, audible);
    return alike * 20 >= audible * 19;
}

static int compare_muted(VeilAudit *a, const VeilAuditJob *job, int track, const char *how, bool *good)
{
    Range range[1024];
    const int n = read_mutes(range, 1024, how);
    Loudness out = { 0 }, source = { 0 };
    char why[200] = "";
    int ret = measure(&out, job->path, track);

    if (ret >= 0)
        ret = measure(&source, job->source, track);
    *good = false;
    if (ret < 0)
        veil_audit_add(a, "audio", VEIL_AUDIT_FAILED, "track %d cannot be decoded to be compared: %s", track + 1,
                       av_err2str(ret));
    else if (!(*good = fits(&out, &source, range, n, why, sizeof(why))))
        veil_audit_add(a, "audio", VEIL_AUDIT_FAILED, "track %d: %s", track + 1, why);
    free(out.square);
    free(out.count);
    free(source.square);
    free(source.count);
    return ret == AVERROR(ENOMEM) ? ret : 0;
}

static int compare(VeilAudit *a, const VeilAuditJob *job, const Sound *out, const Sound *source)
{
    const json_t *c = json_object_get(job->report, "configuration");
    const char *how = json_string_value(json_object_get(c, "audio"));
    const bool is_muted = how && av_strstart(how, "mute=", NULL);
    bool good = true;
    int ret = 0;

    if (how && !strcmp(how, "drop") && !out->n) {
        veil_audit_add(a, "audio", VEIL_AUDIT_PASSED, "left out, as was asked");
        return 0;
    }
    if (out->n != source->n) {
        veil_audit_add(a, "audio", VEIL_AUDIT_FAILED, "the source has %d tracks, the output %d", source->n, out->n);
        return 0;
    }
    for (int i = 0; i < out->n && good && ret >= 0; i++) {
        if (out->packets[i] == source->packets[i] && !memcmp(out->digest[i], source->digest[i], sizeof(out->digest[i])))
            continue;
        if (is_muted) {
            ret = compare_muted(a, job, i, how, &good);
            continue;
        }
        veil_audit_add(a, "audio", VEIL_AUDIT_FAILED, "track %d: its packets are not those of the source (%lld, %lld there)",
                       i + 1, (long long)out->packets[i], (long long)source->packets[i]);
        good = false;
    }
    if (good && ret >= 0 && out->n)
        veil_audit_add(a, "audio", VEIL_AUDIT_PASSED, is_muted ? "%d track%s, silent where muted, else as the source"
                                                               : "%d track%s, the source's packets",
                       out->n, out->n == 1 ? "" : "s");
    else if (good && ret >= 0)
        veil_audit_add(a, "audio", VEIL_AUDIT_PASSED, "there is none, nor in the source");
    return ret;
}

int veil_audit_sound(VeilAudit *a, const VeilAuditJob *job)
{
    Sound out = { 0 }, source = { 0 };
    int ret;

    if ((ret = sound_open(&out, job->path)) >= 0 && (ret = sound_open(&source, job->source)) >= 0 &&
        (ret = hash_all(&out)) >= 0 && (ret = hash_all(&source)) >= 0)
        ret = compare(a, job, &out, &source);
    avformat_close_input(&out.format);
    avformat_close_input(&source.format);
    return ret;
}
