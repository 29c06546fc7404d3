/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Follow what is inside a box from one frame to another: normalised
 * cross-correlation of the luma on a small grid, over shifts and a few
 * sizes. Knows nothing of faces; a turned head or a back of a head is
 * followed as well as a face. Deterministic, no state, no allocation.
 */
#ifndef VEIL_FILTERS_FOLLOW_H
#define VEIL_FILTERS_FOLLOW_H

#include <stdbool.h>
#include <libavutil/frame.h>

#include "detector.h"

/** Cross-correlation from here up means "the same thing", measured on faces from one frame to the next. */
#define VEIL_FOLLOW_SURE 0.8f

/** Can this pixel format be followed: 8 to 16 bit components in planes or half planes, little endian. */
bool veil_follow_can(enum AVPixelFormat format);

/**
 * Find what `box` holds in `from` again in `to`; both of one size and a
 * format that veil_follow_can() accepts.
 * @param guess where it is expected in `to`; searched half a box around it
 * @param out   receives the box in `to`; landmarks move along
 * @return normalised cross-correlation of the best place, -1..1; -1 if the
 *         box lies more than half outside either frame, or holds no texture
 */
float veil_follow(const AVFrame *from, const VeilFace *box, const AVFrame *to, const VeilFace *guess, VeilFace *out);

#endif /* VEIL_FILTERS_FOLLOW_H */
