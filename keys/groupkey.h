/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The public key of a custodian group at one epoch: what sealing and opening
 * need to know of it (PROTOCOL section 2). Names, signatures and notes are
 * group.h's business.
 */
#ifndef VEIL_KEYS_GROUPKEY_H
#define VEIL_KEYS_GROUPKEY_H

#include <stdint.h>

#include "err.h"
#include "hash.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_SUITE       "tdh2-ristretto255-blake2b"
#define VEIL_GROUP_MIN_K 2  ///< smallest threshold
#define VEIL_GROUP_MAX_N 16 ///< most custodians
#define VEIL_GID_BYTES   32

/** Fill with veil_groupkey_init() only: every other function trusts gid and Gbar to belong to Y. */
typedef struct VeilGroupKey {
    uint8_t gid[VEIL_GID_BYTES];
    uint8_t gbar[VEIL_POINT_BYTES];                 ///< second base; nobody knows log_G of it
    uint8_t y[VEIL_POINT_BYTES];                    ///< group key Y
    uint8_t yi[VEIL_GROUP_MAX_N][VEIL_POINT_BYTES]; ///< Y_i of custodian i at [i - 1]
    uint32_t k, n, epoch;
} VeilGroupKey;

/**
 * Check every point, check that any k of the Y_i interpolate to Y, and compute
 * gid and Gbar.
 *
 * @param transcript T, the transcript of the first ceremony
 * @param yi         n points, Y_1 first
 * @return 0; VEIL_E_POINT; VEIL_E_GROUP if k, n or the interpolation is wrong; VEIL_E_CRYPTO
 */
int veil_groupkey_init(VeilGroupKey *g, uint32_t k, uint32_t n, uint32_t epoch,
                       const uint8_t y[VEIL_POINT_BYTES], const uint8_t transcript[32],
                       const uint8_t (*yi)[VEIL_POINT_BYTES], VeilErr *err);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_GROUPKEY_H */
