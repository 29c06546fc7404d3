/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The vault of a redaction, from the program's side: who can open it, who
 * signs it, where it lies. It is written as `<name>.part`; it gets its name
 * once it is final and before the published file gets its own, so that no
 * published file is without its sealed faces.
 */
#ifndef VEIL_SRC_SEALING_H
#define VEIL_SRC_SEALING_H

#include "digest.h"
#include "filters/seal.h"
#include "input.h"
#include "keys/group.h"
#include "keys/keyfile.h"
#include "settings.h"

typedef struct VeilSealing {
    VeilSealPlan plan; ///< for the chain's `seal`
    VeilGroup group;
    VeilKey key;
    char *path, *part;
    char sha256[VEIL_DIGEST_HEX]; ///< of the final vault
    bool named;                   ///< it has its final name
} VeilSealing;

/**
 * Read group, policy and operator key, asking for its passphrase, and find
 * out that the vault can be made. Call it before the run.
 * @return 0; -EINVAL or another negative errno after a printed sentence
 */
int veil_sealing_begin(VeilSealing **out, const VeilSettings *s, const VeilInput *in);

/**
 * End the vault with the published file's SHA-256, flush it and give it its name.
 * @param video the published file, whole, under whatever name it has now
 * @return 0 or a negative errno after a printed sentence
 */
int veil_sealing_finish(VeilSealing *sealing, const char *video);

/** The published file has its name: the vault stays. */
void veil_sealing_keep(VeilSealing *sealing);

/** Wipe the key; the vault goes unless it was kept. Accepts NULL. */
void veil_sealing_free(VeilSealing *sealing);

#endif /* VEIL_SRC_SEALING_H */
