/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A five by seven letter case: shop signs, number plates and the clock that a
 * camera writes into its picture.
 */
#ifndef STREET_FONT_H
#define STREET_FONT_H

#include <stdbool.h>

#define FONT_WIDTH   5
#define FONT_HEIGHT  7
#define FONT_ADVANCE 6 ///< from one letter to the next

/** Is this dot of the text inked? Capitals, digits, `-:./&'`; others are blank. */
bool font_dot(const char *text, int x, int y);

/** Dots across a text. */
int font_length(const char *text);

#endif /* STREET_FONT_H */
