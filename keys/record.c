/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "avc.h"
#include "bytes.h"

static uint32_t be(const uint8_t *p, int n)
{
    uint32_t v = 0;

    for (int i = 0; i < n; i++)
        v = v << 8 | p[i];
    return v;
}

/* IHDR is the first chunk of a PNG: width and height are at 16 and 20. */
static bool png_size(const uint8_t *p, size_t len, uint32_t *w, uint32_t *h)
{
    static const uint8_t magic[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n',
                                     0,    0,   0,   13,  'I',  'H',  'D',  'R' };

    if (len < 24 || memcmp(p, magic, sizeof(magic)))
        return false;
    *w = be(p + 16, 4);
    *h = be(p + 20, 4);
    return true;
}

/* Walk over a JPEG's segments to its one start of frame (C0 to C2). */
static bool jpeg_size(const uint8_t *p, size_t len, uint32_t *w, uint32_t *h)
{
    size_t at = 2;

    if (len < 4 || p[0] != 0xff || p[1] != 0xd8)
        return false;
    while (len - at >= 4 && p[at] == 0xff) {
        const uint8_t marker = p[at + 1];
        const size_t size = be(p + at + 2, 2);

        if (size < 2 || size > len - at - 2 || marker < 0xc0 || (marker >= 0xd0 && marker <= 0xd9) ||
            marker == 0xda)
            return false;
        if (marker >= 0xc0 && marker <= 0xc2) {
            if (size < 8)
                return false;
            *h = be(p + at + 5, 2);
            *w = be(p + at + 7, 2);
            return true;
        }
        at += 2 + size;
    }
    return false;
}

/* Size that the picture states; that of one that goes on is the stream's. */
static bool own_size(const VeilRecord *r, uint32_t *w, uint32_t *h)
{
    VeilAvc avc;

    switch (r->codec) {
    case VEIL_CODEC_JPEG:
        return jpeg_size(r->data, r->len, w, h);
    case VEIL_CODEC_PNG:
        return png_size(r->data, r->len, w, h);
    case VEIL_CODEC_AVC_FIRST:
        if (!veil_avc_first(&avc, r->data, r->len))
            return false;
        *w = avc.w;
        *h = avc.h;
        return true;
    case VEIL_CODEC_AVC_NEXT:
        *w = r->w;
        *h = r->h;
        return veil_avc_following(r->data, r->len);
    }
    return false;
}

static bool fits(const VeilRecord *r, uint32_t width, uint32_t height)
{
    uint32_t w, h;

    if (!r->w || !r->h || r->w > VEIL_RECORD_SIDE || r->h > VEIL_RECORD_SIDE || r->w > width ||
        r->h > height || r->x > width - r->w || r->y > height - r->h || r->len > VEIL_RECORD_MAX)
        return false;
    return own_size(r, &w, &h) && w == r->w && h == r->h;
}

static bool follows(const VeilRecord *r, const VeilRecord *before)
{
    if (r->codec != VEIL_CODEC_AVC_NEXT)
        return true;
    return (before->codec == VEIL_CODEC_AVC_FIRST || before->codec == VEIL_CODEC_AVC_NEXT) &&
           before->w == r->w && before->h == r->h && before->frame < r->frame;
}

static int refuse(const VeilRecord *r, VeilErr *err)
{
    return veil_err(err, VEIL_E_RECORD, "record of frame %u (codec %u, %ux%u at %u,%u)", r->frame, r->codec,
                    r->w, r->h, r->x, r->y);
}

int64_t veil_record_put(uint8_t *out, size_t cap, const VeilRecord *r, uint32_t width, uint32_t height,
                        VeilErr *err)
{
    if (!fits(r, width, height))
        return refuse(r, err);
    if (cap < VEIL_RECORD_HEAD + (size_t)r->len)
        return veil_err(err, -ENOSPC, "record of frame %u", r->frame);
    veil_put_le32(out, r->frame);
    veil_put_le64(out + 4, (uint64_t)r->pts);
    veil_put_le32(out + 12, r->x);
    veil_put_le32(out + 16, r->y);
    veil_put_le32(out + 20, r->w);
    veil_put_le32(out + 24, r->h);
    out[28] = r->codec;
    veil_put_le32(out + 29, r->len);
    memcpy(out + VEIL_RECORD_HEAD, r->data, r->len);
    return VEIL_RECORD_HEAD + (int64_t)r->len;
}

int veil_record_next(VeilRecord *r, const uint8_t *bytes, size_t len, size_t *at, uint32_t width,
                     uint32_t height, VeilErr *err)
{
    const uint8_t *p = bytes + *at;
    const VeilRecord before = *r;

    *r = (VeilRecord){ 0 };
    if (*at == len)
        return 0;
    if (*at > len || len - *at < VEIL_RECORD_HEAD)
        return veil_err(err, VEIL_E_RECORD, "record at byte %zu of %zu", *at, len);
    r->frame = veil_get_le32(p);
    r->pts = (int64_t)veil_get_le64(p + 4);
    r->x = veil_get_le32(p + 12);
    r->y = veil_get_le32(p + 16);
    r->w = veil_get_le32(p + 20);
    r->h = veil_get_le32(p + 24);
    r->codec = p[28];
    r->len = veil_get_le32(p + 29);
    r->data = p + VEIL_RECORD_HEAD;
    if (r->len > len - *at - VEIL_RECORD_HEAD || !fits(r, width, height) || !follows(r, &before))
        return refuse(r, err);
    *at += VEIL_RECORD_HEAD + (size_t)r->len;
    return 1;
}
