/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Distributed key generation and refresh (PROTOCOL section 2, rounds 0 to 3).
 * All of a member's secrets travel in its own sealed box to itself, so nothing
 * but the long-term keys is kept between rounds. Any refusal here ends the
 * ceremony; nothing is patched. Needs sodium_init() first.
 *
 *     veil_dkg_start()                       everyone, from the list of members
 *     veil_dkg_make(), veil_dkg_hash()       publish the hash   (round 0)
 *     publish the message                                       (round 1)
 *     veil_dkg_check() for each member                          (round 2)
 *     veil_dkg_finish(), then sign the group note               (round 3)
 */
#ifndef VEIL_KEYS_DKG_H
#define VEIL_KEYS_DKG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "box.h"
#include "err.h"
#include "groupkey.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_DKG_BOX 120 ///< crypto_box_seal(ctx || le32 i || le32 j || s_ij), in bytes
/** Length of a round 1 message with c commitments and n boxes, in bytes. */
#define VEIL_DKG_MESSAGE(c, n) (4 + 32 * (size_t)(c) + 64 + VEIL_DKG_BOX * (size_t)(n) + 64)
#define VEIL_DKG_MESSAGE_MAX   VEIL_DKG_MESSAGE(VEIL_GROUP_MAX_N, VEIL_GROUP_MAX_N)

/** Long-term public keys of one member. */
typedef struct VeilDkgMember {
    uint8_t sign[32];                ///< Ed_i, role custodian-sign
    uint8_t box[VEIL_BOX_KEY_BYTES]; ///< X_i, role custodian-dkg-box
} VeilDkgMember;

/** A round 1 message. */
typedef struct VeilDkgMessage {
    size_t len; ///< in bytes
    uint8_t at[VEIL_DKG_MESSAGE_MAX];
} VeilDkgMessage;

/** One ceremony as every member sees it; public. */
typedef struct VeilDkg {
    uint32_t k, n;
    VeilDkgMember members[VEIL_GROUP_MAX_N]; ///< member i at [i - 1]
    uint8_t ctx[32];                         ///< what every message is bound to
    bool refresh;
    VeilGroupKey old; ///< the group as it was; refresh only
} VeilDkg;

/** What a ceremony gives a member, besides its share key. */
typedef struct VeilDkgResult {
    uint8_t y[VEIL_POINT_BYTES];
    uint8_t yi[VEIL_GROUP_MAX_N][VEIL_POINT_BYTES];
    uint8_t transcript[32]; ///< T
} VeilDkgResult;

/**
 * Start a key generation, or a refresh of `old`:
 * ctx = HB32("veil/v1/dkg-ctx"; sid, suite, le32 n, le32 k, Ed_1||X_1, .., Ed_n||X_n)
 * and for a refresh two more fields: gid, le32 of the new epoch.
 *
 * @param sid 32 random bytes, agreed out of band and used for one ceremony
 * @param old NULL, or the present group
 * @return 0; VEIL_E_DKG_MEMBER for a key that appears twice, bad k or n, or a
 *         refresh with another k or n; VEIL_E_BOX_KEY
 */
int veil_dkg_start(VeilDkg *dkg, const uint8_t sid[32], uint32_t k, uint32_t n, const VeilDkgMember *members,
                   const VeilGroupKey *old, VeilErr *err);

/**
 * Make the round 1 message of member i. Publish only its hash until every
 * member has done so.
 *
 * @param sign_key 64-byte Ed25519 secret key behind members[i - 1].sign
 * @return 0; VEIL_E_DKG_MEMBER if the key is not that member's; VEIL_E_SECMEM; VEIL_E_CRYPTO
 */
int veil_dkg_make(VeilDkgMessage *msg, const VeilDkg *dkg, uint32_t i, const uint8_t sign_key[64],
                  VeilErr *err);

/** What round 0 publishes: SHA-256 of the message. @return 0, or VEIL_E_CRYPTO */
int veil_dkg_hash(uint8_t hash[32], const VeilDkgMessage *msg);

/**
 * Check the message of member i: length (exactly k commitments), round 0 hash,
 * index, signature, points, proof of possession.
 *
 * @return 0; VEIL_E_DKG_COUNT; VEIL_E_DKG_COMMIT; VEIL_E_DKG_SIGNATURE;
 *         VEIL_E_POINT; VEIL_E_SCALAR; VEIL_E_DKG_POP
 */
int veil_dkg_check(const VeilDkg *dkg, uint32_t i, const VeilDkgMessage *msg, const uint8_t hash[32],
                   VeilErr *err);

/**
 * Check all messages again, open our boxes, check each share against its
 * sender's commitments, and add up: x_j = sum of s_ij (plus the old x_j in a
 * refresh), Y_j = x_j*G, T.
 *
 * @param x       receives the share key of member j, in secret memory
 * @param msgs    n messages, member 1 first
 * @param hashes  what round 0 published
 * @param box_key 32-byte X25519 secret key behind members[j - 1].box
 * @param old_x   share key of the old epoch; NULL unless this is a refresh
 * @return 0; as veil_dkg_check(); VEIL_E_DKG_SHARE; VEIL_E_DKG_MEMBER;
 *         VEIL_E_EPOCH if old_x is not the share key of the old epoch
 */
int veil_dkg_finish(VeilDkgResult *result, uint8_t x[32], const VeilDkg *dkg, uint32_t j,
                    const VeilDkgMessage *msgs, const uint8_t (*hashes)[32], const uint8_t box_key[32],
                    const uint8_t *old_x, VeilErr *err);

/** T = SHA-256("veil/v1/dkg-transcript\n" || ctx || msg_1 || .. || msg_n). @return 0, or VEIL_E_CRYPTO */
int veil_dkg_transcript(uint8_t t[32], const VeilDkg *dkg, const VeilDkgMessage *msgs);

/** Compare our transcript with the one that member i reports. @return 0, or VEIL_E_DKG_TRANSCRIPT */
int veil_dkg_same_transcript(const uint8_t ours[32], const uint8_t theirs[32], uint32_t i, VeilErr *err);

/**
 * A dealer that knows everything: for tests and demonstrations. Its groups
 * must carry `keygen dealer`, which tools print and policies may refuse.
 *
 * @param x receives n share keys of 32 bytes, in secret memory
 * @return 0; VEIL_E_DKG_MEMBER for bad k or n; VEIL_E_SECMEM; VEIL_E_CRYPTO
 */
int veil_dkg_dealer(VeilDkgResult *result, uint8_t *x, uint32_t k, uint32_t n, VeilErr *err);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_DKG_H */
