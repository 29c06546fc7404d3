/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "opening.h"

#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "secmem.h"
#include "tlog.h"

typedef struct Answer {
    uint32_t i;
    VeilReleaseItem *item; /* count shares, in the order of the blob */
    uint32_t count;
} Answer;

struct VeilOpening {
    const VeilGroup *g;
    const VeilPolicy *policy;
    const VeilWarrant *w;
    const uint8_t *box;
    uint64_t index;
    Answer answer[VEIL_GROUP_MAX_N];
    int n;
};

/* ---- folders ---------------------------------------------------------------- */

int veil_handed_load(VeilHandedRelease *h, const char *folder, VeilErr *err)
{
    static const char *const name[] = { "note", "blob", "leaf", "tlog-proof" };
    VeilBytes *const part[] = { &h->note, &h->blob, &h->leaf, &h->proof };
    const size_t max[] = { VEIL_TEXT_MAX, VEIL_RELEASE_BLOB(VEIL_RELEASE_MAX_UNITS), VEIL_LEAF_MAX,
                           VEIL_TEXT_MAX };
    int ret = 0;

    *h = (VeilHandedRelease){ 0 };
    for (int i = 0; i < 4 && ret >= 0; i++) {
        char path[PATH_MAX];

        if (snprintf(path, sizeof(path), "%s/release.%s", folder, name[i]) >= (int)sizeof(path))
            ret = veil_err(err, -ENAMETOOLONG, "release '%s'", folder);
        else if ((ret = veil_file_read(&part[i]->at, &part[i]->len, path, max[i], NULL)) == -ENOENT && i == 3)
            ret = veil_err(err, VEIL_E_RELEASE_LOG, "release '%s' has no proof", folder);
        else if (ret < 0)
            veil_err(err, ret, "release '%s'", path);
    }
    if (ret < 0)
        veil_handed_free(h);
    return ret;
}

void veil_handed_free(VeilHandedRelease *h)
{
    free(h->note.at);
    free(h->blob.at);
    free(h->leaf.at);
    free(h->proof.at);
    *h = (VeilHandedRelease){ 0 };
}

/* ---- releases --------------------------------------------------------------- */

int veil_opening_new(VeilOpening **out, const VeilGroup *g, const VeilPolicy *policy,
                     const VeilWarrant *warrant, uint64_t index, const uint8_t box[32], VeilErr *err)
{
    uint8_t pk[32];
    VeilOpening *o;

    *out = NULL;
    if (crypto_scalarmult_base(pk, box) || sodium_memcmp(pk, warrant->deliver_box, sizeof(pk)))
        return veil_err(err, VEIL_E_BOX_KEY, "the key is not the warrant's deliver-box");
    if (sodium_memcmp(warrant->gid, g->key.gid, VEIL_GID_BYTES))
        return veil_err(err, VEIL_E_GROUP, "warrant names another group");
    if (warrant->policy_version != policy->version || sodium_memcmp(warrant->policy, policy->digest, 32))
        return veil_err(err, VEIL_E_POLICY, "warrant names policy version %u", warrant->policy_version);
    if (!(o = calloc(1, sizeof(*o))))
        return veil_err(err, -ENOMEM, "opening");
    *o = (VeilOpening){ .g = g, .policy = policy, .w = warrant, .box = box, .index = index };
    *out = o;
    return 0;
}

void veil_opening_free(VeilOpening *o)
{
    if (!o)
        return;
    for (int i = 0; i < o->n; i++) {
        sodium_memzero(o->answer[i].item, o->answer[i].count * sizeof(*o->answer[i].item));
        free(o->answer[i].item);
    }
    free(o);
}

/* Signature, warrant, custodian, epoch and key of a release note. */
static int check_note(const VeilOpening *o, VeilReleaseNote *note, const VeilBytes *b, VeilErr *err)
{
    VeilNote n;
    int ret;

    if ((ret = veil_note_parse(&n, b->at, b->len, "release note", err)) < 0 ||
        (ret = veil_release_note_parse(note, n.text, n.text_len, err)) < 0)
        return ret;
    if (note->ctx.i < 1 || note->ctx.i > o->g->key.n)
        return veil_err(err, VEIL_E_SHARE_INDEX, "release note: custodian %u", note->ctx.i);
    for (int i = 0; i < o->n; i++)
        if (o->answer[i].i == note->ctx.i)
            return veil_err(err, VEIL_E_SHARE_INDEX, "release note: custodian %u a second time", note->ctx.i);
    if ((ret = veil_note_verify(&n, VEIL_GROUP_SIGNER, o->g->sign[note->ctx.i - 1], "release note", err)) < 0)
        return ret;
    if (note->ctx.epoch != o->g->key.epoch)
        return veil_err(err, VEIL_E_EPOCH, "release of custodian %u: epoch %u", note->ctx.i, note->ctx.epoch);
    if (sodium_memcmp(note->ctx.wid, o->w->wid, 32) ||
        sodium_memcmp(note->ctx.deliver, o->w->deliver_box, 32) || !note->ctx.count)
        return veil_err(err, VEIL_E_BLOB_CONTEXT, "release of custodian %u: note", note->ctx.i);
    return 0;
}

/* The release stands in the witnessed log, and says what the note says. */
static int check_logged(const VeilOpening *o, const VeilReleaseNote *note, const VeilHandedRelease *h,
                        VeilErr *err)
{
    const VeilLeafTrust trust = { o->policy, o->g->sign, (int)o->g->key.n };
    VeilCheckpoint c;
    uint64_t index;
    VeilErr why;
    VeilLeaf l;
    VeilNote n;
    int ret;

    if ((ret = veil_leaf_parse(&l, &n, h->leaf.at, h->leaf.len, "release leaf", err)) < 0 ||
        (ret = veil_leaf_check_author(&l, &n, &trust, "release leaf", err)) < 0)
        return ret;
    if (l.kind != VEIL_LEAF_RELEASE || l.index != o->index || l.custodian != note->ctx.i ||
        l.epoch != note->ctx.epoch || l.units != note->ctx.count ||
        sodium_memcmp(l.digest, note->blob_hash, 32))
        return veil_err(err, VEIL_E_RELEASE_LOG, "release of custodian %u: its leaf says something else",
                        note->ctx.i);
    if (veil_tlog_proof_verify(&c, &index, h->proof.at, h->proof.len, h->leaf.at, h->leaf.len,
                               &o->policy->log, "release proof", &why) < 0)
        return veil_err(err, VEIL_E_RELEASE_LOG, "release of custodian %u (%.200s)", note->ctx.i, why.text);
    return 0;
}

static int open_blob(VeilOpening *o, const VeilReleaseNote *note, const VeilBytes *blob, VeilErr *err)
{
    uint8_t hash[32];
    Answer a = { .i = note->ctx.i, .count = note->ctx.count };
    int ret;

    crypto_hash_sha256(hash, blob->at, blob->len);
    if (sodium_memcmp(hash, note->blob_hash, sizeof(hash)) || blob->len != VEIL_RELEASE_BLOB(a.count) ||
        a.count > VEIL_RELEASE_MAX_UNITS)
        return veil_err(err, VEIL_E_BLOB_CONTEXT, "release of custodian %u: blob", a.i);
    if (!(a.item = calloc(a.count, sizeof(*a.item))))
        return veil_err(err, -ENOMEM, "release of custodian %u", a.i);
    if ((ret = veil_release_open(a.item, &note->ctx, blob->at, blob->len, o->box, err)) < 0) {
        free(a.item);
        return ret;
    }
    o->answer[o->n++] = a;
    return (int)a.i;
}

int veil_opening_add(VeilOpening *o, const VeilHandedRelease *h, VeilErr *err)
{
    VeilReleaseNote note;
    int ret;

    if ((ret = check_note(o, &note, &h->note, err)) < 0 || (ret = check_logged(o, &note, h, err)) < 0)
        return ret;
    return open_blob(o, &note, &h->blob, err);
}

/* ---- units ------------------------------------------------------------------ */

/* Which of the warrant's vaults this is, from 0; VEIL_E_VAULT_ROOT for another one or another root. */
static int vault_of(const VeilOpening *o, const VeilVault *v)
{
    const VeilVaultInfo *info = veil_vault_info(v);

    for (int i = 0; i < o->w->vaults; i++)
        if (!sodium_memcmp(o->w->vault[i].vid, info->header.vid, 32))
            return sodium_memcmp(o->w->vault[i].root, info->seal.root, 32) ? VEIL_E_VAULT_ROOT : i;
    return VEIL_E_VAULT_ROOT;
}

int veil_opening_vault(const VeilOpening *o, const VeilVault *v, VeilErr *err)
{
    const int ret = vault_of(o, v);

    return ret < 0 ? veil_err(err, ret, "vault") : ret;
}

bool veil_opening_covers(const VeilOpening *o, const VeilVault *v, uint32_t i)
{
    const uint8_t *bytes = veil_vault_entry(v, i);
    const int vault = vault_of(o, v);
    VeilEntry e;

    return bytes && vault >= 0 && veil_entry_parse(&e, bytes) >= 0 &&
           veil_warrant_covers(o->w, vault, e.track, e.seg);
}

static const VeilReleaseItem *share_for(const Answer *a, const uint8_t uid[VEIL_UID_BYTES])
{
    for (uint32_t j = 0; j < a->count; j++)
        if (!memcmp(a->item[j].uid, uid, VEIL_UID_BYTES))
            return &a->item[j];
    return NULL;
}

static int combine(const VeilOpening *o, uint8_t *key, const VeilEntry *e, const VeilUnitRef *ref,
                   uint32_t *bad, VeilErr *err)
{
    VeilShare share[VEIL_GROUP_MAX_N];
    int n = 0, ret;

    for (int i = 0; i < o->n; i++) {
        const VeilReleaseItem *item = share_for(&o->answer[i], e->uid);

        if (!item)
            return veil_err(err, VEIL_E_BLOB_CONTEXT, "custodian %u did not answer for track %u, segment %u",
                            o->answer[i].i, e->track, e->seg);
        share[n++] = item->share;
    }
    ret = veil_tdh2_combine(key, &o->g->key, ref, o->w->wid, &e->ct, share, n, bad, err);
    sodium_memzero(share, sizeof(share));
    return ret;
}

int veil_opening_unit(VeilOpening *o, VeilVault *v, uint32_t i, uint8_t *plain, size_t cap, size_t *len,
                      uint32_t *bad, VeilErr *err)
{
    const VeilVaultInfo *info = veil_vault_info(v);
    const uint8_t *bytes = veil_vault_entry(v, i);
    uint8_t *key = NULL, *chunks = NULL;
    VeilUnitRef ref;
    VeilEntry e;
    int64_t n;
    int ret;

    *len = 0;
    if (!bytes || veil_entry_parse(&e, bytes) < 0)
        return veil_err(err, -EINVAL, "unit %u", i);
    if ((ret = veil_opening_vault(o, v, err)) < 0)
        return ret;
    if (!veil_opening_covers(o, v, i))
        return veil_err(err, VEIL_E_OUT_OF_SCOPE, "track %u, segment %u", e.track, e.seg);
    ref = veil_entry_ref(&e, info->header.policy, info->header.vid);
    if (!(key = veil_secret_new(VEIL_UNIT_KEY_BYTES)))
        return veil_err(err, VEIL_E_SECMEM, "unit key");
    if ((ret = combine(o, key, &e, &ref, bad, err)) < 0)
        goto out;
    if (!(chunks = malloc((size_t)e.nchunks * VEIL_CHUNK_SEALED))) {
        ret = veil_err(err, -ENOMEM, "unit %u", i);
        goto out;
    }
    if ((n = veil_vault_chunks(v, i, chunks, (size_t)e.nchunks * VEIL_CHUNK_SEALED, err)) < 0)
        ret = (int)n;
    else
        ret = veil_unit_open(plain, cap, len, &e, &o->g->key, &ref, key, chunks, (size_t)n, err);
out:
    free(chunks);
    veil_secret_free(key);
    return ret;
}
