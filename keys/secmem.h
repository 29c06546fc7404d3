/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Memory for secrets (PROTOCOL section 7): between guard pages, locked where
 * the limit allows, wiped when freed, out of core dumps. Keys fit in the usual
 * 8 MiB lock limit; crops do not.
 */
#ifndef VEIL_KEYS_SECMEM_H
#define VEIL_KEYS_SECMEM_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

#ifdef __cplusplus
extern "C" {
#endif

/** len zero bytes of guarded memory, to be freed with veil_secret_free(). @return NULL if there are none */
void *veil_secret_new(size_t len);

/** Wipe and free; accepts NULL. */
void veil_secret_free(void *secret);

/** Wipe the stack below the caller, where curve arithmetic leaves copies of scalars. */
void veil_stack_wipe(void);

/**
 * Call once at the start of a command that touches keys: starts libsodium,
 * sets RLIMIT_CORE to 0 and PR_SET_DUMPABLE to 0, so that neither a crash nor
 * another process of the same user reads our memory.
 *
 * @return 0, or VEIL_E_SECMEM
 */
int veil_secmem_harden(VeilErr *err);

/** True if the system lets us lock len more bytes, so that keys never reach swap. */
bool veil_secmem_can_lock(size_t len);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_SECMEM_H */
