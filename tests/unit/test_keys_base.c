/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Errors, bytes, hashing and points: the floor of keys/.
 */
#include "keys_fixture.h"

#include <errno.h>
#include <stdio.h>

static void test_errors_have_names_and_rules(void **state)
{
    VeilErr err = { 0 };

    (void)state;
    for (int code = VEIL_E_BELOW_FIRST + 1; code < VEIL_E_AFTER_LAST; code++) {
        const char *rule = veil_err_rule(code);

        assert_memory_equal(veil_err_name(code), "E_", 2);
        assert_true(strlen(rule) > 20);
        assert_true(rule[strlen(rule) - 1] != '.');
        assert_int_equal(veil_err(&err, code, "unit '%d'", 7), code);
        assert_non_null(strstr(err.text, "unit '7': "));
        assert_non_null(strstr(err.text, veil_err_name(code)));
    }
    assert_string_equal(veil_err_name(VEIL_E_LEAK), "E_LEAK");
    assert_string_equal(veil_err_name(-ENOENT), "ENOENT");
    assert_int_equal(veil_err(NULL, VEIL_E_POINT, "x"), VEIL_E_POINT);
}

static void test_little_and_big_endian(void **state)
{
    uint8_t b[8];

    (void)state;
    veil_put_le32(b, 0x01020304);
    assert_memory_equal(b, "\4\3\2\1", 4);
    assert_int_equal(veil_get_le32(b), 0x01020304);
    veil_put_le64(b, 0x0102030405060708);
    assert_memory_equal(b, "\10\7\6\5\4\3\2\1", 8);
    assert_true(veil_get_le64(b) == 0x0102030405060708);
    veil_put_be64(b, 0x0102030405060708);
    assert_memory_equal(b, "\1\2\3\4\5\6\7\10", 8);
    assert_true(veil_get_be64(b) == 0x0102030405060708);
}

static void test_base64_has_one_spelling(void **state)
{
    static const char *const bad[] = { "QQ",
                                       "QQ=",
                                       "QQ=Q",
                                       "QR==",
                                       "QQ==\n",
                                       " QQ==",
                                       "Q Q==",
                                       "QUJ=",
                                       "QQ===",
                                       "_-==",
                                       "====",
                                       "QQ==QQ==",
                                       "QU\nJD",
                                       "Q\xe1"
                                       "JD",
                                       "\xffQJD" };
    uint8_t out[8];
    char text[16];

    (void)state;
    assert_int_equal(veil_b64_decode(out, sizeof(out), "QUJD", 4), 3);
    assert_memory_equal(out, "ABC", 3);
    assert_int_equal(veil_b64_decode(out, sizeof(out), "QQ==", 4), 1);
    assert_int_equal(veil_b64_decode(out, sizeof(out), "", 0), 0);
    assert_int_equal(veil_b64_decode(out, 2, "QUJD", 4), VEIL_E_CANON);
    assert_string_equal(veil_b64_encode(text, "AB", 2), "QUI=");
    assert_int_equal(veil_b64_decode_exact(out, 2, "QUI=", 4), 0);
    assert_int_equal(veil_b64_decode_exact(out, 3, "QUI=", 4), VEIL_E_CANON);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (veil_b64_decode(out, sizeof(out), bad[i], strlen(bad[i])) != VEIL_E_CANON)
            fail_msg("'%s' was accepted", bad[i]);
}

static void test_hex_is_lower_case_and_exact(void **state)
{
    uint8_t out[2];
    char text[5];

    (void)state;
    assert_int_equal(veil_hex_decode(out, 2, "0aff", 4), 0);
    assert_string_equal(veil_hex_encode(text, out, 2), "0aff");
    assert_int_equal(veil_hex_decode(out, 2, "0aFf", 4), VEIL_E_CANON);
    assert_int_equal(veil_hex_decode(out, 2, "0af", 3), VEIL_E_CANON);
    assert_int_equal(veil_hex_decode(out, 2, "0a f", 4), VEIL_E_CANON);
    assert_int_equal(veil_hex_decode(out, 2, "0aff00", 6), VEIL_E_CANON);
}

static void test_times_have_one_spelling(void **state)
{
    static const char *const bad[] = { "2026-02-29T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z",
                                       "2026-1-01T00:00:00ZZ", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00z",
                                       "1969-12-31T23:59:59Z", "2026-01-01T00:00: 1Z", "2026-01-01T00:00:0Z",
                                       "+026-01-01T00:00:00Z" };
    char text[VEIL_TIME_LEN + 1];
    int64_t t;

    (void)state;
    assert_int_equal(veil_time_parse(&t, "2024-02-29T14:03:05Z", 20), 0);
    assert_true(t == 1709215385);
    assert_int_equal(veil_time_format(text, t), 0);
    assert_string_equal(text, "2024-02-29T14:03:05Z");
    assert_int_equal(veil_time_format(text, -1), VEIL_E_CANON);
    assert_int_equal(veil_time_format(text, INT64_MAX), VEIL_E_CANON);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (veil_time_parse(&t, bad[i], strlen(bad[i])) != VEIL_E_CANON)
            fail_msg("'%s' was accepted", bad[i]);
}

static void test_numbers_have_one_spelling(void **state)
{
    static const char *const bad[] = {
        "", "00", "01", "-1", "+1", " 1", "1 ", "0x1", "18446744073709551616", "99999999999999999999"
    };
    uint64_t v;

    (void)state;
    assert_int_equal(veil_number_parse(&v, "0", 1, 9), 0);
    assert_int_equal(veil_number_parse(&v, "18446744073709551615", 20, UINT64_MAX), 0);
    assert_true(v == UINT64_MAX);
    assert_int_equal(veil_number_parse(&v, "10", 2, 9), VEIL_E_CANON);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (veil_number_parse(&v, bad[i], strlen(bad[i]), UINT64_MAX) != VEIL_E_CANON)
            fail_msg("'%s' was accepted", bad[i]);
}

static void test_hash_fields_cannot_run_together(void **state)
{
    uint8_t a[64], b[64], c[64], d[64];
    char tag[300];

    (void)state;
    assert_int_equal(veil_hb(a, "t", VEIL_FIELDS({ "ab", 2 }, { "c", 1 })), 0);
    assert_int_equal(veil_hb(b, "t", VEIL_FIELDS({ "a", 1 }, { "bc", 2 })), 0);
    assert_int_equal(veil_hb(c, "t", VEIL_FIELDS({ "abc", 3 })), 0);
    assert_int_equal(veil_hb(d, "t", VEIL_FIELDS({ "ab", 2 }, { "c", 1 }, { NULL, 0 })), 0);
    assert_memory_not_equal(a, b, 64);
    assert_memory_not_equal(a, c, 64);
    assert_memory_not_equal(a, d, 64);
    assert_int_equal(veil_hb(a, "", VEIL_NO_FIELDS), VEIL_E_PRECONDITION);
    memset(tag, 't', sizeof(tag));
    tag[256] = '\0';
    assert_int_equal(veil_hb(a, tag, VEIL_NO_FIELDS), VEIL_E_PRECONDITION);
    tag[255] = '\0';
    assert_int_equal(veil_hb(a, tag, VEIL_NO_FIELDS), 0);
}

static void test_points_and_scalars_are_checked(void **state)
{
    uint8_t zero[32] = { 0 }, all[32], s[32], p[32], high[32];
    unsigned carry = 0;

    (void)state;
    memset(all, 0xff, 32);
    veil_scalar_set(s, 5);
    assert_int_equal(veil_point_base(p, s), 0);
    assert_true(veil_point_ok(p) && veil_scalar_ok(s));
    assert_false(veil_point_ok(zero)); /* libsodium calls it valid */
    assert_false(veil_point_ok(all));
    assert_false(veil_scalar_ok(zero));
    assert_false(veil_scalar_ok(fixture_q));
    memcpy(high, s, 32);
    high[31] |= 0x80; /* libsodium ignores this bit */
    assert_false(veil_scalar_ok(high));
    for (int m = 0; m < 32; m++) {
        carry += s[m] + fixture_q[m];
        high[m] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_false(veil_scalar_ok(high));
    assert_int_equal(veil_point_base(p, zero), VEIL_E_CRYPTO);
}

static void test_lagrange(void **state)
{
    const uint32_t two[] = { 1, 2 }, twice[] = { 1, 1 }, naught[] = { 0, 1 };
    uint8_t l[32], want[32];

    (void)state;
    assert_int_equal(veil_scalar_lagrange(l, two, 2, 1), 0); /* 2 / (2-1) */
    veil_scalar_set(want, 2);
    assert_memory_equal(l, want, 32);
    assert_int_equal(veil_scalar_lagrange(l, twice, 2, 1), VEIL_E_SHARE_INDEX);
    assert_int_equal(veil_scalar_lagrange(l, naught, 2, 1), VEIL_E_SHARE_INDEX);
    assert_int_equal(veil_scalar_lagrange(l, two, 2, 3), VEIL_E_SHARE_INDEX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors_have_names_and_rules),
        cmocka_unit_test(test_little_and_big_endian),
        cmocka_unit_test(test_base64_has_one_spelling),
        cmocka_unit_test(test_hex_is_lower_case_and_exact),
        cmocka_unit_test(test_times_have_one_spelling),
        cmocka_unit_test(test_numbers_have_one_spelling),
        cmocka_unit_test(test_hash_fields_cannot_run_together),
        cmocka_unit_test(test_points_and_scalars_are_checked),
        cmocka_unit_test(test_lagrange),
    };

    if (sodium_init() < 0)
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
