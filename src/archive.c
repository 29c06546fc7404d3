/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "archive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libavutil/mem.h>

#include "keys/file.h"
#include "msg.h"

#define VAULT_MAX (256u << 20) ///< bytes; FFmpeg holds an attachment in memory

int veil_archive_check(const char *path)
{
    const char *dot = strrchr(path, '.');

    if (dot && !av_strcasecmp(dot, ".mkv"))
        return 0;
    veil_error("archive '%s' must be Matroska, which can hold a vault; give a name that ends in .mkv", path);
    return -EINVAL;
}

static int copy_streams(AVFormatContext *out, const AVFormatContext *in)
{
    for (unsigned i = 0; i < in->nb_streams; i++) {
        AVStream *st = avformat_new_stream(out, NULL);
        int ret;

        if (!st)
            return AVERROR(ENOMEM);
        if ((ret = avcodec_parameters_copy(st->codecpar, in->streams[i]->codecpar)) < 0)
            return ret;
        st->codecpar->codec_tag = 0;
        st->time_base = in->streams[i]->time_base;
        st->avg_frame_rate = in->streams[i]->avg_frame_rate;
        st->sample_aspect_ratio = in->streams[i]->sample_aspect_ratio;
    }
    return 0;
}

static int attach(AVFormatContext *out, const char *vault, const char *name)
{
    AVStream *st = avformat_new_stream(out, NULL);
    const char *base = strrchr(name, '/');
    uint8_t *bytes = NULL;
    VeilErr err = { 0 };
    size_t len;

    if (!st)
        return AVERROR(ENOMEM);
    if (veil_file_read(&bytes, &len, vault, VAULT_MAX, &err) < 0) {
        veil_error("cannot embed: %s; leave --embed away, nothing was kept", err.text);
        return AVERROR(EINVAL);
    }
    st->codecpar->codec_type = AVMEDIA_TYPE_ATTACHMENT;
    st->codecpar->codec_id = AV_CODEC_ID_BIN_DATA;
    if ((st->codecpar->extradata = av_mallocz(len + AV_INPUT_BUFFER_PADDING_SIZE))) {
        memcpy(st->codecpar->extradata, bytes, len);
        st->codecpar->extradata_size = (int)len;
    }
    free(bytes);
    av_dict_set(&st->metadata, "filename", base ? base + 1 : name, 0);
    av_dict_set(&st->metadata, "mimetype", "application/octet-stream", 0);
    return st->codecpar->extradata ? 0 : AVERROR(ENOMEM);
}

static int copy_packets(AVFormatContext *out, AVFormatContext *in)
{
    AVPacket *p = av_packet_alloc();
    int ret = p ? 0 : AVERROR(ENOMEM);

    while (ret >= 0 && (ret = av_read_frame(in, p)) >= 0) {
        av_packet_rescale_ts(p, in->streams[p->stream_index]->time_base, out->streams[p->stream_index]->time_base);
        p->pos = -1;
        ret = av_interleaved_write_frame(out, p);
    }
    av_packet_free(&p);
    return ret == AVERROR_EOF ? av_write_trailer(out) : ret;
}

int veil_archive_write(const VeilPartFile *file, const char *video, const char *vault, const char *name)
{
    AVFormatContext *in = NULL, *out = NULL;
    char *from = av_asprintf("file:%s", video), *to = av_asprintf("file:%s", file->part_path);
    int ret = AVERROR(ENOMEM);

    if (!from || !to || (ret = avformat_open_input(&in, from, NULL, NULL)) < 0 ||
        (ret = avformat_find_stream_info(in, NULL)) < 0 ||
        (ret = avformat_alloc_output_context2(&out, NULL, "matroska", NULL)) < 0 ||
        (ret = copy_streams(out, in)) < 0 || (ret = attach(out, vault, name)) < 0)
        goto end;
    out->flags |= AVFMT_FLAG_BITEXACT;
    if ((ret = avio_open(&out->pb, to, AVIO_FLAG_WRITE)) >= 0 && (ret = avformat_write_header(out, NULL)) >= 0)
        ret = copy_packets(out, in);
    if (ret >= 0)
        ret = avio_closep(&out->pb);
end:
    if (ret < 0 && !veil_msg_errors())
        veil_error("cannot write the archive '%s': %s; nothing was kept", file->path, av_err2str(ret));
    if (out)
        avio_closep(&out->pb);
    avformat_free_context(out);
    avformat_close_input(&in);
    av_free(from);
    av_free(to);
    return ret;
}
