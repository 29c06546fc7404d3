/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The commands of the program. Adding one is a file `cmd_<name>.c` that
 * defines `veil_cmd_<name>`, and one row in commands[] of main.c.
 */
#ifndef VEIL_SRC_CMD_H
#define VEIL_SRC_CMD_H

#include "opts.h"

/** Exit codes of every command. */
enum {
    VEIL_EXIT_DONE = 0,  ///< done
    VEIL_EXIT_NO = 1,    ///< the answer is no: a face found, a warrant refused
    VEIL_EXIT_ERROR = 2, ///< could not ask: bad input, no model, disk full
};

typedef struct VeilCommand {
    const char *name;
    const char *summary; ///< one line for `veil help`, lower case
    const char *usage;   ///< what follows "usage: veil ", lines split by \n
    const VeilOpt *opts; ///< rows for --help and completion; NULL for none
    /** Run with argv[0] the command's name. @return a VEIL_EXIT_ code */
    int (*run)(int argc, char **argv);
} VeilCommand;

extern const VeilCommand veil_cmd_doctor;
extern const VeilCommand veil_cmd_redact;
extern const VeilCommand veil_cmd_review;
extern const VeilCommand veil_cmd_report;
extern const VeilCommand veil_cmd_scan;
extern const VeilCommand veil_cmd_audit;
extern const VeilCommand veil_cmd_open;
extern const VeilCommand veil_cmd_close;
extern const VeilCommand veil_cmd_match;
extern const VeilCommand veil_cmd_models;
extern const VeilCommand veil_cmd_keys;
extern const VeilCommand veil_cmd_group;
extern const VeilCommand veil_cmd_policy;
extern const VeilCommand veil_cmd_warrant;
extern const VeilCommand veil_cmd_request;
extern const VeilCommand veil_cmd_approve;
extern const VeilCommand veil_cmd_log;
extern const VeilCommand veil_cmd_inspect;
extern const VeilCommand veil_cmd_consent;

#endif /* VEIL_SRC_CMD_H */
