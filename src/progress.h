/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * How far a run is: a bar on a terminal, plain lines elsewhere, on standard
 * error. Called from one thread.
 */
#ifndef VEIL_SRC_PROGRESS_H
#define VEIL_SRC_PROGRESS_H

#include <stdint.h>

typedef struct VeilProgress {
    int64_t frames;  ///< done so far
    int64_t total;   ///< frames in all, 0 if unknown
    double seconds;  ///< of video done so far
    int faces;       ///< in the newest frame; -1 where nobody looks for them
} VeilProgress;

/** Seconds between two lines where there is no terminal; 5 unless set. */
void veil_progress_set_pause(double seconds);

void veil_progress_begin(void);
/** Show, if it is time to. */
void veil_progress_show(const VeilProgress *p);
/** Clear the bar. */
void veil_progress_end(void);

#endif /* VEIL_SRC_PROGRESS_H */
