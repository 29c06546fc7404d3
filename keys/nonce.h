/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Hedged nonces (PROTOCOL section 1). A proof made twice with one nonce gives
 * the secret away, so a nonce never depends on the random generator alone.
 */
#ifndef VEIL_KEYS_NONCE_H
#define VEIL_KEYS_NONCE_H

#include <stddef.h>
#include <stdint.h>

#include "hash.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * s = Hs("veil/v1/nonce"; random32, secret, context).
 *
 * @param s      receives the nonce, in secret memory
 * @param random 32 bytes, fresh from the system for each call
 * @param context all public inputs of the proof, one after the other
 * @return 0, or VEIL_E_CRYPTO (also in the impossible case s = 0)
 */
int veil_nonce(uint8_t s[VEIL_SCALAR_BYTES], const uint8_t random[32],
               const uint8_t secret[VEIL_SCALAR_BYTES], const uint8_t *context, size_t context_len);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_NONCE_H */
