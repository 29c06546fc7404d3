/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file A probe picture: the photograph that a warrant names, from a PNG or JPEG file. */
#ifndef VEIL_SRC_PROBE_H
#define VEIL_SRC_PROBE_H

#include <stdint.h>
#include <libavutil/frame.h>

#define VEIL_PROBE_BYTES_MAX  (64u << 20)
#define VEIL_PROBE_PIXELS_MAX (64 << 20)

/**
 * Decode the one picture in these bytes.
 * @param name for the sentence
 * @return VEIL_EXIT_ code after a printed sentence unless 0; *out is freed with av_frame_free()
 */
int veil_probe_decode(AVFrame **out, const uint8_t *bytes, size_t len, const char *name);

#endif /* VEIL_SRC_PROBE_H */
