/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The closed list of reasons for covering or keeping a face, from
 * config/reasons.cfg: a code, what it says to a reader, its legal basis.
 */
#ifndef VEIL_SRC_REASONS_H
#define VEIL_SRC_REASONS_H

#include <stdbool.h>
#include <jansson.h>

#define VEIL_REASONS_MAX 128

typedef struct VeilReason {
    char code[32];   ///< letters, digits, '-'
    char text[160];  ///< one line for people
    char basis[160]; ///< legal basis; "" if none is given
    bool keeps;      ///< may stand for a face that stays visible
} VeilReason;

typedef struct VeilReasons {
    VeilReason at[VEIL_REASONS_MAX];
    int n;
} VeilReasons;

/**
 * Read a list.
 * @param name "reasons", found in the config folders, or a path; as veil_paths_config()
 * @param out  free with free()
 * @return 0; -ENOENT, -EINVAL or -ENOMEM after a printed sentence
 */
int veil_reasons_read(VeilReasons **out, const char *name);

/** The reason of that code, or NULL. */
const VeilReason *veil_reasons_find(const VeilReasons *reasons, const char *code);

/** [{"code", "text", "basis", "keeps"}]. @return new reference */
json_t *veil_reasons_json(const VeilReasons *reasons);

#endif /* VEIL_SRC_REASONS_H */
