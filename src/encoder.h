/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file The video encoder of the published file, opened as the settings say. */
#ifndef VEIL_SRC_ENCODER_H
#define VEIL_SRC_ENCODER_H

#include <stdbool.h>
#include <libavcodec/avcodec.h>

#include "filters/filter.h"
#include "settings.h"

/** All borrowed for the call. */
typedef struct VeilEncoderJob {
    const AVCodec *codec;
    const VeilSettings *settings; ///< crf, preset, enc_opts, threads
    const VeilLink *link;         ///< what the chain gives
    const AVFrame *first;         ///< the first decoded frame: colour tags, field order
    bool global_header;           ///< the container wants the encoder's headers apart
} VeilEncoderJob;

/**
 * @param out receives the encoder, to be freed in any case
 * @return 0; AVERROR after a printed sentence; AVERROR(ENOMEM)
 */
int veil_encoder_open(AVCodecContext **out, const VeilEncoderJob *job);

#endif /* VEIL_SRC_ENCODER_H */
