/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "minisig.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bytes.h"

_Static_assert(crypto_sign_BYTES == 64 && crypto_sign_SECRETKEYBYTES == 64, "Ed25519 lengths");

#define UNTRUSTED "untrusted comment: "
#define TRUSTED   "trusted comment: "
#define SIG_BYTES 74 /* algorithm 2, key number 8, signature 64 */
#define PUB_BYTES 42 /* algorithm 2, key number 8, key 32 */

static bool printable(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] < 0x20 || text[i] > 0x7e)
            return false;
    return true;
}

/* Take one line off *at: its start, and its length without the LF. */
static const char *take_line(const char **at, const char *end, size_t *len)
{
    const char *start = *at, *lf = start < end ? memchr(start, '\n', (size_t)(end - start)) : NULL;

    if (!lf)
        return NULL;
    *len = (size_t)(lf - start);
    *at = lf + 1;
    return start;
}

static bool take_comment(char out[VEIL_MINISIG_COMMENT + 1], const char **at, const char *end,
                         const char *prefix)
{
    size_t len, skip = strlen(prefix);
    const char *line = take_line(at, end, &len);

    if (!line || len < skip || len - skip > VEIL_MINISIG_COMMENT || memcmp(line, prefix, skip) ||
        !printable(line, len))
        return false;
    memcpy(out, line + skip, len - skip);
    out[len - skip] = '\0';
    return true;
}

static bool take_bytes(uint8_t *out, size_t n, const char **at, const char *end)
{
    size_t len;
    const char *line = take_line(at, end, &len);

    return line && !veil_b64_decode_exact(out, n, line, len);
}

int veil_minisig_parse(VeilMinisig *sig, const char *text, size_t len, VeilErr *err)
{
    const char *at = text, *end = text + len;
    uint8_t raw[SIG_BYTES];

    memset(sig, 0, sizeof(*sig));
    if (len > VEIL_MINISIG_MAX || !take_comment(sig->untrusted, &at, end, UNTRUSTED) ||
        !take_bytes(raw, sizeof(raw), &at, end) || !take_comment(sig->trusted, &at, end, TRUSTED) ||
        !take_bytes(sig->global, sizeof(sig->global), &at, end) || at != end)
        return veil_err(err, VEIL_E_MINISIG, "signature file is not the four lines of minisign");
    if (memcmp(raw, "ED", 2))
        return veil_err(err, VEIL_E_MINISIG, "signature file has algorithm bytes '%02x%02x'", raw[0], raw[1]);
    memcpy(sig->number, raw + 2, sizeof(sig->number));
    memcpy(sig->signature, raw + 10, sizeof(sig->signature));
    return 0;
}

size_t veil_minisig_format(char *out, const VeilMinisig *sig)
{
    char line[VEIL_B64_LEN(SIG_BYTES) + 1], global[VEIL_B64_LEN(64) + 1];
    uint8_t raw[SIG_BYTES] = "ED";

    memcpy(raw + 2, sig->number, sizeof(sig->number));
    memcpy(raw + 10, sig->signature, sizeof(sig->signature));
    return (size_t)snprintf(out, VEIL_MINISIG_MAX + 1, UNTRUSTED "%s\n%s\n" TRUSTED "%s\n%s\n",
                            sig->untrusted, veil_b64_encode(line, raw, sizeof(raw)), sig->trusted,
                            veil_b64_encode(global, sig->global, sizeof(sig->global)));
}

/* signature || trusted comment, which the second signature covers */
static size_t global_message(uint8_t out[64 + VEIL_MINISIG_COMMENT], const VeilMinisig *sig)
{
    const size_t len = strlen(sig->trusted);

    memcpy(out, sig->signature, 64);
    memcpy(out + 64, sig->trusted, len);
    return 64 + len;
}

int veil_minisig_verify(const VeilMinisig *sig, const uint8_t *file, size_t len, const char *comment,
                        const uint8_t public_key[32], VeilErr *err)
{
    uint8_t hash[64], global[64 + VEIL_MINISIG_COMMENT];
    const size_t global_len = global_message(global, sig);
    char key[VEIL_B64_LEN(32) + 1];

    veil_b64_encode(key, public_key, 32);
    if (strcmp(sig->trusted, comment))
        return veil_err(err, VEIL_E_MINISIG, "signature has trusted comment '%.100s', not '%.100s'",
                        sig->trusted, comment);
    if (crypto_generichash(hash, sizeof(hash), file, len, NULL, 0))
        return veil_err(err, VEIL_E_CRYPTO, "hash of the signed file");
    /* Ed25519(BLAKE2b-512(file)), and Ed25519(signature || trusted comment) */
    if (crypto_sign_verify_detached(sig->signature, hash, sizeof(hash), public_key) ||
        crypto_sign_verify_detached(sig->global, global, global_len, public_key))
        return veil_err(err, VEIL_E_MINISIG, "signature by '%s' does not verify", key);
    return 0;
}

int veil_minisig_sign(VeilMinisig *sig, const uint8_t *file, size_t len, const char *comment,
                      const uint8_t secret_key[64], VeilErr *err)
{
    uint8_t hash[64], global[64 + VEIL_MINISIG_COMMENT];
    size_t comment_len = strlen(comment);
    int failed;

    if (comment_len > VEIL_MINISIG_COMMENT || !printable(comment, comment_len))
        return veil_err(err, VEIL_E_PRECONDITION, "trusted comment");
    memset(sig, 0, sizeof(*sig));
    memcpy(sig->number, secret_key + 32, sizeof(sig->number)); /* of the public half */
    strcpy(sig->untrusted, "signature from veil secret key");
    memcpy(sig->trusted, comment, comment_len);
    failed = crypto_generichash(hash, sizeof(hash), file, len, NULL, 0) ||
             crypto_sign_detached(sig->signature, NULL, hash, sizeof(hash), secret_key) ||
             crypto_sign_detached(sig->global, NULL, global, global_message(global, sig), secret_key);
    sodium_stackzero(4096);
    return failed ? veil_err(err, VEIL_E_CRYPTO, "signature") : 0;
}

void veil_minisig_issuer_comment(char out[VEIL_MINISIG_ISSUER_BYTES], const uint8_t wid[32])
{
    memcpy(out, VEIL_MINISIG_ISSUER, sizeof(VEIL_MINISIG_ISSUER));
    veil_hex_encode(out + strlen(VEIL_MINISIG_ISSUER), wid, 32);
}

int veil_minisig_public_parse(uint8_t public_key[32], const char *text, size_t len, VeilErr *err)
{
    char comment[VEIL_MINISIG_COMMENT + 1];
    const char *at = text, *end = text + len;
    uint8_t raw[PUB_BYTES];

    if (len > VEIL_MINISIG_MAX || !take_comment(comment, &at, end, UNTRUSTED) ||
        !take_bytes(raw, sizeof(raw), &at, end) || at != end || memcmp(raw, "Ed", 2))
        return veil_err(err, VEIL_E_MINISIG, "public key file is not the two lines of minisign");
    memcpy(public_key, raw + 10, 32);
    return 0;
}

size_t veil_minisig_public_format(char *out, const uint8_t public_key[32], const char *name)
{
    uint8_t raw[PUB_BYTES] = "Ed"; /* minisign marks all public keys so */
    char line[VEIL_B64_LEN(PUB_BYTES) + 1];

    memcpy(raw + 2, public_key, VEIL_MINISIG_NUMBER);
    memcpy(raw + 10, public_key, 32);
    return (size_t)snprintf(out, VEIL_MINISIG_MAX + 1, UNTRUSTED "veil issuer %.100s\n%s\n", name,
                            veil_b64_encode(line, raw, sizeof(raw)));
}
