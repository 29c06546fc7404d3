/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Checkpoints, cosignatures and proofs of a transparency log, as C2SP writes
 * them (tlog-checkpoint, tlog-cosignature v1, tlog-proof@v1). PROTOCOL
 * section 5. Bytes only; the folder that holds a log is logdir.h.
 */
#ifndef VEIL_KEYS_TLOG_H
#define VEIL_KEYS_TLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "merkle.h"
#include "note.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_WITNESSES_MAX 16
#define VEIL_LEAF_MAX      1024 ///< longest log leaf, in bytes

/** A key with a name. */
typedef struct VeilNamedKey {
    char name[VEIL_TOKEN_CAP];
    uint8_t pk[VEIL_SIGN_PK_BYTES];
} VeilNamedKey;

/** Whom a checkpoint must be signed by; policy.h fills it in. */
typedef struct VeilLogTrust {
    VeilNamedKey log; ///< its name is the log's origin
    VeilNamedKey witness[VEIL_WITNESSES_MAX];
    int witnesses;
    int quorum; ///< distinct witnesses needed
} VeilLogTrust;

typedef struct VeilCheckpoint {
    char origin[VEIL_TOKEN_CAP];
    uint64_t size;
    uint8_t root[VEIL_HASH_BYTES];
    int64_t time; ///< t_w: median time of the good cosignatures; 0 before veil_checkpoint_verify()
} VeilCheckpoint;

/** Write the three lines of a checkpoint, unsigned. */
void veil_checkpoint_print(VeilText *t, const VeilCheckpoint *c);

/** Read the three lines; extension lines are refused. @return 0 or VEIL_E_CANON */
int veil_checkpoint_parse(VeilCheckpoint *c, const char *text, size_t len, const char *what, VeilErr *err);

/**
 * Append a witness's cosignature (kind 0x04): Ed25519 over
 * "cosignature/v1 LF time T LF" and the checkpoint's text.
 *
 * @param t    a signed checkpoint
 * @param time seconds since 1970, above 0
 * @return 0; VEIL_E_PRECONDITION; as veil_note_append()
 */
int veil_checkpoint_cosign(VeilText *t, const char *name, const uint8_t sk[VEIL_SIGN_SK_BYTES], int64_t time);

/**
 * Check origin, the log's signature and the quorum of witnesses. A signature
 * by a known key that does not verify refuses the checkpoint, however many
 * others are good; unknown keys are passed over.
 *
 * @param c receives the checkpoint and t_w
 * @return 0; VEIL_E_WITNESS; VEIL_E_CANON; VEIL_E_TOO_LARGE
 */
int veil_checkpoint_verify(VeilCheckpoint *c, const void *bytes, size_t len, const VeilLogTrust *trust,
                           const char *what, VeilErr *err);

/** A tlog-proof file, taken apart; `checkpoint` points into the parsed bytes. */
typedef struct VeilTlogProof {
    uint64_t index;
    VeilProof path;
    const char *checkpoint;
    size_t checkpoint_len;
} VeilTlogProof;

/** Write a proof file. */
void veil_tlog_proof_print(VeilText *t, uint64_t index, const VeilProof *path, const char *checkpoint,
                           size_t checkpoint_len);

/** Read a proof file; an `extra` line is read and ignored. @return 0; VEIL_E_CANON; VEIL_E_TOO_LARGE */
int veil_tlog_proof_parse(VeilTlogProof *p, const void *bytes, size_t len, const char *what, VeilErr *err);

/**
 * Check a proof file in full: checkpoint, quorum and that this leaf is at
 * the index it names.
 *
 * @param leaf bytes of the leaf, as logged
 * @return 0; VEIL_E_LOG_INCLUSION; as veil_checkpoint_verify()
 */
int veil_tlog_proof_verify(VeilCheckpoint *c, uint64_t *index, const void *bytes, size_t len,
                           const void *leaf, size_t leaf_len, const VeilLogTrust *trust, const char *what,
                           VeilErr *err);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_TLOG_H */
