/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * What the tests of keys/ share: the group and unit of vector Set A
 * (PROTOCOL section 8), a check of a refusal, and hex literals.
 */
#ifndef VEIL_TESTS_KEYS_FIXTURE_H
#define VEIL_TESTS_KEYS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "keys/bytes.h"
#include "keys/err.h"
#include "keys/groupkey.h"
#include "keys/point.h"
#include "keys/tdh2.h"

/** The order q, for scalars that are one q too large. */
static const uint8_t fixture_q[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                       0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                       0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10 };

typedef struct Fixture {
    VeilGroupKey g;
    VeilUnitRef unit;
    uint8_t x[4][32]; ///< share key of custodian i at [i]
    uint8_t a[4][32]; ///< a_b = Hs("veil/v1/test"; byte b)
    uint8_t key[32], wid[32];
} Fixture;

static inline void fixture_hex(uint8_t out[32], const char *hex)
{
    assert_int_equal(veil_hex_decode(out, 32, hex, strlen(hex)), 0);
}

/** A 2-of-3 group from a_0 + a_1*X, transcript T, and the unit of Set A. */
static inline void fixture_group(Fixture *t, const uint8_t transcript[32], uint32_t epoch)
{
    uint8_t y[32], yi[3][32];
    VeilErr err = { 0 };

    for (uint8_t b = 0; b < 4; b++)
        assert_int_equal(veil_hs(t->a[b], "veil/v1/test", VEIL_FIELDS({ &b, 1 })), 0);
    assert_int_equal(veil_point_base(y, t->a[0]), 0);
    for (uint32_t i = 1; i <= 3; i++) {
        veil_scalar_poly(t->x[i], t->a[0], 2, i);
        assert_int_equal(veil_point_base(yi[i - 1], t->x[i]), 0);
    }
    if (veil_groupkey_init(&t->g, 2, 3, epoch, y, transcript, yi, &err) < 0)
        fail_msg("%s", err.text);
}

static inline void fixture_init(Fixture *t)
{
    uint8_t transcript[32];

    assert_true(sodium_init() >= 0);
    memset(t, 0, sizeof(*t));
    memset(transcript, 0x11, 32);
    fixture_group(t, transcript, 0);
    memset(t->unit.policy, 0x22, 32);
    memset(t->unit.vid, 0x33, 32);
    memset(t->unit.uid, 0x44, 16);
    t->unit.track = 3;
    t->unit.seg = 7;
    memset(t->wid, 0x55, 32);
    memset(t->key, 0x66, 32);
}

/** The call must be refused with this code, and the sentence must name the
 *  object, the code and the rule. */
static inline void fixture_refused(int ret, int code, const VeilErr *err, const char *object)
{
    if (ret != code)
        fail_msg("wanted %s, got %s", veil_err_name(code), ret < 0 ? veil_err_name(ret) : "success");
    assert_int_equal(err->code, code);
    if (!strstr(err->text, object) || !strstr(err->text, veil_err_name(code)) ||
        !strstr(err->text, veil_err_rule(code)))
        fail_msg("'%s' does not name '%s' and the rule", err->text, object);
}

#endif /* VEIL_TESTS_KEYS_FIXTURE_H */
