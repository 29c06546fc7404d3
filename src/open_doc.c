/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "open_doc.h"

#include <libgen.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keyio.h"
#include "keys/bytes.h"
#include "keys/minisig.h"
#include "report.h"
#include "version.h"

void veil_open_track_name(char *out, size_t cap, const VeilGranted *g, const VeilOpenedTrack *t)
{
    if (g->warrant.vaults > 1)
        snprintf(out, cap, "vault-%d-track-%u", g->vault[t->vault].index + 1, t->track);
    else
        snprintf(out, cap, "track-%u", t->track);
}

static void set(json_t *j, const char *key, json_t *value)
{
    json_object_set_new(j, key, value ? value : json_null());
}

static json_t *base_name(const char *path)
{
    char *copy = strdup(path);
    json_t *j = copy ? json_string(basename(copy)) : NULL;

    free(copy);
    return j ? j : json_string("?");
}

/* ---- authority ------------------------------------------------------------------------- */

static json_t *log_json(const VeilGranted *g)
{
    json_t *j = json_pack("{s:s, s:I, s:s, s:s}", "origin", g->checkpoint.origin, "leaf_index", (json_int_t)g->index,
                          "leaf", "warrant.leaf", "proof", "warrant.tlog-proof");
    json_t *c = json_pack("{s:I}", "size", (json_int_t)g->checkpoint.size);

    veil_keyio_json_b64(c, "root", g->checkpoint.root, VEIL_HASH_BYTES);
    veil_keyio_json_time(c, "time", g->checkpoint.time);
    set(j, "checkpoint", c);
    return j;
}

static json_t *warrant_json(const VeilGranted *g)
{
    const VeilWarrant *w = &g->warrant;
    json_t *j = json_pack("{s:s}", "file", "warrant"), *issuers = json_array(), *sigs = json_array();

    veil_keyio_json_hex(j, "wid", w->wid, 32);
    set(j, "court", json_string(w->court));
    veil_keyio_json_b64(j, "case", w->case_hash, 32);
    set(j, "reason", json_string(w->reason));
    set(j, "action", json_string(w->match ? "match" : "view"));
    veil_keyio_json_time(j, "not_before", w->not_before);
    veil_keyio_json_time(j, "not_after", w->not_after);
    veil_keyio_json_time(j, "unseal_by", w->unseal_by);
    for (int i = 0; i < g->policy->issuers.n; i++)
        if (g->issuers >> i & 1)
            json_array_append_new(issuers, json_string(g->policy->issuers.at[i].name));
    for (int i = 0; i < g->sigs; i++)
        json_array_append_new(sigs, json_sprintf("warrant.%d.minisig", i + 1));
    set(j, "issuers", issuers);
    set(j, "signatures", sigs);
    set(j, "log", log_json(g));
    return j;
}

static json_t *group_json(const VeilGranted *g)
{
    json_t *j = json_pack("{s:s}", "note", "group.note");

    veil_keyio_json_hex(j, "gid", g->group.key.gid, VEIL_GID_BYTES);
    set(j, "k", json_integer(g->group.key.k));
    set(j, "n", json_integer(g->group.key.n));
    set(j, "epoch", json_integer(g->group.key.epoch));
    set(j, "keygen", json_string(g->group.dealer ? "dealer" : "dkg"));
    set(j, "policy_version", json_integer(g->policy->version));
    veil_keyio_json_hex(j, "policy", g->policy->digest, 32);
    return j;
}

static json_t *approvals_json(const VeilGranted *g)
{
    json_t *list = json_array();

    for (int i = 0; i < g->releases; i++) {
        const VeilGrantedRelease *r = &g->release[i];

        if (!r->custodian)
            continue;
        json_array_append_new(
            list, json_pack("{s:I, s:s, s:I, s:I, s:b, s:o, s:o, s:o}", "custodian", (json_int_t)r->custodian,
                            "organisation", g->group.org[r->custodian - 1], "release_leaf_index", (json_int_t)r->leaf,
                            "epoch", (json_int_t)g->group.key.epoch, "left_out_for_a_bad_share", r->bad_share, "note",
                            json_sprintf("releases/%u.note", r->custodian), "leaf",
                            json_sprintf("releases/%u.leaf", r->custodian), "proof",
                            json_sprintf("releases/%u.tlog-proof", r->custodian)));
    }
    return list;
}

/* The key as JSON and as `minisign -P` takes it, which is the second line of its .pub file. */
static json_t *requester_json(const VeilOpenDoc *d)
{
    char text[VEIL_MINISIG_MAX + 1], *line, *end;
    json_t *j = json_object();

    veil_minisig_public_format(text, d->requester->public_key, "requester-sign");
    line = strchr(text, '\n');
    if (line && (end = strchr(++line, '\n')))
        *end = '\0';
    veil_keyio_json_b64(j, "sign", d->requester->public_key, 32);
    set(j, "minisign", line ? json_string(line) : NULL);
    veil_keyio_json_b64(j, "box", d->granted->warrant.requester_box, 32);
    return j;
}

/* ---- what was opened ----------------------------------------------------------------------- */

static json_t *published_json(const VeilOpenPublished *p, const VeilVaultInfo *info)
{
    json_t *j = json_object(), *r;

    if (info->seal.final)
        veil_keyio_json_hex(j, "sealed_sha256", info->seal.video, 32);
    else
        set(j, "sealed_sha256", NULL);
    set(j, "file", p->path ? base_name(p->path) : NULL);
    set(j, "sha256", p->path ? json_string(p->sha256) : NULL);
    set(j, "is_the_sealed_one", p->path ? json_true() : NULL); /* another one is refused */
    if (!p->restored) {
        set(j, "restored", NULL);
        return j;
    }
    r = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "file", p->restored, "encoder", p->result.encoder,
                  "first_frame", (json_int_t)p->result.first, "frames", (json_int_t)p->result.frames, "crops_put_back", (json_int_t)p->result.put_back, "samples_put_back",
                  (json_int_t)p->result.samples, "samples_of_others_left", (json_int_t)p->result.withheld);
    set(r, "lossless", json_boolean(p->result.lossless));
    set(j, "restored", r);
    return j;
}

static json_t *vault_json(const VeilOpenDoc *d, int i)
{
    const VeilVaultInfo *info = veil_vault_info(d->granted->vault[i].file);
    uint8_t hash[crypto_hash_sha256_BYTES];
    json_t *j = json_pack("{s:i, s:o}", "vault", d->granted->vault[i].index + 1, "file",
                          base_name(d->granted->vault[i].path));

    veil_keyio_json_hex(j, "vid", info->header.vid, 32);
    veil_keyio_json_b64(j, "root", info->seal.root, VEIL_HASH_BYTES);
    crypto_hash_sha256(hash, (const uint8_t *)info->seal_note, veil_note_text_len(info->seal_note, info->seal_len));
    veil_keyio_json_hex(j, "seal_sha256", hash, sizeof(hash)); /* what log-vault has, if it is final */
    set(j, "final", json_boolean(info->seal.final));
    set(j, "bytes", json_integer((json_int_t)info->bytes));
    set(j, "bytes_read", json_integer((json_int_t)info->bytes_read)); /* to open this, without --hash-vault */
    set(j, "sha256", d->vault_sha256[i] ? json_string(d->vault_sha256[i]) : NULL);
    veil_keyio_json_time(j, "start", info->header.start);
    set(j, "width", json_integer(info->header.width));
    set(j, "height", json_integer(info->header.height));
    set(j, "units", json_integer(info->seal.units));
    set(j, "published", published_json(&d->published[i], info));
    return j;
}

static json_t *unit_json(const VeilOpenDoc *d, size_t i)
{
    const VeilGrantedUnit *u = &d->granted->unit[i];
    const VeilOpenedUnit *n = &d->opened->unit[i];
    const int64_t start = veil_vault_info(d->granted->vault[u->vault].file)->header.start;
    json_t *j = json_pack("{s:i}", "vault", d->granted->vault[u->vault].index + 1);

    veil_keyio_json_hex(j, "uid", u->uid, VEIL_UID_BYTES);
    set(j, "track", json_integer(u->track));
    set(j, "segment", json_integer(u->seg));
    set(j, "part", json_integer(u->part));
    veil_keyio_json_time(j, "from", start + (int64_t)u->seg * (VEIL_VAULT_SEGMENT_MS / 1000));
    set(j, "frames", json_integer(n->crops));
    set(j, "first_frame", n->crops ? json_integer(n->first_frame) : NULL);
    set(j, "last_frame", n->crops ? json_integer(n->last_frame) : NULL);
    return j;
}

static json_t *track_json(const VeilOpenDoc *d, const VeilOpenedTrack *t)
{
    char name[64];
    json_t *j;

    veil_open_track_name(name, sizeof(name), d->granted, t);
    j = json_pack("{s:i, s:I, s:i, s:I, s:b, s:o, s:o}", "vault", d->granted->vault[t->vault].index + 1, "track",
                  (json_int_t)t->track, "units", (int)t->units, "frames", (json_int_t)t->crops, "lossless",
                  t->crops && t->all_lossless, "crops", json_sprintf("crops/%s", name), "sheet",
                  json_sprintf("%s.png", name));
    return j;
}

static json_t *versions_json(void)
{
    json_t *j = veil_report_versions();

    set(j, "libsodium", json_string(sodium_version_string()));
    set(j, "jansson", json_string(JANSSON_VERSION));
    return j;
}

json_t *veil_open_doc(const VeilOpenDoc *d)
{
    json_t *j = json_pack("{s:s, s:i, s:s}", "format", "veil-evidence", "version", 1, "program", "veil " VEIL_VERSION);
    json_t *vaults = json_array(), *tracks = json_array(), *units = json_array();

    veil_keyio_json_time(j, "opened_at", d->opened_at);
    veil_keyio_json_time(j, "erase_by", d->granted->warrant.unseal_by);
    set(j, "warrant", warrant_json(d->granted));
    set(j, "group", group_json(d->granted));
    set(j, "approvals", approvals_json(d->granted));
    set(j, "requester", requester_json(d));
    for (int i = 0; i < d->granted->vaults; i++)
        json_array_append_new(vaults, vault_json(d, i));
    for (int i = 0; i < d->opened->n; i++)
        json_array_append_new(tracks, track_json(d, &d->opened->track[i]));
    for (size_t i = 0; i < d->granted->units; i++)
        json_array_append_new(units, unit_json(d, i));
    set(j, "vaults", vaults);
    set(j, "tracks", tracks);
    set(j, "units", units);
    set(j, "versions", versions_json());
    return j;
}
