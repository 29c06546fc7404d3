/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Keys from one hand, for tests: the dealer knows everything, the group note
 * says so, and policy decides whether that is accepted.
 */
#include <sodium.h>
#include <string.h>

#include "dkg.h"
#include "point.h"
#include "secmem.h"

int veil_dkg_dealer(VeilDkgResult *result, uint8_t *x, uint32_t k, uint32_t n, VeilErr *err)
{
    uint8_t *coeffs;
    int ret;

    if (k < VEIL_GROUP_MIN_K || k > n || n > VEIL_GROUP_MAX_N)
        return veil_err(err, VEIL_E_DKG_MEMBER, "group of %u members with threshold %u", n, k);
    if (!(coeffs = veil_secret_new(32 * (size_t)k)))
        return veil_err(err, VEIL_E_SECMEM, "polynomial of the dealer");
    memset(result, 0, sizeof(*result));
    randombytes_buf(result->transcript, sizeof(result->transcript));
    for (uint32_t m = 0; m < k; m++)
        crypto_core_ristretto255_scalar_random(coeffs + 32 * (size_t)m);
    ret = veil_point_base(result->y, coeffs);
    for (uint32_t i = 1; i <= n && !ret; i++) {
        veil_scalar_poly(x + 32 * (size_t)(i - 1), coeffs, (int)k, i);
        ret = veil_point_base(result->yi[i - 1], x + 32 * (size_t)(i - 1));
    }
    veil_secret_free(coeffs);
    veil_stack_wipe();
    return ret < 0 ? veil_err(err, ret, "keys of the dealer") : 0;
}
