/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Ultra-Light-Fast face detectors through OpenCV dnn, for comparison only.
 * Their input has a fixed size; pictures are stretched to it, as their own
 * program does.
 */
#ifndef VEIL_TESTS_BENCH_ULTRAFACE_H
#define VEIL_TESTS_BENCH_ULTRAFACE_H

#include <libavutil/mem.h>
#include <libswscale/swscale.h>
#include <string.h>

#include "filters/cv.h"
#include "filters/detector.h"

typedef struct Ultraface {
    VeilCvNet *net;
    int w, h;
    float threshold;
    uint8_t *rgb;
    struct SwsContext *sws;
    VeilFace faces[20000];
} Ultraface;

static void ultraface_close(void *priv)
{
    Ultraface *u = priv;

    if (!u)
        return;
    veil_cv_net_close(u->net);
    sws_freeContext(u->sws);
    av_free(u->rgb);
    av_free(u);
}

static int ultraface_open(void **priv, const VeilDetectorConfig *config, void *log)
{
    Ultraface *u = av_mallocz(sizeof(*u));
    char why[VEIL_CV_WHY];

    (void)log;
    u->w = strstr(config->model, "320") ? 320 : 640;
    u->h = u->w * 3 / 4;
    u->threshold = config->threshold;
    u->rgb = av_malloc((size_t)3 * u->w * u->h);
    *priv = u;
    return veil_cv_net_open(&u->net, config->model, 1, why);
}

static int ultraface_find(void *priv, const AVFrame *f, VeilFace *faces, int cap, void *log)
{
    static const char *const names[] = {"boxes", "scores"};
    const VeilCvInput input = {.mean = 127, .scale = 1 / 128.f};
    Ultraface *u = priv;
    uint8_t *const dst[4] = {u->rgb};
    const int stride[4] = {3 * u->w};
    const float *out[2];
    size_t size[2];
    char why[VEIL_CV_WHY];
    int n = 0, ret;

    (void)log;
    u->sws = sws_getCachedContext(u->sws, f->width, f->height, f->format, u->w, u->h, AV_PIX_FMT_RGB24, SWS_AREA, NULL,
                                  NULL, NULL);
    sws_scale(u->sws, (const uint8_t *const *)f->data, f->linesize, 0, f->height, dst, stride);
    ret = veil_cv_net_run(u->net, &(VeilCvPicture){u->rgb, u->w, u->h, 3 * u->w, 3}, &input, names, 2, out, size, why);
    if (ret < 0)
        return ret;
    const int priors = size[0] / 4, classes = size[1] / priors;
    for (int i = 0; i < priors && n < 20000; i++) {
        const float *b = out[0] + 4 * i, *s = out[1] + classes * i;
        float score = s[1];

        for (int c = 2; c < classes; c++) /* the third class is a face with a mask */
            score = s[c] > score ? s[c] : score;
        if (score >= u->threshold)
            u->faces[n++] = (VeilFace){.x = b[0] * f->width, .y = b[1] * f->height, .w = (b[2] - b[0]) * f->width,
                                       .h = (b[3] - b[1]) * f->height, .score = score};
    }
    n = veil_faces_suppress(u->faces, n, 0.3f, cap);
    memcpy(faces, u->faces, n * sizeof(*faces));
    return n;
}

static const VeilDetectorBackend ultraface = {
    .name = "ultraface", .open = ultraface_open, .find = ultraface_find, .close = ultraface_close,
};

#endif /* VEIL_TESTS_BENCH_ULTRAFACE_H */
