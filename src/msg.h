/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * What the program says to a person, on standard error. One sentence a
 * message, lower case, the subject in quotes, the remedy at the end, no full
 * stop. Never keys, pixels or labels.
 */
#ifndef VEIL_SRC_MSG_H
#define VEIL_SRC_MSG_H

/** For "%d track%s". */
#define VEIL_S(n) ((n) == 1 ? "" : "s")

typedef enum VeilMsgLevel {
    VEIL_MSG_QUIET = -1, ///< errors only
    VEIL_MSG_NORMAL = 0, ///< errors, warnings, results
    VEIL_MSG_VERBOSE = 1 ///< and what is being done
} VeilMsgLevel;

/** Set what is printed from here on; the default is VEIL_MSG_NORMAL. */
void veil_msg_set_level(VeilMsgLevel level);
VeilMsgLevel veil_msg_level(void);

/** Errors printed since the start: 0 means that a failure still needs its sentence. */
int veil_msg_errors(void);

/** "veil: error: ...", always printed. */
void veil_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** "veil: warning: ...", unless quiet. */
void veil_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** "veil: ...", unless quiet. */
void veil_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** "veil: ...", only when verbose. */
void veil_verbose(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * Called before and after each printed line, so that a progress bar can step
 * aside. Either may be NULL. Called with the message lock held.
 */
void veil_msg_set_hooks(void (*before)(void), void (*after)(void));

#endif /* VEIL_SRC_MSG_H */
