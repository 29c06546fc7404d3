/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * TDH2: the published values of Set A, and that what is sealed opens with any
 * k shares and no fewer. Includes the source to reach the fixed nonces.
 */
#include "keys/tdh2.c"

#include "keys_fixture.h"

static void assert_hex(const uint8_t got[32], const char *want)
{
    char hex[65];

    assert_string_equal(veil_hex_encode(hex, got, 32), want);
}

static void seal_set_a(Fixture *t, VeilCt *ct)
{
    fixture_init(t);
    assert_int_equal(seal_with(ct, &t->g, &t->unit, t->key, t->a[2], t->a[3], NULL), 0);
}

static void test_set_a_seal(void **state)
{
    Fixture t;
    VeilCt ct;
    uint8_t label[32];

    (void)state;
    seal_set_a(&t, &ct);
    assert_int_equal(veil_tdh2_label(label, &t.g, &t.unit), 0);
    assert_hex(t.g.gid, "ca1a262305ecfaedaed5da045d6cfa7e7a0768d7dbed4c702c1063720d8375fe");
    assert_hex(t.g.gbar, "9256ef0fb272c9526095b5d98643d0ed884845aaee1ea5bce8f73eccb52d1158");
    assert_hex(t.g.y, "860981941413a9bfedd205f3fde483f55b061772195d1377970ee7d86baf6826");
    assert_hex(label, "0face40a89fb3176d5c7ec7a7b694e15ff1de39d70942c0556b5b74936320e87");
    assert_hex(ct.c, "1c13621b273bdc737c8bfda2e11ed78bf0f855f52784085c8b3c52667839148c");
    assert_hex(ct.kc, "84128d7295f099886db41b86ababdc54877eeaa70f2842618cca7176eb974076");
    assert_hex(ct.r, "be87412163c440e77a72b7e1380f77db6addf61bb5767da21163471aff75301c");
    assert_hex(ct.rbar, "f81c71f107dea115320394aa408e8857467a2127f13cf83ac88ea6aafa860328");
    assert_hex(ct.e, "d1dc738268c588a3ab70a6a2ffad34ff4af76eafec20285091190c6ebdd22407");
    assert_hex(ct.f, "9a88679c83115e987cb40c43d026266239a86e95bba09aabed7c96085412a004");
    assert_int_equal(veil_tdh2_verify(&ct, &t.g, &t.unit, NULL), 0);
}

static void test_set_a_partial(void **state)
{
    Fixture t;
    VeilCt ct;
    VeilShare share;
    uint8_t random[32];

    (void)state;
    seal_set_a(&t, &ct);
    memset(random, 0x77, 32);
    assert_int_equal(partial_with(&share, &t.g, 1, t.x[1], &t.unit, t.wid, &ct, random, NULL), 0);
    assert_hex(share.d, "f0c01679e48dc961cfda9c52682d446115db32ffb312c0d403c5bdc8c6f06f44");
    assert_hex(share.e, "9a239cfe26ba789f448a9ab7c8a4521f8b6273e4d5ba6d7233366762b4b99002");
    assert_hex(share.f, "7a51658e15de2ccffa06d1360d7c5741994a4e58d0483efd3827163c50642108");
    assert_int_equal(veil_tdh2_verify_partial(&share, &t.g, &t.unit, t.wid, &ct, NULL), 0);
}

static void test_any_two_of_three_open(void **state)
{
    static const int pairs[][2] = { { 1, 2 }, { 1, 3 }, { 2, 3 }, { 3, 1 } };
    Fixture t;
    VeilCt ct;
    VeilShare shares[4];
    uint8_t key[32];

    (void)state;
    fixture_init(&t);
    assert_int_equal(veil_tdh2_seal(&ct, &t.g, &t.unit, t.key, NULL), 0);
    for (uint32_t i = 1; i <= 3; i++)
        assert_int_equal(veil_tdh2_partial(&shares[i], &t.g, i, t.x[i], &t.unit, t.wid, &ct, NULL), 0);
    for (int m = 0; m < 4; m++) {
        const VeilShare two[] = { shares[pairs[m][0]], shares[pairs[m][1]] };

        assert_int_equal(veil_tdh2_combine(key, &t.g, &t.unit, t.wid, &ct, two, 2, NULL, NULL), 0);
        assert_memory_equal(key, t.key, 32);
    }
}

static void test_a_bad_share_is_named_and_left_out(void **state)
{
    Fixture t;
    VeilCt ct;
    VeilErr err = { 0 };
    VeilShare shares[3];
    uint8_t key[32];
    uint32_t bad;

    (void)state;
    fixture_init(&t);
    assert_int_equal(veil_tdh2_seal(&ct, &t.g, &t.unit, t.key, NULL), 0);
    for (uint32_t i = 1; i <= 3; i++)
        assert_int_equal(veil_tdh2_partial(&shares[i - 1], &t.g, i, t.x[i], &t.unit, t.wid, &ct, NULL), 0);
    assert_int_equal(veil_point_add(shares[0].d, shares[0].d, t.g.y), 0);
    assert_int_equal(veil_tdh2_combine(key, &t.g, &t.unit, t.wid, &ct, shares, 3, &bad, NULL), 0);
    assert_memory_equal(key, t.key, 32);
    assert_int_equal(bad, 1u << 1);
    fixture_refused(veil_tdh2_combine(key, &t.g, &t.unit, t.wid, &ct, shares, 2, &bad, &err),
                    VEIL_E_THRESHOLD, &err, "1 of 2 shares valid");
    assert_true(sodium_is_zero(key, 32));
}

static void test_sealing_twice_differs(void **state)
{
    Fixture t;
    VeilCt a, b;

    (void)state;
    fixture_init(&t);
    assert_int_equal(veil_tdh2_seal(&a, &t.g, &t.unit, t.key, NULL), 0);
    assert_int_equal(veil_tdh2_seal(&b, &t.g, &t.unit, t.key, NULL), 0);
    assert_memory_not_equal(a.r, b.r, 32);
    assert_memory_not_equal(a.c, b.c, 32);
    assert_memory_not_equal(a.f, b.f, 32);
}

static void test_partial_wants_its_own_key(void **state)
{
    Fixture t;
    VeilCt ct;
    VeilErr err = { 0 };
    VeilShare share;

    (void)state;
    fixture_init(&t);
    assert_int_equal(veil_tdh2_seal(&ct, &t.g, &t.unit, t.key, NULL), 0);
    fixture_refused(veil_tdh2_partial(&share, &t.g, 1, t.x[2], &t.unit, t.wid, &ct, &err), VEIL_E_EPOCH, &err,
                    "custodian 1");
    fixture_refused(veil_tdh2_partial(&share, &t.g, 0, t.x[1], &t.unit, t.wid, &ct, &err), VEIL_E_SHARE_INDEX,
                    &err, "custodian 0 of 3");
    fixture_refused(veil_tdh2_partial(&share, &t.g, 1, fixture_q, &t.unit, t.wid, &ct, &err), VEIL_E_SCALAR,
                    &err, "custodian 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_a_seal),
        cmocka_unit_test(test_set_a_partial),
        cmocka_unit_test(test_any_two_of_three_open),
        cmocka_unit_test(test_a_bad_share_is_named_and_left_out),
        cmocka_unit_test(test_sealing_twice_differs),
        cmocka_unit_test(test_partial_wants_its_own_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
