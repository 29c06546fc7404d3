/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "approve.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"

/* ---- answering -------------------------------------------------------------- */

static int make_blob(VeilBytes *blob, const VeilApproval *a, const VeilCustodian *c,
                     const VeilReleaseContext *ctx, const uint8_t *x, VeilErr *err)
{
    VeilReleaseItem *item = calloc(a->n, sizeof(*item));
    int ret = -ENOMEM;

    if (!item || !(blob->at = malloc(VEIL_RELEASE_BLOB(a->n)))) {
        veil_err(err, ret, "release");
        goto out;
    }
    blob->len = VEIL_RELEASE_BLOB(a->n);
    for (uint32_t u = 0; u < a->n; u++) {
        memcpy(item[u].uid, a->unit[u].ref.uid, VEIL_UID_BYTES);
        ret = veil_tdh2_partial(&item[u].share, &c->group.key, ctx->i, x, &a->unit[u].ref, ctx->wid,
                                &a->unit[u].ct, err);
        if (ret < 0)
            goto out;
    }
    ret = veil_release_seal(blob->at, ctx, item, err);
out:
    if (item)
        sodium_memzero(item, a->n * sizeof(*item));
    free(item);
    return ret;
}

/* The bytes of a finished text move into b. */
static int take_text(VeilBytes *b, VeilText *t, int ret, const char *what, VeilErr *err)
{
    if (ret >= 0)
        ret = veil_text_done(t);
    if (ret < 0) {
        veil_text_free(t);
        return veil_err(err, ret, "%s", what);
    }
    *b = (VeilBytes){ (uint8_t *)t->at, t->len };
    *t = (VeilText){ 0 };
    return 0;
}

static int make_note(VeilStoredRelease *s, const VeilApproval *a, const VeilReleaseContext *ctx,
                     const uint8_t *sign, VeilErr *err)
{
    VeilReleaseNote note = { .ctx = *ctx, .checkpoint_size = a->checkpoint.size };
    VeilLeaf leaf = { .kind = VEIL_LEAF_RELEASE,
                      .index = a->index,
                      .custodian = ctx->i,
                      .epoch = ctx->epoch,
                      .units = ctx->count };
    VeilText t = { 0 };
    int ret;

    crypto_hash_sha256(note.blob_hash, s->blob.at, s->blob.len);
    memcpy(note.checkpoint_root, a->checkpoint.root, 32);
    memcpy(leaf.digest, note.blob_hash, 32);
    ret = veil_release_note_format(&t, &note);
    if (ret >= 0)
        ret = veil_note_sign(&t, VEIL_GROUP_SIGNER, sign);
    if ((ret = take_text(&s->note, &t, ret, "release note", err)) < 0)
        return ret;
    veil_leaf_print(&t, &leaf);
    return take_text(&s->leaf, &t, veil_note_sign(&t, veil_leaf_role(leaf.kind), sign), "release leaf", err);
}

int veil_approve_release(const VeilApproval *a, const VeilCustodian *c, uint32_t i, const VeilRequest *r,
                         const uint8_t x[32], const uint8_t sign[VEIL_SIGN_SK_BYTES], VeilErr *err)
{
    VeilReleaseContext ctx = { .i = i, .epoch = c->group.key.epoch, .count = a->n };
    uint8_t pk[VEIL_SIGN_PK_BYTES];
    VeilStoredRelease s = { 0 };
    int ret;

    if (!a->n || i < 1 || i > c->group.key.n)
        return veil_err(err, VEIL_E_PRECONDITION, "release without an approved unit");
    if (crypto_sign_ed25519_sk_to_pk(pk, sign) || sodium_memcmp(pk, c->group.sign[i - 1], sizeof(pk)))
        return veil_err(err, VEIL_E_ROLE, "signing key is not custodian %u's", i);
    if ((ret = veil_custodian_note_request(c, r->id, err)) < 0)
        return ret == -EEXIST ? veil_err(err, VEIL_E_REPLAY, "request note") : ret;
    if (a->stored)
        return 0;
    memcpy(ctx.wid, r->w.wid, 32);
    memcpy(ctx.deliver, r->w.deliver_box, 32);
    if ((ret = make_blob(&s.blob, a, c, &ctx, x, err)) >= 0 && (ret = make_note(&s, a, &ctx, sign, err)) >= 0)
        ret = veil_custodian_store(c, ctx.wid, &s, err);
    veil_stored_release_free(&s);
    return ret;
}

/* ---- handing over ------------------------------------------------------------ */

static int write_part(const char *folder, const char *name, const void *bytes, size_t len, VeilErr *err)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
        return veil_err(err, -ENAMETOOLONG, "folder '%s'", folder);
    return veil_file_write(path, bytes, len, 0644, false, err);
}

/* The leaf's proof under a witnessed checkpoint of our own copy. */
static int prove(VeilText *proof, VeilCustodian *c, const VeilLogDir *log, const VeilStoredRelease *s,
                 VeilErr *err)
{
    const VeilPolicy *p = veil_policies_newest(&c->policies);
    const VeilSpan cp = veil_logdir_checkpoint(log);
    VeilCheckpoint checkpoint;
    char path[PATH_MAX];
    uint64_t index;
    int ret;

    if (veil_logdir_find(log, s->leaf.at, s->leaf.len, &index) < 0)
        return veil_err(err, VEIL_E_RELEASE_LOG, "release leaf is not in the log; append it");
    if ((ret = veil_checkpoint_verify(&checkpoint, cp.at, cp.len, &p->log, "checkpoint", err)) < 0 ||
        (ret = veil_logstate_advance(&c->state, log, &checkpoint, err)) < 0 ||
        (ret = veil_custodian_path(path, c, "log.state", err)) < 0 ||
        (ret = veil_logstate_save(&c->state, path, err)) < 0)
        return ret;
    if (index >= checkpoint.size)
        return veil_err(err, VEIL_E_RELEASE_LOG, "release leaf is not yet under a checkpoint");
    return veil_logdir_prove(log, index, proof, err);
}

int veil_approve_hand_over(VeilCustodian *c, const VeilLogDir *log, const uint8_t wid[32], const char *folder,
                           VeilErr *err)
{
    VeilStoredRelease s = { 0 };
    VeilText proof = { 0 };
    int ret;

    if ((ret = veil_custodian_stored(&s, c, wid, err)) < 0)
        return ret;
    if ((ret = prove(&proof, c, log, &s, err)) < 0)
        goto out;
    if (mkdir(folder, 0777) < 0) {
        ret = veil_err(err, -errno, "folder '%s'; choose a new name", folder);
        goto out;
    }
    if ((ret = write_part(folder, "release.blob", s.blob.at, s.blob.len, err)) < 0 ||
        (ret = write_part(folder, "release.note", s.note.at, s.note.len, err)) < 0 ||
        (ret = write_part(folder, "release.leaf", s.leaf.at, s.leaf.len, err)) < 0)
        goto out;
    ret = write_part(folder, "release.tlog-proof", proof.at, proof.len, err);
out:
    veil_text_free(&proof);
    veil_stored_release_free(&s);
    return ret;
}
