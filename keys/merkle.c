/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "merkle.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

_Static_assert(VEIL_HASH_BYTES == crypto_hash_sha256_BYTES, "SHA-256");

void veil_merkle_leaf2(uint8_t out[VEIL_HASH_BYTES], const void *a, size_t a_len, const void *b, size_t b_len)
{
    crypto_hash_sha256_state st;

    crypto_hash_sha256_init(&st);
    crypto_hash_sha256_update(&st, (const uint8_t *)"\0", 1);
    crypto_hash_sha256_update(&st, a, a_len);
    crypto_hash_sha256_update(&st, b, b_len);
    crypto_hash_sha256_final(&st, out);
}

void veil_merkle_leaf(uint8_t out[VEIL_HASH_BYTES], const void *data, size_t len)
{
    veil_merkle_leaf2(out, data, len, "", 0);
}

/* out = SHA-256(0x01 || left || right); out may be left or right */
static void node(uint8_t *out, const uint8_t *left, const uint8_t *right)
{
    uint8_t buf[1 + 2 * VEIL_HASH_BYTES] = { 1 };

    memcpy(buf + 1, left, VEIL_HASH_BYTES);
    memcpy(buf + 1 + VEIL_HASH_BYTES, right, VEIL_HASH_BYTES);
    crypto_hash_sha256(out, buf, sizeof(buf));
}

void veil_merkle_add(VeilMerkle *m, const uint8_t leaf[VEIL_HASH_BYTES])
{
    uint8_t h[VEIL_HASH_BYTES];
    int i = 0;

    memcpy(h, leaf, sizeof(h));
    for (uint64_t s = m->size; s & 1; s >>= 1, i++)
        node(h, m->level[i], h);
    memcpy(m->level[i], h, sizeof(h));
    m->size++;
}

void veil_merkle_root(uint8_t out[VEIL_HASH_BYTES], const VeilMerkle *m)
{
    bool first = true;

    if (!m->size) {
        crypto_hash_sha256(out, (const uint8_t *)"", 0);
        return;
    }
    for (int i = 0; i < 64; i++) {
        if (!(m->size >> i & 1))
            continue;
        if (first)
            memcpy(out, m->level[i], VEIL_HASH_BYTES);
        else
            node(out, m->level[i], out);
        first = false;
    }
}

void veil_merkle_root_of(uint8_t out[VEIL_HASH_BYTES], const uint8_t *leaves, uint64_t n)
{
    VeilMerkle m = { 0 };

    for (uint64_t i = 0; i < n; i++)
        veil_merkle_add(&m, leaves + i * VEIL_HASH_BYTES);
    veil_merkle_root(out, &m);
}

/* The largest power of two below n, for n >= 2. */
static uint64_t split(uint64_t n)
{
    uint64_t k = 1;

    while (k < n - k)
        k <<= 1;
    return k;
}

static void push(VeilProof *p, const uint8_t *leaves, uint64_t n)
{
    veil_merkle_root_of(p->hash[p->n++], leaves, n);
}

static void reverse(VeilProof *p)
{
    uint8_t t[VEIL_HASH_BYTES];

    for (int i = 0, j = p->n - 1; i < j; i++, j--) {
        memcpy(t, p->hash[i], sizeof(t));
        memcpy(p->hash[i], p->hash[j], sizeof(t));
        memcpy(p->hash[j], t, sizeof(t));
    }
}

int veil_merkle_prove_inclusion(VeilProof *out, const uint8_t *leaves, uint64_t n, uint64_t index)
{
    out->n = 0;
    if (index >= n)
        return VEIL_E_PRECONDITION;
    while (n > 1) { /* from the top down, each time the other half */
        const uint64_t k = split(n);

        if (index < k) {
            push(out, leaves + k * VEIL_HASH_BYTES, n - k);
            n = k;
        } else {
            push(out, leaves, k);
            leaves += k * VEIL_HASH_BYTES;
            index -= k;
            n -= k;
        }
    }
    reverse(out);
    return 0;
}

int veil_merkle_prove_consistency(VeilProof *out, const uint8_t *leaves, uint64_t m, uint64_t n)
{
    bool whole = true; /* the old tree is still this very subtree: its root is known */

    out->n = 0;
    if (!m || m > n)
        return VEIL_E_PRECONDITION;
    while (m < n) {
        const uint64_t k = split(n);

        if (m <= k) {
            push(out, leaves + k * VEIL_HASH_BYTES, n - k);
            n = k;
        } else {
            push(out, leaves, k);
            leaves += k * VEIL_HASH_BYTES;
            m -= k;
            n -= k;
            whole = false;
        }
    }
    if (!whole)
        push(out, leaves, n);
    reverse(out);
    return 0;
}

int veil_merkle_check_inclusion(const VeilProof *proof, const uint8_t leaf[VEIL_HASH_BYTES], uint64_t index,
                                uint64_t size, const uint8_t root[VEIL_HASH_BYTES])
{
    uint8_t r[VEIL_HASH_BYTES];
    uint64_t fn = index, sn = size - 1;

    if (index >= size || proof->n < 0 || proof->n > VEIL_MERKLE_PROOF_MAX)
        return VEIL_E_LOG_INCLUSION;
    memcpy(r, leaf, sizeof(r));
    for (int i = 0; i < proof->n; i++) {
        if (!sn)
            return VEIL_E_LOG_INCLUSION;
        if ((fn & 1) || fn == sn) {
            node(r, proof->hash[i], r);
            for (; fn && !(fn & 1); fn >>= 1)
                sn >>= 1;
        } else {
            node(r, r, proof->hash[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn || sodium_memcmp(r, root, sizeof(r)) ? VEIL_E_LOG_INCLUSION : 0;
}

int veil_merkle_check_consistency(const VeilProof *proof, uint64_t m, const uint8_t root_m[VEIL_HASH_BYTES],
                                  uint64_t n, const uint8_t root_n[VEIL_HASH_BYTES])
{
    uint8_t fr[VEIL_HASH_BYTES], sr[VEIL_HASH_BYTES];
    uint64_t fn = m - 1, sn = n - 1;
    int i = 0;

    if (m > n || proof->n < 0 || proof->n > VEIL_MERKLE_PROOF_MAX)
        return VEIL_E_LOG_FORK;
    if (!m) {
        crypto_hash_sha256(fr, (const uint8_t *)"", 0);
        return proof->n || sodium_memcmp(fr, root_m, sizeof(fr)) ? VEIL_E_LOG_FORK : 0;
    }
    if (m == n)
        return proof->n || sodium_memcmp(root_m, root_n, sizeof(fr)) ? VEIL_E_LOG_FORK : 0;
    for (; fn & 1; fn >>= 1)
        sn >>= 1;
    /* m a power of two: the old root itself starts the path */
    if (!(m & (m - 1)))
        memcpy(fr, root_m, sizeof(fr));
    else if (proof->n)
        memcpy(fr, proof->hash[i++], sizeof(fr));
    else
        return VEIL_E_LOG_FORK;
    memcpy(sr, fr, sizeof(sr));
    for (; i < proof->n; i++) {
        if (!sn)
            return VEIL_E_LOG_FORK;
        if ((fn & 1) || fn == sn) {
            node(fr, proof->hash[i], fr);
            node(sr, proof->hash[i], sr);
            for (; fn && !(fn & 1); fn >>= 1)
                sn >>= 1;
        } else {
            node(sr, sr, proof->hash[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn || sodium_memcmp(fr, root_m, sizeof(fr)) || sodium_memcmp(sr, root_n, sizeof(sr))
               ? VEIL_E_LOG_FORK
               : 0;
}
