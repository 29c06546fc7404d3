/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "approve.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "seen.h"
#include "tlog.h"

/* All that the checks look at; each one is a function below, in the order of the protocol. */
typedef struct Case {
    VeilApproval *a;
    VeilCustodian *c;
    const VeilLogDir *log;
    const VeilRequest *r;
    const VeilWarrant *w;
    const VeilPolicy *p;
    uint32_t i;
    int64_t now;
    VeilErr *err;
} Case;

/* Sizes and canonical form were checked by veil_request_parse(). */
static int check_requester(Case *k)
{
    VeilNote n;
    int ret;

    if ((ret = veil_note_parse(&n, k->r->note.at, k->r->note.len, "request note", k->err)) < 0)
        return ret;
    if (sodium_memcmp(k->r->wid, k->w->wid, 32))
        return veil_err(k->err, VEIL_E_REQUESTER, "request note: names another warrant");
    if (!veil_note_signed_by(&n, "requester-sign", k->w->requester_sign))
        return veil_err(k->err, VEIL_E_REQUESTER, "request note");
    if (veil_custodian_seen(k->c, k->r->id))
        return veil_err(k->err, VEIL_E_REPLAY, "request note");
    return 0;
}

static int check_issuers(Case *k)
{
    VeilSpan sig[VEIL_REQUEST_SIGS_MAX];
    int ret;

    for (int i = 0; i < k->r->sigs; i++)
        sig[i] = (VeilSpan){ (const char *)k->r->sig[i].at, k->r->sig[i].len };
    ret = veil_warrant_count_issuers(k->w, k->r->warrant.at, k->r->warrant.len, k->p, sig, k->r->sigs, NULL,
                                     "warrant", k->err);
    k->a->issuers = ret;
    return ret < 0 ? ret : 0;
}

static int check_rules(Case *k)
{
    return veil_warrant_check_policy(k->w, k->p, "warrant", k->err);
}

static int check_lineage(Case *k)
{
    const VeilGroup *g = &k->c->group;
    int ret;

    if (sodium_memcmp(k->w->gid, g->key.gid, VEIL_GID_BYTES))
        return veil_err(k->err, VEIL_E_GROUP, "warrant: names another group");
    if (k->i < 1 || k->i > g->key.n)
        return veil_err(k->err, VEIL_E_SHARE_INDEX, "custodian %u", k->i);
    for (int v = 0; v < k->w->vaults; v++) {
        VeilVaultHeader *h = &k->a->vault[v];
        const VeilBytes *b = &k->r->vault[v].header;

        if ((ret = veil_vault_header_parse(h, b->at, b->len, "vault header", k->err)) < 0)
            return ret;
        if (sodium_memcmp(h->vid, k->w->vault[v].vid, 32))
            return veil_err(k->err, VEIL_E_VAULT_ROOT, "vault %d is not the one in the warrant", v + 1);
        if (sodium_memcmp(h->gid, g->key.gid, VEIL_GID_BYTES))
            return veil_err(k->err, VEIL_E_GROUP, "vault %d: sealed to another group", v + 1);
        if (!veil_policies_has(&k->c->policies, h->policy_version, h->policy))
            return veil_err(k->err, VEIL_E_POLICY, "vault %d: policy version %u is not one of ours", v + 1,
                            h->policy_version);
        if (h->min_k > g->key.k)
            return veil_err(k->err, VEIL_E_GROUP, "vault %d asks for %u custodians, the group for %u", v + 1,
                            h->min_k, g->key.k);
    }
    return 0;
}

/* Operator key in the policy that the vault names, seal note by it, root rebuilt from the entries. */
static int check_vault(Case *k, int v)
{
    const VeilRequestVault *in = &k->r->vault[v];
    const VeilVaultHeader *h = &k->a->vault[v];
    const size_t n = in->entries.len / VEIL_ENTRY_BYTES;
    uint8_t root[VEIL_HASH_BYTES], leaf[VEIL_HASH_BYTES];
    VeilMerkle tree = { 0 };
    VeilSeal s;
    int ret;

    if (!veil_keylist_find(&k->c->policies.at[h->policy_version - 1].operators, h->operator_pk))
        return veil_err(k->err, VEIL_E_OPERATOR, "vault %d: its operator is not in the policy", v + 1);
    if ((ret = veil_seal_parse(&s, in->seal.at, in->seal.len, h, "seal note", k->err)) < 0)
        return ret;
    for (size_t i = 0; i < n; i++) {
        veil_entry_leaf(leaf, in->entries.at + i * VEIL_ENTRY_BYTES);
        veil_merkle_add(&tree, leaf);
    }
    veil_merkle_root(root, &tree);
    if (s.units != n || sodium_memcmp(root, s.root, sizeof(root)))
        return veil_err(k->err, VEIL_E_ROOT, "vault %d: %zu entries", v + 1, n);
    if (sodium_memcmp(root, k->w->vault[v].root, sizeof(root)))
        return veil_err(k->err, VEIL_E_VAULT_ROOT, "vault %d", v + 1);
    return 0;
}

static int check_vaults(Case *k)
{
    int ret;

    for (int v = 0; v < k->w->vaults; v++)
        if ((ret = check_vault(k, v)) < 0)
            return ret;
    return 0;
}

static int check_duplicates(Case *k)
{
    int ret = 0;

    for (int v = 0; v < k->w->vaults && ret >= 0; v++) {
        const VeilBytes *b = &k->r->vault[v].entries;
        VeilSeen seen = { 0 };
        VeilEntry e;

        for (size_t at = 0; at < b->len && ret >= 0; at += VEIL_ENTRY_BYTES)
            if ((ret = veil_entry_parse(&e, b->at + at)) < 0)
                veil_err(k->err, ret, "vault %d, entry %zu", v + 1, at / VEIL_ENTRY_BYTES);
            else
                ret = veil_seen_add(&seen, &e, k->err);
        veil_seen_free(&seen);
    }
    return ret;
}

static int keep_unit(VeilApproval *a, int vault, const VeilEntry *e, VeilErr *err)
{
    VeilApprovedUnit *more;

    if (a->n == VEIL_RELEASE_MAX_UNITS)
        return veil_err(err, VEIL_E_SCOPE, "warrant: more than %d units", VEIL_RELEASE_MAX_UNITS);
    if (!(a->n & (a->n + 1)) || !a->unit) { /* n + 1 is a power of two: room for twice as many */
        if (!(more = realloc(a->unit, 2 * ((size_t)a->n + 1) * sizeof(*more))))
            return veil_err(err, -ENOMEM, "approved units");
        a->unit = more;
    }
    a->unit[a->n++] = (VeilApprovedUnit){
        .vault = vault, .ref = veil_entry_ref(e, a->vault[vault].policy, a->vault[vault].vid), .ct = e->ct
    };
    return 0;
}

/* Every scope must meet a unit: a scope beyond the vault is refused, not passed over. */
static int check_scopes_met(Case *k)
{
    for (int i = 0; i < k->w->scopes; i++) {
        const VeilScope *s = &k->w->scope[i];
        bool met = false;

        for (uint32_t u = 0; u < k->a->n && !met; u++) {
            const VeilApprovedUnit *unit = &k->a->unit[u];

            met = unit->vault == s->vault && unit->ref.track == s->track && unit->ref.seg >= s->first &&
                  unit->ref.seg <= s->last;
        }
        if (!met)
            return veil_err(k->err, VEIL_E_SCOPE, "scope %u %u %u holds no unit of the vault", s->track,
                            s->first, s->last);
    }
    return 0;
}

/* units released = entries inside the scope */
static int find_units(Case *k)
{
    VeilEntry e;
    int ret;

    for (int v = 0; v < k->w->vaults; v++) {
        const VeilBytes *b = &k->r->vault[v].entries;

        for (size_t at = 0; at < b->len; at += VEIL_ENTRY_BYTES) {
            if ((ret = veil_entry_parse(&e, b->at + at)) < 0)
                return ret;
            if (veil_warrant_covers(k->w, v, e.track, e.seg) && (ret = keep_unit(k->a, v, &e, k->err)) < 0)
                return ret;
        }
    }
    return check_scopes_met(k);
}

/* Own copy in step with a witnessed checkpoint that is new enough. */
static int check_log(Case *k)
{
    const VeilSpan cp = veil_logdir_checkpoint(k->log);
    const int64_t age = k->p->checkpoint_age_s, skew = k->p->clock_skew_s;
    VeilCheckpoint *c = &k->a->checkpoint;
    const int64_t last = k->c->state.time;
    char path[PATH_MAX];
    int ret;

    if ((ret = veil_checkpoint_verify(c, cp.at, cp.len, &k->p->log, "checkpoint", k->err)) < 0 ||
        (ret = veil_logstate_advance(&k->c->state, k->log, c, k->err)) < 0)
        return ret;
    if (c->time < last)
        return veil_err(k->err, VEIL_E_TIME_BACKWARDS, "checkpoint");
    if (c->time > k->now + skew)
        return veil_err(k->err, VEIL_E_TIME_SKEW, "checkpoint: %" PRId64 " s ahead of the clock",
                        c->time - k->now);
    if (k->now - c->time > age)
        return veil_err(k->err, VEIL_E_TIME_STALE, "checkpoint: %" PRId64 " s old", k->now - c->time);
    if ((ret = veil_custodian_path(path, k->c, "log.state", k->err)) < 0)
        return ret;
    return veil_logstate_save(&k->c->state, path, k->err); /* before answering */
}

/* The warrant's cover sheet is in our copy, where the proof says, and says what the warrant says. */
static int check_inclusion(Case *k)
{
    const VeilLeaf want = veil_leaf_of_warrant(k->w);
    const VeilLeafTrust trust = veil_custodian_trust(k->c);
    uint8_t root[VEIL_HASH_BYTES];
    VeilText text = { 0 };
    VeilCheckpoint c;
    VeilTlogProof p;
    VeilLeaf got;
    VeilNote n;
    VeilSpan leaf;
    int ret;

    if ((ret = veil_tlog_proof_parse(&p, k->r->proof.at, k->r->proof.len, "warrant proof", k->err)) < 0)
        return ret;
    leaf = veil_logdir_leaf(k->log, p.index);
    if (!leaf.len)
        return veil_err(k->err, VEIL_E_LOG_INCLUSION, "warrant proof: our log has no leaf %" PRIu64, p.index);
    if ((ret = veil_tlog_proof_verify(&c, &k->a->index, k->r->proof.at, k->r->proof.len, leaf.at, leaf.len,
                                      &k->p->log, "warrant proof", k->err)) < 0)
        return ret;
    if (c.size > k->a->checkpoint.size)
        return veil_err(k->err, VEIL_E_LOG_INCLUSION,
                        "warrant proof is newer than our log; copy the log again");
    if ((ret = veil_logdir_root(k->log, c.size, root, k->err)) < 0)
        return ret;
    if (sodium_memcmp(root, c.root, sizeof(root)))
        return veil_err(k->err, VEIL_E_LOG_FORK, "warrant proof");
    if ((ret = veil_leaf_parse(&got, &n, leaf.at, leaf.len, "leaf", k->err)) < 0)
        return ret;
    veil_leaf_print(&text, &want);
    if (veil_text_same(&text, n.text, n.text_len, "leaf", NULL) < 0)
        return veil_err(k->err, VEIL_E_LOG_INCLUSION, "leaf %" PRIu64 " is not this warrant's", p.index);
    return veil_leaf_check_author(&got, &n, &trust, "leaf", k->err);
}

/* One look at every leaf: revocations, and our own releases for this warrant. */
static int check_uses(Case *k, bool revocations)
{
    const VeilLeafTrust trust = veil_custodian_trust(k->c);

    for (uint64_t i = 0; i < veil_logdir_size(k->log); i++) {
        const VeilSpan b = veil_logdir_leaf(k->log, i);
        VeilLeaf l;
        VeilNote n;

        if (veil_leaf_parse(&l, &n, b.at, b.len, "leaf", NULL) < 0 || l.index != k->a->index ||
            veil_leaf_check_author(&l, &n, &trust, "leaf", NULL) < 0)
            continue; /* a leaf that nobody vouches for cannot revoke */
        if (revocations && l.kind == VEIL_LEAF_REVOKE)
            return veil_err(k->err, VEIL_E_REVOKED, "warrant, leaf %" PRIu64 " by leaf %" PRIu64, k->a->index,
                            i);
        if (!revocations && l.kind == VEIL_LEAF_RELEASE && l.custodian == k->i && !k->a->stored)
            return veil_err(k->err, VEIL_E_USED,
                            "warrant: answered at leaf %" PRIu64 ", and the answer is lost", i);
    }
    return 0;
}

static int check_revoked(Case *k)
{
    return check_uses(k, true);
}

static int check_window(Case *k)
{
    if (k->a->checkpoint.time < k->w->not_before)
        return veil_err(k->err, VEIL_E_TIME_NOT_YET, "warrant");
    if (k->now > k->w->not_after)
        return veil_err(k->err, VEIL_E_TIME_EXPIRED, "warrant");
    return 0;
}

static int check_use_count(Case *k)
{
    k->a->stored = veil_custodian_has_release(k->c, k->w->wid);
    return check_uses(k, false);
}

static int check_ciphertexts(Case *k)
{
    int ret;

    for (uint32_t u = 0; u < k->a->n; u++)
        if ((ret = veil_tdh2_verify(&k->a->unit[u].ct, &k->c->group.key, &k->a->unit[u].ref, k->err)) < 0)
            return ret;
    return 0;
}

int veil_approve_check(VeilApproval *a, VeilCustodian *c, const VeilLogDir *log, uint32_t i,
                       const VeilRequest *r, int64_t now, VeilErr *err)
{
    static int (*const checks[])(Case *) = {
        check_requester,  check_issuers,   check_rules,       check_lineage,   check_vaults,
        check_duplicates, find_units,      check_log,         check_inclusion, check_revoked,
        check_window,     check_use_count, check_ciphertexts,
    };
    Case k = { a, c, log, r, &r->w, veil_policies_newest(&c->policies), i, now, err };
    int ret = 0;

    *a = (VeilApproval){ 0 };
    for (size_t n = 0; n < sizeof(checks) / sizeof(checks[0]) && ret >= 0; n++)
        ret = checks[n](&k);
    if (ret < 0)
        veil_approval_clear(a);
    return ret;
}

void veil_approval_clear(VeilApproval *a)
{
    free(a->unit);
    *a = (VeilApproval){ 0 };
}
