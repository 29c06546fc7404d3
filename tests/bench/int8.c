/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Would 8-bit weights pay? Times the 1x1 layers of YuNet, shape by shape, with
 * our float kernel and with AVX-512 VNNI (u8 activations, s8 weights, one scale
 * a channel), the cost of turning activations to bytes and sums back to floats
 * included. The rest of the network stays float. Prints how much faster the
 * whole network would be at best:
 *
 *   int8 YUNET.onnx [WIDTH HEIGHT]      640 352 by default
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "filters/cv.h"
#include "filters/cv_onnx.h"
#include "filters/nn/kernels.h"
#include "filters/nn/run.h"

#ifndef __x86_64__
int main(void)
{
    puts("int8: only for x86-64: skipped");
    return 0;
}
#else
#include <immintrin.h>

#define VNNI   __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#define INLINE static inline __attribute__((always_inline)) VNNI
#define UNROLL _Pragma("GCC unroll 32")
#define MAX_CI 64
#define TILE   48 /* as in kern_simd.h */
#define AGAIN  16
#define ROUNDS 200

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- the kernel -------------------------------------------------------------------- */

/* Floats that are 0 or more, times a scale, to bytes. n is a multiple of 16. */
VNNI static void quantise(uint8_t *out, const float *in, int n, float scale)
{
    const __m512 s = _mm512_set1_ps(scale);

    for (int i = 0; i < n; i += 16)
        _mm_storeu_si128((__m128i *)(out + i), _mm512_cvtusepi32_epi8(_mm512_cvtps_epi32(
                                                   _mm512_mul_ps(_mm512_loadu_ps(in + i), s))));
}

/* Weights lie as [ci / 4][co][4], so that one instruction sums four inputs into 16 outputs. */
INLINE void block(float *out, const uint8_t *in, const int8_t *w, const float *scale, const float *b, int ci,
                  int co, int NV, int NP)
{
    __m512i sum[32];

    UNROLL for (int i = 0; i < NV * NP; i++) sum[i] = _mm512_setzero_si512();
    _Pragma("GCC unroll 2") for (int k = 0; k < ci; k += 4)
    {
        __m512i wt[4];

        UNROLL for (int v = 0; v < NV; v++) wt[v] = _mm512_loadu_si512(w + (size_t)k * co + v * 64);
        UNROLL for (int p = 0; p < NP; p++)
        {
            int four;

            memcpy(&four, in + p * ci + k, sizeof(four));
            UNROLL for (int v = 0; v < NV; v++) sum[p * NV + v] =
                _mm512_dpbusd_epi32(sum[p * NV + v], _mm512_set1_epi32(four), wt[v]);
        }
    }
    UNROLL for (int v = 0; v < NV; v++)
    {
        const __m512 s = _mm512_loadu_ps(scale + v * 16), bias = _mm512_loadu_ps(b + v * 16);

        UNROLL for (int p = 0; p < NP; p++) _mm512_storeu_ps(
            out + p * co + v * 16, _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[p * NV + v]), s, bias));
    }
}

INLINE void row(float *out, const uint8_t *in, int n, const int8_t *w, const float *scale, const float *b,
                int ci, int co, int NV, int NP)
{
    for (int x = 0; x < n; x += NP) {
        const int at = x + NP > n ? n - NP : x;

        block(out + at * co, in + at * ci, w, scale, b, ci, co, NV, NP);
    }
}

VNNI static void pw8(float *out, const uint8_t *in, int n, const int8_t *w, const float *scale,
                     const VeilNNLayer *l)
{
#define SHAPE(CI, CO, NV, NP)                                                                                \
    if (l->ci == (CI) && l->co == (CO))                                                                      \
        for (int c = 0; c < (CO); c += (NV)*16)                                                              \
            row(out + c, in, n, w + 4 * c, scale + c, l->b + c, CI, CO, NV, NP);
    SHAPE(16, 16, 1, 8)
    SHAPE(16, 32, 1, 8) SHAPE(32, 32, 1, 8) SHAPE(32, 64, 1, 8) SHAPE(64, 64, 1, 8) SHAPE(64, 16, 1, 8)
}

/* ---- a layer both ways ---------------------------------------------------------------- */

typedef struct Times {
    double f32, s8; ///< seconds for the cells
} Times;

static float largest(const float *a, int n, int step)
{
    float most = 1e-9f;

    for (int i = 0; i < n; i++)
        most = fmaxf(most, fabsf(a[i * step]));
    return most;
}

/* One scale for each output channel; `in_scale` is what turned activations to bytes. */
static void pack(int8_t *w8, float *scale, const VeilNNLayer *l, float in_scale)
{
    for (int c = 0; c < l->co; c++) {
        const float s = 127 / largest(l->w + c, l->ci, l->co);

        for (int k = 0; k < l->ci; k++)
            w8[(k & ~3) * l->co + c * 4 + (k & 3)] = (int8_t)lrintf(l->w[k * l->co + c] * s);
        scale[c] = 1 / (s * in_scale);
    }
}

/* n cells, as many as the engine works on at a time: what both read and write lies in the first-level cache. */
static Times measure(const VeilNNKernels *k, const VeilNNLayer *l, int n)
{
    static float in[TILE * MAX_CI], out[TILE * MAX_CI], first[TILE * MAX_CI], scale[MAX_CI];
    static uint8_t bytes[TILE * MAX_CI];
    static int8_t w8[MAX_CI * MAX_CI];
    Times best = { 1, 1 };
    double worst = 0;

    for (int i = 0; i < n * l->ci; i++)
        in[i] = (float)(i * 7919 % 1000) / 1000;
    pack(w8, scale, l, 255);
    for (int i = 0; i < ROUNDS; i++) {
        const double t0 = now();
        double t1, t2;

        for (int j = 0; j < AGAIN; j++)
            k->pw(out, in, NULL, n, l);
        t1 = now();
        memcpy(first, out, sizeof(first));
        memset(out, 0, sizeof(out));
        t2 = now();
        for (int j = 0; j < AGAIN; j++) {
            quantise(bytes, in, n * l->ci, 255);
            pw8(out, bytes, n, w8, scale, l);
        }
        best = (Times){ fmin(best.f32, (t1 - t0) / AGAIN), fmin(best.s8, (now() - t2) / AGAIN) };
    }
    for (int i = 0; i < n * l->co && !l->relu; i++)
        worst = fmax(worst, fabs(first[i] - out[i]));
    if (worst > 0.05 * largest(first, n * l->co, 1)) {
        fprintf(stderr, "int8: the two kernels differ by %g\n", worst);
        exit(1);
    }
    return best;
}

static double whole(const VeilNNGraph *g, const VeilNNKernels *k, int w, int h)
{
    uint8_t *pic = calloc((size_t)w * (size_t)h, 3);
    VeilNN *nn = NULL;
    double best = 1;

    if (!pic || veil_nn_new(&nn, g, k, 1) < 0)
        exit(2);
    for (int i = 0; i < ROUNDS; i++) {
        const double t = now();

        if (veil_nn_run(nn, pic, w, h, w * 3) < 0)
            exit(2);
        best = fmin(best, now() - t);
    }
    veil_nn_free(nn);
    free(pic);
    return best;
}

int main(int argc, char **argv)
{
    const int w = argc > 3 ? atoi(argv[2]) : 640, h = argc > 3 ? atoi(argv[3]) : 352;
    const VeilNNKernels *k = veil_nn_kernels_find("avx512");
    double all, f32 = 0, s8 = 0, chosen = 0;
    char why[VEIL_CV_WHY];
    VeilNNGraph *g;

    if (argc < 2 || !k || !__builtin_cpu_supports("avx512vnni")) {
        puts("int8: wants the YuNet file and a processor with AVX-512 VNNI: skipped");
        return 0;
    }
    if (veil_cv_onnx_yunet(&g, argv[1], why) < 0) {
        fprintf(stderr, "int8: %s\n", why);
        return 2;
    }
    all = whole(g, k, w, h);
    for (int i = 0; i < g->layers; i++) {
        const VeilNNLayer *l = &g->layer[i];
        const int cols = w >> l->halvings, n = cols < TILE ? cols : TILE;
        const double times = (double)cols * (h >> l->halvings) / n;
        Times t;

        if (l->op != VEIL_NN_PW)
            continue;
        t = measure(k, l, n);
        f32 += t.f32 * times;
        s8 += t.s8 * times;
        chosen += fmin(t.f32, t.s8) * times;
        printf("int8.layer%d.%dx%d.at%d=%.2f\n", i, l->ci, l->co, 1 << l->halvings, t.f32 / t.s8);
    }
    printf("int8.pw.share=%.2f\nint8.pw.speedup=%.2f\n", f32 / all, f32 / s8);
    printf("int8.network.bound=%.2f\nint8.network.bound_best_of_both=%.2f\n", all / (all - f32 + s8),
           all / (all - f32 + chosen));
    veil_nn_graph_free(g);
    return 0;
}
#endif
