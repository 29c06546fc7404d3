/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "bytes.h"
#include "seen.h"
#include "vault.h"

struct VeilVaultWriter {
    int fd;
    char *path;
    const VeilGroupKey *g;
    const uint8_t *sk;
    VeilVaultHeader h;
    VeilMerkle tree;
    VeilSeen seen;
    uint8_t chain[VEIL_HASH_BYTES];
    uint8_t *frame; /* one UNIT frame */
    size_t cap;
    int failed; /* first failed write; nothing may follow it */
    bool final;
};

static int write_all(VeilVaultWriter *w, const uint8_t *p, size_t len, VeilErr *err)
{
    while (len) {
        const ssize_t n = write(w->fd, p, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            w->failed = n < 0 ? -errno : -EIO;
            return veil_err(err, w->failed, "vault '%s'", w->path);
        }
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Write a frame whose body stands 5 bytes into buf; h_t = SHA-256(h_{t-1} || frame_t). */
static int put_frame(VeilVaultWriter *w, uint8_t type, uint8_t *buf, size_t body_len, VeilErr *err)
{
    crypto_hash_sha256_state st;

    if (w->failed || w->final)
        return veil_err(err, w->failed ? w->failed : VEIL_E_PRECONDITION, "vault '%s' takes no more frames",
                        w->path);
    buf[0] = type;
    veil_put_le32(buf + 1, (uint32_t)body_len);
    crypto_hash_sha256_init(&st);
    crypto_hash_sha256_update(&st, w->chain, sizeof(w->chain));
    crypto_hash_sha256_update(&st, buf, 5 + body_len);
    crypto_hash_sha256_final(&st, w->chain);
    return write_all(w, buf, 5 + body_len, err);
}

static int put_text(VeilVaultWriter *w, uint8_t type, const VeilText *t, size_t max, VeilErr *err)
{
    uint8_t *buf;
    int ret;

    if (t->len > max)
        return veil_err(err, VEIL_E_TOO_LARGE, "vault '%s'", w->path);
    if (!(buf = malloc(5 + t->len)))
        return veil_err(err, -ENOMEM, "vault '%s'", w->path);
    memcpy(buf + 5, t->at, t->len);
    ret = put_frame(w, type, buf, t->len, err);
    free(buf);
    return ret;
}

static int sync_file(VeilVaultWriter *w, VeilErr *err)
{
    if (fsync(w->fd) < 0) {
        w->failed = -errno; /* what reached the disk is unknown: do not try again */
        return veil_err(err, w->failed, "vault '%s'", w->path);
    }
    return 0;
}

/* The new name itself must be on disk, too. */
static int sync_folder(VeilVaultWriter *w, VeilErr *err)
{
    char *copy = strdup(w->path);
    int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int ret = fd < 0 || fsync(fd) < 0 ? veil_err(err, -errno, "folder of vault '%s'", w->path) : 0;

    if (fd >= 0)
        close(fd);
    free(copy);
    return ret;
}

static int check_params(const VeilGroupKey *g, const VeilVaultHeader *h, const uint8_t *sk, VeilErr *err)
{
    uint8_t pk[VEIL_SIGN_PK_BYTES];

    if (sodium_memcmp(g->gid, h->gid, VEIL_GID_BYTES) || h->min_k < VEIL_GROUP_MIN_K || h->min_k > g->k)
        return veil_err(err, VEIL_E_PRECONDITION, "vault header: gid and min-k must fit the group");
    if (crypto_sign_ed25519_sk_to_pk(pk, sk) || sodium_memcmp(pk, h->operator_pk, sizeof(pk)))
        return veil_err(err, VEIL_E_PRECONDITION, "vault header: operator must be the signing key");
    if (!h->width || !h->height || !h->fps_num || !h->fps_den)
        return veil_err(err, VEIL_E_PRECONDITION, "vault header: video size and rate must be known");
    return 0;
}

static int put_header(VeilVaultWriter *w, VeilErr *err)
{
    VeilText t = { 0 };
    int ret;

    randombytes_buf(w->h.nonce, sizeof(w->h.nonce));
    if ((ret = veil_vault_header_print(&t, &w->h)) < 0)
        veil_err(err, ret, "vault header");
    else if ((ret = write_all(w, (const uint8_t *)VEIL_VAULT_MAGIC, 8, err)) >= 0)
        ret = put_text(w, VEIL_FRAME_HEADER, &t, VEIL_VAULT_HEADER_MAX, err);
    veil_text_free(&t);
    return ret;
}

/* The vault is written under its own name, not as `.part`: it must outlive a
 * crash, and without FINAL nobody takes it for a whole one. */
int veil_vault_create(VeilVaultWriter **out, const char *path, const VeilGroupKey *g, VeilVaultHeader *h,
                      const uint8_t sk[VEIL_SIGN_SK_BYTES], VeilErr *err)
{
    VeilVaultWriter *w = NULL;
    int ret;

    *out = NULL;
    if ((ret = check_params(g, h, sk, err)) < 0)
        return ret;
    if (!(w = calloc(1, sizeof(*w))))
        return veil_err(err, -ENOMEM, "vault '%s'", path);
    *w = (VeilVaultWriter){ .fd = -1, .g = g, .sk = sk, .h = *h };
    crypto_hash_sha256(w->chain, (const uint8_t *)"veil/v1/chain\n", 14);
    ret = -ENOMEM;
    if (!(w->path = strdup(path)))
        goto fail;
    if ((w->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)) < 0) {
        ret = veil_err(err, -errno, "vault '%s'", path);
        goto fail;
    }
    /* Held while it is written, so that another run can tell it from one left behind. */
    if (flock(w->fd, LOCK_EX | LOCK_NB) < 0) {
        ret = veil_err(err, -errno, "vault '%s'", path);
        goto fail;
    }
    if ((ret = put_header(w, err)) < 0 || (ret = sync_file(w, err)) < 0 || (ret = sync_folder(w, err)) < 0)
        goto fail;
    *h = w->h;
    *out = w;
    return 0;
fail:
    veil_vault_writer_close(w);
    return ret;
}

static int reserve(VeilVaultWriter *w, size_t need, VeilErr *err)
{
    uint8_t *p;

    if (need <= w->cap)
        return 0;
    if (!(p = realloc(w->frame, need)))
        return veil_err(err, -ENOMEM, "vault '%s'", w->path);
    w->frame = p;
    w->cap = need;
    return 0;
}

int veil_vault_add(VeilVaultWriter *w, uint32_t track, uint32_t seg, uint32_t part, const uint8_t *records,
                   size_t len, VeilErr *err)
{
    const size_t chunks = (size_t)veil_unit_chunks(len) * VEIL_CHUNK_SEALED;
    VeilUnitRef ref = { .track = track, .seg = seg, .part = part };
    uint8_t leaf[VEIL_HASH_BYTES];
    VeilEntry e;
    int ret;

    if (w->tree.size >= VEIL_VAULT_UNITS_MAX)
        return veil_err(err, VEIL_E_TOO_LARGE, "vault '%s'; start a new one", w->path);
    memcpy(ref.policy, w->h.policy, 32);
    memcpy(ref.vid, w->h.vid, 32);
    randombytes_buf(ref.uid, sizeof(ref.uid));
    if ((ret = reserve(w, 5 + VEIL_ENTRY_BYTES + chunks, err)) < 0 ||
        (ret = veil_unit_seal(&e, w->frame + 5 + VEIL_ENTRY_BYTES, chunks, w->g, &ref, records, len, err)) <
            0 ||
        (ret = veil_seen_add(&w->seen, &e, err)) < 0)
        return ret;
    veil_entry_pack(w->frame + 5, &e);
    veil_entry_leaf(leaf, w->frame + 5);
    if ((ret = put_frame(w, VEIL_FRAME_UNIT, w->frame, VEIL_ENTRY_BYTES + chunks, err)) < 0)
        return ret;
    veil_merkle_add(&w->tree, leaf);
    return 0;
}

static int put_seal(VeilVaultWriter *w, const uint8_t *video, VeilErr *err)
{
    VeilSeal s = { .final = video != NULL, .units = (uint32_t)w->tree.size };
    VeilText t = { 0 };
    int ret;

    memcpy(s.vid, w->h.vid, 32);
    veil_merkle_root(s.root, &w->tree);
    memcpy(s.chain, w->chain, sizeof(s.chain));
    if (video)
        memcpy(s.video, video, 32);
    if ((ret = veil_seal_print(&t, &s, w->sk)) < 0)
        veil_err(err, ret, "seal note of vault '%s'", w->path);
    else if ((ret = put_text(w, video ? VEIL_FRAME_FINAL : VEIL_FRAME_CHECKPOINT, &t, VEIL_VAULT_NOTE_MAX,
                             err)) >= 0)
        ret = sync_file(w, err);
    veil_text_free(&t);
    return ret;
}

int veil_vault_checkpoint(VeilVaultWriter *w, VeilErr *err)
{
    return put_seal(w, NULL, err);
}

int veil_vault_finish(VeilVaultWriter *w, const uint8_t video[32], VeilErr *err)
{
    int ret = put_seal(w, video, err);

    if (ret >= 0)
        w->final = true;
    return ret;
}

void veil_vault_writer_close(VeilVaultWriter *w)
{
    if (!w)
        return;
    if (w->fd >= 0)
        close(w->fd);
    veil_seen_free(&w->seen);
    free(w->frame);
    free(w->path);
    free(w);
}
