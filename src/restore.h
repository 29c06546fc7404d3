/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The published video with the opened faces put back, and nothing else
 * changed: all other samples are those of the decoded published file, so it is
 * coded without loss unless something smaller is asked for.
 */
#ifndef VEIL_SRC_RESTORE_H
#define VEIL_SRC_RESTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "opened.h"

typedef struct VeilRestored {
    int64_t frames;    ///< written
    int64_t first;     ///< number of the first of them in the published video
    int64_t put_back;  ///< crops put back
    int64_t samples;   ///< luma samples put back
    int64_t withheld;  ///< luma samples of the crops that stayed as published: others' areas
    char encoder[32];
    bool lossless;     ///< all other samples are the published ones
} VeilRestored;

/** Called with each crop, before it is put back. @return VEIL_EXIT_ code: other than 0 ends the run */
typedef int (*VeilRestoreTake)(void *opaque, VeilOpenedTrack *t);

/** How the video is written. */
typedef struct VeilRestoreHow {
    bool lossy;     ///< H.264 for looking at, in place of FFV1
    double context; ///< seconds around the opened segments that are written; below 0: the whole video
} VeilRestoreHow;

/** The ending that a restored video gets: Matroska cannot say "turn me", and turning would touch every sample. */
const char *veil_restore_ending(const char *published);

/**
 * Read the published video once and write it with the faces of one vault.
 * @param vault  index in VeilGranted.vault; its tracks are read to their end
 * @param to     file to write
 * @return VEIL_EXIT_ code after a printed sentence unless 0
 */
int veil_restore(VeilOpened *o, int vault, const char *published, const char *to, VeilRestoreHow how,
                 VeilRestoreTake take, void *opaque, VeilRestored *result);

#endif /* VEIL_SRC_RESTORE_H */
