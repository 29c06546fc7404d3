/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * What a match says (PROTOCOL section 6, step 8): hits only, with the matcher,
 * its threshold and how often that was wrong where it was measured; and what a
 * person then made of each hit. Both are notes signed by the matcher-sign key,
 * whose SHA-256 goes into the log. Scores are in thousandths.
 */
#ifndef VEIL_KEYS_RESULT_H
#define VEIL_KEYS_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "note.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_RESULT_HITS_MAX 200 ///< as many as fit into a note

typedef struct VeilHit {
    uint8_t probe[32]; ///< SHA-256 of the probe file
    uint8_t vid[32];
    uint32_t track, seg; ///< seg: of the best look
    uint32_t frame;      ///< of the best look, in the published video
    uint32_t score;      ///< cosine in thousandths, 0..1000
    uint8_t picture[32]; ///< SHA-256 of the picture for a person
} VeilHit;

typedef struct VeilResult {
    uint8_t wid[32];
    uint64_t leaf; ///< the warrant's, in the log
    int64_t time;
    char matcher[VEIL_TOKEN_CAP];
    uint8_t model[32]; ///< SHA-256 of the network, or of the matcher's description where it has none
    char detector[VEIL_TOKEN_CAP];
    uint32_t threshold; ///< in thousandths
    char set[VEIL_TOKEN_CAP], date[VEIL_TOKEN_CAP]; ///< where and when the threshold was measured
    uint32_t people;                                ///< on whom
    uint32_t same[2], other[2]; ///< accepted and tried: the same person, another person
    bool demonstration;         ///< by a matcher that cannot tell real people apart
    uint32_t compared, unusable; ///< tracks; unusable: no look good enough
    VeilHit hit[VEIL_RESULT_HITS_MAX]; ///< best first
    int hits;
} VeilResult;

typedef struct VeilConfirmation {
    uint8_t result[32]; ///< SHA-256 of the result's note, signature included
    uint8_t wid[32];
    uint64_t leaf;
    int64_t time;
    bool person; ///< a person answered at a terminal
    bool confirmed[VEIL_RESULT_HITS_MAX]; ///< in the order of the result
    int hits;
} VeilConfirmation;

/** Write the text; sign it with veil_note_sign() under "matcher-sign". */
void veil_result_print(VeilText *t, const VeilResult *r);
void veil_confirmation_print(VeilText *t, const VeilConfirmation *c);

/**
 * Read a note, and check that this key signed it as matcher-sign.
 * @return 0; VEIL_E_CANON; VEIL_E_TOO_LARGE; VEIL_E_ROLE; VEIL_E_SIGNATURE
 */
int veil_result_parse(VeilResult *r, const void *note, size_t len, const uint8_t pk[VEIL_SIGN_PK_BYTES],
                      const char *what, VeilErr *err);
int veil_confirmation_parse(VeilConfirmation *c, const void *note, size_t len,
                            const uint8_t pk[VEIL_SIGN_PK_BYTES], const char *what, VeilErr *err);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_RESULT_H */
