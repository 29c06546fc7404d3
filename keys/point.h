/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * ristretto255 with the checks that libsodium leaves to the caller (PROTOCOL
 * section 1): it calls the identity a valid point, and its scalar
 * multiplication accepts s+q and ignores bit 255. Outputs may alias inputs.
 */
#ifndef VEIL_KEYS_POINT_H
#define VEIL_KEYS_POINT_H

#include <stdbool.h>
#include <stdint.h>

#include "hash.h"

#ifdef __cplusplus
extern "C" {
#endif

/** True for a canonical encoding of a group element other than the identity. */
bool veil_point_ok(const uint8_t p[VEIL_POINT_BYTES]);

/** True if 0 < s < q, compared in constant time. */
bool veil_scalar_ok(const uint8_t s[VEIL_SCALAR_BYTES]);

/** s = v, as a scalar. */
void veil_scalar_set(uint8_t s[VEIL_SCALAR_BYTES], uint32_t v);

/** out = s*G. @return 0, or VEIL_E_CRYPTO if that is the identity */
int veil_point_base(uint8_t out[VEIL_POINT_BYTES], const uint8_t s[VEIL_SCALAR_BYTES]);

/** out = s*P. @return 0, or VEIL_E_CRYPTO if P is bad or out is the identity */
int veil_point_mul(uint8_t out[VEIL_POINT_BYTES], const uint8_t s[VEIL_SCALAR_BYTES],
                   const uint8_t p[VEIL_POINT_BYTES]);

/** out = P + Q. @return 0, or VEIL_E_CRYPTO if P or Q is bad */
int veil_point_add(uint8_t out[VEIL_POINT_BYTES], const uint8_t p[VEIL_POINT_BYTES],
                   const uint8_t q[VEIL_POINT_BYTES]);

/** out = a*P - b*Q: recovers a commitment from a Schnorr answer. @return as veil_point_mul() */
int veil_point_recover(uint8_t out[VEIL_POINT_BYTES], const uint8_t a[VEIL_SCALAR_BYTES],
                       const uint8_t p[VEIL_POINT_BYTES], const uint8_t b[VEIL_SCALAR_BYTES],
                       const uint8_t q[VEIL_POINT_BYTES]);

/** As veil_point_recover() with P = G: out = a*G - b*Q. */
int veil_point_recover_base(uint8_t out[VEIL_POINT_BYTES], const uint8_t a[VEIL_SCALAR_BYTES],
                            const uint8_t b[VEIL_SCALAR_BYTES], const uint8_t q[VEIL_POINT_BYTES]);

/** out = s + e*x: the answer of a Schnorr proof. x and s may be secret. */
void veil_scalar_answer(uint8_t out[VEIL_SCALAR_BYTES], const uint8_t s[VEIL_SCALAR_BYTES],
                        const uint8_t e[VEIL_SCALAR_BYTES], const uint8_t x[VEIL_SCALAR_BYTES]);

/**
 * Lagrange coefficient at 0 of index `at` among the n distinct indices:
 * lambda = prod over j != at of j / (j - at) mod q.
 *
 * @return 0; VEIL_E_SHARE_INDEX if an index is 0 or repeats, or `at` is not in the list
 */
int veil_scalar_lagrange(uint8_t out[VEIL_SCALAR_BYTES], const uint32_t *indices, int n, uint32_t at);

/** f(x) = sum of coeff_m * x^m for m = 0..k-1, by Horner's rule. Coefficients may be secret. */
void veil_scalar_poly(uint8_t out[VEIL_SCALAR_BYTES], const uint8_t *coeffs, int k, uint32_t x);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_POINT_H */
