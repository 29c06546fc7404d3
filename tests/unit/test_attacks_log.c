/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Attacks 30, 31 and 36 of PROTOCOL section 9: on the log, its witnesses and
 * the order of logging and handing over.
 */
#include "court_fixture.h"

/* Verify the log's checkpoint with a trust of the test's making. */
static int verify_checkpoint(const Court *t, const VeilLogTrust *trust, VeilErr *err)
{
    const VeilSpan cp = veil_logdir_checkpoint(t->book);
    VeilCheckpoint c;

    return veil_checkpoint_verify(&c, cp.at, cp.len, trust, "checkpoint", err);
}

static VeilLogDir *second_log(const Court *t, const char *name)
{
    VeilLogDir *l = NULL;

    OK(veil_logdir_create(court_path(t, name), "example.org/log", err));
    OK(veil_logdir_open(&l, court_path(t, name), err));
    return l;
}

/* The same log key and both witnesses show the custodian another history. */
static void attack_30_split_view(void **state)
{
    Court *t = *state;
    VeilLogDir *own = t->book;
    const VeilLeaf leaf = veil_leaf_of_warrant(&t->w);

    OK(court_check(t, COURT_NOW, err));
    t->book = second_log(t, "fork");
    court_append(t, &leaf, &t->issuer[0]);
    court_append(t, &leaf, &t->issuer[1]);
    court_append(t, &leaf, &t->issuer[2]);
    t->index = 0;
    court_checkpoint(t, 2, COURT_NOW - 30);
    veil_request_free(t->r);
    t->r = court_request(t, 2, &t->requester);
    REFUSED(VEIL_E_LOG_FORK, "example.org/log", court_check(t, COURT_NOW, err));
    veil_logdir_close(t->book);
    t->book = own;
}

static void attack_30_rollback(void **state)
{
    Court *t = *state;
    VeilLogDir *own = t->book;
    uint64_t index;

    court_append(t, &(VeilLeaf){ .kind = VEIL_LEAF_REVOKE, .index = 99 }, &t->issuer[0]);
    court_checkpoint(t, 2, COURT_NOW - 50);
    OK(court_check(t, COURT_NOW, err));
    t->book = second_log(t, "short"); /* the same leaves, without the last one */
    for (uint64_t i = 0; i + 1 < veil_logdir_size(own); i++) {
        const VeilSpan b = veil_logdir_leaf(own, i);

        OK(veil_logdir_append(t->book, b.at, b.len, &index, err));
    }
    court_checkpoint(t, 2, COURT_NOW - 20);
    REFUSED(VEIL_E_LOG_FORK, "example.org/log", court_check(t, COURT_NOW, err));
    veil_logdir_close(t->book);
    t->book = own;
}

/* The folder's leaves are not those that the checkpoint was signed over. */
static void attack_30_leaf_edited(void **state)
{
    Court *t = *state;
    VeilLogDir *l = NULL;
    VeilLogState s = { 0 };
    VeilCheckpoint c = { 0 };
    const VeilSpan cp = veil_logdir_checkpoint(t->book);
    FILE *f = fopen(court_path(t, "log/entries/000000000000"), "r+b");

    OK(veil_checkpoint_verify(&c, cp.at, cp.len, &t->policy.log, "checkpoint", err));
    assert_non_null(f);
    fseek(f, 20, SEEK_SET);
    fputc('x', f);
    fclose(f);
    OK(veil_logdir_open(&l, court_path(t, "log"), err));
    REFUSED(VEIL_E_LOG_FORK, "example.org/log", veil_logstate_advance(&s, l, &c, err));
    veil_logdir_close(l);
}

static void attack_31_witnesses(void **state)
{
    Court *t = *state;
    VeilLogTrust trust = t->policy.log;

    OK(verify_checkpoint(t, &trust, err));
    trust.quorum = 3;
    REFUSED(VEIL_E_WITNESS, "2 of 3 witnesses", verify_checkpoint(t, &trust, err));
    trust = t->policy.log;
    trust.witness[1] = trust.witness[0]; /* one witness under two lines of the policy */
    strcpy(trust.witness[1].name, "k0");
    REFUSED(VEIL_E_WITNESS, "share a key", verify_checkpoint(t, &trust, err));
    trust = t->policy.log;
    memcpy(trust.witness[2].pk, trust.log.pk, 32);
    REFUSED(VEIL_E_WITNESS, "log's own key", verify_checkpoint(t, &trust, err));
    trust = t->policy.log;
    strcpy(trust.log.name, "example.net/log");
    REFUSED(VEIL_E_WITNESS, "example.net/log", verify_checkpoint(t, &trust, err));
    trust = t->policy.log;
    memcpy(trust.log.pk, t->matcher.pk, 32);
    REFUSED(VEIL_E_WITNESS, "no good signature by the log", verify_checkpoint(t, &trust, err));
}

/* One witness signs twice, at two times: a note has one line a key. */
static void attack_31_one_witness_twice(void **state)
{
    Court *t = *state;
    VeilCheckpoint c = { .origin = "example.org/log", .size = 1 };
    VeilText n = { 0 };

    veil_checkpoint_print(&n, &c);
    assert_true(veil_note_sign(&n, c.origin, t->log.sk) >= 0);
    assert_true(veil_checkpoint_cosign(&n, "k1", t->witness[0].sk, COURT_NOW) >= 0);
    assert_true(veil_checkpoint_cosign(&n, "k1", t->witness[0].sk, COURT_NOW + 1) >= 0);
    REFUSED(VEIL_E_CANON, "checkpoint",
            veil_checkpoint_verify(&c, n.at, n.len, &t->policy.log, "checkpoint", err));
    veil_text_free(&n);
}

/* A known witness's bad signature refuses, though two others are good. */
static void attack_31_known_key_bad_signature(void **state)
{
    Court *t = *state;
    VeilCheckpoint c = { .origin = "example.org/log", .size = 1 };
    uint8_t id[4], sig[72] = { 0, 0, 0, 0, 0x69, 0, 0, 0 };
    VeilText n = { 0 };

    veil_checkpoint_print(&n, &c);
    assert_true(veil_note_sign(&n, c.origin, t->log.sk) >= 0);
    assert_true(veil_checkpoint_cosign(&n, "k1", t->witness[0].sk, COURT_NOW) >= 0);
    assert_true(veil_checkpoint_cosign(&n, "k2", t->witness[1].sk, COURT_NOW) >= 0);
    OK(veil_checkpoint_verify(&c, n.at, n.len, &t->policy.log, "checkpoint", err));
    veil_note_key_id(id, "k3", VEIL_NOTE_COSIGN, t->witness[2].pk);
    assert_true(veil_note_append(&n, "k3", id, sig, sizeof(sig)) >= 0);
    REFUSED(VEIL_E_WITNESS, "bad signature by 'k3'",
            veil_checkpoint_verify(&c, n.at, n.len, &t->policy.log, "checkpoint", err));
    veil_text_free(&n);
}

/* A second folder for custodian 2, who answers the same request. */
static void release_of(Court *t, VeilCustodian *c, uint32_t i, const char *home, VeilStoredRelease *s)
{
    VeilApproval a = { 0 };

    OK(veil_custodian_setup(court_path(t, home), &t->group_note, t->f.g.gid, &t->policy_note, err));
    OK(veil_custodian_open(c, court_path(t, home), err));
    OK(veil_approve_check(&a, c, t->book, i, t->r, COURT_NOW, err));
    assert_int_equal(a.n, 2);
    OK(veil_approve_release(&a, c, i, t->r, t->f.x[i], t->custodian[i - 1].sk, err));
    OK(veil_custodian_stored(s, c, t->w.wid, err));
    veil_approval_clear(&a);
}

static void attack_36_before_it_is_logged(void **state)
{
    Court *t = *state;
    VeilStoredRelease s[2];
    VeilHandedRelease h;
    VeilCustodian c[2];
    VeilOpening *o = NULL;
    uint64_t index;

    for (uint32_t i = 1; i <= 2; i++)
        release_of(t, &c[i - 1], i, i == 1 ? "home1" : "home2", &s[i - 1]);
    REFUSED(VEIL_E_RELEASE_LOG, "not in the log",
            veil_approve_hand_over(&c[0], t->book, t->w.wid, court_path(t, "out1"), err));
    OK(veil_logdir_append(t->book, s[0].leaf.at, s[0].leaf.len, &index, err));
    REFUSED(VEIL_E_RELEASE_LOG, "not yet under a checkpoint",
            veil_approve_hand_over(&c[0], t->book, t->w.wid, court_path(t, "out1"), err));
    /* a custodian hands over early; the opener refuses what is not proved to be logged */
    OK(veil_opening_new(&o, &t->group, &t->policy, &t->w, t->index, t->box_sk, err));
    h = (VeilHandedRelease){ s[1].note, s[1].blob, s[1].leaf, t->r->proof };
    REFUSED(VEIL_E_RELEASE_LOG, "custodian 2", veil_opening_add(o, &h, err));
    court_checkpoint(t, 1, COURT_NOW - 10); /* too few witnesses */
    h = (VeilHandedRelease){ s[0].note, s[0].blob, s[0].leaf, court_proof(t, index) };
    REFUSED(VEIL_E_RELEASE_LOG, "custodian 1", veil_opening_add(o, &h, err));
    free(h.proof.at);
    court_checkpoint(t, 2, COURT_NOW - 10);
    h.proof = court_proof(t, index);
    OK(veil_opening_add(o, &h, err));
    free(h.proof.at);
    veil_opening_free(o);
    for (int i = 0; i < 2; i++) {
        veil_stored_release_free(&s[i]);
        veil_custodian_clear(&c[i]);
    }
}

/* An answer that was logged and then lost is not computed anew. */
static void the_use_count_is_one(void **state)
{
    Court *t = *state;
    const VeilLeaf l = { .kind = VEIL_LEAF_RELEASE, .index = t->index, .custodian = 1, .units = 2 };

    court_append(t, &l, &t->custodian[1]); /* forged by another custodian: does not count */
    OK(court_check(t, COURT_NOW, err));
    court_append(t, &l, &t->custodian[0]);
    REFUSED(VEIL_E_USED, "warrant", court_check(t, COURT_NOW, err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COURT_TEST(attack_30_split_view),          COURT_TEST(attack_30_rollback),
        COURT_TEST(attack_30_leaf_edited),         COURT_TEST(attack_31_witnesses),
        COURT_TEST(attack_31_one_witness_twice),   COURT_TEST(attack_31_known_key_bad_signature),
        COURT_TEST(attack_36_before_it_is_logged), COURT_TEST(the_use_count_is_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
