/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"
#include "file.h"
#include "point.h"
#include "secmem.h"

#define MAGIC "VEILKEY1"
enum { /* offsets in the file */
       AT_ROLE = 8,
       AT_INDEX = 9,
       AT_EPOCH = 13,
       AT_GID = 17,
       AT_PUBLIC = 49,
       AT_OPS = 81,
       AT_MEM = 89,
       AT_SALT = 97,
       AT_NONCE = 113,
       AT_BOX = 137,
};
_Static_assert(AT_SALT + crypto_pwhash_SALTBYTES == AT_NONCE, "salt length");
_Static_assert(AT_NONCE + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == AT_BOX, "nonce length");
_Static_assert(AT_BOX + 32 + crypto_aead_xchacha20poly1305_ietf_ABYTES == VEIL_KEYFILE_BYTES, "file length");
_Static_assert(VEIL_KEYFILE_OPS_MIN == crypto_pwhash_OPSLIMIT_MODERATE, "operations floor");
_Static_assert(VEIL_KEYFILE_MEM_MIN == crypto_pwhash_MEMLIMIT_MODERATE, "memory floor");

static const struct {
    const char *word;
    bool signs;
} roles[VEIL_ROLE_COUNT] = { { NULL, false },
#define VEIL_ROLE_ROW(name, word, signs) { word, signs },
                             VEIL_ROLES(VEIL_ROLE_ROW)
#undef VEIL_ROLE_ROW
};

const char *veil_role_word(int role)
{
    return role > VEIL_ROLE_NONE && role < VEIL_ROLE_COUNT ? roles[role].word : NULL;
}

VeilRole veil_role_find(const char *word)
{
    for (int role = 1; role < VEIL_ROLE_COUNT; role++)
        if (!strcmp(roles[role].word, word))
            return role;
    return VEIL_ROLE_NONE;
}

bool veil_role_signs(VeilRole role)
{
    return role > VEIL_ROLE_NONE && role < VEIL_ROLE_COUNT && roles[role].signs;
}

void veil_key_clear(VeilKey *key)
{
    veil_secret_free(key->secret);
    memset(key, 0, sizeof(*key));
}

/* Fill key->secret and public_key from the 32 secret bytes: an Ed25519 seed, an
 * X25519 secret key, or x_i. */
static int set_secret(VeilKey *key, const uint8_t secret[32], VeilErr *err)
{
    int failed;

    if (!(key->secret = veil_secret_new(roles[key->role].signs ? 64 : 32)))
        return veil_err(err, VEIL_E_SECMEM, "key of role '%s'", roles[key->role].word);
    if (roles[key->role].signs) {
        failed = crypto_sign_seed_keypair(key->public_key, key->secret, secret);
    } else {
        memcpy(key->secret, secret, 32);
        failed = key->role == VEIL_ROLE_SHARE
                     ? !veil_scalar_ok(secret) || veil_point_base(key->public_key, secret)
                     : crypto_scalarmult_base(key->public_key, secret);
    }
    veil_stack_wipe();
    return failed ? veil_err(err, VEIL_E_CRYPTO, "key of role '%s'", roles[key->role].word) : 0;
}

int veil_key_generate(VeilKey *key, VeilRole role, VeilErr *err)
{
    uint8_t *seed;
    int ret;

    memset(key, 0, sizeof(*key));
    if (!veil_role_word(role) || role == VEIL_ROLE_SHARE)
        return veil_err(err, VEIL_E_PRECONDITION, "key of role %d", role);
    if (!(seed = veil_secret_new(32)))
        return veil_err(err, VEIL_E_SECMEM, "key of role '%s'", roles[role].word);
    randombytes_buf(seed, 32);
    key->role = role;
    ret = set_secret(key, seed, err);
    veil_secret_free(seed);
    if (ret < 0)
        veil_key_clear(key);
    return ret;
}

int veil_key_from_share(VeilKey *key, const uint8_t x[32], const uint8_t gid[32], uint32_t index,
                        uint32_t epoch, VeilErr *err)
{
    int ret;

    memset(key, 0, sizeof(*key));
    if (!veil_scalar_ok(x))
        return veil_err(err, VEIL_E_SCALAR, "share key of custodian %u", index);
    key->role = VEIL_ROLE_SHARE;
    key->index = index;
    key->epoch = epoch;
    memcpy(key->gid, gid, 32);
    if ((ret = set_secret(key, x, err)) < 0)
        veil_key_clear(key);
    return ret;
}

/* key = Argon2id13(pass, salt, operations, memory); the two are within the
 * limits, because veil_keyfile_peek() or put_header() came first. */
static int stretch(uint8_t key[32], const uint8_t *bytes, const char *pass, size_t pass_len, VeilErr *err)
{
    const uint64_t ops = veil_get_le64(bytes + AT_OPS), mem = veil_get_le64(bytes + AT_MEM);

    if (!pass_len)
        return veil_err(err, VEIL_E_KEYFILE, "empty passphrase");
    if (crypto_pwhash(key, 32, pass, pass_len, bytes + AT_SALT, ops, (size_t)mem,
                      crypto_pwhash_ALG_ARGON2ID13))
        return veil_err(err, VEIL_E_KEYFILE, "passphrase could not be stretched in %llu MiB of memory",
                        (unsigned long long)mem >> 20);
    return 0;
}

static void put_header(uint8_t out[VEIL_KEYFILE_BYTES], const VeilKey *key)
{
    memcpy(out, MAGIC, 8);
    out[AT_ROLE] = (uint8_t)key->role;
    veil_put_le32(out + AT_INDEX, key->index);
    veil_put_le32(out + AT_EPOCH, key->epoch);
    memcpy(out + AT_GID, key->gid, 32);
    memcpy(out + AT_PUBLIC, key->public_key, 32);
    veil_put_le64(out + AT_OPS, VEIL_KEYFILE_OPS_MIN);
    veil_put_le64(out + AT_MEM, VEIL_KEYFILE_MEM_MIN);
    randombytes_buf(out + AT_SALT, crypto_pwhash_SALTBYTES);
    randombytes_buf(out + AT_NONCE, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
}

int veil_keyfile_lock(uint8_t out[VEIL_KEYFILE_BYTES], const VeilKey *key, const char *pass, size_t pass_len,
                      VeilErr *err)
{
    uint8_t *stretched = veil_secret_new(32);
    int ret;

    if (!stretched)
        return veil_err(err, VEIL_E_SECMEM, "key file");
    put_header(out, key);
    /* The first 32 bytes of libsodium's Ed25519 secret key are the seed. */
    if (!(ret = stretch(stretched, out, pass, pass_len, err)) &&
        crypto_aead_xchacha20poly1305_ietf_encrypt(out + AT_BOX, NULL, key->secret, 32, out, AT_BOX, NULL,
                                                   out + AT_NONCE, stretched))
        ret = veil_err(err, VEIL_E_CRYPTO, "key file");
    veil_secret_free(stretched);
    return ret;
}

int veil_keyfile_peek(VeilKey *key, const uint8_t *bytes, size_t len, VeilErr *err)
{
    uint64_t ops, mem;

    memset(key, 0, sizeof(*key));
    if (len != VEIL_KEYFILE_BYTES || memcmp(bytes, MAGIC, 8) || !veil_role_word(bytes[AT_ROLE]))
        return veil_err(err, VEIL_E_KEYFILE, "file of %zu bytes is not a key file of version 1", len);
    ops = veil_get_le64(bytes + AT_OPS);
    mem = veil_get_le64(bytes + AT_MEM);
    if (ops < VEIL_KEYFILE_OPS_MIN || ops > VEIL_KEYFILE_OPS_MAX || mem < VEIL_KEYFILE_MEM_MIN ||
        mem > VEIL_KEYFILE_MEM_MAX)
        return veil_err(err, VEIL_E_KEYFILE, "key file asks for %llu operations and %llu bytes",
                        (unsigned long long)ops, (unsigned long long)mem);
    key->role = bytes[AT_ROLE];
    key->index = veil_get_le32(bytes + AT_INDEX);
    key->epoch = veil_get_le32(bytes + AT_EPOCH);
    memcpy(key->gid, bytes + AT_GID, 32);
    memcpy(key->public_key, bytes + AT_PUBLIC, 32);
    return 0;
}

int veil_keyfile_unlock(VeilKey *key, const uint8_t *bytes, size_t len, const char *pass, size_t pass_len,
                        VeilErr *err)
{
    struct {
        uint8_t stretched[32], secret[32];
    } * t;
    int ret;

    if ((ret = veil_keyfile_peek(key, bytes, len, err)) < 0)
        return ret;
    if (!(t = veil_secret_new(sizeof(*t))))
        return veil_err(err, VEIL_E_SECMEM, "key file");
    if ((ret = stretch(t->stretched, bytes, pass, pass_len, err)) < 0)
        goto out;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(t->secret, NULL, NULL, bytes + AT_BOX,
                                                   VEIL_KEYFILE_BYTES - AT_BOX, bytes, AT_BOX,
                                                   bytes + AT_NONCE, t->stretched)) {
        ret = veil_err(err, VEIL_E_KEYFILE, "key file of role '%s'", roles[key->role].word);
        goto out;
    }
    if (!(ret = set_secret(key, t->secret, err)) && memcmp(key->public_key, bytes + AT_PUBLIC, 32))
        ret = veil_err(err, VEIL_E_KEYFILE, "public key in the key file of role '%s'", roles[key->role].word);
out:
    veil_secret_free(t);
    if (ret < 0)
        veil_key_clear(key);
    return ret;
}

int veil_keyfile_write(const char *path, const VeilKey *key, const char *pass, size_t pass_len, bool replace,
                       VeilErr *err)
{
    uint8_t bytes[VEIL_KEYFILE_BYTES];
    int ret;

    if ((ret = veil_keyfile_lock(bytes, key, pass, pass_len, err)) < 0)
        return ret;
    return veil_file_write(path, bytes, sizeof(bytes), 0600, replace, err);
}

int veil_keyfile_load(uint8_t out[VEIL_KEYFILE_BYTES], const char *path, VeilErr *err)
{
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    int ret = 0;

    if (fd < 0 && errno == ELOOP)
        return veil_err(err, VEIL_E_KEYFILE, "'%s' is a symbolic link", path);
    if (fd < 0)
        return veil_err(err, -errno, "key file '%s'", path);
    if (fstat(fd, &st))
        ret = veil_err(err, -errno, "key file '%s'", path);
    else if (!S_ISREG(st.st_mode) || st.st_size != VEIL_KEYFILE_BYTES)
        ret = veil_err(err, VEIL_E_KEYFILE, "'%s' is not a file of %d bytes", path, VEIL_KEYFILE_BYTES);
    else if (st.st_mode & 077)
        ret = veil_err(err, VEIL_E_KEYFILE, "'%s' has mode %03o, so others may use it; run 'chmod 600'", path,
                       (unsigned)st.st_mode & 0777);
    else if (read(fd, out, VEIL_KEYFILE_BYTES) != VEIL_KEYFILE_BYTES)
        ret = veil_err(err, -EIO, "key file '%s'", path);
    close(fd);
    return ret;
}

int veil_keyfile_read(VeilKey *key, const char *path, VeilRole role, const char *pass, size_t pass_len,
                      VeilErr *err)
{
    uint8_t bytes[VEIL_KEYFILE_BYTES];
    int ret;

    memset(key, 0, sizeof(*key));
    if ((ret = veil_keyfile_load(bytes, path, err)) < 0 ||
        (ret = veil_keyfile_peek(key, bytes, sizeof(bytes), err)) < 0)
        return ret;
    if (role != VEIL_ROLE_NONE && key->role != role)
        return veil_err(err, VEIL_E_ROLE, "'%s' is a key of role '%s', not '%s'", path, roles[key->role].word,
                        veil_role_word(role));
    return veil_keyfile_unlock(key, bytes, sizeof(bytes), pass, pass_len, err);
}
