/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A chain of filters from a line of text, in FFmpeg's syntax:
 * "scale=1280:-2,detect=size=1280,track,cover=style=ellipse". A name that is
 * not one of ours, and those beside it, become a libavfilter graph.
 */
#ifndef VEIL_FILTERS_CHAIN_H
#define VEIL_FILTERS_CHAIN_H

#include "filter.h"

typedef struct VeilChain VeilChain;

/** Receives each finished frame and owns it from then on. @return 0 or AVERROR, which ends the run */
typedef int (*VeilChainSink)(void *opaque, AVFrame *frame);

/** Receives one filter's name, its arguments ("" if none) and its facts. @return 0 or AVERROR */
typedef int (*VeilChainVisit)(void *opaque, const char *name, const char *args, const AVDictionary *facts);

/**
 * What the filters of a description do, without opening any.
 * @return VEIL_FILTER_* flags of all filters, or AVERROR(EINVAL) after av_log() if it cannot be parsed
 */
int veil_chain_flags(const char *description);

/**
 * Build and open all filters.
 *
 * @param in       what will be pushed; frames of another size or format are
 *                 converted to it, so they may change on the way
 * @param out_fmts formats that may come out, ended by AV_PIX_FMT_NONE; the
 *                 one that loses least is used throughout. NULL: any
 * @param env      borrowed until veil_chain_close()
 * @return 0; AVERROR after av_log() of one sentence
 */
int veil_chain_open(VeilChain **out, const char *description, const VeilLink *in,
                    const enum AVPixelFormat *out_fmts, const VeilFilterEnv *env, VeilChainSink sink, void *opaque);

/** What comes out. */
const VeilLink *veil_chain_link(const VeilChain *chain);

/**
 * Push one frame, in presentation order; finished frames go to the sink
 * before this returns.
 * @param frame owned by the chain from here on, also on error; NULL: the end
 * @return 0 or AVERROR, after which the chain can only be closed
 */
int veil_chain_push(VeilChain *chain, AVFrame *frame);

/** Visit all filters in order. @return 0 or the first error */
int veil_chain_describe(const VeilChain *chain, VeilChainVisit visit, void *opaque);

void veil_chain_close(VeilChain *chain); ///< accepts NULL

#endif /* VEIL_FILTERS_CHAIN_H */
