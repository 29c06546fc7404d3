/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Times the engine against OpenCV dnn: the same network on the same picture,
 * in one process, turn and turn about, the least of many runs each. Needs
 * VEIL_MODELS (a folder with yunet/face_detection_yunet_2023mar.onnx).
 *
 * usage: nn [ROUNDS]
 */
#ifdef __x86_64__
#include <immintrin.h>
#endif
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <libswscale/swscale.h>
#include <pthread.h>

#include "filters/cv.h"
#include "filters/cv_onnx.h"
#include "filters/nn/file.h"
#include "filters/nn/run.h"
#include "filters/picture.h"

#define MAX_RUNNERS 8
#define PADDED(n) (((n) + 31) / 32 * 32)

typedef struct Runner {
    char name[32];
    VeilNN *nn; ///< NULL: OpenCV
    double best; ///< seconds
} Runner;

static const char *const outputs[] = {"cls_8", "obj_8", "bbox_8", "kps_8", "cls_16", "obj_16", "bbox_16", "kps_16",
                                      "cls_32", "obj_32", "bbox_32", "kps_32"};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

static double cpu_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

/* Multiply-adds a second of one core that does nothing else: independent
 * chains that live in registers, as many as hide the latency. */
#ifdef __x86_64__
#define CHAINS 12
#define STEPS 100000
#define UNROLLED _Pragma("GCC unroll 12")

__attribute__((target("avx2,fma"))) static float chains_avx2(void)
{
    __m256 a[CHAINS], x = _mm256_set1_ps(0.999f);

    UNROLLED for (int i = 0; i < CHAINS; i++)
        a[i] = _mm256_set1_ps(i);
    for (int k = 0; k < STEPS; k++)
        UNROLLED for (int i = 0; i < CHAINS; i++) {
            a[i] = _mm256_fmadd_ps(a[i], x, x);
            __asm__("" : "+x"(a[i])); /* keep each one a register and a multiply-add */
        }
    UNROLLED for (int i = 1; i < CHAINS; i++)
        a[0] = _mm256_add_ps(a[0], a[i]);
    return a[0][0];
}

__attribute__((target("avx512f"))) static float chains_avx512(void)
{
    __m512 a[CHAINS], x = _mm512_set1_ps(0.999f);

    UNROLLED for (int i = 0; i < CHAINS; i++)
        a[i] = _mm512_set1_ps(i);
    for (int k = 0; k < STEPS; k++)
        UNROLLED for (int i = 0; i < CHAINS; i++) {
            a[i] = _mm512_fmadd_ps(a[i], x, x);
            __asm__("" : "+v"(a[i]));
        }
    UNROLLED for (int i = 1; i < CHAINS; i++)
        a[0] = _mm512_add_ps(a[0], a[i]);
    return a[0][0];
}

/* Of the widest registers there are, whichever kernels are asked about. */
static double peak(void)
{
    const bool wide = veil_nn_kernels_find("avx512") != NULL;
    volatile float sink;
    double best = 1e9;

    if (!veil_nn_kernels_find("avx2"))
        return NAN;
    for (int i = 0; i < 40; i++) {
        const double t = now();

        sink = wide ? chains_avx512() : chains_avx2();
        best = fmin(best, now() - t);
    }
    (void)sink;
    return (wide ? 16. : 8.) * CHAINS * STEPS / best;
}
#else
static double peak(void)
{
    return NAN; /* not measured on this processor */
}
#endif

static void run(Runner *r, VeilCvNet *cv, const uint8_t *pic, int w, int h)
{
    const VeilCvPicture p = {pic, w, h, 3 * w, 3};
    const VeilCvInput input = {.scale = 1};
    const float *outs[12];
    size_t sizes[12];
    char why[VEIL_CV_WHY];
    const double t = cpu_now(); /* of this thread: other programs do not count */
    const int ret = r->nn ? veil_nn_run(r->nn, pic, w, h, 3 * w)
                          : veil_cv_net_run(cv, &p, &input, outputs, 12, outs, sizes, why);

    if (ret < 0) {
        fprintf(stderr, "nn: '%s' failed: %d\n", r->name, ret);
        exit(2);
    }
    r->best = fmin(r->best, cpu_now() - t);
}

static void add_runner(Runner r[MAX_RUNNERS], int *n, const VeilNNGraph *g, const VeilNNKernels *k,
                       VeilNNPrecision precision)
{
    snprintf(r[*n].name, sizeof(r[*n].name), "%s%s", k->name, precision == VEIL_NN_INT8 ? ".int8" : "");
    r[*n].best = 1e9;
    if (*n + 1 == MAX_RUNNERS || veil_nn_new(&r[(*n)++].nn, g, k, precision, 1) < 0)
        exit(2);
}

/* Pictures are padded for both, as the detectors pad them; `name_h` is the height people speak of. */
static void measure(const VeilNNGraph *g, VeilCvNet *cv, int w, int name_h, int rounds)
{
    const int h = PADDED(name_h);
    Runner r[MAX_RUNNERS] = {{.name = "opencv", .best = 1e9}};
    const VeilNNKernels *k;
    uint8_t *pic = malloc((size_t)3 * w * h);
    const double most = peak();
    int n = 1;

    for (int i = 0; i < 3 * w * h; i++)
        pic[i] = (i * 2654435761u) >> 24;
    for (int i = 0; (k = veil_nn_kernels_at(i)); i++) {
        if (k->pw8 && strcmp(k->name, "c"))
            add_runner(r, &n, g, k, VEIL_NN_INT8);
        add_runner(r, &n, g, k, VEIL_NN_FLOAT);
    }
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < n; i++)
            if (i == 0 || round % 4 == 0 || veil_nn_kernels_find(r[i].name) != veil_nn_kernels_find("c"))
                run(&r[i], cv, pic, w, h);
    printf("nn.%dx%d.1t.opencv.fps=%.1f\n", w, name_h, 1 / r[0].best);
    for (int i = 1; i < n; i++) {
        const double macs = veil_nn_graph_macs(g, w, h) / r[i].best;

        printf("nn.%dx%d.1t.%s.fps=%.1f\n", w, name_h, r[i].name, 1 / r[i].best);
        printf("nn.%dx%d.1t.%s.ms=%.2f\n", w, name_h, r[i].name, 1e3 * r[i].best);
        if (strstr(r[i].name, "int8")) /* the float one of the same kernels follows */
            printf("nn.%dx%d.1t.%s.vs_float=%.2f\n", w, name_h, r[i].name, r[i + 1].best / r[i].best);
        else
            printf("nn.%dx%d.1t.%s.peak_share=%.2f\n", w, name_h, r[i].name, macs / most);
        printf("nn.%dx%d.1t.%s.vs_opencv=%.2f\n", w, name_h, r[i].name, r[0].best / r[i].best);
        veil_nn_free(r[i].nn);
    }
    free(pic);
}

typedef struct Loop {
    const VeilNNGraph *g;
    const uint8_t *pic;
    int w, h, rounds;
} Loop;

static void *run_alone(void *arg)
{
    const Loop *l = arg;
    VeilNN *nn;

    if (veil_nn_new(&nn, l->g, veil_nn_kernels_find(NULL), VEIL_NN_FLOAT, 1) < 0)
        exit(2);
    for (int i = 0; i < l->rounds; i++)
        veil_nn_run(nn, l->pic, l->w, l->h, 3 * l->w);
    veil_nn_free(nn);
    return NULL;
}

/* Pictures a second with two threads, against one: bands of rows of one
 * picture, and a picture for each thread. Least of several turns each. */
static void measure_threads(const VeilNNGraph *g, int w, int name_h, int rounds)
{
    const int h = PADDED(name_h);
    double best[3] = {1e9, 1e9, 1e9}; /* one thread, bands, pictures: seconds per picture */
    uint8_t *pic = calloc((size_t)3 * w, h);
    const Loop l = {g, pic, w, h, rounds / 8 + 1};
    VeilNN *nn[2];

    for (int i = 0; i < 2; i++)
        if (veil_nn_new(&nn[i], g, veil_nn_kernels_find(NULL), VEIL_NN_FLOAT, i + 1) < 0)
            exit(2);
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < 3; i++) {
            const double t = now();
            pthread_t other;

            if (i < 2) {
                veil_nn_run(nn[i], pic, w, h, 3 * w);
                best[i] = fmin(best[i], now() - t);
            } else if (round % 4 == 0 && !pthread_create(&other, NULL, run_alone, (void *)&l)) {
                run_alone((void *)&l);
                pthread_join(other, NULL);
                best[i] = fmin(best[i], (now() - t) / (2 * l.rounds));
            }
        }
    printf("nn.%dx%d.2t.bands.speedup=%.2f\n", w, name_h, best[0] / best[1]);
    printf("nn.%dx%d.2t.pictures.speedup=%.2f\n", w, name_h, best[0] / best[2]);
    veil_nn_free(nn[0]);
    veil_nn_free(nn[1]);
    free(pic);
}

static void measure_own(int w, int name_h, int rounds)
{
    const int h = PADDED(name_h);
    char why[VEIL_NN_WHY];
    size_t size;
    const uint8_t *data = veil_nn_own_weights(&size);
    VeilNNGraph *g;
    VeilNN *nn;
    double best = 1e9;
    uint8_t *pic = calloc(w, h);

    if (veil_nn_file_parse(&g, data, size, why) < 0 || veil_nn_new(&nn, g, veil_nn_kernels_find(NULL), VEIL_NN_FLOAT, 1) < 0)
        exit(2);
    for (int i = 0; i < rounds; i++) {
        const double t = now();

        veil_nn_run(nn, pic, w, h, w);
        best = fmin(best, now() - t);
    }
    printf("nn.own.%dx%d.1t.ms=%.2f\n", w, name_h, 1e3 * best);
    veil_nn_free(nn);
    veil_nn_graph_free(g);
    free(pic);
}

/* From a decoded 1080p frame to the network's picture: picture.c, and libswscale's area filter for the same. */
static void measure_reading(int size, int channels, int rounds)
{
    AVFrame *f = av_frame_alloc();
    VeilPicture p = {0};
    const VeilPictureConfig c = {.size = size, .channels = channels};
    const int w = size, h = size * 9 / 16;
    uint8_t *const out[4] = {malloc((size_t)3 * w * h)};
    const int stride[4] = {channels * w};
    double best[2] = {1e9, 1e9};
    struct SwsContext *sws = sws_getContext(1920, 1080, AV_PIX_FMT_YUV420P, w, h,
                                            channels == 1 ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_BGR24, SWS_AREA, NULL, NULL,
                                            NULL);

    f->format = AV_PIX_FMT_YUV420P;
    f->width = 1920;
    f->height = 1080;
    if (av_frame_get_buffer(f, 0) < 0 || !sws)
        exit(2);
    for (int i = 0; i < 3; i++)
        memset(f->data[i], 100 + i, (size_t)f->linesize[i] * (i ? 540 : 1080));
    for (int i = 0; i < rounds; i++) {
        double t = now();

        veil_picture_read(&p, f, &c, NULL);
        best[0] = fmin(best[0], now() - t);
        t = now();
        sws_scale(sws, (const uint8_t *const *)f->data, f->linesize, 0, 1080, out, stride);
        best[1] = fmin(best[1], now() - t);
    }
    printf("nn.read.1080p-%d.%s.ms=%.2f\n", size, channels == 1 ? "luma" : "bgr", 1e3 * best[0]);
    printf("nn.read.1080p-%d.%s.vs_swscale=%.2f\n", size, channels == 1 ? "luma" : "bgr", best[1] / best[0]);
    veil_picture_free(&p);
    sws_freeContext(sws);
    free(out[0]);
    av_frame_free(&f);
}

int main(int argc, char **argv)
{
    static const int size[][2] = {{320, 192}, {640, 360}, {1280, 720}, {1920, 1080}};
    const int rounds = argc > 1 ? atoi(argv[1]) : 30;
    const char *folder = getenv("VEIL_MODELS");
    char path[4096], why[VEIL_CV_WHY];
    VeilNNGraph *g;
    VeilCvNet *cv;

    if (!folder) {
        fprintf(stderr, "nn: VEIL_MODELS is not set; point it at a folder with yunet/\n");
        return 2;
    }
    snprintf(path, sizeof(path), "%s/yunet/face_detection_yunet_2023mar.onnx", folder);
    if (veil_cv_onnx_yunet(&g, path, why) < 0 || veil_cv_net_open(&cv, path, 1, why) < 0) {
        fprintf(stderr, "nn: cannot use '%s': %s; fetch it with 'veil models fetch yunet'\n", path, why);
        return 2;
    }
    printf("nn.peak.gmac_per_s=%.1f\n", peak() / 1e9);
    for (size_t i = 0; i < sizeof(size) / sizeof(*size); i++)
        measure(g, cv, size[i][0], size[i][1], size[i][0] > 1000 ? (rounds + 2) / 3 : rounds);
    measure_threads(g, 640, 360, rounds);
    measure_threads(g, 1280, 720, rounds);
    measure_own(640, 360, rounds);
    measure_own(1280, 720, rounds / 2 + 1);
    for (int channels = 1; channels <= 3; channels += 2)
        for (int side = 640; side <= 1280; side *= 2)
            measure_reading(side, channels, rounds);
    veil_cv_net_close(cv);
    veil_nn_graph_free(g);
    return 0;
}
