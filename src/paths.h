/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Where the program's own files are: beside its source tree when it runs from
 * there, under PREFIX/share/veil when installed.
 */
#ifndef VEIL_SRC_PATHS_H
#define VEIL_SRC_PATHS_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Find a configuration file.
 * @param name "council" or "models", searched as NAME.cfg in $VEIL_CONFIG, the
 *             source tree's config/ and PREFIX/share/veil/config; or a path
 *             that holds a '/' or ends in ".cfg", taken as it is
 * @return 0; -ENOENT
 */
int veil_paths_config(const char *name, char *out, size_t cap);

/** True if both name one file, by whatever path or link. */
bool veil_paths_same(const char *a, const char *b);

#endif /* VEIL_SRC_PATHS_H */
