/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Which parts of the picture must be searched again. Before a fixed camera in
 * a quiet street all but a person or two stands still, and what a search of
 * still pixels would find is known: what the last one found. Mean luma of
 * small squares is compared with what it was when each was last searched, so
 * that slow changes add up until they count; faces found and faces missed are
 * as if all had been searched, but for noise.
 *
 * One memory serves one size of the picture: another size finds other faces.
 */
#ifndef VEIL_FILTERS_PARTS_H
#define VEIL_FILTERS_PARTS_H

#include <stdint.h>
#include <libavutil/frame.h>

#include "boxes.h"

typedef struct VeilParts {
    uint8_t *seen, *now; ///< mean luma of each square: when it was last searched, and of this frame
    int w, h;            ///< squares
    VeilFace *faces;     ///< VEIL_MAX_FACES; what the searches found, all over the picture
    int n;
    int since_whole;     ///< searches since the last of the whole picture
    bool known;          ///< false: nothing was searched yet
} VeilParts;

#define VEIL_MAX_PARTS 8

/**
 * What to search of this frame.
 * @param parts       all zero before the first
 * @param whole_every the whole picture each Nth time, whatever stands still; 1 or more
 * @param out         the whole frame alone; or parts that do not meet, which hold faces with their surroundings wholly or
 *                    not at all
 * @return number of parts, 0 if nothing changed; AVERROR(ENOMEM)
 */
int veil_parts_choose(VeilParts *parts, const AVFrame *frame, int whole_every, VeilRect out[VEIL_MAX_PARTS]);

/**
 * Remember what the search of these parts found, and add what is known of the rest.
 * @param searched as chosen, n_searched of them
 * @param faces    n of the parts searched, in frame pixels; room for VEIL_MAX_FACES
 * @return number of faces of the whole frame
 */
int veil_parts_found(VeilParts *parts, const AVFrame *frame, const VeilRect *searched, int n_searched, VeilFace *faces, int n);

/** Another scene begins. */
void veil_parts_forget(VeilParts *parts);

void veil_parts_free(VeilParts *parts);

#endif /* VEIL_FILTERS_PARTS_H */
