/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file A rectangle of a frame as a frame of its own. */
#ifndef VEIL_FILTERS_CUTOUT_H
#define VEIL_FILTERS_CUTOUT_H

#include <libavutil/frame.h>

#include "boxes.h"

/**
 * Copy the samples of a rectangle, with the frame's colour tags and interlacing.
 * @param r   inside the frame, beginning on block borders (veil_paint_block())
 * @param out receives a frame of r.w x r.h, to be freed in any case
 * @return 0 or AVERROR(ENOMEM)
 */
int veil_cut_out(const AVFrame *from, VeilRect r, AVFrame **out);

#endif /* VEIL_FILTERS_CUTOUT_H */
