/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Goal: no request, however its parts are cut, makes the custodian's side read out of bounds. The input is split
 * into note, warrant, header, seal, entries and proof by le16 lengths. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "keys/request.h"
#include "keys/tlog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static VeilBytes take(const uint8_t **data, size_t *size)
{
    VeilBytes b = { 0 };

    if (*size < 2)
        return b;
    b.len = (size_t)(*data)[0] | (size_t)(*data)[1] << 8;
    *data += 2;
    *size -= 2;
    if (b.len > *size)
        b.len = *size;
    if ((b.at = malloc(b.len + 1)))
        memcpy(b.at, *data, b.len);
    *data += b.len;
    *size -= b.len;
    return b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VeilRequest *r = calloc(1, sizeof(*r));
    VeilTlogProof p;
    VeilErr err;

    if (sodium_init() < 0 || !r) {
        free(r);
        return 0;
    }
    r->note = take(&data, &size);
    r->warrant = take(&data, &size);
    r->vault[0].header = take(&data, &size);
    r->vault[0].seal = take(&data, &size);
    r->vault[0].entries = take(&data, &size);
    r->proof = take(&data, &size);
    if (r->note.at && r->warrant.at && r->proof.at) {
        (void)veil_request_parse(r, &err);
        (void)veil_tlog_proof_parse(&p, r->proof.at, r->proof.len, "proof", &err);
    }
    veil_request_free(r);
    return 0;
}
