/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file Pictures as PNG, in full depth: 8 bits a sample, or 16 for what has more. */
#ifndef VEIL_SRC_PNGFILE_H
#define VEIL_SRC_PNGFILE_H

#include <stddef.h>
#include <stdint.h>
#include <libavutil/frame.h>

/**
 * The same picture in a format that PNG has: RGB24, RGB48, GRAY8 or GRAY16,
 * full range.
 * @param lines of the video that it was cut from: where the source does not
 *              say its matrix, 720 and more are BT.709, else BT.601
 * @return a new frame, or NULL
 */
AVFrame *veil_png_picture(const AVFrame *frame, int lines);

/**
 * Encode a picture of one of those formats.
 * @param out receives *len bytes, to be freed with free()
 * @return 0 or AVERROR
 */
int veil_png_encode(const AVFrame *picture, uint8_t **out, size_t *len);

#endif /* VEIL_SRC_PNGFILE_H */
