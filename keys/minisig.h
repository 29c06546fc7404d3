/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * minisign signatures, prehashed kind only (PROTOCOL section 4): Ed25519 over
 * BLAKE2b-512 of the file, and a second signature over the first and the
 * trusted comment. The legacy kind is refused, because the two algorithm
 * bytes are not signed and an 'ED' signature on a file is also a valid 'Ed'
 * signature on that file's 64-byte hash.
 */
#ifndef VEIL_KEYS_MINISIG_H
#define VEIL_KEYS_MINISIG_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_MINISIG_MAX     2048                      ///< longest signature file, in bytes
#define VEIL_MINISIG_COMMENT 512                       ///< longest comment, in bytes, without NUL
#define VEIL_MINISIG_NUMBER  8                         ///< length of a key number; a hint, never matched on
#define VEIL_MINISIG_ISSUER  "veil/v1 warrant-issuer " ///< start of an issuer's trusted comment

/** A parsed signature file. */
typedef struct VeilMinisig {
    uint8_t number[VEIL_MINISIG_NUMBER];
    uint8_t signature[64]; ///< over BLAKE2b-512(file)
    uint8_t global[64];    ///< over signature || trusted comment
    char untrusted[VEIL_MINISIG_COMMENT + 1];
    char trusted[VEIL_MINISIG_COMMENT + 1];
} VeilMinisig;

/**
 * Parse a signature file; verifies nothing. The bytes must be just those that
 * veil_minisig_format() writes for it.
 *
 * @return 0, or VEIL_E_MINISIG (also for algorithm 'Ed')
 */
int veil_minisig_parse(VeilMinisig *sig, const char *text, size_t len, VeilErr *err);

/** Write a signature file and a NUL; out has VEIL_MINISIG_MAX + 1 bytes. @return its length */
size_t veil_minisig_format(char *out, const VeilMinisig *sig);

/**
 * Verify both signatures under one key, and that the trusted comment is the
 * expected one. To count issuers, try each policy key in full and count the
 * distinct keys that verify: key numbers can be made to collide.
 *
 * @param comment the only acceptable trusted comment
 * @return 0, or VEIL_E_MINISIG
 */
int veil_minisig_verify(const VeilMinisig *sig, const uint8_t *file, size_t len, const char *comment,
                        const uint8_t public_key[32], VeilErr *err);

/**
 * Sign a file as `minisign -S` does.
 *
 * @param secret_key libsodium's 64-byte Ed25519 secret key, in secret memory
 * @param comment    trusted comment, up to VEIL_MINISIG_COMMENT printable ASCII bytes
 * @return 0; VEIL_E_PRECONDITION if the comment is not so; VEIL_E_CRYPTO
 */
int veil_minisig_sign(VeilMinisig *sig, const uint8_t *file, size_t len, const char *comment,
                      const uint8_t secret_key[64], VeilErr *err);

/** The trusted comment of an issuer: "veil/v1 warrant-issuer <wid hex>" and a NUL. */
#define VEIL_MINISIG_ISSUER_BYTES (sizeof(VEIL_MINISIG_ISSUER) + 64)
void veil_minisig_issuer_comment(char out[VEIL_MINISIG_ISSUER_BYTES], const uint8_t wid[32]);

/** Read a `minisign.pub` file. @return 0, or VEIL_E_MINISIG */
int veil_minisig_public_parse(uint8_t public_key[32], const char *text, size_t len, VeilErr *err);

/** Write a `minisign.pub` file and a NUL; out has VEIL_MINISIG_MAX + 1 bytes. @return its length */
size_t veil_minisig_public_format(char *out, const uint8_t public_key[32], const char *name);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_MINISIG_H */
