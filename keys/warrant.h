/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The warrant (PROTOCOL section 4): which tracks and segments of which vaults
 * may be opened, why, by whom and until when. Issuers sign its bytes with
 * minisign; nothing in it is a wildcard.
 */
#ifndef VEIL_KEYS_WARRANT_H
#define VEIL_KEYS_WARRANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_WARRANT_VAULTS_MAX 16
#define VEIL_WARRANT_SCOPES_MAX 512 ///< over all vaults
#define VEIL_WARRANT_PROBES_MAX 16

typedef struct VeilScope {
    int vault; ///< which of the warrant's vaults, from 0
    uint32_t track;
    uint32_t first, last; ///< whole segments, both included
} VeilScope;

typedef struct VeilProbe {
    uint8_t sha256[32];  ///< of the probe file
    uint32_t x, y, w, h; ///< the face in it, in pixels
} VeilProbe;

typedef struct VeilWarrant {
    char log[VEIL_TOKEN_CAP]; ///< origin
    uint8_t gid[32];
    uint32_t policy_version;
    uint8_t policy[32];
    uint8_t salt[32];
    char court[VEIL_TOKEN_CAP];
    uint8_t case_hash[32]; ///< salted hash of the case number
    char reason[VEIL_TOKEN_CAP];
    bool match; ///< action match; else view
    uint8_t requester_sign[VEIL_SIGN_PK_BYTES];
    uint8_t requester_box[VEIL_BOX_KEY_BYTES];
    uint8_t deliver_box[VEIL_BOX_KEY_BYTES];
    int64_t not_before, not_after, unseal_by;
    struct {
        uint8_t vid[32];
        uint8_t root[VEIL_HASH_BYTES];
    } vault[VEIL_WARRANT_VAULTS_MAX];
    int vaults;
    VeilScope scope[VEIL_WARRANT_SCOPES_MAX]; ///< by vault, track, segment; never overlapping
    int scopes;
    VeilProbe probe[VEIL_WARRANT_PROBES_MAX];
    int probes;
    uint8_t wid[32]; ///< HB32("veil/v1/warrant"; bytes); set by print and parse
    uint8_t cm[32];  ///< SHA-256("veil/v1/warrant-commit\n" || bytes); set by print and parse
} VeilWarrant;

/** Write the text; set wid and cm. @return as veil_text_done() */
int veil_warrant_print(VeilText *t, VeilWarrant *w);

/**
 * Read a warrant. Consent records and other texts are told apart.
 * @return 0; VEIL_E_CANON; VEIL_E_NOT_A_WARRANT; VEIL_E_SCOPE for a vault
 *         without scope; VEIL_E_PROBE for an empty face box
 */
int veil_warrant_parse(VeilWarrant *w, const void *bytes, size_t len, const char *what, VeilErr *err);

/**
 * Count the distinct issuers of the policy among minisign files, each checked
 * in full.
 * @param sigs  n signature files
 * @param who   NULL, or receives bit i for issuer i of the policy
 * @return number of distinct issuers, at least policy->issuers.needed;
 *         VEIL_E_MINISIG for a file that is no 'ED' signature, or one by an
 *         issuer with a wrong comment; VEIL_E_ISSUERS if there are too few
 */
int veil_warrant_count_issuers(const VeilWarrant *w, const void *bytes, size_t len, const VeilPolicy *policy,
                               const VeilSpan *sigs, int n, uint32_t *who, const char *what, VeilErr *err);

/**
 * Reason, caps, times and delivery as the policy asks.
 * @return 0; VEIL_E_POLICY if the warrant names another policy or log;
 *         VEIL_E_REASON; VEIL_E_SCOPE; VEIL_E_PROBE; VEIL_E_DELIVER; VEIL_E_BOX_KEY
 */
int veil_warrant_check_policy(const VeilWarrant *w, const VeilPolicy *policy, const char *what, VeilErr *err);

/** Is this unit of vault v inside the scope? */
bool veil_warrant_covers(const VeilWarrant *w, int vault, uint32_t track, uint32_t seg);

/** (track, segment) pairs in all scopes. */
uint64_t veil_warrant_segments(const VeilWarrant *w);

/** Distinct tracks, counted a vault at a time. */
uint32_t veil_warrant_tracks(const VeilWarrant *w);

/** The warrant must name this probe file and face box. @return 0, or VEIL_E_PROBE */
int veil_warrant_check_probe(const VeilWarrant *w, const VeilProbe *probe, VeilErr *err);

/** case = SHA-256("veil/v1/case\n" || salt || case number): the number is hidden by the salt. */
void veil_warrant_case(uint8_t out[32], const uint8_t salt[32], const char *number);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_WARRANT_H */
