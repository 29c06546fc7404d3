/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * What the program and the `seal` filter share: the program knows keys and
 * names, the filter knows pictures. The program fills the plan, the filter
 * makes the vault and adds every unit; once the published file is whole, the
 * program ends the vault with that file's SHA-256.
 */
#ifndef VEIL_FILTERS_SEAL_H
#define VEIL_FILTERS_SEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "boxes.h"
#include "keys/vault.h"

/** What is painted over others in a crop: red, green, blue, alpha. The records do
 *  not say where; whoever puts a crop back knows it by this colour. */
#define VEIL_SEAL_GREY { 128, 128, 128, 255 }

/** What a report may say of a sealed track: its number, and where the cover was seen. */
typedef struct VeilSealedTrack {
    uint32_t number;                  ///< in the vault; random, so that it tells no order
    uint32_t first_frame, last_frame; ///< of the published video, from 0
    uint32_t crops;
    VeilRect first, last; ///< box without margin, in the first and last frame
} VeilSealedTrack;

typedef struct VeilSealPlan {
    /* from the program */
    const char *path;         ///< where the vault is made; must not exist
    const VeilGroupKey *group;
    const uint8_t *sk;        ///< operator's signing key, in secret memory
    VeilVaultHeader header;   ///< gid to start; the filter sets size and rate

    /* from the filter */
    VeilVaultWriter *vault;   ///< closed by the program
    bool whole;               ///< the chain came to its end and every unit is on disk
    uint32_t units;
    VeilSealedTrack *track;   ///< n_tracks of them; freed by veil_seal_plan_free()
    int n_tracks, cap_tracks;
} VeilSealPlan;

/**
 * Enter a track that begins at a frame, under a number that says nothing about when or where.
 * @return its index in plan->track, or AVERROR(ENOMEM)
 */
int veil_seal_plan_add(VeilSealPlan *plan, uint32_t frame);

/** Close the vault as it is, and free what the filter made. */
void veil_seal_plan_free(VeilSealPlan *plan);

#endif /* VEIL_FILTERS_SEAL_H */
