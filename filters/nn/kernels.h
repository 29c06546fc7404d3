/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The arithmetic of the engine, one row at a time, one table of functions per
 * instruction set. Adding an instruction set is one file kern_<name>.c, one
 * row in veil_nn_kernels[] of kernels.c, and flags in the Makefile.
 *
 * A row pointer points at column 0 of a row of cells; where 3x3 windows are
 * read, columns -1 and `width` of the input are readable and zero. All
 * channel counts but the picture's are multiples of VEIL_NN_LANE. Input and
 * output rows never overlap. Rows are 64-byte aligned but for the picture's.
 *
 * The second precision is int8: dense layers multiply bytes by the weights w8
 * of their layer and sum exactly; everything else stays float. Only some sets
 * have it, and all that do give the same numbers as plain C.
 */
#ifndef VEIL_NN_KERNELS_H
#define VEIL_NN_KERNELS_H

#include "graph.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_NN_TILE8 48 ///< cells whose largest value sets the step in which all their values are counted
#define VEIL_NN_TINY8 1e-30f ///< a tile with nothing above this counts as zero

/** Bytes of one row of a 3x3 window over ci channels, as weights and sums count them. */
#define VEIL_NN_RUN8(ci) ((3 * (ci) + 3) / 4 * 4)

typedef struct VeilNNKernels {
    const char *name; ///< "c", "sse2", "avx2", "avx512", "avx512vnni", "neon"
    /** out[i] = (in[i] - mean) * scale for n samples. */
    void (*input)(float *out, const uint8_t *in, int n, float mean, float scale);
    /** Dense 3x3 over three rows of l->ci channels; w is the output's width in cells. */
    void (*conv3)(float *out, const float *const row[3], int w, const VeilNNLayer *l);
    /** Depthwise 3x3 over three rows. */
    void (*dw3)(float *out, const float *const row[3], int w, const VeilNNLayer *l);
    /** 1x1; add is a row of l->co channels, or NULL. */
    void (*pw)(float *out, const float *in, const float *add, int w, const VeilNNLayer *l);
    /** Largest of 2x2 cells from two rows of 2 * w cells of l->co channels. */
    void (*pool2)(float *out, const float *top, const float *bottom, int w, const VeilNNLayer *l);
    /** out[x] = a[x] + b[x / 2]. */
    void (*upadd)(float *out, const float *a, const float *b, int w, const VeilNNLayer *l);
    /** As pw, by l->w8, of inputs that are not negative: VEIL_NN_TILE8 cells at a time
     * are rounded to 255 steps of their largest value. NULL: this set has no int8. */
    void (*pw8)(float *out, const float *in, const float *add, int w, const VeilNNLayer *l);
    /** As conv3, by l->w8, over bytes of the picture; three bytes behind column `width` are readable, too. */
    void (*conv8)(float *out, const uint8_t *const row[3], int w, const VeilNNLayer *l);
} VeilNNKernels;

/**
 * The kernels of that name, or the best ones if name is NULL.
 * @return NULL if this build or this processor lacks them
 */
const VeilNNKernels *veil_nn_kernels_find(const char *name);

/** Walk through all that this processor can run, best first; NULL ends. */
const VeilNNKernels *veil_nn_kernels_at(int i);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_NN_KERNELS_H */
