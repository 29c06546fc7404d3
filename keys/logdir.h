/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A log as a plain folder: `origin`, `entries/000000000000` and so on, one leaf
 * a file, `checkpoint`, and `warrants/` with the warrants that were unsealed.
 * It can be copied, served as static files or kept
 * in git. Everybody who relies on it holds a full copy and remembers the
 * checkpoint last seen in a `log.state` file, so that a log cannot go back or
 * show two faces.
 */
#ifndef VEIL_KEYS_LOGDIR_H
#define VEIL_KEYS_LOGDIR_H

#include "leaf.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_LOG_ENTRIES_MAX 1000000

typedef struct VeilLogDir VeilLogDir;

/** Make an empty log. @return 0; -EEXIST and other errnos; VEIL_E_PRECONDITION for a bad origin */
int veil_logdir_create(const char *path, const char *origin, VeilErr *err);

/**
 * Read a whole log. No signature is checked; the checkpoint need not be there.
 * @return 0; VEIL_E_TOO_LARGE for a leaf that is too long; VEIL_E_CANON; negative errno
 */
int veil_logdir_open(VeilLogDir **out, const char *path, VeilErr *err);

/** Accepts NULL. */
void veil_logdir_close(VeilLogDir *l);

const char *veil_logdir_origin(const VeilLogDir *l);
uint64_t veil_logdir_size(const VeilLogDir *l);

/** Leaf i < size as its bytes; owned by l. */
VeilSpan veil_logdir_leaf(const VeilLogDir *l, uint64_t i);

/** The checkpoint's bytes; len 0 if there is none. Owned by l. */
VeilSpan veil_logdir_checkpoint(const VeilLogDir *l);

/** Root of the first `size` leaves. @return 0, or VEIL_E_LOG_FORK if there are fewer */
int veil_logdir_root(const VeilLogDir *l, uint64_t size, uint8_t out[VEIL_HASH_BYTES], VeilErr *err);

/**
 * Append a leaf and wait until it is on disk. Refuses what is not a leaf.
 * @return 0; as veil_leaf_parse(); negative errno, -EEXIST if somebody else appended meanwhile
 */
int veil_logdir_append(VeilLogDir *l, const void *leaf, size_t len, uint64_t *index, VeilErr *err);

/**
 * Sign all leaves as the new checkpoint. Refuses to go back behind the one
 * that is there.
 * @return 0; VEIL_E_LOG_FORK; negative errno
 */
int veil_logdir_sign(VeilLogDir *l, const uint8_t sk[VEIL_SIGN_SK_BYTES], VeilErr *err);

/** Add a witness's cosignature to the checkpoint; the witness advances its own state first. */
int veil_logdir_cosign(VeilLogDir *l, const char *name, const uint8_t sk[VEIL_SIGN_SK_BYTES], int64_t time,
                       VeilErr *err);

/**
 * Write the proof of a leaf under the checkpoint that is there.
 * @return 0; VEIL_E_LOG_INCLUSION if the checkpoint does not cover it; VEIL_E_CANON
 */
int veil_logdir_prove(const VeilLogDir *l, uint64_t index, VeilText *out, VeilErr *err);

/**
 * Publish the warrant of leaf `index`, as an unseal leaf promises: the file
 * `warrants/` and the leaf's 12 digits. Publishing the same again does nothing.
 * @return 0; -EEXIST if another text is published there; negative errno
 */
int veil_logdir_publish(VeilLogDir *l, uint64_t index, const void *warrant, size_t len, VeilErr *err);

/** The published warrant of leaf `index`. @return 0, free(*out); -ENOENT; VEIL_E_TOO_LARGE; negative errno */
int veil_logdir_published(const VeilLogDir *l, uint64_t index, uint8_t **out, size_t *len, VeilErr *err);

/**
 * Prove that the first m leaves are a prefix of the first n (RFC 6962, 2.1.2).
 * @return 0; VEIL_E_LOG_FORK unless 0 < m <= n <= size
 */
int veil_logdir_consistency(const VeilLogDir *l, uint64_t m, uint64_t n, VeilProof *out, VeilErr *err);

/** Index of the leaf with these bytes. @return 0, or -ENOENT */
int veil_logdir_find(const VeilLogDir *l, const void *leaf, size_t len, uint64_t *index);

/* ---- what was last seen ------------------------------------------------------ */

typedef struct VeilLogState {
    char origin[VEIL_TOKEN_CAP]; ///< "" for nothing seen yet
    uint64_t size;
    uint8_t root[VEIL_HASH_BYTES];
    int64_t time; ///< latest t_w seen
} VeilLogState;

/** Load; a missing file is a state in which nothing was seen. @return 0; VEIL_E_CANON; negative errno */
int veil_logstate_load(VeilLogState *s, const char *path, VeilErr *err);
int veil_logstate_save(const VeilLogState *s, const char *path, VeilErr *err);

/**
 * Accept a checkpoint as an extension of what was seen, recomputing both
 * roots from the full copy.
 * @return 0 with s advanced; VEIL_E_LOG_FORK
 */
int veil_logstate_advance(VeilLogState *s, const VeilLogDir *l, const VeilCheckpoint *c, VeilErr *err);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_LOGDIR_H */
