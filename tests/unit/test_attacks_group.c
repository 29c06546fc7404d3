/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Attacks 14 and 15 of PROTOCOL section 9: members who cheat in a ceremony,
 * and group notes that nobody should trust. Includes the source, to be the
 * cheating member.
 */
#include "keys/dkg.c"

#include "dkg_fixture.h"

static void setup(Ceremony *c)
{
    ceremony_init(c);
    ceremony_messages(c);
}

/* Member i signs and announces its message anew, as a cheat would. */
static void resign(Ceremony *c, uint32_t i)
{
    uint8_t signed_part[32 + VEIL_DKG_MESSAGE_MAX];
    VeilDkgMessage *msg = &c->msgs[i - 1];

    assert_int_equal(crypto_sign_detached(msg->at + layout_of(&c->dkg).sig, NULL, signed_part,
                                          signed_bytes(signed_part, &c->dkg, msg->at), c->sign[i - 1]),
                     0);
    assert_int_equal(veil_dkg_hash(c->hashes[i - 1], msg), 0);
}

static int check(const Ceremony *c, uint32_t i, VeilErr *err)
{
    return veil_dkg_check(&c->dkg, i, &c->msgs[i - 1], c->hashes[i - 1], err);
}

/* A member whose polynomial has another degree raises or lowers the threshold. */
static void test_attack_14_commitments_one_more_or_less(void **state)
{
    Ceremony c;
    VeilErr err = { 0 };

    (void)state;
    setup(&c);
    for (int more = -1; more <= 1; more += 2) {
        VeilDkg other = c.dkg;

        other.k = (uint32_t)(CEREMONY_K + more);
        assert_int_equal(veil_dkg_make(&c.msgs[2], &other, 3, c.sign[2], NULL), 0);
        assert_int_equal(veil_dkg_hash(c.hashes[2], &c.msgs[2]), 0);
        fixture_refused(check(&c, 3, &err), VEIL_E_DKG_COUNT, &err, "member 3");
    }
}

static void test_attack_14_possession_of_another_index(void **state)
{
    Ceremony c;
    VeilErr err = { 0 };

    (void)state;
    setup(&c);
    c.msgs[1] = c.msgs[0]; /* member 2 takes over the key and proof of member 1 */
    veil_put_le32(c.msgs[1].at, 2);
    resign(&c, 2);
    fixture_refused(check(&c, 2, &err), VEIL_E_DKG_POP, &err, "member 2");
}

static void test_attack_14_possession_of_another_session(void **state)
{
    Ceremony c;
    VeilDkg other;
    VeilErr err = { 0 };

    (void)state;
    setup(&c);
    c.sid[0] ^= 1;
    assert_int_equal(veil_dkg_start(&other, c.sid, CEREMONY_K, CEREMONY_N, c.members, NULL, NULL), 0);
    assert_int_equal(veil_dkg_make(&c.msgs[0], &other, 1, c.sign[0], NULL), 0);
    assert_int_equal(veil_dkg_hash(c.hashes[0], &c.msgs[0]), 0);
    fixture_refused(check(&c, 1, &err), VEIL_E_DKG_SIGNATURE, &err, "member 1"); /* as it stands */
    resign(&c, 1);
    fixture_refused(check(&c, 1, &err), VEIL_E_DKG_POP, &err, "member 1"); /* signed for this one */
}

/* The rogue key: member 3 wants Y to be a key it knows, and subtracts the rest. */
static void test_attack_14_rogue_key(void **state)
{
    uint8_t wanted[32], *first = NULL;
    Ceremony c;
    VeilErr err = { 0 };

    (void)state;
    setup(&c);
    first = c.msgs[2].at + 4;
    crypto_core_ristretto255_random(wanted);
    assert_int_equal(crypto_core_ristretto255_sub(first, wanted, c.msgs[0].at + 4), 0);
    assert_int_equal(crypto_core_ristretto255_sub(first, first, c.msgs[1].at + 4), 0);
    resign(&c, 3);
    fixture_refused(check(&c, 3, &err), VEIL_E_DKG_POP, &err, "member 3");
}

static void test_attack_14_bad_share(void **state)
{
    uint8_t x[32], coeffs[CEREMONY_K][32];
    VeilDkgResult result;
    Ceremony c;
    VeilErr err = { 0 };

    (void)state;
    setup(&c);
    for (int m = 0; m < CEREMONY_K; m++)
        crypto_core_ristretto255_scalar_random(coeffs[m]);
    assert_int_equal(put_boxes(c.msgs[2].at, &c.dkg, coeffs[0]), 0); /* of another polynomial */
    resign(&c, 3);
    assert_int_equal(check(&c, 3, NULL), 0); /* nobody but the receiver can see it */
    fixture_refused(veil_dkg_finish(&result, x, &c.dkg, 2, c.msgs, c.hashes, c.box[1], NULL, &err),
                    VEIL_E_DKG_SHARE, &err, "from member 3 to member 2");
    assert_true(sodium_is_zero(x, 32)); /* no half sum is left */
}

static void test_attack_14_box_meant_for_another(void **state)
{
    uint8_t x[32], *boxes;
    VeilDkgResult result;
    Ceremony c;
    VeilErr err = { 0 };

    (void)state;
    setup(&c);
    boxes = c.msgs[0].at + layout_of(&c.dkg).boxes;
    memcpy(boxes + VEIL_DKG_BOX, boxes + 2 * VEIL_DKG_BOX, VEIL_DKG_BOX);
    resign(&c, 1);
    fixture_refused(veil_dkg_finish(&result, x, &c.dkg, 2, c.msgs, c.hashes, c.box[1], NULL, &err),
                    VEIL_E_DKG_SHARE, &err, "from member 1 to member 2");
}

static void test_attack_14_duplicate_member(void **state)
{
    Ceremony c;
    VeilDkg dkg;
    VeilDkgMember members[3];
    VeilErr err = { 0 };

    (void)state;
    setup(&c);
    memcpy(members, c.members, sizeof(members));
    members[2] = members[0];
    fixture_refused(veil_dkg_start(&dkg, c.sid, 2, 3, members, NULL, &err), VEIL_E_DKG_MEMBER, &err,
                    "members 1 and 3");
    memcpy(members, c.members, sizeof(members));
    memcpy(members[1].box, members[0].box, 32); /* two names, one machine */
    fixture_refused(veil_dkg_start(&dkg, c.sid, 2, 3, members, NULL, &err), VEIL_E_DKG_MEMBER, &err,
                    "members 1 and 2");
    memcpy(members, c.members, sizeof(members));
    memcpy(members[1].box, members[1].sign, 32); /* one key, two purposes */
    fixture_refused(veil_dkg_start(&dkg, c.sid, 2, 3, members, NULL, &err), VEIL_E_DKG_MEMBER, &err,
                    "member 2");
    memset(members[1].box, 0, 32);
    fixture_refused(veil_dkg_start(&dkg, c.sid, 2, 3, members, NULL, &err), VEIL_E_BOX_KEY, &err, "box key");
    fixture_refused(veil_dkg_start(&dkg, c.sid, 1, 3, c.members, NULL, &err), VEIL_E_DKG_MEMBER, &err,
                    "threshold 1");
    fixture_refused(veil_dkg_start(&dkg, c.sid, 4, 3, c.members, NULL, &err), VEIL_E_DKG_MEMBER, &err,
                    "threshold 4");
}

/* Member 1 tells members 2 and 3 different things, each of them in order. */
static void test_attack_14_split_transcript(void **state)
{
    uint8_t x[32], first[32];
    VeilDkgResult result;
    Ceremony c;
    VeilErr err = { 0 };

    (void)state;
    setup(&c);
    assert_int_equal(veil_dkg_finish(&result, x, &c.dkg, 2, c.msgs, c.hashes, c.box[1], NULL, NULL), 0);
    memcpy(first, result.transcript, 32);
    assert_int_equal(veil_dkg_make(&c.msgs[0], &c.dkg, 1, c.sign[0], NULL), 0);
    fixture_refused(check(&c, 1, &err), VEIL_E_DKG_COMMIT, &err, "member 1"); /* announced otherwise */
    assert_int_equal(veil_dkg_hash(c.hashes[0], &c.msgs[0]), 0);              /* announcements split too */
    assert_int_equal(veil_dkg_finish(&result, x, &c.dkg, 3, c.msgs, c.hashes, c.box[2], NULL, NULL), 0);
    fixture_refused(veil_dkg_same_transcript(result.transcript, first, 2, &err), VEIL_E_DKG_TRANSCRIPT, &err,
                    "member 2");
}

static void test_attack_05_commitment_is_no_point(void **state)
{
    Ceremony c;
    VeilErr err = { 0 };

    (void)state;
    setup(&c);
    memset(c.msgs[0].at + 4 + 32, 0, 32); /* identity: lowers the degree */
    resign(&c, 1);
    fixture_refused(check(&c, 1, &err), VEIL_E_POINT, &err, "commitment 1 of member 1");
    memset(c.msgs[0].at + 4, 0xff, 32);
    resign(&c, 1);
    fixture_refused(check(&c, 1, &err), VEIL_E_POINT, &err, "commitment 0 of member 1");
}

static void finish(Ceremony *c, VeilGroup *g)
{
    setup(c);
    ceremony_finish(c, NULL);
    ceremony_group(c, g);
}

static int open_note(const VeilText *t, const uint8_t *pin, VeilErr *err)
{
    VeilGroup back;

    return veil_group_open(&back, t->at, t->len, pin, err);
}

static void test_attack_15_one_signature_missing(void **state)
{
    VeilText t = { 0 };
    VeilErr err = { 0 };
    Ceremony c;
    VeilGroup g;

    (void)state;
    finish(&c, &g);
    ceremony_note(&c, &g, &t, CEREMONY_N - 1);
    fixture_refused(open_note(&t, g.key.gid, &err), VEIL_E_GROUP, &err, "custodian 3, 'org-3'");
    veil_text_free(&t);
}

static void test_attack_15_lower_threshold(void **state)
{
    uint8_t x[4 * 32];
    VeilText t = { 0 };
    VeilErr err = { 0 };
    VeilDkgResult r;
    VeilGroupKey key;
    Ceremony c;
    VeilGroup g;
    char *line;

    (void)state;
    finish(&c, &g);
    ceremony_note(&c, &g, &t, CEREMONY_N);
    line = strstr(t.at, "\nk 2\n");
    assert_non_null(line);
    line[3] = '1';
    fixture_refused(open_note(&t, g.key.gid, &err), VEIL_E_GROUP, &err, "threshold 1");
    veil_text_free(&t);
    /* A 3-of-4 group that calls itself 2-of-4: even if all had signed. */
    assert_int_equal(veil_dkg_dealer(&r, x, 3, 4, NULL), 0);
    fixture_refused(veil_groupkey_init(&key, 2, 4, 0, r.y, r.transcript, r.yi, &err), VEIL_E_GROUP, &err,
                    "custodians 1 to 2");
}

static void test_attack_15_key_does_not_interpolate(void **state)
{
    VeilText t = { 0 };
    VeilErr err = { 0 };
    Ceremony c;
    VeilGroup g;

    (void)state;
    finish(&c, &g);
    crypto_core_ristretto255_random(g.key.y); /* a key that somebody else knows, signed by all */
    ceremony_note(&c, &g, &t, CEREMONY_N);
    fixture_refused(open_note(&t, NULL, &err), VEIL_E_GROUP, &err, "do not interpolate");
    veil_text_free(&t);
    ceremony_group(&c, &g);
    memcpy(g.key.yi[2], g.key.yi[1], 32); /* one custodian's key only */
    ceremony_note(&c, &g, &t, CEREMONY_N);
    fixture_refused(open_note(&t, NULL, &err), VEIL_E_GROUP, &err, "custodians 2 to 3");
    veil_text_free(&t);
}

static void test_attack_15_gid_of_another_group(void **state)
{
    VeilText t = { 0 };
    VeilErr err = { 0 };
    Ceremony c;
    VeilGroup g;

    (void)state;
    finish(&c, &g);
    memset(g.key.gid, 0x11, 32);
    ceremony_note(&c, &g, &t, CEREMONY_N);
    fixture_refused(open_note(&t, g.key.gid, &err), VEIL_E_GROUP, &err, "gid '1111");
    veil_text_free(&t);
}

static void test_attack_15_dealer_where_policy_forbids(void **state)
{
    VeilErr err = { 0 };
    Ceremony c;
    VeilGroup g;

    (void)state;
    finish(&c, &g);
    assert_int_equal(veil_group_check_keygen(&g, false, NULL), 0);
    g.dealer = true;
    assert_int_equal(veil_group_check_keygen(&g, true, NULL), 0);
    fixture_refused(veil_group_check_keygen(&g, false, &err), VEIL_E_GROUP, &err, "keygen dealer");
}

static void test_attack_15_group_of_an_attacker(void **state)
{
    VeilText t = { 0 };
    VeilErr err = { 0 };
    Ceremony c;
    VeilGroup pinned, theirs;

    (void)state;
    finish(&c, &pinned);
    finish(&c, &theirs); /* a ceremony of the attacker's own, in perfect order */
    ceremony_note(&c, &theirs, &t, CEREMONY_N);
    assert_int_equal(open_note(&t, theirs.key.gid, NULL), 0);
    fixture_refused(open_note(&t, pinned.key.gid, &err), VEIL_E_GROUP, &err, "not the one that was pinned");
    veil_text_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attack_05_commitment_is_no_point),
        cmocka_unit_test(test_attack_14_commitments_one_more_or_less),
        cmocka_unit_test(test_attack_14_possession_of_another_index),
        cmocka_unit_test(test_attack_14_possession_of_another_session),
        cmocka_unit_test(test_attack_14_rogue_key),
        cmocka_unit_test(test_attack_14_bad_share),
        cmocka_unit_test(test_attack_14_box_meant_for_another),
        cmocka_unit_test(test_attack_14_duplicate_member),
        cmocka_unit_test(test_attack_14_split_transcript),
        cmocka_unit_test(test_attack_15_one_signature_missing),
        cmocka_unit_test(test_attack_15_lower_threshold),
        cmocka_unit_test(test_attack_15_key_does_not_interpolate),
        cmocka_unit_test(test_attack_15_gid_of_another_group),
        cmocka_unit_test(test_attack_15_dealer_where_policy_forbids),
        cmocka_unit_test(test_attack_15_group_of_an_attacker),
    };

    if (sodium_init() < 0)
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
