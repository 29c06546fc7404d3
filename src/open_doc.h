/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file What evidence.json says: on whose authority which face was opened, and from what. */
#ifndef VEIL_SRC_OPEN_DOC_H
#define VEIL_SRC_OPEN_DOC_H

#include <jansson.h>

#include "opened.h"
#include "restore.h"

#define VEIL_EVIDENCE_COMMENT "veil/v1 evidence " ///< trusted comment of its signature; the wid in hex follows

/** The published file of a vault and what became of it; zeroed where none was given. */
typedef struct VeilOpenPublished {
    const char *path;     ///< as given; NULL: none
    char sha256[65];
    const char *restored; ///< name in the folder, NULL: none
    VeilRestored result;
} VeilOpenPublished;

typedef struct VeilOpenDoc {
    const VeilGranted *granted;
    const VeilOpened *opened;
    const VeilKey *requester;            ///< requester-sign
    const VeilOpenPublished *published;  ///< by index in VeilGranted.vault
    const char *const *vault_sha256;     ///< likewise; NULL where the whole file was not hashed
    int64_t opened_at;                   ///< seconds since 1970
} VeilOpenDoc;

/** Name of a track in file names: "track-3", or "vault-2-track-3" where there are several vaults. */
void veil_open_track_name(char *out, size_t cap, const VeilGranted *g, const VeilOpenedTrack *t);

/** @return a new object without the list of files, or NULL without memory */
json_t *veil_open_doc(const VeilOpenDoc *d);

#endif /* VEIL_SRC_OPEN_DOC_H */
