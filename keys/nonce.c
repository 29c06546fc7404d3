/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nonce.h"

#include "err.h"
#include "point.h"

int veil_nonce(uint8_t s[VEIL_SCALAR_BYTES], const uint8_t random[32],
               const uint8_t secret[VEIL_SCALAR_BYTES], const uint8_t *context, size_t context_len)
{
    const int ret =
        veil_hs(s, "veil/v1/nonce",
                VEIL_FIELDS({ random, 32 }, { secret, VEIL_SCALAR_BYTES }, { context, context_len }));

    if (ret < 0)
        return ret;
    return veil_scalar_ok(s) ? 0 : VEIL_E_CRYPTO;
}
