/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "release.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "bytes.h"
#include "secmem.h"

_Static_assert(crypto_box_SEALBYTES == 48, "sealed box overhead");
_Static_assert(sizeof(VEIL_RELEASE_TAG) - 1 + 32 + 4 + 4 + 32 + 4 == VEIL_RELEASE_HEAD, "blob head");

/* "veil/v1/shares" || wid || le32 i || le32 epoch || deliver || le32 count */
static uint8_t *put_head(uint8_t *at, const VeilReleaseContext *ctx)
{
    memcpy(at, VEIL_RELEASE_TAG, 14);
    memcpy(at + 14, ctx->wid, 32);
    veil_put_le32(at + 46, ctx->i);
    veil_put_le32(at + 50, ctx->epoch);
    memcpy(at + 54, ctx->deliver, 32);
    veil_put_le32(at + 86, ctx->count);
    return at + VEIL_RELEASE_HEAD;
}

static int check_items(const VeilReleaseContext *ctx, const VeilReleaseItem *items, VeilErr *err)
{
    for (uint32_t m = 0; m < ctx->count; m++) {
        if (items[m].share.i != ctx->i)
            return veil_err(err, VEIL_E_SHARE_INDEX, "share %u of the release is of custodian %u, not %u",
                            m + 1, items[m].share.i, ctx->i);
        if (items[m].share.epoch != ctx->epoch)
            return veil_err(err, VEIL_E_EPOCH, "share %u of the release is of epoch %u, not %u", m + 1,
                            items[m].share.epoch, ctx->epoch);
    }
    return 0;
}

static int check_size(const VeilReleaseContext *ctx, VeilErr *err)
{
    if (ctx->count < 1 || ctx->count > VEIL_RELEASE_MAX_UNITS)
        return veil_err(err, VEIL_E_TOO_LARGE, "release of %u units, where 1 to %d are allowed,", ctx->count,
                        VEIL_RELEASE_MAX_UNITS);
    return 0;
}

int veil_release_seal(uint8_t *blob, const VeilReleaseContext *ctx, const VeilReleaseItem *items,
                      VeilErr *err)
{
    const size_t len = VEIL_RELEASE_BLOB(ctx->count) - crypto_box_SEALBYTES;
    uint8_t *plain, *at;
    int ret;

    if ((ret = check_size(ctx, err)) < 0 || (ret = check_items(ctx, items, err)) < 0 ||
        (ret = veil_box_key_check(ctx->deliver, "deliver key", err)) < 0)
        return ret;
    if (!(plain = veil_secret_new(len)))
        return veil_err(err, VEIL_E_SECMEM, "release of %u units", ctx->count);
    at = put_head(plain, ctx);
    for (uint32_t m = 0; m < ctx->count; m++, at += VEIL_RELEASE_ITEM) {
        memcpy(at, items[m].uid, VEIL_UID_BYTES);
        memcpy(at + 16, items[m].share.d, 32);
        memcpy(at + 48, items[m].share.e, 32);
        memcpy(at + 80, items[m].share.f, 32);
    }
    ret = crypto_box_seal(blob, plain, len, ctx->deliver);
    veil_secret_free(plain);
    return ret ? veil_err(err, VEIL_E_CRYPTO, "release of %u units", ctx->count) : 0;
}

static void take_items(VeilReleaseItem *items, const VeilReleaseContext *ctx, const uint8_t *at)
{
    for (uint32_t m = 0; m < ctx->count; m++, at += VEIL_RELEASE_ITEM) {
        memcpy(items[m].uid, at, VEIL_UID_BYTES);
        items[m].share.i = ctx->i;
        items[m].share.epoch = ctx->epoch;
        memcpy(items[m].share.d, at + 16, 32);
        memcpy(items[m].share.e, at + 48, 32);
        memcpy(items[m].share.f, at + 80, 32);
    }
}

int veil_release_open(VeilReleaseItem *items, const VeilReleaseContext *ctx, const uint8_t *blob, size_t len,
                      const uint8_t secret_key[32], VeilErr *err)
{
    uint8_t head[VEIL_RELEASE_HEAD], public_key[32], *plain;
    int ret;

    if ((ret = check_size(ctx, err)) < 0 || (ret = veil_box_key_check(ctx->deliver, "deliver key", err)) < 0)
        return ret;
    if (crypto_scalarmult_base(public_key, secret_key) || sodium_memcmp(public_key, ctx->deliver, 32) ||
        len != VEIL_RELEASE_BLOB(ctx->count))
        return veil_err(err, VEIL_E_BLOB_CONTEXT, "share blob of custodian %u", ctx->i);
    if (!(plain = veil_secret_new(len - crypto_box_SEALBYTES)))
        return veil_err(err, VEIL_E_SECMEM, "share blob of custodian %u", ctx->i);
    put_head(head, ctx);
    ret = VEIL_E_BLOB_CONTEXT;
    if (!crypto_box_seal_open(plain, blob, len, public_key, secret_key) &&
        !sodium_memcmp(plain, head, sizeof(head))) {
        take_items(items, ctx, plain + VEIL_RELEASE_HEAD);
        ret = 0;
    }
    veil_secret_free(plain);
    sodium_stackzero(4096);
    return ret < 0 ? veil_err(err, ret, "share blob of custodian %u", ctx->i) : 0;
}

int veil_release_note_format(VeilText *t, const VeilReleaseNote *note)
{
    veil_text_add(t, "veil/v1/release\n");
    veil_text_hex(t, "warrant", note->ctx.wid, 32);
    veil_text_add(t, "custodian %u\nepoch %u\n", note->ctx.i, note->ctx.epoch);
    veil_text_b64(t, "deliver-box", note->ctx.deliver, 32);
    veil_text_add(t, "units %u\n", note->ctx.count);
    veil_text_hex(t, "blob", note->blob_hash, 32);
    veil_text_add(t, "log-size %llu\n", (unsigned long long)note->checkpoint_size);
    veil_text_b64(t, "log-root", note->checkpoint_root, 32);
    return veil_text_done(t);
}

int veil_release_note_parse(VeilReleaseNote *note, const char *text, size_t len, VeilErr *err)
{
    VeilLines r;
    VeilText again = { 0 };
    uint64_t i = 0, epoch = 0, count = 0;
    int ret;

    memset(note, 0, sizeof(*note));
    veil_lines_open(&r, text, len, "release note", err);
    veil_lines_word(&r, "veil/v1/release");
    veil_lines_hex(&r, "warrant", note->ctx.wid, 32);
    veil_lines_number(&r, "custodian", &i, VEIL_GROUP_MAX_N);
    veil_lines_number(&r, "epoch", &epoch, UINT32_MAX);
    veil_lines_b64(&r, "deliver-box", note->ctx.deliver, 32);
    veil_lines_number(&r, "units", &count, VEIL_RELEASE_MAX_UNITS);
    veil_lines_hex(&r, "blob", note->blob_hash, 32);
    veil_lines_number(&r, "log-size", &note->checkpoint_size, INT64_MAX);
    veil_lines_b64(&r, "log-root", note->checkpoint_root, 32);
    if ((ret = veil_lines_end(&r)) < 0)
        return ret;
    note->ctx.i = (uint32_t)i;
    note->ctx.epoch = (uint32_t)epoch;
    note->ctx.count = (uint32_t)count;
    veil_release_note_format(&again, note);
    return veil_text_same(&again, text, len, "release note", err);
}
