/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "page_data.h"

#ifdef VEIL_PAGE

#define EMBED(name, file)                                                                                    \
    __asm__(".section .rodata\n"                                                                             \
            ".global veil_page_" #name "_begin, veil_page_" #name "_end\n"                                   \
            ".hidden veil_page_" #name "_begin, veil_page_" #name "_end\n"                                   \
            "veil_page_" #name "_begin:\n"                                                                   \
            ".incbin \"" VEIL_PAGE "/" file "\"\n"                                                           \
            "veil_page_" #name "_end:\n"                                                                     \
            ".byte 0\n"                                                                                      \
            ".text\n");                                                                                      \
    extern const uint8_t name##_begin[] __asm__("veil_page_" #name "_begin")                                 \
        __attribute__((visibility("hidden")));                                                               \
    extern const uint8_t name##_end[] __asm__("veil_page_" #name "_end") __attribute__((visibility("hidden")))

EMBED(html, "index.html");
EMBED(js, "app.js");
EMBED(css, "app.css");

const uint8_t *veil_page_data(VeilPageFile file, size_t *size)
{
    static const uint8_t *const part[][2] = { { html_begin, html_end }, { js_begin, js_end }, { css_begin, css_end } };

    /* cppcheck-suppress comparePointers ; both ends of one .incbin */
    *size = (size_t)(part[file][1] - part[file][0]);
    return part[file][0];
}

#else

const uint8_t *veil_page_data(VeilPageFile file, size_t *size)
{
    (void)file;
    *size = 0;
    return NULL;
}

#endif
