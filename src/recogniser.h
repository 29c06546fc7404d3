/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A matcher made ready: its model found and checked, a threshold that was
 * measured for it, and the detector of landmarks that it was measured with.
 */
#ifndef VEIL_SRC_RECOGNISER_H
#define VEIL_SRC_RECOGNISER_H

#include "calibration.h"
#include "filters/looks.h"
#include "filters/matcher.h"

typedef struct VeilRecogniser {
    const VeilMatcherBackend *backend;
    const VeilDetectorBackend *detector;
    VeilMatcherState *matcher;
    VeilLooker *looker;
    VeilCalibration calibration;
    char sha256[VEIL_DIGEST_HEX]; ///< of the model, or of the matcher's description
} VeilRecogniser;

/**
 * Find a matcher's model, or the digest of its description.
 * @param config receives what its open() needs; its path points into `path`
 * @return 0; as veil_models_find(), nothing printed
 */
int veil_recogniser_locate(const VeilMatcherBackend *b, VeilMatcherConfig *config, char *path, size_t cap,
                           char sha256[VEIL_DIGEST_HEX]);

/**
 * @param name          as in --matcher; NULL: the best that is here, calibrated and no demonstration
 * @param calibration   another file than config/calibration.cfg, or NULL
 * @param demonstration matchers that cannot tell real people apart are allowed
 * @param rotation      clockwise degrees that make the vault's pictures upright
 * @return VEIL_EXIT_ code after a printed sentence unless 0; close in any case
 */
int veil_recogniser_open(VeilRecogniser *r, const char *name, const char *calibration, bool demonstration,
                         int rotation);
void veil_recogniser_close(VeilRecogniser *r); ///< wipes; safe on a zeroed struct

#endif /* VEIL_SRC_RECOGNISER_H */
