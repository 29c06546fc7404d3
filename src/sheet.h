/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A contact sheet: at most 24 pictures of one track, evenly chosen, each with
 * its time and its frame number. Memory does not grow with the track.
 */
#ifndef VEIL_SRC_SHEET_H
#define VEIL_SRC_SHEET_H

#include <stddef.h>
#include <stdint.h>
#include <libavutil/frame.h>

#define VEIL_SHEET_CELLS 24 ///< most pictures on a sheet

typedef struct VeilSheet VeilSheet;

/** @param start seconds since 1970 of the video's first frame. @return NULL if there is no memory */
VeilSheet *veil_sheet_new(uint32_t track, int64_t start);
void veil_sheet_free(VeilSheet *s); ///< wipes; accepts NULL

/**
 * Offer a picture; borrowed.
 * @param lines as in veil_png_picture()
 * @return 0 or AVERROR
 */
int veil_sheet_add(VeilSheet *s, const AVFrame *picture, uint32_t frame, int64_t pts_us, int lines);

/** Draw the sheet. @return 0 or AVERROR; free(*png) */
int veil_sheet_draw(const VeilSheet *s, uint8_t **png, size_t *len);

#endif /* VEIL_SRC_SHEET_H */
