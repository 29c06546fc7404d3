/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * What the parts of `veil log` share. A part prints its own complaint and
 * returns a VEIL_EXIT_ code.
 */
#ifndef VEIL_SRC_CMD_LOG_H
#define VEIL_SRC_CMD_LOG_H

#include "keys/logdir.h"
#include "opts.h"

typedef struct LogOptions {
    char *key, *log_key, *name, *state, *kept, *out, *leaf, *subject, *at;
    VeilStrings policy, group, warrant, vault;
    int hits, pass_fd;
    bool json;
} LogOptions;

/** Say what is missing: "checkpoint' wants --key FILE.key". @return VEIL_EXIT_ERROR */
int veil_log_cmd_wants(const char *what);

/** Write a text to a new file. @return VEIL_EXIT_ code */
int veil_log_cmd_write(const char *path, const VeilText *t);

/** Make and sign the leaf of a kind ("warrant") about a file, or about a leaf's number. */
int veil_log_cmd_leaf(const LogOptions *o, const char *kind, const char *subject);

/** Make the leaf of a kind that refers to a warrant's leaf in the log `folder`: result, unseal or close. */
int veil_log_cmd_after(const LogOptions *o, VeilLeafKind kind, const char *folder, const char *subject);

/** Append a leaf; one that commits to a consent record or publishes a warrant only with that file. */
int veil_log_cmd_append(const LogOptions *o, const char *folder, const char *path);

/** Look through a log for what should not be there, and for what is missing. */
int veil_log_cmd_monitor(const LogOptions *o, const char *folder);

#endif /* VEIL_SRC_CMD_LOG_H */
