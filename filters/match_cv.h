/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * What the matchers that run a network through OpenCV share.
 */
#ifndef VEIL_FILTERS_MATCH_CV_H
#define VEIL_FILTERS_MATCH_CV_H

#include "matcher.h"

/**
 * For a backend's open().
 * @param sface  run it as OpenCV's FaceRecognizerSF does
 * @param mirror add the vector of the mirror image
 * @param name   for the sentence on failure
 */
int veil_match_cv_open(void **priv, int *length, const VeilMatcherConfig *config, bool sface, bool mirror,
                       const char *name, void *log);
int veil_match_cv_embed(void *priv, const uint8_t *aligned, float *out, void *log);
void veil_match_cv_close(void *priv);

#endif /* VEIL_FILTERS_MATCH_CV_H */
