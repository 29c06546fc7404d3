/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The tracks file (JSON): every face that was found in a recording, frame by
 * frame, and what is to become of it. `veil scan` writes it, a person may
 * change it, `veil redact --tracks` renders from it.
 *
 * Positions are luma pixels of the frame as stored, frames count from 0 in
 * presentation order, times are seconds of the recording's own clock (pts
 * times time base). A key that this file does not know is refused: a misspelt
 * "action" must not pass for none. Only `detector` is taken as it stands.
 *
 * Where a function fails it leaves one sentence in `why`, without a prefix,
 * for veil_error() or an HTTP answer; the sentence names the file, the place
 * and the rule.
 */
#ifndef VEIL_SRC_TRACKSFILE_H
#define VEIL_SRC_TRACKSFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <libavutil/rational.h>
#include <jansson.h>

#include "filters/boxes.h"

#define VEIL_TRACKSFILE_WHY        512         ///< bytes for a sentence
#define VEIL_TRACKSFILE_BYTES_MAX  (256 << 20) ///< of the whole file
#define VEIL_TRACKSFILE_FRAMES_MAX 20000000
#define VEIL_TRACKSFILE_TRACKS_MAX 100000
#define VEIL_TRACKSFILE_BOXES_MAX  8000000     ///< over all tracks
#define VEIL_TRACKSFILE_ZONES_MAX  256
#define VEIL_TRACKSFILE_POINTS_MAX 128         ///< of one zone
#define VEIL_TRACKSFILE_MUTES_MAX  1000
#define VEIL_TRACKSFILE_TEXT_MAX   4096        ///< bytes of a reason, note or name

typedef struct VeilTracksSource {
    char *file;          ///< as it was named then; not used to find it again
    char sha256[65];     ///< lower-case hex
    int width, height;   ///< luma pixels, as stored
    int rotation;        ///< clockwise degrees to show it upright: 0, 90, 180, 270
    AVRational sar, frame_rate; ///< 0/1 if unknown
    AVRational time_base;
    int64_t frames;      ///< veil_tracksfile_add_pts() counts them
    int64_t first, step; ///< pts of frame i is first + i * step, unless `pts` is set
    int64_t *pts;        ///< frames of them, or NULL
    int64_t cap;         ///< room in pts
} VeilTracksSource;

typedef struct VeilTracksBox {
    int32_t frame;
    float x, y, w, h; ///< the face, without margin
    float score;      ///< 0..1
    VeilOrigin origin;
} VeilTracksBox;

typedef struct VeilTracksTrack {
    int id; ///< 1 or more, unique
    VeilAction action;
    char *reason, *note; ///< "" when there is none
    char *consent;       ///< id of a consent record, "" when there is none
    VeilTracksBox *box;   ///< n of them by rising frame, at most one a frame
    int n, cap;
} VeilTracksTrack;

typedef struct VeilTracksZone {
    int id;          ///< 1 or more, unique among zones
    double from, to; ///< seconds; `to` is not in it
    float (*point)[2];
    int n;           ///< points, 3 or more
    char *reason, *note;
} VeilTracksZone;

typedef struct VeilTracksMute {
    double from, to; ///< seconds
    char *reason;
} VeilTracksMute;

typedef struct VeilTracksFile {
    int64_t revision; ///< rises by one at each save of a changed file; the saver raises it
    char *program;    ///< "veil 0.1"
    VeilTracksSource source;
    json_t *detector; ///< an object, as it stands
    VeilTracksTrack *track;
    int n_tracks, cap_tracks;
    int64_t n_boxes; ///< over all tracks, as last counted by veil_tracksfile_check()
    VeilTracksZone *zone;
    int n_zones;
    VeilTracksMute *mute;
    int n_mutes;
} VeilTracksFile;

/** An empty one. @return NULL without memory */
VeilTracksFile *veil_tracksfile_new(void);
void veil_tracksfile_free(VeilTracksFile *t); ///< accepts NULL

/**
 * Parse and check.
 * @param name what the sentence calls it
 * @return 0; -EINVAL not JSON, or against a rule; -EFBIG over a limit; -ENOMEM
 */
int veil_tracksfile_parse(VeilTracksFile **out, const char *text, size_t len, const char *name,
                          char why[VEIL_TRACKSFILE_WHY]);

/** The same from a file, "-" for standard input. @return also an errno of open() or read() */
int veil_tracksfile_read(VeilTracksFile **out, const char *path, char why[VEIL_TRACKSFILE_WHY]);

/** Every rule, on one in memory; also counts n_boxes. @return 0, -EINVAL or -EFBIG */
int veil_tracksfile_check(VeilTracksFile *t, const char *name, char why[VEIL_TRACKSFILE_WHY]);

/** Write as text; does not check. @return 0, or -EIO if the stream has an error */
int veil_tracksfile_print(const VeilTracksFile *t, FILE *f);

/**
 * Check, then write: the file appears whole or not at all, with the
 * permissions of the one that it replaces.
 * @param replace false: an existing file is refused
 * @return 0; a negative errno, with `why`; where the file could not be made or
 *         named, a sentence has been printed too (veil_msg_errors())
 */
int veil_tracksfile_write(VeilTracksFile *t, const char *path, bool replace, char why[VEIL_TRACKSFILE_WHY]);

/** Add the time of the next frame. @return 0, -EFBIG, -ENOMEM */
int veil_tracksfile_add_pts(VeilTracksFile *t, int64_t pts);
int64_t veil_tracksfile_pts(const VeilTracksFile *t, int64_t frame); ///< of a frame below source.frames
double veil_tracksfile_time(const VeilTracksFile *t, int64_t frame); ///< the same in seconds

/** The track of that id; NULL if there is none. Valid until a track is added. */
VeilTracksTrack *veil_tracksfile_find(const VeilTracksFile *t, int id);

/** The same, added at the end with action cover and empty texts. @return NULL without memory, or over the limit */
VeilTracksTrack *veil_tracksfile_add_track(VeilTracksFile *t, int id);

/** Put a box at the end of a track; frames must rise. @return 0, -EINVAL or -ENOMEM */
int veil_tracksfile_add_box(VeilTracksTrack *track, const VeilTracksBox *box);

/** A track's box in that frame, or NULL. */
const VeilTracksBox *veil_tracksfile_box_at(const VeilTracksTrack *track, int64_t frame);

/**
 * All boxes of a frame, as filters have them.
 * @return number of boxes; -ENOSPC if there are more than cap
 */
int veil_tracksfile_at(const VeilTracksFile *t, int64_t frame, VeilBox *boxes, int cap);

#endif /* VEIL_SRC_TRACKSFILE_H */
