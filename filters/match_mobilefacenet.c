/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * MobileFaceNet (Chen et al., CCBR 2018) through OpenCV's dnn module. The
 * embedding is the sum of those of the face and of its mirror image, as in the
 * evaluation program it was published with.
 */
#include "match_cv.h"

static int mobilefacenet_open(void **priv, int *length, const VeilMatcherConfig *config, void *log)
{
    return veil_match_cv_open(priv, length, config, false, true, "mobilefacenet", log);
}

const VeilMatcherBackend veil_match_mobilefacenet = {
    .name        = "mobilefacenet",
    .description = "MobileFaceNet through OpenCV dnn; needs a model file",
    .model       = "mobilefacenet",
    .open        = mobilefacenet_open,
    .embed       = veil_match_cv_embed,
    .close       = veil_match_cv_close,
};
