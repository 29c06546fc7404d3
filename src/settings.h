/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * What `veil redact` is asked to do: one struct, one table of rows that the
 * command line, the profiles in config/ and --show-config all read. Adding an
 * option is a field here and a row in settings.c.
 */
#ifndef VEIL_SRC_SETTINGS_H
#define VEIL_SRC_SETTINGS_H

#include <stdbool.h>

#include "opts.h"

typedef struct VeilSettings {
    /* what and where */
    char *output, *profile, *report;
    bool force, show_config, quiet, verbose, allow_bare;
    double progress; ///< seconds
    char *tracks;                          ///< tracks file to render from, in place of searching
    char *reasons, *consents, *purpose;    ///< who may be seen: closed list, folder of records, what for
    VeilStrings consent;                   ///< files of records
    bool audit;
    bool json; ///< of scan alone
    /* finding and hiding */
    char *chain;
    char *detector;
    int detect_size, min_face, detect_every, detect_turn;
    double threshold;
    double lookahead, patience, extend; ///< seconds
    char *style, *color;
    double margin;
    int cells;
    VeilStrings zone;
    /* sealing */
    bool seal;
    char *vault, *group, *gid, *policy, *operator_key, *fidelity, *start, *embed;
    double seal_margin;
    int pass_fd;
    /* coding */
    char *encoder, *preset, *enc_opts;
    int crf, threads;
    char *audio, *keep_metadata, *on_error;
} VeilSettings;

extern const VeilOpt veil_settings_rows[];

/** Every default in place. Free with veil_opts_free(s, veil_settings_rows). @return 0 or -ENOMEM */
int veil_settings_init(VeilSettings *s);

/**
 * Read a profile into s.
 * @param name "council" (found in the config folders) or a path that holds a '/' or ends in ".cfg"
 * @return 0; -EINVAL or an errno after a printed sentence with file, line and key
 */
int veil_settings_load(VeilSettings *s, const char *name);

/**
 * Defaults, then the profile that was typed, then what else was typed.
 * @param rows     the rows that the command takes: veil_settings_rows, or some of them
 * @param operands as in veil_opts_parse()
 * @return number of operands; -EINVAL or an errno after a printed sentence
 */
int veil_settings_read(VeilSettings *s, const VeilOpt *rows, int argc, char **argv, char **operands);

/** Print as a profile, on standard output. */
void veil_settings_show(const VeilSettings *s);

/** Are faces to be sealed: asked for, or a group named? */
bool veil_settings_seals(const VeilSettings *s);

/** The chain to run: the one asked for, or the one that the other settings describe. @return allocated text, or NULL */
char *veil_settings_chain(const VeilSettings *s);

/** The part of it that finds faces and follows them. @return allocated text, or NULL */
char *veil_settings_finding(const VeilSettings *s);

#endif /* VEIL_SRC_SETTINGS_H */
