/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The table of backends, and what all of them share: suppression of double
 * finds and the way back from the upright picture to the stored frame.
 */
#include "detector.h"

#include <stdlib.h>
#include <string.h>
#include <libavutil/macros.h>

extern const VeilDetectorBackend veil_det_yunet_n, veil_det_yunet, veil_det_own, veil_det_opencv, veil_det_cascade;

const VeilDetectorBackend *const veil_detectors[] = {
    &veil_det_yunet_n,
    &veil_det_yunet,
    &veil_det_own,
    &veil_det_opencv,
    &veil_det_cascade,
    NULL
};

const VeilDetectorBackend *veil_detector_find(const char *name)
{
    for (int i = 0; veil_detectors[i]; i++)
        if (!strcmp(veil_detectors[i]->name, name))
            return veil_detectors[i];
    return NULL;
}

static float bend(float x, const float from[4], const float to[4])
{
    int i = 0;

    while (i < 2 && x > from[i + 1])
        i++;
    return to[i] + (x - from[i]) * (to[i + 1] - to[i]) / (from[i + 1] - from[i]);
}

float veil_score_to_common(const VeilDetectorBackend *b, float own)
{
    return bend(own, (float[]){ 0, b->low, b->high, 1 }, (float[]){ 0, VEIL_SCORE_LOW, VEIL_SCORE_HIGH, 1 });
}

float veil_score_from_common(const VeilDetectorBackend *b, float common)
{
    return bend(common, (float[]){ 0, VEIL_SCORE_LOW, VEIL_SCORE_HIGH, 1 }, (float[]){ 0, b->low, b->high, 1 });
}

void veil_face_move(VeilFace *f, float x, float y)
{
    f->x += x;
    f->y += y;
    for (int i = 0; i < VEIL_LANDMARKS && f->has_landmarks; i++) {
        f->landmark[i][0] += x;
        f->landmark[i][1] += y;
    }
}

int veil_detector_find_in(const VeilDetectorBackend *b, void *priv, const AVFrame *frame, int x, int y, int w, int h,
                          VeilFace *faces, int cap, void *log)
{
    AVFrame *view = av_frame_clone(frame);
    int n;

    if (!view)
        return AVERROR(ENOMEM);
    view->crop_left = x;
    view->crop_top = y;
    view->crop_right = frame->width - x - w;
    view->crop_bottom = frame->height - y - h;
    n = av_frame_apply_cropping(view, AV_FRAME_CROP_UNALIGNED);
    if (n >= 0)
        n = b->find(priv, view, faces, cap, log);
    av_frame_free(&view);
    for (int i = 0; i < n; i++)
        veil_face_move(&faces[i], (float)x, (float)y);
    return n;
}

static void unrotate_point(float p[2], int w, int h, int rotation)
{
    const float x = p[0], y = p[1];

    p[0] = rotation == 90 ? y : rotation == 180 ? w - x : w - y;
    p[1] = rotation == 90 ? h - x : rotation == 180 ? h - y : x;
}

void veil_face_unrotate(VeilFace *face, int w, int h, int rotation)
{
    float a[2] = {face->x, face->y}, b[2] = {face->x + face->w, face->y + face->h};

    if (rotation != 90 && rotation != 180 && rotation != 270)
        return;
    unrotate_point(a, w, h, rotation);
    unrotate_point(b, w, h, rotation);
    face->x = FFMIN(a[0], b[0]);
    face->y = FFMIN(a[1], b[1]);
    face->w = FFABS(a[0] - b[0]);
    face->h = FFABS(a[1] - b[1]);
    for (int i = 0; face->has_landmarks && i < VEIL_LANDMARKS; i++)
        unrotate_point(face->landmark[i], w, h, rotation);
}

float veil_face_iou(const VeilFace *a, const VeilFace *b)
{
    const float w = FFMIN(a->x + a->w, b->x + b->w) - FFMAX(a->x, b->x);
    const float h = FFMIN(a->y + a->h, b->y + b->h) - FFMAX(a->y, b->y);

    if (w <= 0 || h <= 0)
        return 0;
    return w * h / (a->w * a->h + b->w * b->h - w * h);
}

static int by_score(const void *pa, const void *pb)
{
    const VeilFace *a = pa, *b = pb;

    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    /* equal scores: a fixed order, so that two runs agree */
    return a->y != b->y ? (a->y > b->y) - (a->y < b->y) : (a->x > b->x) - (a->x < b->x);
}

int veil_faces_suppress(VeilFace *faces, int n, float max_iou, int cap)
{
    int kept = 0;

    qsort(faces, n, sizeof(*faces), by_score);
    for (int i = 0; i < n && kept < cap; i++) {
        int k = 0;

        while (k < kept && veil_face_iou(&faces[i], &faces[k]) <= max_iou)
            k++;
        if (k == kept)
            faces[kept++] = faces[i];
    }
    return kept;
}

int veil_faces_suppress_huge(VeilFace *faces, int n, float height, float max_iou)
{
    int kept = 0;

    for (int i = 0; i < n; i++) {
        int k = 0;

        while (k < kept && (FFMIN(faces[i].h, faces[k].h) < height || veil_face_iou(&faces[i], &faces[k]) <= max_iou))
            k++;
        if (k == kept)
            faces[kept++] = faces[i];
    }
    return kept;
}
