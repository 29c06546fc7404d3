/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file A frame, or a part of one, as a JPEG: upright, in square pixels, at a size that is asked for. */
#ifndef VEIL_SRC_JPEG_H
#define VEIL_SRC_JPEG_H

#include <libavutil/buffer.h>
#include <libavutil/frame.h>

#include "filters/boxes.h"
#include "filters/filter.h"

/** The size that a picture of the link has when shown: upright, in square pixels. */
void veil_jpeg_shown_size(const VeilLink *link, int *w, int *h);

/**
 * Scale, turn, encode.
 * @param frame only read
 * @param link  for its rotation and sample aspect ratio
 * @param part  what to show, in luma pixels as stored, clipped to the frame; NULL: all
 * @param w     width of the JPEG; 0: from h
 * @param h     height of the JPEG; 0: from w. It is never made larger than what the part holds
 * @return a new buffer, or NULL without memory or for a frame that cannot be converted
 */
AVBufferRef *veil_jpeg_encode(const AVFrame *frame, const VeilLink *link, const VeilRect *part, int w, int h);

#endif /* VEIL_SRC_JPEG_H */
