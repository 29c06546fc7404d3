/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Speed of what keys/ does, one thread.
 *
 *   keys [UNITS [FOLDER]]      a vault of 100000 units in /tmp by default: 1.7 GB
 *
 * Operations per second of the custodian cryptography are of CPU time, three
 * runs of each, the slowest and the best printed. A partial verifies the sealed
 * key first, combining verifies everything: nothing is left out to look faster.
 * Then appending to a vault, and opening one unit among many: find it, answer
 * for it k times, combine, decrypt. It must not read the whole file.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "keys/dkg.h"
#include "keys/secmem.h"
#include "keys/tdh2.h"
#include "keys/vault.h"

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

static double seconds(clockid_t of)
{
    struct timespec t;

    clock_gettime(of, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Operations per second over at least 0.5 s. */
static double rate(void (*work)(void))
{
    const double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
    double spent;
    int n = 0;

    do {
        for (int i = 0; i < 50; i++, n++)
            work();
        spent = seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
    } while (spent < 0.5);
    return n / spent;
}

static void operations(void)
{
    static const struct {
        const char *name;
        void (*work)(void);
    } rows[] = {
        { "seal", seal },         { "verify", verify },
        { "partial", partial },   { "verify_partial", verify_partial },
        { "combine_3", combine },
    };

    for (size_t m = 0; m < sizeof(rows) / sizeof(rows[0]); m++) {
        double low = 1e300, high = 0;

        for (int run = 0; run < 3; run++) {
            const double r = rate(rows[m].work);

            low = r < low ? r : low;
            high = r > high ? r : high;
        }
        printf("keys_%s_per_s=%.0f\nkeys_%s_per_s_best=%.0f\n", rows[m].name, low, rows[m].name, high);
    }
}

/* ---- vault ------------------------------------------------------------------------ */

/* Write a vault of units of len bytes, on disk at the end. @return seconds */
static double append(const char *path, int units, size_t len)
{
    VeilVaultHeader h = {
        .min_k = K, .policy_version = 1, .width = 1, .height = 1, .fps_num = 25, .fps_den = 1
    };
    uint8_t sk[64], *records = malloc(len);
    VeilVaultWriter *w = NULL;
    double start;

    if (!records || crypto_sign_keypair(h.operator_pk, sk))
        check(VEIL_E_CRYPTO);
    randombytes_buf(records, len);
    memcpy(h.gid, group.gid, 32);
    start = seconds(CLOCK_MONOTONIC);
    check(veil_vault_create(&w, path, &group, &h, sk, NULL));
    for (int i = 0; i < units; i++) {
        check(veil_vault_add(w, (uint32_t)(i % 20), (uint32_t)(i / 20), 0, records, len, NULL));
        if (i % 2000 == 1999)
            check(veil_vault_checkpoint(w, NULL));
    }
    check(veil_vault_finish(w, (const uint8_t[32]){ 1 }, NULL));
    veil_vault_writer_close(w);
    free(records);
    return seconds(CLOCK_MONOTONIC) - start;
}

static void open_unit(VeilVault *v, uint32_t i)
{
    static uint8_t chunks[VEIL_CHUNK_SEALED], plain[VEIL_CHUNK_PLAIN];
    const VeilVaultInfo *info = veil_vault_info(v);
    VeilUnitRef ref;
    VeilEntry e;
    int64_t got;
    size_t len;

    check(veil_entry_parse(&e, veil_vault_entry(v, i)));
    ref = veil_entry_ref(&e, info->header.policy, info->header.vid);
    for (uint32_t c = 0; c < K; c++)
        check(veil_tdh2_partial(&shares[c], &group, c + 1, x + 32 * (size_t)c, &ref, wid, &e.ct, NULL));
    check(veil_tdh2_combine(key, &group, &ref, wid, &e.ct, shares, K, NULL, NULL));
    check((int)(got = veil_vault_chunks(v, i, chunks, sizeof(chunks), NULL)));
    check(veil_unit_open(plain, sizeof(plain), &len, &e, &group, &ref, key, chunks, (size_t)got, NULL));
}

/* @return whether it read less than a tenth of the file */
static bool one_unit(const char *path, int units)
{
    const double start = seconds(CLOCK_MONOTONIC);
    const VeilVaultInfo *info;
    struct rusage use;
    VeilVault *v;
    bool small;

    check(veil_vault_open(&v, path, false, NULL));
    open_unit(v, (uint32_t)units / 2);
    info = veil_vault_info(v);
    getrusage(RUSAGE_SELF, &use);
    printf("vault_units=%d\nvault_one_unit_s=%.3f\nvault_one_unit_read_mb=%.1f\nvault_file_mb=%.1f\n", units,
           seconds(CLOCK_MONOTONIC) - start, (double)info->bytes_read / 1e6, (double)info->bytes / 1e6);
    printf("vault_peak_memory_mb=%ld\n", use.ru_maxrss / 1024);
    small = info->bytes_read * 10 < info->bytes;
    veil_vault_close(v);
    return small;
}

static int vault(const char *folder, int units)
{
    char path[4096];
    bool small;
    double s;

    snprintf(path, sizeof(path), "%s/bench-%d.veil", folder, (int)getpid());
    s = append(path, 64, (size_t)900 * VEIL_CHUNK_PLAIN);
    printf("vault_append_large_mb_s=%.0f\n", 64 * 900.0 * VEIL_CHUNK_PLAIN / 1e6 / s);
    unlink(path);
    s = append(path, units, VEIL_CHUNK_PLAIN - 8);
    printf("vault_append_small_mb_s=%.0f\nvault_append_small_units_s=%.0f\n",
           units * (double)VEIL_CHUNK_PLAIN / 1e6 / s, units / s);
    small = one_unit(path, units);
    unlink(path);
    if (!small)
        fprintf(stderr, "keys bench: opening one unit read a tenth of the vault or more\n");
    return small ? 0 : 1;
}

int main(int argc, char **argv)
{
    const int units = argc > 1 ? atoi(argv[1]) : 100000;
    int ret;

    if (units < 20) {
        fprintf(stderr, "keys bench: give 20 units or more\n");
        return 2;
    }
    set_up();
    operations();
    ret = vault(argc > 2 ? argv[2] : "/tmp", units);
    veil_secret_free(key);
    veil_secret_free(x);
    return ret;
}
