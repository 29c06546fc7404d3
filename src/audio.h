/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * An audio track with parts silenced: decoded, set to zero to the sample, and
 * coded again with its own codec where FFmpeg has an encoder for it.
 */
#ifndef VEIL_SRC_AUDIO_H
#define VEIL_SRC_AUDIO_H

#include <stdbool.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

typedef struct VeilAudio VeilAudio;

/**
 * @param from   source stream
 * @param to     output stream: receives the codec parameters
 * @param ranges "FROM-TO,FROM-TO", each a time as in ffmpeg, in the source's clock
 * @return 0; AVERROR after a printed sentence
 */
int veil_audio_open(VeilAudio **out, const AVStream *from, AVStream *to, const AVOutputFormat *format,
                    const char *ranges);

/**
 * Take a source packet (borrowed; NULL at the end), hand on what is ready.
 * @param write receives packets in the output stream's time base; borrowed
 * @return 0 or AVERROR, after a printed sentence unless it came from write
 */
int veil_audio_packet(VeilAudio *a, AVPacket *packet, int (*write)(void *opaque, AVPacket *p), void *opaque);

/** True if "keep", "drop" or a well-formed "mute=..."; else prints a sentence. */
bool veil_audio_check(const char *how);

void veil_audio_close(VeilAudio *a); ///< accepts NULL

#endif /* VEIL_SRC_AUDIO_H */
