/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Attacks 7 to 13 of PROTOCOL section 9: shares that are wrong, replayed or
 * delivered to somebody else. Includes the source, to be the dishonest sealer
 * who chooses r.
 */
#include "keys/tdh2.c"

#include "keys/release.h"
#include "keys_fixture.h"

typedef struct Opening {
    Fixture t;
    VeilCt ct;
    VeilShare share[4]; ///< of custodian i at [i]
} Opening;

static void setup(Opening *o)
{
    fixture_init(&o->t);
    assert_int_equal(veil_tdh2_seal(&o->ct, &o->t.g, &o->t.unit, o->t.key, NULL), 0);
    for (uint32_t i = 1; i <= 3; i++)
        assert_int_equal(
            veil_tdh2_partial(&o->share[i], &o->t.g, i, o->t.x[i], &o->t.unit, o->t.wid, &o->ct, NULL), 0);
}

static int check(const Opening *o, const VeilShare *share, VeilErr *err)
{
    return veil_tdh2_verify_partial(share, &o->t.g, &o->t.unit, o->t.wid, &o->ct, err);
}

static void test_attack_07_share_tampered(void **state)
{
    Opening o;
    VeilErr err = { 0 };

    (void)state;
    setup(&o);
    assert_int_equal(veil_point_add(o.share[2].d, o.share[2].d, o.t.g.y), 0);
    fixture_refused(check(&o, &o.share[2], &err), VEIL_E_DLEQ, &err, "custodian 2");
    o.share[1].f[0] ^= 1;
    fixture_refused(check(&o, &o.share[1], &err), VEIL_E_DLEQ, &err, "custodian 1");
}

/* Sealer and custodian 1 together: choose D = bG, Uhat = aG, Hhat = sG, take
 * the challenge for some R, answer f = s + e*x, and only then choose
 * r = (a + e*b)/f. Both equations hold for R = rG, though D is not x*R; with R
 * outside the hash this proof would pass. */
static void test_attack_07_share_forged_by_choosing_r_after_the_hash(void **state)
{
    uint8_t a[32], b[32], s[32], r[32], f_inv[32], uhat[32], hhat[32], early[32], label[32], got[32];
    VeilShare forged = { .i = 1 };
    VeilErr err = { 0 };
    Opening o;

    (void)state;
    setup(&o);
    crypto_core_ristretto255_scalar_random(a);
    crypto_core_ristretto255_scalar_random(b);
    crypto_core_ristretto255_scalar_random(s);
    memcpy(early, o.ct.r, 32);
    assert_false(veil_point_base(forged.d, b) || veil_point_base(uhat, a) || veil_point_base(hhat, s) ||
                 veil_tdh2_label(label, &o.t.g, &o.t.unit));
    assert_int_equal(dleq_challenge(forged.e, &o.t.g, 1, o.t.wid, label, early, forged.d, uhat, hhat), 0);
    veil_scalar_answer(forged.f, s, forged.e, o.t.x[1]);
    veil_scalar_answer(r, a, forged.e, b);
    assert_int_equal(crypto_core_ristretto255_scalar_invert(f_inv, forged.f), 0);
    crypto_core_ristretto255_scalar_mul(r, r, f_inv);
    assert_int_equal(seal_with(&o.ct, &o.t.g, &o.t.unit, o.t.key, r, NULL, NULL), 0);
    assert_int_equal(veil_tdh2_verify(&o.ct, &o.t.g, &o.t.unit, NULL), 0); /* the unit itself is in order */
    assert_int_equal(veil_point_recover(got, forged.f, o.ct.r, forged.e, forged.d), 0);
    assert_memory_equal(got, uhat, 32); /* so is the first equation */
    assert_int_equal(veil_point_recover_base(got, forged.f, forged.e, o.t.g.yi[0]), 0);
    assert_memory_equal(got, hhat, 32); /* and the second */
    assert_int_equal(veil_point_mul(got, o.t.x[1], o.ct.r), 0);
    assert_memory_not_equal(got, forged.d, 32);
    fixture_refused(check(&o, &forged, &err), VEIL_E_DLEQ, &err, "custodian 1");
}

static void test_attack_08_share_replayed(void **state)
{
    uint8_t transcript[32];
    VeilUnitRef unit;
    VeilErr err = { 0 };
    Opening o;

    (void)state;
    setup(&o);
    o.t.wid[0] ^= 1; /* another warrant */
    fixture_refused(check(&o, &o.share[1], &err), VEIL_E_DLEQ, &err, "custodian 1");
    o.t.wid[0] ^= 1;
    unit = o.t.unit;
    unit.seg++; /* another unit, even with the same R */
    fixture_refused(veil_tdh2_verify_partial(&o.share[1], &o.t.g, &unit, o.t.wid, &o.ct, &err), VEIL_E_DLEQ,
                    &err, "segment 8");
    memset(transcript, 0x11, 32);
    fixture_group(&o.t, transcript, 1); /* another epoch, even with the same Y_i */
    o.share[1].epoch = 1;
    fixture_refused(check(&o, &o.share[1], &err), VEIL_E_DLEQ, &err, "epoch 1");
}

static int combine(const Opening *o, const VeilShare *shares, int n, VeilErr *err)
{
    uint8_t key[32];
    const int ret = veil_tdh2_combine(key, &o->t.g, &o->t.unit, o->t.wid, &o->ct, shares, n, NULL, err);

    assert_true(ret >= 0 || sodium_is_zero(key, 32));
    return ret;
}

static void test_attack_09_share_index(void **state)
{
    VeilShare two[2];
    VeilErr err = { 0 };
    Opening o;

    (void)state;
    setup(&o);
    two[0] = two[1] = o.share[1];
    fixture_refused(combine(&o, two, 2, &err), VEIL_E_SHARE_INDEX, &err, "share 2 carries index 1");
    two[0].i = 0;
    fixture_refused(combine(&o, two, 2, &err), VEIL_E_SHARE_INDEX, &err, "share 1 carries index 0");
    two[0].i = 4;
    fixture_refused(combine(&o, two, 2, &err), VEIL_E_SHARE_INDEX, &err, "share 1 carries index 4");
    two[0].i = UINT32_MAX;
    fixture_refused(combine(&o, two, 2, &err), VEIL_E_SHARE_INDEX, &err, "share 1");
    fixture_refused(check(&o, &two[0], &err), VEIL_E_SHARE_INDEX, &err, "custodian 4294967295");
    two[0] = o.share[1];
    two[1] = o.share[2];
    two[0].i = 2, two[1].i = 1; /* swapped: distinct and in range, so the proof must tell */
    fixture_refused(check(&o, &two[0], &err), VEIL_E_DLEQ, &err, "custodian 2");
    fixture_refused(combine(&o, two, 2, &err), VEIL_E_THRESHOLD, &err, "0 of 2 shares valid");
}

static void test_attack_10_too_few_or_mixed(void **state)
{
    VeilShare two[2];
    VeilErr err = { 0 };
    Opening o;

    (void)state;
    setup(&o);
    fixture_refused(combine(&o, &o.share[1], 1, &err), VEIL_E_THRESHOLD, &err,
                    "1 of 1 shares valid, 2 needed");
    fixture_refused(combine(&o, NULL, 0, &err), VEIL_E_THRESHOLD, &err, "0 of 0 shares valid");
    two[0] = o.share[1];
    two[1] = o.share[2];
    two[1].epoch = 1;
    fixture_refused(combine(&o, two, 2, &err), VEIL_E_EPOCH, &err, "custodian 2 is of epoch 1");
}

static void test_attack_11_wrong_combination(void **state)
{
    uint8_t label[32], key[32], z[32], other[32];
    const VeilShare *use[2];
    VeilShare one, two;
    SealSecrets t = { .r = { 0 } };
    VeilErr err = { 0 };
    Opening o;

    (void)state;
    setup(&o);
    assert_int_equal(veil_tdh2_label(label, &o.t.g, &o.t.unit), 0);
    /* The interpolation itself, past the checks of the shares: it yields some
     * 32 bytes, and only the commitment tells that they are the wrong ones. */
    one = o.share[1], two = o.share[2];
    two.i = 3;
    use[0] = &one, use[1] = &two;
    assert_int_equal(join(key, z, &o.t.g, label, &o.ct, use, 2), VEIL_E_KEY_COMMIT);
    assert_memory_not_equal(key, o.t.key, 32);
    /* A sealer that commits to one key and seals another, with a true proof. */
    memset(other, 0x67, 32);
    crypto_core_ristretto255_scalar_random(t.r);
    crypto_core_ristretto255_scalar_random(t.s);
    assert_int_equal(seal_key(&o.ct, &t, &o.t.g, label, o.t.key), 0);
    assert_int_equal(commit_key(o.ct.kc, label, o.ct.r, other), 0);
    assert_int_equal(seal_proof(&o.ct, &t, &o.t.g, label), 0);
    for (uint32_t i = 1; i <= 2; i++)
        assert_int_equal(veil_tdh2_partial(&o.share[i], &o.t.g, i, o.t.x[i], &o.t.unit, o.t.wid, &o.ct, NULL),
                         0);
    fixture_refused(combine(&o, &o.share[1], 2, &err), VEIL_E_KEY_COMMIT, &err, "track 3");
}

typedef struct Delivery {
    VeilReleaseContext ctx;
    VeilReleaseItem items[2];
    uint8_t secret[32], blob[VEIL_RELEASE_BLOB(2)];
} Delivery;

static void deliver(Opening *o, Delivery *d)
{
    setup(o);
    memset(d, 0, sizeof(*d));
    assert_int_equal(crypto_box_keypair(d->ctx.deliver, d->secret), 0);
    memcpy(d->ctx.wid, o->t.wid, 32);
    d->ctx.i = 2;
    d->ctx.count = 2;
    for (int m = 0; m < 2; m++) {
        memset(d->items[m].uid, 0x44 + m, 16);
        d->items[m].share = o->share[2];
    }
    assert_int_equal(veil_release_seal(d->blob, &d->ctx, d->items, NULL), 0);
}

static void not_the_blob(const Delivery *d, const VeilReleaseContext *ctx, const uint8_t secret[32])
{
    VeilReleaseItem items[8];
    VeilErr err = { 0 };

    fixture_refused(veil_release_open(items, ctx, d->blob, sizeof(d->blob), secret, &err),
                    VEIL_E_BLOB_CONTEXT, &err, "share blob of custodian");
}

static void test_attack_12_blob_of_another_context(void **state)
{
    uint8_t plain[VEIL_RELEASE_BLOB(2)], other_public[32], other_secret[32];
    VeilReleaseContext ctx;
    VeilReleaseItem items[2];
    Delivery d;
    Opening o;

    (void)state;
    deliver(&o, &d);
    assert_int_equal(veil_release_open(items, &d.ctx, d.blob, sizeof(d.blob), d.secret, NULL), 0);
    assert_memory_equal(items, d.items, sizeof(items));
    for (int m = 0; m < 4; m++) {
        ctx = d.ctx;
        ctx.wid[0] ^= m == 0;
        ctx.i += m == 1;
        ctx.epoch += m == 2;
        ctx.count -= m == 3;
        not_the_blob(&d, &ctx, d.secret);
    }
    assert_int_equal(crypto_box_keypair(other_public, other_secret), 0);
    not_the_blob(&d, &d.ctx, other_secret); /* another key than the warrant names */
    ctx = d.ctx;
    memcpy(ctx.deliver, other_public, 32);
    not_the_blob(&d, &ctx, other_secret);
    /* Re-wrapped: opened by its reader and sealed again to somebody else. */
    assert_int_equal(crypto_box_seal_open(plain, d.blob, sizeof(d.blob), d.ctx.deliver, d.secret), 0);
    assert_int_equal(crypto_box_seal(d.blob, plain, sizeof(d.blob) - 48, other_public), 0);
    not_the_blob(&d, &ctx, other_secret);
    deliver(&o, &d);
    d.blob[100] ^= 1;
    not_the_blob(&d, &d.ctx, d.secret);
}

static void test_attack_13_low_order_keys(void **state)
{
    static const char *const low[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    VeilReleaseItem items[2];
    VeilErr err = { 0 };
    Delivery d;
    Opening o;

    (void)state;
    deliver(&o, &d);
    for (size_t m = 0; m < sizeof(low) / sizeof(low[0]); m++) {
        fixture_hex(d.ctx.deliver, low[m]);
        fixture_refused(veil_release_seal(d.blob, &d.ctx, d.items, &err), VEIL_E_BOX_KEY, &err,
                        "deliver key");
        fixture_refused(veil_release_open(items, &d.ctx, d.blob, sizeof(d.blob), d.secret, &err),
                        VEIL_E_BOX_KEY, &err, "deliver key");
        fixture_refused(veil_box_key_check(d.ctx.deliver, "requester key", &err), VEIL_E_BOX_KEY, &err,
                        "requester key");
    }
}

static void test_release_of_another_custodian_is_not_sealed(void **state)
{
    VeilErr err = { 0 };
    Delivery d;
    Opening o;

    (void)state;
    deliver(&o, &d);
    d.items[1].share.i = 3;
    fixture_refused(veil_release_seal(d.blob, &d.ctx, d.items, &err), VEIL_E_SHARE_INDEX, &err, "share 2");
    d.items[1].share.i = 2;
    d.items[1].share.epoch = 1;
    fixture_refused(veil_release_seal(d.blob, &d.ctx, d.items, &err), VEIL_E_EPOCH, &err, "share 2");
    d.ctx.count = 0;
    fixture_refused(veil_release_seal(d.blob, &d.ctx, d.items, &err), VEIL_E_TOO_LARGE, &err, "0 units");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attack_07_share_tampered),
        cmocka_unit_test(test_attack_07_share_forged_by_choosing_r_after_the_hash),
        cmocka_unit_test(test_attack_08_share_replayed),
        cmocka_unit_test(test_attack_09_share_index),
        cmocka_unit_test(test_attack_10_too_few_or_mixed),
        cmocka_unit_test(test_attack_11_wrong_combination),
        cmocka_unit_test(test_attack_12_blob_of_another_context),
        cmocka_unit_test(test_attack_13_low_order_keys),
        cmocka_unit_test(test_release_of_another_custodian_is_not_sealed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
