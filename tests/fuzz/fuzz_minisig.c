/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Signature and public key files of minisign. What parses must be just what
 * we would write, and must never verify under a key that signed nothing.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "keys/minisig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const uint8_t nobody[32] = { 0x58, 0x66 };
    char text[VEIL_MINISIG_MAX + 1];
    uint8_t public_key[32];
    VeilMinisig sig;

    if (sodium_init() < 0)
        return 0;
    if (!veil_minisig_parse(&sig, (const char *)data, len, NULL)) {
        if (veil_minisig_format(text, &sig) != len || memcmp(text, data, len))
            abort();
        if (!veil_minisig_verify(&sig, data, len, sig.trusted, nobody, NULL))
            abort();
    }
    veil_minisig_public_parse(public_key, (const char *)data, len, NULL);
    return 0;
}
