/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file A frame as it will be published. */
#ifndef VEIL_SRC_REVIEW_PREVIEW_H
#define VEIL_SRC_REVIEW_PREVIEW_H

#include "review.h"

/**
 * Cover what that state of the tracks file covers, with the filters that a render uses.
 * @param frame replaced by a painted one; freed on error
 * @return 0 or AVERROR
 */
int veil_preview_paint(VeilReview *review, const VeilDocState *state, int64_t number, AVFrame **frame);

#endif /* VEIL_SRC_REVIEW_PREVIEW_H */
