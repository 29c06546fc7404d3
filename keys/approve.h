/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A custodian's decision (PROTOCOL section 6, steps 5 and 6). The checks run in
 * the protocol's order and stop at the first failure; which units are released
 * is computed here from the entries and the warrant, never taken from the
 * requester. Then the shares are sealed, stored, and logged before they go out.
 */
#ifndef VEIL_KEYS_APPROVE_H
#define VEIL_KEYS_APPROVE_H

#include "custodian.h"
#include "release.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One unit that the warrant opens. */
typedef struct VeilApprovedUnit {
    int vault; ///< of the warrant, from 0
    VeilUnitRef ref;
    VeilCt ct;
} VeilApprovedUnit;

/** The outcome of the checks; what a person is shown. Start from {0}. */
typedef struct VeilApproval {
    VeilVaultHeader vault[VEIL_WARRANT_VAULTS_MAX];
    VeilApprovedUnit *unit; ///< n units, in the order of the entries
    uint32_t n;
    uint64_t index;            ///< the warrant's leaf in the log
    VeilCheckpoint checkpoint; ///< of the custodian's own copy
    int issuers;               ///< distinct ones that signed
    bool stored;               ///< answered before: the stored release counts
} VeilApproval;

/**
 * Run every check. Advances and saves the log state before it says yes.
 *
 * @param c   its state moves on
 * @param log the custodian's own full copy
 * @param i   the custodian's index
 * @param now local time, seconds since 1970
 * @return 0, or the code of the first check that failed
 */
int veil_approve_check(VeilApproval *a, VeilCustodian *c, const VeilLogDir *log, uint32_t i,
                       const VeilRequest *r, int64_t now, VeilErr *err);

void veil_approval_clear(VeilApproval *a);

/**
 * Compute, seal and store the release of an approved request; a repeat stores
 * nothing new. Nothing goes out yet: append the stored leaf to the log first.
 *
 * @param x    custodian's share key, in secret memory
 * @param sign custodian's signing key, in secret memory
 * @return 0; as veil_tdh2_partial(), veil_release_seal() and veil_custodian_store()
 */
int veil_approve_release(const VeilApproval *a, const VeilCustodian *c, uint32_t i, const VeilRequest *r,
                         const uint8_t x[32], const uint8_t sign[VEIL_SIGN_SK_BYTES], VeilErr *err);

/**
 * Write blob, note, leaf and proof of a stored release into a new folder, once
 * its leaf is in the witnessed log.
 * @return 0; VEIL_E_RELEASE_LOG; as veil_checkpoint_verify(); negative errno
 */
int veil_approve_hand_over(VeilCustodian *c, const VeilLogDir *log, const uint8_t wid[32], const char *folder,
                           VeilErr *err);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_APPROVE_H */
