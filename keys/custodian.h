/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * What a custodian keeps between requests, in one folder: `gid` and
 * `group.note` (pinned at installation), `policy/1.note` .. (every version
 * accepted), `log.state` (the checkpoint last seen), `requests/` (ids seen) and
 * `releases/<wid>/` (what was answered, so that it is answered once).
 */
#ifndef VEIL_KEYS_CUSTODIAN_H
#define VEIL_KEYS_CUSTODIAN_H

#include <limits.h>

#include "group.h"
#include "logdir.h"
#include "policy.h"
#include "request.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct VeilCustodian {
    char home[PATH_MAX];
    VeilGroup group;
    VeilPolicies policies;
    VeilLogState state;
} VeilCustodian;

/**
 * Make a new folder from a group note and a first policy.
 * @param gid what the ceremony's members read to each other
 * @return 0; VEIL_E_GROUP; VEIL_E_POLICY if the policy names another group;
 *         as veil_group_open() and veil_policy_read(); negative errno
 */
int veil_custodian_setup(const char *home, const VeilBytes *group, const uint8_t gid[VEIL_GID_BYTES],
                         const VeilBytes *policy, VeilErr *err);

/** Load the folder. @return 0; as veil_custodian_setup(); end with veil_custodian_clear() */
int veil_custodian_open(VeilCustodian *c, const char *home, VeilErr *err);
void veil_custodian_clear(VeilCustodian *c);

/** Accept the next policy, signed by the newest one's signers. @return as veil_policy_read() */
int veil_custodian_add_policy(VeilCustodian *c, const VeilBytes *policy, VeilErr *err);

/**
 * Accept the note of the next epoch, after a refresh, with the policy that
 * names it: one without the other would answer nobody. What was seen and
 * answered stays. A run that was interrupted is finished by the same call.
 * @return 0; VEIL_E_EPOCH or VEIL_E_GROUP if the note does not follow ours; as veil_custodian_add_policy()
 */
int veil_custodian_refresh(const char *home, const VeilBytes *group, const VeilBytes *policy, VeilErr *err);

/** Path of a file in the folder. @return 0, or -ENAMETOOLONG */
int veil_custodian_path(char out[PATH_MAX], const VeilCustodian *c, const char *name, VeilErr *err);

/** Was this request id seen? / Take note of it. */
bool veil_custodian_seen(const VeilCustodian *c, const uint8_t id[32]);
int veil_custodian_note_request(const VeilCustodian *c, const uint8_t id[32], VeilErr *err);

/** Is a release for this warrant stored? */
bool veil_custodian_has_release(const VeilCustodian *c, const uint8_t wid[32]);

/** A stored release: note, blob and the leaf for the log. Free each. */
typedef struct VeilStoredRelease {
    VeilBytes note, blob, leaf;
} VeilStoredRelease;

int veil_custodian_store(const VeilCustodian *c, const uint8_t wid[32], const VeilStoredRelease *r,
                         VeilErr *err);
int veil_custodian_stored(VeilStoredRelease *r, const VeilCustodian *c, const uint8_t wid[32], VeilErr *err);
void veil_stored_release_free(VeilStoredRelease *r);

/** The keys whose leaves count: newest policy and own group. */
VeilLeafTrust veil_custodian_trust(const VeilCustodian *c);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_CUSTODIAN_H */
