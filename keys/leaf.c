/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "leaf.h"

#include <inttypes.h>
#include <string.h>

static const struct {
    const char *word, *role;
} kinds[] = {
#define LEAF_ROW(name, word, role) { word, role },
    VEIL_LEAVES(LEAF_ROW)
#undef LEAF_ROW
};

const char *veil_leaf_word(VeilLeafKind kind)
{
    return kinds[kind].word;
}

const char *veil_leaf_role(VeilLeafKind kind)
{
    return kinds[kind].role;
}

VeilLeaf veil_leaf_of_warrant(const VeilWarrant *w)
{
    VeilLeaf l = { .kind = VEIL_LEAF_WARRANT,
                   .match = w->match,
                   .vaults = (uint32_t)w->vaults,
                   .probes = (uint32_t)w->probes,
                   .units = (uint32_t)veil_warrant_segments(w),
                   .not_before = w->not_before,
                   .not_after = w->not_after,
                   .unseal_by = w->unseal_by };

    memcpy(l.digest, w->cm, 32);
    memcpy(l.court, w->court, sizeof(l.court));
    memcpy(l.reason, w->reason, sizeof(l.reason));
    return l;
}

void veil_leaf_print(VeilText *t, const VeilLeaf *l)
{
    veil_text_add(t, "%s\n", kinds[l->kind].word);
    switch (l->kind) {
    case VEIL_LEAF_WARRANT:
        veil_text_hex(t, "cm", l->digest, 32);
        veil_text_add(t, "court %s\nreason %s\naction %s\n", l->court, l->reason,
                      l->match ? "match" : "view");
        veil_text_add(t, "vaults %u\nunits %u\nprobes %u\n", l->vaults, l->units, l->probes);
        veil_text_time(t, "not-before", l->not_before);
        veil_text_time(t, "not-after", l->not_after);
        veil_text_time(t, "unseal-by", l->unseal_by);
        break;
    case VEIL_LEAF_RELEASE:
        veil_text_add(t, "warrant %" PRIu64 "\ncustodian %u\nepoch %u\nunits %u\n", l->index, l->custodian,
                      l->epoch, l->units);
        veil_text_hex(t, "blob", l->digest, 32);
        break;
    case VEIL_LEAF_RESULT:
        veil_text_add(t, "warrant %" PRIu64 "\nhits %u\n", l->index, l->units);
        veil_text_hex(t, "digest", l->digest, 32);
        break;
    case VEIL_LEAF_REVOKE:
        veil_text_add(t, "warrant %" PRIu64 "\n", l->index);
        break;
    case VEIL_LEAF_CLOSE:
        veil_text_add(t, "warrant %" PRIu64 "\n", l->index);
        veil_text_hex(t, "digest", l->digest, 32);
        break;
    case VEIL_LEAF_UNSEAL:
        veil_text_add(t, "warrant %" PRIu64 "\n", l->index);
        veil_text_hex(t, "cm", l->digest, 32);
        break;
    default:
        veil_text_hex(t, "digest", l->digest, 32);
    }
}

static uint32_t number(VeilLines *r, const char *key)
{
    uint64_t v;

    veil_lines_number(r, key, &v, UINT32_MAX);
    return (uint32_t)v;
}

static void read_warrant(VeilLines *r, VeilLeaf *l)
{
    char action[VEIL_TOKEN_CAP];

    veil_lines_hex(r, "cm", l->digest, 32);
    veil_lines_token(r, "court", l->court);
    veil_lines_token(r, "reason", l->reason);
    veil_lines_token(r, "action", action);
    l->match = !strcmp(action, "match");
    l->vaults = number(r, "vaults");
    l->units = number(r, "units");
    l->probes = number(r, "probes");
    veil_lines_time(r, "not-before", &l->not_before);
    veil_lines_time(r, "not-after", &l->not_after);
    veil_lines_time(r, "unseal-by", &l->unseal_by);
}

static void read_fields(VeilLines *r, VeilLeaf *l)
{
    if (l->kind == VEIL_LEAF_WARRANT) {
        read_warrant(r, l);
        return;
    }
    if (l->kind == VEIL_LEAF_RELEASE || l->kind == VEIL_LEAF_RESULT || l->kind == VEIL_LEAF_REVOKE ||
        l->kind == VEIL_LEAF_UNSEAL || l->kind == VEIL_LEAF_CLOSE)
        veil_lines_number(r, "warrant", &l->index, INT64_MAX);
    if (l->kind == VEIL_LEAF_RELEASE) {
        l->custodian = number(r, "custodian");
        l->epoch = number(r, "epoch");
        l->units = number(r, "units");
        veil_lines_hex(r, "blob", l->digest, 32);
        return;
    }
    if (l->kind == VEIL_LEAF_RESULT)
        l->units = number(r, "hits");
    if (l->kind == VEIL_LEAF_UNSEAL)
        veil_lines_hex(r, "cm", l->digest, 32);
    else if (l->kind != VEIL_LEAF_REVOKE)
        veil_lines_hex(r, "digest", l->digest, 32);
}

static bool find_kind(VeilLeaf *l, const VeilNote *n)
{
    const char *lf = memchr(n->text, '\n', n->text_len);

    for (size_t i = 0; lf && i < VEIL_LEAF_KINDS; i++)
        if (strlen(kinds[i].word) == (size_t)(lf - n->text) &&
            !memcmp(kinds[i].word, n->text, (size_t)(lf - n->text))) {
            l->kind = (VeilLeafKind)i;
            return true;
        }
    return false;
}

int veil_leaf_parse(VeilLeaf *l, VeilNote *n, const void *bytes, size_t len, const char *what, VeilErr *err)
{
    VeilText again = { 0 };
    VeilLines r;
    int ret;

    *l = (VeilLeaf){ 0 };
    if (len > VEIL_LEAF_MAX)
        return veil_err(err, VEIL_E_TOO_LARGE, "%s (%zu bytes)", what, len);
    if ((ret = veil_note_parse(n, bytes, len, what, err)) < 0)
        return ret;
    if (!find_kind(l, n))
        return veil_err(err, VEIL_E_CANON, "%s: unknown kind of leaf", what);
    veil_lines_open(&r, n->text, n->text_len, what, err);
    veil_lines_word(&r, kinds[l->kind].word);
    read_fields(&r, l);
    if ((ret = veil_lines_end(&r)) < 0)
        return ret;
    veil_leaf_print(&again, l);
    return veil_text_same(&again, n->text, n->text_len, what, err);
}

static bool signed_by_list(const VeilNote *n, const char *role, const VeilKeyList *keys)
{
    for (int i = 0; i < keys->n; i++)
        if (veil_note_signed_by(n, role, keys->at[i].pk))
            return true;
    return false;
}

static bool has_author(const VeilLeaf *l, const VeilNote *n, const VeilLeafTrust *trust)
{
    const char *role = kinds[l->kind].role;
    const VeilPolicy *p = trust->policy;

    switch (l->kind) {
    case VEIL_LEAF_WARRANT:
    case VEIL_LEAF_REVOKE:
    case VEIL_LEAF_UNSEAL:
        return signed_by_list(n, role, &p->issuers);
    case VEIL_LEAF_VAULT:
        return signed_by_list(n, role, &p->operators);
    case VEIL_LEAF_POLICY:
        return signed_by_list(n, role, &p->signers);
    case VEIL_LEAF_RELEASE:
        return l->custodian >= 1 && l->custodian <= (uint32_t)trust->custodians &&
               veil_note_signed_by(n, role, trust->custodian[l->custodian - 1]);
    case VEIL_LEAF_GROUP:
        for (int i = 0; i < trust->custodians; i++)
            if (veil_note_signed_by(n, role, trust->custodian[i]))
                return true;
        return false;
    case VEIL_LEAF_RESULT:
        for (int i = 0; i < p->matchers; i++)
            if (veil_note_signed_by(n, role, p->matcher[i].sign))
                return true;
        return false;
    case VEIL_LEAF_CONSENT:
        return true; /* the record itself names and checks its controller: consent.h */
    case VEIL_LEAF_CLOSE:
        return true; /* the warrant names its requester; who can read it checks the signature */
    default:
        return false;
    }
}

int veil_leaf_check_author(const VeilLeaf *l, const VeilNote *n, const VeilLeafTrust *trust, const char *what,
                           VeilErr *err)
{
    if (has_author(l, n, trust))
        return 0;
    return veil_err(err, VEIL_E_ROLE, "%s, '%s': no '%s' of the policy signed it", what, kinds[l->kind].word,
                    kinds[l->kind].role);
}
