/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The papers of a finished job: the exemption log (what is hidden, when, why,
 * on what legal basis), the entry of the disclosure register, and a summary.
 * They are made from the report of the render and the tracks file, as one
 * JSON object, and that is what the HTML and CSV print.
 */
#ifndef VEIL_SRC_PAPERS_H
#define VEIL_SRC_PAPERS_H

#include <stdbool.h>
#include <stdio.h>
#include <jansson.h>

#include "reasons.h"
#include "tracksfile.h"

/** What only a person knows; NULL where it was not said. */
typedef struct VeilPapersFacts {
    const char *reference;  ///< of the case or request
    const char *recipient;  ///< who gets the output
    const char *purpose;    ///< what for
    const char *decided_by; ///< who answers for it
    const char *reason;     ///< code for what is hidden without one; NULL: "no reason given"
} VeilPapersFacts;

/**
 * Put the papers together.
 * @param report of `veil redact`, parsed
 * @param tracks the file that it was rendered from
 * @param digest SHA-256 of that file, in hex
 * @param why    receives a sentence if these do not belong together
 * @return new reference, or NULL
 */
json_t *veil_papers_make(const json_t *report, const VeilTracksFile *tracks, const char *digest,
                         const VeilReasons *reasons, const VeilPapersFacts *facts, char why[VEIL_TRACKSFILE_WHY]);

/** "0:01:02.340". @return out */
char *veil_papers_clock(double seconds, char out[32]);

/** One page and the log, to be printed; no script, nothing loaded. @return 0 or -EIO */
int veil_papers_html(const json_t *papers, FILE *f);

/** The exemption log, RFC 4180, with a line of heads; text that a spreadsheet would run is disarmed. @return 0 or -EIO */
int veil_papers_csv(const json_t *papers, FILE *f);

/** As it is, indented. @return 0 or -EIO */
int veil_papers_json(const json_t *papers, FILE *f);

/**
 * Write NAME.html, NAME.csv and NAME.json: all three or none.
 * @param force replace what is there
 * @return 0, or a negative errno after a printed sentence
 */
int veil_papers_write(const json_t *papers, const char *name, bool force);

#endif /* VEIL_SRC_PAPERS_H */
