/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The report of a redaction: what went in and out, with which settings and
 * models, and how many faces were found where. No pixels, no names.
 */
#ifndef VEIL_SRC_REPORT_H
#define VEIL_SRC_REPORT_H

#include <jansson.h>

#include "filters/chain.h"
#include "input.h"
#include "output.h"
#include "pipeline.h"
#include "sealing.h"
#include "settings.h"

typedef struct VeilReport {
    const VeilSettings *settings;
    const VeilInput *in;
    const VeilOutput *out;
    const VeilChain *chain;
    const VeilRun *run;
    json_t *tracks; ///< of the tracks file, and who was kept: borrowed; NULL without one
    json_t *audit;  ///< result of the audit: borrowed; NULL without one
    bool withheld;  ///< the audit found something: the video did not get its name
    VeilSealing *sealing; ///< NULL: nothing is sealed
} VeilReport;

/**
 * Write to an open descriptor. Reads source and output once, for their SHA-256.
 * @return 0 or a negative errno after a printed sentence
 */
int veil_report_write(const VeilReport *r, int fd, const char *path);

/** The same as an object. @return new JSON object, or NULL */
json_t *veil_report_json(const VeilReport *r);

/** Each filter's name, options and facts. @return new JSON array */
json_t *veil_report_filters(const VeilChain *chain);

/** Versions of veil and FFmpeg. @return new JSON object */
json_t *veil_report_versions(void);

#endif /* VEIL_SRC_REPORT_H */
