/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The policy of a group (PROTOCOL section 4): who may issue, seal, witness and
 * match, for which reasons and how much. A signed note by m of its own
 * signers; each version names the one before, and a custodian keeps them all.
 */
#ifndef VEIL_KEYS_POLICY_H
#define VEIL_KEYS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "box.h"
#include "tlog.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_POLICY_KEYS_MAX    16 ///< issuers, operators, matchers, signers: each
#define VEIL_POLICY_REASONS_MAX 32
#define VEIL_POLICY_HISTORY_MAX 256

/** Named keys, sorted by name. */
typedef struct VeilKeyList {
    VeilNamedKey at[VEIL_POLICY_KEYS_MAX];
    int n;
    int needed; ///< how many must sign; 0 where that means nothing
} VeilKeyList;

typedef struct VeilMatcher {
    char name[VEIL_TOKEN_CAP];
    uint8_t box[VEIL_BOX_KEY_BYTES];
    uint8_t sign[VEIL_SIGN_PK_BYTES];
} VeilMatcher;

typedef struct VeilPolicy {
    uint32_t version; ///< from 1
    bool first;       ///< there is no previous version
    uint8_t previous[32];
    uint8_t group[32];  ///< SHA-256 of the text of group.note
    bool dealer_ok;     ///< a group made by a dealer is acceptable: tests only
    bool unattended_ok; ///< `veil approve --yes` is acceptable
    VeilLogTrust log;
    VeilKeyList issuers, operators, signers;
    VeilMatcher matcher[VEIL_POLICY_KEYS_MAX];
    int matchers;
    char reason[VEIL_POLICY_REASONS_MAX][VEIL_TOKEN_CAP];
    int reasons;
    uint32_t cap_tracks, cap_segments, cap_days, cap_probes; ///< per warrant
    uint32_t checkpoint_age_s, clock_skew_s;
    uint8_t digest[32]; ///< HB32("veil/v1/policy"; text); set by print and parse
} VeilPolicy;

/** Write the text and set p->digest. @return as veil_text_done() */
int veil_policy_print(VeilText *t, VeilPolicy *p);

/**
 * Read a policy's text, without looking at signatures.
 * @return 0; VEIL_E_CANON; VEIL_E_ROLE if one key has two purposes;
 *         VEIL_E_POLICY for thresholds that cannot be met; VEIL_E_BOX_KEY
 */
int veil_policy_parse(VeilPolicy *p, const void *text, size_t len, const char *what, VeilErr *err);

/**
 * Read a policy note and check that enough of `by`'s signers signed it.
 * @param by the version before, or NULL for the first one, which a custodian
 *           pins out of band and which its own signers sign
 * @return 0; VEIL_E_POLICY if it does not follow `by` or too few have signed;
 *         as veil_policy_parse()
 */
int veil_policy_read(VeilPolicy *p, const void *note, size_t len, const VeilPolicy *by, const char *what,
                     VeilErr *err);

/** The versions that a custodian has accepted, oldest first. */
typedef struct VeilPolicies {
    VeilPolicy *at; ///< n policies
    int n;
} VeilPolicies;

/** Load `<folder>/1.note`, `2.note`, ..., each signed by the one before. @return as veil_policy_read(); negative errno */
int veil_policies_load(VeilPolicies *all, const char *folder, VeilErr *err);
void veil_policies_free(VeilPolicies *all);

/** The newest version. */
const VeilPolicy *veil_policies_newest(const VeilPolicies *all);

/** Is this version with this digest among them? */
bool veil_policies_has(const VeilPolicies *all, uint32_t version, const uint8_t digest[32]);

/** The entry with this key, or NULL. */
const VeilNamedKey *veil_keylist_find(const VeilKeyList *l, const uint8_t pk[VEIL_SIGN_PK_BYTES]);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_POLICY_H */
