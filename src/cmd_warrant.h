/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * What the parts of `veil warrant` share: the options, and how a warrant is
 * shown. A part prints its own complaint and returns a VEIL_EXIT_ code.
 */
#ifndef VEIL_SRC_CMD_WARRANT_H
#define VEIL_SRC_CMD_WARRANT_H

#include "keys/vault.h"
#include "keys/warrant.h"
#include "opts.h"

typedef struct WarrantOptions {
    char *policy, *from, *to, *court, *case_number, *reason, *requester, *requester_box, *deliver, *key, *out;
    VeilStrings track, probe;
    int days, unseal_days, pass_fd;
    bool match, json;
} WarrantOptions;

/** Draft a warrant from the vault at `path` and human times. */
int veil_warrant_cmd_draft(const WarrantOptions *o, const char *path);

/** What a warrant opens, in words; with h also as times. */
void veil_warrant_cmd_print_scopes(const VeilWarrant *w, const VeilVaultHeader *h);

/** The result of `command` as JSON. */
int veil_warrant_cmd_print_json(const char *command, const char *file, const VeilWarrant *w);

#endif /* VEIL_SRC_CMD_WARRANT_H */
