/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file Look for faces and follow them, without writing a video: the first of two passes. */
#ifndef VEIL_SRC_SCAN_H
#define VEIL_SRC_SCAN_H

#include "input.h"
#include "settings.h"
#include "tracksfile.h"

/**
 * Run detect and track as `veil redact` would with these settings.
 * @param in  an open recording of a plain file; read to its end
 * @param out receives the tracks, checked; free with veil_tracksfile_free()
 * @return 0; AVERROR or a negative errno after a printed sentence
 */
int veil_scan_run(VeilTracksFile **out, VeilInput *in, const VeilSettings *s, const VeilFilterEnv *env);

#endif /* VEIL_SRC_SCAN_H */
