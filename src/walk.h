/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Go through a recording without writing one: decode, filter, hand each frame
 * on. What `veil scan` and `veil audit` are made of.
 */
#ifndef VEIL_SRC_WALK_H
#define VEIL_SRC_WALK_H

#include "filters/chain.h"
#include "input.h"

typedef struct VeilWalk {
    VeilInput *in;
    VeilChain *chain;      ///< for veil_chain_describe(); closed by veil_walk_close()
    int64_t frames;        ///< decoded so far
    int64_t total;         ///< expected, 0 if unknown
    VeilLink link;         ///< what the decoder gives
    AVFrame *first;        ///< private: read, not yet pushed
} VeilWalk;

/**
 * Read to the first frame and open the chain for it.
 * @param in       borrowed; audio packets are dropped
 * @param chain    as in veil_chain_open(); borrowed for the call
 * @param out_fmts as there
 * @param sink     receives finished frames and owns them
 * @return 0; AVERROR after a printed sentence. Close in every case
 */
int veil_walk_open(VeilWalk *w, VeilInput *in, const char *chain, const enum AVPixelFormat *out_fmts,
                   const VeilFilterEnv *env, VeilChainSink sink, void *opaque);

/**
 * Push the next frame; the sink is called with what is finished.
 * @return 1; 0 at the end, when all frames have been to the sink; AVERROR after a printed sentence
 */
int veil_walk_step(VeilWalk *w);

/** Step to the end, and show progress. `faces` may be NULL: those of the newest frame. */
int veil_walk_run(VeilWalk *w, const int *faces);

void veil_walk_close(VeilWalk *w); ///< not the input; accepts a zeroed struct
#endif /* VEIL_SRC_WALK_H */
