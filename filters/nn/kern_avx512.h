/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * What kern_simd.h wants to know of AVX-512: 32 registers of 16 floats.
 */
#ifndef VEIL_NN_KERN_AVX512_H
#define VEIL_NN_KERN_AVX512_H

#include <immintrin.h>

#define V                __m512
#define LANES            16
#define v_load(p)        _mm512_loadu_ps(p)
#define v_store(p, a)    _mm512_storeu_ps(p, a)
#define v_set1(x)        _mm512_set1_ps(x)
#define v_zero()         _mm512_setzero_ps()
#define v_fma(a, b, c)   _mm512_fmadd_ps(a, b, c)
#define v_add(a, b)      _mm512_add_ps(a, b)
#define v_max(a, b)      _mm512_max_ps(a, b)
#define v_from_u8(p)     _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(p))))
#define DW_CELLS         4
#define PW_BLOCKS(X)     X(4, 6) X(3, 8) X(2, 12) X(1, 16)

#endif /* VEIL_NN_KERN_AVX512_H */
