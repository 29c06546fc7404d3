/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Transcript hashing (PROTOCOL section 1). Every hash has a tag that says what
 * it is for, and every field goes in with its length, so that no two lists of
 * fields hash the same bytes. Needs sodium_init() first.
 *
 *     veil_hb32(gid, "veil/v1/group-id",
 *               VEIL_FIELDS({ VEIL_SUITE, strlen(VEIL_SUITE) }, { Y, 32 }, { T, 32 }));
 */
#ifndef VEIL_KEYS_HASH_H
#define VEIL_KEYS_HASH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_HB_BYTES     64 ///< length of HB, in bytes
#define VEIL_HB32_BYTES   32 ///< length of HB32, in bytes
#define VEIL_SCALAR_BYTES 32 ///< length of a scalar, in bytes
#define VEIL_POINT_BYTES  32 ///< length of an encoded point, in bytes

/** One field of a transcript; borrowed for the call. */
typedef struct VeilField {
    const void *at; ///< may be NULL if len is 0
    size_t len;     ///< in bytes, below 2^32
} VeilField;

/** A list of fields and its length, as the last two arguments of a hash. */
#define VEIL_FIELDS(...)                                                                                     \
    (const VeilField[]){ __VA_ARGS__ }, sizeof((const VeilField[]){ __VA_ARGS__ }) / sizeof(VeilField)

/** No fields at all. */
#define VEIL_NO_FIELDS NULL, 0

/**
 * HB(tag; f1..fm) = BLAKE2b-512( u8 len(tag) || tag || for each f: le32 len(f) || f ).
 *
 * @param tag 1 to 255 bytes
 * @return 0; VEIL_E_PRECONDITION if the tag or a field is too long; VEIL_E_CRYPTO
 */
int veil_hb(uint8_t out[VEIL_HB_BYTES], const char *tag, const VeilField *fields, size_t n);

/** HB32 = the first 32 bytes of HB. @return as veil_hb() */
int veil_hb32(uint8_t out[VEIL_HB32_BYTES], const char *tag, const VeilField *fields, size_t n);

/** Hs(tag; ..) = HB(tag; ..) mod q, a scalar, little-endian. @return as veil_hb() */
int veil_hs(uint8_t out[VEIL_SCALAR_BYTES], const char *tag, const VeilField *fields, size_t n);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_HASH_H */
