/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hash.h"

#include <sodium.h>
#include <string.h>

#include "bytes.h"
#include "err.h"

_Static_assert(VEIL_HB_BYTES == crypto_generichash_BYTES_MAX, "HB is BLAKE2b-512");
_Static_assert(VEIL_HB_BYTES == crypto_core_ristretto255_NONREDUCEDSCALARBYTES, "Hs reduces all of HB");
_Static_assert(VEIL_SCALAR_BYTES == crypto_core_ristretto255_SCALARBYTES, "scalar length");
_Static_assert(VEIL_POINT_BYTES == crypto_core_ristretto255_BYTES, "point length");

static int add_field(crypto_generichash_state *state, const VeilField *field)
{
    uint8_t len[4];

    if (field->len > UINT32_MAX)
        return VEIL_E_PRECONDITION;
    veil_put_le32(len, (uint32_t)field->len);
    if (crypto_generichash_update(state, len, sizeof(len)))
        return VEIL_E_CRYPTO;
    if (field->len && crypto_generichash_update(state, field->at, field->len))
        return VEIL_E_CRYPTO;
    return 0;
}

int veil_hb(uint8_t out[VEIL_HB_BYTES], const char *tag, const VeilField *fields, size_t n)
{
    const size_t tag_len = strlen(tag);
    const uint8_t len = (uint8_t)tag_len;
    crypto_generichash_state state;
    int ret = VEIL_E_CRYPTO;

    if (tag_len < 1 || tag_len > 255)
        return VEIL_E_PRECONDITION;
    if (crypto_generichash_init(&state, NULL, 0, VEIL_HB_BYTES) ||
        crypto_generichash_update(&state, &len, 1) ||
        crypto_generichash_update(&state, (const uint8_t *)tag, tag_len))
        goto out;
    for (size_t i = 0; i < n; i++)
        if ((ret = add_field(&state, &fields[i])) < 0)
            goto out;
    ret = crypto_generichash_final(&state, out, VEIL_HB_BYTES) ? VEIL_E_CRYPTO : 0;
out:
    sodium_memzero(&state, sizeof(state)); /* fields may be secret */
    return ret;
}

int veil_hb32(uint8_t out[VEIL_HB32_BYTES], const char *tag, const VeilField *fields, size_t n)
{
    uint8_t full[VEIL_HB_BYTES];
    int ret;

    if (!(ret = veil_hb(full, tag, fields, n)))
        memcpy(out, full, VEIL_HB32_BYTES);
    sodium_memzero(full, sizeof(full));
    return ret;
}

int veil_hs(uint8_t out[VEIL_SCALAR_BYTES], const char *tag, const VeilField *fields, size_t n)
{
    uint8_t full[VEIL_HB_BYTES];
    int ret;

    if (!(ret = veil_hb(full, tag, fields, n)))
        crypto_core_ristretto255_scalar_reduce(out, full);
    sodium_memzero(full, sizeof(full));
    return ret;
}
