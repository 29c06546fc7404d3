/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The vault file (PROTOCOL section 3.1): magic, then frames `type || le32
 * length || body`. The writer only appends, and whatever it wrote before a
 * crash opens up to the last checkpoint. The reader keeps the entries (about
 * 300 bytes a unit) and reads the chunks of one unit at a time.
 */
#ifndef VEIL_KEYS_VAULT_H
#define VEIL_KEYS_VAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "merkle.h"
#include "note.h"
#include "unit.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_VAULT_MAGIC      "VEILVLT1"
#define VEIL_VAULT_SEGMENT_MS 10000
#define VEIL_VAULT_HEADER_MAX 16384
#define VEIL_VAULT_NOTE_MAX   4096
#define VEIL_VAULT_UNITS_MAX  (1u << 20) ///< more are refused before memory is spent on them

enum { VEIL_FRAME_HEADER = 1, VEIL_FRAME_UNIT = 2, VEIL_FRAME_CHECKPOINT = 3, VEIL_FRAME_FINAL = 4 };

typedef struct VeilVaultHeader {
    uint8_t gid[VEIL_GID_BYTES];
    uint8_t group[32]; ///< SHA-256 of the text of group.note
    uint32_t min_k;
    uint32_t policy_version;
    uint8_t policy[32]; ///< digest of the policy's text
    uint8_t operator_pk[VEIL_SIGN_PK_BYTES];
    uint8_t nonce[32];
    int64_t start;             ///< seconds since 1970 of segment 0
    uint32_t width, height;    ///< of the video, in pixels
    uint32_t fps_num, fps_den; ///< frames per second
    uint8_t vid[32];           ///< HB32("veil/v1/vault"; header); set by print and parse
} VeilVaultHeader;

/** What the operator signs at each checkpoint and at the end. */
typedef struct VeilSeal {
    uint8_t vid[32];
    bool final;
    uint32_t units;
    uint8_t root[VEIL_HASH_BYTES];  ///< tree of the entries so far
    uint8_t chain[VEIL_HASH_BYTES]; ///< h up to the frame before this one
    uint8_t video[32];              ///< SHA-256 of the published file; zeros while open
} VeilSeal;

/** Write the header's text and set h->vid. @return as veil_text_done() */
int veil_vault_header_print(VeilText *t, VeilVaultHeader *h);

/** Read a header. @return 0; VEIL_E_CANON; VEIL_E_UNSUPPORTED for another suite, segment or chunk length */
int veil_vault_header_parse(VeilVaultHeader *h, const void *bytes, size_t len, const char *what,
                            VeilErr *err);

/** Write and sign a seal note. */
int veil_seal_print(VeilText *t, const VeilSeal *s, const uint8_t sk[VEIL_SIGN_SK_BYTES]);

/**
 * Read a seal note and check that the header's operator signed it for this vault.
 * @return 0; VEIL_E_CANON; VEIL_E_ROLE; VEIL_E_OPERATOR; VEIL_E_ROOT for another vault's note
 */
int veil_seal_parse(VeilSeal *s, const void *bytes, size_t len, const VeilVaultHeader *h, const char *what,
                    VeilErr *err);

/* ---- writing ---------------------------------------------------------------- */

typedef struct VeilVaultWriter VeilVaultWriter;

/**
 * Make a new vault file (0600, never over another) with its header, on disk
 * when this returns. The header's nonce is drawn here. The file is locked
 * (flock) until close.
 *
 * @param g  borrowed until close
 * @param h  gid, group .. start and video are read; nonce and vid are set
 * @param sk operator's signing key in secret memory, borrowed until close
 * @return 0; negative errno; VEIL_E_PRECONDITION if gid, min-k or operator do not fit g and sk
 */
int veil_vault_create(VeilVaultWriter **out, const char *path, const VeilGroupKey *g, VeilVaultHeader *h,
                      const uint8_t sk[VEIL_SIGN_SK_BYTES], VeilErr *err);

/**
 * Seal and append a unit: all records of one track in one segment (and part,
 * if they do not fit in one frame). Nothing can be added after a failed write.
 * @return 0; VEIL_E_DUP_UNIT; VEIL_E_TOO_LARGE; negative errno; as veil_unit_seal()
 */
int veil_vault_add(VeilVaultWriter *w, uint32_t track, uint32_t seg, uint32_t part, const uint8_t *records,
                   size_t len, VeilErr *err);

/** Sign what is there and wait until it is on disk. Call it at each segment's end,
 *  before the redacted frames of the next segment go out. */
int veil_vault_checkpoint(VeilVaultWriter *w, VeilErr *err);

/** As veil_vault_checkpoint(), for good. @param video SHA-256 of the published file */
int veil_vault_finish(VeilVaultWriter *w, const uint8_t video[32], VeilErr *err);

/** Close; without veil_vault_finish() the vault stays open-ended, as after a crash. Accepts NULL. */
void veil_vault_writer_close(VeilVaultWriter *w);

/* ---- reading ---------------------------------------------------------------- */

typedef struct VeilVault VeilVault;

/**
 * Open a vault: read header and entries, check every seal note, the root and
 * that no unit is there twice. Chunks are skipped, not read.
 *
 * @param unfinished true to accept a vault without FINAL, up to its last checkpoint
 * @return 0; VEIL_E_TRUNCATED; VEIL_E_TRAILING; VEIL_E_ROOT; VEIL_E_DUP_UNIT;
 *         VEIL_E_UNSUPPORTED; VEIL_E_TOO_LARGE; as veil_vault_header_parse()
 *         and veil_seal_parse(); negative errno
 */
int veil_vault_open(VeilVault **out, const char *path, bool unfinished, VeilErr *err);

/** Accepts NULL. */
void veil_vault_close(VeilVault *v);

/** What the vault holds; owned by v. */
typedef struct VeilVaultInfo {
    VeilVaultHeader header;
    const char *header_text;
    size_t header_len;
    VeilSeal seal; ///< the last one; units 0 and zeros if there is none
    const char *seal_note;
    size_t seal_len;     ///< 0 if there is none
    uint64_t bytes;      ///< length of the file
    uint64_t tail;       ///< bytes after the last checkpoint, which do not count
    uint64_t bytes_read; ///< so far, by this reader
} VeilVaultInfo;

const VeilVaultInfo *veil_vault_info(const VeilVault *v);

/** Entry i < info->seal.units, as its bytes; owned by v. */
const uint8_t *veil_vault_entry(const VeilVault *v, uint32_t i);

/**
 * Read the chunks of unit i and check their hash.
 * @param buf receives nchunks * VEIL_CHUNK_SEALED bytes
 * @return number of bytes; -EINVAL; -ENOSPC; VEIL_E_STREAM; negative errno
 */
int64_t veil_vault_chunks(VeilVault *v, uint32_t i, uint8_t *buf, size_t cap, VeilErr *err);

/**
 * Read the whole file and check the frame chain against every seal note, and
 * each unit's chunks against its entry. Memory stays at one block.
 * @return 0; VEIL_E_CHAIN; VEIL_E_STREAM; negative errno
 */
int veil_vault_check(VeilVault *v, VeilErr *err);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_VAULT_H */
