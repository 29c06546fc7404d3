/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The published file: encodes frames, takes audio packets as they are, muxes
 * both, and gives the file its name only when it is whole.
 */
#ifndef VEIL_SRC_OUTPUT_H
#define VEIL_SRC_OUTPUT_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "input.h"
#include "partfile.h"
#include "settings.h"

struct VeilAudio;

typedef struct VeilOutput {
    VeilPartFile file;
    AVFormatContext *format;
    AVCodecContext *encoder;
    AVStream *video;
    AVPacket *packet;
    int n_source;             ///< streams of the source
    int *stream_map;          ///< source stream index to output stream index, or -1
    AVRational *source_tb;    ///< by source stream index: time base of its packets
    struct VeilAudio **audio; ///< by source stream index: re-coded with parts muted, else NULL
    int64_t shift_us;         ///< added to every time: 0, unless the source begins before zero
    int64_t frames;
    bool bakes_rotation;      ///< this container cannot say "turn me": pixels must be turned

    /* private */
    struct { int64_t pts, duration; } held[256]; ///< durations of frames inside the encoder
    unsigned next_held;
} VeilOutput;

/** The muxer for that name, or NULL after a printed sentence. */
const AVOutputFormat *veil_output_format(const char *path);

/** Formats that the encoder takes, ended by AV_PIX_FMT_NONE; NULL for any, or after a printed sentence if *codec is NULL. */
const enum AVPixelFormat *veil_output_encoder(const VeilSettings *s, const AVOutputFormat *format, const AVCodec **codec);

/** True if this container cannot carry a rotation, so that the picture must be turned. */
bool veil_output_must_turn(const AVOutputFormat *format);

/**
 * Open encoder and muxer, write the header.
 * @param link  what the chain gives
 * @param first the first decoded frame: colour tags, field order
 * @return 0; AVERROR after a printed sentence
 */
int veil_output_open(VeilOutput **out, const VeilSettings *s, const VeilInput *in, const VeilLink *link,
                     const AVFrame *first);

/** Encode and mux a frame; borrowed. NULL drains the encoder. @return 0 or AVERROR after a printed sentence */
int veil_output_frame(VeilOutput *o, AVFrame *frame);

/** Mux a packet of a source audio stream; borrowed, changed. @return 0 or AVERROR after a printed sentence */
int veil_output_packet(VeilOutput *o, AVPacket *packet);

/** Trailer and flush; the file is whole but for its name. @return 0 or AVERROR after a printed sentence */
int veil_output_finish(VeilOutput *o);

/** Removes the file unless it was committed. Accepts NULL. */
void veil_output_close(VeilOutput *o);

#endif /* VEIL_SRC_OUTPUT_H */
