/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Operations per second of the custodian cryptography, one thread, CPU time.
 * Three runs of each; the slowest and the best are printed. A partial verifies
 * the sealed key first, combining verifies everything: nothing is left out to
 * look faster. Appending to a vault and opening one unit of 100,000 are in
 * vault.c.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "keys/dkg.h"
#include "keys/secmem.h"
#include "keys/tdh2.h"

#define K 3
#define N 5

static VeilGroupKey group;
static VeilUnitRef unit = { .track = 3, .seg = 7 };
static VeilCt ct;
static VeilShare shares[K];
static uint8_t *x, *key, wid[32];

static void check(int ret)
{
    if (ret < 0) {
        fprintf(stderr, "keys bench: %s\n", veil_err_name(ret));
        exit(2);
    }
}

static void seal(void)
{
    VeilCt another; /* the shares belong to `ct` */

    check(veil_tdh2_seal(&another, &group, &unit, key, NULL));
}

static void verify(void)
{
    check(veil_tdh2_verify(&ct, &group, &unit, NULL));
}

static void partial(void)
{
    check(veil_tdh2_partial(&shares[0], &group, 1, x, &unit, wid, &ct, NULL));
}

static void verify_partial(void)
{
    check(veil_tdh2_verify_partial(&shares[0], &group, &unit, wid, &ct, NULL));
}

static void combine(void)
{
    check(veil_tdh2_combine(key, &group, &unit, wid, &ct, shares, K, NULL, NULL));
}

static void set_up(void)
{
    VeilDkgResult r;

    if (sodium_init() < 0 || !(x = veil_secret_new(N * 32)) || !(key = veil_secret_new(32)))
        check(VEIL_E_SECMEM);
    randombytes_buf(key, 32);
    check(veil_dkg_dealer(&r, x, K, N, NULL));
    check(veil_groupkey_init(&group, K, N, 0, r.y, r.transcript, r.yi, NULL));
    check(veil_tdh2_seal(&ct, &group, &unit, key, NULL));
    for (uint32_t i = 0; i < K; i++)
        check(veil_tdh2_partial(&shares[i], &group, i + 1, x + 32 * (size_t)i, &unit, wid, &ct, NULL));
}

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Operations per second over at least 0.5 s. */
static double rate(void (*work)(void))
{
    const double start = cpu_seconds();
    double spent;
    int n = 0;

    do {
        for (int i = 0; i < 50; i++, n++)
            work();
        spent = cpu_seconds() - start;
    } while (spent < 0.5);
    return n / spent;
}

int main(void)
{
    static const struct {
        const char *name;
        void (*work)(void);
    } rows[] = {
        { "seal", seal },         { "verify", verify },
        { "partial", partial },   { "verify_partial", verify_partial },
        { "combine_3", combine },
    };

    set_up();
    for (size_t m = 0; m < sizeof(rows) / sizeof(rows[0]); m++) {
        double low = 1e300, high = 0;

        for (int run = 0; run < 3; run++) {
            const double r = rate(rows[m].work);

            low = r < low ? r : low;
            high = r > high ? r : high;
        }
        printf("keys_%s_per_s=%.0f\nkeys_%s_per_s_best=%.0f\n", rows[m].name, low, rows[m].name, high);
    }
    veil_secret_free(key);
    veil_secret_free(x);
    return 0;
}
