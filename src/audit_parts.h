/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file What the parts of the audit share; see audit.h. */
#ifndef VEIL_SRC_AUDIT_PARTS_H
#define VEIL_SRC_AUDIT_PARTS_H

#include <libavutil/frame.h>

#include "audit.h"

/** Luma as bytes. */
typedef struct VeilLuma {
    const uint8_t *data;
    ptrdiff_t stride;
    int w, h;
    uint8_t *own; ///< where more than 8 bits were made 8; kept from call to call, free with av_free()
    unsigned own_size;
} VeilLuma;

/** Read a frame's luma; borrows it. @return 0; AVERROR(EINVAL) if it has none; AVERROR(ENOMEM) */
int veil_luma_read(VeilLuma *l, const AVFrame *frame);

/** How a place of the output looks. */
typedef enum VeilBareness {
    VEIL_PLACE_BARE,    ///< what the source shows there is still to be seen
    VEIL_PLACE_MASKED,
    VEIL_PLACE_UNCLEAR, ///< too little detail to tell
} VeilBareness;

/**
 * Compare a face's place with the source.
 * @param box x, y, w, h in luma pixels; may reach outside
 */
VeilBareness veil_place_compare(const VeilLuma *out, const VeilLuma *source, const float box[4]);

/** Judge it without the source: a mask is flat, or a few flat squares. `level` is the luma of solid masks, -1 if unknown. */
VeilBareness veil_place_look(const VeilLuma *out, const float box[4], int level);

/** What two frames have in common, in blocks of 16 by 16. */
typedef struct VeilDifference {
    double changed; ///< share of blocks that differ by more than coding does
    double stray;   ///< share of blocks that differ, and are no part of a mask
    double psnr;    ///< of the rest, dB; 99 at most
} VeilDifference;

int veil_difference(VeilDifference *d, const VeilLuma *out, const VeilLuma *source); ///< @return 0 or AVERROR(ENOMEM)

/** Add a check's result. */
void veil_audit_add(VeilAudit *a, const char *name, VeilAuditState state, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/**
 * A face in sight in this frame: joined to the stretch that it goes on with.
 * @param again closer looks that saw it; -1: no detector's find, but a box of the tracks file without a mask
 * @return 0 or -ENOMEM
 */
int veil_audit_add_face(VeilAudit *a, int64_t frame, double time, const float box[4], float score, int again);

/** A second opinion: the surroundings of a find, searched alone at other sizes. */
typedef struct VeilCloser {
    const struct VeilDetectorBackend *backend;
    void *look[VEIL_AUDIT_LOOKS];
} VeilCloser;

/** @param rotation as in VeilDetectorConfig. @return 0; AVERROR after a printed sentence */
int veil_closer_open(VeilCloser *c, const char *detector, int rotation, double threshold);
/** @return how many looks see a face there, 0 to VEIL_AUDIT_LOOKS; AVERROR */
int veil_closer_look(VeilCloser *c, const AVFrame *frame, const float box[4]);
void veil_closer_close(VeilCloser *c);

/** What was seen is all there: add the check "faces". */
void veil_audit_conclude_faces(VeilAudit *a);

/** Intersection over union of two boxes. */
float veil_audit_overlap(const float a[4], const float b[4]);

/** Set detector and size: by the job, or to differ from what made the file. Needs width and height. */
void veil_audit_choose(VeilAudit *a, const VeilAuditJob *job);

/** All frames: faces, and with a source frames, times and picture. @return 0; AVERROR after a printed sentence */
int veil_audit_frames(VeilAudit *a, const VeilAuditJob *job);

/** Sound, streams, metadata: all that needs no picture. @return 0; AVERROR after a printed sentence */
int veil_audit_media(VeilAudit *a, const VeilAuditJob *job);

#endif /* VEIL_SRC_AUDIT_PARTS_H */
