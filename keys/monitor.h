/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A monitor (PROTOCOL section 6, step 9): anybody with a copy of the log looks
 * for what should not be there and for what is missing. It holds no secret.
 * With warrants and vaults in hand it also counts.
 */
#ifndef VEIL_KEYS_MONITOR_H
#define VEIL_KEYS_MONITOR_H

#include "group.h"
#include "logdir.h"
#include "vault.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, word) */
#define VEIL_FINDINGS(X)                                                                                     \
    X(CHECKPOINT, "checkpoint") /* absent, or not signed and witnessed as the policy asks */                 \
    X(FORK, "fork")             /* not an extension of the checkpoint kept */                                \
    X(LEAF, "leaf")             /* unreadable, or signed by nobody of the right role */                      \
    X(RELEASE_NO_WARRANT, "release-without-warrant") /* no warrant leaf before it */                         \
    X(RELEASE_REVOKED, "release-after-revocation")                                                           \
    X(RELEASE_AGAIN, "release-again")    /* one custodian, one warrant, two releases */                      \
    X(UNITS, "units")                    /* counts of units that do not fit */                               \
    X(COVER, "cover-sheet")              /* a warrant whose leaf says something else, or that has none */    \
    X(VAULT_LATE, "vault-after-warrant") /* the vault was not logged before the warrant */                   \
    X(REFERS, "refers-to-no-warrant")    /* result, revoke, unseal, closing of no such warrant */             \
    X(UNSEAL_LATE, "late-unsealing")     /* unseal-by is past, no unseal leaf */                             \
    X(UNSEAL_TEXT, "unsealed-text")      /* the published warrant is absent or another one */               \
    X(CLOSE_LATE, "late-closing")        /* unseal-by is past, and what was released was not erased */

typedef enum VeilFindingKind {
#define VEIL_FINDING_ENUM(name, word) VEIL_FINDING_##name,
    VEIL_FINDINGS(VEIL_FINDING_ENUM)
#undef VEIL_FINDING_ENUM
        VEIL_FINDING_KINDS
} VeilFindingKind;

typedef struct VeilFinding {
    VeilFindingKind kind;
    int64_t leaf;   ///< index in the log, or -1
    char text[512]; ///< one sentence
} VeilFinding;

/** "late-unsealing" */
const char *veil_finding_word(VeilFindingKind kind);

/** What the monitor looks at; all borrowed. */
typedef struct VeilMonitor {
    const VeilLogDir *log;
    const VeilPolicy *policy; ///< n, newest last: a key of any of them counts, the last one's log trust rules
    int policies;
    const VeilGroup *group; ///< n, one an epoch
    int groups;
    const VeilWarrant *warrant; ///< those that the monitor may read
    int warrants;
    VeilVault *const *vault;
    int vaults;
    int64_t now;
    void (*found)(void *opaque, const VeilFinding *f); ///< called for each finding, in the order of the log
    void *opaque;
} VeilMonitor;

/**
 * Check the present checkpoint, and that it extends the one kept, by a
 * consistency proof.
 *
 * @param kept     the signed checkpoint of the last look, or NULL at the first
 * @param accepted true if the present one may now be kept in its place
 * @return 0, whatever was found; VEIL_E_CANON or VEIL_E_WITNESS if `kept` itself is no checkpoint of this log
 */
int veil_monitor_checkpoint(const VeilMonitor *m, const void *kept, size_t kept_len, bool *accepted,
                            VeilErr *err);

/** Look at every leaf. @return 0, whatever was found; -ENOMEM */
int veil_monitor_leaves(const VeilMonitor *m, VeilErr *err);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_MONITOR_H */
