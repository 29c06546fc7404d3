/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The compiled-in network, weights/own.veilnn, put into the binary by the
 * assembler: no generated source, and no file to lose. Its card is
 * weights/own.md.
 */
#include "file.h"

__asm__(".section .rodata\n"
        ".balign 16\n"
        ".global veil_nn_own_begin, veil_nn_own_end\n"
        ".hidden veil_nn_own_begin, veil_nn_own_end\n"
        "veil_nn_own_begin:\n"
        ".incbin \"filters/nn/weights/own.veilnn\"\n"
        "veil_nn_own_end:\n"
        ".byte 0\n"
        ".text\n");

extern const uint8_t begin[] __asm__("veil_nn_own_begin") __attribute__((visibility("hidden")));
extern const uint8_t end[] __asm__("veil_nn_own_end") __attribute__((visibility("hidden")));

const uint8_t *veil_nn_own_weights(size_t *size)
{
    /* cppcheck-suppress comparePointers ; both ends of one .incbin */
    *size = (size_t)(end - begin);
    return begin;
}
