/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Group notes. What parses must write itself again, byte for byte.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "keys/group.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    VeilText again = { 0 };
    VeilGroup g;

    if (sodium_init() < 0)
        return 0;
    veil_group_open(&g, data, len, NULL, NULL);
    if (veil_group_parse(&g, (const char *)data, len, NULL) < 0)
        return 0;
    if (veil_group_format(&again, &g) < 0 || again.len != len || memcmp(again.at, data, len))
        abort();
    veil_text_free(&again);
    return 0;
}
