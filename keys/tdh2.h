/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * TDH2 threshold encryption of one unit key (PROTOCOL sections 3.2 and 6).
 * No function takes a label: each computes L from the unit itself, so that no
 * caller can bring one of its own. Needs sodium_init() first.
 */
#ifndef VEIL_KEYS_TDH2_H
#define VEIL_KEYS_TDH2_H

#include <stdint.h>

#include "err.h"
#include "groupkey.h"
#include "hash.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_UNIT_KEY_BYTES 32
#define VEIL_LABEL_BYTES    32
#define VEIL_UID_BYTES      16
#define VEIL_CT_BYTES       192 ///< length of a VeilCt inside an entry
#define VEIL_SHARE_BYTES    96  ///< D || e || f inside a blob

/** What a unit is bound to; two units never share all of it. */
typedef struct VeilUnitRef {
    uint8_t policy[32]; ///< policy digest of the vault's header
    uint8_t vid[32];    ///< vault id
    uint8_t uid[VEIL_UID_BYTES];
    uint32_t track, seg, part;
} VeilUnitRef;

/** A sealed unit key, in the byte order of an entry. */
typedef struct VeilCt {
    uint8_t c[32], kc[32];
    uint8_t r[VEIL_POINT_BYTES], rbar[VEIL_POINT_BYTES];
    uint8_t e[VEIL_SCALAR_BYTES], f[VEIL_SCALAR_BYTES];
} VeilCt;

/** One custodian's answer for one unit. */
typedef struct VeilShare {
    uint32_t i, epoch;
    uint8_t d[VEIL_POINT_BYTES];
    uint8_t e[VEIL_SCALAR_BYTES], f[VEIL_SCALAR_BYTES];
} VeilShare;

/** L = HB32("veil/v1/unit"; gid, policy, vid, uid, le32 track, le32 seg, le32 part).
 *  It is also the associated data of the unit's chunks. @return 0, or VEIL_E_CRYPTO */
int veil_tdh2_label(uint8_t label[VEIL_LABEL_BYTES], const VeilGroupKey *g, const VeilUnitRef *unit);

/**
 * Seal a unit key to the group.
 *
 * @param key 32 random bytes, used for this unit only; never a guessable message
 * @return 0; VEIL_E_SECMEM; VEIL_E_CRYPTO
 */
int veil_tdh2_seal(VeilCt *ct, const VeilGroupKey *g, const VeilUnitRef *unit,
                   const uint8_t key[VEIL_UNIT_KEY_BYTES], VeilErr *err);

/**
 * Check a sealed unit key: it was made by somebody who knew r, for this very
 * unit of this group.
 *
 * @return 0; VEIL_E_POINT; VEIL_E_SCALAR; VEIL_E_CT_PROOF; VEIL_E_CRYPTO
 */
int veil_tdh2_verify(const VeilCt *ct, const VeilGroupKey *g, const VeilUnitRef *unit, VeilErr *err);

/**
 * A custodian's share of Z for one unit under one warrant: D = x_i*R with
 * proof. Verifies the ciphertext first and that x belongs to custodian i of
 * this epoch; there is no function that skips this.
 *
 * @param x   share key of custodian i, in secret memory
 * @param wid warrant id
 * @return 0; as veil_tdh2_verify(); VEIL_E_SHARE_INDEX; VEIL_E_SCALAR;
 *         VEIL_E_EPOCH if x*G != Y_i; VEIL_E_SECMEM
 */
int veil_tdh2_partial(VeilShare *share, const VeilGroupKey *g, uint32_t i, const uint8_t x[VEIL_SCALAR_BYTES],
                      const VeilUnitRef *unit, const uint8_t wid[32], const VeilCt *ct, VeilErr *err);

/**
 * Check a share against the unit, the warrant, the epoch and Y_i.
 *
 * @return 0; VEIL_E_SHARE_INDEX; VEIL_E_EPOCH; VEIL_E_POINT; VEIL_E_SCALAR; VEIL_E_DLEQ
 */
int veil_tdh2_verify_partial(const VeilShare *share, const VeilGroupKey *g, const VeilUnitRef *unit,
                             const uint8_t wid[32], const VeilCt *ct, VeilErr *err);

/**
 * Recover the unit key. Verifies the ciphertext and each share; shares that do
 * not verify are left out and marked, and the first k that do are combined.
 *
 * @param key    receives the key, in secret memory; zeros on failure
 * @param shares n shares of distinct custodians
 * @param bad    NULL, or receives bit i for each custodian i whose share is bad
 * @return 0; VEIL_E_SHARE_INDEX for index 0, above n or twice; VEIL_E_EPOCH;
 *         VEIL_E_THRESHOLD; VEIL_E_KEY_COMMIT; as veil_tdh2_verify()
 */
int veil_tdh2_combine(uint8_t key[VEIL_UNIT_KEY_BYTES], const VeilGroupKey *g, const VeilUnitRef *unit,
                      const uint8_t wid[32], const VeilCt *ct, const VeilShare *shares, int n, uint32_t *bad,
                      VeilErr *err);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_TDH2_H */
