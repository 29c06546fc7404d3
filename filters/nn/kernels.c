/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Which kernels this processor can run.
 */
#include "kernels.h"

#include <stddef.h>
#include <string.h>

extern const VeilNNKernels veil_nn_kern_c;

static bool always(void)
{
    return true;
}

#ifdef __x86_64__
extern const VeilNNKernels veil_nn_kern_sse2, veil_nn_kern_avx2, veil_nn_kern_avx512, veil_nn_kern_avx512vnni;

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

/* all that kern_avx512.c is compiled with; the operating system's part is in the test too */
static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

static bool has_avx512vnni(void)
{
    return has_avx512() && __builtin_cpu_supports("avx512vnni");
}
#endif
#ifdef __aarch64__
extern const VeilNNKernels veil_nn_kern_neon;
#endif

/** Best first. */
static const struct {
    const VeilNNKernels *kernels;
    bool (*usable)(void);
} table[] = {
#ifdef __x86_64__
    {&veil_nn_kern_avx512vnni, has_avx512vnni},
    {&veil_nn_kern_avx512, has_avx512},
    {&veil_nn_kern_avx2, has_avx2},
    {&veil_nn_kern_sse2, always},
#endif
#ifdef __aarch64__
    {&veil_nn_kern_neon, always},
#endif
    {&veil_nn_kern_c, always},
};

const VeilNNKernels *veil_nn_kernels_at(int i)
{
    for (size_t k = 0; k < sizeof(table) / sizeof(*table); k++)
        if (table[k].usable() && !i--)
            return table[k].kernels;
    return NULL;
}

const VeilNNKernels *veil_nn_kernels_find(const char *name)
{
    const VeilNNKernels *k;

    for (int i = 0; (k = veil_nn_kernels_at(i)); i++)
        if (!name || !strcmp(k->name, name))
            return k;
    return NULL;
}
