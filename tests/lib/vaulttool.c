/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * For the keys story: write a vault of random units, and open units without
 * any video.
 *
 *   vaulttool seal GROUP POLICY OPERATOR.key PASS_FD START VAULT PLAIN_DIR
 *   vaulttool open GROUP POLICY WARRANT INDEX BOX.key PASS_FD VAULT OUT_DIR RELEASE...
 *
 * Units are 4 tracks (3, 5, 7, 9) by 18 segments; each plain unit goes into a
 * file TRACK.SEGMENT of PLAIN_DIR, each opened one into OUT_DIR.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys/bytes.h"
#include "keys/file.h"
#include "keys/opening.h"
#include "keys/vault.h"
#include "src/keyio.h"

static int fail(const VeilErr *err)
{
    fprintf(stderr, "vaulttool: %s\n", err->text);
    return err->code < -2000 ? 1 : 2;
}

static int load(VeilGroup *g, VeilPolicy *p, char **argv, VeilErr *err)
{
    uint8_t *bytes = NULL;
    size_t len;
    int ret;

    if ((ret = veil_file_read(&bytes, &len, argv[2], VEIL_TEXT_MAX, err)) >= 0)
        ret = veil_group_open(g, bytes, len, NULL, err);
    free(bytes);
    bytes = NULL;
    if (ret >= 0 && (ret = veil_file_read(&bytes, &len, argv[3], VEIL_TEXT_MAX, err)) >= 0)
        ret = veil_policy_parse(p, bytes, veil_note_text_len((char *)bytes, len), argv[3], err);
    free(bytes);
    return ret;
}

static int write_units(VeilVaultWriter *w, const char *folder, VeilErr *err)
{
    static const uint32_t track[] = { 3, 5, 7, 9 };
    static uint8_t records[40000];
    char path[4096];
    int ret = 0;

    for (uint32_t seg = 0; seg < 18 && ret >= 0; seg++) {
        for (int i = 0; i < 4 && ret >= 0; i++) {
            const size_t len = 1 + randombytes_uniform(sizeof(records));

            randombytes_buf(records, len);
            snprintf(path, sizeof(path), "%s/%u.%u", folder, track[i], seg);
            if ((ret = veil_file_write(path, records, len, 0600, false, err)) >= 0)
                ret = veil_vault_add(w, track[i], seg, 0, records, len, err);
        }
        if (ret >= 0)
            ret = veil_vault_checkpoint(w, err);
    }
    return ret;
}

static int run_seal(char **argv)
{
    VeilVaultHeader h = { .width = 1920, .height = 1080, .fps_num = 25, .fps_den = 1 };
    VeilVaultWriter *w = NULL;
    const uint8_t video[32] = { 1 };
    VeilKey key = { 0 };
    VeilPolicy p;
    VeilErr err;
    VeilGroup g;
    int ret;

    if (load(&g, &p, argv, &err) < 0)
        return fail(&err);
    if ((ret = veil_keyio_unlock(&key, argv[4], VEIL_ROLE_OPERATOR, atoi(argv[5]))))
        return ret;
    memcpy(h.gid, g.key.gid, 32);
    memcpy(h.group, g.digest, 32);
    h.min_k = g.key.k;
    h.policy_version = p.version;
    memcpy(h.policy, p.digest, 32);
    memcpy(h.operator_pk, key.public_key, 32);
    if (veil_time_parse(&h.start, argv[6], strlen(argv[6])) < 0 ||
        veil_vault_create(&w, argv[7], &g.key, &h, key.secret, &err) < 0 ||
        write_units(w, argv[8], &err) < 0 || veil_vault_finish(w, video, &err) < 0)
        ret = fail(&err);
    veil_vault_writer_close(w);
    veil_key_clear(&key);
    return ret;
}

static int open_units(VeilOpening *o, VeilVault *v, const char *folder, VeilErr *err)
{
    int ret = veil_opening_vault(o, v, err), n = 0;

    if (ret < 0)
        return ret;
    for (uint32_t i = 0; i < veil_vault_info(v)->seal.units; i++) {
        VeilEntry e;
        uint8_t *plain;
        char path[4096];
        size_t len;

        if (!veil_opening_covers(o, v, i) || veil_entry_parse(&e, veil_vault_entry(v, i)) < 0)
            continue;
        if (!(plain = malloc((size_t)e.nchunks * VEIL_CHUNK_PLAIN)))
            return -1;
        snprintf(path, sizeof(path), "%s/%u.%u", folder, e.track, e.seg);
        ret = veil_opening_unit(o, v, i, plain, (size_t)e.nchunks * VEIL_CHUNK_PLAIN, &len, NULL, err);
        if (ret >= 0)
            ret = veil_file_write(path, plain, len, 0600, false, err);
        free(plain);
        if (ret < 0)
            return ret;
        n++;
    }
    printf("opened %d units\n", n);
    return n;
}

static int run_open(int argc, char **argv)
{
    VeilOpening *o = NULL;
    VeilVault *v = NULL;
    VeilKey box = { 0 };
    uint8_t *bytes = NULL;
    VeilWarrant w;
    VeilPolicy p;
    VeilErr err;
    VeilGroup g;
    size_t len;
    int ret;

    if (load(&g, &p, argv, &err) < 0 || veil_file_read(&bytes, &len, argv[4], VEIL_TEXT_MAX, &err) < 0 ||
        veil_warrant_parse(&w, bytes, len, argv[4], &err) < 0)
        return fail(&err);
    free(bytes);
    if ((ret = veil_keyio_unlock(&box, argv[6], VEIL_ROLE_REQUESTER_BOX, atoi(argv[7]))))
        return ret;
    if (veil_opening_new(&o, &g, &p, &w, strtoull(argv[5], NULL, 10), box.secret, &err) < 0)
        ret = fail(&err);
    for (int i = 10; i < argc && !ret; i++) {
        VeilHandedRelease h;

        if (veil_handed_load(&h, argv[i], &err) < 0 || veil_opening_add(o, &h, &err) < 0)
            ret = fail(&err);
        veil_handed_free(&h);
    }
    if (!ret && (veil_vault_open(&v, argv[8], true, &err) < 0 || open_units(o, v, argv[9], &err) < 0))
        ret = fail(&err);
    veil_vault_close(v);
    veil_opening_free(o);
    veil_key_clear(&box);
    return ret;
}

int main(int argc, char **argv)
{
    if (!veil_keyio_start())
        return 2;
    if (argc == 9 && !strcmp(argv[1], "seal"))
        return run_seal(argv);
    if (argc >= 10 && !strcmp(argv[1], "open"))
        return run_open(argc, argv);
    fprintf(stderr, "usage: see tests/lib/vaulttool.c\n");
    return 2;
}
