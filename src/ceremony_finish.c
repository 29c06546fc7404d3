/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The end of a ceremony: rounds 2 and 3, and the note with all signatures.
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <unistd.h>

#include "ceremony.h"
#include "keys/file.h"

static void fill_group(const Ceremony *c, const VeilDkgResult *result, VeilGroup *g)
{
    memset(g, 0, sizeof(*g));
    memcpy(g->transcript, c->refresh ? c->old.transcript : result->transcript, 32);
    if (c->refresh) {
        g->dealer = c->old.dealer;
        memcpy(g->refresh, result->transcript, 32);
        memcpy(g->prev, c->old.digest, 32);
    }
    memcpy(g->org, c->org, sizeof(g->org));
    for (uint32_t i = 0; i < c->n; i++)
        memcpy(g->sign[i], c->members[i].sign, 32);
}

static int finish(const Ceremony *c, const CeremonySelf *self, VeilDkgMessage *msgs, uint8_t x[32],
                  VeilGroup *g, VeilErr *err)
{
    uint8_t hashes[VEIL_GROUP_MAX_N][32], *bytes;
    VeilDkgResult result;
    char path[CEREMONY_PATH_CAP];
    size_t len;
    int ret;

    for (uint32_t i = 1; i <= c->n; i++)
        if ((ret = ceremony_message(&msgs[i - 1], ceremony_path(c, path, "round1", i, "msg"), i, err)) < 0)
            return ret;
    ret = veil_file_read(&bytes, &len, ceremony_private(c, self, path, "hashes"), sizeof(hashes), err);
    if (ret == -ENOENT) /* this is not the ceremony in which we published */
        return veil_err(err, VEIL_E_DKG_COMMIT, "our own list of announcements '%s' is missing", path);
    if (ret < 0)
        return ret;
    memcpy(hashes, bytes, len);
    free(bytes);
    if (len != 32 * (size_t)c->n)
        return veil_err(err, VEIL_E_DKG_COMMIT, "'%s'", path);
    if ((ret = veil_dkg_finish(&result, x, &c->dkg, self->index, msgs, hashes, self->box->secret,
                               self->share ? self->share->secret : NULL, err)) < 0)
        return ret;
    fill_group(c, &result, g);
    return veil_groupkey_init(&g->key, c->k, c->n, c->refresh ? c->old.key.epoch + 1 : 0, result.y,
                              g->transcript, result.yi, err);
}

int ceremony_conclude(const Ceremony *c, const CeremonySelf *self, uint8_t x[32], VeilGroup *g, VeilErr *err)
{
    VeilDkgMessage *msgs = calloc(c->n, sizeof(*msgs));
    int ret;

    if (!msgs)
        return veil_err(err, -ENOMEM, "messages of %u members", c->n);
    ret = finish(c, self, msgs, x, g, err);
    free(msgs);
    return ret;
}

int ceremony_sign(const Ceremony *c, const CeremonySelf *self, VeilGroup *g, VeilErr *err)
{
    VeilText t = { 0 };
    char path[CEREMONY_PATH_CAP];
    int ret;

    if ((ret = veil_group_format(&t, g)) < 0 ||
        (ret = veil_note_sign(&t, VEIL_GROUP_SIGNER, self->sign->secret)) < 0)
        veil_err(err, ret, "group note");
    else
        ret = veil_file_write(ceremony_path(c, path, "round3", self->index, "note"), t.at, t.len, 0644, false,
                              err);
    veil_text_free(&t);
    return ret;
}

/* Append member i's signature to t; its text must be ours. */
static int add_signature(VeilText *t, const Ceremony *c, uint32_t i, VeilGroup *g, VeilErr *err)
{
    uint8_t *bytes;
    char path[CEREMONY_PATH_CAP], what[64];
    const VeilNoteSig *sig;
    VeilGroup theirs;
    VeilNote note;
    size_t len;
    int ret;

    snprintf(what, sizeof(what), "group note of member %u", i);
    if ((ret = veil_file_read(&bytes, &len, ceremony_path(c, path, "round3", i, "note"), VEIL_TEXT_MAX,
                              err)) < 0)
        return ret;
    if ((ret = veil_note_parse(&note, bytes, len, what, err)) < 0 ||
        (ret = veil_group_parse(&theirs, note.text, note.text_len, err)) < 0)
        goto out;
    if (i == 1) {
        *g = theirs;
        veil_text_bytes(t, note.text, note.text_len);
    }
    if ((ret = veil_dkg_same_transcript(c->refresh ? g->refresh : g->transcript,
                                        c->refresh ? theirs.refresh : theirs.transcript, i, err)) < 0)
        goto out;
    if (sodium_memcmp(theirs.digest, g->digest, 32)) {
        ret = veil_err(err, VEIL_E_GROUP, "%s differs from that of member 1", what);
        goto out;
    }
    if ((ret = veil_note_verify(&note, VEIL_GROUP_SIGNER, c->members[i - 1].sign, what, err)) < 0)
        goto out;
    sig = veil_note_find(&note, VEIL_GROUP_SIGNER, VEIL_NOTE_ED25519, c->members[i - 1].sign);
    if ((ret = veil_note_append(t, VEIL_GROUP_SIGNER, sig->key_id, sig->sig, sig->sig_len)) < 0)
        veil_err(err, ret, "%s", what);
out:
    free(bytes);
    return ret;
}

int ceremony_assemble(const Ceremony *c, VeilGroup *g, VeilErr *err)
{
    VeilText t = { 0 };
    char path[CEREMONY_PATH_CAP];
    int ret = 0;

    for (uint32_t i = 1; i <= c->n && !ret; i++)
        ret = add_signature(&t, c, i, g, err);
    if (!ret && !(ret = veil_group_open(g, t.at, t.len, NULL, err)) &&
        (!c->refresh || !(ret = veil_group_follows(g, &c->old, err))))
        ret = veil_file_write(ceremony_path(c, path, "group", 0, "note"), t.at, t.len, 0644, true, err);
    veil_text_free(&t);
    return ret;
}

void ceremony_forget(const Ceremony *c, const CeremonySelf *self)
{
    char path[CEREMONY_PATH_CAP];

    unlink(ceremony_private(c, self, path, "message"));
    unlink(ceremony_private(c, self, path, "hashes"));
}
