/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The public part of a key file. Unlocking is left out: it takes a second by
 * design, and only after these checks.
 */
#include <stdlib.h>

#include "keys/bytes.h"
#include "keys/keyfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    VeilKey key;

    if (veil_keyfile_peek(&key, data, len, NULL) < 0)
        return 0;
    if (len != VEIL_KEYFILE_BYTES || key.secret || !veil_role_word(key.role) ||
        veil_get_le64(data + 81) > VEIL_KEYFILE_OPS_MAX || veil_get_le64(data + 89) > VEIL_KEYFILE_MEM_MAX)
        abort();
    return 0;
}
