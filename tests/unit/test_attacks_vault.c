/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Attacks 1 (at the custodian), 16 to 21 and 39 of PROTOCOL section 9: on the vault file, its units
 * and the records in them. The attacker holds the whole file, and where it
 * says so also the operator's key.
 */
#include "court_fixture.h"
#include "keys/record.h"
#include "keys/seen.h"

/* A vault taken apart into frames, which an attack puts together again. */
typedef struct Frames {
    VeilBytes file;
    struct {
        uint8_t *at;
        size_t len;
    } frame[64];
    int n;
} Frames;

static Frames take_apart(const Court *t, const char *name)
{
    Frames f = { 0 };

    OK(veil_file_read(&f.file.at, &f.file.len, court_path(t, name), 1u << 24, err));
    for (size_t at = 8; at < f.file.len; f.n++) {
        f.frame[f.n].at = f.file.at + at;
        f.frame[f.n].len = 5 + veil_get_le32(f.file.at + at + 1);
        at += f.frame[f.n].len;
    }
    assert_int_equal(f.n, 1 + 8 + 4 + 1); /* header, units, checkpoints, final */
    return f;
}

/* Frames in the order of `order`, ended by -1, plus `extra` bytes. */
static const char *put_together(const Court *t, const Frames *f, const int *order, const void *extra,
                                size_t extra_len)
{
    const char *path = court_path(t, "forged.veil");
    FILE *out = fopen(path, "wb");

    assert_non_null(out);
    fwrite("VEILVLT1", 1, 8, out);
    for (; *order >= 0; order++)
        fwrite(f->frame[*order].at, 1, f->frame[*order].len, out);
    fwrite(extra, 1, extra_len, out);
    assert_int_equal(fclose(out), 0);
    return path;
}

static int open_forged(const char *path, bool unfinished, VeilErr *err)
{
    VeilVault *v = NULL;
    int ret = veil_vault_open(&v, path, unfinished, err);

    if (ret >= 0)
        ret = veil_vault_check(v, err);
    veil_vault_close(v);
    return ret;
}

/* 0 header; each segment: two units, a checkpoint; 13 final */
static const int whole[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, -1 };

static void attack_16_truncated_or_trailing(void **state)
{
    static const int no_final[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, -1 };
    static const int tail[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, -1 };
    Frames f = take_apart(*state, "day.veil");
    VeilVault *v = NULL;

    OK(open_forged(put_together(*state, &f, whole, "", 0), false, err));
    REFUSED(VEIL_E_TRUNCATED, "forged.veil",
            open_forged(put_together(*state, &f, no_final, "", 0), false, err));
    /* two units after the last checkpoint do not count */
    OK(veil_vault_open(&v, put_together(*state, &f, tail, "", 0), true, err));
    assert_int_equal(veil_vault_info(v)->seal.units, 6);
    assert_true(veil_vault_info(v)->tail > 0);
    assert_null(veil_vault_entry(v, 6));
    veil_vault_close(v);
    REFUSED(VEIL_E_TRAILING, "forged.veil", open_forged(put_together(*state, &f, whole, "x", 1), false, err));
    REFUSED(VEIL_E_TRAILING, "forged.veil",
            open_forged(put_together(*state, &f, whole, f.frame[1].at, f.frame[1].len), false, err));
    free(f.file.at);
}

static void attack_17_frames_moved(void **state)
{
    static const int swapped[] = { 0, 2, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, -1 };
    static const int doubled[] = { 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, -1 };
    static const int deleted[] = { 0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, -1 };
    static const int no_checkpoint[] = { 0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, -1 };
    Frames f = take_apart(*state, "day.veil");

    REFUSED(VEIL_E_ROOT, "forged.veil", open_forged(put_together(*state, &f, swapped, "", 0), false, err));
    REFUSED(VEIL_E_ROOT, "forged.veil", open_forged(put_together(*state, &f, doubled, "", 0), false, err));
    REFUSED(VEIL_E_ROOT, "forged.veil", open_forged(put_together(*state, &f, deleted, "", 0), false, err));
    REFUSED(VEIL_E_CHAIN, "forged.veil",
            open_forged(put_together(*state, &f, no_checkpoint, "", 0), false, err));
    f.frame[1].at[5 + 40] ^= 1; /* an entry edited: its c */
    REFUSED(VEIL_E_ROOT, "forged.veil", open_forged(put_together(*state, &f, whole, "", 0), false, err));
    free(f.file.at);
}

static void attack_18_unit_twice(void **state)
{
    const Court *t = *state;
    VeilEntry a = { .track = 1, .seg = 2, .uid = { 1 }, .ct.r = { 1 } }, b = a;
    VeilSeen s = { 0 };

    OK(veil_seen_add(&s, &a, err));
    b.seg = 3;
    b.ct.r[0] = 2; /* same uid */
    REFUSED(VEIL_E_DUP_UNIT, "segment 3, part 0: same uid", veil_seen_add(&s, &b, err));
    b = (VeilEntry){ .track = 1, .seg = 4, .uid = { 3 }, .ct.r = { 1 } };
    REFUSED(VEIL_E_DUP_UNIT, "segment 4, part 0: same R", veil_seen_add(&s, &b, err));
    b = (VeilEntry){ .track = 1, .seg = 2, .uid = { 4 }, .ct.r = { 4 } };
    REFUSED(VEIL_E_DUP_UNIT, "segment 2, part 0: same place", veil_seen_add(&s, &b, err));
    veil_seen_free(&s);
    {
        /* the writer does not take a place twice either */
        VeilVaultHeader h = court_header(t);
        VeilVaultWriter *w = NULL;

        OK(veil_vault_create(&w, court_path(t, "twice.veil"), &t->f.g, &h, t->op.sk, err));
        OK(veil_vault_add(w, 1, 1, 0, (const uint8_t *)"x", 1, err));
        REFUSED(VEIL_E_DUP_UNIT, "track 1, segment 1",
                veil_vault_add(w, 1, 1, 0, (const uint8_t *)"y", 1, err));
        veil_vault_writer_close(w);
    }
}

/* The operator itself seals the same R twice, with good notes: reader and custodian both refuse. */
static void attack_18_by_the_operator(void **state)
{
    Court *t = *state;
    Frames f = take_apart(t, "day.veil");
    VeilSeal s = { .units = 2 };
    uint8_t leaf[32], chain[32], frame[5 + VEIL_VAULT_NOTE_MAX];
    VeilVaultHeader h;
    VeilMerkle tree = { 0 };
    VeilText note = { 0 };

    OK(veil_vault_header_parse(&h, f.frame[0].at + 5, f.frame[0].len - 5, "header", err));
    memcpy(s.vid, h.vid, 32);
    veil_entry_leaf(leaf, f.frame[1].at + 5);
    veil_merkle_add(&tree, leaf);
    veil_merkle_add(&tree, leaf);
    veil_merkle_root(s.root, &tree);
    crypto_hash_sha256(chain, (const uint8_t *)"veil/v1/chain\n", 14);
    for (int i = 0; i < 3; i++) {
        const int at[] = { 0, 1, 1 };
        crypto_hash_sha256_state st;

        crypto_hash_sha256_init(&st);
        crypto_hash_sha256_update(&st, chain, 32);
        crypto_hash_sha256_update(&st, f.frame[at[i]].at, f.frame[at[i]].len);
        crypto_hash_sha256_final(&st, chain);
    }
    memcpy(s.chain, chain, 32);
    assert_true(veil_seal_print(&note, &s, t->op.sk) >= 0);
    frame[0] = VEIL_FRAME_CHECKPOINT;
    veil_put_le32(frame + 1, (uint32_t)note.len);
    memcpy(frame + 5, note.at, note.len);
    {
        static const int order[] = { 0, 1, 1, -1 };

        REFUSED(VEIL_E_DUP_UNIT, "track 1, segment 0",
                open_forged(put_together(t, &f, order, frame, 5 + note.len), true, err));
    }
    memcpy(t->w.vault[0].root, s.root, 32);
    court_again(t);
    free(t->r->vault[0].seal.at);
    t->r->vault[0].seal = text_bytes(&note);
    memcpy(t->r->vault[0].entries.at + VEIL_ENTRY_BYTES, t->r->vault[0].entries.at, VEIL_ENTRY_BYTES);
    t->r->vault[0].entries.len = 2 * VEIL_ENTRY_BYTES;
    REFUSED(VEIL_E_DUP_UNIT, "track 1, segment 0", court_check(t, COURT_NOW, err));
    free(f.file.at);
}

/* The operator seals an entry that carries another vault's ciphertext, with a
 * good root and note: the custodian computes L itself and refuses. */
static void attack_01_at_the_custodian(void **state)
{
    Court *t = *state;
    VeilRequestVault *v = &t->r->vault[0];
    uint8_t *entry = v->entries.at + 2 * VEIL_ENTRY_BYTES, leaf[32]; /* track 1, segment 1: in scope */
    const VeilUnitRef elsewhere = { .track = 1, .seg = 1 };
    VeilMerkle tree = { 0 };
    VeilText note = { 0 };
    VeilVaultHeader h;
    VeilEntry e;
    VeilSeal s;

    OK(veil_vault_header_parse(&h, v->header.at, v->header.len, "header", err));
    OK(veil_seal_parse(&s, v->seal.at, v->seal.len, &h, "seal note", err));
    OK(veil_entry_parse(&e, entry));
    OK(veil_tdh2_seal(&e.ct, &t->f.g, &elsewhere, t->f.key, err));
    veil_entry_pack(entry, &e);
    for (uint32_t i = 0; i < s.units; i++) {
        veil_entry_leaf(leaf, v->entries.at + i * VEIL_ENTRY_BYTES);
        veil_merkle_add(&tree, leaf);
    }
    veil_merkle_root(s.root, &tree);
    assert_true(veil_seal_print(&note, &s, t->op.sk) >= 0);
    memcpy(t->w.vault[0].root, s.root, 32);
    {
        VeilBytes forged = copy_of(v->entries), seal = text_bytes(&note);

        court_again(t); /* a fresh request, with the true parts */
        v = &t->r->vault[0];
        free(v->entries.at);
        free(v->seal.at);
        v->entries = forged;
        v->seal = seal;
    }
    REFUSED(VEIL_E_CT_PROOF, "track 1, segment 1", court_check(t, COURT_NOW, err));
}

static void refuse_header(const Court *t, const char *from, const char *to, int code)
{
    VeilVaultHeader h = court_header(t), again;
    VeilText text = { 0 }, edited = { 0 };
    char *at;

    assert_true(veil_vault_header_print(&text, &h) >= 0);
    assert_non_null(at = strstr(text.at, from));
    veil_text_bytes(&edited, text.at, (size_t)(at - text.at));
    veil_text_add(&edited, "%s%s", to, at + strlen(from));
    REFUSED(code, "header", veil_vault_header_parse(&again, edited.at, edited.len, "header", err));
    veil_text_free(&text);
    veil_text_free(&edited);
}

static void attack_19_extensions(void **state)
{
    static const int two_headers[] = { 0, 0, 1, 2, 3, -1 }, units_first[] = { 1, 0, -1 };
    Court *t = *state;
    Frames f = take_apart(t, "day.veil");

    REFUSED(VEIL_E_UNSUPPORTED, "second header",
            open_forged(put_together(t, &f, two_headers, "", 0), true, err));
    REFUSED(VEIL_E_UNSUPPORTED, "forged.veil",
            open_forged(put_together(t, &f, units_first, "", 0), true, err));
    f.frame[4].at[0] = 9;
    REFUSED(VEIL_E_UNSUPPORTED, "frame type 9", open_forged(put_together(t, &f, whole, "", 0), false, err));
    refuse_header(t, VEIL_SUITE, "tdh2-ristretto255-blake3", VEIL_E_UNSUPPORTED);
    refuse_header(t, "segment-ms 10000", "segment-ms 1000000", VEIL_E_UNSUPPORTED);
    refuse_header(t, "min-k 2\n", "min-k 2\nrecipient 00\n",
                  VEIL_E_CANON); /* an extra recipient has no line to stand on */
    free(f.file.at);
}

/* A unit as its sealer holds it. */
typedef struct Unit {
    VeilEntry e;
    VeilUnitRef ref;
    uint8_t chunks[4 * VEIL_CHUNK_SEALED], plain[4 * VEIL_CHUNK_PLAIN];
    size_t len;
} Unit;

static int try_open(const Court *t, Unit *u, size_t chunks, VeilErr *err)
{
    VeilShare share[2];
    uint8_t key[32];
    int ret;

    crypto_hash_sha256(u->e.chunks_hash, u->chunks,
                       chunks * VEIL_CHUNK_SEALED); /* the attacker mends the hash */
    for (uint32_t i = 1; i <= 2; i++)
        if ((ret = veil_tdh2_partial(&share[i - 1], &t->f.g, i, t->f.x[i], &u->ref, t->f.wid, &u->e.ct,
                                     err)) < 0)
            return ret;
    if ((ret = veil_tdh2_combine(key, &t->f.g, &u->ref, t->f.wid, &u->e.ct, share, 2, NULL, err)) < 0)
        return ret;
    return veil_unit_open(u->plain, sizeof(u->plain), &u->len, &u->e, &t->f.g, &u->ref, key, u->chunks,
                          chunks * VEIL_CHUNK_SEALED, err);
}

static void make_unit(const Court *t, Unit *u, size_t len)
{
    static uint8_t records[3 * VEIL_CHUNK_PLAIN];

    u->ref = t->f.unit;
    memset(records, 0xaa, sizeof(records));
    OK(veil_unit_seal(&u->e, u->chunks, sizeof(u->chunks), &t->f.g, &u->ref, records, len, err));
}

static void attack_20_stream(void **state)
{
    const Court *t = *state;
    Unit *u = calloc(1, sizeof(*u)), *v = calloc(1, sizeof(*v));

    assert_non_null(u);
    assert_non_null(v);
    make_unit(t, u, 20000);
    assert_int_equal(u->e.nchunks, 2);
    OK(try_open(t, u, 2, err));
    assert_int_equal(u->len, 20000);
    u->e.nchunks = 1; /* cut at a chunk border: no FINAL */
    REFUSED(VEIL_E_STREAM, "track 3, segment 7", try_open(t, u, 1, err));
    u->e.nchunks = 3; /* FINAL before the last chunk */
    REFUSED(VEIL_E_STREAM, "track 3, segment 7", try_open(t, u, 3, err));
    u->e.nchunks = 2;
    make_unit(t, v, 20000); /* a chunk of another unit */
    memcpy(u->chunks + VEIL_CHUNK_SEALED, v->chunks + VEIL_CHUNK_SEALED, VEIL_CHUNK_SEALED);
    REFUSED(VEIL_E_STREAM, "track 3, segment 7", try_open(t, u, 2, err));
    make_unit(t, u, 20000);
    memcpy(v->chunks, u->chunks, VEIL_CHUNK_SEALED); /* chunks in another order */
    memmove(u->chunks, u->chunks + VEIL_CHUNK_SEALED, VEIL_CHUNK_SEALED);
    memcpy(u->chunks + VEIL_CHUNK_SEALED, v->chunks, VEIL_CHUNK_SEALED);
    REFUSED(VEIL_E_STREAM, "track 3, segment 7", try_open(t, u, 2, err));
    free(u);
    free(v);
}

/* A sealer that knows K hides bytes in the padding. */
static void attack_20_padding(void **state)
{
    const Court *t = *state;
    crypto_secretstream_xchacha20poly1305_state st;
    uint8_t stream[32], label[32], plain[VEIL_CHUNK_PLAIN] = { 10 };
    Unit *u = calloc(1, sizeof(*u));

    assert_non_null(u);
    u->ref = t->f.unit;
    u->e = (VeilEntry){ .track = 3, .seg = 7, .nchunks = 1 };
    OK(veil_tdh2_seal(&u->e.ct, &t->f.g, &u->ref, t->f.key, err));
    OK(veil_tdh2_label(label, &t->f.g, &u->ref));
    (void)crypto_kdf_derive_from_key(stream, 32, 1, "veilstrm", t->f.key);
    for (int hidden = 0; hidden < 2; hidden++) {
        plain[8 + 10 + 5000] = (uint8_t)hidden;
        crypto_secretstream_xchacha20poly1305_init_push(&st, u->e.stream_head, stream);
        crypto_secretstream_xchacha20poly1305_push(&st, u->chunks, NULL, plain, sizeof(plain), label, 32,
                                                   crypto_secretstream_xchacha20poly1305_TAG_FINAL);
        if (hidden)
            REFUSED(VEIL_E_STREAM, "track 3, segment 7", try_open(t, u, 1, err));
        else
            OK(try_open(t, u, 1, err));
    }
    free(u);
}

static void attack_21_seal_note(void **state)
{
    Court *t = *state;
    VeilVaultHeader h = court_header(t);
    VeilSeal s = { 0 }, again;
    VeilText text = { 0 }, good = { 0 };

    assert_true(veil_vault_header_print(&text, &h) >= 0);
    veil_text_free(&text);
    memcpy(s.vid, h.vid, 32);
    assert_true(veil_seal_print(&good, &s, t->op.sk) >= 0);
    OK(veil_seal_parse(&again, good.at, good.len, &h, "seal note", err));
    assert_true(veil_seal_print(&text, &s, t->requester.sk) >= 0); /* a stranger's */
    REFUSED(VEIL_E_OPERATOR, "seal note", veil_seal_parse(&again, text.at, text.len, &h, "seal note", err));
    veil_text_free(&text);
    veil_text_bytes(&text, good.at, veil_note_text_len(good.at, good.len));
    assert_true(veil_note_sign(&text, "issuer", t->op.sk) >= 0); /* the operator's key in another role */
    REFUSED(VEIL_E_ROLE, "signed as 'issuer'",
            veil_seal_parse(&again, text.at, text.len, &h, "seal note", err));
    veil_text_free(&text);
    veil_text_free(&good);
}

static void attack_21_operator_not_in_policy(void **state)
{
    Court *t = *state;
    const Pair own = t->op;

    t->op = t->matcher; /* a well-sealed vault by a key that the policy knows for something else */
    assert_int_equal(unlink(court_path(t, "day.veil")), 0);
    court_vault(t, "day.veil", true);
    t->op = own;
    court_warrant(t);
    court_again(t);
    REFUSED(VEIL_E_OPERATOR, "vault 1", court_check(t, COURT_NOW, err));
}

static void attack_21_one_key_for_two_roles(void **state)
{
    Court *t = *state;
    VeilPolicy p = t->policy, again;
    VeilText text = { 0 };

    memcpy(p.operators.at[0].pk, p.issuers.at[0].pk, 32);
    assert_true(veil_policy_print(&text, &p) >= 0);
    REFUSED(VEIL_E_ROLE, "policy", veil_policy_parse(&again, text.at, text.len, "policy", err));
    veil_text_free(&text);
}

static void attack_39_records(void **state)
{
    uint8_t png[33] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13,
                        'I',  'H', 'D', 'R', 0,    0,    0,    64,   0, 0, 0, 48 };
    uint8_t jpeg[] = {
        0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc0, 0, 11, 8, 0, 48, 0, 64, 1, 1, 0x11, 0
    };
    VeilRecord r = { .frame = 5,
                     .pts = 200,
                     .x = 576,
                     .y = 312,
                     .w = 64,
                     .h = 48,
                     .codec = VEIL_CODEC_PNG,
                     .len = sizeof(png),
                     .data = png },
               got = { 0 };
    uint8_t out[256];
    size_t at = 0;
    int64_t n = veil_record_put(out, sizeof(out), &r, 640, 360, NULL);

    (void)state;
    assert_true(n > 0);
    assert_int_equal(veil_record_next(&got, out, (size_t)n, &at, 640, 360, NULL), 1);
    assert_int_equal(got.pts, 200);
    assert_int_equal(veil_record_next(&got, out, (size_t)n, &at, 640, 360, NULL), 0);
    r.codec = 5;
    REFUSED(VEIL_E_RECORD, "codec 5", veil_record_put(out, sizeof(out), &r, 640, 360, err));
    r.codec = VEIL_CODEC_JPEG;
    r.data = jpeg;
    r.len = sizeof(jpeg);
    OK(veil_record_put(out, sizeof(out), &r, 640, 360, err));
    jpeg[13] = 0xff; /* a picture of 65328 lines in a crop of 48 */
    REFUSED(VEIL_E_RECORD, "frame 5", veil_record_put(out, sizeof(out), &r, 640, 360, err));
    n = veil_record_put(out, sizeof(out),
                        &(VeilRecord){ .w = 64, .h = 48, .codec = 2, .len = 33, .data = png }, 640, 360,
                        NULL);
    at = 0;
    out[12] = 0x41; /* x = 577 + 64 > 640 */
    out[13] = 2;
    REFUSED(VEIL_E_RECORD, "64x48 at 577,0", veil_record_next(&got, out, (size_t)n, &at, 640, 360, err));
    out[12] = out[13] = 0;
    REFUSED(VEIL_E_RECORD, "frame 0", veil_record_next(&got, out, (size_t)n - 1, &at, 640, 360, err));
    out[VEIL_RECORD_HEAD + 17] = 0x10; /* the PNG says it is a million pixels wide */
    REFUSED(VEIL_E_RECORD, "frame 0", veil_record_next(&got, out, (size_t)n, &at, 640, 360, err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COURT_TEST(attack_01_at_the_custodian),
        COURT_TEST(attack_16_truncated_or_trailing),
        COURT_TEST(attack_17_frames_moved),
        COURT_TEST(attack_18_unit_twice),
        COURT_TEST(attack_18_by_the_operator),
        COURT_TEST(attack_19_extensions),
        COURT_TEST(attack_20_stream),
        COURT_TEST(attack_20_padding),
        COURT_TEST(attack_21_seal_note),
        COURT_TEST(attack_21_operator_not_in_policy),
        COURT_TEST(attack_21_one_key_for_two_roles),
        cmocka_unit_test(attack_39_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
