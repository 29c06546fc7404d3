/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * From which score on two faces count as one person's: measured, never
 * guessed. config/calibration.cfg has an entry for each matcher with each
 * detector of landmarks; `tests/bench/match` writes them. A matcher without an
 * entry for its very model is not used.
 */
#ifndef VEIL_SRC_CALIBRATION_H
#define VEIL_SRC_CALIBRATION_H

#include "digest.h"
#include "keys/note.h"

#define VEIL_CALIBRATIONS_MAX 64

typedef struct VeilCalibration {
    char matcher[32], detector[32];
    char sha256[VEIL_DIGEST_HEX]; ///< of the model, or of the matcher's description
    double threshold;             ///< lowest cosine of a match, 0..1
    double quality;               ///< lowest quality of a track's best look that is compared
    double target;                ///< share of strangers let through where the threshold was set
    int same[2], other[2];        ///< on other people than those: accepted and tried pairs
    int tracks[2];                ///< compared and offered
    int people;                   ///< measured on
    char set[VEIL_TOKEN_CAP], date[VEIL_TOKEN_CAP];
} VeilCalibration;

typedef struct VeilCalibrations {
    VeilCalibration at[VEIL_CALIBRATIONS_MAX];
    int n;
} VeilCalibrations;

/**
 * @param path of another file than config/calibration.cfg; NULL: that one
 * @param out  free with free()
 * @return 0; -ENOENT or -EINVAL after a printed sentence; -ENOMEM
 */
int veil_calibrations_read(VeilCalibrations **out, const char *path);

/** The next entry after `from` (-1: the first) for this matcher and model. @return its index, or -1 */
int veil_calibrations_find(const VeilCalibrations *all, int from, const char *matcher, const char *sha256);

#endif /* VEIL_SRC_CALIBRATION_H */
