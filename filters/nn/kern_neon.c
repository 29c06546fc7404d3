/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Kernels for AArch64, where NEON is always there: 32 registers of 4 floats.
 */
#ifdef __aarch64__
#include <arm_neon.h>

#define V                float32x4_t
#define LANES            4
#define v_load(p)        vld1q_f32(p)
#define v_store(p, a)    vst1q_f32(p, a)
#define v_set1(x)        vdupq_n_f32(x)
#define v_zero()         vdupq_n_f32(0)
#define v_fma(a, b, c)   vfmaq_f32(c, a, b)
#define v_add(a, b)      vaddq_f32(a, b)
#define v_max(a, b)      vmaxq_f32(a, b)
#define DW_CELLS         4
#define PW_BLOCKS(X)     X(4, 5)

static inline float32x4_t four_bytes(const unsigned char *p)
{
    const uint32_t v[4] = {p[0], p[1], p[2], p[3]};

    return vcvtq_f32_u32(vld1q_u32(v));
}
#define v_from_u8(p)     four_bytes(p)
#include "kern_simd.h"

extern const VeilNNKernels veil_nn_kern_neon;
const VeilNNKernels veil_nn_kern_neon = {.name = "neon", SIMD_KERNELS};
#endif
