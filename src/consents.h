/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The consent records of a run: of each record the newest event counts. A
 * record that cannot be read or verified ends the run, as it may be the
 * withdrawal of another one.
 */
#ifndef VEIL_SRC_CONSENTS_H
#define VEIL_SRC_CONSENTS_H

#include <stdint.h>

#include "keys/consent.h"
#include "opts.h"

typedef struct VeilConsents VeilConsents;

/** What a track asks for. */
typedef struct VeilConsentAsk {
    const char *record;          ///< record id as 32 hex digits
    uint8_t recording[32];       ///< SHA-256 of the video
    int track;
    const char *purpose;
    int64_t now;                 ///< Unix time
} VeilConsentAsk;

/**
 * Read records.
 * @param files  paths
 * @param folder all *.consent files in it too; NULL for none; one that is not there holds none, with a warning
 * @return 0; -EINVAL or an errno after a printed sentence
 */
int veil_consents_read(VeilConsents **out, const VeilStrings *files, const char *folder);

/**
 * Does a record allow it?
 * @param why receives the reason of a refusal in a few words
 * @return the record's newest event; NULL if the answer is no
 */
const VeilConsent *veil_consents_allow(const VeilConsents *c, const VeilConsentAsk *ask, char why[160]);

void veil_consents_free(VeilConsents *c); ///< accepts NULL

#endif /* VEIL_SRC_CONSENTS_H */
