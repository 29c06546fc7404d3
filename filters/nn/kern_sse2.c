/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Kernels for SSE2, which every x86-64 processor has: 16 registers of 4
 * floats, and no fused multiply-add.
 */
#ifdef __x86_64__
#include <emmintrin.h>

#pragma GCC optimize("O3")

#define V                __m128
#define LANES            4
#define v_load(p)        _mm_loadu_ps(p)
#define v_store(p, a)    _mm_storeu_ps(p, a)
#define v_set1(x)        _mm_set1_ps(x)
#define v_zero()         _mm_setzero_ps()
#define v_fma(a, b, c)   _mm_add_ps(_mm_mul_ps(a, b), c)
#define v_add(a, b)      _mm_add_ps(a, b)
#define v_max(a, b)      _mm_max_ps(a, b)
#define v_from_u8(p)     _mm_setr_ps((p)[0], (p)[1], (p)[2], (p)[3])
#define DW_CELLS         2
#define PW_BLOCKS(X)     X(4, 2)
#include "kern_simd.h"

extern const VeilNNKernels veil_nn_kern_sse2;
const VeilNNKernels veil_nn_kern_sse2 = {.name = "sse2", SIMD_KERNELS};
#endif
