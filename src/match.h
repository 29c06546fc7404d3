/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Opened faces against the probes of their warrant (PROTOCOL section 6, step
 * 8), and nothing else against anything else. What is no hit is wiped as soon
 * as its track is done. All functions print their own complaint and give an
 * exit code.
 */
#ifndef VEIL_SRC_MATCH_H
#define VEIL_SRC_MATCH_H

#include "evidence.h"
#include "keys/result.h"
#include "opened.h"
#include "recogniser.h"

typedef struct VeilMatchProbe {
    const char *path; ///< borrowed
    VeilProbe probe;  ///< as the warrant names it
    VeilLook look;
    float *tmpl; ///< in secret memory
} VeilMatchProbe;

/** A hit with the picture of the face, in secret memory. */
typedef struct VeilMatchHit {
    VeilHit hit;
    int probe;     ///< index
    uint8_t *view; ///< VEIL_VIEW_BYTES
} VeilMatchHit;

typedef struct VeilMatch {
    VeilGranted *granted;
    VeilOpened *opened;
    VeilRecogniser recogniser;
    VeilMatchProbe probe[VEIL_WARRANT_PROBES_MAX];
    int probes;
    VeilMatchHit hit[VEIL_RESULT_HITS_MAX];
    int hits; ///< best first, after veil_match_tracks()
    uint32_t compared, unusable;
} VeilMatch;

/**
 * Read the probes and find the face in each one's box. Each must be one of the
 * warrant's, and all of the warrant's must be there.
 * @param text n times FILE, or FILE:X,Y,W,H where the box must be the warrant's too; altered
 */
int veil_match_probes(VeilMatch *m, char **text, int n);

/** Open track after track, compare, keep hits. */
int veil_match_tracks(VeilMatch *m);

/** The result's note and a picture for each hit, into the folder; the note's SHA-256 goes into the log. */
int veil_match_write(VeilMatch *m, VeilEvidence *folder, const VeilKey *sign);

/** Name of a hit's picture in the folder; hits count from 1. */
void veil_match_picture_name(char *out, size_t cap, int number, bool demonstration);

/** "0.0002 (1 of 4320; at most 0.0013 with 95 % confidence)", by Wilson's interval; for a low rate its upper end. */
void veil_match_rate(char *out, size_t cap, const uint32_t pair[2], bool at_most);

/** Wipe and free. */
void veil_match_free(VeilMatch *m);

#endif /* VEIL_SRC_MATCH_H */
