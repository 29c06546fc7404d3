/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Paint over parts of a frame, on its planes in place. Works in blocks: one
 * block is one chroma sample with the luma samples under it (twice as high
 * when interlaced, as chroma rows then belong to alternate fields). A block
 * touched by a shape is painted whole, so neither plane keeps a rim of what
 * was there.
 *
 * No style looks at what it paints over. A mosaic or blur of the face itself
 * can be matched to another face treated in the same way, however coarse it
 * is (README, "Figures"); these here are made of the pixels around the
 * rectangle, which are published anyway.
 */
#ifndef VEIL_FILTERS_PAINT_H
#define VEIL_FILTERS_PAINT_H

#include <stdint.h>
#include <libavutil/frame.h>

#include "boxes.h"

typedef enum VeilPaintStyle {
    VEIL_PAINT_SOLID,  ///< one colour: nothing of the pixels is left
    VEIL_PAINT_MOSAIC, ///< squares in the colours that surround the rectangle
    VEIL_PAINT_BLUR,   ///< the same colours, blended linearly
} VeilPaintStyle;

#define VEIL_PAINT_MAX_CELLS 16

typedef struct VeilPaint {
    VeilPaintStyle style;
    int cells;       ///< MOSAIC and BLUR: 1..VEIL_PAINT_MAX_CELLS along the longer side
    uint8_t rgba[4]; ///< SOLID, and the others where no side has surroundings: red, green, blue, alpha (not used)
} VeilPaint;

/**
 * Set the colour from a name or #RRGGBB, as FFmpeg reads them.
 * @param log for av_log() of one sentence
 * @return 0 or AVERROR(EINVAL)
 */
int veil_paint_color(VeilPaint *paint, const char *text, void *log);

/** Shapes are inscribed in a rectangle that may reach outside the frame. */
typedef enum VeilShape { VEIL_SHAPE_RECT, VEIL_SHAPE_ELLIPSE } VeilShape;

/**
 * Paint a shape. The frame is writable and of a format in veil_paint_formats.
 * Before MOSAIC and BLUR, everything to be hidden nearby must have been
 * painted SOLID: it could be among the surroundings.
 */
void veil_paint_shape(AVFrame *frame, VeilRect rect, VeilShape shape, const VeilPaint *paint);

/** Size of one block of this frame, in luma pixels. */
void veil_paint_block(const AVFrame *frame, int *w, int *h);

/**
 * Paint the blocks that a mask names.
 * @param mask one byte a block, row by row, (frame->width + bw - 1) / bw bytes
 *             a row; not 0 means paint. Made for the block size of this frame
 * @param rect bounds of the mask's blocks, in luma pixels; MOSAIC and BLUR take
 *             their colours from around it
 */
void veil_paint_mask(AVFrame *frame, const uint8_t *mask, VeilRect rect, const VeilPaint *paint);

#endif /* VEIL_FILTERS_PAINT_H */
