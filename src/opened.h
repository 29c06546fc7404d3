/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The tracks that a warrant opens, crop by crop in the order of the video: one
 * unit of each at a time is decrypted, and its pictures come from that track's
 * own sandbox as they are asked for. Memory holds one crop a track, whatever
 * the length.
 */
#ifndef VEIL_SRC_OPENED_H
#define VEIL_SRC_OPENED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cropchild.h"
#include "granted.h"

#define VEIL_OPENED_TRACKS 128 ///< at a time: each has a process

/** What a unit held. */
typedef struct VeilOpenedUnit {
    uint32_t crops, first_frame, last_frame;
    int64_t first_us, last_us; ///< microseconds after the video's first frame
} VeilOpenedUnit;

typedef struct VeilOpenedTrack {
    int vault; ///< index in VeilGranted.vault
    uint32_t track;
    size_t first, units; ///< in VeilGranted.unit

    /* the crop that is next, until it is dropped */
    VeilCrop crop;
    AVFrame *picture; ///< NULL: none has been asked for, or there is no more
    bool lossless;

    uint32_t crops; ///< so far
    bool all_lossless;

    /* private */
    VeilCropChild *child;
    size_t at; ///< units begun
    bool in_unit, ended;
} VeilOpenedTrack;

typedef struct VeilOpened {
    VeilGranted *granted;
    VeilOpenedTrack *track; ///< n of them, by vault and number
    int n;
    VeilOpenedUnit *unit; ///< as VeilGranted.unit
} VeilOpened;

/**
 * Start a sandbox for each track. Call it after veil_granted_read() and before
 * veil_granted_unlock(): the sandboxes are copies of us.
 * @param g borrowed until close
 * @return VEIL_EXIT_ code after a printed sentence unless 0; close in any case
 */
int veil_opened_start(VeilOpened **out, VeilGranted *g);

/**
 * See to it that t->picture is the next crop, or NULL at the end of the track.
 * Each crop lies in the ten seconds that its unit is for, or is refused.
 * @return VEIL_EXIT_ code
 */
int veil_opened_peek(VeilOpened *o, VeilOpenedTrack *t);

/** Wipe the crop. */
void veil_opened_drop(VeilOpenedTrack *t);

/** Accepts NULL. */
void veil_opened_close(VeilOpened *o);

#endif /* VEIL_SRC_OPENED_H */
