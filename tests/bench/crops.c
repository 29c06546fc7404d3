/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Which codec for the crops of a vault: bytes, PSNR and CPU time of several
 * encoders on the crops of real tracks, as `sealtool dump` writes them from a
 * lossless vault. Each file is one stream: TRACK-FRAME.WxH.FORMAT.raw.
 *
 *   crops DIR [SOURCE_BYTES]     name=value lines; SOURCE_BYTES for shares
 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>

static const struct {
    const char *name, *encoder, *options;
} candidates[] = {
    { "mjpeg-q2", "mjpeg", "qmin=2:qmax=2:global_quality=236:flags=+qscale" },
    { "png-of-luma", "png", "" },
    { "ffv1", "ffv1", "level=3:coder=1:context=1:g=1000" },
#define ZERO "tune=zerolatency:forced-idr=1:x264-params=sliced-threads=0\\:keyint=infinite\\:scenecut=0\\:ref=1"
    { "x264-ultrafast-lossless", "libx264", "preset=ultrafast:qp=0:" ZERO },
    { "x264-superfast-lossless", "libx264", "preset=superfast:qp=0:" ZERO },
    { "x264-veryfast-lossless", "libx264", "preset=veryfast:qp=0:" ZERO },
    { "x264-medium-lossless", "libx264", "preset=medium:qp=0:" ZERO },
    { "x264-superfast-qp18", "libx264", "preset=superfast:qp=18:" ZERO "\\:aq-mode=0\\:psy=0" },
    { "x264-superfast-qp22", "libx264", "preset=superfast:qp=22:" ZERO "\\:aq-mode=0\\:psy=0" },
    { "x264-superfast-qp24", "libx264", "preset=superfast:qp=24:" ZERO "\\:aq-mode=0\\:psy=0" },
    { "x264-superfast-crf23", "libx264", "preset=superfast:crf=23:" ZERO },
    { "x264-veryfast-qp23", "libx264", "preset=veryfast:qp=23:" ZERO "\\:aq-mode=0\\:psy=0" },
    { "x264-faster-qp22", "libx264", "preset=faster:qp=22:" ZERO "\\:aq-mode=0\\:psy=0" },
    { "x264-medium-qp22", "libx264", "preset=medium:qp=22:" ZERO "\\:aq-mode=0\\:psy=0" },
    { "x264-superfast-qp26", "libx264", "preset=superfast:qp=26:" ZERO "\\:aq-mode=0\\:psy=0" },
    { "x264-faster-qp26", "libx264", "preset=faster:qp=26:" ZERO "\\:aq-mode=0\\:psy=0" },
    { "x264-medium-qp25", "libx264", "preset=medium:qp=25:" ZERO "\\:aq-mode=0\\:psy=0" },
    { "x264-medium-qp26-b3", "libx264", "preset=medium:qp=26:bf=3:x264-params=keyint=infinite\\:scenecut=0\\:aq-mode=0\\:psy=0" },
    { "x265-ultrafast-qp22", "libx265", "preset=ultrafast:tune=zerolatency:x265-params=qp=22\\:keyint=1000\\:pools=none\\:frame-threads=1\\:log-level=none" },
    { "x265-ultrafast-lossless", "libx265", "preset=ultrafast:tune=zerolatency:x265-params=lossless=1\\:keyint=1000\\:pools=none\\:frame-threads=1\\:log-level=none" },
    { "vp9-rt8-q20", "libvpx-vp9", "deadline=realtime:cpu-used=8:crf=20:b=0:lag-in-frames=0:g=1000" },
    { "vp9-rt8-lossless", "libvpx-vp9", "deadline=realtime:cpu-used=8:lossless=1:lag-in-frames=0:g=1000" },
};

typedef struct Sum {
    double error, samples, cpu;
    int64_t bytes;
    int failed;
} Sum;

static double cpu_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* 8 bit 4:2:0; what is grey because another face was there does not count. */
static void add_samples(Sum *s, const uint8_t *raw, const uint8_t *got, const AVFrame *f, int x, int y)
{
    const int w = f->width, h = f->height, cw = (w + 1) / 2, c = y / 2 * cw + x / 2;
    const uint8_t *u = raw + w * h, *v = u + cw * ((h + 1) / 2), *gu = got + w * h, *gv = gu + cw * ((h + 1) / 2);
    const int luma = y * w + x;

    if (abs(raw[luma] - 126) <= 1 && u[c] == 128 && v[c] == 128)
        return;
    s->error += (double)(raw[luma] - got[luma]) * (raw[luma] - got[luma]);
    s->samples++;
    if (x % 2 || y % 2)
        return;
    s->error += (double)(u[c] - gu[c]) * (u[c] - gu[c]) + (double)(v[c] - gv[c]) * (v[c] - gv[c]);
    s->samples += 2;
}

static void add_error(Sum *s, const uint8_t *raw, const AVFrame *f)
{
    const int size = av_image_get_buffer_size(f->format, f->width, f->height, 1);
    uint8_t *got = malloc((size_t)size);

    if (f->format == AV_PIX_FMT_GRAY8) { /* PNG: luma alone */
        free(got);
        return;
    }
    av_image_copy_to_buffer(got, size, (const uint8_t *const *)f->data, f->linesize, f->format, f->width, f->height, 1);
    for (int y = 0; y < f->height; y++)
        for (int x = 0; x < f->width; x++)
            add_samples(s, raw, got, f, x, y);
    free(got);
}

/* Packets through the decoder of their codec; frames come in order. */
static void decode(Sum *s, AVCodecContext *dec, const AVPacket *p, AVFrame *f, const uint8_t *raw, size_t size, int *n)
{
    avcodec_send_packet(dec, p);
    while (avcodec_receive_frame(dec, f) >= 0)
        add_error(s, raw + size * (size_t)(*n)++, f);
}

static void receive(Sum *s, AVCodecContext *enc, AVCodecContext *dec, AVPacket *p, AVFrame *f, const uint8_t *raw,
                    size_t size, int *n, double *begin)
{
    while (avcodec_receive_packet(enc, p) >= 0) {
        s->cpu += cpu_now() - *begin;
        s->bytes += p->size;
        decode(s, dec, p, f, raw, size, n);
        av_packet_unref(p);
        *begin = cpu_now();
    }
}

static void code_file(Sum *s, int which, const uint8_t *raw, size_t len, int w, int h, enum AVPixelFormat format)
{
    const AVCodec *codec = avcodec_find_encoder_by_name(candidates[which].encoder);
    const size_t size = (size_t)av_image_get_buffer_size(format, w, h, 1);
    AVCodecContext *enc = codec ? avcodec_alloc_context3(codec) : NULL, *dec = NULL;
    AVDictionary *opts = NULL;
    AVPacket *p = av_packet_alloc();
    AVFrame *f = av_frame_alloc(), *in = av_frame_alloc();
    double begin = cpu_now();
    int n = 0;

    if (enc) {
        enc->width = w;
        enc->height = h;
        enc->pix_fmt = !strcmp(codec->name, "mjpeg") ? AV_PIX_FMT_YUVJ420P : !strcmp(codec->name, "png") ? AV_PIX_FMT_GRAY8 : format;
        enc->time_base = (AVRational){ 1, 25 };
        enc->thread_count = 1;
        av_dict_parse_string(&opts, candidates[which].options, "=", ":", 0);
    }
    if (!enc || avcodec_open2(enc, codec, &opts) < 0 || av_dict_count(opts)) {
        s->failed = 1;
        goto end;
    }
    dec = avcodec_alloc_context3(avcodec_find_decoder(codec->id));
    dec->thread_count = 1;
    if (enc->extradata) {
        dec->extradata = av_mallocz((size_t)enc->extradata_size + AV_INPUT_BUFFER_PADDING_SIZE);
        memcpy(dec->extradata, enc->extradata, (size_t)enc->extradata_size);
        dec->extradata_size = enc->extradata_size;
    }
    dec->width = w;
    dec->height = h;
    avcodec_open2(dec, NULL, NULL);
    in->format = enc->pix_fmt;
    in->width = w;
    in->height = h;
    for (int64_t i = 0; (size_t)(i + 1) * size <= len; i++) {
        av_image_fill_arrays(in->data, in->linesize, raw + (size_t)i * size, in->format, w, h, 1);
        in->pts = i;
        in->quality = enc->global_quality;
        avcodec_send_frame(enc, in);
        receive(s, enc, dec, p, f, raw, size, &n, &begin);
    }
    avcodec_send_frame(enc, NULL);
    receive(s, enc, dec, p, f, raw, size, &n, &begin);
    s->cpu += cpu_now() - begin;
    decode(s, dec, NULL, f, raw, size, &n);
    s->failed |= (size_t)n != len / size;
end:
    av_dict_free(&opts);
    avcodec_free_context(&enc);
    avcodec_free_context(&dec);
    av_packet_free(&p);
    av_frame_free(&f);
    av_freep(&in);
}

static uint8_t *load(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    uint8_t *raw = NULL;

    if (f && !fseek(f, 0, SEEK_END)) {
        *len = (size_t)ftell(f);
        rewind(f);
        if ((raw = malloc(*len + 1)) && fread(raw, 1, *len, f) != *len)
            *len = 0;
    }
    if (f)
        fclose(f);
    return raw;
}

int main(int argc, char **argv)
{
    const double source = argc > 2 ? atof(argv[2]) : 0;

    if (argc < 2) {
        printf("crops=skipped: give a folder that 'sealtool dump' wrote\n");
        return 0;
    }
    av_log_set_level(AV_LOG_QUIET);
    for (int c = 0; c < (int)(sizeof(candidates) / sizeof(candidates[0])); c++) {
        DIR *dir = opendir(argv[1]);
        const struct dirent *e;
        Sum s = { 0 };

        while (dir && (e = readdir(dir))) {
            char path[4096], format[32];
            int w, h;
            size_t len = 0;
            uint8_t *raw;

            if (sscanf(e->d_name, "%*d-%*d.%dx%d.%31[a-z0-9].raw", &w, &h, format) != 3)
                continue;
            snprintf(path, sizeof(path), "%s/%s", argv[1], e->d_name);
            if ((raw = load(path, &len)))
                code_file(&s, c, raw, len, w, h, av_get_pix_fmt(format));
            free(raw);
        }
        if (dir)
            closedir(dir);
        printf("%-26s bytes=%lld share=%.1f%% psnr=%.2f cpu_s=%.2f%s\n", candidates[c].name, (long long)s.bytes,
               source > 0 ? 100 * (double)s.bytes / source : 0.,
               s.error > 0 ? 10 * log10(255. * 255. * s.samples / s.error) : 999., s.cpu, s.failed ? " FAILED" : "");
        fflush(stdout);
    }
    return 0;
}
