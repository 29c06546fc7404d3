/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Attacks 1 to 6 of PROTOCOL section 9: sealed unit keys that were moved,
 * bent or broken. Whatever verify refuses, a custodian must refuse to answer.
 */
#include "keys_fixture.h"

static void setup(Fixture *t, VeilCt *ct)
{
    fixture_init(t);
    assert_int_equal(veil_tdh2_seal(ct, &t->g, &t->unit, t->key, NULL), 0);
    assert_int_equal(veil_tdh2_verify(ct, &t->g, &t->unit, NULL), 0);
}

/* Both doors: the check, and the custodian's answer. */
static void refused(const Fixture *t, const VeilUnitRef *unit, const VeilCt *ct, int code)
{
    char hex[33];
    VeilErr err = { 0 };
    VeilShare share;

    veil_hex_encode(hex, unit->uid, 16);
    fixture_refused(veil_tdh2_verify(ct, &t->g, unit, &err), code, &err, hex);
    memset(&err, 0, sizeof(err));
    fixture_refused(veil_tdh2_partial(&share, &t->g, 1, t->x[1], unit, t->wid, ct, &err), code, &err, hex);
    assert_true(sodium_is_zero((uint8_t *)&share, sizeof(share)));
}

static void test_attack_01_copied_into_another_vault(void **state)
{
    Fixture t;
    VeilCt ct;
    VeilUnitRef other;

    (void)state;
    setup(&t, &ct);
    other = t.unit;
    memset(other.vid, 0x34, 32);
    refused(&t, &other, &ct, VEIL_E_CT_PROOF);
    other = t.unit;
    other.policy[0] ^= 1; /* and not under another policy either */
    refused(&t, &other, &ct, VEIL_E_CT_PROOF);
}

static void test_attack_02_moved_inside_the_vault(void **state)
{
    Fixture t;
    VeilCt ct;

    (void)state;
    setup(&t, &ct);
    for (int m = 0; m < 4; m++) {
        VeilUnitRef other = t.unit;

        other.track += m == 0;
        other.seg += m == 1;
        other.part += m == 2;
        other.uid[0] ^= m == 3;
        refused(&t, &other, &ct, VEIL_E_CT_PROOF);
    }
}

static void test_attack_03_rerandomised(void **state)
{
    Fixture t;
    VeilCt ct;
    uint8_t delta[32], dg[32], dgbar[32];

    (void)state;
    setup(&t, &ct);
    crypto_core_ristretto255_scalar_random(delta);
    assert_int_equal(veil_point_base(dg, delta), 0);
    assert_int_equal(veil_point_mul(dgbar, delta, t.g.gbar), 0);
    assert_int_equal(veil_point_add(ct.r, ct.r, dg), 0);
    assert_int_equal(veil_point_add(ct.rbar, ct.rbar, dgbar), 0);
    veil_scalar_answer(ct.f, ct.f, ct.e, delta); /* f + e*delta: W and Wbar come out as before */
    refused(&t, &t.unit, &ct, VEIL_E_CT_PROOF);
}

static void test_attack_04_any_bit_flipped(void **state)
{
    static const size_t fields[] = { offsetof(VeilCt, c), offsetof(VeilCt, kc), offsetof(VeilCt, rbar),
                                     offsetof(VeilCt, e), offsetof(VeilCt, f) };
    Fixture t;
    VeilCt ct;

    (void)state;
    setup(&t, &ct);
    for (size_t m = 0; m < sizeof(fields) / sizeof(fields[0]); m++) {
        int by_proof = 0;

        for (int bit = 0; bit < 256; bit++) {
            VeilCt bent = ct;
            int ret;

            ((uint8_t *)&bent)[fields[m] + (size_t)bit / 8] ^= (uint8_t)(1 << bit % 8);
            ret = veil_tdh2_verify(&bent, &t.g, &t.unit, NULL);
            by_proof += ret == VEIL_E_CT_PROOF;
            /* a bit may also make it no point, or no scalar, at all */
            if (ret != VEIL_E_CT_PROOF && !(fields[m] == offsetof(VeilCt, rbar) && ret == VEIL_E_POINT) &&
                !(fields[m] >= offsetof(VeilCt, e) && ret == VEIL_E_SCALAR))
                fail_msg("bit %d of field %zu: %d", bit, m, ret);
        }
        assert_true(by_proof > 8); /* about one point in sixteen stays a point */
    }
    ct.c[7] ^= 0x10;
    refused(&t, &t.unit, &ct, VEIL_E_CT_PROOF);
}

static void test_attack_05_identity_and_non_canonical_points(void **state)
{
    uint8_t bad[3][32] = { { 0 } }, yi[3][32], t32[32] = { 0 };
    VeilErr err = { 0 };
    VeilGroupKey g;
    VeilShare share;
    Fixture t;
    VeilCt ct;

    (void)state;
    setup(&t, &ct);
    memset(bad[1], 0xff, 32);                  /* not below p */
    memcpy(bad[2], t.g.y, 32), bad[2][0] ^= 1; /* negative, so another spelling */
    assert_int_equal(veil_tdh2_partial(&share, &t.g, 1, t.x[1], &t.unit, t.wid, &ct, NULL), 0);
    for (int m = 0; m < 3; m++) {
        VeilCt bent = ct;
        VeilShare bent_share = share;

        memcpy(bent.r, bad[m], 32);
        refused(&t, &t.unit, &bent, VEIL_E_POINT);
        bent = ct;
        memcpy(bent.rbar, bad[m], 32);
        refused(&t, &t.unit, &bent, VEIL_E_POINT);
        memcpy(bent_share.d, bad[m], 32);
        fixture_refused(veil_tdh2_verify_partial(&bent_share, &t.g, &t.unit, t.wid, &ct, &err), VEIL_E_POINT,
                        &err, "custodian 1");
        fixture_refused(veil_groupkey_init(&g, 2, 3, 0, bad[m], t32, t.g.yi, &err), VEIL_E_POINT, &err,
                        "'Y'");
        memcpy(yi, t.g.yi, sizeof(yi));
        memcpy(yi[1], bad[m], 32);
        fixture_refused(veil_groupkey_init(&g, 2, 3, 0, t.g.y, t32, yi, &err), VEIL_E_POINT, &err, "'Y_2'");
    }
}

static void add_q(uint8_t s[32])
{
    unsigned carry = 0;

    for (int m = 0; m < 32; m++) {
        carry += s[m] + fixture_q[m];
        s[m] = (uint8_t)carry;
        carry >>= 8;
    }
}

static void bend_scalar(uint8_t s[32], int how)
{
    if (how == 0)
        add_q(s);
    else if (how == 1)
        s[31] |= 0x80;
    else
        memset(s, 0, 32);
}

static void test_attack_06_scalars_with_another_spelling(void **state)
{
    Fixture t;
    VeilCt ct;
    VeilErr err = { 0 };
    VeilShare share;

    (void)state;
    setup(&t, &ct);
    assert_int_equal(veil_tdh2_partial(&share, &t.g, 1, t.x[1], &t.unit, t.wid, &ct, NULL), 0);
    for (int how = 0; how < 3; how++) {
        VeilCt bent = ct;
        VeilShare bent_share = share;

        bend_scalar(bent.e, how);
        refused(&t, &t.unit, &bent, VEIL_E_SCALAR);
        bent = ct;
        bend_scalar(bent.f, how);
        refused(&t, &t.unit, &bent, VEIL_E_SCALAR);
        bend_scalar(bent_share.e, how);
        fixture_refused(veil_tdh2_verify_partial(&bent_share, &t.g, &t.unit, t.wid, &ct, &err), VEIL_E_SCALAR,
                        &err, "custodian 1");
        bent_share = share;
        bend_scalar(bent_share.f, how);
        fixture_refused(veil_tdh2_verify_partial(&bent_share, &t.g, &t.unit, t.wid, &ct, &err), VEIL_E_SCALAR,
                        &err, "custodian 1");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attack_01_copied_into_another_vault),
        cmocka_unit_test(test_attack_02_moved_inside_the_vault),
        cmocka_unit_test(test_attack_03_rerandomised),
        cmocka_unit_test(test_attack_04_any_bit_flipped),
        cmocka_unit_test(test_attack_05_identity_and_non_canonical_points),
        cmocka_unit_test(test_attack_06_scalars_with_another_spelling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
