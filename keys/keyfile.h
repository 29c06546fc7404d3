/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Secret keys, in memory and in a file (PROTOCOL section 7). One key, one
 * purpose: the role is part of the key and of what the passphrase protects.
 *
 * File, 185 bytes: "VEILKEY1" || u8 role || le32 index || le32 epoch || gid[32] ||
 * public key[32] || le64 Argon2id operations || le64 memory || salt[16] ||
 * nonce[24] || XChaCha20-Poly1305(secret[32]), all before it as additional data.
 */
#ifndef VEIL_KEYS_KEYFILE_H
#define VEIL_KEYS_KEYFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_KEYFILE_BYTES   185
#define VEIL_KEYFILE_OPS_MIN 3 ///< Argon2id MODERATE
#define VEIL_KEYFILE_OPS_MAX 10
#define VEIL_KEYFILE_MEM_MIN 268435456u  ///< bytes, Argon2id MODERATE
#define VEIL_KEYFILE_MEM_MAX 1073741824u ///< bytes

/* X(name, word, signs): Ed25519 if it signs; X25519 if its word ends in "box". */
#define VEIL_ROLES(X)                                                                                        \
    X(OPERATOR, "operator-sign", true)                                                                       \
    X(CUSTODIAN, "custodian-sign", true)                                                                     \
    X(CUSTODIAN_BOX, "custodian-dkg-box", false)                                                             \
    X(SHARE, "custodian-share", false)                                                                       \
    X(WITNESS, "witness", true)                                                                              \
    X(LOG, "log", true)                                                                                      \
    X(ISSUER, "issuer", true)                                                                                \
    X(POLICY, "policy", true)                                                                                \
    X(REQUESTER, "requester-sign", true)                                                                     \
    X(REQUESTER_BOX, "requester-box", false)                                                                 \
    X(MATCHER, "matcher-sign", true)                                                                         \
    X(MATCHER_BOX, "matcher-box", false)                                                                     \
    X(CONTROLLER, "controller", true)                                                                        \
    X(SUBJECT, "subject", true)

typedef enum VeilRole {
    VEIL_ROLE_NONE = 0,
#define VEIL_ROLE_ENUM(name, word, signs) VEIL_ROLE_##name,
    VEIL_ROLES(VEIL_ROLE_ENUM)
#undef VEIL_ROLE_ENUM
        VEIL_ROLE_COUNT
} VeilRole;

/** "custodian-sign"; NULL for a number that is no role. */
const char *veil_role_word(int role);
/** The role of a word, or VEIL_ROLE_NONE. */
VeilRole veil_role_find(const char *word);
/** True if keys of this role are Ed25519. */
bool veil_role_signs(VeilRole role);

/** A key pair. Start from {0} and end with veil_key_clear(). */
typedef struct VeilKey {
    VeilRole role;
    uint32_t index, epoch; ///< custodian-share only, else 0
    uint8_t gid[32];       ///< custodian-share only, else 0
    uint8_t public_key[32];
    uint8_t *secret; ///< owned secret memory: 64 bytes (libsodium's Ed25519) if the role signs, else 32
} VeilKey;

/** Wipe and free the secret. */
void veil_key_clear(VeilKey *key);

/**
 * Make a random key pair of any role but custodian-share, which a ceremony makes.
 * @return 0; VEIL_E_PRECONDITION; VEIL_E_SECMEM; VEIL_E_CRYPTO
 */
int veil_key_generate(VeilKey *key, VeilRole role, VeilErr *err);

/**
 * Make a custodian-share key of x.
 * @return 0; VEIL_E_SCALAR; VEIL_E_SECMEM; VEIL_E_CRYPTO
 */
int veil_key_from_share(VeilKey *key, const uint8_t x[32], const uint8_t gid[32], uint32_t index,
                        uint32_t epoch, VeilErr *err);

/**
 * Lock a key with a passphrase.
 *
 * @param pass 1 or more bytes, in secret memory
 * @return 0; VEIL_E_KEYFILE if there is no memory for Argon2id; VEIL_E_SECMEM; VEIL_E_CRYPTO
 */
int veil_keyfile_lock(uint8_t out[VEIL_KEYFILE_BYTES], const VeilKey *key, const char *pass, size_t pass_len,
                      VeilErr *err);

/** Read the public part; key->secret stays NULL. Nothing is authenticated yet.
 *  @return 0, or VEIL_E_KEYFILE (also for parameters outside the limits) */
int veil_keyfile_peek(VeilKey *key, const uint8_t *bytes, size_t len, VeilErr *err);

/** Unlock. @return 0; VEIL_E_KEYFILE, alike for a wrong passphrase and altered bytes; VEIL_E_SECMEM */
int veil_keyfile_unlock(VeilKey *key, const uint8_t *bytes, size_t len, const char *pass, size_t pass_len,
                        VeilErr *err);

/**
 * Write a key file, mode 0600, through a temporary file: it is whole or absent.
 *
 * @param replace false to refuse a path that exists
 * @return 0; -EEXIST and other errnos; as veil_keyfile_lock()
 */
int veil_keyfile_write(const char *path, const VeilKey *key, const char *pass, size_t pass_len, bool replace,
                       VeilErr *err);

/**
 * Read the bytes of a key file. Refuses a symbolic link, anything but a
 * regular file of the right size, and a file that others may read or write.
 *
 * @return 0; VEIL_E_KEYFILE; negative errno
 */
int veil_keyfile_load(uint8_t out[VEIL_KEYFILE_BYTES], const char *path, VeilErr *err);

/** Load and unlock a key of one role (VEIL_ROLE_NONE: of any).
 *  @return 0; VEIL_E_ROLE; as veil_keyfile_load() and veil_keyfile_unlock() */
int veil_keyfile_read(VeilKey *key, const char *path, VeilRole role, const char *pass, size_t pass_len,
                      VeilErr *err);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_KEYFILE_H */
