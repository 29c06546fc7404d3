/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Consent records (PROTOCOL section 6, after ISO/IEC TS 27560): a person agrees
 * that a face stays visible, or that a picture is used to find it again. A
 * signed note by controller and subject. It never opens a unit: the warrant
 * parser refuses it by name.
 */
#ifndef VEIL_KEYS_CONSENT_H
#define VEIL_KEYS_CONSENT_H

#include <stdbool.h>
#include <stdint.h>

#include "note.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct VeilConsent {
    uint8_t record[16];           ///< record id
    char subject[VEIL_TOKEN_CAP]; ///< pseudonym
    char controller[VEIL_TOKEN_CAP];
    uint8_t controller_pk[VEIL_SIGN_PK_BYTES];
    uint8_t subject_pk[VEIL_SIGN_PK_BYTES];
    char purpose[VEIL_TOKEN_CAP];
    char data[VEIL_TOKEN_CAP]; ///< data category
    bool bound;                ///< to one recording and one track of its tracks file; else the next two are 0
    uint8_t recording[32];     ///< SHA-256 of the video file
    uint32_t track;            ///< 1 or more
    uint8_t notice[32];        ///< SHA-256 of the privacy notice that was shown
    bool withdrawn;            ///< this record takes an earlier one of its id back
    int64_t time, expires;     ///< of giving or taking back; end of validity
    uint8_t salt[32];
    uint8_t digest[32]; ///< HB32("veil/v1/consent"; text), salted by `salt`; set by print and parse
} VeilConsent;

/** Write the text; sign it as "controller" and as "subject". @return as veil_text_done() */
int veil_consent_print(VeilText *t, VeilConsent *c);

/** Read a consent note, signed or not yet; signatures are not checked. @return 0; VEIL_E_CANON; VEIL_E_ROLE */
int veil_consent_read(VeilConsent *c, const void *note, size_t len, const char *what, VeilErr *err);

/** Read a consent note and check both signatures. @return 0; VEIL_E_CANON; VEIL_E_CONSENT; VEIL_E_ROLE */
int veil_consent_parse(VeilConsent *c, const void *note, size_t len, const char *what, VeilErr *err);

/**
 * Is consent in force, given the newest event of its record?
 * @return 0; VEIL_E_CONSENT if it was withdrawn, has expired or lies in the future
 */
int veil_consent_in_force(const VeilConsent *newest, int64_t now, const char *what, VeilErr *err);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_CONSENT_H */
