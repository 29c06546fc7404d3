/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unit.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "bytes.h"
#include "merkle.h"
#include "secmem.h"

#define TAG_MESSAGE crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
#define TAG_FINAL   crypto_secretstream_xchacha20poly1305_TAG_FINAL

_Static_assert(VEIL_CHUNK_SEALED == VEIL_CHUNK_PLAIN + crypto_secretstream_xchacha20poly1305_ABYTES, "chunk");
_Static_assert(VEIL_STREAM_HEAD_BYTES == crypto_secretstream_xchacha20poly1305_HEADERBYTES, "stream header");
_Static_assert(VEIL_ENTRY_BYTES == VEIL_UID_BYTES + 4 * 4 + VEIL_CT_BYTES + VEIL_STREAM_HEAD_BYTES + 32,
               "entry");
_Static_assert(sizeof(VeilCt) == VEIL_CT_BYTES, "a VeilCt is its bytes in an entry");
_Static_assert(VEIL_ENTRY_BYTES + (size_t)VEIL_CHUNKS_MAX * VEIL_CHUNK_SEALED <= 16u << 20, "16 MiB frame");

uint32_t veil_padme(uint32_t l)
{
    uint32_t e = 0, s = 0, mask;

    if (l < 2)
        return 1;
    while (l >> (e + 1))
        e++; /* E = floor(log2 l) */
    while (e >> s)
        s++; /* S = floor(log2 E) + 1 */
    mask = ((uint32_t)1 << (e - s)) - 1;
    return (l + mask) & ~mask;
}

uint32_t veil_unit_chunks(size_t len)
{
    uint32_t n;

    if (len > (size_t)VEIL_CHUNKS_MAX * VEIL_CHUNK_PLAIN - 8)
        return 0;
    n = veil_padme((uint32_t)((8 + len + VEIL_CHUNK_PLAIN - 1) / VEIL_CHUNK_PLAIN));
    return n <= VEIL_CHUNKS_MAX ? n : 0;
}

void veil_entry_pack(uint8_t out[VEIL_ENTRY_BYTES], const VeilEntry *e)
{
    memcpy(out, e->uid, 16);
    veil_put_le32(out + 16, e->track);
    veil_put_le32(out + 20, e->seg);
    veil_put_le32(out + 24, e->part);
    veil_put_le32(out + 28, e->nchunks);
    memcpy(out + 32, &e->ct, VEIL_CT_BYTES); /* c kc R Rbar e f */
    memcpy(out + 224, e->stream_head, 24);
    memcpy(out + 248, e->chunks_hash, 32);
}

int veil_entry_parse(VeilEntry *e, const uint8_t in[VEIL_ENTRY_BYTES])
{
    memcpy(e->uid, in, 16);
    e->track = veil_get_le32(in + 16);
    e->seg = veil_get_le32(in + 20);
    e->part = veil_get_le32(in + 24);
    e->nchunks = veil_get_le32(in + 28);
    memcpy(&e->ct, in + 32, VEIL_CT_BYTES);
    memcpy(e->stream_head, in + 224, 24);
    memcpy(e->chunks_hash, in + 248, 32);
    return e->nchunks && e->nchunks <= VEIL_CHUNKS_MAX ? 0 : VEIL_E_STREAM;
}

void veil_entry_leaf(uint8_t out[32], const uint8_t entry[VEIL_ENTRY_BYTES])
{
    static const char tag[] = "veil/v1/unit-entry\n";

    veil_merkle_leaf2(out, tag, sizeof(tag) - 1, entry, VEIL_ENTRY_BYTES);
}

VeilUnitRef veil_entry_ref(const VeilEntry *e, const uint8_t policy[32], const uint8_t vid[32])
{
    VeilUnitRef ref = { .track = e->track, .seg = e->seg, .part = e->part };

    memcpy(ref.policy, policy, 32);
    memcpy(ref.vid, vid, 32);
    memcpy(ref.uid, e->uid, VEIL_UID_BYTES);
    return ref;
}

/* ---- sealing ---------------------------------------------------------------- */

/* Plain chunk i of: le64 true length || records || zeros. */
static void plain_chunk(uint8_t out[VEIL_CHUNK_PLAIN], uint32_t i, const uint8_t *records, size_t len)
{
    const size_t head = i ? 0 : 8, done = i ? (size_t)i * VEIL_CHUNK_PLAIN - 8 : 0;
    const size_t room = VEIL_CHUNK_PLAIN - head, left = done < len ? len - done : 0;
    const size_t n = left < room ? left : room;

    if (!i)
        veil_put_le64(out, len);
    if (n)
        memcpy(out + head, records + done, n);
    memset(out + head + n, 0, room - n);
}

/* Stream key = KDF(K, id 1, "veilstrm"). */
static int stream_key(uint8_t *out, const uint8_t *key)
{
    return crypto_kdf_derive_from_key(out, crypto_secretstream_xchacha20poly1305_KEYBYTES, 1, "veilstrm", key)
               ? VEIL_E_CRYPTO
               : 0;
}

typedef struct Secrets {
    uint8_t key[VEIL_UNIT_KEY_BYTES];
    uint8_t stream[crypto_secretstream_xchacha20poly1305_KEYBYTES];
    crypto_secretstream_xchacha20poly1305_state st;
    uint8_t plain[VEIL_CHUNK_PLAIN];
} Secrets;

static int push_chunks(VeilEntry *e, uint8_t *chunks, Secrets *s, const uint8_t label[VEIL_LABEL_BYTES],
                       const uint8_t *records, size_t len)
{
    if (stream_key(s->stream, s->key) < 0 ||
        crypto_secretstream_xchacha20poly1305_init_push(&s->st, e->stream_head, s->stream))
        return VEIL_E_CRYPTO;
    for (uint32_t i = 0; i < e->nchunks; i++) {
        plain_chunk(s->plain, i, records, len);
        if (crypto_secretstream_xchacha20poly1305_push(&s->st, chunks + (size_t)i * VEIL_CHUNK_SEALED, NULL,
                                                       s->plain, VEIL_CHUNK_PLAIN, label, VEIL_LABEL_BYTES,
                                                       i + 1 == e->nchunks ? TAG_FINAL : TAG_MESSAGE))
            return VEIL_E_CRYPTO;
    }
    crypto_hash_sha256(e->chunks_hash, chunks, (size_t)e->nchunks * VEIL_CHUNK_SEALED);
    return 0;
}

int veil_unit_seal(VeilEntry *e, uint8_t *chunks, size_t cap, const VeilGroupKey *g, const VeilUnitRef *ref,
                   const uint8_t *records, size_t len, VeilErr *err)
{
    uint8_t label[VEIL_LABEL_BYTES];
    Secrets *s = NULL;
    int ret;

    *e = (VeilEntry){
        .track = ref->track, .seg = ref->seg, .part = ref->part, .nchunks = veil_unit_chunks(len)
    };
    memcpy(e->uid, ref->uid, VEIL_UID_BYTES);
    if (!e->nchunks)
        return veil_err(err, VEIL_E_TOO_LARGE, "track %u, segment %u (%zu bytes)", ref->track, ref->seg, len);
    if (cap < (size_t)e->nchunks * VEIL_CHUNK_SEALED)
        return veil_err(err, -ENOSPC, "chunk buffer");
    if (!(s = veil_secret_new(sizeof(*s))))
        return veil_err(err, VEIL_E_SECMEM, "unit key");
    randombytes_buf(s->key, sizeof(s->key));
    if ((ret = veil_tdh2_label(label, g, ref)) < 0 ||
        (ret = push_chunks(e, chunks, s, label, records, len)) < 0)
        veil_err(err, ret, "track %u, segment %u", ref->track, ref->seg);
    else
        ret = veil_tdh2_seal(&e->ct, g, ref, s->key, err);
    veil_secret_free(s);
    return ret;
}

/* ---- opening ---------------------------------------------------------------- */

/* True length, with the padding checked, of the plain bytes; VEIL_E_STREAM */
static int strip(uint8_t *plain, size_t plain_len, size_t *len)
{
    const uint64_t n = veil_get_le64(plain);

    if (n > plain_len - 8 || veil_unit_chunks((size_t)n) != plain_len / VEIL_CHUNK_PLAIN ||
        !sodium_is_zero(plain + 8 + n, plain_len - 8 - (size_t)n))
        return VEIL_E_STREAM;
    memmove(plain, plain + 8, (size_t)n);
    sodium_memzero(plain + n, 8);
    *len = (size_t)n;
    return 0;
}

static int pull_chunks(uint8_t *plain, const VeilEntry *e, Secrets *s, const uint8_t label[VEIL_LABEL_BYTES],
                       const uint8_t *chunks)
{
    if (stream_key(s->stream, s->key) < 0 ||
        crypto_secretstream_xchacha20poly1305_init_pull(&s->st, e->stream_head, s->stream))
        return VEIL_E_STREAM;
    for (uint32_t i = 0; i < e->nchunks; i++) {
        uint8_t tag = 0;

        if (crypto_secretstream_xchacha20poly1305_pull(&s->st, plain + (size_t)i * VEIL_CHUNK_PLAIN, NULL,
                                                       &tag, chunks + (size_t)i * VEIL_CHUNK_SEALED,
                                                       VEIL_CHUNK_SEALED, label, VEIL_LABEL_BYTES))
            return VEIL_E_STREAM;
        if (tag != (i + 1 == e->nchunks ? TAG_FINAL : TAG_MESSAGE))
            return VEIL_E_STREAM;
    }
    return 0;
}

int veil_unit_open(uint8_t *plain, size_t cap, size_t *len, const VeilEntry *e, const VeilGroupKey *g,
                   const VeilUnitRef *ref, const uint8_t key[VEIL_UNIT_KEY_BYTES], const uint8_t *chunks,
                   size_t chunks_len, VeilErr *err)
{
    const size_t plain_len = (size_t)e->nchunks * VEIL_CHUNK_PLAIN;
    uint8_t label[VEIL_LABEL_BYTES], hash[32];
    Secrets *s;
    int ret = VEIL_E_STREAM;

    *len = 0;
    if (!e->nchunks || e->nchunks > VEIL_CHUNKS_MAX || chunks_len != (size_t)e->nchunks * VEIL_CHUNK_SEALED)
        return veil_err(err, ret, "track %u, segment %u: %zu bytes of chunks", e->track, e->seg, chunks_len);
    if (cap < plain_len)
        return veil_err(err, -ENOSPC, "plain buffer");
    crypto_hash_sha256(hash, chunks, chunks_len);
    if (sodium_memcmp(hash, e->chunks_hash, 32))
        return veil_err(err, ret, "track %u, segment %u: chunks differ from the entry", e->track, e->seg);
    if (!(s = veil_secret_new(sizeof(*s))))
        return veil_err(err, VEIL_E_SECMEM, "unit key");
    memcpy(s->key, key, sizeof(s->key));
    if ((ret = veil_tdh2_label(label, g, ref)) < 0 || (ret = pull_chunks(plain, e, s, label, chunks)) < 0 ||
        (ret = strip(plain, plain_len, len)) < 0) {
        sodium_memzero(plain, plain_len);
        veil_err(err, ret, "track %u, segment %u", e->track, e->seg);
    }
    veil_secret_free(s);
    return ret;
}
