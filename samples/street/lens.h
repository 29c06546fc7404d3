/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * From light to a picture, as a cheap camera does it: a soft lens, darker
 * corners, a tone curve, noise, and the clock written on top.
 */
#ifndef STREET_LENS_H
#define STREET_LENS_H

#include "light.h"

/**
 * Develop one frame.
 *
 * @param rgb    linear light, three per pixel; used up
 * @param spare  scratch as large as rgb
 * @param out    receives width * height * 3 bytes, sRGB
 * @param frame  number of the frame: the noise follows from it and the seed
 */
void lens_develop(const Light *l, float *rgb, float *spare, int width, int height, uint32_t seed, int frame,
                  uint8_t *out);

/** Write a line of text in white with a dark edge; size is the side of a dot in pixels. */
void lens_write(uint8_t *out, int width, int height, int x, int y, int size, const char *text);

#endif /* STREET_LENS_H */
