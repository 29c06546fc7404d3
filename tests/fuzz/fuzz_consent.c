/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Goal: no bytes make the parser of consent records read out of bounds; a record that passes as
 * signed by both also passes as a text, with the same digest. */
#include <sodium.h>
#include <stdlib.h>

#include "keys/consent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VeilConsent signed_by_both, text;
    VeilErr err;

    if (sodium_init() < 0)
        return 0;
    if (veil_consent_read(&text, data, size, "consent", &err) >= 0)
        (void)veil_consent_in_force(&text, text.time, "consent", &err);
    if (veil_consent_parse(&signed_by_both, data, size, "consent", &err) >= 0 &&
        (veil_consent_read(&text, data, size, "consent", &err) < 0 ||
         sodium_memcmp(text.digest, signed_by_both.digest, 32)))
        abort();
    return 0;
}
