/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * What the parts of `veil group` share: the options, whose turn it is, and how
 * a group is shown. A part prints its own complaint and returns a VEIL_EXIT_ code.
 */
#ifndef VEIL_SRC_CMD_GROUP_H
#define VEIL_SRC_CMD_GROUP_H

#include <jansson.h>
#include <stddef.h>

#include "ceremony.h"
#include "opts.h"

#define VEIL_GROUP_NAMES_CAP 1400 ///< room for the names of all members

typedef struct GroupOptions {
    int k, pass_fd;
    VeilStrings members;
    char *key, *box, *share, *group, *pin;
    bool json;
} GroupOptions;

/** Do all that our keys can do now in the ceremony at `folder`, then say who is next. */
int veil_group_cmd_step(const GroupOptions *o, const char *folder);

/** The first round that somebody has not finished, 4 when all have; bit i of *missing for member i. */
int veil_group_cmd_open_round(const Ceremony *c, uint32_t *missing);

/** "1 oslo, 3 bergen". @return out */
const char *veil_group_cmd_names(const Ceremony *c, uint32_t mask, char *out, size_t cap);

/** The same as a JSON list of {"index", "org"}. */
json_t *veil_group_cmd_names_json(const Ceremony *c, uint32_t mask);

/** A ceremony and how far it is, as a JSON object. */
json_t *veil_group_cmd_ceremony_json(const Ceremony *c);

/** A group in words, on standard output, and as a JSON object. */
void veil_group_cmd_print(const VeilGroup *g);
json_t *veil_group_cmd_json(const VeilGroup *g);

#endif /* VEIL_SRC_CMD_GROUP_H */
