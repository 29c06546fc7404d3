/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * This program again, with other words: a render or a scan runs as a process
 * of its own, so that it can be stopped, and cannot take the review with it.
 */
#ifndef VEIL_SRC_CHILD_H
#define VEIL_SRC_CHILD_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

typedef struct VeilChild {
    pid_t pid;    ///< 0: none
    FILE *said;   ///< its standard output and error, or NULL where they are ours
} VeilChild;

/**
 * Start `veil ARGV...` with no standard input.
 * @param argv ended by NULL; argv[0] is a command such as "redact". No secrets: others can read it
 * @param ours its output goes where ours goes; else to `said`
 * @return 0 or a negative errno
 */
int veil_child_start(VeilChild *child, const char *const argv[], bool ours);

/** Start another program, found on the PATH, with no input and no output, and do not wait for it. */
int veil_child_launch(const char *const argv[]);

/** Wait for the end. @return its exit code; 128 + the signal that ended it; a negative errno */
int veil_child_wait(VeilChild *child);

#endif /* VEIL_SRC_CHILD_H */
