/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Put an opened crop back into the frame that it was cut from. What `seal`
 * painted grey because it was another track's stays as the frame has it.
 *
 * The records do not say where that is, so it is known by its colour: areas
 * of just the seal's grey of 8x8 luma pixels and more (or at the crop's edge,
 * beyond which they may go on), with all of that colour that is joined to
 * them. A lossless crop has that grey exactly. A lossy one has it flat and to
 * within a few levels, more at its rim, and mixes it with the pixels beside
 * it, which stay as they were too.
 *
 * No sample of another track can be put back in any case, as the crop has
 * none. Where a lossy coder has changed the grey too much, slivers of it come
 * over another's cover; and a flat patch of the face itself that is just this
 * grey stays covered.
 */
#ifndef VEIL_FILTERS_PUTBACK_H
#define VEIL_FILTERS_PUTBACK_H

#include <stdbool.h>
#include <stdint.h>
#include <libavutil/frame.h>

#include "boxes.h"

/**
 * Find what `seal` painted over.
 * @param crop picture of an opened crop
 * @param mask receives crop->width * crop->height bytes: 1 where the frame must stay as it is
 * @return number of such luma pixels; AVERROR(ENOMEM)
 */
int veil_putback_find(const AVFrame *crop, bool lossless, uint8_t *mask);

/**
 * Copy the samples that are not masked. A chroma sample is copied if all luma
 * pixels over it are.
 * @param frame writable, of the crop's format
 * @param at    the crop's rectangle, inside the frame
 * @return number of luma samples copied; AVERROR(EINVAL) for another format or a rectangle outside
 */
int veil_putback(AVFrame *frame, const AVFrame *crop, VeilRect at, const uint8_t *mask);

#endif /* VEIL_FILTERS_PUTBACK_H */
