/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Goal: no bytes make the parsers of results and confirmations read out of bounds; what they
 * accept keeps within its limits. The key is that of the corpus. */
#include <sodium.h>
#include <stdlib.h>

#include "keys/result.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t seed[32] = { 1 };
    static VeilConfirmation c;
    static VeilResult r;
    uint8_t pk[32], sk[64];
    VeilErr err;

    if (sodium_init() < 0)
        return 0;
    crypto_sign_seed_keypair(pk, sk, seed);
    if (veil_result_parse(&r, data, size, pk, "result", &err) >= 0 &&
        (r.hits > VEIL_RESULT_HITS_MAX || r.same[0] > r.same[1] || r.other[0] > r.other[1] || r.threshold > 1000))
        abort();
    if (veil_confirmation_parse(&c, data, size, pk, "confirmation", &err) >= 0 && c.hits > VEIL_RESULT_HITS_MAX)
        abort();
    return 0;
}
