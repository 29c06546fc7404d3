/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The run: decoding, filtering and encoding side by side, one thread each,
 * with bounded queues between them. The calling thread shows progress and
 * watches for signals.
 */
#ifndef VEIL_SRC_PIPELINE_H
#define VEIL_SRC_PIPELINE_H

#include <stdint.h>

#include "filters/chain.h"
#include "input.h"
#include "output.h"
#include "settings.h"

/** A count that holds for a run of frames. */
typedef struct VeilCountRun {
    int64_t frames;
    int faces;
} VeilCountRun;

typedef struct VeilRun {
    int64_t frames;         ///< frames written
    int64_t face_frames;    ///< boxes over all frames
    int64_t damaged;        ///< frames that the decoder could not make whole
    VeilCountRun *counts;   ///< faces per frame, run-length coded
    int n_counts, cap_counts;
    double wall_s, cpu_s;   ///< time of the run; CPU of the whole process
} VeilRun;

/**
 * Run to the end, or to an error or signal.
 * @param chain receives the chain, for its report; close after use
 * @param out   receives the output: whole, but not yet committed
 * @return 0; AVERROR after a printed sentence, AVERROR_EXIT on a signal
 */
int veil_pipeline_run(VeilInput *in, const VeilSettings *s, const VeilFilterEnv *env, VeilChain **chain,
                      VeilOutput **out, VeilRun *run);

void veil_run_free(VeilRun *run);

#endif /* VEIL_SRC_PIPELINE_H */
