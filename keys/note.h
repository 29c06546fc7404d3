/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Signed notes (C2SP signed-note): a text, an empty line, and signature lines
 * "U+2014 SP name SP base64(key id || signature)". The name of a key is its
 * role, such as "issuer" or "custodian-sign", so the role goes into the key id; logs
 * and witnesses have names of their own. A digest of a note is the digest of
 * its text.
 */
#ifndef VEIL_KEYS_NOTE_H
#define VEIL_KEYS_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_NOTE_SIGS_MAX 40 ///< more signature lines than this are refused
#define VEIL_NOTE_SIG_MAX  72 ///< longest signature: a time and an Ed25519 signature, in bytes
#define VEIL_SIGN_PK_BYTES 32 ///< Ed25519 public key
#define VEIL_SIGN_SK_BYTES 64 ///< Ed25519 secret key as libsodium keeps it
#define VEIL_SIG_BYTES     64 ///< Ed25519 signature

/** What a key signs; goes into its key id. */
enum {
    VEIL_NOTE_ED25519 = 0x01, ///< Ed25519 over the text
    VEIL_NOTE_COSIGN = 0x04,  ///< cosignature/v1: a time, and Ed25519 over time and text
};

typedef struct VeilNoteSig {
    VeilSpan name;
    uint8_t key_id[4];
    uint8_t sig[VEIL_NOTE_SIG_MAX];
    size_t sig_len; ///< in bytes
} VeilNoteSig;

/** A parsed note; points into the bytes it was parsed from. */
typedef struct VeilNote {
    const char *text; ///< the signed bytes, including their last LF
    size_t text_len;
    VeilNoteSig sigs[VEIL_NOTE_SIGS_MAX];
    int n; ///< signature lines, at least one
} VeilNote;

/** The key id that a name, a kind and a key give: SHA-256(name LF kind key)[0..3]. */
void veil_note_key_id(uint8_t out[4], const char *name, uint8_t kind, const uint8_t pk[VEIL_SIGN_PK_BYTES]);

/**
 * Take a note apart; no signature is checked yet. Two lines of one name and
 * key id are refused.
 *
 * @param bytes borrowed as long as the note is used
 * @param what  names the object in messages
 * @return 0; VEIL_E_CANON; VEIL_E_TOO_LARGE
 */
int veil_note_parse(VeilNote *n, const void *bytes, size_t len, const char *what, VeilErr *err);

/** Is there a line of this name and key? Says nothing about its signature. */
const VeilNoteSig *veil_note_find(const VeilNote *n, const char *name, uint8_t kind,
                                  const uint8_t pk[VEIL_SIGN_PK_BYTES]);

/** Did this key, under this name, sign the text? False if there is no line or it does not verify. */
bool veil_note_signed_by(const VeilNote *n, const char *name, const uint8_t pk[VEIL_SIGN_PK_BYTES]);

/**
 * As veil_note_signed_by(), with the reason: the key may have signed under
 * another role's name.
 *
 * @return 0; VEIL_E_ROLE; VEIL_E_SIGNATURE
 */
int veil_note_verify(const VeilNote *n, const char *name, const uint8_t pk[VEIL_SIGN_PK_BYTES],
                     const char *what, VeilErr *err);

/**
 * Append a signature line. The first one also appends the empty line.
 *
 * @param t  a text, or a note that has signatures already
 * @param sk Ed25519 secret key, borrowed
 * @return 0; VEIL_E_CANON if t is not a text or the name is not a name;
 *         VEIL_E_CRYPTO; as veil_text_done()
 */
int veil_note_sign(VeilText *t, const char *name, const uint8_t sk[VEIL_SIGN_SK_BYTES]);

/** Append a signature line made elsewhere; sig is what follows the key id. @return as veil_note_sign() */
int veil_note_append(VeilText *t, const char *name, const uint8_t key_id[4], const uint8_t *sig,
                     size_t sig_len);

/** Length of the text part of a text or note, without empty line and signatures. */
size_t veil_note_text_len(const char *bytes, size_t len);

/** A name for a key in notes: a token without '+'. */
bool veil_note_name_ok(const char *name);

/** Append "name+key id+base64(kind || key)" (C2SP verifier key) without line end. */
void veil_vkey_print(VeilText *t, const char *name, uint8_t kind, const uint8_t pk[VEIL_SIGN_PK_BYTES]);

/** Read a verifier key. @return 0, or VEIL_E_CANON */
int veil_vkey_parse(char name[VEIL_TOKEN_CAP], uint8_t *kind, uint8_t pk[VEIL_SIGN_PK_BYTES],
                    const char *vkey);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_NOTE_H */
