/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Opened units, decoded in a sandbox (PROTOCOL section 6, step 7): records go
 * in, pictures come out. One child serves one track of one vault, so what a
 * bad unit does to it spoils no other track. Nothing that the child says is
 * believed: sizes, places and formats are checked against the vault's
 * geometry, the number of pictures against the number of records, and a child
 * that says nothing is ended.
 */
#ifndef VEIL_SRC_CROPCHILD_H
#define VEIL_SRC_CROPCHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <libavutil/frame.h>

#include "filters/crops.h"
#include "keys/err.h"
#include "sandbox.h"

/* ---- what the child says (cropmsg.c) ---------------------------------------------- */

#define VEIL_CROPMSG_BYTES 64 ///< length of a head; the samples of a picture follow it

enum { VEIL_CROPMSG_PICTURE = 1, VEIL_CROPMSG_END = 2, VEIL_CROPMSG_BAD = 3 };

/** A head: picture, end of the unit, or "a record is bad". */
typedef struct VeilCropMsg {
    uint32_t kind; ///< VEIL_CROPMSG_
    VeilCrop crop; ///< BAD: only crop.frame, 0 if it is not known
    enum AVPixelFormat format; ///< one of veil_crops_formats, never a J one
    bool lossless;
    uint8_t range, primaries, transfer, space, chroma_location; ///< as in AVFrame
    uint32_t bytes; ///< of samples: planes one after another, rows without gaps
} VeilCropMsg;

/** What the next message may say. */
typedef struct VeilCropLimits {
    uint32_t width, height;    ///< of the video, from the vault's header
    int64_t after;             ///< frames must be higher than this; -1 before the first
    enum AVPixelFormat format; ///< of this track's pictures so far, or AV_PIX_FMT_NONE
} VeilCropLimits;

void veil_cropmsg_put(uint8_t out[VEIL_CROPMSG_BYTES], const VeilCropMsg *m);

/** Read a head. @return 0; VEIL_E_RECORD for anything outside the limits */
int veil_cropmsg_parse(VeilCropMsg *m, const uint8_t in[VEIL_CROPMSG_BYTES], const VeilCropLimits *limits,
                       VeilErr *err);

/* ---- the child ----------------------------------------------------------------------- */

typedef struct VeilCropChild VeilCropChild;

/**
 * Start one. Call it before any key is unlocked: the child is a copy of us.
 * @param width, height of the video, from the vault's header
 * @param units that it will be given in all: its share of CPU time
 * @return 0; negative errno after a printed sentence
 */
int veil_cropchild_start(VeilCropChild **out, uint32_t width, uint32_t height, unsigned units);

/**
 * Give it the records of a unit; the one before must be at its end.
 * @param records borrowed for the call
 * @return 0; VEIL_E_RECORD if the child has failed
 */
int veil_cropchild_give(VeilCropChild *c, const uint8_t *records, size_t len, VeilErr *err);

/**
 * The next picture of the unit. It is decoded ahead by what fits in a socket, no more.
 * @param picture receives a new frame of crop->rect.w x rect.h; free it with
 *                veil_cropchild_wipe()
 * @param lossless NULL, or receives whether it was coded bit for bit
 * @return 1; 0 at the end of the unit; VEIL_E_RECORD for a bad record, and for
 *         a child that died, says nonsense or nothing; -ENOMEM
 */
int veil_cropchild_next(VeilCropChild *c, VeilCrop *crop, AVFrame **picture, bool *lossless, VeilErr *err);

/** End it. Accepts NULL. */
void veil_cropchild_stop(VeilCropChild *c);

/** Overwrite the samples and free the frame. Accepts a pointer to NULL. */
void veil_cropchild_wipe(AVFrame **picture);

/* ---- for tests ------------------------------------------------------------------------- */

/** As veil_cropchild_start(), with another body and less patience. */
int veil_cropchild_start_body(VeilCropChild **out, uint32_t width, uint32_t height, unsigned units,
                              VeilSandboxBody body, int patience_ms);

#endif /* VEIL_SRC_CROPCHILD_H */
