/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "monitor.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"

static const char *const words[] = {
#define FINDING_WORD(name, word) word,
    VEIL_FINDINGS(FINDING_WORD)
#undef FINDING_WORD
};

const char *veil_finding_word(VeilFindingKind kind)
{
    return words[kind];
}

static void found(const VeilMonitor *m, VeilFindingKind kind, int64_t leaf, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void found(const VeilMonitor *m, VeilFindingKind kind, int64_t leaf, const char *fmt, ...)
{
    VeilFinding f = { .kind = kind, .leaf = leaf };
    va_list args;

    va_start(args, fmt);
    vsnprintf(f.text, sizeof(f.text), fmt, args);
    va_end(args);
    m->found(m->opaque, &f);
}

/* ---- checkpoints ---------------------------------------------------------------- */

/* Is the tree of c the leaves that are here, and does it extend the tree of old? */
static int check_extension(const VeilMonitor *m, const VeilCheckpoint *old, const VeilCheckpoint *c,
                           VeilErr *err)
{
    uint8_t root[VEIL_HASH_BYTES];
    VeilProof proof = { .n = 0 };
    int ret;

    if (old->size > c->size)
        return veil_err(err, VEIL_E_LOG_FORK, "log '%s': %" PRIu64 " leaves, %" PRIu64 " were seen",
                        c->origin, c->size, old->size);
    if ((ret = veil_logdir_root(m->log, c->size, root, err)) < 0)
        return ret;
    if (sodium_memcmp(root, c->root, sizeof(root)))
        return veil_err(err, VEIL_E_LOG_FORK, "log '%s': the leaves do not give the checkpoint's root",
                        c->origin);
    if (old->size && (ret = veil_logdir_consistency(m->log, old->size, c->size, &proof, err)) < 0)
        return ret;
    if (veil_merkle_check_consistency(&proof, old->size, old->root, c->size, c->root) < 0)
        return veil_err(err, VEIL_E_LOG_FORK,
                        "log '%s': its %" PRIu64 " leaves do not extend the %" PRIu64 " that were seen",
                        c->origin, c->size, old->size);
    return 0;
}

int veil_monitor_checkpoint(const VeilMonitor *m, const void *kept, size_t kept_len, bool *accepted,
                            VeilErr *err)
{
    const VeilLogTrust *trust = &m->policy[m->policies - 1].log;
    const VeilSpan cp = veil_logdir_checkpoint(m->log);
    VeilCheckpoint old = { 0 }, c = { 0 };
    VeilErr why = { 0 };
    VeilNote n;
    int ret;

    *accepted = false;
    if (kept) {
        if ((ret = veil_note_parse(&n, kept, kept_len, "kept checkpoint", err)) < 0 ||
            (ret = veil_checkpoint_parse(&old, n.text, n.text_len, "kept checkpoint", err)) < 0 ||
            (ret = veil_note_verify(&n, trust->log.name, trust->log.pk, "kept checkpoint", err)) < 0)
            return ret;
    } else { /* nothing seen: the empty tree, of which every tree is an extension */
        crypto_hash_sha256(old.root, NULL, 0);
    }
    if (!cp.len)
        found(m, VEIL_FINDING_CHECKPOINT, -1, "log '%s' has no checkpoint", veil_logdir_origin(m->log));
    else if (veil_checkpoint_verify(&c, cp.at, cp.len, trust, "checkpoint", &why) < 0)
        found(m, VEIL_FINDING_CHECKPOINT, -1, "%s", why.text);
    else if (check_extension(m, &old, &c, &why) < 0)
        found(m, VEIL_FINDING_FORK, -1, "%s", why.text);
    else
        *accepted = true;
    return 0;
}

/* ---- leaves ---------------------------------------------------------------------- */

typedef struct Seen {
    VeilLeaf leaf;
    bool good;    /* readable, and signed by the right role */
    bool revoked; /* a good revoke leaf stands at or before the leaf looked at */
    bool unsealed, released, closed;
    uint32_t units;      /* of the first release */
    uint32_t custodians; /* bit i: custodian i + 1 has released */
} Seen;

static bool has_author(const VeilMonitor *m, const VeilLeaf *l, const VeilNote *n)
{
    for (int p = 0; p < m->policies; p++)
        for (int g = 0; g < m->groups; g++) {
            const VeilLeafTrust trust = { .policy = &m->policy[p],
                                          .custodian = m->group[g].sign,
                                          .custodians = (int)m->group[g].key.n };

            if (veil_leaf_check_author(l, n, &trust, "leaf", NULL) >= 0)
                return true;
        }
    return false;
}

/* The good warrant leaf that leaf i refers to, or NULL. */
static Seen *warrant_of(Seen *seen, uint64_t i)
{
    const uint64_t at = seen[i].leaf.index;

    return at < i && seen[at].good && seen[at].leaf.kind == VEIL_LEAF_WARRANT ? &seen[at] : NULL;
}

static const VeilWarrant *warrant_text(const VeilMonitor *m, const uint8_t cm[32])
{
    for (int i = 0; i < m->warrants; i++)
        if (!sodium_memcmp(m->warrant[i].cm, cm, 32))
            return &m->warrant[i];
    return NULL;
}

/* Entries of its vaults inside a warrant's scope. @return false unless all vaults are here */
static bool count_units(const VeilMonitor *m, const VeilWarrant *w, uint32_t *units)
{
    *units = 0;
    for (int i = 0; i < w->vaults; i++) {
        const VeilVault *v = NULL;

        for (int j = 0; j < m->vaults; j++)
            if (!sodium_memcmp(veil_vault_info(m->vault[j])->header.vid, w->vault[i].vid, 32) &&
                !sodium_memcmp(veil_vault_info(m->vault[j])->seal.root, w->vault[i].root, 32))
                v = m->vault[j];
        if (!v)
            return false;
        for (uint32_t e = 0; e < veil_vault_info(v)->seal.units; e++) {
            VeilEntry entry;

            *units += veil_entry_parse(&entry, veil_vault_entry(v, e)) >= 0 &&
                      veil_warrant_covers(w, i, entry.track, entry.seg);
        }
    }
    return true;
}

static void look_at_release(const VeilMonitor *m, Seen *seen, uint64_t i)
{
    const VeilLeaf *l = &seen[i].leaf;
    Seen *s = warrant_of(seen, i);
    const VeilWarrant *w = s ? warrant_text(m, s->leaf.digest) : NULL;
    uint32_t units;

    if (!s) {
        found(m, VEIL_FINDING_RELEASE_NO_WARRANT, (int64_t)i,
              "custodian %u released %u units for leaf %" PRIu64 ", where no warrant was logged before",
              l->custodian, l->units, l->index);
        return;
    }
    if (s->revoked)
        found(m, VEIL_FINDING_RELEASE_REVOKED, (int64_t)i,
              "custodian %u released %u units for the warrant of leaf %" PRIu64 " after it was revoked",
              l->custodian, l->units, l->index);
    if (s->custodians & 1u << (l->custodian - 1))
        found(m, VEIL_FINDING_RELEASE_AGAIN, (int64_t)i,
              "custodian %u released twice for the warrant of leaf %" PRIu64, l->custodian, l->index);
    s->custodians |= 1u << (l->custodian - 1);
    if (w && count_units(m, w, &units)) {
        if (l->units != units)
            found(m, VEIL_FINDING_UNITS, (int64_t)i,
                  "custodian %u released %u units, the warrant of leaf %" PRIu64 " names %u", l->custodian,
                  l->units, l->index, units);
    } else if (!l->units || (s->released && l->units != s->units)) {
        found(m, VEIL_FINDING_UNITS, (int64_t)i,
              "custodian %u released %u units for the warrant of leaf %" PRIu64 ", another one %u",
              l->custodian, l->units, l->index, s->units);
    }
    if (!s->released)
        s->units = l->units;
    s->released = true;
}

/* The warrant must be there to read, and be the one that was promised. */
static void look_at_published(const VeilMonitor *m, const VeilLeaf *l, uint64_t i)
{
    uint8_t *bytes = NULL;
    VeilWarrant w;
    size_t len;

    if (veil_logdir_published(m->log, l->index, &bytes, &len, NULL) < 0)
        found(m, VEIL_FINDING_UNSEAL_TEXT, (int64_t)i,
              "the warrant of leaf %" PRIu64 " was unsealed, but its text is not published", l->index);
    else if (veil_warrant_parse(&w, bytes, len, "published warrant", NULL) < 0 ||
             sodium_memcmp(w.cm, l->digest, 32))
        found(m, VEIL_FINDING_UNSEAL_TEXT, (int64_t)i,
              "what is published is not the warrant of leaf %" PRIu64, l->index);
    free(bytes);
}

/* Whoever can read the warrant, in hand or published, knows who may say that it is closed. */
static bool closed_by_another(const VeilMonitor *m, const Seen *s, uint64_t index, const VeilNote *n)
{
    const VeilWarrant *w = warrant_text(m, s->leaf.digest);
    uint8_t *bytes = NULL;
    VeilWarrant published;
    size_t len;

    if (!w && veil_logdir_published(m->log, index, &bytes, &len, NULL) >= 0 &&
        veil_warrant_parse(&published, bytes, len, "published warrant", NULL) >= 0 &&
        !sodium_memcmp(published.cm, s->leaf.digest, 32))
        w = &published;
    free(bytes);
    return w && !veil_note_signed_by(n, veil_leaf_role(VEIL_LEAF_CLOSE), w->requester_sign);
}

static void look_at_reference(const VeilMonitor *m, Seen *seen, uint64_t i, const VeilNote *n)
{
    const VeilLeaf *l = &seen[i].leaf;
    Seen *s = warrant_of(seen, i);

    if (!s || (l->kind == VEIL_LEAF_RESULT && !s->leaf.match) ||
        (l->kind == VEIL_LEAF_UNSEAL && sodium_memcmp(l->digest, s->leaf.digest, 32))) {
        found(m, VEIL_FINDING_REFERS, (int64_t)i, "%s refers to leaf %" PRIu64 ", which is no such warrant",
              veil_leaf_word(l->kind), l->index);
    } else if (l->kind == VEIL_LEAF_REVOKE) {
        s->revoked = true;
    } else if (l->kind == VEIL_LEAF_UNSEAL) {
        s->unsealed = true;
        look_at_published(m, l, i);
    } else if (l->kind == VEIL_LEAF_CLOSE && closed_by_another(m, s, l->index, n)) {
        found(m, VEIL_FINDING_LEAF, (int64_t)i, "%s: not signed by the requester of the warrant of leaf %" PRIu64,
              veil_leaf_word(l->kind), l->index);
    } else if (l->kind == VEIL_LEAF_CLOSE) {
        s->closed = true;
    }
}

static void look_at_leaf(const VeilMonitor *m, Seen *seen, uint64_t i)
{
    const VeilSpan b = veil_logdir_leaf(m->log, i);
    VeilErr why = { 0 };
    VeilNote n;

    if (veil_leaf_parse(&seen[i].leaf, &n, b.at, b.len, "leaf", &why) < 0) {
        found(m, VEIL_FINDING_LEAF, (int64_t)i, "%s", why.text);
        return;
    }
    if (!(seen[i].good = has_author(m, &seen[i].leaf, &n))) {
        found(m, VEIL_FINDING_LEAF, (int64_t)i, "%s: nobody of role '%s' signed it",
              veil_leaf_word(seen[i].leaf.kind), veil_leaf_role(seen[i].leaf.kind));
        return;
    }
    if (seen[i].leaf.kind == VEIL_LEAF_RELEASE)
        look_at_release(m, seen, i);
    else if (seen[i].leaf.kind == VEIL_LEAF_RESULT || seen[i].leaf.kind == VEIL_LEAF_REVOKE ||
             seen[i].leaf.kind == VEIL_LEAF_UNSEAL || seen[i].leaf.kind == VEIL_LEAF_CLOSE)
        look_at_reference(m, seen, i, &n);
}

static bool same_sheet(const VeilLeaf *a, const VeilLeaf *b)
{
    VeilText x = { 0 }, y = { 0 };
    bool same;

    veil_leaf_print(&x, a);
    veil_leaf_print(&y, b);
    same = veil_text_done(&x) >= 0 && veil_text_done(&y) >= 0 && x.len == y.len && !memcmp(x.at, y.at, x.len);
    veil_text_free(&x);
    veil_text_free(&y);
    return same;
}

/* Where the vault's FINAL stands in the log, or n. */
static uint64_t find_vault(const Seen *seen, uint64_t n, const VeilVault *v)
{
    const VeilVaultInfo *info = veil_vault_info(v);
    uint8_t digest[32];
    uint64_t i;

    crypto_hash_sha256(digest, (const uint8_t *)info->seal_note,
                       veil_note_text_len(info->seal_note, info->seal_len));
    for (i = 0; i < n; i++)
        if (seen[i].good && seen[i].leaf.kind == VEIL_LEAF_VAULT &&
            !sodium_memcmp(seen[i].leaf.digest, digest, 32))
            break;
    return i;
}

static void look_at_warrant(const VeilMonitor *m, const Seen *seen, uint64_t n, const VeilWarrant *w)
{
    const VeilLeaf sheet = veil_leaf_of_warrant(w);
    uint64_t at = 0;

    while (at < n && !(seen[at].good && seen[at].leaf.kind == VEIL_LEAF_WARRANT &&
                       !sodium_memcmp(seen[at].leaf.digest, w->cm, 32)))
        at++;
    if (at == n)
        found(m, VEIL_FINDING_COVER, -1,
              "a warrant of court '%s' until unix time %" PRId64 " is not in the log", w->court,
              w->not_after);
    else if (!same_sheet(&seen[at].leaf, &sheet))
        found(m, VEIL_FINDING_COVER, (int64_t)at, "the cover sheet does not say what the warrant says");
    for (int i = 0; i < w->vaults; i++)
        for (int j = 0; j < m->vaults; j++)
            if (!sodium_memcmp(veil_vault_info(m->vault[j])->header.vid, w->vault[i].vid, 32) &&
                find_vault(seen, n, m->vault[j]) >= at)
                found(m, VEIL_FINDING_VAULT_LATE, at < n ? (int64_t)at : -1,
                      "vault %d of the warrant was not logged before it", i + 1);
}

static void look_at_dates(const VeilMonitor *m, const Seen *seen, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        char by[VEIL_TIME_LEN + 1];

        if (!seen[i].good || seen[i].leaf.kind != VEIL_LEAF_WARRANT || m->now <= seen[i].leaf.unseal_by ||
            veil_time_format(by, seen[i].leaf.unseal_by) < 0)
            continue;
        if (!seen[i].unsealed)
            found(m, VEIL_FINDING_UNSEAL_LATE, (int64_t)i,
                  "the warrant was to be published by %s and was not", by);
        if (seen[i].released && !seen[i].closed)
            found(m, VEIL_FINDING_CLOSE_LATE, (int64_t)i,
                  "what was released for the warrant was to be erased by %s, and nobody has logged that it was",
                  by);
    }
}

int veil_monitor_leaves(const VeilMonitor *m, VeilErr *err)
{
    const uint64_t n = veil_logdir_size(m->log);
    Seen *seen = calloc(n + 1, sizeof(*seen));

    if (!seen)
        return veil_err(err, -ENOMEM, "log '%s'", veil_logdir_origin(m->log));
    for (uint64_t i = 0; i < n; i++)
        look_at_leaf(m, seen, i);
    for (int i = 0; i < m->warrants; i++)
        look_at_warrant(m, seen, n, &m->warrant[i]);
    look_at_dates(m, seen, n);
    free(seen);
    return 0;
}
