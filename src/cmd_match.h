/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file The two halves of `veil match`: what a machine finds, and what a person makes of it. */
#ifndef VEIL_SRC_CMD_MATCH_H
#define VEIL_SRC_CMD_MATCH_H

#include "granted.h"

typedef struct MatchOptions {
    VeilGrantedOptions granted;
    VeilStrings probe;
    char *matcher, *calibration, *key, *out;
    int rotate;
    bool confirm, yes, no, json;
} MatchOptions;

/** `veil match --confirm FOLDER`. @return VEIL_EXIT_ code */
int veil_match_cmd_confirm(const MatchOptions *o, const char *folder);

#endif /* VEIL_SRC_CMD_MATCH_H */
