/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Attack 24 of PROTOCOL section 9: signatures that are not an issuer's over
 * this warrant.
 */
#include "keys_fixture.h"

#include "keys/minisig.h"

static const uint8_t warrant[] = "veil/v1/warrant\n";
#define WARRANT_LEN (sizeof(warrant) - 1)

typedef struct Issuer {
    uint8_t public_key[32], secret_key[64];
    char comment[VEIL_MINISIG_ISSUER_BYTES];
    VeilMinisig sig;
} Issuer;

static void setup(Issuer *s)
{
    uint8_t seed[32], wid[32];

    memset(seed, 0x21, 32);
    memset(wid, 0x55, 32);
    assert_int_equal(crypto_sign_seed_keypair(s->public_key, s->secret_key, seed), 0);
    veil_minisig_issuer_comment(s->comment, wid);
    assert_int_equal(veil_minisig_sign(&s->sig, warrant, WARRANT_LEN, s->comment, s->secret_key, NULL), 0);
    assert_int_equal(veil_minisig_verify(&s->sig, warrant, WARRANT_LEN, s->comment, s->public_key, NULL), 0);
}

static void refused(const Issuer *s, const uint8_t *file, size_t len)
{
    VeilErr err = { 0 };

    fixture_refused(veil_minisig_verify(&s->sig, file, len, s->comment, s->public_key, &err), VEIL_E_MINISIG,
                    &err, "signature");
}

/* Write the file with other algorithm bytes, as an editor would. */
static int parse_with_algorithm(const Issuer *s, const char algorithm[2], VeilErr *err)
{
    char text[VEIL_MINISIG_MAX + 1], *line, b64[101];
    uint8_t raw[74];
    VeilMinisig back;
    size_t len = veil_minisig_format(text, &s->sig);

    line = strchr(text, '\n') + 1;
    assert_int_equal(veil_b64_decode_exact(raw, sizeof(raw), line, 100), 0);
    memcpy(raw, algorithm, 2);
    memcpy(line, veil_b64_encode(b64, raw, sizeof(raw)), 100);
    return veil_minisig_parse(&back, text, len, err);
}

/* The issuer's 'ED' signature on M, shown as an 'Ed' one on the file BLAKE2b(M). */
static void test_attack_24_legacy_on_the_hash(void **state)
{
    uint8_t hash[64];
    Issuer s;
    VeilErr err = { 0 };

    (void)state;
    setup(&s);
    assert_int_equal(crypto_generichash(hash, 64, warrant, WARRANT_LEN, NULL, 0), 0);
    assert_int_equal(crypto_sign_verify_detached(s.sig.signature, hash, 64, s.public_key), 0); /* it is one */
    fixture_refused(parse_with_algorithm(&s, "Ed", &err), VEIL_E_MINISIG, &err, "'4564'");
    refused(&s, hash, 64);
}

static void test_attack_24_flipped_algorithm(void **state)
{
    static const char *const others[] = { "eD", "ed", "EE", "\x00\x00", "Es" };
    VeilErr err = { 0 };
    Issuer s;

    (void)state;
    setup(&s);
    assert_int_equal(parse_with_algorithm(&s, "ED", NULL), 0);
    for (size_t m = 0; m < sizeof(others) / sizeof(others[0]); m++)
        fixture_refused(parse_with_algorithm(&s, others[m], &err), VEIL_E_MINISIG, &err, "algorithm bytes");
}

static void test_attack_24_ed25519ph(void **state)
{
    crypto_sign_state ph;
    uint8_t global[64 + VEIL_MINISIG_COMMENT];
    Issuer s;

    (void)state;
    setup(&s);
    assert_false(crypto_sign_init(&ph) || crypto_sign_update(&ph, warrant, WARRANT_LEN) ||
                 crypto_sign_final_create(&ph, s.sig.signature, NULL, s.secret_key));
    memcpy(global, s.sig.signature, 64);
    memcpy(global + 64, s.comment, strlen(s.comment));
    assert_int_equal(crypto_sign_detached(s.sig.global, NULL, global, 64 + strlen(s.comment), s.secret_key),
                     0);
    refused(&s, warrant, WARRANT_LEN);
}

static void test_attack_24_foreign_trusted_comment(void **state)
{
    VeilErr err = { 0 };
    Issuer s, other;

    (void)state;
    setup(&s);
    s.sig.trusted[strlen(s.sig.trusted) - 1] = '6'; /* another warrant: the comment differs */
    fixture_refused(veil_minisig_verify(&s.sig, warrant, WARRANT_LEN, s.comment, s.public_key, &err),
                    VEIL_E_MINISIG, &err, "trusted comment");
    s.comment[strlen(s.comment) - 1] = '6'; /* expected, but not what was signed */
    refused(&s, warrant, WARRANT_LEN);
    setup(&s); /* minisign's own default comment, properly signed */
    assert_int_equal(veil_minisig_sign(&s.sig, warrant, WARRANT_LEN, "timestamp:1", s.secret_key, NULL), 0);
    fixture_refused(veil_minisig_verify(&s.sig, warrant, WARRANT_LEN, s.comment, s.public_key, &err),
                    VEIL_E_MINISIG, &err, "'timestamp:1'");
    setup(&s); /* the second signature taken from another file */
    assert_int_equal(veil_minisig_sign(&other.sig, (const uint8_t *)"x", 1, s.comment, s.secret_key, NULL),
                     0);
    memcpy(s.sig.global, other.sig.global, 64);
    refused(&s, warrant, WARRANT_LEN);
}

static void test_attack_24_key_number_collision(void **state)
{
    uint8_t seed[32], number[8];
    VeilErr err = { 0 };
    Issuer s, mallory;

    (void)state;
    setup(&s);
    memset(seed, 0x66, 32);
    assert_int_equal(crypto_sign_seed_keypair(mallory.public_key, mallory.secret_key, seed), 0);
    memcpy(number, s.sig.number, 8);
    assert_int_equal(veil_minisig_sign(&s.sig, warrant, WARRANT_LEN, s.comment, mallory.secret_key, NULL), 0);
    memcpy(s.sig.number, number, 8); /* says it is the issuer's key */
    fixture_refused(veil_minisig_verify(&s.sig, warrant, WARRANT_LEN, s.comment, s.public_key, &err),
                    VEIL_E_MINISIG, &err, "does not verify");
    setup(&s); /* and the other way round: a wrong number makes no signature bad */
    s.sig.number[0] ^= 1;
    assert_int_equal(veil_minisig_verify(&s.sig, warrant, WARRANT_LEN, s.comment, s.public_key, NULL), 0);
}

static void test_attack_24_another_file_or_shape(void **state)
{
    char text[VEIL_MINISIG_MAX + 1];
    uint8_t other[WARRANT_LEN];
    VeilErr err = { 0 };
    VeilMinisig back;
    Issuer s;
    size_t len;

    (void)state;
    setup(&s);
    memcpy(other, warrant, WARRANT_LEN);
    other[3] ^= 1;
    refused(&s, other, WARRANT_LEN);
    len = veil_minisig_format(text, &s.sig);
    assert_int_equal(veil_minisig_parse(&back, text, len, NULL), 0);
    assert_memory_equal(&back, &s.sig, sizeof(back));
    fixture_refused(veil_minisig_parse(&back, text, len - 1, &err), VEIL_E_MINISIG, &err, "four lines");
    text[len] = '\n';
    fixture_refused(veil_minisig_parse(&back, text, len + 1, &err), VEIL_E_MINISIG, &err, "four lines");
    text[len - 2] = '\r';
    fixture_refused(veil_minisig_parse(&back, text, len, &err), VEIL_E_MINISIG, &err, "four lines");
}

static void test_public_key_file(void **state)
{
    char text[VEIL_MINISIG_MAX + 1];
    uint8_t back[32];
    VeilErr err = { 0 };
    Issuer s;
    size_t len;

    (void)state;
    setup(&s);
    len = veil_minisig_public_format(text, s.public_key, "court");
    assert_int_equal(veil_minisig_public_parse(back, text, len, NULL), 0);
    assert_memory_equal(back, s.public_key, 32);
    fixture_refused(veil_minisig_public_parse(back, text, len - 1, &err), VEIL_E_MINISIG, &err, "two lines");
    assert_int_equal(veil_minisig_sign(&s.sig, warrant, 1, "a\nb", s.secret_key, NULL), VEIL_E_PRECONDITION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attack_24_legacy_on_the_hash),
        cmocka_unit_test(test_attack_24_flipped_algorithm),
        cmocka_unit_test(test_attack_24_ed25519ph),
        cmocka_unit_test(test_attack_24_foreign_trusted_comment),
        cmocka_unit_test(test_attack_24_key_number_collision),
        cmocka_unit_test(test_attack_24_another_file_or_shape),
        cmocka_unit_test(test_public_key_file),
    };

    if (sodium_init() < 0)
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
