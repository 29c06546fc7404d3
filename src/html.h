/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file Text from anywhere, on a page. */
#ifndef VEIL_SRC_HTML_H
#define VEIL_SRC_HTML_H

#include <stdio.h>

/** Write text so that it stays text, between tags and in attributes of either quote. */
void veil_html_text(FILE *f, const char *text);

/** "<dt>name</dt><dd>text</dd>"; a dash for an empty text. The name is trusted. */
void veil_html_pair(FILE *f, const char *name, const char *text);

#endif /* VEIL_SRC_HTML_H */
