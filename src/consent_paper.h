/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A consent record on paper: the form that a person reads and signs, and the
 * receipt that they keep (ISO/IEC TS 27560). HTML without script, to be
 * printed; a QR code carries the record itself, so that what was agreed to can
 * be read from the paper alone.
 */
#ifndef VEIL_SRC_CONSENT_PAPER_H
#define VEIL_SRC_CONSENT_PAPER_H

#include <stddef.h>
#include <stdio.h>

#include "keys/consent.h"

typedef struct VeilConsentPaper {
    const VeilConsent *consent;
    const char *record;  ///< the file's bytes, ASCII; for the QR code
    size_t record_len;
    const char *notice;  ///< text of the privacy notice, or NULL; its digest is the record's
    const char *contact; ///< where consent is taken back: an address, a telephone number; or NULL
} VeilConsentPaper;

/** To be signed by hand. @return 0 or -EIO */
int veil_consent_form(FILE *f, const VeilConsentPaper *p);

/** To be kept; the caller has checked the signatures. @return 0 or -EIO */
int veil_consent_receipt(FILE *f, const VeilConsentPaper *p);

#endif /* VEIL_SRC_CONSENT_PAPER_H */
