/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil inspect`: what a vault says in the open: times, tracks, sizes, seals.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "keyio.h"
#include "keys/bytes.h"
#include "keys/vault.h"
#include "msg.h"

typedef struct InspectOptions {
    bool full, units, json;
} InspectOptions;

#define OFFSET(field) offsetof(InspectOptions, field)
static const VeilOpt inspect_options[] = {
    { "full", 0, VEIL_OPT_FLAG, OFFSET(full), NULL, "read the whole file and check its chain and chunks", 0,
      0, NULL },
    { "units", 0, VEIL_OPT_FLAG, OFFSET(units), NULL, "list every unit", 0, 0, NULL },
    { "json", 0, VEIL_OPT_FLAG, OFFSET(json), NULL, "print the result as JSON", 0, 0, NULL },
    { 0 }
};

static void segment_time(char out[VEIL_TIME_LEN + 1], const VeilVaultHeader *h, uint32_t seg)
{
    if (veil_time_format(out, h->start + (int64_t)seg * (VEIL_VAULT_SEGMENT_MS / 1000)) < 0)
        strcpy(out, "?");
}

static int print_json(const VeilVault *v, const char *path, bool units)
{
    const VeilVaultInfo *info = veil_vault_info(v);
    json_t *o =
        json_pack("{s:s, s:b, s:i, s:I, s:I, s:i, s:i}", "file", path, "final", info->seal.final, "units",
                  (int)info->seal.units, "bytes", (json_int_t)info->bytes, "tail", (json_int_t)info->tail,
                  "min_k", (int)info->header.min_k, "policy", (int)info->header.policy_version);
    json_t *list = json_array();

    veil_keyio_json_hex(o, "vid", info->header.vid, 32);
    veil_keyio_json_hex(o, "gid", info->header.gid, 32);
    veil_keyio_json_b64(o, "root", info->seal.root, 32);
    for (uint32_t i = 0; units && i < info->seal.units; i++) {
        VeilEntry e;

        if (veil_entry_parse(&e, veil_vault_entry(v, i)) >= 0)
            json_array_append_new(list, json_pack("{s:I, s:I, s:I, s:I}", "track", (json_int_t)e.track,
                                                  "segment", (json_int_t)e.seg, "part", (json_int_t)e.part,
                                                  "chunks", (json_int_t)e.nchunks));
    }
    veil_keyio_json_time(o, "start", info->header.start);
    json_object_set_new(o, "entries", list);
    return veil_keyio_report("inspect", o);
}

static int print_text(const VeilVault *v, const char *path, bool units)
{
    const VeilVaultInfo *info = veil_vault_info(v);
    const VeilVaultHeader *h = &info->header;
    char hex[VEIL_HEX_LEN(32) + 1], b64[VEIL_B64_LEN(32) + 1], time[VEIL_TIME_LEN + 1];

    segment_time(time, h, 0);
    printf("vault   %s\nvid     %s\n", path, veil_hex_encode(hex, h->vid, 32));
    printf("group   %s\nasks    %u custodians, policy version %u\n", veil_hex_encode(hex, h->gid, 32),
           h->min_k, h->policy_version);
    printf("start   %s, %ux%u, %u/%u frames a second\n", time, h->width, h->height, h->fps_num, h->fps_den);
    printf("state   %s, %u units\n", info->seal.final ? "whole" : "cut off: open up to its last checkpoint",
           info->seal.units);
    printf("root    %s\n", veil_b64_encode(b64, info->seal.root, 32));
    if (info->tail)
        printf("tail    %" PRIu64 " bytes after the last checkpoint do not count\n", info->tail);
    for (uint32_t i = 0; units && i < info->seal.units; i++) {
        VeilEntry e;

        if (veil_entry_parse(&e, veil_vault_entry(v, i)) < 0)
            continue;
        segment_time(time, h, e.seg);
        printf("  track %u  %s  segment %u part %u  %u chunks\n", e.track, time, e.seg, e.part, e.nchunks);
    }
    return VEIL_EXIT_DONE;
}

static int run_inspect(int argc, char **argv)
{
    InspectOptions o = { 0 };
    char **words = calloc((size_t)argc, sizeof(*words));
    VeilVault *v = NULL;
    VeilErr err;
    int n, ret = VEIL_EXIT_ERROR;

    if (!words || (n = veil_opts_parse(&o, inspect_options, argc, argv, words)) < 0 || !veil_keyio_start())
        goto out;
    if (n != 1) {
        veil_error("'veil inspect' wants one vault; see 'veil inspect --help'");
        goto out;
    }
    if (veil_vault_open(&v, words[0], true, &err) < 0 || (o.full && veil_vault_check(v, &err) < 0))
        ret = veil_keyio_refuse(&err);
    else
        ret = o.json ? print_json(v, words[0], o.units) : print_text(v, words[0], o.units);
out:
    veil_vault_close(v);
    free(words);
    return ret;
}

const VeilCommand veil_cmd_inspect = {
    .name = "inspect",
    .summary = "show what a vault says in the open",
    .usage = "inspect [--full] [--units] VAULT",
    .opts = inspect_options,
    .run = run_inspect,
};
