/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Options as rows. A command describes each option once (name, help, where
 * the value goes, type, range); parsing, range checks, --help and shell
 * completion all read the same row. Knows nothing of video or keys.
 */
#ifndef VEIL_SRC_OPTS_H
#define VEIL_SRC_OPTS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum VeilOptType {
    VEIL_OPT_FLAG,   ///< bool; takes no argument; `--no-name` clears it
    VEIL_OPT_INT,    ///< int, within min..max
    VEIL_OPT_DOUBLE, ///< double, within min..max
    VEIL_OPT_STRING, ///< char *, allocated; free with veil_opts_free()
    VEIL_OPT_CHOICE, ///< char *, allocated; one of the words in `choices`
    VEIL_OPT_LIST,   ///< VeilStrings; the option may be given again
} VeilOptType;

typedef struct VeilStrings {
    char **at; ///< n strings, each allocated
    int n;
} VeilStrings;

typedef struct VeilOpt {
    const char *name;    ///< long name without dashes; NULL ends the table
    char letter;         ///< one-letter form, or 0
    VeilOptType type;
    size_t offset;       ///< of the field in the target struct
    const char *arg;     ///< what the argument is called in --help, "FILE"
    const char *help;    ///< one line, lower case, no full stop
    double min, max;     ///< INT and DOUBLE only
    const char *choices; ///< CHOICE only: "a|b|c"
    bool only_typed;     ///< belongs to one run: typed as an option, never read from a profile
} VeilOpt;


/**
 * Parse argv[1..argc-1] into target. Options and operands may be mixed, "--"
 * ends options, "--name=value" and "--name value" both work, "-" is an operand.
 *
 * @param target   the command's struct; string fields must start as NULL or
 *                 allocated (a given option replaces and frees the old value)
 * @param operands receives pointers into argv; room for argc entries
 * @return number of operands; -EINVAL after a printed sentence
 */
int veil_opts_parse(void *target, const VeilOpt *rows, int argc, char **argv, char **operands);

/**
 * Set one option from text; used for the command line and for config files.
 *
 * @param where how a complaint begins: "option '--crf'" or "council.cfg:12: key 'crf'"
 * @return 0; -EINVAL after a printed sentence naming the allowed values; -ENOMEM
 */
int veil_opts_set(void *target, const VeilOpt *row, const char *value, const char *where);

/** The row of that long name, or NULL. */
const VeilOpt *veil_opts_find(const VeilOpt *rows, const char *name);

/** Write a row's present value as text ("", if a string is unset). @return out */
char *veil_opts_print(const void *target, const VeilOpt *row, char *out, size_t cap);

/** Print the rows as the option part of a --help page, on standard output. */
void veil_opts_help(const VeilOpt *rows);

/** Free every string and list that the rows point at, and clear them. */
void veil_opts_free(void *target, const VeilOpt *rows);

#endif /* VEIL_SRC_OPTS_H */
