/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "granted.h"

#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "cmd.h"
#include "keyio.h"
#include "keys/bytes.h"
#include "keys/file.h"
#include "keys/minisig.h"
#include "msg.h"

const char *veil_granted_box_role(bool match)
{
    return veil_role_word(match ? VEIL_ROLE_MATCHER_BOX : VEIL_ROLE_REQUESTER_BOX);
}

/* ---- group and policy ---------------------------------------------------------------- */

static int read_group(VeilGranted *g, const VeilGrantedOptions *o)
{
    uint8_t pin[VEIL_GID_BYTES];
    VeilErr err;
    int ret;

    if (o->gid && (strlen(o->gid) != 2 * sizeof(pin) || veil_hex_decode(pin, sizeof(pin), o->gid, strlen(o->gid)) < 0)) {
        veil_error("option '--gid' is '%s'; give the 64 hex digits that 'veil group show' prints", o->gid);
        return VEIL_EXIT_ERROR;
    }
    if ((ret = veil_keyio_read(&g->group_note.at, &g->group_note.len, o->group, VEIL_TEXT_MAX)))
        return ret;
    if (veil_group_open(&g->group, g->group_note.at, g->group_note.len, o->gid ? pin : NULL, &err) < 0)
        return veil_keyio_refuse(&err);
    return 0;
}

/* A note is version 1, which its own signers sign; later ones need those before them. */
static int read_policies(VeilPolicies *all, const char *path, VeilErr *err)
{
    uint8_t *bytes = NULL;
    struct stat st;
    size_t len;
    int ret;

    if (!stat(path, &st) && S_ISDIR(st.st_mode))
        return veil_policies_load(all, path, err);
    if (!(all->at = calloc(1, sizeof(*all->at))))
        return veil_err(err, -ENOMEM, "policy '%s'", path);
    if ((ret = veil_file_read(&bytes, &len, path, VEIL_TEXT_MAX, err)) >= 0)
        ret = veil_policy_read(all->at, bytes, len, NULL, path, err);
    free(bytes);
    all->n = ret >= 0;
    return ret;
}

/* The version that the warrant names, of the same group. */
static int find_policy(VeilGranted *g, const char *path, const char *warrant)
{
    VeilErr err;

    if (!veil_policies_has(&g->policies, g->warrant.policy_version, g->warrant.policy)) {
        veil_err(&err, VEIL_E_POLICY, "warrant '%s' names policy version %u, which '%s' does not hold", warrant,
                 g->warrant.policy_version, path);
        return veil_keyio_refuse(&err);
    }
    g->policy = &g->policies.at[g->warrant.policy_version - 1];
    if (memcmp(g->policy->group, g->group.digest, sizeof(g->group.digest)) ||
        memcmp(g->warrant.gid, g->group.key.gid, VEIL_GID_BYTES)) {
        veil_err(&err, VEIL_E_GROUP, "warrant '%s' and its policy belong to another group or epoch", warrant);
        return veil_keyio_refuse(&err);
    }
    if (veil_group_check_keygen(&g->group, g->policy->dealer_ok, &err) < 0)
        return veil_keyio_refuse(&err);
    return 0;
}

/* ---- warrant --------------------------------------------------------------------------- */

static int read_beside(VeilBytes *b, const char *given, const char *warrant, const char *ending, size_t max)
{
    char name[PATH_MAX];

    if (!given && snprintf(name, sizeof(name), "%s.%s", warrant, ending) >= (int)sizeof(name)) {
        veil_error("the name '%s' is too long; choose a shorter one", warrant);
        return VEIL_EXIT_ERROR;
    }
    return veil_keyio_read(&b->at, &b->len, given ? given : name, max);
}

static int read_warrant(VeilGranted *g, const char *path, bool match)
{
    VeilErr err;
    int ret;

    if ((ret = veil_keyio_read(&g->text.at, &g->text.len, path, VEIL_TEXT_MAX)))
        return ret;
    if (veil_warrant_parse(&g->warrant, g->text.at, g->text.len, path, &err) < 0)
        return veil_keyio_refuse(&err);
    for (; g->sigs < VEIL_REQUEST_SIGS_MAX; g->sigs++) {
        char name[PATH_MAX];

        snprintf(name, sizeof(name), "%s.%d.minisig", path, g->sigs + 1);
        if (veil_file_read(&g->sig[g->sigs].at, &g->sig[g->sigs].len, name, VEIL_MINISIG_MAX, NULL) < 0)
            break;
    }
    if (g->warrant.match == match)
        return 0;
    veil_error(match ? "warrant '%s' is for viewing, not for matching; 'veil open' opens what it names"
                     : "warrant '%s' is for matching, not for viewing; 'veil match' is for it, run by the matcher",
               path);
    return VEIL_EXIT_NO;
}

static int check_issuers(VeilGranted *g, const char *path)
{
    VeilSpan sig[VEIL_REQUEST_SIGS_MAX];
    VeilErr err;

    for (int i = 0; i < g->sigs; i++)
        sig[i] = (VeilSpan){ (char *)g->sig[i].at, g->sig[i].len };
    if (veil_warrant_count_issuers(&g->warrant, g->text.at, g->text.len, g->policy, sig, g->sigs, &g->issuers, path,
                                   &err) < 0 ||
        veil_warrant_check_policy(&g->warrant, g->policy, path, &err) < 0)
        return veil_keyio_refuse(&err);
    return 0;
}

/* The warrant stands in the witnessed log, as its own cover sheet, signed by an issuer. */
static int check_logged(VeilGranted *g, const char *path)
{
    const VeilLeafTrust trust = { g->policy, g->group.sign, (int)g->group.key.n };
    const VeilLeaf want = veil_leaf_of_warrant(&g->warrant);
    VeilText text = { 0 };
    VeilLeaf got;
    VeilNote n;
    VeilErr err;

    if (veil_leaf_parse(&got, &n, g->leaf.at, g->leaf.len, "warrant leaf", &err) < 0)
        return veil_keyio_refuse(&err);
    veil_leaf_print(&text, &want);
    if (veil_text_same(&text, n.text, n.text_len, "warrant leaf", NULL) < 0) {
        veil_err(&err, VEIL_E_LOG_INCLUSION, "the leaf of '%s' is another warrant's", path);
        return veil_keyio_refuse(&err);
    }
    if (veil_leaf_check_author(&got, &n, &trust, "warrant leaf", &err) < 0 ||
        veil_tlog_proof_verify(&g->checkpoint, &g->index, g->proof.at, g->proof.len, g->leaf.at, g->leaf.len,
                               &g->policy->log, "warrant proof", &err) < 0)
        return veil_keyio_refuse(&err);
    return 0;
}

static int check_time(const VeilGranted *g, const char *path)
{
    char text[VEIL_TIME_LEN + 1] = "?";
    const int64_t now = time(NULL);
    VeilErr err;

    if (now >= g->warrant.not_before && now <= g->warrant.not_after)
        return 0;
    veil_time_format(text, now < g->warrant.not_before ? g->warrant.not_before : g->warrant.not_after);
    if (now < g->warrant.not_before)
        veil_err(&err, VEIL_E_TIME_NOT_YET, "warrant '%s' begins at %s", path, text);
    else
        veil_err(&err, VEIL_E_TIME_EXPIRED, "warrant '%s' ended at %s", path, text);
    return veil_keyio_refuse(&err);
}

/* ---- vaults and units ------------------------------------------------------------------- */

/* Which of the warrant's vaults; its root must be the one that the issuers signed. */
static int find_vault(const VeilGranted *g, const VeilVaultInfo *info, const char *path, VeilErr *err)
{
    const VeilVaultHeader *h = &info->header;

    for (int i = 0; i < g->warrant.vaults; i++) {
        if (memcmp(g->warrant.vault[i].vid, h->vid, sizeof(h->vid)))
            continue;
        if (memcmp(g->warrant.vault[i].root, info->seal.root, VEIL_HASH_BYTES))
            return veil_err(err, VEIL_E_VAULT_ROOT, "vault '%s'", path);
        if (memcmp(h->gid, g->group.key.gid, VEIL_GID_BYTES))
            return veil_err(err, VEIL_E_GROUP, "vault '%s' is sealed to another group", path);
        if (!veil_policies_has(&g->policies, h->policy_version, h->policy))
            return veil_err(err, VEIL_E_POLICY, "vault '%s' names policy version %u", path, h->policy_version);
        if (!veil_keylist_find(&g->policies.at[h->policy_version - 1].operators, h->operator_pk))
            return veil_err(err, VEIL_E_OPERATOR, "vault '%s'", path);
        return i;
    }
    return veil_err(err, VEIL_E_VAULT_ROOT, "vault '%s' is not one that the warrant names", path);
}

static int read_vault(VeilGranted *g, const char *path)
{
    VeilGrantedVault *v = &g->vault[g->vaults];
    VeilErr err;

    if (g->vaults == VEIL_WARRANT_VAULTS_MAX) {
        veil_error("more vaults than a warrant can name; give those of this warrant");
        return VEIL_EXIT_ERROR;
    }
    *v = (VeilGrantedVault){ .path = path };
    if (veil_vault_open(&v->file, path, true, &err) < 0)
        return veil_keyio_refuse(&err);
    g->vaults++; /* from here close frees it */
    if ((v->index = find_vault(g, veil_vault_info(v->file), path, &err)) < 0)
        return veil_keyio_refuse(&err);
    for (int i = 0; i + 1 < g->vaults; i++)
        if (g->vault[i].index == v->index) {
            veil_error("'%s' and '%s' are the same vault; give each once", g->vault[i].path, path);
            return VEIL_EXIT_ERROR;
        }
    return 0;
}

static int by_place(const void *a, const void *b)
{
    const VeilGrantedUnit *x = a, *y = b;

    if (x->vault != y->vault)
        return x->vault < y->vault ? -1 : 1;
    if (x->track != y->track)
        return x->track < y->track ? -1 : 1;
    if (x->seg != y->seg)
        return x->seg < y->seg ? -1 : 1;
    return x->part < y->part ? -1 : x->part > y->part;
}

static int add_unit(VeilGranted *g, int vault, uint32_t entry, const VeilEntry *e)
{
    if (!(g->units & (g->units + 1)) || !g->unit) { /* n + 1 is a power of two: room for twice as many */
        VeilGrantedUnit *more = realloc(g->unit, 2 * (g->units + 1) * sizeof(*more));

        if (!more) {
            veil_error("no memory for the list of units; free some");
            return VEIL_EXIT_ERROR;
        }
        g->unit = more;
    }
    g->unit[g->units] = (VeilGrantedUnit){ vault, entry, e->track, e->seg, e->part, e->nchunks, { 0 } };
    memcpy(g->unit[g->units++].uid, e->uid, sizeof(e->uid));
    return 0;
}

static int find_units(VeilGranted *g)
{
    VeilEntry e;
    int ret;

    for (int v = 0; v < g->vaults; v++)
        for (uint32_t i = 0; i < veil_vault_info(g->vault[v].file)->seal.units; i++)
            if (veil_entry_parse(&e, veil_vault_entry(g->vault[v].file, i)) >= 0 &&
                veil_warrant_covers(&g->warrant, g->vault[v].index, e.track, e.seg) &&
                (ret = add_unit(g, v, i, &e)))
                return ret;
    if (g->unit)
        qsort(g->unit, g->units, sizeof(*g->unit), by_place);
    if (g->units)
        return 0;
    veil_error("the vaults given hold no unit of the warrant; give the vaults that it names");
    return VEIL_EXIT_NO;
}

static int read_vaults(VeilGranted *g, const VeilGrantedOptions *o)
{
    int ret;

    for (int i = 0; i < o->vault.n; i++)
        if ((ret = read_vault(g, o->vault.at[i])))
            return ret;
    if (g->vaults < g->warrant.vaults)
        veil_warn("the warrant names %d vaults and %d are given; the rest stays closed", g->warrant.vaults,
                  g->vaults);
    return find_units(g);
}

/* ---- keys --------------------------------------------------------------------------------- */

int veil_granted_check_key(const char *path, VeilRole role, const uint8_t public_key[32], const char *whose)
{
    uint8_t bytes[VEIL_KEYFILE_BYTES];
    VeilKey key = { 0 };
    VeilErr err;

    if (veil_keyfile_load(bytes, path, &err) < 0 || veil_keyfile_peek(&key, bytes, sizeof(bytes), &err) < 0)
        return veil_keyio_refuse(&err);
    if (key.role == role && !memcmp(key.public_key, public_key, 32))
        return 0;
    if (key.role != role)
        veil_error("'%s' is a key of role '%s'; give %s, of role '%s'", path,
                   veil_role_word(key.role) ? veil_role_word(key.role) : "?", whose, veil_role_word(role));
    else
        veil_error("'%s' is not %s key; give the one whose public half the warrant names", path, whose);
    return VEIL_EXIT_NO;
}

static int check_enough(const VeilGranted *g, const VeilGrantedOptions *o)
{
    VeilErr err;

    if (o->release.n > VEIL_GROUP_MAX_N) {
        veil_error("%d releases are more than a group can have members; give each once", o->release.n);
        return VEIL_EXIT_ERROR;
    }
    if ((uint32_t)o->release.n >= g->group.key.k)
        return 0;
    veil_err(&err, VEIL_E_THRESHOLD, "%d release%s of the %u needed", o->release.n, VEIL_S(o->release.n), g->group.key.k);
    return veil_keyio_refuse(&err);
}

static bool all_given(const VeilGrantedOptions *o)
{
    if (o->group && o->policy && o->box && o->vault.n)
        return true;
    veil_error("missing '--%s'; --group, --policy, --release, --vault and --box are needed",
               !o->group ? "group" : !o->policy ? "policy" : !o->box ? "box" : "vault");
    return false;
}

int veil_granted_read(VeilGranted **out, const VeilGrantedOptions *o, const char *warrant, bool match)
{
    VeilGranted *g = *out = calloc(1, sizeof(*g));
    VeilErr err;
    int ret;

    if (!g || !all_given(o))
        return VEIL_EXIT_ERROR;
    if ((ret = read_group(g, o)))
        return ret;
    if (read_policies(&g->policies, o->policy, &err) < 0)
        return veil_keyio_refuse(&err);
    if ((ret = read_warrant(g, warrant, match)) || (ret = find_policy(g, o->policy, warrant)) ||
        (ret = check_issuers(g, warrant)) ||
        (ret = read_beside(&g->leaf, o->leaf, warrant, "leaf", VEIL_LEAF_MAX)) ||
        (ret = read_beside(&g->proof, o->proof, warrant, "tlog-proof", VEIL_TEXT_MAX)) ||
        (ret = check_logged(g, warrant)) || (ret = check_time(g, warrant)) || (ret = read_vaults(g, o)) ||
        (ret = check_enough(g, o)))
        return ret;
    return veil_granted_check_key(o->box, match ? VEIL_ROLE_MATCHER_BOX : VEIL_ROLE_REQUESTER_BOX,
                                  g->warrant.deliver_box, "the warrant's deliver-box");
}

/* Those that do not hold are left out; the first reason is told if too few remain. */
static int add_releases(VeilGranted *g, const VeilGrantedOptions *o)
{
    VeilErr first = { 0 };
    uint32_t good = 0;

    for (int i = 0; i < o->release.n; i++) {
        VeilGrantedRelease *r = &g->release[g->releases++];
        VeilTlogProof proof;
        VeilErr err = { 0 };
        int ret;

        r->folder = o->release.at[i];
        if ((ret = veil_handed_load(&r->handed, r->folder, &err)) >= 0 &&
            (ret = veil_opening_add(g->opening, &r->handed, &err)) >= 0)
            r->custodian = (uint32_t)ret;
        if (r->custodian && veil_tlog_proof_parse(&proof, r->handed.proof.at, r->handed.proof.len, "proof", NULL) >= 0)
            r->leaf = proof.index;
        good += ret >= 0;
        if (ret < 0 && !first.code)
            first = err;
    }
    if (good < g->group.key.k)
        return veil_keyio_refuse(&first);
    for (int i = 0; i < g->releases; i++)
        if (!g->release[i].custodian)
            veil_warn("release '%s' does not count and is left out; the others are enough", g->release[i].folder);
    return 0;
}

int veil_granted_unlock(VeilGranted *g, const VeilGrantedOptions *o)
{
    VeilErr err;
    int ret;

    if ((ret = veil_keyio_unlock(&g->box, o->box,
                                 g->warrant.match ? VEIL_ROLE_MATCHER_BOX : VEIL_ROLE_REQUESTER_BOX, o->pass_fd)))
        return ret;
    if (veil_opening_new(&g->opening, &g->group, g->policy, &g->warrant, g->index, g->box.secret, &err) < 0)
        return veil_keyio_refuse(&err);
    ret = add_releases(g, o);
    veil_key_clear(&g->box); /* the shares are out of their blobs: units need no more than those */
    return ret;
}

/* ---- units ---------------------------------------------------------------------------------- */

void veil_granted_wipe(VeilGranted *g)
{
    if (g->plain)
        sodium_memzero(g->plain, g->cap);
    g->len = 0;
}

/* Crops do not fit into locked memory; at least they stay out of core dumps. */
static int reserve(VeilGranted *g, size_t need)
{
    veil_granted_wipe(g);
    if (need <= g->cap)
        return 0;
    if (g->plain)
        munmap(g->plain, g->cap);
    g->plain = mmap(NULL, need, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g->cap = g->plain == MAP_FAILED ? 0 : need;
    if (!g->cap) {
        g->plain = NULL;
        veil_error("no memory for a unit of %zu bytes; free some", need);
        return VEIL_EXIT_ERROR;
    }
    madvise(g->plain, g->cap, MADV_DONTDUMP);
    madvise(g->plain, g->cap, MADV_DONTFORK);
    return 0;
}

static void name_bad_shares(VeilGranted *g, uint32_t bad, const VeilGrantedUnit *u)
{
    for (int i = 0; i < g->releases; i++) {
        VeilGrantedRelease *r = &g->release[i];

        if (!r->custodian || !(bad >> r->custodian & 1) || r->bad_share)
            continue;
        r->bad_share = true;
        veil_warn("custodian %u (%s) gave a share that does not verify, for track %u, segment %u; it was left out",
                  r->custodian, g->group.org[r->custodian - 1], u->track, u->seg);
    }
}

int veil_granted_open(VeilGranted *g, size_t i, const uint8_t **records, size_t *len)
{
    const VeilGrantedUnit *u = &g->unit[i];
    uint32_t bad = 0;
    VeilErr err;
    int ret;

    *records = NULL;
    *len = 0;
    if ((ret = reserve(g, (size_t)u->nchunks * VEIL_CHUNK_PLAIN)))
        return ret;
    ret = veil_opening_unit(g->opening, g->vault[u->vault].file, u->entry, g->plain, g->cap, &g->len, &bad, &err);
    name_bad_shares(g, bad, u);
    if (ret < 0) {
        veil_granted_wipe(g);
        return veil_keyio_refuse(&err);
    }
    *records = g->plain;
    *len = g->len;
    return 0;
}

void veil_granted_close(VeilGranted *g)
{
    if (!g)
        return;
    veil_granted_wipe(g);
    if (g->plain)
        munmap(g->plain, g->cap);
    veil_opening_free(g->opening);
    veil_key_clear(&g->box);
    for (int i = 0; i < g->releases; i++)
        veil_handed_free(&g->release[i].handed);
    for (int i = 0; i < g->vaults; i++)
        veil_vault_close(g->vault[i].file);
    for (int i = 0; i < g->sigs; i++)
        free(g->sig[i].at);
    free(g->group_note.at);
    free(g->text.at);
    free(g->leaf.at);
    free(g->proof.at);
    veil_policies_free(&g->policies);
    free(g->unit);
    free(g);
}
