/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Kernels for AVX-512.
 */
#ifdef __x86_64__
#include "kern_avx512.h"
#include "kern_simd.h"

extern const VeilNNKernels veil_nn_kern_avx512;
const VeilNNKernels veil_nn_kern_avx512 = {.name = "avx512", SIMD_KERNELS};
#endif
