/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A key ceremony, what it opens, its refresh, and the group note.
 */
#include "dkg_fixture.h"

static void open_with(const Ceremony *c, const VeilGroupKey *g, const VeilCt *ct, const Fixture *t,
                      uint32_t i, uint32_t j)
{
    VeilShare shares[2];
    uint8_t key[32];

    assert_int_equal(veil_tdh2_partial(&shares[0], g, i, c->x[i - 1], &t->unit, t->wid, ct, NULL), 0);
    assert_int_equal(veil_tdh2_partial(&shares[1], g, j, c->x[j - 1], &t->unit, t->wid, ct, NULL), 0);
    assert_int_equal(veil_tdh2_combine(key, g, &t->unit, t->wid, ct, shares, 2, NULL, NULL), 0);
    assert_memory_equal(key, t->key, 32);
}

static void test_ceremony_makes_a_group_that_opens(void **state)
{
    Ceremony c;
    Fixture t;
    VeilGroup g;
    VeilCt ct;

    (void)state;
    ceremony_init(&c);
    ceremony_messages(&c);
    ceremony_finish(&c, NULL);
    ceremony_group(&c, &g);
    fixture_init(&t);
    assert_int_equal(veil_tdh2_seal(&ct, &g.key, &t.unit, t.key, NULL), 0);
    open_with(&c, &g.key, &ct, &t, 1, 2);
    open_with(&c, &g.key, &ct, &t, 1, 3);
    open_with(&c, &g.key, &ct, &t, 3, 2);
}

static void test_refresh_keeps_the_group_and_changes_the_shares(void **state)
{
    Ceremony c;
    Fixture t;
    VeilGroup g, next;
    VeilCt ct;
    VeilErr err = { 0 };
    VeilShare share;
    uint8_t old_x[CEREMONY_N][32];

    (void)state;
    ceremony_init(&c);
    ceremony_messages(&c);
    ceremony_finish(&c, NULL);
    ceremony_group(&c, &g);
    fixture_init(&t);
    assert_int_equal(veil_tdh2_seal(&ct, &g.key, &t.unit, t.key, NULL), 0);
    memcpy(old_x, c.x, sizeof(old_x));
    assert_int_equal(veil_dkg_start(&c.dkg, t.wid, CEREMONY_K, CEREMONY_N, c.members, &g.key, NULL), 0);
    ceremony_messages(&c);
    ceremony_finish(&c, old_x);
    next = g;
    assert_int_equal(
        veil_groupkey_init(&next.key, CEREMONY_K, CEREMONY_N, 1, c.result.y, g.transcript, c.result.yi, NULL),
        0);
    assert_memory_equal(next.key.gid, g.key.gid, 32);
    assert_memory_not_equal(next.key.yi[0], g.key.yi[0], 32);
    open_with(&c, &next.key, &ct, &t, 1, 3); /* a unit of before the refresh */
    fixture_refused(veil_tdh2_partial(&share, &next.key, 1, old_x[0], &t.unit, t.wid, &ct, &err),
                    VEIL_E_EPOCH, &err, "custodian 1");
}

static void test_group_note_round_trip(void **state)
{
    Ceremony c;
    VeilGroup g, back, next;
    VeilText t = { 0 };
    VeilErr err = { 0 };

    (void)state;
    ceremony_init(&c);
    ceremony_messages(&c);
    ceremony_finish(&c, NULL);
    ceremony_group(&c, &g);
    ceremony_note(&c, &g, &t, CEREMONY_N);
    if (veil_group_open(&back, t.at, t.len, g.key.gid, &err) < 0)
        fail_msg("%s", err.text);
    assert_memory_equal(&back, &g, sizeof(g));
    next = g;
    next.key.epoch = 1;
    memcpy(next.prev, g.digest, 32);
    assert_int_equal(veil_group_follows(&next, &g, NULL), 0);
    next.prev[0] ^= 1;
    fixture_refused(veil_group_follows(&next, &g, &err), VEIL_E_GROUP, &err, "epoch 1");
    next.key.epoch = 2;
    fixture_refused(veil_group_follows(&next, &g, &err), VEIL_E_EPOCH, &err, "epoch 2");
    veil_text_free(&t);
}

static void test_dealer_makes_a_group(void **state)
{
    VeilDkgResult r;
    VeilGroupKey g;
    uint8_t x[5 * 32], y3[32];

    (void)state;
    assert_int_equal(veil_dkg_dealer(&r, x, 3, 5, NULL), 0);
    assert_int_equal(veil_groupkey_init(&g, 3, 5, 0, r.y, r.transcript, r.yi, NULL), 0);
    assert_int_equal(veil_point_base(y3, x + 64), 0);
    assert_memory_equal(y3, g.yi[2], 32);
    assert_int_equal(veil_dkg_dealer(&r, x, 1, 5, NULL), VEIL_E_DKG_MEMBER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ceremony_makes_a_group_that_opens),
        cmocka_unit_test(test_refresh_keeps_the_group_and_changes_the_shares),
        cmocka_unit_test(test_group_note_round_trip),
        cmocka_unit_test(test_dealer_makes_a_group),
    };

    if (sodium_init() < 0)
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
