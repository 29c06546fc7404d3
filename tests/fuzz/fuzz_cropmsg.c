/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Goal: no head of a message from the decoder's sandbox makes us expect another
 * number of samples than its format and size need, or a place outside the video. */
#include <stdlib.h>
#include <string.h>
#include <libavutil/imgutils.h>

#include "src/cropchild.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VeilCropLimits limits = { 320, 240, -1, AV_PIX_FMT_NONE };
    uint8_t again[VEIL_CROPMSG_BYTES];
    VeilCropMsg m, n;

    for (; size >= VEIL_CROPMSG_BYTES; data += VEIL_CROPMSG_BYTES, size -= VEIL_CROPMSG_BYTES) {
        const VeilRect *r = &m.crop.rect;

        if (veil_cropmsg_parse(&m, data, &limits, NULL) < 0 || m.kind != VEIL_CROPMSG_PICTURE)
            continue;
        if (r->x < 0 || r->y < 0 || r->w < 1 || r->h < 1 || r->x + r->w > 320 || r->y + r->h > 240 ||
            (int64_t)m.bytes != av_image_get_buffer_size(m.format, r->w, r->h, 1) || m.crop.frame <= limits.after)
            abort();
        veil_cropmsg_put(again, &m); /* what was understood is what was said */
        if (veil_cropmsg_parse(&n, again, &limits, NULL) < 0 || memcmp(&m.crop, &n.crop, sizeof(m.crop)) ||
            m.format != n.format || m.bytes != n.bytes)
            abort();
        limits.after = m.crop.frame;
        limits.format = m.format;
    }
    return 0;
}
