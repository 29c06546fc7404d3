/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The vault file: what is written is read, and a crash at any byte loses at
 * most what came after the last checkpoint.
 */
#include <errno.h>

#include "court_fixture.h"

static void padme_lengths(void **state)
{
    static const uint32_t want[][2] = { { 1, 1 },     { 2, 2 },       { 3, 3 },      { 7, 7 },   { 8, 8 },
                                        { 9, 10 },    { 16, 16 },     { 17, 18 },    { 31, 32 }, { 33, 36 },
                                        { 100, 104 }, { 1000, 1024 }, { 1022, 1024 } };

    (void)state;
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
        assert_int_equal(veil_padme(want[i][0]), want[i][1]);
}

static void a_unit_has_a_limit(void **state)
{
    (void)state;
    assert_int_equal(veil_unit_chunks(0), 1);
    assert_int_equal(veil_unit_chunks(VEIL_CHUNK_PLAIN - 8), 1);
    assert_int_equal(veil_unit_chunks(VEIL_CHUNK_PLAIN - 7), 2);
    assert_int_equal(veil_unit_chunks((size_t)992 * VEIL_CHUNK_PLAIN - 8), 992);
    assert_int_equal(veil_unit_chunks((size_t)993 * VEIL_CHUNK_PLAIN - 8), 0); /* would pad to 1024 */
    assert_int_equal(veil_unit_chunks(SIZE_MAX), 0);
}

static void entries_keep_their_bytes(void **state)
{
    uint8_t a[VEIL_ENTRY_BYTES], b[VEIL_ENTRY_BYTES];
    VeilEntry e;

    (void)state;
    randombytes_buf(a, sizeof(a));
    veil_put_le32(a + 28, 5);
    assert_int_equal(veil_entry_parse(&e, a), 0);
    veil_entry_pack(b, &e);
    assert_memory_equal(a, b, sizeof(a));
    veil_put_le32(a + 28, 0);
    assert_int_equal(veil_entry_parse(&e, a), VEIL_E_STREAM);
}

static void what_is_written_is_read(void **state)
{
    const Court *t = *state;
    uint8_t chunks[VEIL_CHUNK_SEALED];
    VeilVault *v = NULL;

    OK(veil_vault_open(&v, court_path(t, "day.veil"), false, err));
    assert_true(veil_vault_info(v)->seal.final);
    assert_int_equal(veil_vault_info(v)->seal.units, 8);
    assert_int_equal(veil_vault_info(v)->tail, 0);
    OK(veil_vault_check(v, err));
    for (uint32_t i = 0; i < 8; i++) {
        VeilEntry e;

        assert_int_equal(veil_entry_parse(&e, veil_vault_entry(v, i)), 0);
        assert_int_equal(e.track, 1 + i % 2);
        assert_int_equal(e.seg, i / 2);
        assert_int_equal(veil_vault_chunks(v, i, chunks, sizeof(chunks), NULL), sizeof(chunks));
        assert_int_equal(veil_vault_chunks(v, i, chunks, sizeof(chunks) - 1, NULL), -ENOSPC);
    }
    assert_null(veil_vault_entry(v, 8));
    veil_vault_close(v);
}

/* Cut a whole vault at every byte: it opens with the units of its last whole checkpoint. */
static void a_crash_at_any_byte(void **state)
{
    const Court *t = *state;
    uint32_t units = 0, seen[9] = { 0 };
    uint64_t cut, size;
    VeilBytes file;
    char path[256];

    snprintf(path, sizeof(path), "%s", court_path(t, "cut.veil"));
    OK(veil_file_read(&file.at, &file.len, court_path(t, "day.veil"), 1u << 24, err));
    OK(veil_file_write(path, file.at, file.len, 0600, false, err));
    for (size = file.len, cut = size; cut-- > 0;) {
        /* chunks are opaque: every byte of frames' heads and notes, every 61st of the chunks */
        const size_t in_frame = (size_t)(cut % 16686);
        VeilVault *v = NULL;
        int ret;

        if (in_frame > 800 && cut % 61 && cut < size - 1200)
            continue;
        assert_int_equal(truncate(path, (off_t)cut), 0);
        ret = veil_vault_open(&v, path, true, NULL);
        if (ret < 0) {
            assert_int_equal(ret, VEIL_E_TRUNCATED); /* not even a header */
            assert_true(cut < 1000);
            continue;
        }
        units = veil_vault_info(v)->seal.units;
        assert_false(veil_vault_info(v)->seal.final);
        assert_true(units <= 8 && units % 2 == 0);
        assert_int_equal(veil_vault_check(v, NULL), 0);
        assert_int_equal(veil_vault_open(&(VeilVault *){ NULL }, path, false, NULL), VEIL_E_TRUNCATED);
        seen[units]++;
        veil_vault_close(v);
    }
    for (int i = 0; i <= 8; i += 2)
        assert_true(seen[i] > 0);
    free(file.at);
}

/* A power cut leaves zeros where data was to come: the vault still opens. */
static void zeros_after_a_power_cut(void **state)
{
    const Court *t = *state;
    VeilVault *v = NULL;
    char path[256];

    snprintf(path, sizeof(path), "%s", court_path(t, "open.veil"));
    court_vault(t, "open.veil", false);
    OK(veil_vault_open(&v, path, true, err));
    assert_int_equal(truncate(path, (off_t)veil_vault_info(v)->bytes + 5000), 0);
    veil_vault_close(v);
    OK(veil_vault_open(&v, path, true, err));
    assert_int_equal(veil_vault_info(v)->seal.units, 8);
    assert_int_equal(veil_vault_info(v)->tail, 5000);
    veil_vault_close(v);
}

/* A vault is never written over another file, and nothing follows FINAL. */
static void nothing_after_final(void **state)
{
    const Court *t = *state;
    VeilVaultHeader h = court_header(t);
    VeilVaultWriter *w = NULL;

    assert_int_equal(veil_vault_create(&w, court_path(t, "day.veil"), &t->f.g, &h, t->op.sk, NULL), -EEXIST);
    OK(veil_vault_create(&w, court_path(t, "mine.veil"), &t->f.g, &h, t->op.sk, err));
    OK(veil_vault_finish(w, (const uint8_t[32]){ 1 }, err));
    REFUSED(VEIL_E_PRECONDITION, "mine.veil", veil_vault_add(w, 1, 1, 0, (const uint8_t *)"x", 1, err));
    veil_vault_writer_close(w);
}

static void the_writer_checks_its_caller(void **state)
{
    const Court *t = *state;
    VeilVaultHeader h = court_header(t);
    VeilVaultWriter *w = NULL;

    h.min_k = 3; /* the group opens with 2 */
    REFUSED(VEIL_E_PRECONDITION, "vault header",
            veil_vault_create(&w, court_path(t, "x"), &t->f.g, &h, t->op.sk, err));
    h = court_header(t);
    REFUSED(VEIL_E_PRECONDITION, "vault header",
            veil_vault_create(&w, court_path(t, "x"), &t->f.g, &h, t->log.sk, err));
    h.gid[0] ^= 1;
    REFUSED(VEIL_E_PRECONDITION, "vault header",
            veil_vault_create(&w, court_path(t, "x"), &t->f.g, &h, t->op.sk, err));
}

/* One unit opens with k of n shares and gives back its records. */
static void a_unit_opens(void **state)
{
    Court *t = *state;
    VeilStoredRelease s[2];
    VeilCustodian c[2];
    VeilOpening *o = NULL;
    uint8_t plain[VEIL_CHUNK_PLAIN];
    VeilVault *v = NULL;
    uint64_t index[2];
    size_t len;

    for (uint32_t i = 0; i < 2; i++) {
        const char *home = i ? "home2" : "home1";
        VeilApproval a = { 0 };

        OK(veil_custodian_setup(court_path(t, home), &t->group_note, t->f.g.gid, &t->policy_note, err));
        OK(veil_custodian_open(&c[i], court_path(t, home), err));
        OK(veil_approve_check(&a, &c[i], t->book, i + 1, t->r, COURT_NOW, err));
        OK(veil_approve_release(&a, &c[i], i + 1, t->r, t->f.x[i + 1], t->custodian[i].sk, err));
        OK(veil_custodian_stored(&s[i], &c[i], t->w.wid, err));
        OK(veil_logdir_append(t->book, s[i].leaf.at, s[i].leaf.len, &index[i], err));
        veil_approval_clear(&a);
    }
    court_checkpoint(t, 2, COURT_NOW - 5);
    OK(veil_opening_new(&o, &t->group, &t->policy, &t->w, t->index, t->box_sk, err));
    for (int i = 0; i < 2; i++) {
        VeilHandedRelease h = { s[i].note, s[i].blob, s[i].leaf, court_proof(t, index[i]) };

        OK(veil_opening_add(o, &h, err));
        free(h.proof.at);
        veil_stored_release_free(&s[i]);
        veil_custodian_clear(&c[i]);
    }
    OK(veil_vault_open(&v, court_path(t, "day.veil"), false, err));
    for (uint32_t i = 2; i <= 4; i += 2) { /* track 1, segments 1 and 2 */
        OK(veil_opening_unit(o, v, i, plain, sizeof(plain), &len, NULL, err));
        assert_int_equal(len, 100 + i / 2);
        for (size_t j = 0; j < len; j++)
            assert_int_equal(plain[j], 1);
    }
    veil_vault_close(v);
    veil_opening_free(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(padme_lengths),
        cmocka_unit_test(a_unit_has_a_limit),
        cmocka_unit_test(entries_keep_their_bytes),
        COURT_TEST(what_is_written_is_read),
        COURT_TEST(a_crash_at_any_byte),
        COURT_TEST(zeros_after_a_power_cut),
        COURT_TEST(nothing_after_final),
        COURT_TEST(the_writer_checks_its_caller),
        COURT_TEST(a_unit_opens),
    };

    assert_true(sodium_init() >= 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
