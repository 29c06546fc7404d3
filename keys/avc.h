/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * What an H.264 picture of a record says about itself, before any decoder
 * sees it: its size, and that it holds one frame and nothing else. Byte
 * stream format (ITU-T H.264 annex B); only what veil's own sealer writes is
 * let through.
 */
#ifndef VEIL_KEYS_AVC_H
#define VEIL_KEYS_AVC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** From the sequence parameter set. */
typedef struct VeilAvc {
    uint32_t w, h;     ///< in luma samples, after cropping
    uint8_t profile;   ///< profile_idc
    uint8_t chroma;    ///< 0 grey, 1 4:2:0, 2 4:2:2, 3 4:4:4
    uint8_t depth;     ///< bits of a luma sample, 8 or 10; chroma has as many
    uint8_t reference; ///< frames that the decoder must keep, at most VEIL_AVC_REFERENCES
} VeilAvc;

#define VEIL_AVC_REFERENCES 4

/**
 * Is it a picture that begins a stream: one sequence parameter set, one
 * picture parameter set, one IDR slice that starts at the first macroblock,
 * nothing else? Refuses fields, scaling matrices and frame number gaps.
 */
bool veil_avc_first(VeilAvc *a, const uint8_t *p, size_t len);

/** Is it a picture that goes on: one slice that starts at the first macroblock, nothing else? */
bool veil_avc_following(const uint8_t *p, size_t len);

/**
 * Next unit of a byte stream: without start code, its trailing zeros cut off.
 * @return false at the end, or where a start code should be and is not
 */
bool veil_avc_unit(const uint8_t *p, size_t len, size_t *at, const uint8_t **unit, size_t *unit_len);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_AVC_H */
