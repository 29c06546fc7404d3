/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The Merkle tree of RFC 6962 with SHA-256: leaf = SHA-256(0x00 || data),
 * node = SHA-256(0x01 || left || right), empty tree = SHA-256(""). Knows
 * hashes only; what a leaf means is the caller's business.
 */
#ifndef VEIL_KEYS_MERKLE_H
#define VEIL_KEYS_MERKLE_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_HASH_BYTES       32 ///< SHA-256
#define VEIL_MERKLE_PROOF_MAX 64 ///< longest proof, in hashes

/** A growing tree that keeps one hash a level; start with {0}. */
typedef struct VeilMerkle {
    uint64_t size;                      ///< leaves so far
    uint8_t level[64][VEIL_HASH_BYTES]; ///< level[i] is set where bit i of size is
} VeilMerkle;

/** A proof: n hashes, lowest level first. */
typedef struct VeilProof {
    uint8_t hash[VEIL_MERKLE_PROOF_MAX][VEIL_HASH_BYTES];
    int n;
} VeilProof;

/** out = SHA-256(0x00 || data). */
void veil_merkle_leaf(uint8_t out[VEIL_HASH_BYTES], const void *data, size_t len);

/** As veil_merkle_leaf() with the data in two pieces. */
void veil_merkle_leaf2(uint8_t out[VEIL_HASH_BYTES], const void *a, size_t a_len, const void *b,
                       size_t b_len);

/** Add a leaf hash. */
void veil_merkle_add(VeilMerkle *m, const uint8_t leaf[VEIL_HASH_BYTES]);

/** The root of the leaves so far. */
void veil_merkle_root(uint8_t out[VEIL_HASH_BYTES], const VeilMerkle *m);

/** Root of n leaf hashes, n * 32 bytes. */
void veil_merkle_root_of(uint8_t out[VEIL_HASH_BYTES], const uint8_t *leaves, uint64_t n);

/** Prove that leaf `index` is in the tree of n leaf hashes (RFC 6962, 2.1.1).
 *  @return 0, or VEIL_E_PRECONDITION unless index < n */
int veil_merkle_prove_inclusion(VeilProof *out, const uint8_t *leaves, uint64_t n, uint64_t index);

/** Prove that the tree of the first m leaves is a prefix of the tree of n (RFC 6962, 2.1.2).
 *  @return 0, or VEIL_E_PRECONDITION unless 0 < m <= n */
int veil_merkle_prove_consistency(VeilProof *out, const uint8_t *leaves, uint64_t m, uint64_t n);

/** Check an inclusion proof (RFC 9162, 2.1.3.2). @return 0, or VEIL_E_LOG_INCLUSION */
int veil_merkle_check_inclusion(const VeilProof *proof, const uint8_t leaf[VEIL_HASH_BYTES], uint64_t index,
                                uint64_t size, const uint8_t root[VEIL_HASH_BYTES]);

/** Check a consistency proof (RFC 9162, 2.1.4.2); size 0 is a prefix of all,
 *  with an empty proof and the empty root. @return 0, or VEIL_E_LOG_FORK */
int veil_merkle_check_consistency(const VeilProof *proof, uint64_t m, const uint8_t root_m[VEIL_HASH_BYTES],
                                  uint64_t n, const uint8_t root_n[VEIL_HASH_BYTES]);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_MERKLE_H */
