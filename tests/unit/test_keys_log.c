/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Vector sets 8, 10, 11 and 12 (tests/vectors/court.py), text and notes, and
 * warrants signed and checked by the stock minisign.
 */
#include <jansson.h>

#include "court_fixture.h"

#ifndef VEIL_VECTORS
#define VEIL_VECTORS "tests/vectors"
#endif

static json_t *load(const char *name)
{
    char path[256];
    json_error_t error;
    json_t *set;

    snprintf(path, sizeof(path), VEIL_VECTORS "/%s.json", name);
    if (!(set = json_load_file(path, 0, &error)))
        fail_msg("%s: %s", path, error.text);
    return set;
}

static const char *str(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));

    assert_non_null(s);
    return s;
}

static size_t unhex(uint8_t *out, size_t cap, const char *hex)
{
    const size_t n = strlen(hex) / 2;

    assert_true(n <= cap);
    assert_int_equal(veil_hex_decode(out, n, hex, strlen(hex)), 0);
    return n;
}

static void same_hex(const void *got, size_t n, const json_t *o, const char *key)
{
    uint8_t want[256];

    assert_int_equal(unhex(want, sizeof(want), str(o, key)), n);
    assert_memory_equal(got, want, n);
}

/* ---- set 8 and set 12 ------------------------------------------------------- */

static void set_08_a_vault_made_by_python(void **state)
{
    json_t *set = load("08-vault"), *one;
    VeilVault *v = NULL;
    Fixture f;
    size_t i;

    (void)state;
    fixture_init(&f);
    OK(veil_vault_open(&v, VEIL_VECTORS "/08-vault.veil", false, err));
    OK(veil_vault_check(v, err));
    same_hex(veil_vault_info(v)->header.vid, 32, set, "vid");
    same_hex(veil_vault_info(v)->seal.root, 32, set, "root");
    json_array_foreach(json_object_get(set, "units"), i, one)
    {
        uint8_t label[32];
        VeilUnitRef ref;
        VeilEntry e;

        OK(veil_entry_parse(&e, veil_vault_entry(v, (uint32_t)i)));
        ref = veil_entry_ref(&e, veil_vault_info(v)->header.policy, veil_vault_info(v)->header.vid);
        OK(veil_tdh2_label(label, &f.g, &ref));
        same_hex(label, 32, one, "L");
        OK(veil_tdh2_verify(&e.ct, &f.g, &ref, err));
    }
    veil_vault_close(v);
    json_decref(set);
}

static void take_release(const json_t *one, const VeilReleaseContext *ctx, const uint8_t *secret,
                         VeilReleaseItem *item)
{
    uint8_t blob[1024];
    const size_t len = unhex(blob, sizeof(blob), str(one, "blob"));

    OK(veil_release_open(item, ctx, blob, len, secret, err));
}

static void set_12_request_release_open(void **state)
{
    json_t *set = load("12-open"), *one;
    uint8_t secret[32], key[32], chunks[VEIL_CHUNK_SEALED], plain[VEIL_CHUNK_PLAIN], want[64];
    const char *text = str(set, "warrant"), *note = str(set, "request");
    VeilReleaseContext ctx = { .count = 2 };
    VeilReleaseItem item[2][2];
    VeilVault *v = NULL;
    VeilWarrant w;
    VeilNote n;
    Fixture f;
    size_t i, len;

    (void)state;
    fixture_init(&f);
    OK(veil_warrant_parse(&w, text, strlen(text), "warrant", err));
    same_hex(w.wid, 32, set, "wid");
    OK(veil_note_parse(&n, note, strlen(note), "request", err));
    assert_true(veil_note_signed_by(&n, "requester-sign", w.requester_sign));
    unhex(secret, 32, str(set, "deliver_secret"));
    memcpy(ctx.wid, w.wid, 32);
    memcpy(ctx.deliver, w.deliver_box, 32);
    json_array_foreach(json_object_get(set, "releases"), i, one)
    {
        ctx.i = (uint32_t)json_integer_value(json_object_get(one, "i"));
        take_release(one, &ctx, secret, item[i]);
    }
    OK(veil_vault_open(&v, VEIL_VECTORS "/08-vault.veil", false, err));
    json_array_foreach(json_object_get(set, "opened"), i, one)
    {
        const uint32_t at = (uint32_t)(2 * i); /* track 1 is every second unit */
        VeilShare share[2] = { item[0][i].share, item[1][i].share };
        VeilUnitRef ref;
        VeilEntry e;

        OK(veil_entry_parse(&e, veil_vault_entry(v, at)));
        ref = veil_entry_ref(&e, veil_vault_info(v)->header.policy, veil_vault_info(v)->header.vid);
        OK(veil_tdh2_combine(key, &f.g, &ref, w.wid, &e.ct, share, 2, NULL, err));
        assert_int_equal(veil_vault_chunks(v, at, chunks, sizeof(chunks), NULL), sizeof(chunks));
        OK(veil_unit_open(plain, sizeof(plain), &len, &e, &f.g, &ref, key, chunks, sizeof(chunks), err));
        assert_int_equal(len, unhex(want, sizeof(want), str(one, "records")));
        assert_memory_equal(plain, want, len);
    }
    veil_vault_close(v);
    json_decref(set);
}

/* ---- set 10 ----------------------------------------------------------------- */

static void set_10_notes_and_cosignatures(void **state)
{
    json_t *set = load("10-notes"), *go = json_object_get(set, "example");
    VeilLogTrust trust = { .witnesses = 1, .quorum = 1 };
    const char *cp = str(set, "checkpoint"), *example = str(go, "note");
    char name[VEIL_TOKEN_CAP];
    uint8_t kind, pk[32];
    VeilText again = { 0 };
    VeilCheckpoint c;
    VeilNote n;

    (void)state;
    OK(veil_vkey_parse(trust.log.name, &kind, trust.log.pk, str(set, "log")));
    assert_int_equal(kind, VEIL_NOTE_ED25519);
    OK(veil_vkey_parse(trust.witness[0].name, &kind, trust.witness[0].pk, str(set, "witness")));
    assert_int_equal(kind, VEIL_NOTE_COSIGN);
    same_hex(trust.witness[0].pk, 32, set, "witness_key");
    OK(veil_checkpoint_verify(&c, cp, strlen(cp), &trust, "checkpoint", err));
    assert_int_equal(c.size, 5);
    assert_int_equal(c.time, json_integer_value(json_object_get(set, "time")));
    /* the same lines, made here */
    uint8_t seed[32], sk[64];
    veil_checkpoint_print(&again, &c);
    memset(seed, 0xa1, 32);
    crypto_sign_seed_keypair(pk, sk, seed);
    assert_true(veil_note_sign(&again, trust.log.name, sk) >= 0);
    memset(seed, 0xa2, 32);
    crypto_sign_seed_keypair(pk, sk, seed);
    assert_true(veil_checkpoint_cosign(&again, "w1", sk, c.time) >= 0);
    assert_string_equal(again.at, cp);
    veil_text_free(&again);
    OK(veil_vkey_parse(name, &kind, pk, str(go, "vkey")));
    OK(veil_note_parse(&n, example, strlen(example), "example", err));
    assert_true(veil_note_signed_by(&n, name, pk));
    veil_vkey_print(&again, name, kind, pk);
    assert_string_equal(again.at, str(go, "vkey"));
    veil_text_free(&again);
    json_decref(set);
}

/* ---- set 11 ----------------------------------------------------------------- */

static void same_proof(const VeilProof *p, const json_t *list)
{
    assert_int_equal(p->n, json_array_size(list));
    for (int i = 0; i < p->n; i++) {
        uint8_t want[32];

        unhex(want, 32, json_string_value(json_array_get(list, (size_t)i)));
        assert_memory_equal(p->hash[i], want, 32);
    }
}

static void set_11_merkle_trees(void **state)
{
    json_t *set = load("11-merkle"), *one;
    uint8_t leaf[8][32], root[9][32], data[64], got[32];
    VeilMerkle m = { 0 };
    VeilProof p;
    size_t i;

    (void)state;
    for (i = 0; i < 9; i++)
        unhex(root[i], 32, json_string_value(json_array_get(json_object_get(set, "roots"), i)));
    json_array_foreach(json_object_get(set, "leaves"), i, one)
    {
        veil_merkle_root(got, &m);
        assert_memory_equal(got, root[i], 32);
        veil_merkle_leaf(leaf[i], data, unhex(data, sizeof(data), json_string_value(one)));
        veil_merkle_add(&m, leaf[i]);
    }
    veil_merkle_root(got, &m);
    assert_memory_equal(got, root[8], 32);
    json_array_foreach(json_object_get(set, "inclusion"), i, one)
    {
        const uint64_t at = (uint64_t)json_integer_value(json_object_get(one, "index"));
        const uint64_t size = (uint64_t)json_integer_value(json_object_get(one, "size"));

        OK(veil_merkle_prove_inclusion(&p, leaf[0], size, at));
        same_proof(&p, json_object_get(one, "proof"));
        OK(veil_merkle_check_inclusion(&p, leaf[at], at, size, root[size]));
        assert_int_equal(veil_merkle_check_inclusion(&p, leaf[at], at + 1, size, root[size]),
                         VEIL_E_LOG_INCLUSION);
        p.n++;
        assert_int_equal(veil_merkle_check_inclusion(&p, leaf[at], at, size, root[size]),
                         VEIL_E_LOG_INCLUSION);
    }
    json_array_foreach(json_object_get(set, "consistency"), i, one)
    {
        const uint64_t old = (uint64_t)json_integer_value(json_object_get(one, "old"));
        const uint64_t size = (uint64_t)json_integer_value(json_object_get(one, "size"));

        OK(veil_merkle_prove_consistency(&p, leaf[0], old, size));
        same_proof(&p, json_object_get(one, "proof"));
        OK(veil_merkle_check_consistency(&p, old, root[old], size, root[size]));
        assert_int_equal(veil_merkle_check_consistency(&p, old, root[old - 1], size, root[size]),
                         VEIL_E_LOG_FORK);
        if (p.n) {
            p.hash[p.n - 1][0] ^= 1;
            assert_int_equal(veil_merkle_check_consistency(&p, old, root[old], size, root[size]),
                             VEIL_E_LOG_FORK);
        }
    }
    json_decref(set);
}

/* ---- stock minisign ---------------------------------------------------------- */

static int __attribute__((format(printf, 1, 2))) run(const char *format, ...)
{
    char command[2048];
    va_list ap;

    va_start(ap, format);
    vsnprintf(command, sizeof(command), format, ap);
    va_end(ap);
    return system(command);
}

static void minisign_checks_ours_and_signs_for_us(void **state)
{
    char pub[VEIL_MINISIG_MAX + 1], wid[VEIL_HEX_LEN(32) + 1];
    Court *t = *state;
    VeilPolicy p = t->policy;
    VeilBytes sig, key;
    VeilSpan span[2];

    if (run("command -v minisign >/dev/null 2>&1"))
        skip();
    OK(veil_file_write(court_path(t, "w"), t->warrant.at, t->warrant.len, 0600, false, err));
    OK(veil_file_write(court_path(t, "w.minisig"), t->sig[0].at, t->sig[0].len, 0600, false, err));
    OK(veil_file_write(court_path(t, "ours.pub"), pub, veil_minisig_public_format(pub, t->issuer[0].pk, "k1"),
                       0600, false, err));
    assert_int_equal(run("minisign -Vqm '%s' -p '%s'", court_path(t, "w"), court_path(t, "ours.pub")), 0);
    assert_int_equal(run("minisign -GWp '%s' -s '%s' >/dev/null 2>&1", court_path(t, "theirs.pub"),
                         court_path(t, "theirs.key")),
                     0);
    veil_hex_encode(wid, t->w.wid, 32);
    {
        char files[512];

        snprintf(files, sizeof(files), "-m '%s' -s '%s' -x '%s'", court_path(t, "w"),
                 court_path(t, "theirs.key"), court_path(t, "theirs.minisig"));
        assert_int_equal(run("minisign -S %s -t 'veil/v1 warrant-issuer %s' >/dev/null 2>&1", files, wid), 0);
    }
    OK(veil_file_read(&key.at, &key.len, court_path(t, "theirs.pub"), 4096, err));
    OK(veil_minisig_public_parse(p.issuers.at[1].pk, (char *)key.at, key.len, err));
    OK(veil_file_read(&sig.at, &sig.len, court_path(t, "theirs.minisig"), 4096, err));
    span[0] = (VeilSpan){ t->sig[0].at, t->sig[0].len };
    span[1] = (VeilSpan){ (char *)sig.at, sig.len };
    assert_int_equal(
        veil_warrant_count_issuers(&t->w, t->warrant.at, t->warrant.len, &p, span, 2, NULL, "warrant", NULL),
        2);
    free(key.at);
    free(sig.at);
}

/* ---- texts and notes --------------------------------------------------------- */

static void text_has_limits(void **state)
{
    static char big[VEIL_TEXT_MAX + 2];
    VeilText t = { 0 };
    VeilLines r;

    (void)state;
    memset(big, 'a', sizeof(big));
    big[sizeof(big) - 1] = '\n';
    assert_int_equal(veil_lines_open(&r, big, sizeof(big), "text", NULL), VEIL_E_TOO_LARGE);
    assert_int_equal(veil_lines_word(&r, "a"), VEIL_E_TOO_LARGE); /* the fault sticks */
    assert_int_equal(veil_lines_open(&r, "", 0, "text", NULL), VEIL_E_CANON);
    veil_text_bytes(&t, big, VEIL_TEXT_MAX);
    assert_int_equal(veil_text_done(&t), 0);
    veil_text_add(&t, "x");
    assert_int_equal(veil_text_done(&t), VEIL_E_TOO_LARGE);
    veil_text_free(&t);
}

static void note_of_another_text_or_role(void **state)
{
    Court *t = *state;
    VeilText n = { 0 };
    VeilNote note;

    veil_text_add(&n, "one\n");
    assert_true(veil_note_sign(&n, "issuer", t->issuer[0].sk) >= 0);
    assert_true(veil_note_sign(&n, "issuer", t->issuer[1].sk) >= 0);
    OK(veil_note_parse(&note, n.at, n.len, "note", err));
    assert_int_equal(note.n, 2);
    assert_true(veil_note_signed_by(&note, "issuer", t->issuer[1].pk));
    REFUSED(VEIL_E_ROLE, "signed as 'issuer'",
            veil_note_verify(&note, "policy", t->issuer[1].pk, "note", err));
    REFUSED(VEIL_E_SIGNATURE, "note", veil_note_verify(&note, "issuer", t->issuer[2].pk, "note", err));
    n.at[0] = 'O';
    assert_false(veil_note_signed_by(&note, "issuer", t->issuer[1].pk));
    n.at[0] = 'o';
    assert_true(veil_note_sign(&n, "issuer", t->issuer[1].sk) >= 0); /* one line a key */
    assert_int_equal(veil_note_parse(&note, n.at, n.len, "note", NULL), VEIL_E_CANON);
    veil_text_free(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_08_a_vault_made_by_python),
        cmocka_unit_test(set_10_notes_and_cosignatures),
        cmocka_unit_test(set_11_merkle_trees),
        cmocka_unit_test(set_12_request_release_open),
        COURT_TEST(minisign_checks_ours_and_signs_for_us),
        cmocka_unit_test(text_has_limits),
        COURT_TEST(note_of_another_text_or_role),
    };

    assert_true(sodium_init() >= 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
