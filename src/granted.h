/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * What a warrant grants, put together from files and checked in full
 * (PROTOCOL section 6, step 7): group, policy, warrant with its signatures and
 * its place in the log, vaults, the custodians' releases, the key that they
 * deliver to. `veil open` and `veil match` both stand on it. Each function
 * prints its own complaint and gives an exit code.
 *
 * In this order: veil_granted_read() checks all that is public; then start
 * the processes that decode, while no secret is in memory; then
 * veil_granted_unlock(); then open units, one at a time.
 */
#ifndef VEIL_SRC_GRANTED_H
#define VEIL_SRC_GRANTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/keyfile.h"
#include "keys/opening.h"
#include "opts.h"

typedef struct VeilGrantedOptions {
    char *group, *gid, *policy, *leaf, *proof, *box;
    VeilStrings release, vault;
    int pass_fd; ///< -1 to ask on the terminal
} VeilGrantedOptions;

/** The rows of a command whose option struct S has them as its member m. */
#define VEIL_GRANTED_ROWS(S, m)                                                                                      \
    { "group", 0, VEIL_OPT_STRING, offsetof(S, m.group), "NOTE", "group note of the custodians", 0, 0, NULL },       \
    { "gid", 0, VEIL_OPT_STRING, offsetof(S, m.gid), "HEX", "group id that was agreed; another one is refused", 0,   \
      0, NULL },                                                                                                     \
    { "policy", 0, VEIL_OPT_STRING, offsetof(S, m.policy), "NOTE",                                                   \
      "our own copy of the first policy, or a folder of all: 1.note, 2.note", 0, 0, NULL },                          \
    { "leaf", 0, VEIL_OPT_STRING, offsetof(S, m.leaf), "FILE", "the warrant's leaf as logged; default WARRANT.leaf", \
      0, 0, NULL },                                                                                                  \
    { "proof", 0, VEIL_OPT_STRING, offsetof(S, m.proof), "FILE",                                                     \
      "its proof from the log; default WARRANT.tlog-proof", 0, 0, NULL },                                            \
    { "release", 0, VEIL_OPT_LIST, offsetof(S, m.release), "FOLDER", "what a custodian handed over; again for each", \
      0, 0, NULL },                                                                                                  \
    { "vault", 0, VEIL_OPT_LIST, offsetof(S, m.vault), "FILE", "a vault of the warrant; again for each", 0, 0,       \
      NULL },                                                                                                        \
    { "box", 0, VEIL_OPT_STRING, offsetof(S, m.box), "FILE.key", "the box key that the warrant delivers to", 0, 0,   \
      NULL },                                                                                                        \
    { "pass-fd", 0, VEIL_OPT_INT, offsetof(S, m.pass_fd), "N",                                                       \
      "read passphrases from this file descriptor, one a line", 0, 1023, NULL }

/** A unit in the scope. */
typedef struct VeilGrantedUnit {
    int vault;      ///< index in VeilGranted.vault
    uint32_t entry; ///< index in the vault
    uint32_t track, seg, part;
    uint32_t nchunks;
    uint8_t uid[VEIL_UID_BYTES];
} VeilGrantedUnit;

typedef struct VeilGrantedVault {
    const char *path; ///< as given; borrowed
    VeilVault *file;
    int index;        ///< which of the warrant's vaults, from 0
} VeilGrantedVault;

/** A release that was handed over. */
typedef struct VeilGrantedRelease {
    const char *folder; ///< as given; borrowed
    VeilHandedRelease handed;
    uint32_t custodian; ///< 0: it does not count
    uint64_t leaf;      ///< its index in the log
    bool bad_share;     ///< one of its shares did not verify: veil left it out
} VeilGrantedRelease;

typedef struct VeilGranted {
    VeilGroup group;
    VeilPolicies policies;
    const VeilPolicy *policy; ///< the version that the warrant names
    VeilWarrant warrant;
    VeilBytes group_note, text, leaf, proof, sig[VEIL_REQUEST_SIGS_MAX];
    int sigs;
    uint32_t issuers;     ///< bit i: issuer i of the policy has signed
    uint64_t index;       ///< of the warrant's leaf in the log
    VeilCheckpoint checkpoint; ///< of its proof
    VeilGrantedVault vault[VEIL_WARRANT_VAULTS_MAX];
    int vaults;
    VeilGrantedUnit *unit; ///< by vault, track, segment, part
    size_t units;
    VeilGrantedRelease release[VEIL_GROUP_MAX_N];
    int releases;

    /* private, after veil_granted_unlock() */
    VeilKey box;
    VeilOpening *opening;
    uint8_t *plain;
    size_t cap, len;
} VeilGranted;

/**
 * Read and check everything that is not secret: group, policy, issuers,
 * witnessed inclusion, times by our own clock (a courtesy: the custodians'
 * clocks decide), vaults, scope, the role of the box key.
 *
 * @param o       borrowed until close
 * @param warrant path; signatures are WARRANT.1.minisig and so on
 * @param match   the action wanted: its warrants deliver to a matcher-box, others to a requester-box
 * @return VEIL_EXIT_ code after a printed sentence unless 0; close in any case
 */
int veil_granted_read(VeilGranted **out, const VeilGrantedOptions *o, const char *warrant, bool match);

/**
 * Unlock the box key, asking for its passphrase, and check the releases:
 * those that do not hold are named and left out, and k must remain.
 * @return VEIL_EXIT_ code
 */
int veil_granted_unlock(VeilGranted *g, const VeilGrantedOptions *o);

/**
 * Open unit i. The records of the one before are wiped.
 * @param records receives a pointer, valid until the next call, veil_granted_wipe() or close
 * @return VEIL_EXIT_ code
 */
int veil_granted_open(VeilGranted *g, size_t i, const uint8_t **records, size_t *len);

/** Wipe the records of the open unit. */
void veil_granted_wipe(VeilGranted *g);

/** Name of an action's box key role: "requester-box", "matcher-box". */
const char *veil_granted_box_role(bool match);

/** Wipe and free everything. Accepts NULL. */
void veil_granted_close(VeilGranted *g);

/**
 * Is a key file of this role, with this public key? Looked up before any passphrase is asked for.
 * @param whose what the warrant calls it, for the sentence: "the warrant's requester-sign"
 * @return VEIL_EXIT_ code
 */
int veil_granted_check_key(const char *path, VeilRole role, const uint8_t public_key[32], const char *whose);

#endif /* VEIL_SRC_GRANTED_H */
