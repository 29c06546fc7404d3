/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A key ceremony as a folder of messages that can travel on a stick:
 *
 *     ceremony.txt    who takes part, k, and the 32 bytes that make it unique
 *     previous.note   the group as it is (refresh only)
 *     round0.N.txt    hash of member N's message
 *     round1.N.msg    the message
 *     round3.N.note   the group note with member N's signature
 *     group.note      the group note with all signatures
 *
 * Nothing in the folder is secret, and nothing in it is trusted. What a member
 * must remember between its steps lies beside its key, and names the ceremony:
 * NAME.key.CEREMONY.message, and NAME.key.CEREMONY.hashes, which holds the
 * hashes as they were when its own message was published, so that nobody can
 * change a message after seeing the others.
 */
#ifndef VEIL_SRC_CEREMONY_H
#define VEIL_SRC_CEREMONY_H

#include <stdbool.h>
#include <stdint.h>

#include "keys/dkg.h"
#include "keys/err.h"
#include "keys/group.h"
#include "keys/keyfile.h"

typedef struct Ceremony {
    char folder[3072];
    uint8_t sid[32];
    uint32_t k, n;
    char org[VEIL_GROUP_MAX_N][VEIL_TOKEN_CAP];
    VeilDkgMember members[VEIL_GROUP_MAX_N];
    bool refresh;
    VeilGroup old; ///< refresh only
    VeilDkg dkg;
} Ceremony;

/** Our own side of a step. */
typedef struct CeremonySelf {
    uint32_t index;       ///< 1..n
    const char *key_path; ///< our custodian-sign key file; names the private files
    const VeilKey *sign, *box;
    const VeilKey *share; ///< old share key; refresh only
} CeremonySelf;

/** Which files of a kind are there: bit N for member N. kind is "round0", "round1" or "round3". */
uint32_t ceremony_present(const Ceremony *c, const char *kind);

#define CEREMONY_PATH_CAP 4096

/** "FOLDER/round1.2.msg", or "FOLDER/group.note" for i 0. @return path */
const char *ceremony_path(const Ceremony *c, char path[CEREMONY_PATH_CAP], const char *kind, uint32_t i,
                          const char *ext);

/** What we keep beside our key, outside the folder: what is "message" or "hashes". @return path */
const char *ceremony_private(const Ceremony *c, const CeremonySelf *self, char path[CEREMONY_PATH_CAP],
                             const char *what);

/** Read the message of member i. @return 0; VEIL_E_DKG_COUNT if it is too long; negative errno */
int ceremony_message(VeilDkgMessage *msg, const char *path, uint32_t i, VeilErr *err);

/**
 * Read the text of ceremony.txt.
 * @param c folder, refresh and old are set already
 * @return 0; VEIL_E_CANON; VEIL_E_GROUP if it is of another group note than c->old
 */
int ceremony_parse(Ceremony *c, const uint8_t *bytes, size_t len, VeilErr *err);

/** Read the text of round0.N.txt. @return 0; VEIL_E_CANON */
int ceremony_parse_hash(uint8_t hash[32], uint32_t *member, const uint8_t *bytes, size_t len,
                        const char *what, VeilErr *err);

/** Write ceremony.txt (and previous.note) into a new folder; c has everything but dkg. */
int ceremony_create(Ceremony *c, const void *previous_note, size_t previous_len, VeilErr *err);

/** Read a folder and start its ceremony. */
int ceremony_open(Ceremony *c, const char *folder, VeilErr *err);

/** Round 0: make our message, keep it, publish its hash. */
int ceremony_announce(const Ceremony *c, const CeremonySelf *self, VeilErr *err);

/** Round 1: write down all hashes, then publish our message. */
int ceremony_reveal(const Ceremony *c, const CeremonySelf *self, VeilErr *err);

/**
 * Rounds 2 and 3: check everything, and make our share key and the group note's text.
 *
 * @param x receives the share key, in secret memory
 */
int ceremony_conclude(const Ceremony *c, const CeremonySelf *self, uint8_t x[32], VeilGroup *g, VeilErr *err);

/** Sign the group note as this member and publish that. */
int ceremony_sign(const Ceremony *c, const CeremonySelf *self, VeilGroup *g, VeilErr *err);

/** Put all signatures together, check the whole note, write group.note. */
int ceremony_assemble(const Ceremony *c, VeilGroup *g, VeilErr *err);

/** Remove our private files; the ceremony is over. */
void ceremony_forget(const Ceremony *c, const CeremonySelf *self);

#endif /* VEIL_SRC_CEREMONY_H */
