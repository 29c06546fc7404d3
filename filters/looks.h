/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Looks at one face: find it in a picture with its five landmarks, align it,
 * and keep the best few of a track. Pictures are wiped when they go.
 */
#ifndef VEIL_FILTERS_LOOKS_H
#define VEIL_FILTERS_LOOKS_H

#include <libavutil/frame.h>

#include "align.h"
#include "boxes.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_LOOKS_MAX 5   ///< looks kept of a track
#define VEIL_LOOKS_GAP 5   ///< frames between two of them, at least: neighbours show the same again
#define VEIL_VIEW_W    240 ///< the picture for a person, with hair and chin, in pixels
#define VEIL_VIEW_H    300
#define VEIL_VIEW_BYTES (VEIL_VIEW_W * VEIL_VIEW_H * 3)

/** Finds the one face of a picture. */
typedef struct VeilLooker VeilLooker;

/**
 * @param detector one with landmarks
 * @param model    path of its weights, already checked; NULL for compiled-in ones
 * @param rotation clockwise degrees that make pictures upright: 0, 90, 180 or 270
 * @param log      AVClass context for av_log(); borrowed until close
 * @return 0; as the detector's open()
 */
int veil_looker_open(VeilLooker **out, const VeilDetectorBackend *detector, const char *model, int rotation, int threads,
                     void *log);
void veil_looker_close(VeilLooker *l); ///< wipes and frees; accepts NULL

/** One look. */
typedef struct VeilLook {
    uint32_t frame;  ///< as given
    uint32_t seg;    ///< as given
    VeilFace face;   ///< pixels of the picture that it was found in
    float quality;   ///< veil_align_quality()
    uint8_t *aligned; ///< VEIL_ALIGN_BYTES in secret memory
    uint8_t *view;    ///< VEIL_VIEW_BYTES in secret memory: upright, for a person
} VeilLook;

/** @return 0 or AVERROR(ENOMEM); free with veil_look_free() in both cases */
int veil_look_new(VeilLook *look);
void veil_look_free(VeilLook *look); ///< wipes

/**
 * Find the face, and align it.
 * @param box  where a person says that a face is (IoU of .25 at least), whichever way
 *             up; NULL: the largest upright face of the picture
 * @param look made by veil_look_new(); frame and seg are left alone
 * @return 1; 0 no face there; a negative AVERROR
 */
int veil_looker_look(VeilLooker *l, const AVFrame *picture, const VeilRect *box, VeilLook *look);

/** The best looks of a track, best first. Starts zeroed. */
typedef struct VeilLooks {
    VeilLook at[VEIL_LOOKS_MAX];
    int n;
    VeilLook spare;
    int seen, found; ///< pictures offered, and those with a face
} VeilLooks;

/**
 * Offer the next picture of a track.
 * @return 1 it shows a face, 0 it does not; a negative AVERROR
 */
int veil_looks_offer(VeilLooks *s, VeilLooker *l, const AVFrame *picture, uint32_t frame, uint32_t seg);
void veil_looks_free(VeilLooks *s); ///< wipes and clears

#ifdef __cplusplus
}
#endif

#endif /* VEIL_FILTERS_LOOKS_H */
