/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Where av_log() goes: lines of our own filters become our messages; FFmpeg's
 * own are printed only when verbose.
 */
#ifndef VEIL_SRC_AVLOG_H
#define VEIL_SRC_AVLOG_H

/** Take over av_log(). Call once, before any thread. */
void veil_avlog_install(void);

#endif /* VEIL_SRC_AVLOG_H */
