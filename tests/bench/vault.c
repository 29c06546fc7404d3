/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Speed of a vault: appending, and finding and reading one unit among many.
 *
 *   vault [UNITS [FOLDER]]     100000 units in /tmp by default: 1.7 GB
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "keys/point.h"
#include "keys/vault.h"

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int make_group(VeilGroupKey *g, VeilErr *err)
{
    uint8_t a[2][32], x[32], y[32], yi[3][32], transcript[32] = { 1 };

    crypto_core_ristretto255_scalar_random(a[0]);
    crypto_core_ristretto255_scalar_random(a[1]);
    if (veil_point_base(y, a[0]) < 0)
        return -1;
    for (uint32_t i = 1; i <= 3; i++) {
        veil_scalar_poly(x, a[0], 2, i);
        if (veil_point_base(yi[i - 1], x) < 0)
            return -1;
    }
    return veil_groupkey_init(g, 2, 3, 0, y, transcript, yi, err);
}

static int append(const char *path, const VeilGroupKey *g, int units, size_t len, VeilErr *err)
{
    VeilVaultHeader h = {
        .min_k = 2, .policy_version = 1, .width = 1, .height = 1, .fps_num = 25, .fps_den = 1
    };
    uint8_t sk[64], *records = malloc(len);
    VeilVaultWriter *w = NULL;
    int ret = -1;

    if (!records || crypto_sign_keypair(h.operator_pk, sk))
        goto out;
    randombytes_buf(records, len);
    memcpy(h.gid, g->gid, 32);
    ret = veil_vault_create(&w, path, g, &h, sk, err);
    for (int i = 0; i < units && ret >= 0; i++) {
        ret = veil_vault_add(w, (uint32_t)(i % 20), (uint32_t)(i / 20), 0, records, len, err);
        if (ret >= 0 && i % 2000 == 1999)
            ret = veil_vault_checkpoint(w, err);
    }
    if (ret >= 0)
        ret = veil_vault_finish(w, (const uint8_t[32]){ 1 }, err);
out:
    veil_vault_writer_close(w);
    free(records);
    return ret;
}

static int read_one(const char *path, int units, VeilErr *err)
{
    static uint8_t chunks[VEIL_CHUNK_SEALED];
    const double start = now();
    const VeilVaultInfo *info;
    struct rusage use;
    VeilVault *v;
    int ret;

    if ((ret = veil_vault_open(&v, path, false, err)) < 0)
        return ret;
    if (veil_vault_chunks(v, (uint32_t)units / 2, chunks, sizeof(chunks), err) < 0)
        return -1;
    info = veil_vault_info(v);
    getrusage(RUSAGE_SELF, &use);
    printf(
        "vault_units=%d\nvault_one_unit_s=%.3f\nvault_one_unit_read_mb=%.1f\nvault_file_mb=%.1f\nvault_peak_memory_mb=%ld\n",
        units, now() - start, (double)info->bytes_read / 1e6, (double)info->bytes / 1e6,
        use.ru_maxrss / 1024);
    ret = info->bytes_read * 10 > info->bytes; /* it must not read the whole file */
    veil_vault_close(v);
    return ret ? veil_err(err, -1, "opening one unit read a tenth of the file or more") : 0;
}

int main(int argc, char **argv)
{
    const int units = argc > 1 ? atoi(argv[1]) : 100000;
    char path[4096];
    VeilGroupKey g;
    VeilErr err = { 0 };
    double start;
    int ret = 1;

    snprintf(path, sizeof(path), "%s/bench-%d.veil", argc > 2 ? argv[2] : "/tmp", (int)getpid());
    if (sodium_init() < 0 || units < 1 || make_group(&g, &err) < 0)
        return 2;
    start = now();
    if (append(path, &g, 64, (size_t)900 * VEIL_CHUNK_PLAIN, &err) < 0)
        goto out;
    printf("vault_append_large_mb_s=%.0f\n", 64 * 900.0 * VEIL_CHUNK_PLAIN / 1e6 / (now() - start));
    unlink(path);
    start = now();
    if (append(path, &g, units, VEIL_CHUNK_PLAIN - 8, &err) < 0)
        goto out;
    printf("vault_append_small_mb_s=%.0f\nvault_append_small_units_s=%.0f\n",
           units * (double)VEIL_CHUNK_PLAIN / 1e6 / (now() - start), units / (now() - start));
    ret = read_one(path, units, &err) < 0;
out:
    if (ret)
        fprintf(stderr, "vault: %s\n", err.text);
    unlink(path);
    return ret;
}
