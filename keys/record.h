/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Records: what a unit holds once it is open (PROTOCOL section 3.2). One record
 * is one crop: le32 frame || le64 pts || le32 x, y, w, h || u8 codec ||
 * le32 length || bytes. The size inside the picture must be the rectangle's,
 * so that no decoder is asked for more pixels than the frame has. A picture
 * that goes on in a stream has no size of its own: it must come right after
 * one of the same stream and size.
 */
#ifndef VEIL_KEYS_RECORD_H
#define VEIL_KEYS_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_RECORD_HEAD 33         ///< bytes before the picture
#define VEIL_RECORD_MAX  (12u << 20) ///< longest picture, in bytes: a unit has room for one
#define VEIL_RECORD_SIDE 8192       ///< longest side, in pixels

/** No others exist. H.264 as in avc.h: one frame a record, in the order shown. */
enum {
    VEIL_CODEC_JPEG = 1,
    VEIL_CODEC_PNG = 2,
    VEIL_CODEC_AVC_FIRST = 3, ///< begins a stream, and states its size
    VEIL_CODEC_AVC_NEXT = 4,  ///< goes on: only after a 3 or 4 of the same w and h, and an earlier frame
};

typedef struct VeilRecord {
    uint32_t frame;      ///< index in the video
    int64_t pts;         ///< microseconds after the video's first frame
    uint32_t x, y, w, h; ///< in luma pixels of the video
    uint8_t codec;
    uint32_t len;        ///< bytes at data
    const uint8_t *data; ///< borrowed
} VeilRecord;

/**
 * Write a record. What codec 4 must follow is checked by the reader alone.
 * @param out receives VEIL_RECORD_HEAD + r->len bytes
 * @return bytes written; VEIL_E_RECORD as veil_record_next(); -ENOSPC
 */
int64_t veil_record_put(uint8_t *out, size_t cap, const VeilRecord *r, uint32_t width, uint32_t height,
                        VeilErr *err);

/**
 * Read the record at *at and move past it.
 * @param r      the record before this one, all zero before the first; receives this one
 * @param width, height of the video, from the vault's header
 * @return 1; 0 at the end; VEIL_E_RECORD for an unknown codec, a rectangle
 *         outside the frame, a cut-off record, a picture whose own size is not
 *         the rectangle's, or one that goes on with no stream before it
 */
int veil_record_next(VeilRecord *r, const uint8_t *bytes, size_t len, size_t *at, uint32_t width,
                     uint32_t height, VeilErr *err);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_RECORD_H */
