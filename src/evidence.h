/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The evidence folder: written as `NAME.part`, it gets its name when it is
 * whole, hashed and signed. It and what is in it can be read by its owner
 * only. All functions print their own complaint and give an exit code.
 */
#ifndef VEIL_SRC_EVIDENCE_H
#define VEIL_SRC_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

#include "keys/keyfile.h"

typedef struct VeilEvidence VeilEvidence;

/**
 * Make the part folder. One that a killed run left behind is removed first; it
 * is known by the file `.unfinished` in it. From here on files are made with
 * mode 0600.
 * @return VEIL_EXIT_ code
 */
int veil_evidence_begin(VeilEvidence **out, const char *path);

/** Path of a name inside the folder, to be freed; NULL without memory. */
char *veil_evidence_path(const VeilEvidence *e, const char *name);

/** Make a folder inside it; its parent exists. */
int veil_evidence_folder(VeilEvidence *e, const char *name);

/** Write a file and enter it with its hash. */
int veil_evidence_write(VeilEvidence *e, const char *name, const void *bytes, size_t len);

/** Enter a file that somebody else has written there. */
int veil_evidence_enter(VeilEvidence *e, const char *name);

/**
 * Write `evidence.json`: doc with the list of files behind it, and
 * `evidence.json.minisig` beside it; flush all; give the folder its name.
 * @param doc  borrowed; receives "files"
 * @param sign signs as minisign does, with the trusted comment
 * @return VEIL_EXIT_ code
 */
int veil_evidence_finish(VeilEvidence *e, json_t *doc, const VeilKey *sign, const char *comment);

/** Without evidence.json, for folders that have a signed file of their own: flush all, give the folder its name. */
int veil_evidence_keep(VeilEvidence *e);

/** Remove what is unfinished, and free. Accepts NULL. */
void veil_evidence_free(VeilEvidence *e);

#endif /* VEIL_SRC_EVIDENCE_H */
