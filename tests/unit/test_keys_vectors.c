/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The vector files of tests/vectors, made by a second implementation in
 * Python, against this one. Run from the root of the tree.
 */
#include "keys/tdh2.c"

#include <jansson.h>
#include <stdlib.h>

#include "keys/dkg.h"
#include "keys/group.h"
#include "keys/keyfile.h"
#include "keys/minisig.h"
#include "keys/unit.h"
#include "keys/warrant.h"
#include "keys_fixture.h"

#define CASE_MAX 4096

static json_t *load(const char *name)
{
    char path[128];
    json_error_t error;
    json_t *set;

    snprintf(path, sizeof(path), "tests/vectors/%s.json", name);
    if (!(set = json_load_file(path, 0, &error)))
        fail_msg("%s:%d: %s", path, error.line, error.text);
    return set;
}

static const char *text_of(const json_t *o)
{
    assert_true(json_is_string(o));
    return json_string_value(o);
}

static const char *text(const json_t *o, const char *key)
{
    return text_of(json_object_get(o, key));
}

static uint32_t integer(const json_t *o, const char *key)
{
    assert_true(json_is_integer(json_object_get(o, key)));
    return (uint32_t)json_integer_value(json_object_get(o, key));
}

/* Hex of any length. @return the number of bytes */
static size_t bytes_of(uint8_t *out, size_t cap, const json_t *o)
{
    const char *hex = text_of(o);
    const size_t n = strlen(hex) / 2;

    assert_true(n <= cap);
    assert_int_equal(veil_hex_decode(out, n, hex, strlen(hex)), 0);
    return n;
}

static void get(uint8_t *out, size_t n, const json_t *o, const char *key)
{
    assert_int_equal(bytes_of(out, n, json_object_get(o, key)), n);
}

static void get_at(uint8_t *out, size_t n, const json_t *o, const char *key, size_t i)
{
    assert_int_equal(bytes_of(out, n, json_array_get(json_object_get(o, key), i)), n);
}

static void same(const uint8_t *got, size_t n, const json_t *o, const char *key)
{
    uint8_t want[CASE_MAX];

    get(want, n, o, key);
    assert_memory_equal(got, want, n);
}

static void test_set_01_hash(void **state)
{
    json_t *set = load("01-hash"), *one;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(set, "cases"), i, one)
    {
        const json_t *list = json_object_get(one, "fields");
        uint8_t data[4][64], out[64];
        VeilField fields[4];
        const size_t n = json_array_size(list);

        assert_true(n <= 4);
        for (size_t m = 0; m < n; m++)
            fields[m] = (VeilField){ data[m], bytes_of(data[m], sizeof(data[m]), json_array_get(list, m)) };
        assert_int_equal(veil_hb(out, text(one, "tag"), fields, n), 0);
        same(out, 64, one, "HB");
        assert_int_equal(veil_hb32(out, text(one, "tag"), fields, n), 0);
        same(out, 32, one, "HB32");
        assert_int_equal(veil_hs(out, text(one, "tag"), fields, n), 0);
        same(out, 32, one, "Hs");
    }
    assert_true(i >= 6);
    json_decref(set);
}

static void test_set_02_label(void **state)
{
    json_t *set = load("02-label"), *one;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(set, "cases"), i, one)
    {
        uint8_t y[32], t[32], yi[3][32], label[32];
        VeilUnitRef u = { .track = integer(one, "track"),
                          .seg = integer(one, "seg"),
                          .part = integer(one, "part") };
        VeilGroupKey g;

        get(y, 32, one, "Y");
        get(t, 32, one, "T");
        for (size_t m = 0; m < 3; m++)
            get_at(yi[m], 32, one, "Yi", m);
        assert_int_equal(veil_groupkey_init(&g, 2, 3, 0, y, t, yi, NULL), 0);
        same(g.gid, 32, one, "gid");
        same(g.gbar, 32, one, "gbar");
        get(u.policy, 32, one, "policy");
        get(u.vid, 32, one, "vid");
        get(u.uid, 16, one, "uid");
        assert_int_equal(veil_tdh2_label(label, &g, &u), 0);
        same(label, 32, one, "L");
    }
    assert_true(i >= 2);
    json_decref(set);
}

/* The ciphertext of set 3, made here with the r and s it names. */
static void seal_set_03(Fixture *t, VeilCt *ct)
{
    json_t *set = load("03-seal");
    uint8_t r[32], s[32];

    fixture_init(t);
    get(t->key, 32, set, "K");
    get(r, 32, set, "r");
    get(s, 32, set, "s");
    assert_int_equal(seal_with(ct, &t->g, &t->unit, t->key, r, s, NULL), 0);
    same(ct->c, 32, set, "c");
    same(ct->kc, 32, set, "kc");
    same(ct->r, 32, set, "R");
    same(ct->rbar, 32, set, "Rbar");
    same(ct->e, 32, set, "e");
    same(ct->f, 32, set, "f");
    json_decref(set);
}

static void test_sets_03_to_05_seal_partial_combine(void **state)
{
    json_t *four = load("04-partial"), *five = load("05-combine"), *one;
    VeilShare shares[4];
    Fixture t;
    VeilCt ct;
    size_t i;

    (void)state;
    seal_set_03(&t, &ct);
    get(t.wid, 32, four, "wid");
    json_array_foreach(json_object_get(four, "shares"), i, one)
    {
        const uint32_t index = integer(one, "i");
        uint8_t x[32], random[32];

        get(x, 32, one, "x");
        get(random, 32, four, "random32");
        same(t.g.yi[index - 1], 32, one, "Y");
        assert_int_equal(partial_with(&shares[index], &t.g, index, x, &t.unit, t.wid, &ct, random, NULL), 0);
        same(shares[index].d, 32, one, "D");
        same(shares[index].e, 32, one, "e");
        same(shares[index].f, 32, one, "f");
    }
    assert_int_equal(i, 3);
    json_array_foreach(json_object_get(five, "cases"), i, one)
    {
        VeilShare two[2];
        uint32_t indices[2];
        uint8_t key[32], lambda[32], want[32];

        for (size_t m = 0; m < 2; m++) {
            indices[m] = (uint32_t)json_integer_value(json_array_get(json_object_get(one, "custodians"), m));
            two[m] = shares[indices[m]];
        }
        for (size_t m = 0; m < 2; m++) {
            get_at(want, 32, one, "lambda", m);
            assert_int_equal(veil_scalar_lagrange(lambda, indices, 2, indices[m]), 0);
            assert_memory_equal(lambda, want, 32);
        }
        assert_int_equal(veil_tdh2_combine(key, &t.g, &t.unit, t.wid, &ct, two, 2, NULL, NULL), 0);
        same(key, 32, one, "K");
    }
    assert_int_equal(i, 3);
    json_decref(four);
    json_decref(five);
}

/* Sets 6 and 7: the messages come from Python; here every member checks and finishes. */
static void run_ceremony(const json_t *set, const VeilGroupKey *old, const VeilGroup *first, VeilGroup *g)
{
    uint8_t sid[32], hashes[3][32], box[32], x[32], old_x[32];
    VeilDkgMember members[3];
    VeilDkgMessage msgs[3];
    VeilDkgResult result;
    VeilText note = { 0 };
    VeilErr err = { 0 };
    VeilDkg dkg;

    get(sid, 32, set, "sid");
    for (size_t i = 0; i < 3; i++) {
        get_at((uint8_t *)&members[i], 64, set, "members", i);
        msgs[i].len =
            bytes_of(msgs[i].at, sizeof(msgs[i].at), json_array_get(json_object_get(set, "messages"), i));
        get_at(hashes[i], 32, set, "round0", i);
    }
    assert_int_equal(veil_dkg_start(&dkg, sid, integer(set, "k"), integer(set, "n"), members, old, NULL), 0);
    same(dkg.ctx, 32, set, "ctx");
    for (uint32_t j = 1; j <= 3; j++) {
        get_at(box, 32, set, "box_secrets", j - 1);
        if (old)
            get_at(old_x, 32, set, "old_x", j - 1);
        if (veil_dkg_finish(&result, x, &dkg, j, msgs, hashes, box, old ? old_x : NULL, &err) < 0)
            fail_msg("%s", err.text);
        get_at(box, 32, set, "x", j - 1);
        assert_memory_equal(x, box, 32);
        get_at(box, 32, set, "Yi", j - 1);
        assert_memory_equal(result.yi[j - 1], box, 32);
    }
    same(result.y, 32, set, "Y");
    same(result.transcript, 32, set, "T");
    if (veil_group_parse(g, text(set, "note"), strlen(text(set, "note")), &err) < 0)
        fail_msg("%s", err.text);
    same(g->key.gid, 32, set, "gid");
    assert_memory_equal(g->key.yi, result.yi, sizeof(result.yi));
    assert_int_equal(veil_group_format(&note, g), 0);
    assert_string_equal(note.at, text(set, "note"));
    if (first)
        assert_int_equal(veil_group_follows(g, first, NULL), 0);
    veil_text_free(&note);
}

static void test_sets_06_and_07_ceremony_and_refresh(void **state)
{
    json_t *six = load("06-dkg"), *seven = load("07-refresh");
    VeilGroup g, next;

    (void)state;
    run_ceremony(six, NULL, NULL, &g);
    run_ceremony(seven, &g.key, &g, &next);
    assert_int_equal(next.key.epoch, integer(seven, "epoch"));
    json_decref(six);
    json_decref(seven);
}

static void check_minisig(const json_t *set, const char *key, const uint8_t public_key[32])
{
    const char *file = text(set, "warrant"), *sig_text = text(set, key);
    VeilMinisig sig;
    VeilErr err = { 0 };

    if (veil_minisig_parse(&sig, sig_text, strlen(sig_text), &err) < 0 ||
        veil_minisig_verify(&sig, (const uint8_t *)file, strlen(file), text(set, "trusted_comment"),
                            public_key, &err) < 0)
        fail_msg("%s: %s", key, err.text);
}

static void test_set_09_warrant(void **state)
{
    json_t *set = load("09-warrant");
    const char *file = text(set, "warrant"), *stock = text(set, "stock_public");
    char comment[VEIL_MINISIG_ISSUER_BYTES], made[VEIL_MINISIG_MAX + 1], public_file[256];
    uint8_t case_hash[32], seed[32], public_key[32], secret_key[64];
    VeilWarrant *w = calloc(1, sizeof(*w));
    VeilMinisig sig;
    VeilErr err = { 0 };

    (void)state;
    assert_non_null(w);
    if (veil_warrant_parse(w, file, strlen(file), "warrant", &err) < 0)
        fail_msg("%s", err.text);
    same(w->wid, 32, set, "wid");
    same(w->cm, 32, set, "cm");
    veil_warrant_case(case_hash, w->salt, text(set, "case_number"));
    assert_memory_equal(case_hash, w->case_hash, 32);
    veil_minisig_issuer_comment(comment, w->wid);
    assert_string_equal(comment, text(set, "trusted_comment"));
    get(seed, 32, set, "issuer_seed");
    assert_int_equal(crypto_sign_seed_keypair(public_key, secret_key, seed), 0);
    same(public_key, 32, set, "issuer");
    check_minisig(set, "minisig", public_key);
    assert_int_equal(veil_minisig_sign(&sig, (const uint8_t *)file, strlen(file), comment, secret_key, NULL),
                     0);
    veil_minisig_format(made, &sig);
    assert_string_equal(made, text(set, "minisig")); /* Ed25519 has no randomness */
    snprintf(public_file, sizeof(public_file), "untrusted comment: minisign public key\n%s\n", stock);
    assert_int_equal(veil_minisig_public_parse(public_key, public_file, strlen(public_file), NULL), 0);
    check_minisig(set, "stock_minisig", public_key);
    free(w);
    json_decref(set);
}

static void test_set_13_padme(void **state)
{
    json_t *set = load("13-padme"), *one;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(set, "cases"), i, one)
        assert_int_equal(veil_padme((uint32_t)json_integer_value(json_array_get(one, 0))),
                         json_integer_value(json_array_get(one, 1)));
    assert_true(i > 50);
    json_decref(set);
}

static void test_set_14_key_file(void **state)
{
    json_t *set = load("14-keyfile");
    const char *pass = text(set, "passphrase");
    uint8_t file[VEIL_KEYFILE_BYTES], stretched[32];
    VeilErr err = { 0 };
    VeilKey key;

    (void)state;
    get(file, sizeof(file), set, "file");
    assert_int_equal(crypto_pwhash(stretched, 32, pass, strlen(pass), file + 97, integer(set, "ops"),
                                   integer(set, "mem"), crypto_pwhash_ALG_ARGON2ID13),
                     0);
    same(stretched, 32, set, "argon2id");
    if (veil_keyfile_unlock(&key, file, sizeof(file), pass, strlen(pass), &err) < 0)
        fail_msg("%s", err.text);
    assert_string_equal(veil_role_word(key.role), text(set, "role"));
    same(key.secret, 32, set, "secret");
    same(key.public_key, 32, set, "public");
    veil_key_clear(&key);
    json_decref(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_01_hash),
        cmocka_unit_test(test_set_02_label),
        cmocka_unit_test(test_sets_03_to_05_seal_partial_combine),
        cmocka_unit_test(test_sets_06_and_07_ceremony_and_refresh),
        cmocka_unit_test(test_set_09_warrant),
        cmocka_unit_test(test_set_13_padme),
        cmocka_unit_test(test_set_14_key_file),
    };

    if (sodium_init() < 0)
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
