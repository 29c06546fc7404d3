/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * An independent look at a finished video: faces that are still to be seen,
 * by another detector or at a higher resolution than made it; and what else
 * should be as it was, or gone.
 */
#ifndef VEIL_SRC_AUDIT_H
#define VEIL_SRC_AUDIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <jansson.h>

#include "filters/filter.h"
#include "tracksfile.h"

#define VEIL_AUDIT_LOOKS     3     ///< closer looks at each find, at other sizes
#define VEIL_AUDIT_SURE      2     ///< of them that make it a finding; with fewer it is doubtful
#define VEIL_AUDIT_BUCKETS   500   ///< parts of the timeline
#define VEIL_AUDIT_FACES_MAX 20000 ///< stretches that are listed; more are only counted

typedef struct VeilAuditJob {
    const char *path;            ///< the finished video
    const char *name;            ///< what to call it: its final name, where `path` is a part file; NULL: path
    const char *source;          ///< NULL: only what the output alone can tell
    const json_t *report;        ///< of redact, borrowed; NULL if there is none
    const VeilTracksFile *tracks; ///< borrowed; NULL if it was not made from one, or that is unknown
    bool (*shows)(const void *opaque, int track); ///< is this track kept in sight? NULL: as its action says
    const void *opaque;
    const char *detector;        ///< "auto": chosen to differ from what made the file
    int size;                    ///< longer side searched; 0: chosen so
    int every;                   ///< search each Nth frame
    bool strict;                 ///< doubtful finds count as well
    double threshold;            ///< lowest score that counts as a face, on the common scale
    int threads;                 ///< 0: all cores
    const atomic_bool *cancel;
} VeilAuditJob;

/** A face in sight, from its first frame to its last. */
typedef struct VeilAuditFace {
    bool uncovered;          ///< a box of the tracks file that no mask lies on; else a detector's find
    int64_t from, to;        ///< frame numbers
    double from_s, to_s;     ///< their times
    int frames;              ///< in which it was seen
    int again;               ///< closer looks that saw it too, in its best frame, of VEIL_AUDIT_LOOKS
    float x, y, w, h, score; ///< where the score is best; luma pixels of the frame as stored
    float last[4];           ///< where it was seen last
} VeilAuditFace;

typedef enum VeilAuditState { VEIL_AUDIT_PASSED, VEIL_AUDIT_FAILED, VEIL_AUDIT_SKIPPED } VeilAuditState;

typedef struct VeilAuditCheck {
    const char *name; ///< "times", "audio"
    VeilAuditState state;
    char text[400];   ///< what was seen, a few words
} VeilAuditCheck;

typedef struct VeilAudit {
    char *name, *source;             ///< as the job gave them; source may be NULL
    char made_detector[32], detector[32]; ///< "" if unknown
    int made_size, size, every;      ///< longer side searched then and now
    double threshold;
    bool strict;
    char model_sha256[65];
    int width, height, rotation;
    int64_t frames;
    double begin_s, end_s;
    int64_t found, over_masks, kept; ///< detections; those that lie on masks, on kept faces
    VeilAuditFace *face;
    int n_faces, cap_faces;
    int64_t more_faces; ///< not listed
    int doubtful;       ///< stretches of the list that are
    VeilAuditCheck check[16];
    int n_checks;
    float changed[VEIL_AUDIT_BUCKETS]; ///< share of the picture that a mask covers, at most, by part of the timeline
    bool has_changed;
    double wall_s;
} VeilAudit;

/**
 * Look at everything.
 * @param out free with veil_audit_free(); whole only if 0 is returned
 * @return 0, whatever was found; AVERROR or a negative errno after a printed sentence if it could not look
 */
int veil_audit_run(VeilAudit **out, const VeilAuditJob *job);

bool veil_audit_is_doubtful(const VeilAudit *a, const VeilAuditFace *face); ///< a person should look, but it does not fail
bool veil_audit_is_clean(const VeilAudit *a);
int veil_audit_failed(const VeilAudit *a); ///< checks that failed

json_t *veil_audit_json(const VeilAudit *a); ///< new object
/** One page that loads nothing and runs nothing. @return 0 or -EIO */
int veil_audit_html(const VeilAudit *a, FILE *f);
void veil_audit_say(const VeilAudit *a); ///< in a few lines, as messages
void veil_audit_free(VeilAudit *a);      ///< accepts NULL

#endif /* VEIL_SRC_AUDIT_H */
