/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Goal: no records of an opened unit make the reader of crops give a picture of
 * another size than it said, more pictures than records, or read out of bounds. */
#include <stdlib.h>
#include <libavutil/frame.h>
#include <libavutil/log.h>

#include "filters/crops.h"
#include "keys/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VeilCropsReader *r;
    AVFrame *picture;
    VeilCrop crop;
    size_t n = 0;

    av_log_set_level(AV_LOG_QUIET);
    if (veil_crops_open(&r, data, size, 320, 240) < 0)
        return 0;
    while (veil_crops_next(r, &crop, &picture, NULL) > 0) {
        if (picture->width != crop.rect.w || picture->height != crop.rect.h || crop.rect.x < 0 || crop.rect.y < 0 ||
            crop.rect.x + crop.rect.w > 320 || crop.rect.y + crop.rect.h > 240 || ++n > size / VEIL_RECORD_HEAD)
            abort();
        av_frame_free(&picture);
    }
    veil_crops_close(r);
    return 0;
}
