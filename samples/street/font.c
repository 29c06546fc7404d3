/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The letter case. One byte per row, the leftmost dot in bit 4.
 */
#include <stdint.h>
#include <string.h>
#include "font.h"

static const char order[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-:./&'";
static const uint8_t glyphs[][FONT_HEIGHT] = {
    { 14, 17, 17, 31, 17, 17, 17 }, { 30, 17, 17, 30, 17, 17, 30 }, { 14, 17, 16, 16, 16, 17, 14 },
    { 30, 17, 17, 17, 17, 17, 30 }, { 31, 16, 16, 30, 16, 16, 31 }, { 31, 16, 16, 30, 16, 16, 16 },
    { 14, 17, 16, 23, 17, 17, 15 }, { 17, 17, 17, 31, 17, 17, 17 }, { 14, 4, 4, 4, 4, 4, 14 },
    { 7, 2, 2, 2, 2, 18, 12 },      { 17, 18, 20, 24, 20, 18, 17 }, { 16, 16, 16, 16, 16, 16, 31 },
    { 17, 27, 21, 21, 17, 17, 17 }, { 17, 25, 21, 19, 17, 17, 17 }, { 14, 17, 17, 17, 17, 17, 14 },
    { 30, 17, 17, 30, 16, 16, 16 }, { 14, 17, 17, 17, 21, 18, 13 }, { 30, 17, 17, 30, 20, 18, 17 },
    { 15, 16, 16, 14, 1, 1, 30 },   { 31, 4, 4, 4, 4, 4, 4 },       { 17, 17, 17, 17, 17, 17, 14 },
    { 17, 17, 17, 17, 17, 10, 4 },  { 17, 17, 17, 21, 21, 27, 17 }, { 17, 17, 10, 4, 10, 17, 17 },
    { 17, 17, 10, 4, 4, 4, 4 },     { 31, 1, 2, 4, 8, 16, 31 },     { 14, 17, 19, 21, 25, 17, 14 },
    { 4, 12, 4, 4, 4, 4, 14 },      { 14, 17, 1, 6, 8, 16, 31 },    { 14, 17, 1, 6, 1, 17, 14 },
    { 2, 6, 10, 18, 31, 2, 2 },     { 31, 16, 30, 1, 1, 17, 14 },   { 6, 8, 16, 30, 17, 17, 14 },
    { 31, 1, 2, 4, 8, 8, 8 },       { 14, 17, 17, 14, 17, 17, 14 }, { 14, 17, 17, 15, 1, 2, 12 },
    { 0, 0, 0, 14, 0, 0, 0 },       { 0, 12, 12, 0, 12, 12, 0 },    { 0, 0, 0, 0, 0, 12, 12 },
    { 1, 1, 2, 4, 8, 16, 16 },      { 12, 18, 20, 8, 21, 18, 13 },  { 12, 4, 8, 0, 0, 0, 0 },
};
_Static_assert(sizeof(glyphs) / sizeof(glyphs[0]) == sizeof(order) - 1, "one glyph per letter");

int font_length(const char *text)
{
    return (int)strlen(text) * FONT_ADVANCE - 1;
}

bool font_dot(const char *text, int x, int y)
{
    const char *at;

    if (x < 0 || y < 0 || y >= FONT_HEIGHT || x >= font_length(text) || x % FONT_ADVANCE >= FONT_WIDTH)
        return false;
    at = strchr(order, text[x / FONT_ADVANCE]);
    return at && (glyphs[at - order][y] >> (FONT_WIDTH - 1 - x % FONT_ADVANCE) & 1);
}
