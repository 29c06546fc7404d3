/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Attacks 22, 23, 25 to 29, 32 to 35 and 37 of PROTOCOL section 9: on
 * warrants, requests and the custodian's checks.
 */
#include "court_fixture.h"
#include "keys/consent.h"

/* The honest request passes, so each refusal below has one cause. */
static void the_honest_request_passes(void **state)
{
    OK(court_check(*state, COURT_NOW, err));
}

static void refuse_text(const char *text, size_t len, int code)
{
    VeilWarrant w;

    REFUSED(code, "warrant", veil_warrant_parse(&w, text, len, "warrant", err));
}

/* The warrant with `from` replaced by `to`, once. */
static void refuse_edit(const Court *t, const char *from, const char *to, int code)
{
    const char *at = memmem(t->warrant.at, t->warrant.len, from, strlen(from));
    VeilText e = { 0 };

    assert_non_null(at);
    veil_text_bytes(&e, t->warrant.at, (size_t)(at - t->warrant.at));
    veil_text_bytes(&e, to, strlen(to));
    veil_text_bytes(&e, at + strlen(from), t->warrant.len - (size_t)(at - t->warrant.at) - strlen(from));
    refuse_text(e.at, e.len, code);
    veil_text_free(&e);
}

static void attack_22_not_canonical(void **state)
{
    const Court *t = *state;

    refuse_edit(t, "\n", "\r\n", VEIL_E_CANON);
    refuse_edit(t, "veil/v1/warrant", "\xef\xbb\xbfveil/v1/warrant", VEIL_E_CANON);
    refuse_edit(t, "court district", "court\tdistrict", VEIL_E_CANON);
    refuse_edit(t, "district-court\n", "district-court \n", VEIL_E_CANON);
    refuse_edit(t, "reason assault\n", "reason assault\nreason assault\n", VEIL_E_CANON);
    refuse_edit(t, "reason assault\n", "reason assault\nnote urgent\n", VEIL_E_CANON);
    refuse_edit(t, "reason assault\naction view\n", "action view\nreason assault\n", VEIL_E_CANON);
    refuse_edit(t, "policy 1 ", "policy 01 ", VEIL_E_CANON);
    refuse_edit(t, "scope 1 1 2", "scope 1 +1 2", VEIL_E_CANON);
    refuse_edit(t, "scope 1 1 2", "scope 1 1  2", VEIL_E_CANON);
    refuse_edit(t, "scope 1 1 2\n", "scope 1 1 2\nscope 1 2 3\n", VEIL_E_CANON);
    refuse_edit(t, "scope 1 1 2\n", "scope 1 1 2\nscope 1 1 2\n", VEIL_E_CANON);
    refuse_edit(t, "scope 1 1 2\n", "scope 2 1 2\nscope 1 1 2\n", VEIL_E_CANON);
    refuse_edit(t, "end\n", "end\nend\n", VEIL_E_CANON);
    refuse_edit(t, "end\n", "end", VEIL_E_CANON);
}

/* 32 bytes leave two unused bits in base64: both spellings decode alike in a lax reader. */
static void attack_22_base64_spelled_otherwise(void **state)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const Court *t = *state;
    VeilText e = { 0 };
    char *at;

    veil_text_bytes(&e, t->warrant.at, t->warrant.len);
    at = strchr(strstr(e.at, "salt ") + 5, '=') - 1;
    *at = digits[(strchr(digits, *at) - digits) | 1];
    refuse_text(e.at, e.len, VEIL_E_CANON);
    veil_text_free(&e);
}

static void attack_23_too_few_issuers(void **state)
{
    Court *t = *state;

    veil_request_free(t->r);
    t->r = court_request(t, 1, &t->requester);
    REFUSED(VEIL_E_ISSUERS, "warrant", court_check(t, COURT_NOW, err));
}

static void attack_23_same_issuer_twice(void **state)
{
    Court *t = *state;

    minisign(&t->sig[1], t->warrant.at, t->warrant.len, t->w.wid, &t->issuer[0]);
    veil_request_free(t->r);
    t->r = court_request(t, 2, &t->requester);
    REFUSED(VEIL_E_ISSUERS, "warrant", court_check(t, COURT_NOW, err));
}

static void attack_23_issuer_removed_from_policy(void **state)
{
    Court *t = *state;
    VeilPolicy next = t->policy;
    VeilBytes note;

    next.version = 2;
    next.first = false;
    memcpy(next.previous, t->policy.digest, 32);
    next.issuers.at[0] = next.issuers.at[1]; /* k1 is gone, k2 and k3 stay */
    next.issuers.at[1] = next.issuers.at[2];
    next.issuers.n = 2;
    note = policy_note(t, &next);
    OK(veil_custodian_add_policy(&t->c, &note, err));
    veil_custodian_clear(&t->c);
    OK(veil_custodian_open(&t->c, court_path(t, "home"), err));
    t->policy = next;
    t->w.policy_version = 2;
    memcpy(t->w.policy, next.digest, 32);
    court_again(t); /* signed by issuers 1 and 2, of whom 1 is gone */
    REFUSED(VEIL_E_ISSUERS, "warrant", court_check(t, COURT_NOW, err));
    free(note.at);
}

static void attack_25_scope(void **state)
{
    Court *t = *state;

    refuse_edit(t, "scope 1 1 2", "scope * 1 2", VEIL_E_CANON);
    refuse_edit(t, "scope 1 1 2\n", "", VEIL_E_SCOPE);
    refuse_edit(t, "scope 1 1 2", "scope 1 2 1", VEIL_E_SCOPE);
    t->w.scope[0] = (VeilScope){ 0, 1, 0, 20 }; /* 21 segments of 20 */
    court_again(t);
    REFUSED(VEIL_E_SCOPE, "warrant", court_check(t, COURT_NOW, err));
    for (int i = 0; i < 5; i++) /* 5 tracks of 4 */
        t->w.scope[i] = (VeilScope){ 0, (uint32_t)i + 1, 0, 0 };
    t->w.scopes = 5;
    court_again(t);
    REFUSED(VEIL_E_SCOPE, "warrant", court_check(t, COURT_NOW, err));
    t->w.scopes = 1;
    t->w.scope[0] = (VeilScope){ 0, 1, 9, 9 }; /* beyond the vault */
    court_again(t);
    REFUSED(VEIL_E_SCOPE, "scope 1 9 9", court_check(t, COURT_NOW, err));
    t->w.scope[0] = (VeilScope){ 0, 1, 1, 2 };
    t->w.not_after = t->w.not_before + 31 * 86400; /* 31 days of 30 */
    t->w.unseal_by = t->w.not_after;
    court_again(t);
    REFUSED(VEIL_E_SCOPE, "warrant", court_check(t, COURT_NOW, err));
}

static void attack_26_entries_left_out_or_added(void **state)
{
    Court *t = *state;
    VeilBytes *b = &t->r->vault[0].entries;

    b->len -= VEIL_ENTRY_BYTES;
    REFUSED(VEIL_E_ROOT, "vault 1", court_check(t, COURT_NOW, err));
    b->len += VEIL_ENTRY_BYTES;
    b->at = realloc(b->at, b->len + VEIL_ENTRY_BYTES);
    assert_non_null(b->at);
    memcpy(b->at + b->len, b->at, VEIL_ENTRY_BYTES);
    b->len += VEIL_ENTRY_BYTES;
    REFUSED(VEIL_E_ROOT, "vault 1", court_check(t, COURT_NOW, err));
}

/* What is released is computed, so only the opener can name a unit outside the scope. */
static void attack_26_unit_outside_scope(void **state)
{
    Court *t = *state;
    VeilOpening *o = NULL;
    VeilVault *v = NULL;
    uint8_t plain[VEIL_CHUNK_PLAIN];
    size_t len;

    OK(veil_opening_new(&o, &t->group, &t->policy, &t->w, t->index, t->box_sk, err));
    OK(veil_vault_open(&v, court_path(t, "day.veil"), false, err));
    REFUSED(VEIL_E_OUT_OF_SCOPE, "track 2, segment 0",
            veil_opening_unit(o, v, 1, plain, sizeof(plain), &len, NULL, err));
    veil_vault_close(v);
    veil_opening_free(o);
}

static void attack_27_vault_swapped(void **state)
{
    Court *t = *state;

    /* same vault, other root: what the operator sealed up to the last checkpoint but one */
    t->w.vault[0].root[0] ^= 1;
    court_again(t);
    REFUSED(VEIL_E_VAULT_ROOT, "vault 1", court_check(t, COURT_NOW, err));
    t->w.vault[0].root[0] ^= 1;
    t->w.vault[0].vid[0] ^= 1;
    court_again(t);
    REFUSED(VEIL_E_VAULT_ROOT, "vault 1", court_check(t, COURT_NOW, err));
}

static void attack_28_times(void **state)
{
    Court *t = *state;

    REFUSED(VEIL_E_TIME_SKEW, "checkpoint", court_check(t, COURT_NOW - 200, err));
    REFUSED(VEIL_E_TIME_STALE, "checkpoint", court_check(t, COURT_NOW + 3600, err));
    t->w.not_before = COURT_NOW + 10;
    court_again(t);
    REFUSED(VEIL_E_TIME_NOT_YET, "warrant", court_check(t, COURT_NOW, err));
    t->w.not_before = COURT_NOW - 7200;
    t->w.not_after = COURT_NOW - 1;
    court_again(t);
    REFUSED(VEIL_E_TIME_EXPIRED, "warrant", court_check(t, COURT_NOW, err));
}

static void attack_28_time_going_backwards(void **state)
{
    Court *t = *state;

    OK(court_check(t, COURT_NOW, err));
    court_append(t, &(VeilLeaf){ .kind = VEIL_LEAF_GROUP }, &t->custodian[0]);
    court_checkpoint(t, 2, COURT_NOW - 120); /* a minute before the one last seen */
    REFUSED(VEIL_E_TIME_BACKWARDS, "checkpoint", court_check(t, COURT_NOW, err));
}

static void attack_29_inclusion(void **state)
{
    Court *t = *state;
    char *index;

    free(t->r->proof.at);
    t->r->proof = court_proof(t, 0); /* leaf of something else */
    REFUSED(VEIL_E_LOG_INCLUSION, "leaf 0", court_check(t, COURT_NOW, err));
    index = strstr((char *)t->r->proof.at, "index 0"); /* right leaf, path of another */
    assert_non_null(index);
    index[6] = '1';
    REFUSED(VEIL_E_LOG_INCLUSION, "index 1", court_check(t, COURT_NOW, err));
    index[6] = '7'; /* no such leaf */
    REFUSED(VEIL_E_LOG_INCLUSION, "leaf 7", court_check(t, COURT_NOW, err));
}

static void attack_29_not_logged(void **state)
{
    Court *t = *state;

    t->w.salt[0] ^= 1; /* another warrant, with the proof of the first */
    court_sign(t);
    veil_request_free(t->r);
    t->r = court_request(t, 2, &t->requester);
    REFUSED(VEIL_E_LOG_INCLUSION, "leaf 1", court_check(t, COURT_NOW, err));
}

static void attack_32_revoked(void **state)
{
    Court *t = *state;

    /* a stranger's revocation is no revocation */
    court_append(t, &(VeilLeaf){ .kind = VEIL_LEAF_REVOKE, .index = t->index }, &t->requester);
    OK(court_check(t, COURT_NOW, err));
    /* any one issuer's is, also past the checkpoint */
    court_append(t, &(VeilLeaf){ .kind = VEIL_LEAF_REVOKE, .index = t->index }, &t->issuer[2]);
    REFUSED(VEIL_E_REVOKED, "warrant", court_check(t, COURT_NOW, err));
    for (int i = 0; i < 3; i++)
        court_append(t, &(VeilLeaf){ .kind = VEIL_LEAF_GROUP }, &t->custodian[0]);
    court_checkpoint(t, 2, COURT_NOW - 30);
    REFUSED(VEIL_E_REVOKED, "warrant", court_check(t, COURT_NOW, err));
}

static void attack_33_stolen_or_replayed(void **state)
{
    Court *t = *state;

    OK(veil_custodian_note_request(&t->c, t->r->id, err));
    REFUSED(VEIL_E_REPLAY, "request note", court_check(t, COURT_NOW, err));
    veil_request_free(t->r);
    t->r = court_request(t, 2, &t->matcher); /* another requester */
    REFUSED(VEIL_E_REQUESTER, "request note", court_check(t, COURT_NOW, err));
}

static void attack_34_policy(void **state)
{
    Court *t = *state;
    VeilPolicy p = t->policy, mine;
    VeilBytes note;

    /* a policy of the requester's making, well signed by nobody we know */
    p.issuers.needed = 1;
    p.signers.at[0] = named("council", &t->requester);
    p.version = 2;
    p.first = false;
    memcpy(p.previous, t->policy.digest, 32);
    {
        VeilText text = { 0 };

        assert_true(veil_policy_print(&text, &p) >= 0);
        assert_true(veil_note_sign(&text, "policy", t->requester.sk) >= 0);
        note = text_bytes(&text);
    }
    REFUSED(VEIL_E_POLICY, "new policy", veil_custodian_add_policy(&t->c, &note, err));
    free(note.at);
    mine = p;
    memcpy(t->w.policy, mine.digest, 32); /* the warrant names it */
    t->w.policy_version = 2;
    court_again(t);
    REFUSED(VEIL_E_POLICY, "warrant", court_check(t, COURT_NOW, err));
    /* back to version 1 once more: not above the newest */
    REFUSED(VEIL_E_POLICY, "new policy", veil_custodian_add_policy(&t->c, &t->policy_note, err));
}

static void attack_34_unknown_lineage(void **state)
{
    Court *t = *state;
    VeilPolicy own = t->policy, other = t->policy;

    /* a vault sealed under a policy of the same version that we never accepted */
    other.cap_tracks = 99;
    {
        VeilText text = { 0 };

        assert_true(veil_policy_print(&text, &other) >= 0);
        veil_text_free(&text);
    }
    t->policy = other;
    assert_int_equal(unlink(court_path(t, "day.veil")), 0);
    court_vault(t, "day.veil", true);
    t->policy = own;
    court_warrant(t);
    court_again(t);
    REFUSED(VEIL_E_POLICY, "vault 1", court_check(t, COURT_NOW, err));
}

static void attack_35_probe_and_delivery(void **state)
{
    Court *t = *state;
    VeilProbe probe = { .sha256 = { 7 }, .x = 10, .y = 20, .w = 64, .h = 64 };

    t->w.match = true;
    memcpy(t->w.deliver_box, t->mbox_pk, 32);
    court_again(t);
    REFUSED(VEIL_E_PROBE, "warrant", court_check(t, COURT_NOW, err)); /* no probe */
    t->w.probe[0] = probe;
    t->w.probes = 1;
    court_again(t);
    OK(court_check(t, COURT_NOW, err));
    OK(veil_warrant_check_probe(&t->w, &probe, err));
    probe.sha256[0] ^= 1;
    REFUSED(VEIL_E_PROBE, "probe at 10,20", veil_warrant_check_probe(&t->w, &probe, err));
    probe.sha256[0] ^= 1;
    probe.x++;
    REFUSED(VEIL_E_PROBE, "probe at 11,20", veil_warrant_check_probe(&t->w, &probe, err));
    refuse_edit(t, " 10 20 64 64", " 10 20 0 0", VEIL_E_PROBE); /* which of several faces? */
    memcpy(t->w.deliver_box, t->box_pk, 32);
    court_again(t);
    REFUSED(VEIL_E_DELIVER, "warrant", court_check(t, COURT_NOW, err)); /* 'match' to the requester */
    t->w.match = false;
    t->w.probes = 0;
    memcpy(t->w.deliver_box, t->mbox_pk, 32);
    court_again(t);
    REFUSED(VEIL_E_DELIVER, "warrant", court_check(t, COURT_NOW, err)); /* 'view' to somebody else */
}

static VeilBytes consent_note(bool withdrawn, int64_t expires, const Pair *controller, const Pair *subject)
{
    VeilConsent c = { .withdrawn = withdrawn, .time = COURT_NOW - 100, .expires = expires };
    VeilText t = { 0 };

    strcpy(c.subject, "person-7");
    strcpy(c.controller, "council");
    strcpy(c.purpose, "publication");
    strcpy(c.data, "face-image");
    memcpy(c.controller_pk, controller->pk, 32);
    memcpy(c.subject_pk, subject->pk, 32);
    assert_true(veil_consent_print(&t, &c) >= 0);
    assert_true(veil_note_sign(&t, "controller", controller->sk) >= 0);
    assert_true(veil_note_sign(&t, "subject", subject->sk) >= 0);
    return text_bytes(&t);
}

static void attack_37_consent_is_not_a_warrant(void **state)
{
    Court *t = *state;
    const VeilBytes c[] = { consent_note(false, COURT_NOW + 100, &t->op, &t->requester),
                            consent_note(true, COURT_NOW + 100, &t->op, &t->requester),
                            consent_note(false, COURT_NOW - 50, &t->op, &t->requester) };
    VeilConsent parsed;

    for (int i = 0; i < 3; i++) {
        OK(veil_consent_parse(&parsed, c[i].at, c[i].len, "consent", err));
        if (i)
            REFUSED(VEIL_E_CONSENT, "consent", veil_consent_in_force(&parsed, COURT_NOW, "consent", err));
        else
            OK(veil_consent_in_force(&parsed, COURT_NOW, "consent", err));
        free(t->r->warrant.at);
        t->r->warrant = copy_of(c[i]);
        REFUSED(VEIL_E_NOT_A_WARRANT, "warrant", veil_request_parse(t->r, err));
    }
    for (int i = 0; i < 3; i++)
        free(c[i].at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COURT_TEST(the_honest_request_passes),
        COURT_TEST(attack_22_not_canonical),
        COURT_TEST(attack_22_base64_spelled_otherwise),
        COURT_TEST(attack_23_too_few_issuers),
        COURT_TEST(attack_23_same_issuer_twice),
        COURT_TEST(attack_23_issuer_removed_from_policy),
        COURT_TEST(attack_25_scope),
        COURT_TEST(attack_26_entries_left_out_or_added),
        COURT_TEST(attack_26_unit_outside_scope),
        COURT_TEST(attack_27_vault_swapped),
        COURT_TEST(attack_28_times),
        COURT_TEST(attack_28_time_going_backwards),
        COURT_TEST(attack_29_inclusion),
        COURT_TEST(attack_29_not_logged),
        COURT_TEST(attack_32_revoked),
        COURT_TEST(attack_33_stolen_or_replayed),
        COURT_TEST(attack_34_policy),
        COURT_TEST(attack_34_unknown_lineage),
        COURT_TEST(attack_35_probe_and_delivery),
        COURT_TEST(attack_37_consent_is_not_a_warrant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
