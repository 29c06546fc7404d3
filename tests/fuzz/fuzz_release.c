/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Share blobs, and release notes. The sender may seal what it likes to a
 * public key, so the input is taken both as a blob and as what is inside one.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "keys/release.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void read_note(const uint8_t *data, size_t len)
{
    VeilReleaseNote note;
    VeilText again = { 0 };

    if (veil_release_note_parse(&note, (const char *)data, len, NULL) < 0)
        return;
    if (veil_release_note_format(&again, &note) < 0 || again.len != len || memcmp(again.at, data, len))
        abort();
    veil_text_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const uint8_t secret[32] = { 7, 7, 7 };
    VeilReleaseItem items[4];
    VeilReleaseContext ctx = { .i = 2, .count = 2 };
    uint8_t blob[VEIL_RELEASE_BLOB(4)];

    if (sodium_init() < 0 || crypto_scalarmult_base(ctx.deliver, secret))
        return 0;
    memset(ctx.wid, 0x55, 32);
    read_note(data, len);
    for (ctx.count = 1; ctx.count <= 4; ctx.count++)
        veil_release_open(items, &ctx, data, len, secret, NULL);
    if (len > sizeof(blob) - crypto_box_SEALBYTES || crypto_box_seal(blob, data, len, ctx.deliver))
        return 0;
    for (ctx.count = 1; ctx.count <= 4; ctx.count++)
        if (!veil_release_open(items, &ctx, blob, len + crypto_box_SEALBYTES, secret, NULL) &&
            (len < VEIL_RELEASE_HEAD || memcmp(data, VEIL_RELEASE_TAG, 14)))
            abort();
    return 0;
}
