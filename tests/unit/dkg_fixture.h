/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A ceremony of three custodians, two of whom open, with fixed long-term keys.
 */
#ifndef VEIL_TESTS_DKG_FIXTURE_H
#define VEIL_TESTS_DKG_FIXTURE_H

#include <stdio.h>

#include "keys/dkg.h"
#include "keys/group.h"
#include "keys_fixture.h"

#define CEREMONY_K 2
#define CEREMONY_N 3

typedef struct Ceremony {
    VeilDkg dkg;
    VeilDkgMember members[CEREMONY_N];
    uint8_t sign[CEREMONY_N][64], box[CEREMONY_N][32], sid[32];
    VeilDkgMessage msgs[CEREMONY_N];
    uint8_t hashes[CEREMONY_N][32];
    uint8_t x[CEREMONY_N][32];
    VeilDkgResult result;
} Ceremony;

/** Keys from seeds of one repeated byte: signing 0xa1.., box 0xb1.. */
static inline void ceremony_init(Ceremony *c)
{
    uint8_t seed[32];

    assert_true(sodium_init() >= 0);
    memset(c, 0, sizeof(*c));
    memset(c->sid, 0x51, 32);
    for (int i = 0; i < CEREMONY_N; i++) {
        memset(seed, 0xa1 + i, 32);
        assert_int_equal(crypto_sign_seed_keypair(c->members[i].sign, c->sign[i], seed), 0);
        memset(c->box[i], 0xb1 + i, 32);
        assert_int_equal(crypto_scalarmult_base(c->members[i].box, c->box[i]), 0);
    }
    assert_int_equal(veil_dkg_start(&c->dkg, c->sid, CEREMONY_K, CEREMONY_N, c->members, NULL, NULL), 0);
}

/** Everyone makes and announces a message. */
static inline void ceremony_messages(Ceremony *c)
{
    for (uint32_t i = 1; i <= CEREMONY_N; i++) {
        assert_int_equal(veil_dkg_make(&c->msgs[i - 1], &c->dkg, i, c->sign[i - 1], NULL), 0);
        assert_int_equal(veil_dkg_hash(c->hashes[i - 1], &c->msgs[i - 1]), 0);
    }
}

/** Everyone finishes; old_x as in veil_dkg_finish(), or NULL. */
static inline void ceremony_finish(Ceremony *c, uint8_t (*old_x)[32])
{
    VeilErr err = { 0 };

    for (uint32_t j = 1; j <= CEREMONY_N; j++)
        if (veil_dkg_finish(&c->result, c->x[j - 1], &c->dkg, j, c->msgs, c->hashes, c->box[j - 1],
                            old_x ? old_x[j - 1] : NULL, &err) < 0)
            fail_msg("%s", err.text);
}

/** The group of a finished ceremony. */
static inline void ceremony_group(const Ceremony *c, VeilGroup *g)
{
    VeilErr err = { 0 };

    memset(g, 0, sizeof(*g));
    memcpy(g->transcript, c->result.transcript, 32);
    if (veil_groupkey_init(&g->key, CEREMONY_K, CEREMONY_N, 0, c->result.y, c->result.transcript,
                           c->result.yi, &err) < 0)
        fail_msg("%s", err.text);
    for (int i = 0; i < CEREMONY_N; i++) {
        snprintf(g->org[i], sizeof(g->org[i]), "org-%d", i + 1);
        memcpy(g->sign[i], c->members[i].sign, 32);
    }
}

/** Text and signatures of the first n custodians. The caller frees t. */
static inline void ceremony_note(const Ceremony *c, VeilGroup *g, VeilText *t, int n)
{
    assert_int_equal(veil_group_format(t, g), 0);
    for (int i = 0; i < n; i++)
        assert_int_equal(veil_note_sign(t, VEIL_GROUP_SIGNER, c->sign[i]), 0);
}

#endif /* VEIL_TESTS_DKG_FIXTURE_H */
