/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Round 1 messages. The cheat may sign what it likes, so the signature is made
 * anew here; otherwise nothing behind it would be reached.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "keys/dkg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The ceremony of vector set 6: 2-of-3, keys from seeds of one byte. */
static void set_up(VeilDkg *dkg, uint8_t sign_key[64], uint8_t box_key[32])
{
    VeilDkgMember members[3];
    uint8_t sid[32], seed[32], secret[64];

    memset(sid, 0x51, 32);
    for (int i = 0; i < 3; i++) {
        memset(seed, 0xa1 + i, 32);
        if (crypto_sign_seed_keypair(members[i].sign, i ? secret : sign_key, seed))
            abort();
        memset(seed, 0xb1 + i, 32);
        if (crypto_scalarmult_base(members[i].box, seed))
            abort();
    }
    memset(box_key, 0xb2, 32);
    if (veil_dkg_start(dkg, sid, 2, 3, members, NULL, NULL) < 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static VeilDkg dkg;
    static uint8_t sign_key[64], box_key[32];
    uint8_t hash[32], hashes[3][32], x[32], signed_part[32 + VEIL_DKG_MESSAGE_MAX];
    VeilDkgMessage msgs[3] = { 0 };
    VeilDkgResult result;

    if (sodium_init() < 0 || len > VEIL_DKG_MESSAGE_MAX)
        return 0;
    if (!dkg.n)
        set_up(&dkg, sign_key, box_key);
    msgs[0].len = len;
    if (len)
        memcpy(msgs[0].at, data, len);
    if (veil_dkg_hash(hash, &msgs[0]) < 0)
        abort();
    veil_dkg_check(&dkg, 1, &msgs[0], hash, NULL);
    if (len < 64)
        return 0;
    memcpy(signed_part, dkg.ctx, 32);
    memcpy(signed_part + 32, data, len - 64);
    if (crypto_sign_detached(msgs[0].at + len - 64, NULL, signed_part, 32 + len - 64, sign_key) ||
        veil_dkg_hash(hash, &msgs[0]) < 0)
        abort();
    veil_dkg_check(&dkg, 1, &msgs[0], hash, NULL);
    for (int i = 0; i < 3; i++) {
        msgs[i] = msgs[0];
        memcpy(hashes[i], hash, 32);
    }
    if (!veil_dkg_finish(&result, x, &dkg, 2, msgs, hashes, box_key, NULL, NULL))
        abort(); /* one message three times is no ceremony */
    return 0;
}
