/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Where passphrases come from: the terminal, or a file descriptor. Never the
 * command line or the environment, which other users can read.
 */
#ifndef VEIL_KEYS_PASSPHRASE_H
#define VEIL_KEYS_PASSPHRASE_H

#include <stddef.h>

#include "err.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_PASSPHRASE_MAX 1024 ///< longest passphrase, in bytes

/** Start from {0}; end with veil_passphrase_clear(). */
typedef struct VeilPassphrase {
    char *at;   ///< secret memory, len bytes and a NUL
    size_t len; ///< in bytes
} VeilPassphrase;

void veil_passphrase_clear(VeilPassphrase *pass);

/** Read one line (without LF), or all up to the end. Reads byte by byte, so that
 *  a second passphrase may follow. @return 0; VEIL_E_KEYFILE if it is empty or too long; negative errno */
int veil_passphrase_from_fd(VeilPassphrase *pass, int fd, VeilErr *err);

/** Ask on the terminal without echo. @return 0; VEIL_E_KEYFILE; -ENOTTY if there is no terminal */
int veil_passphrase_ask(VeilPassphrase *pass, const char *prompt, VeilErr *err);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_PASSPHRASE_H */
