/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * One face of tracks.h: what was seen of it, how it moves, and the way along
 * which the picture was followed. Which box belongs to which face is not its
 * business.
 */
#ifndef VEIL_FILTERS_TRACK_H
#define VEIL_FILTERS_TRACK_H

#include "assoc.h"
#include "path.h"
#include "tracks.h"

/** Its path has one point or more as soon as it was seen; free with veil_path_free(). */
typedef struct VeilTrack {
    int id;
    bool live;
    bool lost;                    ///< can't be followed on from the last point
    float evidence;               ///< sum of what its sightings are worth
    float peak;                   ///< best score of them
    bool proven;                  ///< peak was once enough: a face that comes nearer is not given up
    int64_t last_seen;
    int64_t scene_from, scene_to; ///< frames of its scene; INT64_MAX while the scene goes on
    VeilMotion motion;            ///< at the last point
    VeilMotion seen;              ///< at the last sighting
    VeilPath path;
} VeilTrack;

/** The newest point. */
const VeilPoint *veil_track_last(const VeilTrack *track);

/** Seen again, after all points. @return 0 or AVERROR(ENOMEM) */
int veil_track_see(const VeilTracksConfig *c, VeilTrack *track, const VeilPoint *seen);

/** It was seen before, too: before all points. @return 0 or AVERROR(ENOMEM) */
int veil_track_saw(const VeilTracksConfig *c, VeilTrack *track, const VeilPoint *seen);

/** A track that was not seen is carried on to frame `to`, as far as the picture allows. @return 0 or AVERROR(ENOMEM) */
int veil_track_follow_on(const VeilTracksConfig *c, VeilTrack *track, int64_t to);

/** A new track is carried back towards where it came from. @return 0 or AVERROR(ENOMEM) */
int veil_track_follow_back(const VeilTracksConfig *c, VeilTrack *track);

/** What was followed since it was last seen was not this face: the track ends there. */
void veil_track_end(VeilTrack *track);

/** What is to be hidden of it in frame `at`. @return false if nothing */
bool veil_track_at(const VeilTracksConfig *c, VeilTrack *track, int64_t at, VeilBox *out);

#endif /* VEIL_FILTERS_TRACK_H */
