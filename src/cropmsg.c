/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>

#include "cropchild.h"
#include "keys/bytes.h"
#include "keys/record.h"

#define MAGIC 0x504f5243u /* "CROP" */

static int format_index(enum AVPixelFormat format)
{
    for (int i = 0; veil_crops_formats[i] != AV_PIX_FMT_NONE; i++)
        if (veil_crops_formats[i] == format)
            return i;
    return -1;
}

/* The J formats are the plain ones with the range in their name: `cropchild` says it apart. */
static bool format_at(uint32_t index, enum AVPixelFormat *format)
{
    for (uint32_t i = 0; veil_crops_formats[i] != AV_PIX_FMT_NONE; i++)
        if (i == index) {
            *format = veil_crops_formats[i];
            return *format != AV_PIX_FMT_YUVJ420P && *format != AV_PIX_FMT_YUVJ422P && *format != AV_PIX_FMT_YUVJ444P;
        }
    return false;
}

void veil_cropmsg_put(uint8_t out[VEIL_CROPMSG_BYTES], const VeilCropMsg *m)
{
    const uint8_t flags[8] = { m->lossless, m->range, m->primaries, m->transfer, m->space, m->chroma_location };

    memset(out, 0, VEIL_CROPMSG_BYTES);
    veil_put_le32(out, MAGIC);
    veil_put_le32(out + 4, m->kind);
    veil_put_le32(out + 8, m->crop.frame);
    veil_put_le64(out + 12, (uint64_t)m->crop.pts);
    veil_put_le32(out + 20, (uint32_t)m->crop.rect.x);
    veil_put_le32(out + 24, (uint32_t)m->crop.rect.y);
    veil_put_le32(out + 28, (uint32_t)m->crop.rect.w);
    veil_put_le32(out + 32, (uint32_t)m->crop.rect.h);
    veil_put_le32(out + 36, m->kind == VEIL_CROPMSG_PICTURE ? (uint32_t)format_index(m->format) : 0);
    veil_put_le32(out + 40, m->bytes);
    memcpy(out + 44, flags, sizeof(flags));
}

static bool fits(uint32_t at, uint32_t len, uint32_t whole)
{
    return len > 0 && len <= VEIL_RECORD_SIDE && at < whole && len <= whole - at;
}

static bool colours_are_known(const VeilCropMsg *m)
{
    return av_color_range_name(m->range) && av_color_primaries_name(m->primaries) &&
           av_color_transfer_name(m->transfer) && av_color_space_name(m->space) &&
           av_chroma_location_name(m->chroma_location);
}

static bool parse_picture(VeilCropMsg *m, const uint8_t *in, const VeilCropLimits *limits)
{
    const uint32_t x = veil_get_le32(in + 20), y = veil_get_le32(in + 24);
    const uint32_t w = veil_get_le32(in + 28), h = veil_get_le32(in + 32);
    const AVPixFmtDescriptor *d;

    if (!fits(x, w, limits->width) || !fits(y, h, limits->height) || m->crop.frame <= limits->after ||
        m->crop.pts < 0 || !format_at(veil_get_le32(in + 36), &m->format) || in[44] > 1)
        return false;
    m->crop.rect = (VeilRect){ (int)x, (int)y, (int)w, (int)h };
    m->lossless = in[44];
    m->range = in[45];
    m->primaries = in[46];
    m->transfer = in[47];
    m->space = in[48];
    m->chroma_location = in[49];
    d = av_pix_fmt_desc_get(m->format);
    /* A rectangle that begins inside a chroma sample cannot be put back. */
    if ((x & ((1u << d->log2_chroma_w) - 1)) || (y & ((1u << d->log2_chroma_h) - 1)) || !colours_are_known(m))
        return false;
    m->bytes = veil_get_le32(in + 40);
    return (limits->format == AV_PIX_FMT_NONE || m->format == limits->format) &&
           (int64_t)m->bytes == av_image_get_buffer_size(m->format, (int)w, (int)h, 1);
}

int veil_cropmsg_parse(VeilCropMsg *m, const uint8_t in[VEIL_CROPMSG_BYTES], const VeilCropLimits *limits,
                       VeilErr *err)
{
    *m = (VeilCropMsg){ .kind = veil_get_le32(in + 4), .format = AV_PIX_FMT_NONE };
    m->crop.frame = veil_get_le32(in + 8);
    m->crop.pts = (int64_t)veil_get_le64(in + 12);
    if (veil_get_le32(in) == MAGIC && m->kind >= VEIL_CROPMSG_PICTURE && m->kind <= VEIL_CROPMSG_BAD &&
        (m->kind != VEIL_CROPMSG_PICTURE || parse_picture(m, in, limits)))
        return 0;
    return veil_err(err, VEIL_E_RECORD, "what the decoder of crops says");
}
