/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A second look at each find. What is no face looks like one at one size and
 * place of the network's grid, and seldom at others; a face does at most. So
 * its surroundings are cut out and searched alone, at several sizes.
 */
#include <limits.h>
#include <math.h>
#include <string.h>
#include <libavutil/common.h>
#include <libavutil/pixdesc.h>

#include "audit_parts.h"
#include "filters/detector.h"
#include "models.h"
#include "msg.h"

#define AROUND 4.0f ///< the side of what is cut out, in face sizes

/* Longer side of the cut that is searched: faces of about 40, 64 and 112 pixels. */
static const int sizes[VEIL_AUDIT_LOOKS] = { 160, 256, 448 };

int veil_closer_open(VeilCloser *c, const char *detector, int rotation, double threshold)
{
    const VeilDetectorBackend *b = veil_detector_find(detector);
    char path[PATH_MAX] = "";
    VeilDetectorConfig config = { .rotation = rotation, .threads = 1 };
    int ret = 0;

    *c = (VeilCloser){ .backend = b };
    if (!b || (b->model && (ret = veil_models_find(b->model, path, sizeof(path))) < 0)) {
        veil_error("detector '%s' cannot be opened once more; 'veil doctor' lists the detectors", detector);
        return ret < 0 ? ret : AVERROR(EINVAL);
    }
    config.model = path[0] ? path : NULL;
    config.threshold = veil_score_from_common(b, (float)threshold);
    for (int i = 0; i < VEIL_AUDIT_LOOKS && ret >= 0; i++) {
        config.size = sizes[i];
        ret = b->open(&c->look[i], &config, NULL);
    }
    if (ret < 0)
        veil_error("detector '%s' cannot be opened once more: %s; 'veil models verify' checks its file", detector,
                   av_err2str(ret));
    return ret;
}

void veil_closer_close(VeilCloser *c)
{
    for (int i = 0; c->backend && i < VEIL_AUDIT_LOOKS; i++)
        c->backend->close(c->look[i]);
    *c = (VeilCloser){ 0 };
}

/* A window on the frame's own planes, from even pixels, for any chroma. */
static int cut_out(AVFrame *cut, const AVFrame *frame, const float box[4])
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(frame->format);
    const float side = fmaxf(box[2], box[3]) * AROUND, cx = box[0] + box[2] / 2, cy = box[1] + box[3] / 2;
    const int x0 = av_clip((int)(cx - side / 2), 0, frame->width) & ~7, y0 = av_clip((int)(cy - side / 2), 0, frame->height) & ~7;
    const int x1 = av_clip((int)(cx + side / 2), 0, frame->width), y1 = av_clip((int)(cy + side / 2), 0, frame->height);
    int ret;

    if (x1 - x0 < 16 || y1 - y0 < 16)
        return AVERROR(ENOENT);
    if ((ret = av_frame_ref(cut, frame)) < 0)
        return ret;
    for (int p = 0; p < 4 && cut->data[p]; p++) {
        const bool chroma = p == 1 || p == 2;
        const int x = chroma ? x0 >> d->log2_chroma_w : x0, y = chroma ? y0 >> d->log2_chroma_h : y0;
        int step = 1;

        for (int k = 0; k < d->nb_components; k++)
            if (d->comp[k].plane == p)
                step = d->comp[k].step;
        cut->data[p] += (ptrdiff_t)y * cut->linesize[p] + (ptrdiff_t)x * step;
    }
    cut->width = x1 - x0;
    cut->height = y1 - y0;
    return y0 << 16 | x0; /* FFmpeg's frames end at 32,767 */
}

static bool has_face(const VeilFace *faces, int n, const VeilFace *wanted)
{
    for (int i = 0; i < n; i++)
        if (veil_face_iou(&faces[i], wanted) > 0.3f)
            return true;
    return false;
}

int veil_closer_look(VeilCloser *c, const AVFrame *frame, const float box[4])
{
    AVFrame *cut = av_frame_alloc();
    VeilFace faces[VEIL_MAX_FACES], wanted = { .x = box[0], .y = box[1], .w = box[2], .h = box[3] };
    int at = cut ? cut_out(cut, frame, box) : AVERROR(ENOMEM), seen = 0;

    if (at >= 0) {
        wanted.x -= (float)(at & 0xffff);
        wanted.y -= (float)(at >> 16);
        for (int i = 0; i < VEIL_AUDIT_LOOKS && at >= 0; i++) {
            const int n = c->backend->find(c->look[i], cut, faces, VEIL_MAX_FACES, NULL);

            at = n < 0 ? n : at;
            seen += n > 0 && has_face(faces, n, &wanted);
        }
    }
    av_frame_free(&cut);
    return at == AVERROR(ENOENT) ? VEIL_AUDIT_LOOKS : at < 0 ? at : seen; /* too small to look closer: believed */
}
