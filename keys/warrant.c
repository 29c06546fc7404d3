/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "warrant.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "hash.h"
#include "minisig.h"

/* ---- writing ---------------------------------------------------------------- */

static void print_vaults(VeilText *t, const VeilWarrant *w)
{
    char hex[VEIL_HEX_LEN(32) + 1], b64[VEIL_B64_LEN(32) + 1];
    int s = 0;

    for (int v = 0; v < w->vaults; v++) {
        veil_text_add(t, "vault %s %s\n", veil_hex_encode(hex, w->vault[v].vid, 32),
                      veil_b64_encode(b64, w->vault[v].root, 32));
        for (; s < w->scopes && w->scope[s].vault == v; s++)
            veil_text_add(t, "scope %u %u %u\n", w->scope[s].track, w->scope[s].first, w->scope[s].last);
    }
}

static void print_text(VeilText *t, const VeilWarrant *w)
{
    char hex[VEIL_HEX_LEN(32) + 1];

    veil_text_add(t, "veil/v1/warrant\nlog %s\n", w->log);
    veil_text_hex(t, "group", w->gid, 32);
    veil_text_add(t, "policy %u %s\n", w->policy_version, veil_hex_encode(hex, w->policy, 32));
    veil_text_b64(t, "salt", w->salt, 32);
    veil_text_add(t, "court %s\n", w->court);
    veil_text_b64(t, "case", w->case_hash, 32);
    veil_text_add(t, "reason %s\naction %s\n", w->reason, w->match ? "match" : "view");
    veil_text_b64(t, "requester-sign", w->requester_sign, 32);
    veil_text_b64(t, "requester-box", w->requester_box, 32);
    veil_text_b64(t, "deliver-box", w->deliver_box, 32);
    veil_text_time(t, "not-before", w->not_before);
    veil_text_time(t, "not-after", w->not_after);
    veil_text_time(t, "unseal-by", w->unseal_by);
    print_vaults(t, w);
    for (int i = 0; i < w->probes; i++)
        veil_text_add(t, "probe %s %u %u %u %u\n", veil_hex_encode(hex, w->probe[i].sha256, 32),
                      w->probe[i].x, w->probe[i].y, w->probe[i].w, w->probe[i].h);
    veil_text_add(t, "end\n");
}

static int set_ids(VeilWarrant *w, const void *bytes, size_t len)
{
    crypto_hash_sha256_state st;

    crypto_hash_sha256_init(&st);
    crypto_hash_sha256_update(&st, (const uint8_t *)"veil/v1/warrant-commit\n", 23);
    crypto_hash_sha256_update(&st, bytes, len);
    crypto_hash_sha256_final(&st, w->cm);
    return veil_hb32(w->wid, "veil/v1/warrant", VEIL_FIELDS({ bytes, len }));
}

int veil_warrant_print(VeilText *t, VeilWarrant *w)
{
    print_text(t, w);
    return veil_text_done(t) < 0 ? veil_text_done(t) : set_ids(w, t->at, t->len);
}

/* ---- reading ---------------------------------------------------------------- */

static void read_scopes(VeilLines *r, VeilWarrant *w)
{
    const int from = w->scopes;

    while (veil_lines_next_is(r, "scope")) {
        VeilScope *s = &w->scope[w->scopes];
        VeilSpan f[3];
        uint64_t v[3];

        if (w->scopes == VEIL_WARRANT_SCOPES_MAX) {
            veil_lines_fault(r, VEIL_E_TOO_LARGE);
            return;
        }
        veil_lines_fields(r, "scope", f, 3);
        for (int i = 0; i < 3; i++)
            veil_span_number(r, f[i], &v[i], UINT32_MAX);
        *s = (VeilScope){ w->vaults, (uint32_t)v[0], (uint32_t)v[1], (uint32_t)v[2] };
        if (s->last < s->first)
            veil_lines_fault(r, VEIL_E_SCOPE);
        /* sorted, and touching neither the one before nor itself twice */
        if (w->scopes > from &&
            (s[-1].track > s->track || (s[-1].track == s->track && s[-1].last >= s->first)))
            veil_lines_fault(r, VEIL_E_CANON);
        w->scopes++;
    }
    if (w->scopes == from)
        veil_lines_fault(r, VEIL_E_SCOPE);
}

static void read_vaults(VeilLines *r, VeilWarrant *w)
{
    while (veil_lines_next_is(r, "vault")) {
        VeilSpan f[2];

        if (w->vaults == VEIL_WARRANT_VAULTS_MAX) {
            veil_lines_fault(r, VEIL_E_TOO_LARGE);
            return;
        }
        veil_lines_fields(r, "vault", f, 2);
        veil_span_hex(r, f[0], w->vault[w->vaults].vid, 32);
        veil_span_b64(r, f[1], w->vault[w->vaults].root, 32);
        if (w->vaults && memcmp(w->vault[w->vaults - 1].vid, w->vault[w->vaults].vid, 32) >= 0)
            veil_lines_fault(r, VEIL_E_CANON);
        read_scopes(r, w);
        w->vaults++;
    }
    if (!w->vaults)
        veil_lines_fault(r, VEIL_E_SCOPE);
}

static void read_probes(VeilLines *r, VeilWarrant *w)
{
    while (veil_lines_next_is(r, "probe")) {
        VeilProbe *p = &w->probe[w->probes];
        uint32_t *const to[] = { &p->x, &p->y, &p->w, &p->h };
        VeilSpan f[5];
        uint64_t v;

        if (w->probes == VEIL_WARRANT_PROBES_MAX) {
            veil_lines_fault(r, VEIL_E_TOO_LARGE);
            return;
        }
        veil_lines_fields(r, "probe", f, 5);
        veil_span_hex(r, f[0], p->sha256, 32);
        for (int i = 0; i < 4; i++) {
            veil_span_number(r, f[i + 1], &v, 65535);
            *to[i] = (uint32_t)v;
        }
        if (!p->w || !p->h)
            veil_lines_fault(r, VEIL_E_PROBE);
        if (w->probes && memcmp(p[-1].sha256, p->sha256, 32) >= 0)
            veil_lines_fault(r, VEIL_E_CANON);
        w->probes++;
    }
}

static void read_head(VeilLines *r, VeilWarrant *w)
{
    char action[VEIL_TOKEN_CAP];
    VeilSpan f[2];
    uint64_t v;

    veil_lines_word(r, "veil/v1/warrant");
    veil_lines_token(r, "log", w->log);
    veil_lines_hex(r, "group", w->gid, 32);
    veil_lines_fields(r, "policy", f, 2);
    veil_span_number(r, f[0], &v, UINT32_MAX);
    w->policy_version = (uint32_t)v;
    veil_span_hex(r, f[1], w->policy, 32);
    veil_lines_b64(r, "salt", w->salt, 32);
    veil_lines_token(r, "court", w->court);
    veil_lines_b64(r, "case", w->case_hash, 32);
    veil_lines_token(r, "reason", w->reason);
    veil_lines_token(r, "action", action);
    w->match = !strcmp(action, "match");
    veil_lines_b64(r, "requester-sign", w->requester_sign, 32);
    veil_lines_b64(r, "requester-box", w->requester_box, 32);
    veil_lines_b64(r, "deliver-box", w->deliver_box, 32);
    veil_lines_time(r, "not-before", &w->not_before);
    veil_lines_time(r, "not-after", &w->not_after);
    veil_lines_time(r, "unseal-by", &w->unseal_by);
}

static bool is_consent(const void *bytes, size_t len)
{
    static const char word[] = "veil/v1/consent";

    return len >= sizeof(word) - 1 && !memcmp(bytes, word, sizeof(word) - 1);
}

int veil_warrant_parse(VeilWarrant *w, const void *bytes, size_t len, const char *what, VeilErr *err)
{
    VeilText again = { 0 };
    VeilLines r;
    int ret;

    *w = (VeilWarrant){ 0 };
    if (is_consent(bytes, len))
        return veil_err(err, VEIL_E_NOT_A_WARRANT, "%s", what);
    veil_lines_open(&r, bytes, len, what, err);
    read_head(&r, w);
    read_vaults(&r, w);
    read_probes(&r, w);
    veil_lines_word(&r, "end");
    if ((ret = veil_lines_end(&r)) < 0)
        return ret;
    print_text(&again, w);
    if ((ret = veil_text_same(&again, bytes, len, what, err)) < 0)
        return ret;
    return set_ids(w, bytes, len);
}

/* ---- issuers ---------------------------------------------------------------- */

/* Bit of the issuer that made this signature, 0 for a stranger's. */
static int issuer_of(const VeilMinisig *sig, const void *bytes, size_t len, const char *comment,
                     const VeilPolicy *policy, uint32_t *bit)
{
    *bit = 0;
    for (int i = 0; i < policy->issuers.n; i++) {
        const uint8_t *pk = policy->issuers.at[i].pk;

        if (veil_minisig_verify(sig, bytes, len, comment, pk, NULL) >= 0) {
            *bit = (uint32_t)1 << i;
            return 0;
        }
        /* an issuer's own signature whose comment is bad or foreign is an attack, not a stranger */
        if (veil_minisig_verify(sig, bytes, len, sig->trusted, pk, NULL) >= 0)
            return VEIL_E_MINISIG;
    }
    return 0;
}

int veil_warrant_count_issuers(const VeilWarrant *w, const void *bytes, size_t len, const VeilPolicy *policy,
                               const VeilSpan *sigs, int n, uint32_t *who, const char *what, VeilErr *err)
{
    char comment[VEIL_MINISIG_ISSUER_BYTES];
    uint32_t found = 0, bit;
    int count = 0, ret;

    veil_minisig_issuer_comment(comment, w->wid);
    for (int i = 0; i < n; i++) {
        VeilMinisig sig;

        if ((ret = veil_minisig_parse(&sig, sigs[i].at, sigs[i].len, NULL)) < 0 ||
            (ret = issuer_of(&sig, bytes, len, comment, policy, &bit)) < 0)
            return veil_err(err, ret, "%s, signature %d", what, i + 1);
        count += bit && !(found & bit);
        found |= bit;
    }
    if (who)
        *who = found;
    if (count < policy->issuers.needed)
        return veil_err(err, VEIL_E_ISSUERS, "%s: %d of %d issuers", what, count, policy->issuers.needed);
    return count;
}

/* ---- rules ------------------------------------------------------------------ */

static bool has_reason(const VeilPolicy *p, const char *reason)
{
    for (int i = 0; i < p->reasons; i++)
        if (!strcmp(p->reason[i], reason))
            return true;
    return false;
}

/* 'match' needs a probe and goes to a matcher; 'view' goes to the requester. */
static int check_delivery(const VeilWarrant *w, const VeilPolicy *p, const char *what, VeilErr *err)
{
    int ret;

    if ((ret = veil_box_key_check(w->requester_box, "requester-box", err)) < 0 ||
        (ret = veil_box_key_check(w->deliver_box, "deliver-box", err)) < 0)
        return ret;
    if (!w->match) {
        if (w->probes)
            return veil_err(err, VEIL_E_PROBE, "%s: 'view' takes no probe", what);
        return sodium_memcmp(w->deliver_box, w->requester_box, 32)
                   ? veil_err(err, VEIL_E_DELIVER, "%s: 'view' to another key", what)
                   : 0;
    }
    if (!w->probes)
        return veil_err(err, VEIL_E_PROBE, "%s: 'match' without probe", what);
    for (int i = 0; i < p->matchers; i++)
        if (!sodium_memcmp(w->deliver_box, p->matcher[i].box, 32))
            return 0;
    return veil_err(err, VEIL_E_DELIVER, "%s: 'match' to a key that is no matcher's", what);
}

int veil_warrant_check_policy(const VeilWarrant *w, const VeilPolicy *p, const char *what, VeilErr *err)
{
    if (w->policy_version != p->version || sodium_memcmp(w->policy, p->digest, 32))
        return veil_err(err, VEIL_E_POLICY, "%s: names policy version %u, not %u", what, w->policy_version,
                        p->version);
    if (strcmp(w->log, p->log.log.name))
        return veil_err(err, VEIL_E_POLICY, "%s: names log '%s', not '%s'", what, w->log, p->log.log.name);
    if (!has_reason(p, w->reason))
        return veil_err(err, VEIL_E_REASON, "%s: reason '%s'", what, w->reason);
    if (veil_warrant_tracks(w) > p->cap_tracks)
        return veil_err(err, VEIL_E_SCOPE, "%s: %u tracks of %u", what, veil_warrant_tracks(w),
                        p->cap_tracks);
    if (veil_warrant_segments(w) > p->cap_segments)
        return veil_err(err, VEIL_E_SCOPE, "%s: more than %u segments", what, p->cap_segments);
    if (w->not_after <= w->not_before || w->not_after - w->not_before > (int64_t)p->cap_days * 86400 ||
        w->unseal_by < w->not_after)
        return veil_err(err, VEIL_E_SCOPE, "%s: valid for more than %u days, or times out of order", what,
                        p->cap_days);
    if (w->probes > (int)p->cap_probes)
        return veil_err(err, VEIL_E_PROBE, "%s: %d probes of %u", what, w->probes, p->cap_probes);
    return check_delivery(w, p, what, err);
}

bool veil_warrant_covers(const VeilWarrant *w, int vault, uint32_t track, uint32_t seg)
{
    for (int i = 0; i < w->scopes; i++) {
        const VeilScope *s = &w->scope[i];

        if (s->vault == vault && s->track == track && s->first <= seg && seg <= s->last)
            return true;
    }
    return false;
}

uint64_t veil_warrant_segments(const VeilWarrant *w)
{
    uint64_t n = 0;

    for (int i = 0; i < w->scopes; i++)
        n += (uint64_t)w->scope[i].last - w->scope[i].first + 1;
    return n;
}

uint32_t veil_warrant_tracks(const VeilWarrant *w)
{
    uint32_t n = 0;

    for (int i = 0; i < w->scopes; i++)
        n += !i || w->scope[i - 1].vault != w->scope[i].vault || w->scope[i - 1].track != w->scope[i].track;
    return n;
}

int veil_warrant_check_probe(const VeilWarrant *w, const VeilProbe *probe, VeilErr *err)
{
    for (int i = 0; i < w->probes; i++) {
        const VeilProbe *p = &w->probe[i];

        if (!memcmp(p->sha256, probe->sha256, 32) && p->x == probe->x && p->y == probe->y &&
            p->w == probe->w && p->h == probe->h)
            return 0;
    }
    return veil_err(err, VEIL_E_PROBE, "probe at %u,%u of %ux%u", probe->x, probe->y, probe->w, probe->h);
}

void veil_warrant_case(uint8_t out[32], const uint8_t salt[32], const char *number)
{
    crypto_hash_sha256_state st;

    crypto_hash_sha256_init(&st);
    crypto_hash_sha256_update(&st, (const uint8_t *)"veil/v1/case\n", 13);
    crypto_hash_sha256_update(&st, salt, 32);
    crypto_hash_sha256_update(&st, (const uint8_t *)number, strlen(number));
    crypto_hash_sha256_final(&st, out);
}
