/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Goal: no bytes in a ceremony's folder or a .pub file make their parsers read out of bounds. */
#include <sodium.h>

#include "src/ceremony.h"
#include "src/keyio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Ceremony c;
    uint8_t hash[32];
    uint32_t member;
    VeilKey key;
    VeilErr err;

    if (sodium_init() < 0)
        return 0;
    c = (Ceremony){ 0 };
    if (ceremony_parse(&c, data, size, &err) >= 0)
        (void)veil_dkg_start(&c.dkg, c.sid, c.k, c.n, c.members, NULL, &err);
    c = (Ceremony){ .refresh = true };
    (void)ceremony_parse(&c, data, size, &err);
    (void)ceremony_parse_hash(hash, &member, data, size, "round 0", &err);
    (void)veil_keyio_parse_public(&key, data, size, "key.pub", &err);
    return 0;
}
