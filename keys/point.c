/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "point.h"

#include <sodium.h>
#include <string.h>

#include "bytes.h"
#include "err.h"

bool veil_point_ok(const uint8_t p[VEIL_POINT_BYTES])
{
    return crypto_core_ristretto255_is_valid_point(p) == 1 && !sodium_is_zero(p, VEIL_POINT_BYTES);
}

bool veil_scalar_ok(const uint8_t s[VEIL_SCALAR_BYTES])
{
    uint8_t wide[VEIL_HB_BYTES] = { 0 }, reduced[VEIL_SCALAR_BYTES];
    bool ok;

    memcpy(wide, s, VEIL_SCALAR_BYTES);
    crypto_core_ristretto255_scalar_reduce(reduced, wide); /* reduce(s || 0^32) == s */
    ok = !sodium_memcmp(reduced, s, VEIL_SCALAR_BYTES) && !sodium_is_zero(s, VEIL_SCALAR_BYTES);
    sodium_memzero(wide, sizeof(wide));
    sodium_memzero(reduced, sizeof(reduced));
    return ok;
}

void veil_scalar_set(uint8_t s[VEIL_SCALAR_BYTES], uint32_t v)
{
    memset(s, 0, VEIL_SCALAR_BYTES);
    veil_put_le32(s, v);
}

int veil_point_base(uint8_t out[VEIL_POINT_BYTES], const uint8_t s[VEIL_SCALAR_BYTES])
{
    return crypto_scalarmult_ristretto255_base(out, s) ? VEIL_E_CRYPTO : 0;
}

int veil_point_mul(uint8_t out[VEIL_POINT_BYTES], const uint8_t s[VEIL_SCALAR_BYTES],
                   const uint8_t p[VEIL_POINT_BYTES])
{
    return crypto_scalarmult_ristretto255(out, s, p) ? VEIL_E_CRYPTO : 0;
}

int veil_point_add(uint8_t out[VEIL_POINT_BYTES], const uint8_t p[VEIL_POINT_BYTES],
                   const uint8_t q[VEIL_POINT_BYTES])
{
    return crypto_core_ristretto255_add(out, p, q) ? VEIL_E_CRYPTO : 0;
}

int veil_point_recover(uint8_t out[VEIL_POINT_BYTES], const uint8_t a[VEIL_SCALAR_BYTES],
                       const uint8_t p[VEIL_POINT_BYTES], const uint8_t b[VEIL_SCALAR_BYTES],
                       const uint8_t q[VEIL_POINT_BYTES])
{
    uint8_t ap[VEIL_POINT_BYTES], bq[VEIL_POINT_BYTES];

    if (crypto_scalarmult_ristretto255(ap, a, p) || crypto_scalarmult_ristretto255(bq, b, q) ||
        crypto_core_ristretto255_sub(out, ap, bq))
        return VEIL_E_CRYPTO;
    return 0;
}

int veil_point_recover_base(uint8_t out[VEIL_POINT_BYTES], const uint8_t a[VEIL_SCALAR_BYTES],
                            const uint8_t b[VEIL_SCALAR_BYTES], const uint8_t q[VEIL_POINT_BYTES])
{
    uint8_t ag[VEIL_POINT_BYTES], bq[VEIL_POINT_BYTES];

    if (crypto_scalarmult_ristretto255_base(ag, a) || crypto_scalarmult_ristretto255(bq, b, q) ||
        crypto_core_ristretto255_sub(out, ag, bq))
        return VEIL_E_CRYPTO;
    return 0;
}

void veil_scalar_answer(uint8_t out[VEIL_SCALAR_BYTES], const uint8_t s[VEIL_SCALAR_BYTES],
                        const uint8_t e[VEIL_SCALAR_BYTES], const uint8_t x[VEIL_SCALAR_BYTES])
{
    uint8_t ex[VEIL_SCALAR_BYTES];

    crypto_core_ristretto255_scalar_mul(ex, e, x);
    crypto_core_ristretto255_scalar_add(out, s, ex);
    sodium_memzero(ex, sizeof(ex));
}

int veil_scalar_lagrange(uint8_t out[VEIL_SCALAR_BYTES], const uint32_t *indices, int n, uint32_t at)
{
    uint8_t num[VEIL_SCALAR_BYTES], den[VEIL_SCALAR_BYTES], j[VEIL_SCALAR_BYTES], i[VEIL_SCALAR_BYTES];
    int seen = 0;

    veil_scalar_set(num, 1);
    veil_scalar_set(den, 1);
    veil_scalar_set(i, at);
    for (int m = 0; m < n; m++) {
        if (!indices[m])
            return VEIL_E_SHARE_INDEX;
        if (indices[m] == at) {
            seen++;
            continue;
        }
        veil_scalar_set(j, indices[m]);
        crypto_core_ristretto255_scalar_mul(num, num, j); /* num *= j */
        crypto_core_ristretto255_scalar_sub(j, j, i);
        crypto_core_ristretto255_scalar_mul(den, den, j); /* den *= j - i */
    }
    if (seen != 1 || crypto_core_ristretto255_scalar_invert(den, den))
        return VEIL_E_SHARE_INDEX;
    crypto_core_ristretto255_scalar_mul(out, num, den);
    return 0;
}

void veil_scalar_poly(uint8_t out[VEIL_SCALAR_BYTES], const uint8_t *coeffs, int k, uint32_t x)
{
    uint8_t sx[VEIL_SCALAR_BYTES], sum[VEIL_SCALAR_BYTES] = { 0 };

    veil_scalar_set(sx, x);
    for (int m = k - 1; m >= 0; m--) { /* sum = sum*x + coeff_m */
        crypto_core_ristretto255_scalar_mul(sum, sum, sx);
        crypto_core_ristretto255_scalar_add(sum, sum, coeffs + (size_t)m * VEIL_SCALAR_BYTES);
    }
    memcpy(out, sum, VEIL_SCALAR_BYTES);
    sodium_memzero(sum, sizeof(sum));
}
