/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Small files, whole or absent: written to a new file beside the target,
 * flushed, then renamed. Vaults, which grow, have their own writer.
 */
#ifndef VEIL_KEYS_FILE_H
#define VEIL_KEYS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Write a small file.
 *
 * @param mode    permissions, 0600 for secrets
 * @param replace false to refuse a path that exists (also a dangling link)
 * @return 0, or a negative errno such as -EEXIST
 */
int veil_file_write(const char *path, const void *bytes, size_t len, unsigned mode, bool replace,
                    VeilErr *err);

/**
 * Read a regular file of at most max bytes.
 *
 * @param out receives an allocated buffer of *len bytes and a NUL; free() it
 * @return 0; VEIL_E_TOO_LARGE; -ENOENT and other negative errnos
 */
int veil_file_read(uint8_t **out, size_t *len, const char *path, size_t max, VeilErr *err);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_FILE_H */
