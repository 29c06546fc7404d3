/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "html.h"

void veil_html_text(FILE *f, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&': fputs("&amp;", f); break;
        case '<': fputs("&lt;", f); break;
        case '>': fputs("&gt;", f); break;
        case '"': fputs("&quot;", f); break;
        case '\'': fputs("&#39;", f); break;
        default: fputc(*text, f);
        }
}

void veil_html_pair(FILE *f, const char *name, const char *text)
{
    fprintf(f, "<dt>%s</dt><dd>", name);
    veil_html_text(f, *text ? text : "\xe2\x80\x94");
    fputs("</dd>\n", f);
}
