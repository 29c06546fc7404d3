/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "box.h"

#include <sodium.h>

#include "bytes.h"

_Static_assert(VEIL_BOX_KEY_BYTES == crypto_box_PUBLICKEYBYTES, "box key length");

int veil_box_key_check(const uint8_t key[VEIL_BOX_KEY_BYTES], const char *what, VeilErr *err)
{
    static const uint8_t any[crypto_scalarmult_SCALARBYTES] = { 8 };
    char text[VEIL_B64_LEN(VEIL_BOX_KEY_BYTES) + 1];
    uint8_t shared[crypto_scalarmult_BYTES];

    /* libsodium refuses low order points and an all-zero result; bit 255 is
     * masked there, so a key that sets it would have two spellings. */
    if (key[31] & 0x80 || crypto_scalarmult(shared, any, key))
        return veil_err(err, VEIL_E_BOX_KEY, "%s '%s'", what, veil_b64_encode(text, key, VEIL_BOX_KEY_BYTES));
    return 0;
}
