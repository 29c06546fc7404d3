/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A recording, opened and decoded: its best video stream as frames, its audio
 * streams as packets, in the order of the file. All else is left out, and
 * named in `stripped`.
 */
#ifndef VEIL_SRC_INPUT_H
#define VEIL_SRC_INPUT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <jansson.h>

#include "filters/filter.h"

typedef struct VeilInput {
    const char *path;          ///< as the user gave it
    AVFormatContext *format;
    AVStream *video;
    AVCodecContext *decoder;
    int rotation;              ///< clockwise degrees to show it upright: 0, 90, 180, 270
    int64_t decode_errors;     ///< packets that gave an error, and frames marked damaged
    int64_t times_nudged;      ///< frames whose time did not come after the one before, and was moved
    bool keep_audio;
    bool stop_on_error;        ///< a decoder error ends the run
    const atomic_bool *cancel; ///< set from outside: reading ends with AVERROR_EXIT

    /* private */
    AVPacket *packet;
    bool packet_pending, draining, failed_since_frame;
    int64_t last_pts, last_duration;
    uint64_t frame_side_data; ///< bit i: AVFrameSideDataType i was seen
} VeilInput;

/** What comes next: one of the two is set, owned by the receiver. */
typedef struct VeilItem {
    AVFrame *frame;
    AVPacket *packet; ///< stream_index is the source's
} VeilItem;

/**
 * Open and find the streams.
 * @param path   file, image sequence pattern, or "-" for standard input; borrowed
 * @param cancel borrowed until close
 * @return 0; AVERROR after a printed sentence
 */
int veil_input_open(VeilInput **out, const char *path, int threads, const atomic_bool *cancel);

/**
 * The next frame or packet. Frames come with pts and pkt_duration in the
 * stream's time base, times rising; a frame that the decoder could not make
 * whole is marked as veil_frame_is_damaged().
 * @return 0; AVERROR_EOF at the end; AVERROR after a printed sentence
 */
int veil_input_next(VeilInput *in, VeilItem *item);

/** Describe the decoded video; call with the first frame. */
VeilLink veil_input_link(const VeilInput *in, const AVFrame *first);

/** What the output leaves out: streams, metadata keys, chapters, side data. @return new JSON array, or NULL */
json_t *veil_input_stripped(const VeilInput *in, const char *keep_metadata);

void veil_input_close(VeilInput *in); ///< accepts NULL
void veil_item_free(VeilItem *item);  ///< frees what it holds

#endif /* VEIL_SRC_INPUT_H */
