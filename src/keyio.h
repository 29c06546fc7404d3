/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * What the commands around keys/ share: passphrases, key files, refusals as
 * exit codes, JSON. Each function prints its own complaint.
 */
#ifndef VEIL_SRC_KEYIO_H
#define VEIL_SRC_KEYIO_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/err.h"
#include "keys/keyfile.h"
#include "keys/passphrase.h"
#include "keys/policy.h"

/** Harden the process and start libsodium. @return false after a printed sentence */
bool veil_keyio_start(void);

/** Print a refusal. @return VEIL_EXIT_NO for a rule of the protocol, VEIL_EXIT_ERROR for the rest */
int veil_keyio_refuse(const VeilErr *err);

/**
 * A passphrase from --pass-fd, or from the terminal.
 *
 * @param fd     descriptor, or -1 to ask
 * @param prompt "passphrase for 'oslo.key'"
 * @param twice  ask again and compare; a descriptor is read once
 * @return VEIL_EXIT_ code; clear the passphrase in any case
 */
int veil_keyio_passphrase(VeilPassphrase *pass, int fd, const char *prompt, bool twice);

/** Unlock a key file of a role, asking for its passphrase. @return VEIL_EXIT_ code */
int veil_keyio_unlock(VeilKey *key, const char *path, VeilRole role, int pass_fd);

/**
 * Read a public key file (`NAME.pub`): "veil/v1/public-key", role, key.
 *
 * @param role the role wanted, or VEIL_ROLE_NONE for any
 * @return VEIL_EXIT_ code
 */
int veil_keyio_public(VeilKey *key, const char *path, VeilRole role);

/** The text of a public key file. @return 0; VEIL_E_CANON; VEIL_E_ROLE for an unknown role */
int veil_keyio_parse_public(VeilKey *key, const uint8_t *bytes, size_t len, const char *what, VeilErr *err);

/** Write a public key file; refuses a path that exists. @return VEIL_EXIT_ code */
int veil_keyio_write_public(const char *path, const VeilKey *key);

/** Read a whole file of at most max bytes. @return VEIL_EXIT_ code; free(*out) */
int veil_keyio_read(uint8_t **out, size_t *len, const char *path, size_t max);

/** Read the text of a policy note; its signatures are not checked. @return VEIL_EXIT_ code */
int veil_keyio_policy(VeilPolicy *p, const char *path);

/** Print an object on standard output and release it. @return VEIL_EXIT_DONE, or VEIL_EXIT_ERROR */
int veil_keyio_print_json(json_t *object);

/**
 * Print the result of a command as JSON: "command" first, then the fields of
 * the object, which is released. All commands around keys/ report so: names in
 * lower case with underscores, ids and digests in hex, keys and roots in
 * base64, times as the protocol writes them, "file" or "folder" for what was
 * read or written. A refusal prints no JSON: the exit code and the sentence say it.
 *
 * @param command "log append"
 * @return VEIL_EXIT_DONE, or VEIL_EXIT_ERROR
 */
int veil_keyio_report(const char *command, json_t *object);

/** "key": "2026-05-01T14:03:20Z" */
void veil_keyio_json_time(json_t *object, const char *key, int64_t t);

/** "key": "hex of bytes" */
void veil_keyio_json_hex(json_t *object, const char *key, const uint8_t *bytes, size_t n);

/** "key": "base64 of bytes" */
void veil_keyio_json_b64(json_t *object, const char *key, const uint8_t *bytes, size_t n);

#endif /* VEIL_SRC_KEYIO_H */
