/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * SFace (Zhong et al., IEEE TIP 30, 2021) by OpenCV's FaceRecognizerSF.
 */
#include "match_cv.h"

static int sface_open(void **priv, int *length, const VeilMatcherConfig *config, void *log)
{
    return veil_match_cv_open(priv, length, config, true, false, "sface", log);
}

const VeilMatcherBackend veil_match_sface = {
    .name        = "sface",
    .description = "SFace by OpenCV's FaceRecognizerSF; needs a model file",
    .model       = "sface",
    .open        = sface_open,
    .embed       = veil_match_cv_embed,
    .close       = veil_match_cv_close,
};
