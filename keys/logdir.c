/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "logdir.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bytes.h"
#include "file.h"

struct VeilLogDir {
    char path[PATH_MAX];
    char origin[VEIL_TOKEN_CAP];
    uint8_t **leaf; /* n leaves, each allocated */
    size_t *leaf_len;
    uint8_t (*hash)[VEIL_HASH_BYTES];
    uint64_t n, cap;
    uint8_t *checkpoint;
    size_t checkpoint_len;
};

static void name_of(char out[PATH_MAX], const char *folder, const char *name)
{
    if (snprintf(out, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
        out[0] = '\0'; /* no such file: refused when it is opened */
}

static void entry_name(char out[PATH_MAX], const char *folder, uint64_t i)
{
    if (snprintf(out, PATH_MAX, "%s/entries/%012" PRIu64, folder, i) >= PATH_MAX)
        out[0] = '\0';
}

int veil_logdir_create(const char *path, const char *origin, VeilErr *err)
{
    char name[PATH_MAX], line[VEIL_TOKEN_CAP + 1];

    if (!veil_note_name_ok(origin))
        return veil_err(err, VEIL_E_PRECONDITION, "log origin '%s'", origin);
    name_of(name, path, "entries");
    if (mkdir(path, 0777) < 0 || mkdir(name, 0777) < 0)
        return veil_err(err, -errno, "log '%s'", path);
    name_of(name, path, "origin");
    snprintf(line, sizeof(line), "%s\n", origin);
    return veil_file_write(name, line, strlen(line), 0644, false, err);
}

/* ---- reading ---------------------------------------------------------------- */

static int keep(VeilLogDir *l, uint8_t *bytes, size_t len)
{
    if (l->n == l->cap) {
        const uint64_t cap = l->cap ? 2 * l->cap : 64;
        void *a = realloc(l->leaf, cap * sizeof(*l->leaf)), *b, *c;

        if (a)
            l->leaf = a;
        if ((b = realloc(l->leaf_len, cap * sizeof(*l->leaf_len))))
            l->leaf_len = b;
        if ((c = realloc(l->hash, cap * sizeof(*l->hash))))
            l->hash = c;
        if (!a || !b || !c)
            return -ENOMEM;
        l->cap = cap;
    }
    l->leaf[l->n] = bytes;
    l->leaf_len[l->n] = len;
    veil_merkle_leaf(l->hash[l->n], bytes, len);
    l->n++;
    return 0;
}

static int read_origin(VeilLogDir *l, VeilErr *err)
{
    char name[PATH_MAX];
    uint8_t *bytes = NULL;
    size_t len;
    int ret;

    name_of(name, l->path, "origin");
    if ((ret = veil_file_read(&bytes, &len, name, VEIL_TOKEN_MAX + 1, err)) < 0)
        return ret;
    if (len && bytes[len - 1] == '\n')
        bytes[--len] = '\0';
    if (!len || strlen((char *)bytes) != len || len > VEIL_TOKEN_MAX || !veil_note_name_ok((char *)bytes))
        ret = veil_err(err, VEIL_E_CANON, "log '%s', origin", l->path);
    else
        memcpy(l->origin, bytes, len + 1);
    free(bytes);
    return ret;
}

static int read_entries(VeilLogDir *l, VeilErr *err)
{
    while (l->n < VEIL_LOG_ENTRIES_MAX) {
        char name[PATH_MAX];
        uint8_t *bytes = NULL;
        struct stat st;
        size_t len;
        int ret;

        entry_name(name, l->path, l->n);
        if (lstat(name, &st) < 0 && errno == ENOENT)
            return 0;
        if ((ret = veil_file_read(&bytes, &len, name, VEIL_LEAF_MAX, err)) < 0)
            return ret;
        if ((ret = keep(l, bytes, len)) < 0) {
            free(bytes);
            return veil_err(err, ret, "log '%s'", l->path);
        }
    }
    return veil_err(err, VEIL_E_TOO_LARGE, "log '%s'", l->path);
}

int veil_logdir_open(VeilLogDir **out, const char *path, VeilErr *err)
{
    VeilLogDir *l;
    char name[PATH_MAX];
    int ret;

    *out = NULL;
    if (!(l = calloc(1, sizeof(*l))))
        return veil_err(err, -ENOMEM, "log '%s'", path);
    if (strlen(path) >= sizeof(l->path)) {
        ret = veil_err(err, -ENAMETOOLONG, "log '%s'", path);
        goto fail;
    }
    memcpy(l->path, path, strlen(path) + 1);
    if ((ret = read_origin(l, err)) < 0 || (ret = read_entries(l, err)) < 0)
        goto fail;
    name_of(name, path, "checkpoint");
    ret = veil_file_read(&l->checkpoint, &l->checkpoint_len, name, VEIL_TEXT_MAX, NULL);
    if (ret < 0 && ret != -ENOENT) {
        veil_err(err, ret, "checkpoint of log '%s'", path);
        goto fail;
    }
    *out = l;
    return 0;
fail:
    veil_logdir_close(l);
    return ret;
}

void veil_logdir_close(VeilLogDir *l)
{
    if (!l)
        return;
    for (uint64_t i = 0; i < l->n; i++)
        free(l->leaf[i]);
    free(l->leaf);
    free(l->leaf_len);
    free(l->hash);
    free(l->checkpoint);
    free(l);
}

const char *veil_logdir_origin(const VeilLogDir *l)
{
    return l->origin;
}

uint64_t veil_logdir_size(const VeilLogDir *l)
{
    return l->n;
}

VeilSpan veil_logdir_leaf(const VeilLogDir *l, uint64_t i)
{
    return i < l->n ? (VeilSpan){ (char *)l->leaf[i], l->leaf_len[i] } : (VeilSpan){ "", 0 };
}

VeilSpan veil_logdir_checkpoint(const VeilLogDir *l)
{
    return l->checkpoint ? (VeilSpan){ (char *)l->checkpoint, l->checkpoint_len } : (VeilSpan){ "", 0 };
}

int veil_logdir_root(const VeilLogDir *l, uint64_t size, uint8_t out[VEIL_HASH_BYTES], VeilErr *err)
{
    if (size > l->n)
        return veil_err(err, VEIL_E_LOG_FORK, "log '%s' holds %" PRIu64 " of %" PRIu64 " leaves", l->path,
                        l->n, size);
    veil_merkle_root_of(out, (const uint8_t *)l->hash, size);
    return 0;
}

int veil_logdir_find(const VeilLogDir *l, const void *leaf, size_t len, uint64_t *index)
{
    for (uint64_t i = 0; i < l->n; i++)
        if (l->leaf_len[i] == len && !memcmp(l->leaf[i], leaf, len)) {
            *index = i;
            return 0;
        }
    return -ENOENT;
}

/* ---- writing ---------------------------------------------------------------- */

int veil_logdir_append(VeilLogDir *l, const void *leaf, size_t len, uint64_t *index, VeilErr *err)
{
    char name[PATH_MAX];
    uint8_t *copy;
    VeilLeaf parsed;
    VeilNote note;
    int ret;

    if ((ret = veil_leaf_parse(&parsed, &note, leaf, len, "new leaf", err)) < 0)
        return ret;
    if (!(copy = malloc(len)))
        return veil_err(err, -ENOMEM, "log '%s'", l->path);
    memcpy(copy, leaf, len);
    entry_name(name, l->path, l->n);
    if ((ret = veil_file_write(name, leaf, len, 0644, false, err)) < 0) {
        free(copy);
        return ret;
    }
    *index = l->n;
    if ((ret = keep(l, copy, len)) < 0) {
        free(copy);
        return veil_err(err, ret, "log '%s'", l->path);
    }
    return 0;
}

static int put_checkpoint(VeilLogDir *l, VeilText *t, VeilErr *err)
{
    char name[PATH_MAX];
    int ret;

    name_of(name, l->path, "checkpoint");
    if ((ret = veil_text_done(t)) < 0)
        return veil_err(err, ret, "checkpoint of log '%s'", l->path);
    if ((ret = veil_file_write(name, t->at, t->len, 0644, true, err)) < 0)
        return ret;
    free(l->checkpoint);
    l->checkpoint = (uint8_t *)t->at; /* the text's bytes move over */
    l->checkpoint_len = t->len;
    *t = (VeilText){ 0 };
    return 0;
}

static int parse_checkpoint(const VeilLogDir *l, VeilCheckpoint *c, VeilErr *err)
{
    VeilNote n;
    int ret;

    if (!l->checkpoint)
        return veil_err(err, -ENOENT, "checkpoint of log '%s'; run 'veil log checkpoint'", l->path);
    if ((ret = veil_note_parse(&n, l->checkpoint, l->checkpoint_len, "checkpoint", err)) < 0)
        return ret;
    return veil_checkpoint_parse(c, n.text, n.text_len, "checkpoint", err);
}

/* The leaves must still give the root that the old checkpoint states. */
static int still_holds(const VeilLogDir *l, VeilErr *err)
{
    uint8_t root[VEIL_HASH_BYTES];
    VeilCheckpoint old;
    int ret;

    if (!l->checkpoint)
        return 0;
    if ((ret = parse_checkpoint(l, &old, err)) < 0 || (ret = veil_logdir_root(l, old.size, root, err)) < 0)
        return ret;
    if (sodium_memcmp(root, old.root, sizeof(root)))
        return veil_err(err, VEIL_E_LOG_FORK, "log '%s'", l->path);
    return 0;
}

int veil_logdir_sign(VeilLogDir *l, const uint8_t sk[VEIL_SIGN_SK_BYTES], VeilErr *err)
{
    VeilCheckpoint c = { .size = l->n };
    VeilText t = { 0 };
    int ret;

    if ((ret = still_holds(l, err)) < 0)
        return ret;
    memcpy(c.origin, l->origin, sizeof(c.origin));
    veil_merkle_root_of(c.root, (const uint8_t *)l->hash, l->n);
    veil_checkpoint_print(&t, &c);
    if ((ret = veil_note_sign(&t, l->origin, sk)) < 0)
        veil_err(err, ret, "checkpoint of log '%s'", l->path);
    else
        ret = put_checkpoint(l, &t, err);
    veil_text_free(&t);
    return ret;
}

int veil_logdir_cosign(VeilLogDir *l, const char *name, const uint8_t sk[VEIL_SIGN_SK_BYTES], int64_t time,
                       VeilErr *err)
{
    VeilCheckpoint c;
    VeilText t = { 0 };
    int ret;

    if ((ret = parse_checkpoint(l, &c, err)) < 0 || (ret = still_holds(l, err)) < 0)
        return ret;
    veil_text_bytes(&t, l->checkpoint, l->checkpoint_len);
    if ((ret = veil_checkpoint_cosign(&t, name, sk, time)) < 0)
        veil_err(err, ret, "checkpoint of log '%s'", l->path);
    else
        ret = put_checkpoint(l, &t, err);
    veil_text_free(&t);
    return ret;
}

int veil_logdir_prove(const VeilLogDir *l, uint64_t index, VeilText *out, VeilErr *err)
{
    VeilCheckpoint c;
    VeilProof p;
    int ret;

    if ((ret = parse_checkpoint(l, &c, err)) < 0 || (ret = still_holds(l, err)) < 0)
        return ret;
    if (veil_merkle_prove_inclusion(&p, (const uint8_t *)l->hash, c.size, index) < 0)
        return veil_err(err, VEIL_E_LOG_INCLUSION, "leaf %" PRIu64 "; the checkpoint covers %" PRIu64, index,
                        c.size);
    veil_tlog_proof_print(out, index, &p, (char *)l->checkpoint, l->checkpoint_len);
    return veil_text_done(out);
}

int veil_logdir_consistency(const VeilLogDir *l, uint64_t m, uint64_t n, VeilProof *out, VeilErr *err)
{
    if (n > l->n || veil_merkle_prove_consistency(out, (const uint8_t *)l->hash, m, n) < 0)
        return veil_err(err, VEIL_E_LOG_FORK, "log '%s': %" PRIu64 " leaves cannot extend %" PRIu64,
                        l->origin, n, m);
    return 0;
}

/* ---- unsealed warrants -------------------------------------------------------- */

static void warrant_name(char out[PATH_MAX], const VeilLogDir *l, uint64_t index)
{
    if (snprintf(out, PATH_MAX, "%s/warrants/%012" PRIu64, l->path, index) >= PATH_MAX)
        out[0] = '\0';
}

int veil_logdir_published(const VeilLogDir *l, uint64_t index, uint8_t **out, size_t *len, VeilErr *err)
{
    char name[PATH_MAX];

    warrant_name(name, l, index);
    return veil_file_read(out, len, name, VEIL_TEXT_MAX, err);
}

int veil_logdir_publish(VeilLogDir *l, uint64_t index, const void *warrant, size_t len, VeilErr *err)
{
    char name[PATH_MAX];
    uint8_t *there = NULL;
    size_t there_len;
    bool same;

    if (veil_logdir_published(l, index, &there, &there_len, NULL) >= 0) {
        same = there_len == len && !memcmp(there, warrant, len);
        free(there);
        return same ? 0 : veil_err(err, -EEXIST, "another warrant of leaf %" PRIu64, index);
    }
    name_of(name, l->path, "warrants");
    if (mkdir(name, 0777) < 0 && errno != EEXIST)
        return veil_err(err, -errno, "'%s'", name);
    warrant_name(name, l, index);
    return veil_file_write(name, warrant, len, 0644, false, err);
}
