/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * One unit of a vault: a track in one segment (PROTOCOL section 3). The entry
 * is public and 280 bytes long; the records are a stream of padded, encrypted
 * chunks under a key that only the group can recover.
 */
#ifndef VEIL_KEYS_UNIT_H
#define VEIL_KEYS_UNIT_H

#include <stddef.h>
#include <stdint.h>

#include "tdh2.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_ENTRY_BYTES       280
#define VEIL_CHUNK_PLAIN       16384 ///< plain bytes in a chunk
#define VEIL_CHUNK_SEALED      16401 ///< the same with the stream's tag byte and MAC
#define VEIL_CHUNKS_MAX        1022  ///< chunks of a UNIT frame of 16 MiB
#define VEIL_STREAM_HEAD_BYTES 24

/** What a vault says in the open about one unit. */
typedef struct VeilEntry {
    uint8_t uid[VEIL_UID_BYTES];
    uint32_t track, seg, part;
    uint32_t nchunks;
    VeilCt ct; ///< the sealed unit key
    uint8_t stream_head[VEIL_STREAM_HEAD_BYTES];
    uint8_t chunks_hash[32]; ///< SHA-256 of all chunks
} VeilEntry;

/** Padme: l rounded up so that its length leaks O(log log l) bits. l >= 1. */
uint32_t veil_padme(uint32_t l);

/** Chunks that hold len bytes of records after padding. @return 0 if they are too many */
uint32_t veil_unit_chunks(size_t len);

void veil_entry_pack(uint8_t out[VEIL_ENTRY_BYTES], const VeilEntry *e);

/** Lengths only; the ciphertext is checked by tdh2.h. @return 0, or VEIL_E_STREAM for no or too many chunks */
int veil_entry_parse(VeilEntry *e, const uint8_t in[VEIL_ENTRY_BYTES]);

/** Leaf hash of an entry in the vault's tree: "veil/v1/unit-entry\n" || entry. */
void veil_entry_leaf(uint8_t out[32], const uint8_t entry[VEIL_ENTRY_BYTES]);

/** The reference that binds this entry to its vault. */
VeilUnitRef veil_entry_ref(const VeilEntry *e, const uint8_t policy[32], const uint8_t vid[32]);

/**
 * Seal records under a fresh key, which is gone when this returns.
 *
 * @param e      receives the entry; uid and the numbers come from ref
 * @param chunks receives veil_unit_chunks(len) * VEIL_CHUNK_SEALED bytes
 * @param cap    bytes available at chunks
 * @return 0; VEIL_E_TOO_LARGE; -ENOSPC; VEIL_E_SECMEM; VEIL_E_CRYPTO
 */
int veil_unit_seal(VeilEntry *e, uint8_t *chunks, size_t cap, const VeilGroupKey *g, const VeilUnitRef *ref,
                   const uint8_t *records, size_t len, VeilErr *err);

/**
 * Open a unit with its key. Checks the hash of the chunks, every chunk, FINAL
 * exactly at the last one, and that the padding is zero.
 *
 * @param plain receives e->nchunks * VEIL_CHUNK_PLAIN bytes at most; wiped on failure
 * @param len   receives the number of record bytes
 * @param key   in secret memory, from veil_tdh2_combine()
 * @return 0; -ENOSPC; VEIL_E_STREAM for any fault in the chunks
 */
int veil_unit_open(uint8_t *plain, size_t cap, size_t *len, const VeilEntry *e, const VeilGroupKey *g,
                   const VeilUnitRef *ref, const uint8_t key[VEIL_UNIT_KEY_BYTES], const uint8_t *chunks,
                   size_t chunks_len, VeilErr *err);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_UNIT_H */
