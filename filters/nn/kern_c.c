/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Plain C: the reference that all other kernels are compared with, and what
 * runs on processors without any of them. Written to be read, and so that a
 * compiler can vectorise the loops over channels.
 */
#include "kernels.h"

#include <math.h>
#include <string.h>

#pragma GCC optimize("O3")

static void rectify(float *restrict out, int n, bool relu)
{
    if (relu)
        for (int i = 0; i < n; i++)
            out[i] = out[i] > 0 ? out[i] : 0;
}

static void c_input(float *restrict out, const uint8_t *restrict in, int n, float mean, float scale)
{
    for (int i = 0; i < n; i++)
        out[i] = (in[i] - mean) * scale;
}

static void c_conv3(float *out, const float *const row[3], int w, const VeilNNLayer *l)
{
    const int co = l->co, run = 3 * l->ci;

    for (int x = 0; x < w; x++) {
        float *restrict o = out + (size_t)x * co;

        memcpy(o, l->b, co * sizeof(*o));
        for (int ky = 0; ky < 3; ky++) {
            const float *in = row[ky] + (x * l->stride - 1) * l->ci;

            for (int k = 0; k < run; k++) {
                const float *restrict wt = l->w + (size_t)(ky * run + k) * co;

                for (int c = 0; c < co; c++)
                    o[c] += in[k] * wt[c];
            }
        }
        rectify(o, co, l->relu);
    }
}

static void c_dw3(float *out, const float *const row[3], int w, const VeilNNLayer *l)
{
    const int c = l->co;

    for (int x = 0; x < w; x++) {
        float *restrict o = out + (size_t)x * c;

        memcpy(o, l->b, c * sizeof(*o));
        for (int t = 0; t < 9; t++) {
            const float *restrict in = row[t / 3] + (x * l->stride + t % 3 - 1) * c;
            const float *restrict wt = l->w + (size_t)t * c;

            for (int i = 0; i < c; i++)
                o[i] += in[i] * wt[i];
        }
        rectify(o, c, l->relu);
    }
}

static void c_pw(float *out, const float *in, const float *add, int w, const VeilNNLayer *l)
{
    const int ci = l->ci, co = l->co;

    for (int x = 0; x < w; x++) {
        float *restrict o = out + (size_t)x * co;

        memcpy(o, l->b, co * sizeof(*o));
        for (int k = 0; k < ci; k++) {
            const float v = in[(size_t)x * ci + k];
            const float *restrict wt = l->w + (size_t)k * co;

            for (int c = 0; c < co; c++)
                o[c] += v * wt[c];
        }
        if (add)
            for (int c = 0; c < co; c++)
                o[c] += add[(size_t)x * co + c];
        rectify(o, co, l->relu);
    }
}

static float larger(float a, float b)
{
    return a > b ? a : b;
}

static void c_pool2(float *restrict out, const float *top, const float *bottom, int w, const VeilNNLayer *l)
{
    const int c = l->co;

    for (int x = 0; x < w; x++)
        for (int i = 0; i < c; i++) {
            const int at = 2 * x * c + i;

            out[x * c + i] = larger(larger(top[at], top[at + c]), larger(bottom[at], bottom[at + c]));
        }
    rectify(out, w * c, l->relu);
}

static void c_upadd(float *restrict out, const float *a, const float *b, int w, const VeilNNLayer *l)
{
    const int c = l->co;

    for (int x = 0; x < w; x++)
        for (int i = 0; i < c; i++)
            out[x * c + i] = a[x * c + i] + b[x / 2 * c + i];
    rectify(out, w * c, l->relu);
}

/* ---- int8 ---- */

/* One output from sums of `run` products at a time; rows of weights lie `run` apart. */
static int32_t products(const uint8_t *in, const int8_t *w, int run, int co, int c)
{
    int32_t sum = 0;

    for (int k = 0; k < run; k++)
        sum += in[k] * w[(k & ~3) * co + 4 * c + (k & 3)];
    return sum;
}

static float finished(float sum, const float *add, const VeilNNLayer *l, int c)
{
    const float s = sum + (add ? add[c] : 0);

    return l->relu && !(s > 0) ? 0 : s;
}

static void c_pw8(float *out, const float *in, const float *add, int w, const VeilNNLayer *l)
{
    uint8_t bytes[VEIL_NN_MAX_CHANNELS];
    float most = 0;

    for (int x = 0; x < w; x++) {
        const float *cell = in + (size_t)x * l->ci, *a = add ? add + (size_t)x * l->co : NULL;
        const int tile = w - x < VEIL_NN_TILE8 ? w - x : VEIL_NN_TILE8;

        if (x % VEIL_NN_TILE8 == 0) {
            most = 0;
            for (int i = 0; i < tile * l->ci; i++)
                most = larger(most, cell[i]);
        }
        for (int i = 0; i < l->ci; i++)
            bytes[i] = (uint8_t)lrintf(cell[i] * (most > VEIL_NN_TINY8 ? 255 / most : 0));
        for (int c = 0; c < l->co; c++)
            out[(size_t)x * l->co + c] =
                finished((float)products(bytes, l->w8, l->ci, l->co, c) * (l->unit8[c] * (most / 255)) + l->b[c], a, l, c);
    }
}

static void c_conv8(float *out, const uint8_t *const row[3], int w, const VeilNNLayer *l)
{
    const int run = VEIL_NN_RUN8(l->ci);

    for (int x = 0; x < w; x++)
        for (int c = 0; c < l->co; c++) {
            int32_t sum = 0;

            for (int ky = 0; ky < 3; ky++)
                sum += products(row[ky] + (x * l->stride - 1) * l->ci, l->w8 + (size_t)ky * run * l->co, run, l->co, c);
            out[(size_t)x * l->co + c] = finished((float)sum * l->unit8[c] + l->b[c], NULL, l, c);
        }
}

extern const VeilNNKernels veil_nn_kern_c;
const VeilNNKernels veil_nn_kern_c = {
    .name  = "c",
    .input = c_input,
    .conv3 = c_conv3,
    .dw3   = c_dw3,
    .pw    = c_pw,
    .pool2 = c_pool2,
    .upadd = c_upadd,
    .pw8   = c_pw8,
    .conv8 = c_conv8,
};
