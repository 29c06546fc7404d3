/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "file.h"
#include "hash.h"

/* ---- writing ---------------------------------------------------------------- */

static void print_key(VeilText *t, const char *word, const VeilNamedKey *k)
{
    char b64[VEIL_B64_LEN(32) + 1];

    veil_text_add(t, "%s %s %s\n", word, k->name, veil_b64_encode(b64, k->pk, 32));
}

static void print_keys(VeilText *t, const char *word, const VeilNamedKey *k, int n)
{
    for (int i = 0; i < n; i++)
        print_key(t, word, &k[i]);
}

static void print_matchers(VeilText *t, const VeilPolicy *p)
{
    char box[VEIL_B64_LEN(32) + 1], sign[VEIL_B64_LEN(32) + 1];

    for (int i = 0; i < p->matchers; i++)
        veil_text_add(t, "matcher %s %s %s\n", p->matcher[i].name,
                      veil_b64_encode(box, p->matcher[i].box, 32),
                      veil_b64_encode(sign, p->matcher[i].sign, 32));
}

static void print_text(VeilText *t, const VeilPolicy *p)
{
    veil_text_add(t, "veil/v1/policy\nversion %u\n", p->version);
    if (p->first)
        veil_text_add(t, "previous -\n");
    else
        veil_text_hex(t, "previous", p->previous, 32);
    veil_text_hex(t, "group", p->group, 32);
    veil_text_add(t, "keygen %s\n", p->dealer_ok ? "any" : "dkg");
    veil_text_add(t, "approve %s\n", p->unattended_ok ? "any" : "person");
    print_key(t, "log", &p->log.log);
    veil_text_add(t, "witnesses %d\n", p->log.quorum);
    print_keys(t, "witness", p->log.witness, p->log.witnesses);
    veil_text_add(t, "issuers %d\n", p->issuers.needed);
    print_keys(t, "issuer", p->issuers.at, p->issuers.n);
    print_keys(t, "operator", p->operators.at, p->operators.n);
    print_matchers(t, p);
    for (int i = 0; i < p->reasons; i++)
        veil_text_add(t, "reason %s\n", p->reason[i]);
    veil_text_add(t, "caps %u %u %u %u\n", p->cap_tracks, p->cap_segments, p->cap_days, p->cap_probes);
    veil_text_add(t, "checkpoint-age %u\nclock-skew %u\n", p->checkpoint_age_s, p->clock_skew_s);
    veil_text_add(t, "signers %d\n", p->signers.needed);
    print_keys(t, "signer", p->signers.at, p->signers.n);
}

static int set_digest(VeilPolicy *p, const void *text, size_t len)
{
    return veil_hb32(p->digest, "veil/v1/policy", VEIL_FIELDS({ text, len }));
}

int veil_policy_print(VeilText *t, VeilPolicy *p)
{
    print_text(t, p);
    return veil_text_done(t) < 0 ? veil_text_done(t) : set_digest(p, t->at, t->len);
}

/* ---- reading ---------------------------------------------------------------- */

static uint32_t number(VeilLines *r, const char *key, uint32_t max)
{
    uint64_t v;

    veil_lines_number(r, key, &v, max);
    return (uint32_t)v;
}

static void read_key(VeilLines *r, const char *word, VeilNamedKey *k)
{
    VeilSpan s[2];

    veil_lines_fields(r, word, s, 2);
    veil_span_token(r, s[0], k->name);
    veil_span_b64(r, s[1], k->pk, VEIL_SIGN_PK_BYTES);
    if (r->ret >= 0 && !veil_note_name_ok(k->name))
        veil_lines_fault(r, VEIL_E_CANON);
}

/* Keys of one kind, names strictly rising. @return how many */
static int read_keys(VeilLines *r, const char *word, VeilNamedKey *k, int max)
{
    int n = 0;

    while (veil_lines_next_is(r, word)) {
        if (n == max) {
            veil_lines_fault(r, VEIL_E_TOO_LARGE);
            break;
        }
        read_key(r, word, &k[n]);
        if (n && strcmp(k[n - 1].name, k[n].name) >= 0)
            veil_lines_fault(r, VEIL_E_CANON);
        n++;
    }
    return n;
}

static void read_matchers(VeilLines *r, VeilPolicy *p)
{
    VeilSpan s[3];

    while (veil_lines_next_is(r, "matcher")) {
        VeilMatcher *m = &p->matcher[p->matchers];

        if (p->matchers == VEIL_POLICY_KEYS_MAX) {
            veil_lines_fault(r, VEIL_E_TOO_LARGE);
            return;
        }
        veil_lines_fields(r, "matcher", s, 3);
        veil_span_token(r, s[0], m->name);
        veil_span_b64(r, s[1], m->box, VEIL_BOX_KEY_BYTES);
        veil_span_b64(r, s[2], m->sign, VEIL_SIGN_PK_BYTES);
        if (r->ret >= 0 && veil_box_key_check(m->box, "matcher of the policy", r->err) < 0)
            r->ret = VEIL_E_BOX_KEY;
        if (p->matchers && strcmp(m[-1].name, m->name) >= 0)
            veil_lines_fault(r, VEIL_E_CANON);
        p->matchers++;
    }
}

static void read_reasons(VeilLines *r, VeilPolicy *p)
{
    while (veil_lines_next_is(r, "reason")) {
        if (p->reasons == VEIL_POLICY_REASONS_MAX) {
            veil_lines_fault(r, VEIL_E_TOO_LARGE);
            return;
        }
        veil_lines_token(r, "reason", p->reason[p->reasons]);
        if (p->reasons && strcmp(p->reason[p->reasons - 1], p->reason[p->reasons]) >= 0)
            veil_lines_fault(r, VEIL_E_CANON);
        p->reasons++;
    }
}

static void read_caps(VeilLines *r, VeilPolicy *p)
{
    uint32_t *const cap[] = { &p->cap_tracks, &p->cap_segments, &p->cap_days, &p->cap_probes };
    VeilSpan s[4];
    uint64_t v;

    veil_lines_fields(r, "caps", s, 4);
    for (int i = 0; i < 4; i++) {
        veil_span_number(r, s[i], &v, 65535);
        *cap[i] = (uint32_t)v;
    }
    p->checkpoint_age_s = number(r, "checkpoint-age", 366 * 86400);
    p->clock_skew_s = number(r, "clock-skew", 86400);
}

static bool read_choice(VeilLines *r, const char *key, const char *no, const char *yes)
{
    char word[VEIL_TOKEN_CAP];

    if (veil_lines_token(r, key, word) >= 0 && strcmp(word, no) && strcmp(word, yes))
        veil_lines_fault(r, VEIL_E_CANON);
    return !strcmp(word, yes);
}

static void read_text(VeilLines *r, VeilPolicy *p)
{
    veil_lines_word(r, "veil/v1/policy");
    p->version = number(r, "version", VEIL_POLICY_HISTORY_MAX);
    p->first = p->version == 1;
    if (p->first)
        veil_lines_word(r, "previous -");
    else
        veil_lines_hex(r, "previous", p->previous, 32);
    veil_lines_hex(r, "group", p->group, 32);
    p->dealer_ok = read_choice(r, "keygen", "dkg", "any");
    p->unattended_ok = read_choice(r, "approve", "person", "any");
    read_key(r, "log", &p->log.log);
    p->log.quorum = (int)number(r, "witnesses", VEIL_WITNESSES_MAX);
    p->log.witnesses = read_keys(r, "witness", p->log.witness, VEIL_WITNESSES_MAX);
    p->issuers.needed = (int)number(r, "issuers", VEIL_POLICY_KEYS_MAX);
    p->issuers.n = read_keys(r, "issuer", p->issuers.at, VEIL_POLICY_KEYS_MAX);
    p->operators.n = read_keys(r, "operator", p->operators.at, VEIL_POLICY_KEYS_MAX);
    read_matchers(r, p);
    read_reasons(r, p);
    read_caps(r, p);
    p->signers.needed = (int)number(r, "signers", VEIL_POLICY_KEYS_MAX);
    p->signers.n = read_keys(r, "signer", p->signers.at, VEIL_POLICY_KEYS_MAX);
}

/* One key, one purpose: no key may stand in a policy twice. */
static int keys_distinct(const VeilPolicy *p, const char *what, VeilErr *err)
{
    const uint8_t *all[5 * VEIL_POLICY_KEYS_MAX + VEIL_WITNESSES_MAX + 1];
    int n = 0;

    all[n++] = p->log.log.pk;
    for (int i = 0; i < p->log.witnesses; i++)
        all[n++] = p->log.witness[i].pk;
    for (int i = 0; i < p->issuers.n; i++)
        all[n++] = p->issuers.at[i].pk;
    for (int i = 0; i < p->operators.n; i++)
        all[n++] = p->operators.at[i].pk;
    for (int i = 0; i < p->signers.n; i++)
        all[n++] = p->signers.at[i].pk;
    for (int i = 0; i < p->matchers; i++) {
        all[n++] = p->matcher[i].sign;
        all[n++] = p->matcher[i].box;
    }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++)
            if (!memcmp(all[i], all[j], 32))
                return veil_err(err, VEIL_E_ROLE, "%s names a key twice", what);
    return 0;
}

static bool can_be_met(int needed, int have)
{
    return needed >= 1 && needed <= have;
}

int veil_policy_parse(VeilPolicy *p, const void *text, size_t len, const char *what, VeilErr *err)
{
    VeilText again = { 0 };
    VeilLines r;
    int ret;

    *p = (VeilPolicy){ 0 };
    veil_lines_open(&r, text, len, what, err);
    read_text(&r, p);
    if ((ret = veil_lines_end(&r)) < 0)
        return ret;
    print_text(&again, p);
    if ((ret = veil_text_same(&again, text, len, what, err)) < 0 || (ret = keys_distinct(p, what, err)) < 0)
        return ret;
    if (!p->version || !can_be_met(p->log.quorum, p->log.witnesses) ||
        !can_be_met(p->issuers.needed, p->issuers.n) || !can_be_met(p->signers.needed, p->signers.n))
        return veil_err(err, VEIL_E_POLICY, "%s: more signatures asked for than there are keys", what);
    return set_digest(p, text, len);
}

int veil_policy_read(VeilPolicy *p, const void *note, size_t len, const VeilPolicy *by, const char *what,
                     VeilErr *err)
{
    const VeilKeyList *signers;
    int ret, good = 0;
    VeilNote n;

    if ((ret = veil_note_parse(&n, note, len, what, err)) < 0 ||
        (ret = veil_policy_parse(p, n.text, n.text_len, what, err)) < 0)
        return ret;
    if (by ? p->version != by->version + 1 || sodium_memcmp(p->previous, by->digest, 32) : !p->first)
        return veil_err(err, VEIL_E_POLICY, "%s: version %u does not follow version %u", what, p->version,
                        by ? by->version : 0);
    signers = by ? &by->signers : &p->signers;
    for (int i = 0; i < signers->n; i++)
        good += veil_note_signed_by(&n, "policy", signers->at[i].pk);
    if (good < signers->needed)
        return veil_err(err, VEIL_E_POLICY, "%s: %d of %d signers", what, good, signers->needed);
    return 0;
}

/* ---- history ---------------------------------------------------------------- */

int veil_policies_load(VeilPolicies *all, const char *folder, VeilErr *err)
{
    int ret = 0;

    *all = (VeilPolicies){ 0 };
    while (ret >= 0 && all->n < VEIL_POLICY_HISTORY_MAX) {
        VeilPolicy *more;
        char path[4096];
        uint8_t *bytes = NULL;
        size_t len;

        snprintf(path, sizeof(path), "%s/%d.note", folder, all->n + 1);
        ret = veil_file_read(&bytes, &len, path, VEIL_TEXT_MAX, all->n ? NULL : err);
        if (ret == -ENOENT && all->n)
            return 0;
        if (ret < 0 && all->n)
            veil_err(err, ret, "policy '%s'", path);
        if (ret >= 0 && !(more = realloc(all->at, ((size_t)all->n + 1) * sizeof(*more))))
            ret = veil_err(err, -ENOMEM, "policy '%s'", path);
        if (ret >= 0) {
            all->at = more;
            ret = veil_policy_read(&more[all->n], bytes, len, all->n ? &more[all->n - 1] : NULL, path, err);
            all->n += ret >= 0;
        }
        free(bytes);
    }
    if (ret < 0)
        veil_policies_free(all);
    return ret;
}

void veil_policies_free(VeilPolicies *all)
{
    free(all->at);
    *all = (VeilPolicies){ 0 };
}

const VeilPolicy *veil_policies_newest(const VeilPolicies *all)
{
    return all->n ? &all->at[all->n - 1] : NULL;
}

bool veil_policies_has(const VeilPolicies *all, uint32_t version, const uint8_t digest[32])
{
    return version >= 1 && version <= (uint32_t)all->n &&
           !sodium_memcmp(all->at[version - 1].digest, digest, 32);
}

const VeilNamedKey *veil_keylist_find(const VeilKeyList *l, const uint8_t pk[VEIL_SIGN_PK_BYTES])
{
    for (int i = 0; i < l->n; i++)
        if (!memcmp(l->at[i].pk, pk, VEIL_SIGN_PK_BYTES))
            return &l->at[i];
    return NULL;
}
