/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Release: the shares of one custodian for one warrant, sealed to the key
 * that the warrant names (PROTOCOL section 6, step 6), and the note that goes
 * into the log before the blob goes out.
 */
#ifndef VEIL_KEYS_RELEASE_H
#define VEIL_KEYS_RELEASE_H

#include <stddef.h>
#include <stdint.h>

#include "box.h"
#include "err.h"
#include "tdh2.h"
#include "text.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_RELEASE_TAG       "veil/v1/shares"
#define VEIL_RELEASE_HEAD      (14 + 32 + 4 + 4 + 32 + 4)          ///< bytes before the shares
#define VEIL_RELEASE_ITEM      (VEIL_UID_BYTES + VEIL_SHARE_BYTES) ///< uid || D || e || f
#define VEIL_RELEASE_BLOB(n)   (48 + VEIL_RELEASE_HEAD + (size_t)(n)*VEIL_RELEASE_ITEM) ///< blob of n units
#define VEIL_RELEASE_MAX_UNITS 65536 ///< most units in one release

/** What a blob is bound to. */
typedef struct VeilReleaseContext {
    uint8_t wid[32];
    uint32_t i, epoch; ///< custodian and epoch
    uint8_t deliver[VEIL_BOX_KEY_BYTES];
    uint32_t count; ///< units
} VeilReleaseContext;

typedef struct VeilReleaseItem {
    uint8_t uid[VEIL_UID_BYTES];
    VeilShare share;
} VeilReleaseItem;

/**
 * Seal shares:
 * blob = crypto_box_seal("veil/v1/shares" || wid || le32 i || le32 epoch ||
 *        deliver || le32 count || for each unit: uid || D || e || f, deliver).
 *
 * @param blob  receives VEIL_RELEASE_BLOB(ctx->count) bytes
 * @param items ctx->count shares, each of custodian ctx->i and ctx->epoch
 * @return 0; VEIL_E_BOX_KEY; VEIL_E_SHARE_INDEX or VEIL_E_EPOCH if an item is
 *         of another custodian or epoch; VEIL_E_TOO_LARGE; VEIL_E_CRYPTO; -ENOMEM
 */
int veil_release_seal(uint8_t *blob, const VeilReleaseContext *ctx, const VeilReleaseItem *items,
                      VeilErr *err);

/**
 * Open a blob and check that it is the one that `ctx` describes.
 *
 * @param items      receives ctx->count shares; verify each with veil_tdh2_verify_partial()
 * @param secret_key of ctx->deliver, in secret memory
 * @return 0; VEIL_E_BOX_KEY; VEIL_E_BLOB_CONTEXT; VEIL_E_TOO_LARGE; -ENOMEM
 */
int veil_release_open(VeilReleaseItem *items, const VeilReleaseContext *ctx, const uint8_t *blob, size_t len,
                      const uint8_t secret_key[32], VeilErr *err);

/** The fields of `release.note`; the text is signed by custodian-sign. */
typedef struct VeilReleaseNote {
    VeilReleaseContext ctx;
    uint8_t blob_hash[32];    ///< SHA-256 of the blob
    uint64_t checkpoint_size; ///< of the log when the custodian answered
    uint8_t checkpoint_root[32];
} VeilReleaseNote;

/** Append the text; sign it with veil_note_sign(). @return as veil_text_done() */
int veil_release_note_format(VeilText *t, const VeilReleaseNote *note);

/** Read the text (without signatures). @return 0; VEIL_E_CANON; VEIL_E_TOO_LARGE */
int veil_release_note_parse(VeilReleaseNote *note, const char *text, size_t len, VeilErr *err);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_RELEASE_H */
