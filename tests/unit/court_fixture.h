/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A whole small world for the tests of vaults, warrants, logs and approvals:
 * the 2-of-3 group of keys_fixture.h, keys of every role, a policy, a sealed
 * vault, a signed and logged warrant, a request, and the first custodian's
 * folder, all in a temporary folder. Times are fixed.
 */
#ifndef VEIL_TESTS_COURT_FIXTURE_H
#define VEIL_TESTS_COURT_FIXTURE_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/approve.h"
#include "keys/file.h"
#include "keys/minisig.h"
#include "keys/opening.h"
#include "keys/vault.h"
#include "keys_fixture.h"

#define COURT_NOW   1777650000 /* 2026-05-01T15:40:00Z */
#define COURT_START (COURT_NOW - 7200)

typedef struct Pair {
    uint8_t pk[32], sk[64];
} Pair;

typedef struct Court {
    Fixture f;
    char dir[64];
    Pair custodian[3], issuer[3], op, log, witness[3], signer, requester, matcher;
    uint8_t box_pk[32], box_sk[32], mbox_pk[32], mbox_sk[32];
    VeilGroup group;
    VeilBytes group_note, policy_note;
    VeilPolicy policy;
    VeilWarrant w;
    VeilText warrant;
    VeilText sig[3];
    VeilLogDir *book;
    uint64_t index; ///< leaf of the warrant
    VeilRequest *r;
    VeilCustodian c;
} Court;

#define OK(call)                                                                                             \
    do {                                                                                                     \
        VeilErr ok_err = { 0 };                                                                              \
        VeilErr *const err __attribute__((unused)) = &ok_err;                                                \
        if ((call) < 0)                                                                                      \
            fail_msg("%s: %s", #call, ok_err.text);                                                          \
    } while (0)

/** The call, which may use `err`, must be refused with the code and a sentence that names the object and the rule. */
#define REFUSED(code, object, call)                                                                          \
    do {                                                                                                     \
        VeilErr refused_err = { 0 };                                                                         \
        VeilErr *const err = &refused_err;                                                                   \
        const int refused_ret = (int)(call);                                                                 \
        fixture_refused(refused_ret, code, err, object);                                                     \
    } while (0)

static inline const char *court_path(const Court *t, const char *name)
{
    static char path[4][256];
    static int turn;

    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof(path[turn]), "%s/%s", t->dir, name);
    return path[turn];
}

static inline void pair_new(Pair *p)
{
    assert_int_equal(crypto_sign_keypair(p->pk, p->sk), 0);
}

static inline VeilNamedKey named(const char *name, const Pair *p)
{
    VeilNamedKey k = { 0 };

    snprintf(k.name, sizeof(k.name), "%s", name);
    memcpy(k.pk, p->pk, 32);
    return k;
}

static inline VeilBytes text_bytes(VeilText *t)
{
    const VeilBytes b = { (uint8_t *)t->at, t->len };

    assert_int_equal(veil_text_done(t), 0);
    *t = (VeilText){ 0 };
    return b;
}

static inline VeilBytes copy_of(VeilBytes b)
{
    VeilBytes c = { malloc(b.len + 1), b.len };

    assert_non_null(c.at);
    memcpy(c.at, b.at, b.len);
    c.at[b.len] = '\0';
    return c;
}

static inline void court_keys(Court *t)
{
    Pair *const all[] = { &t->op, &t->log, &t->signer, &t->requester, &t->matcher };

    for (int i = 0; i < 3; i++) {
        pair_new(&t->custodian[i]);
        pair_new(&t->issuer[i]);
        pair_new(&t->witness[i]);
    }
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        pair_new(all[i]);
    crypto_box_keypair(t->box_pk, t->box_sk);
    crypto_box_keypair(t->mbox_pk, t->mbox_sk);
}

static inline void court_group(Court *t)
{
    VeilText text = { 0 };

    t->group = (VeilGroup){ .key = t->f.g, .dealer = true };
    memset(t->group.transcript, 0x11, 32);
    for (int i = 0; i < 3; i++) {
        snprintf(t->group.org[i], VEIL_TOKEN_CAP, "org%d", i + 1);
        memcpy(t->group.sign[i], t->custodian[i].pk, 32);
    }
    assert_true(veil_group_format(&text, &t->group) >= 0);
    for (int i = 0; i < 3; i++)
        assert_true(veil_note_sign(&text, VEIL_GROUP_SIGNER, t->custodian[i].sk) >= 0);
    t->group_note = text_bytes(&text);
}

static inline VeilBytes policy_note(Court *t, VeilPolicy *p)
{
    VeilText text = { 0 };

    assert_true(veil_policy_print(&text, p) >= 0);
    assert_true(veil_note_sign(&text, "policy", t->signer.sk) >= 0);
    return text_bytes(&text);
}

static inline void court_policy(Court *t)
{
    t->policy = (VeilPolicy){ .version = 1,
                              .first = true,
                              .dealer_ok = true,
                              .unattended_ok = true,
                              .cap_tracks = 4,
                              .cap_segments = 20,
                              .cap_days = 30,
                              .cap_probes = 2,
                              .checkpoint_age_s = 3600,
                              .clock_skew_s = 60,
                              .reasons = 1,
                              .matchers = 1 };
    memcpy(t->policy.group, t->group.digest, 32);
    t->policy.log = (VeilLogTrust){ .log = named("example.org/log", &t->log), .witnesses = 3, .quorum = 2 };
    t->policy.issuers = (VeilKeyList){ .n = 3, .needed = 2 };
    for (int i = 0; i < 3; i++) {
        const char name[] = { 'k', (char)('1' + i), 0 };

        t->policy.log.witness[i] = named(name, &t->witness[i]);
        t->policy.issuers.at[i] = named(name, &t->issuer[i]);
    }
    t->policy.operators = (VeilKeyList){ .at = { named("camera", &t->op) }, .n = 1 };
    t->policy.signers = (VeilKeyList){ .at = { named("council", &t->signer) }, .n = 1, .needed = 1 };
    strcpy(t->policy.reason[0], "assault");
    strcpy(t->policy.matcher[0].name, "lab");
    memcpy(t->policy.matcher[0].box, t->mbox_pk, 32);
    memcpy(t->policy.matcher[0].sign, t->matcher.pk, 32);
    t->policy_note = policy_note(t, &t->policy);
}

static inline VeilVaultHeader court_header(const Court *t)
{
    VeilVaultHeader h = { .min_k = 2,
                          .policy_version = t->policy.version,
                          .start = COURT_START,
                          .width = 640,
                          .height = 360,
                          .fps_num = 25,
                          .fps_den = 1 };

    memcpy(h.gid, t->f.g.gid, 32);
    memcpy(h.group, t->group.digest, 32);
    memcpy(h.policy, t->policy.digest, 32);
    memcpy(h.operator_pk, t->op.pk, 32);
    return h;
}

/** Tracks 1 and 2, segments 0..3, one checkpoint a segment; unit (t, s) holds 100 * t + s bytes of t. */
static inline void court_vault(const Court *t, const char *name, bool finish)
{
    VeilVaultHeader h = court_header(t);
    const uint8_t video[32] = { 9 };
    VeilVaultWriter *w = NULL;
    uint8_t records[300];

    OK(veil_vault_create(&w, court_path(t, name), &t->f.g, &h, t->op.sk, err));
    for (uint32_t seg = 0; seg < 4; seg++) {
        for (uint32_t track = 1; track <= 2; track++) {
            memset(records, (int)track, sizeof(records));
            OK(veil_vault_add(w, track, seg, 0, records, 100 * track + seg, err));
        }
        OK(veil_vault_checkpoint(w, err));
    }
    if (finish)
        OK(veil_vault_finish(w, video, err));
    veil_vault_writer_close(w);
}

/** The warrant's struct for day.veil: track 1, segments 1 to 2; court_sign() writes and signs it. */
static inline void court_warrant(Court *t)
{
    VeilVault *v = NULL;
    VeilWarrant *w = &t->w;

    OK(veil_vault_open(&v, court_path(t, "day.veil"), true, err));
    *w = (VeilWarrant){ .policy_version = t->policy.version,
                        .not_before = COURT_NOW - 3600,
                        .not_after = COURT_NOW + 86400,
                        .unseal_by = COURT_NOW + 864000,
                        .vaults = 1,
                        .scopes = 1,
                        .scope = { { 0, 1, 1, 2 } } };
    strcpy(w->log, "example.org/log");
    strcpy(w->court, "district-court");
    strcpy(w->reason, "assault");
    memcpy(w->gid, t->f.g.gid, 32);
    memcpy(w->policy, t->policy.digest, 32);
    randombytes_buf(w->salt, 32);
    veil_warrant_case(w->case_hash, w->salt, "2026/117");
    memcpy(w->requester_sign, t->requester.pk, 32);
    memcpy(w->requester_box, t->box_pk, 32);
    memcpy(w->deliver_box, t->box_pk, 32);
    memcpy(w->vault[0].vid, veil_vault_info(v)->header.vid, 32);
    memcpy(w->vault[0].root, veil_vault_info(v)->seal.root, 32);
    veil_vault_close(v);
}

static inline void minisign(VeilText *out, const void *bytes, size_t len, const uint8_t wid[32],
                            const Pair *by)
{
    char comment[VEIL_MINISIG_ISSUER_BYTES], text[VEIL_MINISIG_MAX + 1];
    VeilMinisig sig;

    veil_minisig_issuer_comment(comment, wid);
    OK(veil_minisig_sign(&sig, bytes, len, comment, by->sk, err));
    veil_text_free(out);
    veil_text_bytes(out, text, veil_minisig_format(text, &sig));
}

static inline void court_sign(Court *t)
{
    veil_text_free(&t->warrant);
    assert_true(veil_warrant_print(&t->warrant, &t->w) >= 0);
    for (int i = 0; i < 3; i++)
        minisign(&t->sig[i], t->warrant.at, t->warrant.len, t->w.wid, &t->issuer[i]);
}

static inline uint64_t court_append(Court *t, const VeilLeaf *l, const Pair *by)
{
    VeilText text = { 0 };
    uint64_t index = 0;

    veil_leaf_print(&text, l);
    assert_true(veil_note_sign(&text, veil_leaf_role(l->kind), by->sk) >= 0);
    OK(veil_logdir_append(t->book, text.at, text.len, &index, err));
    veil_text_free(&text);
    return index;
}

/** A new checkpoint, cosigned by the first `witnesses` at a time. */
static inline void court_checkpoint(Court *t, int witnesses, int64_t time)
{
    const char *const name[] = { "k1", "k2", "k3" };

    OK(veil_logdir_sign(t->book, t->log.sk, err));
    for (int i = 0; i < witnesses; i++)
        OK(veil_logdir_cosign(t->book, name[i], t->witness[i].sk, time, err));
}

static inline VeilBytes court_proof(Court *t, uint64_t index)
{
    VeilText text = { 0 };

    OK(veil_logdir_prove(t->book, index, &text, err));
    return text_bytes(&text);
}

/** A fresh request with the first `sigs` signatures, signed by `by`. */
static inline VeilRequest *court_request(Court *t, int sigs, const Pair *by)
{
    VeilRequest *r = calloc(1, sizeof(*r));
    VeilText note = { 0 };
    VeilVault *v = NULL;
    uint8_t id[32];

    assert_non_null(r);
    randombytes_buf(id, sizeof(id));
    veil_request_print(&note, t->w.wid, id, COURT_NOW);
    assert_true(veil_note_sign(&note, "requester-sign", by->sk) >= 0);
    r->note = text_bytes(&note);
    r->warrant = copy_of((VeilBytes){ (uint8_t *)t->warrant.at, t->warrant.len });
    for (; r->sigs < sigs; r->sigs++)
        r->sig[r->sigs] = copy_of((VeilBytes){ (uint8_t *)t->sig[r->sigs].at, t->sig[r->sigs].len });
    r->proof = court_proof(t, t->index);
    OK(veil_vault_open(&v, court_path(t, "day.veil"), true, err));
    OK(veil_request_take_vault(&r->vault[0], v, err));
    veil_vault_close(v);
    OK(veil_request_parse(r, err));
    return r;
}

/** Log the warrant as it stands and make a request for it. */
static inline void court_file(Court *t)
{
    const VeilLeaf leaf = veil_leaf_of_warrant(&t->w);

    t->index = court_append(t, &leaf, &t->issuer[0]);
    court_checkpoint(t, 2, COURT_NOW - 60);
    veil_request_free(t->r);
    t->r = court_request(t, 2, &t->requester);
}

/** Write, sign, log and request t->w after a test has changed it. */
static inline void court_again(Court *t)
{
    court_sign(t);
    court_file(t);
}

static inline int court_check(Court *t, int64_t now, VeilErr *err)
{
    VeilApproval a = { 0 };
    const int ret = veil_approve_check(&a, &t->c, t->book, 1, t->r, now, err);

    veil_approval_clear(&a);
    return ret;
}

static inline int court_setup(void **state)
{
    Court *t = calloc(1, sizeof(*t));

    assert_non_null(t);
    fixture_init(&t->f);
    strcpy(t->dir, "/tmp/veil-court-XXXXXX");
    assert_non_null(mkdtemp(t->dir));
    court_keys(t);
    court_group(t);
    court_policy(t);
    court_vault(t, "day.veil", true);
    court_warrant(t);
    OK(veil_logdir_create(court_path(t, "log"), "example.org/log", err));
    OK(veil_logdir_open(&t->book, court_path(t, "log"), err));
    court_append(t, &(VeilLeaf){ .kind = VEIL_LEAF_GROUP }, &t->custodian[0]);
    court_again(t);
    OK(veil_custodian_setup(court_path(t, "home"), &t->group_note, t->f.g.gid, &t->policy_note, err));
    OK(veil_custodian_open(&t->c, court_path(t, "home"), err));
    *state = t;
    return 0;
}

static inline int court_teardown(void **state)
{
    char command[128];
    Court *t = *state;

    veil_custodian_clear(&t->c);
    veil_request_free(t->r);
    veil_logdir_close(t->book);
    veil_text_free(&t->warrant);
    for (int i = 0; i < 3; i++)
        veil_text_free(&t->sig[i]);
    free(t->group_note.at);
    free(t->policy_note.at);
    snprintf(command, sizeof(command), "rm -rf '%s'", t->dir);
    assert_int_equal(system(command), 0);
    free(t);
    return 0;
}

#define COURT_TEST(f) cmocka_unit_test_setup_teardown(f, court_setup, court_teardown)

#endif /* VEIL_TESTS_COURT_FIXTURE_H */
