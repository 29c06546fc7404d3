/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Check of X25519 keys that come from outside: a key of low order gives every
 * sender the same shared secret.
 */
#ifndef VEIL_KEYS_BOX_H
#define VEIL_KEYS_BOX_H

#include <stdint.h>

#include "err.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_BOX_KEY_BYTES 32

/**
 * @param what the key as a message names it, "deliver key"
 * @return 0, or VEIL_E_BOX_KEY
 */
int veil_box_key_check(const uint8_t key[VEIL_BOX_KEY_BYTES], const char *what, VeilErr *err);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_BOX_H */
