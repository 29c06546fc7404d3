/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * No unit twice: a vault may hold each R, each uid and each (track, segment,
 * part) once (PROTOCOL section 3.1). A keyed hash set, so that a made-up vault
 * cannot make it slow.
 */
#ifndef VEIL_KEYS_SEEN_H
#define VEIL_KEYS_SEEN_H

#include "unit.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_SEEN_ITEM 33 ///< a kind byte and up to 32 bytes

/** Start with {0}. */
typedef struct VeilSeen {
    uint8_t (*slot)[VEIL_SEEN_ITEM]; ///< cap slots; kind 0 is free
    size_t n, cap;                   ///< cap is 0 or a power of two
    uint8_t key[16];
} VeilSeen;

/**
 * Take note of an entry.
 * @return 0; VEIL_E_DUP_UNIT if its R, uid or (track, seg, part) was seen; -ENOMEM
 */
int veil_seen_add(VeilSeen *s, const VeilEntry *e, VeilErr *err);

void veil_seen_free(VeilSeen *s);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_SEEN_H */
