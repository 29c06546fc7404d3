/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The body of every vector instruction set. The including file defines
 *   V, LANES             a vector of floats and how many it holds
 *   v_load, v_store      unaligned
 *   v_set1, v_zero       one value in all lanes; zeros
 *   v_fma(a, b, c)       a * b + c
 *   v_add, v_max
 *   v_from_u8(p)         LANES bytes to floats
 *   DW_CELLS             cells per step of the depthwise kernel
 *   PW_BLOCKS(X)         X(vectors, cells) for each block of the dense
 *                        kernels, widest first, the last one VEIL_NN_LANE wide
 * and gets static kernels simd_*. Block sizes differ because registers do: a
 * block keeps vectors x cells sums in registers, plus one weight vector each.
 *
 * The last block of a row is moved back so that it ends with the row: some
 * cells are computed twice, with equal results, and no narrow leftover loop
 * is needed. Rows shorter than a block go cell by cell.
 */
#ifndef VEIL_NN_KERN_SIMD_H
#define VEIL_NN_KERN_SIMD_H

#include <stddef.h>
#include "kernels.h"

#ifdef __SANITIZE_ADDRESS__ /* GCC */
#define CHECKED 1
#elif defined(__has_feature)
#define CHECKED __has_feature(address_sanitizer) /* Clang */
#else
#define CHECKED 0
#endif
#if CHECKED /* bodies grow so large under it that a file takes minutes to compile */
#define INLINE static __attribute__((noinline))
#define UNROLL
#define UNROLL_4
#else
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 32")
#define UNROLL_4 _Pragma("GCC unroll 4")
#endif
/* Loaded once: the compiler would make it an operand in memory of each multiply-add, and loading is what is short. */
#ifdef __aarch64__
#define KEEP(x) __asm__("" : "+w"(x))
#else
#define KEEP(x) __asm__("" : "+v"(x))
#endif
#define TILE 48 ///< cells worked on at a time: their channels stay in the first-level cache

static void simd_input(float *out, const uint8_t *in, int n, float mean, float scale)
{
    const V m = v_set1(-mean * scale), s = v_set1(scale);
    int i = 0;

    for (; i + LANES <= n; i += LANES)
        v_store(out + i, v_fma(v_from_u8(in + i), s, m));
    for (; i < n; i++)
        out[i] = (in[i] - mean) * scale;
}

/* Sums of NP cells by NV vectors over `run` inputs; cells lie `step` floats apart. */
INLINE void accumulate(V *sum, const float *in, int step, int run, const float *w, int co, int NV, int NP)
{
    UNROLL_4 for (int k = 0; k < run; k++) {
        V wt[8];

        UNROLL for (int v = 0; v < NV; v++)
            wt[v] = v_load(w + (size_t)k * co + v * LANES);
        UNROLL for (int p = 0; p < NP; p++) {
            const V x = v_set1(in[p * step + k]);

            UNROLL for (int v = 0; v < NV; v++)
                sum[p * NV + v] = v_fma(x, wt[v], sum[p * NV + v]);
        }
    }
}

INLINE void begin(V *sum, const float *b, int NV, int NP)
{
    UNROLL for (int v = 0; v < NV; v++) {
        const V bias = v_load(b + v * LANES);

        UNROLL for (int p = 0; p < NP; p++)
            sum[p * NV + v] = bias;
    }
}

INLINE void finish(float *out, const float *add, const V *sum, int co, bool relu, int NV, int NP)
{
    UNROLL for (int p = 0; p < NP; p++)
        UNROLL for (int v = 0; v < NV; v++) {
            V s = sum[p * NV + v];

            if (add)
                s = v_add(s, v_load(add + p * co + v * LANES));
            v_store(out + p * co + v * LANES, relu ? v_max(s, v_zero()) : s);
        }
}

INLINE void pw_block(float *out, const float *in, const float *add, const VeilNNLayer *l, int c, int ci, int NV, int NP)
{
    V sum[32];

    begin(sum, l->b + c, NV, NP);
    accumulate(sum, in, ci, ci, l->w + c, l->co, NV, NP);
    finish(out, add, sum, l->co, l->relu, NV, NP);
}

INLINE void pw_columns(float *out, const float *in, const float *add, int w, const VeilNNLayer *l, int c, int ci,
                       int NV, int NP)
{
    const int co = l->co;

    if (w < NP) {
        for (int x = 0; x < w; x++)
            pw_block(out + x * co + c, in + x * ci, add ? add + x * co + c : NULL, l, c, ci, NV, 1);
        return;
    }
    for (int x = 0; x < w; x += NP) {
        const int at = x + NP > w ? w - NP : x;

        pw_block(out + at * co + c, in + at * ci, add ? add + at * co + c : NULL, l, c, ci, NV, NP);
    }
}

INLINE void pw_row(float *out, const float *in, const float *add, int w, const VeilNNLayer *l, int ci)
{
    for (int x = 0; x < w; x += TILE) {
        const int n = w - x < TILE ? w - x : TILE;
        float *o = out + (size_t)x * l->co;
        const float *i = in + (size_t)x * ci, *a = add ? add + (size_t)x * l->co : NULL;

        for (int c = 0; c < l->co;) {
            const int left = (l->co - c) / LANES;
#define X(NV, NP)                               \
            if (left % (NV) == 0) {             \
                pw_columns(o, i, a, n, l, c, ci, NV, NP); \
                c += (NV) * LANES;              \
                continue;                       \
            }
            PW_BLOCKS(X)
#undef X
        }
    }
}

/* A known distance between cells leaves the addresses to the instructions. */
static void simd_pw(float *out, const float *in, const float *add, int w, const VeilNNLayer *l)
{
    switch (l->ci) {
    case 16: pw_row(out, in, add, w, l, 16); break;
    case 32: pw_row(out, in, add, w, l, 32); break;
    case 64: pw_row(out, in, add, w, l, 64); break;
    default: pw_row(out, in, add, w, l, l->ci); break;
    }
}

INLINE void conv3_block(float *out, const float *const row[3], int x, const VeilNNLayer *l, int c, int ci, int stride,
                        int NV, int NP)
{
    const int run = 3 * ci;
    V sum[32];

    begin(sum, l->b + c, NV, NP);
    for (int ky = 0; ky < 3; ky++)
        accumulate(sum, row[ky] + (x * stride - 1) * ci, stride * ci, run,
                   l->w + (size_t)ky * run * l->co + c, l->co, NV, NP);
    finish(out + (size_t)x * l->co + c, NULL, sum, l->co, l->relu, NV, NP);
}

INLINE void conv3_columns(float *out, const float *const row[3], int w, const VeilNNLayer *l, int c, int ci,
                          int stride, int NV, int NP)
{
    if (w < NP)
        for (int x = 0; x < w; x++)
            conv3_block(out, row, x, l, c, ci, stride, NV, 1);
    else
        for (int x = 0; x < w; x += NP)
            conv3_block(out, row, x + NP > w ? w - NP : x, l, c, ci, stride, NV, NP);
}

INLINE void conv3_row(float *out, const float *const row[3], int w, const VeilNNLayer *l, int ci, int stride)
{
    for (int c = 0; c < l->co;) {
        const int left = (l->co - c) / LANES;
#define X(NV, NP)                           \
        if (left % (NV) == 0) {             \
            conv3_columns(out, row, w, l, c, ci, stride, NV, NP); \
            c += (NV) * LANES;              \
            continue;                       \
        }
        PW_BLOCKS(X)
#undef X
    }
}

static void simd_conv3(float *out, const float *const row[3], int w, const VeilNNLayer *l)
{
    if (l->ci == 3 && l->stride == 2)
        conv3_row(out, row, w, l, 3, 2);
    else if (l->ci == 1 && l->stride == 2)
        conv3_row(out, row, w, l, 1, 2);
    else
        conv3_row(out, row, w, l, l->ci, l->stride);
}

/* NP neighbouring cells share the columns they both read. */
INLINE void dw3_block(float *out, const float *const in[3], int co, const V *wt, V bias, bool relu, int stride, int NP)
{
    V sum[8];

    UNROLL for (int p = 0; p < NP; p++)
        sum[p] = bias;
    UNROLL for (int ky = 0; ky < 3; ky++)
        UNROLL for (int col = 0; col < (NP - 1) * stride + 3; col++) {
            V x = v_load(in[ky] + (col - 1) * co);

            KEEP(x);
            UNROLL for (int p = 0; p < NP; p++)
                if (col >= p * stride && col < p * stride + 3)
                    sum[p] = v_fma(x, wt[ky * 3 + col - p * stride], sum[p]);
        }
    UNROLL for (int p = 0; p < NP; p++)
        v_store(out + p * co, relu ? v_max(sum[p], v_zero()) : sum[p]);
}

INLINE void dw3_columns(float *out, const float *const row[3], int w, const VeilNNLayer *l, int c, int co, bool relu,
                        int stride)
{
    V wt[9];
    const V bias = v_load(l->b + c);
    int x = 0;

    UNROLL for (int t = 0; t < 9; t++)
        wt[t] = v_load(l->w + t * co + c);
    for (; x + DW_CELLS <= w; x += DW_CELLS) {
        const float *const in[3] = {row[0] + x * stride * co + c, row[1] + x * stride * co + c,
                                    row[2] + x * stride * co + c};

        dw3_block(out + x * co + c, in, co, wt, bias, relu, stride, DW_CELLS);
    }
    for (; x < w; x++) {
        const float *const in[3] = {row[0] + x * stride * co + c, row[1] + x * stride * co + c,
                                    row[2] + x * stride * co + c};

        dw3_block(out + x * co + c, in, co, wt, bias, relu, stride, 1);
    }
}

INLINE void dw3_row(float *out, const float *const row[3], int w, const VeilNNLayer *l, int co)
{
    const int tile = TILE / 2; /* three input rows share the cache */

    for (int x = 0; x < w; x += tile) {
        const int n = w - x < tile ? w - x : tile;
        const ptrdiff_t at = (ptrdiff_t)x * l->stride * co;
        const float *const in[3] = {row[0] + at, row[1] + at, row[2] + at};
        float *o = out + (size_t)x * co;

        for (int c = 0; c < co; c += LANES)
            if (l->stride == 1)
                l->relu ? dw3_columns(o, in, n, l, c, co, true, 1) : dw3_columns(o, in, n, l, c, co, false, 1);
            else
                dw3_columns(o, in, n, l, c, co, l->relu, 2);
    }
}

static void simd_dw3(float *out, const float *const row[3], int w, const VeilNNLayer *l)
{
    switch (l->co) {
    case 16: dw3_row(out, row, w, l, 16); break;
    case 32: dw3_row(out, row, w, l, 32); break;
    case 64: dw3_row(out, row, w, l, 64); break;
    default: dw3_row(out, row, w, l, l->co); break;
    }
}

static void simd_pool2(float *out, const float *top, const float *bottom, int w, const VeilNNLayer *l)
{
    const int co = l->co;

    for (int x = 0; x < w; x++)
        for (int c = 0; c < co; c += LANES) {
            const float *t = top + 2 * x * co + c, *b = bottom + 2 * x * co + c;
            const V m = v_max(v_max(v_load(t), v_load(t + co)), v_max(v_load(b), v_load(b + co)));

            v_store(out + x * co + c, l->relu ? v_max(m, v_zero()) : m);
        }
}

static void simd_upadd(float *out, const float *a, const float *b, int w, const VeilNNLayer *l)
{
    const int co = l->co;

    for (int x = 0; x < w; x++)
        for (int c = 0; c < co; c += LANES) {
            const V s = v_add(v_load(a + x * co + c), v_load(b + x / 2 * co + c));

            v_store(out + x * co + c, l->relu ? v_max(s, v_zero()) : s);
        }
}

#define SIMD_KERNELS                                                                              \
    .input = simd_input, .conv3 = simd_conv3, .dw3 = simd_dw3, .pw = simd_pw, .pool2 = simd_pool2, \
    .upadd = simd_upadd

#endif /* VEIL_NN_KERN_SIMD_H */
