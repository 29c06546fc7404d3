/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file What the reader, the writer and the rules of the tracks file share; see tracksfile.h. */
#ifndef VEIL_SRC_TRACKSFILE_RULES_H
#define VEIL_SRC_TRACKSFILE_RULES_H

#include "tracksfile.h"

#define VEIL_TRACKSFILE_FORMAT  "veil-tracks"
#define VEIL_TRACKSFILE_VERSION 1

/** Leave a sentence, unless there is one. @return code */
int veil_tracksfile_refuse(char why[VEIL_TRACKSFILE_WHY], int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif /* VEIL_SRC_TRACKSFILE_RULES_H */
