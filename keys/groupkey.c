/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "groupkey.h"

#include <sodium.h>
#include <string.h>

#include "point.h"

/* sum = lambda_first*Y_first + .. over the k indices first .. first+k-1 */
static int interpolate(uint8_t sum[VEIL_POINT_BYTES], const VeilGroupKey *g, uint32_t first)
{
    uint32_t indices[VEIL_GROUP_MAX_N];
    uint8_t lambda[VEIL_SCALAR_BYTES], term[VEIL_POINT_BYTES];
    int ret;

    for (uint32_t m = 0; m < g->k; m++)
        indices[m] = first + m;
    memset(sum, 0, VEIL_POINT_BYTES); /* the identity */
    for (uint32_t m = 0; m < g->k; m++) {
        if ((ret = veil_scalar_lagrange(lambda, indices, (int)g->k, indices[m])) < 0 ||
            (ret = veil_point_mul(term, lambda, g->yi[indices[m] - 1])) < 0 ||
            (ret = veil_point_add(sum, sum, term)) < 0)
            return ret;
    }
    return 0;
}

/* Every run of k neighbours must give Y at 0. Two neighbouring runs share k-1
 * points and the value at 0, so all runs lie on one polynomial of degree k-1:
 * then any k of the Y_i interpolate to Y. */
static int check_interpolation(const VeilGroupKey *g, VeilErr *err)
{
    uint8_t sum[VEIL_POINT_BYTES];

    for (uint32_t first = 1; first + g->k - 1 <= g->n; first++)
        if (interpolate(sum, g, first) < 0 || sodium_memcmp(sum, g->y, sizeof(sum)))
            return veil_err(err, VEIL_E_GROUP, "keys of custodians %u to %u do not interpolate to Y", first,
                            first + g->k - 1);
    return 0;
}

int veil_groupkey_init(VeilGroupKey *g, uint32_t k, uint32_t n, uint32_t epoch,
                       const uint8_t y[VEIL_POINT_BYTES], const uint8_t transcript[32],
                       const uint8_t (*yi)[VEIL_POINT_BYTES], VeilErr *err)
{
    uint8_t wide[VEIL_HB_BYTES];
    int ret;

    if (k < VEIL_GROUP_MIN_K || k > n || n > VEIL_GROUP_MAX_N)
        return veil_err(err, VEIL_E_GROUP, "group of %u with threshold %u is not 2 <= k <= n <= %d", n, k,
                        VEIL_GROUP_MAX_N);
    memset(g, 0, sizeof(*g));
    g->k = k;
    g->n = n;
    g->epoch = epoch;
    memcpy(g->y, y, sizeof(g->y));
    memcpy(g->yi, yi, n * sizeof(g->yi[0]));
    if (!veil_point_ok(g->y))
        return veil_err(err, VEIL_E_POINT, "group key 'Y'");
    for (uint32_t i = 0; i < n; i++)
        if (!veil_point_ok(g->yi[i]))
            return veil_err(err, VEIL_E_POINT, "public key 'Y_%u' of the group", i + 1);
    if ((ret = check_interpolation(g, err)) < 0)
        return ret;
    /* gid = HB32("veil/v1/group-id"; suite, Y, T) */
    if ((ret = veil_hb32(g->gid, "veil/v1/group-id",
                         VEIL_FIELDS({ VEIL_SUITE, strlen(VEIL_SUITE) }, { g->y, sizeof(g->y) },
                                     { transcript, 32 }))) < 0 ||
        /* Gbar = from_hash(HB("veil/v1/gbar"; gid)) */
        (ret = veil_hb(wide, "veil/v1/gbar", VEIL_FIELDS({ g->gid, sizeof(g->gid) }))) < 0)
        return veil_err(err, ret, "gid of the group");
    if (crypto_core_ristretto255_from_hash(g->gbar, wide) || !veil_point_ok(g->gbar))
        return veil_err(err, VEIL_E_CRYPTO, "second base of the group");
    return 0;
}
