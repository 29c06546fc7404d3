/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Opening units with the releases of k custodians (PROTOCOL section 6, step 7).
 * A release counts only if its note, its place in the witnessed log and its
 * blob all fit the warrant; each share is proved again for each unit.
 */
#ifndef VEIL_KEYS_OPENING_H
#define VEIL_KEYS_OPENING_H

#include "group.h"
#include "leaf.h"
#include "release.h"
#include "request.h"
#include "vault.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct VeilOpening VeilOpening;

/** A release as handed over; free each part. */
typedef struct VeilHandedRelease {
    VeilBytes note, blob, leaf, proof;
} VeilHandedRelease;

/** Read `release.note`, `.blob`, `.leaf` and `.tlog-proof` from a folder. */
int veil_handed_load(VeilHandedRelease *h, const char *folder, VeilErr *err);
void veil_handed_free(VeilHandedRelease *h);

/**
 * Begin to open what a warrant covers.
 *
 * @param g, policy, warrant borrowed until close
 * @param index the warrant's leaf in the log, from its verified proof
 * @param box   secret key of the warrant's deliver-box, in secret memory, borrowed
 * @return 0; VEIL_E_BOX_KEY if box is not the deliver key; VEIL_E_POLICY; -ENOMEM
 */
int veil_opening_new(VeilOpening **out, const VeilGroup *g, const VeilPolicy *policy,
                     const VeilWarrant *warrant, uint64_t index, const uint8_t box[32], VeilErr *err);

/** Accepts NULL. */
void veil_opening_free(VeilOpening *o);

/**
 * Check one custodian's release in full and keep its shares.
 * @return the custodian's index; VEIL_E_RELEASE_LOG without a witnessed proof;
 *         VEIL_E_SHARE_INDEX; VEIL_E_EPOCH; VEIL_E_SIGNATURE; VEIL_E_BLOB_CONTEXT; as the parsers
 */
int veil_opening_add(VeilOpening *o, const VeilHandedRelease *h, VeilErr *err);

/**
 * Open unit i of a vault.
 *
 * @param plain receives the records; wipe with sodium_memzero()
 * @param cap   at least nchunks * VEIL_CHUNK_PLAIN of the unit's entry
 * @param bad   NULL, or receives bit i for each custodian whose share is bad
 * @return 0; VEIL_E_VAULT_ROOT; VEIL_E_OUT_OF_SCOPE; VEIL_E_THRESHOLD;
 *         VEIL_E_BLOB_CONTEXT if a release lacks the unit; as
 *         veil_tdh2_combine(), veil_vault_chunks() and veil_unit_open()
 */
int veil_opening_unit(VeilOpening *o, VeilVault *v, uint32_t i, uint8_t *plain, size_t cap, size_t *len,
                      uint32_t *bad, VeilErr *err);

/** Is this vault in the warrant, with this root? @return which one, from 0; VEIL_E_VAULT_ROOT */
int veil_opening_vault(const VeilOpening *o, const VeilVault *v, VeilErr *err);

/** Is unit i of this vault inside the warrant's scope? False for another vault or root. */
bool veil_opening_covers(const VeilOpening *o, const VeilVault *v, uint32_t i);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_OPENING_H */
