/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Face boxes on a frame. They travel as AV_FRAME_DATA_DETECTION_BBOXES, so
 * that FFmpeg's own filters can make and show them; track id, origin and
 * landmarks ride in its label fields, and only this file knows how.
 *
 * An empty list says "searched, found none"; no list says "nobody searched".
 */
#ifndef VEIL_FILTERS_BOXES_H
#define VEIL_FILTERS_BOXES_H

#include <stdbool.h>
#include <libavutil/frame.h>

#include "detector.h"

typedef enum VeilOrigin {
    VEIL_ORIGIN_DETECTED, ///< a detector saw it in this frame
    VEIL_ORIGIN_FILLED,   ///< between two detections of its track
    VEIL_ORIGIN_EXTENDED, ///< before the first or after the last of its track
    VEIL_ORIGIN_MANUAL,   ///< drawn by a person
    VEIL_ORIGIN_NB
} VeilOrigin;

/** What is to become of the face in a box. 0 is the safe one, for whoever does not say. */
typedef enum VeilAction {
    VEIL_ACTION_COVER, ///< hide it
    VEIL_ACTION_KEEP,  ///< show it, if the `consent` filter finds that it may be shown; else hide it
    VEIL_ACTION_SEAL,  ///< hide it, and seal it for those who hold keys
    VEIL_ACTION_NB
} VeilAction;

/** One box; positions in luma pixels of the frame as stored. */
typedef struct VeilBox {
    VeilFace face;
    int track; ///< track number from 1; 0 when nothing has tracked it
    VeilOrigin origin;
    VeilAction action;
} VeilBox;

/** A rectangle of whole luma pixels. */
typedef struct VeilRect {
    int x, y, w, h;
} VeilRect;

/**
 * Give the frame this list, in place of one that it has.
 * @param n      number of boxes, 0 to VEIL_MAX_FACES
 * @param source who made it, such as "detect yunet"; at most 255 bytes are kept
 * @return 0 or AVERROR(ENOMEM)
 */
int veil_boxes_set(AVFrame *frame, const VeilBox *boxes, int n, const char *source);

/**
 * Read the frame's list.
 * @param boxes receives at most cap boxes; those beyond are an error, never dropped
 * @return number of boxes; AVERROR(ENOENT) if there is no list; AVERROR(EINVAL)
 *         if it has more than cap boxes
 */
int veil_boxes_get(const AVFrame *frame, VeilBox *boxes, int cap);

/** The box grown by `margin` times its size on each side, in whole pixels, rounded outwards; not clipped. */
VeilRect veil_box_rect(const VeilBox *box, double margin);

/** The frame shows another scene than the one before it; nothing is tracked across. */
int veil_frame_mark_cut(AVFrame *frame);
bool veil_frame_is_cut(const AVFrame *frame);

/** How many boxes were hidden in this frame; travels with it through foreign filters, for the report. */
int veil_frame_mark_covered(AVFrame *frame, int boxes);
int veil_frame_covered(const AVFrame *frame);

/** The decoder reported an error in this frame, so it must be covered whole. */
static inline bool veil_frame_is_damaged(const AVFrame *frame)
{
    return frame->decode_error_flags || (frame->flags & AV_FRAME_FLAG_CORRUPT);
}

/** Word for reports: "detected", "filled", "extended", "manual". */
const char *veil_origin_name(VeilOrigin origin);

/** Word for files and reports: "cover", "keep", "seal". */
const char *veil_action_name(VeilAction action);

/** @return the action of that name, or -1 */
int veil_action_find(const char *name);

#endif /* VEIL_FILTERS_BOXES_H */
