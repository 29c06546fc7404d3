/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * What stands in the log (PROTOCOL section 5): short signed notes of fixed
 * shape, without free text. Each kind has a role that must have signed it.
 */
#ifndef VEIL_KEYS_LEAF_H
#define VEIL_KEYS_LEAF_H

#include "warrant.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, word, role): "veil/v1/log-warrant" and so on */
#define VEIL_LEAVES(X)                                                                                       \
    X(WARRANT, "veil/v1/log-warrant", "issuer")                                                              \
    X(RELEASE, "veil/v1/log-release", "custodian-sign")                                                      \
    X(RESULT, "veil/v1/log-result", "matcher-sign")                                                          \
    X(REVOKE, "veil/v1/log-revoke", "issuer")                                                                \
    X(UNSEAL, "veil/v1/log-unseal", "issuer")                                                                \
    X(VAULT, "veil/v1/log-vault", "operator-sign")                                                           \
    X(POLICY, "veil/v1/log-policy", "policy")                                                                \
    X(GROUP, "veil/v1/log-group", "custodian-sign")                                                          \
    X(CLOSE, "veil/v1/log-close", "requester-sign")                                                          \
    X(CONSENT, "veil/v1/log-consent", "controller")

typedef enum VeilLeafKind {
#define VEIL_LEAF_ENUM(name, word, role) VEIL_LEAF_##name,
    VEIL_LEAVES(VEIL_LEAF_ENUM)
#undef VEIL_LEAF_ENUM
        VEIL_LEAF_KINDS
} VeilLeafKind;

/** The fields of all kinds; each kind uses some. */
typedef struct VeilLeaf {
    VeilLeafKind kind;
    uint8_t digest[32]; ///< warrant, unseal: cm; release: SHA-256(blob); others: digest of what is logged
    char court[VEIL_TOKEN_CAP], reason[VEIL_TOKEN_CAP]; ///< warrant
    bool match;                                         ///< warrant
    uint32_t vaults, probes;                            ///< warrant
    uint32_t units; ///< warrant: (track, segment) pairs; release: units; result: hits
    int64_t not_before, not_after, unseal_by; ///< warrant
    uint64_t index;                           ///< release, result, revoke, unseal, close: the warrant's leaf
    uint32_t custodian, epoch;                ///< release
} VeilLeaf;

/** Whose signatures count. The arrays are borrowed. */
typedef struct VeilLeafTrust {
    const VeilPolicy *policy;
    const uint8_t (*custodian)[VEIL_SIGN_PK_BYTES]; ///< n keys, of custodian 1 first
    int custodians;
} VeilLeafTrust;

/** "veil/v1/log-warrant" and "issuer". */
const char *veil_leaf_word(VeilLeafKind kind);
const char *veil_leaf_role(VeilLeafKind kind);

/** The public cover sheet of a warrant. */
VeilLeaf veil_leaf_of_warrant(const VeilWarrant *w);

/** Write the text of a leaf; sign it with veil_note_sign() under veil_leaf_role(). */
void veil_leaf_print(VeilText *t, const VeilLeaf *l);

/** Read a leaf, a signed note of at most VEIL_LEAF_MAX bytes; signatures are not checked.
 *  @return 0; VEIL_E_CANON; VEIL_E_TOO_LARGE */
int veil_leaf_parse(VeilLeaf *l, VeilNote *n, const void *bytes, size_t len, const char *what, VeilErr *err);

/**
 * Has one key of the right role signed it? Consent leaves are signed by the
 * controller and closings by the requester, whom the policy does not know: the
 * consent record, or the warrant, names the key.
 * @return 0; VEIL_E_ROLE
 */
int veil_leaf_check_author(const VeilLeaf *l, const VeilNote *n, const VeilLeafTrust *trust, const char *what,
                           VeilErr *err);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_LEAF_H */
