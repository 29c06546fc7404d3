/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Records: what a unit holds once it is open (PROTOCOL section 3.2). One record
 * is one crop: le32 frame || le64 pts || le32 x, y, w, h || u8 codec ||
 * le32 length || bytes. The size inside the picture must be the rectangle's,
 * so that no decoder is asked for more pixels than the frame has.
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
#define VEIL_RECORD_MAX  (4u << 20) ///< longest picture, in bytes
#define VEIL_RECORD_SIDE 8192       ///< longest side, in pixels

enum { VEIL_CODEC_JPEG = 1, VEIL_CODEC_PNG = 2 }; ///< no others exist

typedef struct VeilRecord {
    uint32_t frame;      ///< index in the video
    int64_t pts;         ///< in the video's time base
    uint32_t x, y, w, h; ///< in luma pixels of the video
    uint8_t codec;
    uint32_t len;        ///< bytes at data
    const uint8_t *data; ///< borrowed
} VeilRecord;

/**
 * Write a record.
 * @param out receives VEIL_RECORD_HEAD + r->len bytes
 * @return bytes written; VEIL_E_RECORD as veil_record_next(); -ENOSPC
 */
int64_t veil_record_put(uint8_t *out, size_t cap, const VeilRecord *r, uint32_t width, uint32_t height,
                        VeilErr *err);

/**
 * Read the record at *at and move past it.
 * @param width, height of the video, from the vault's header
 * @return 1; 0 at the end; VEIL_E_RECORD for an unknown codec, a rectangle
 *         outside the frame, a cut-off record, or a picture whose own size is
 *         not the rectangle's
 */
int veil_record_next(VeilRecord *r, const uint8_t *bytes, size_t len, size_t *at, uint32_t width,
                     uint32_t height, VeilErr *err);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_RECORD_H */
