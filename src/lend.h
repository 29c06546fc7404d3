/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A tracks file and consent records, lent to the filters `tracks` and
 * `consent` of a run. Ties the file to the video: its SHA-256 before the run,
 * size at its start, each frame's time on the way, their number at the end.
 */
#ifndef VEIL_SRC_LEND_H
#define VEIL_SRC_LEND_H

#include <jansson.h>

#include "filters/filter.h"
#include "settings.h"
#include "tracksfile.h"

typedef struct VeilLend VeilLend;

/**
 * Read the tracks file, the records and the reasons that the settings name,
 * decide who may be seen, and add the file's zones and mutes to the settings.
 * @param input the video, which must be the one that was scanned
 * @return 0; a negative errno after a printed sentence
 */
int veil_lend_open(VeilLend **out, VeilSettings *s, const char *input);

/** For VeilFilterEnv.tracks; valid until close. */
const VeilTracksLent *veil_lend_calls(VeilLend *lend);

/** The file itself, borrowed. */
const VeilTracksFile *veil_lend_file(const VeilLend *lend);

/** True if this track's face stays visible. */
bool veil_lend_shows(const VeilLend *lend, int track);

/** For the report: the file, its digest, who is kept and on what ground, who is not and why. @return new object */
json_t *veil_lend_describe(const VeilLend *lend);

void veil_lend_close(VeilLend *lend); ///< accepts NULL

#endif /* VEIL_SRC_LEND_H */
