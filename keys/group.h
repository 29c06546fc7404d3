/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `group.note`: who the custodians are, signed by all of them (PROTOCOL
 * section 2). What a reader may trust is computed again from the note, never
 * taken from it: gid, Gbar, and that any k public keys interpolate to Y.
 */
#ifndef VEIL_KEYS_GROUP_H
#define VEIL_KEYS_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "groupkey.h"
#include "note.h"
#include "text.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_GROUP_SIGNER "custodian-sign" ///< name of every signature on a group note

typedef struct VeilGroup {
    VeilGroupKey key;
    bool dealer;            ///< `keygen dealer`: one party knew everything
    uint8_t transcript[32]; ///< T of the first ceremony
    uint8_t refresh[32];    ///< T of the last refresh; only if key.epoch > 0
    uint8_t prev[32];       ///< SHA-256 of the note of the epoch before; only if key.epoch > 0
    char org[VEIL_GROUP_MAX_N][VEIL_TOKEN_CAP];
    uint8_t sign[VEIL_GROUP_MAX_N][VEIL_SIGN_PK_BYTES]; ///< Ed_i
    uint8_t digest[32];                                 ///< SHA-256 of the text; set by parse and format
} VeilGroup;

/**
 * Append the text of a note and set g->digest; sign it with veil_note_sign().
 * g->key must come from veil_groupkey_init().
 *
 * @return as veil_text_done(); VEIL_E_CRYPTO
 */
int veil_group_format(VeilText *t, VeilGroup *g);

/**
 * Read the text of a note and compute everything in it again. Says nothing of
 * signatures.
 *
 * @return 0; VEIL_E_CANON; VEIL_E_POINT; VEIL_E_GROUP; VEIL_E_UNSUPPORTED for another suite
 */
int veil_group_parse(VeilGroup *g, const char *text, size_t len, VeilErr *err);

/**
 * Read a whole `group.note`: text, and the signature of every custodian.
 *
 * @param pin the gid that was pinned out of band at installation, or NULL where
 *            the caller shows the gid to a person instead
 * @return 0; VEIL_E_GROUP if a signature is missing or wrong, or gid differs
 *         from pin; as veil_group_parse()
 */
int veil_group_open(VeilGroup *g, const void *bytes, size_t len, const uint8_t *pin, VeilErr *err);

/**
 * Does policy accept how the keys were made? @return 0, or VEIL_E_GROUP for a
 * dealer's group where `dealer_allowed` is false
 */
int veil_group_check_keygen(const VeilGroup *g, bool dealer_allowed, VeilErr *err);

/**
 * Is `next` the refresh that follows `g`: same gid, k, n, members, Y; epoch + 1;
 * prev = digest of g?
 *
 * @return 0; VEIL_E_EPOCH; VEIL_E_GROUP
 */
int veil_group_follows(const VeilGroup *next, const VeilGroup *g, VeilErr *err);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_GROUP_H */
