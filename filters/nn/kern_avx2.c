/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Kernels for AVX2 and FMA: 16 registers of 8 floats.
 */
#ifdef __x86_64__
#include <immintrin.h>

#define V                __m256
#define LANES            8
#define v_load(p)        _mm256_loadu_ps(p)
#define v_store(p, a)    _mm256_storeu_ps(p, a)
#define v_set1(x)        _mm256_set1_ps(x)
#define v_zero()         _mm256_setzero_ps()
#define v_fma(a, b, c)   _mm256_fmadd_ps(a, b, c)
#define v_add(a, b)      _mm256_add_ps(a, b)
#define v_max(a, b)      _mm256_max_ps(a, b)
#define v_from_u8(p)     _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(p))))
#define DW_CELLS         4
#define PW_BLOCKS(X)     X(2, 6)
#include "kern_simd.h"

extern const VeilNNKernels veil_nn_kern_avx2;
const VeilNNKernels veil_nn_kern_avx2 = {.name = "avx2", SIMD_KERNELS};
#endif
