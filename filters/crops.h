/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The crops of one track as an H.264 stream in the records of a vault unit
 * (keys/record.h), and back. A canvas of fixed size follows the face; when
 * the face outgrows it, a new stream begins in the same unit. Each record is
 * one frame, given back as soon as it is coded, so that an open unit holds
 * packets, never pictures.
 *
 * 8 and 10 bit, 4:2:0, 4:2:2, 4:4:4 and grey keep their format. Lossless
 * gives back every sample bit for bit.
 */
#ifndef VEIL_FILTERS_CROPS_H
#define VEIL_FILTERS_CROPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <libavutil/frame.h>
#include <libavutil/pixfmt.h>

#include "boxes.h"
#include "keys/err.h"

/** Most record bytes of a unit: 992 chunks (keys/unit.h). */
#define VEIL_CROPS_UNIT_MAX ((size_t)992 * 16384 - 8)

/** Formats that can be coded, ended by AV_PIX_FMT_NONE. */
extern const enum AVPixelFormat veil_crops_formats[];

/** Place and time of one crop. */
typedef struct VeilCrop {
    uint32_t frame; ///< index in the published video, from 0
    int64_t pts;    ///< microseconds after the first frame
    VeilRect rect;  ///< luma pixels, inside the frame
} VeilCrop;

/* ---- writing ---------------------------------------------------------------- */

/** Encoders of a run, lent to the tracks that are in the picture. */
typedef struct VeilCropsPool VeilCropsPool;

typedef struct VeilCropsConfig {
    enum AVPixelFormat format; ///< one of veil_crops_formats
    int width, height;         ///< of the video, in luma pixels; even where chroma is halved
    int block_w, block_h;      ///< rectangles begin at multiples of these (veil_paint_block())
    bool lossless;
} VeilCropsConfig;

/** @return 0; AVERROR(ENOMEM); AVERROR_ENCODER_NOT_FOUND */
int veil_crops_pool_new(VeilCropsPool **out, const VeilCropsConfig *config);
void veil_crops_pool_free(VeilCropsPool *pool); ///< after all its tracks; accepts NULL

/** The crops of one track: records of the unit that is open now, and where the canvas is. */
typedef struct VeilCrops VeilCrops;

int veil_crops_new(VeilCrops **out, VeilCropsPool *pool); ///< pool is borrowed. @return 0 or AVERROR(ENOMEM)
void veil_crops_free(VeilCrops *c);                        ///< accepts NULL

/** Move the canvas so that it holds what lies in the frame of `wanted`. @return its rectangle */
VeilRect veil_crops_place(VeilCrops *c, VeilRect wanted);

/**
 * Code one crop and append its record.
 * @param crop    rect is what veil_crops_place() gave last
 * @param picture rect.w x rect.h samples of the pool's format; borrowed
 * @return 0; AVERROR(ENOSPC): the unit has no room, nothing was added: take the
 *         records, veil_crops_restart(), add again; AVERROR of the encoder
 */
int veil_crops_add(VeilCrops *c, const VeilCrop *crop, const AVFrame *picture);

/** Records so far; owned by c, until the next call. @return number of bytes */
size_t veil_crops_records(const VeilCrops *c, const uint8_t **records);

/** Wipe the records and begin another unit: the next record begins a stream. */
void veil_crops_restart(VeilCrops *c);

/** The face is out of the picture: give the encoder back. The records stay. */
void veil_crops_rest(VeilCrops *c);

/* ---- reading (crops_read.c) --------------------------------------------------- */

typedef struct VeilCropsReader VeilCropsReader;

/**
 * Read an opened unit. Opens no file and starts no thread, so that it runs in
 * a sandboxed process. Codecs 3 and 4 only: veil seals nothing else.
 *
 * @param records borrowed until close
 * @param width, height of the video, from the vault's header
 * @return 0; AVERROR(ENOMEM); AVERROR_DECODER_NOT_FOUND
 */
int veil_crops_open(VeilCropsReader **out, const uint8_t *records, size_t len, uint32_t width, uint32_t height);

/**
 * The next crop.
 * @param picture receives a new frame of crop->rect.w x rect.h, for the caller to free
 * @param err     receives a sentence on a negative code; may be NULL
 * @return 1; 0 at the end; VEIL_E_RECORD for anything wrong with a record or its
 *         picture, after which the reader gives nothing more; AVERROR(ENOMEM)
 */
int veil_crops_next(VeilCropsReader *r, VeilCrop *crop, AVFrame **picture, VeilErr *err);

/** Was the last crop coded bit for bit? Always false for 4:4:4, where its header does not tell. */
bool veil_crops_is_lossless(const VeilCropsReader *r);

void veil_crops_close(VeilCropsReader *r); ///< accepts NULL

#endif /* VEIL_FILTERS_CROPS_H */
