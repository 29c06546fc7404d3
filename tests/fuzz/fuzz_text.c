/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Goal: no text makes the parsers of warrants, policies, headers and leaves read out of bounds,
 * and what they accept they write again byte for byte (which they check themselves). */
#include <sodium.h>

#include "keys/leaf.h"
#include "keys/vault.h"
#include "keys/warrant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static VeilWarrant w;
    static VeilPolicy p;
    VeilVaultHeader h;
    VeilLeaf l;
    VeilNote n;
    VeilErr err;

    if (sodium_init() < 0)
        return 0;
    (void)veil_warrant_parse(&w, data, size, "warrant", &err);
    (void)veil_policy_parse(&p, data, size, "policy", &err);
    (void)veil_policy_read(&p, data, size, NULL, "policy", &err);
    (void)veil_vault_header_parse(&h, data, size, "header", &err);
    (void)veil_leaf_parse(&l, &n, data, size, "leaf", &err);
    return 0;
}
