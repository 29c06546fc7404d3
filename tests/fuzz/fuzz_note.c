/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Goal: no bytes make the parsers of notes, checkpoints, seals, consent, keys or proofs read out of bounds. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "keys/consent.h"
#include "keys/tlog.h"
#include "keys/vault.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const VeilLogTrust trust = {
        .log.name = "example.org/log", .witness = { { "w1", { 1 } } }, .witnesses = 1, .quorum = 1
    };
    static const VeilVaultHeader h;
    char name[VEIL_TOKEN_CAP], *text;
    uint8_t kind, pk[VEIL_SIGN_PK_BYTES];
    VeilCheckpoint c;
    VeilConsent consent;
    uint64_t index;
    VeilSeal s;
    VeilErr err;

    if (sodium_init() < 0)
        return 0;
    (void)veil_checkpoint_verify(&c, data, size, &trust, "checkpoint", &err);
    (void)veil_tlog_proof_verify(&c, &index, data, size, "leaf", 4, &trust, "proof", &err);
    (void)veil_seal_parse(&s, data, size, &h, "seal", &err);
    (void)veil_consent_parse(&consent, data, size, "consent", &err);
    if ((text = malloc(size + 1))) {
        memcpy(text, data, size);
        text[size] = '\0';
        (void)veil_vkey_parse(name, &kind, pk, text);
        free(text);
    }
    return 0;
}
