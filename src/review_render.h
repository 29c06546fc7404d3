/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * One render at a time: `veil redact --tracks` as a process of its own, which
 * audits what came out if it is asked to. For any number of threads.
 */
#ifndef VEIL_SRC_REVIEW_RENDER_H
#define VEIL_SRC_REVIEW_RENDER_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>

typedef struct VeilRender VeilRender;

typedef struct VeilRenderJob {
    const char *input, *tracks, *output; ///< paths; copied
    const char *profile;                 ///< NULL for none
    const char *reasons, *purpose;       ///< as in the settings
    const char *consents;                ///< folder of consent records; need not be there
    int64_t frames;                      ///< of the input, for the progress
    bool audit;                          ///< look for faces in the result, and keep it only if it is clean
} VeilRenderJob;

/** @return NULL without memory */
VeilRender *veil_render_new(void);

/** @return 0; -EBUSY one is running; -EEXIST the output is there; another negative errno */
int veil_render_start(VeilRender *render, const VeilRenderJob *job);

/** {"state", "progress", "message", "output", "report", "audit"}. @return new reference */
json_t *veil_render_state(VeilRender *render);

/** End the one that is running, and wait until nothing is left of it. @return false if none was */
bool veil_render_cancel(VeilRender *render);

void veil_render_free(VeilRender *render); ///< cancels; accepts NULL

#endif /* VEIL_SRC_REVIEW_RENDER_H */
