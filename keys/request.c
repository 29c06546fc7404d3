/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "request.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "minisig.h"

void veil_request_print(VeilText *t, const uint8_t wid[32], const uint8_t id[32], int64_t time)
{
    veil_text_add(t, "veil/v1/request\n");
    veil_text_hex(t, "wid", wid, 32);
    veil_text_b64(t, "id", id, 32);
    veil_text_time(t, "time", time);
}

static int parse_note(VeilRequest *r, VeilErr *err)
{
    VeilText again = { 0 };
    VeilNote n;
    VeilLines l;
    int ret;

    if (r->note.len > VEIL_VAULT_NOTE_MAX)
        return veil_err(err, VEIL_E_TOO_LARGE, "request note");
    if ((ret = veil_note_parse(&n, r->note.at, r->note.len, "request note", err)) < 0)
        return ret;
    veil_lines_open(&l, n.text, n.text_len, "request note", err);
    veil_lines_word(&l, "veil/v1/request");
    veil_lines_hex(&l, "wid", r->wid, 32);
    veil_lines_b64(&l, "id", r->id, 32);
    veil_lines_time(&l, "time", &r->time);
    if ((ret = veil_lines_end(&l)) < 0)
        return ret;
    veil_request_print(&again, r->wid, r->id, r->time);
    return veil_text_same(&again, n.text, n.text_len, "request note", err);
}

int veil_request_parse(VeilRequest *r, VeilErr *err)
{
    int ret;

    if ((ret = parse_note(r, err)) < 0 ||
        (ret = veil_warrant_parse(&r->w, r->warrant.at, r->warrant.len, "warrant of the request", err)) < 0)
        return ret;
    for (int v = 0; v < r->w.vaults; v++) {
        const VeilRequestVault *in = &r->vault[v];

        if (!in->header.at || !in->seal.at || !in->entries.at)
            return veil_err(err, VEIL_E_CANON, "request: vault %d of the warrant is missing", v + 1);
        if (in->header.len > VEIL_VAULT_HEADER_MAX || in->seal.len > VEIL_VAULT_NOTE_MAX ||
            in->entries.len % VEIL_ENTRY_BYTES || in->entries.len / VEIL_ENTRY_BYTES > VEIL_VAULT_UNITS_MAX)
            return veil_err(err, VEIL_E_TOO_LARGE, "request, vault %d: length of a part", v + 1);
    }
    for (int v = r->w.vaults; v < VEIL_WARRANT_VAULTS_MAX; v++)
        if (r->vault[v].header.at)
            return veil_err(err, VEIL_E_CANON, "request: vault %d is not in the warrant", v + 1);
    return 0;
}

/* ---- folders ---------------------------------------------------------------- */

static int read_part(VeilBytes *out, const char *folder, const char *name, size_t max, VeilErr *err)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
        return veil_err(err, -ENAMETOOLONG, "request '%s'", folder);
    return veil_file_read(&out->at, &out->len, path, max, err);
}

static int read_numbered(VeilBytes *out, const char *folder, const char *before, int n, const char *after,
                         size_t max)
{
    char name[64];

    snprintf(name, sizeof(name), "%s%d%s", before, n, after);
    return read_part(out, folder, name, max, NULL);
}

static int read_vault(VeilRequest *r, const char *folder, int v, VeilErr *err)
{
    VeilRequestVault *to = &r->vault[v];
    int ret;

    if ((ret = read_numbered(&to->header, folder, "vault-", v + 1, ".header", VEIL_VAULT_HEADER_MAX)) ==
        -ENOENT)
        return 0;
    if (ret < 0 ||
        (ret = read_numbered(&to->seal, folder, "vault-", v + 1, ".seal", VEIL_VAULT_NOTE_MAX)) < 0 ||
        (ret = read_numbered(&to->entries, folder, "vault-", v + 1, ".entries",
                             (size_t)VEIL_VAULT_UNITS_MAX * VEIL_ENTRY_BYTES)) < 0)
        return veil_err(err, ret, "request '%s', vault %d", folder, v + 1);
    return 0;
}

static int read_folder(VeilRequest *r, const char *folder, VeilErr *err)
{
    int ret;

    if ((ret = read_part(&r->note, folder, "request.note", VEIL_VAULT_NOTE_MAX, err)) < 0 ||
        (ret = read_part(&r->warrant, folder, "warrant", VEIL_TEXT_MAX, err)) < 0 ||
        (ret = read_part(&r->proof, folder, "warrant.tlog-proof", VEIL_TEXT_MAX, err)) < 0)
        return ret;
    for (; r->sigs < VEIL_REQUEST_SIGS_MAX; r->sigs++) {
        ret = read_numbered(&r->sig[r->sigs], folder, "warrant.", r->sigs + 1, ".minisig", VEIL_MINISIG_MAX);
        if (ret == -ENOENT)
            break;
        if (ret < 0)
            return veil_err(err, ret, "request '%s', signature %d", folder, r->sigs + 1);
    }
    for (int v = 0; v < VEIL_WARRANT_VAULTS_MAX; v++)
        if ((ret = read_vault(r, folder, v, err)) < 0)
            return ret;
    return 0;
}

int veil_request_load(VeilRequest **out, const char *folder, VeilErr *err)
{
    VeilRequest *r;
    int ret;

    *out = NULL;
    if (!(r = calloc(1, sizeof(*r))))
        return veil_err(err, -ENOMEM, "request '%s'", folder);
    if ((ret = read_folder(r, folder, err)) < 0 || (ret = veil_request_parse(r, err)) < 0) {
        veil_request_free(r);
        return ret;
    }
    *out = r;
    return 0;
}

static int write_part(const VeilBytes *b, const char *folder, const char *name, VeilErr *err)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
        return veil_err(err, -ENAMETOOLONG, "request '%s'", folder);
    return veil_file_write(path, b->at, b->len, 0644, false, err);
}

int veil_request_save(const VeilRequest *r, const char *folder, VeilErr *err)
{
    char name[64];
    int ret;

    if (mkdir(folder, 0777) < 0)
        return veil_err(err, -errno, "request '%s'; choose a new name", folder);
    if ((ret = write_part(&r->note, folder, "request.note", err)) < 0 ||
        (ret = write_part(&r->warrant, folder, "warrant", err)) < 0 ||
        (ret = write_part(&r->proof, folder, "warrant.tlog-proof", err)) < 0)
        return ret;
    for (int i = 0; i < r->sigs; i++) {
        snprintf(name, sizeof(name), "warrant.%d.minisig", i + 1);
        if ((ret = write_part(&r->sig[i], folder, name, err)) < 0)
            return ret;
    }
    for (int v = 0; v < r->w.vaults; v++) {
        const VeilBytes *part[] = { &r->vault[v].header, &r->vault[v].seal, &r->vault[v].entries };
        static const char *const after[] = { "header", "seal", "entries" };

        for (int i = 0; i < 3; i++) {
            snprintf(name, sizeof(name), "vault-%d.%s", v + 1, after[i]);
            if ((ret = write_part(part[i], folder, name, err)) < 0)
                return ret;
        }
    }
    return 0;
}

static int copy_bytes(VeilBytes *out, const void *at, size_t len)
{
    if (!(out->at = malloc(len + 1)))
        return -ENOMEM;
    if (len)
        memcpy(out->at, at, len);
    out->len = len;
    return 0;
}

int veil_request_take_vault(VeilRequestVault *out, const VeilVault *v, VeilErr *err)
{
    const VeilVaultInfo *info = veil_vault_info(v);

    *out = (VeilRequestVault){ 0 };
    if (copy_bytes(&out->header, info->header_text, info->header_len) < 0 ||
        copy_bytes(&out->seal, info->seal_note, info->seal_len) < 0 ||
        !(out->entries.at = malloc((size_t)info->seal.units * VEIL_ENTRY_BYTES + 1)))
        return veil_err(err, -ENOMEM, "request"); /* what was taken is freed with the request */
    for (uint32_t i = 0; i < info->seal.units; i++)
        memcpy(out->entries.at + (size_t)i * VEIL_ENTRY_BYTES, veil_vault_entry(v, i), VEIL_ENTRY_BYTES);
    out->entries.len = (size_t)info->seal.units * VEIL_ENTRY_BYTES;
    return 0;
}

void veil_request_free(VeilRequest *r)
{
    if (!r)
        return;
    free(r->note.at);
    free(r->warrant.at);
    free(r->proof.at);
    for (int i = 0; i < VEIL_REQUEST_SIGS_MAX; i++)
        free(r->sig[i].at);
    for (int v = 0; v < VEIL_WARRANT_VAULTS_MAX; v++) {
        free(r->vault[v].header.at);
        free(r->vault[v].seal.at);
        free(r->vault[v].entries.at);
    }
    free(r);
}
