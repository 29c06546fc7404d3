/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Kernels for AVX-512 with VNNI: as without, and the layers on bytes. One
 * instruction adds four products of bytes to each of 16 sums.
 */
#ifdef __x86_64__
#include <math.h>
#include <string.h>

#include "kern_avx512.h"
#include "kern_simd.h"

/* In assembly, because GCC 12 copies the sum before each use of the intrinsic. */
#define add_products(sum, in, wt) __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(in), "v"(wt))

INLINE __m512i four_bytes(const uint8_t *p)
{
    int four;

    memcpy(&four, p, sizeof(four));
    return _mm512_set1_epi32(four);
}

/* Sums of NP cells by NV vectors over `run` bytes; cells lie `step` bytes apart. */
INLINE void accumulate8(__m512i *sum, const uint8_t *in, int step, int run, const int8_t *w, int co, int NV, int NP)
{
    _Pragma("GCC unroll 2") for (int k = 0; k < run; k += 4) {
        __m512i wt[4];

        UNROLL for (int v = 0; v < NV; v++)
            wt[v] = _mm512_loadu_si512(w + (size_t)k * co + v * 4 * LANES);
        UNROLL for (int p = 0; p < NP; p++) {
            const __m512i x = four_bytes(in + p * step + k);

            UNROLL for (int v = 0; v < NV; v++)
                add_products(sum[p * NV + v], x, wt[v]);
        }
    }
}

/* From sums to floats; `unit` is what one step of the input is worth. */
INLINE void finish8(float *out, const float *add, const __m512i *sum, const VeilNNLayer *l, int c, float unit, int NV,
                    int NP)
{
    const int co = l->co;
    const V least = l->relu ? v_zero() : v_set1(-INFINITY);

    UNROLL for (int v = 0; v < NV; v++) {
        const V scale = _mm512_mul_ps(v_load(l->unit8 + c + v * LANES), v_set1(unit));
        const V bias = v_load(l->b + c + v * LANES);

        UNROLL for (int p = 0; p < NP; p++) {
            V s = v_fma(_mm512_cvtepi32_ps(sum[p * NV + v]), scale, bias);

            if (add)
                s = v_add(s, v_load(add + p * co + v * LANES));
            v_store(out + p * co + v * LANES, v_max(s, least));
        }
    }
}

INLINE void pw8_block(float *out, const uint8_t *in, const float *add, const VeilNNLayer *l, int c, int ci, float unit,
                      int NV, int NP)
{
    __m512i sum[32];

    UNROLL for (int i = 0; i < NV * NP; i++)
        sum[i] = _mm512_setzero_si512();
    accumulate8(sum, in, ci, ci, l->w8 + 4 * c, l->co, NV, NP);
    finish8(out, add, sum, l, c, unit, NV, NP);
}

INLINE void pw8_columns(float *out, const uint8_t *in, const float *add, int w, const VeilNNLayer *l, int c, int ci,
                        float unit, int NV, int NP)
{
    const int co = l->co;

    if (w < NP) {
        for (int x = 0; x < w; x++)
            pw8_block(out + x * co + c, in + x * ci, add ? add + x * co + c : NULL, l, c, ci, unit, NV, 1);
        return;
    }
    for (int x = 0; x < w; x += NP) {
        const int at = x + NP > w ? w - NP : x;

        pw8_block(out + at * co + c, in + at * ci, add ? add + at * co + c : NULL, l, c, ci, unit, NV, NP);
    }
}

INLINE void pw8_tile(float *out, const uint8_t *in, const float *add, int w, const VeilNNLayer *l, int ci, float unit)
{
    for (int c = 0; c < l->co;) {
        const int left = (l->co - c) / LANES;
#define X(NV, NP)                                               \
        if (left % (NV) == 0) {                                 \
            pw8_columns(out, in, add, w, l, c, ci, unit, NV, NP); \
            c += (NV) * LANES;                                  \
            continue;                                           \
        }
        PW_BLOCKS(X)
#undef X
    }
}

static float largest(const float *in, int n)
{
    V most[4] = {v_zero(), v_zero(), v_zero(), v_zero()};
    int i = 0;

    for (; i + 4 * LANES <= n; i += 4 * LANES)
        UNROLL for (int k = 0; k < 4; k++)
            most[k] = v_max(most[k], v_load(in + i + k * LANES));
    for (; i < n; i += LANES)
        most[0] = v_max(most[0], v_load(in + i));
    return _mm512_reduce_max_ps(v_max(v_max(most[0], most[1]), v_max(most[2], most[3])));
}

static void to_bytes(uint8_t *out, const float *in, int n, float scale)
{
    const V s = v_set1(scale);

    UNROLL_4 for (int i = 0; i < n; i += LANES)
        _mm_storeu_si128((__m128i *)(out + i),
                         _mm512_cvtusepi32_epi8(_mm512_cvtps_epi32(_mm512_mul_ps(v_load(in + i), s))));
}

static void vnni_pw8(float *out, const float *in, const float *add, int w, const VeilNNLayer *l)
{
    _Alignas(64) uint8_t bytes[VEIL_NN_TILE8 * VEIL_NN_MAX_CHANNELS];
    const int ci = l->ci;

    for (int x = 0; x < w; x += VEIL_NN_TILE8) {
        const int n = w - x < VEIL_NN_TILE8 ? w - x : VEIL_NN_TILE8;
        const float *cells = in + (size_t)x * ci, *a = add ? add + (size_t)x * l->co : NULL;
        const float most = largest(cells, n * ci);
        float *o = out + (size_t)x * l->co;

        to_bytes(bytes, cells, n * ci, most > VEIL_NN_TINY8 ? 255 / most : 0);
        switch (ci) {
        case 16: pw8_tile(o, bytes, a, n, l, 16, most / 255); break;
        case 32: pw8_tile(o, bytes, a, n, l, 32, most / 255); break;
        case 64: pw8_tile(o, bytes, a, n, l, 64, most / 255); break;
        default: pw8_tile(o, bytes, a, n, l, ci, most / 255); break;
        }
    }
}

INLINE void conv8_block(float *out, const uint8_t *const row[3], int x, const VeilNNLayer *l, int c, int ci,
                        int stride, int NP)
{
    const int run = VEIL_NN_RUN8(ci);
    __m512i sum[16];

    UNROLL for (int p = 0; p < NP; p++)
        sum[p] = _mm512_setzero_si512();
    UNROLL for (int ky = 0; ky < 3; ky++)
        accumulate8(sum, row[ky] + (x * stride - 1) * ci, stride * ci, run, l->w8 + (ky * run * l->co + 4 * c), l->co,
                    1, NP);
    finish8(out + (size_t)x * l->co + c, NULL, sum, l, c, 1, 1, NP);
}

INLINE void conv8_row(float *out, const uint8_t *const row[3], int w, const VeilNNLayer *l, int ci, int stride)
{
    for (int c = 0; c < l->co; c += LANES)
        if (w < 16)
            for (int x = 0; x < w; x++)
                conv8_block(out, row, x, l, c, ci, stride, 1);
        else
            for (int x = 0; x < w; x += 16)
                conv8_block(out, row, x + 16 > w ? w - 16 : x, l, c, ci, stride, 16);
}

static void vnni_conv8(float *out, const uint8_t *const row[3], int w, const VeilNNLayer *l)
{
    if (l->ci == 3 && l->stride == 2)
        conv8_row(out, row, w, l, 3, 2);
    else
        conv8_row(out, row, w, l, l->ci, l->stride);
}

extern const VeilNNKernels veil_nn_kern_avx512vnni;
const VeilNNKernels veil_nn_kern_avx512vnni = {
    .name = "avx512vnni", SIMD_KERNELS, .pw8 = vnni_pw8, .conv8 = vnni_conv8,
};
#endif
