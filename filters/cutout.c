/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cutout.h"

#include <libavutil/error.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>

int veil_cut_out(const AVFrame *from, VeilRect r, AVFrame **out)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(from->format);
    AVFrame *f = *out = av_frame_alloc();
    const uint8_t *src[4] = { NULL };
    int ret;

    if (!f)
        return AVERROR(ENOMEM);
    f->format = from->format;
    f->width = r.w;
    f->height = r.h;
    f->interlaced_frame = from->interlaced_frame; /* so that grey covers the blocks that `cover` covers */
    f->color_range = from->color_range;
    f->color_primaries = from->color_primaries;
    f->color_trc = from->color_trc;
    f->colorspace = from->colorspace;
    f->chroma_location = from->chroma_location;
    if ((ret = av_frame_get_buffer(f, 0)) < 0)
        return ret;
    for (int p = 0; p < av_pix_fmt_count_planes(from->format); p++) {
        const int sw = p ? d->log2_chroma_w : 0, sh = p ? d->log2_chroma_h : 0;

        src[p] = from->data[p] + (ptrdiff_t)(r.y >> sh) * from->linesize[p] + (r.x >> sw) * d->comp[p].step;
    }
    av_image_copy(f->data, f->linesize, src, from->linesize, f->format, r.w, r.h);
    return 0;
}
