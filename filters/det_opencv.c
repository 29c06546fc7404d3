/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * YuNet (2023mar) through OpenCV's dnn module: the reference that veil's own
 * engine is measured against. OpenCV 4.6's FaceDetectorYN cannot run this
 * file, so its outputs are decoded here.
 */
#include <math.h>
#include <libavutil/avutil.h>
#include <libavutil/mem.h>

#include "cv.h"
#include "detector.h"
#include "light.h"
#include "picture.h"

#define LEVELS 3
#define PARTS 4           ///< cls, obj, bbox, kps
#define MAX_IOU 0.3f      ///< of the model's own demonstration program
#define MAX_CANDIDATES (4 * VEIL_MAX_FACES)

typedef struct OpencvDetector {
    VeilCvNet *net;
    VeilPicture pic;
    VeilDetectorConfig config; ///< model is not kept
    VeilFace *faces;           ///< MAX_CANDIDATES
    int n;
} OpencvDetector;

static const char *const names[LEVELS * PARTS] = {
    "cls_8", "obj_8", "bbox_8", "kps_8", "cls_16", "obj_16", "bbox_16", "kps_16",
    "cls_32", "obj_32", "bbox_32", "kps_32",
};
static const int part_size[PARTS] = {1, 1, 4, 10};

static void opencv_close(void *priv)
{
    OpencvDetector *d = priv;

    if (!d)
        return;
    veil_cv_net_close(d->net);
    veil_picture_free(&d->pic);
    av_free(d->faces);
    av_free(d);
}

static int opencv_open(void **priv, const VeilDetectorConfig *config, void *log)
{
    OpencvDetector *d = av_mallocz(sizeof(*d));
    char why[VEIL_CV_WHY] = "no file given";
    int ret = AVERROR(ENOENT);

    *priv = NULL;
    if (!d || !(d->faces = av_malloc_array(MAX_CANDIDATES, sizeof(*d->faces)))) {
        opencv_close(d);
        return AVERROR(ENOMEM);
    }
    d->config = *config;
    d->config.model = NULL;
    if (config->model)
        ret = veil_cv_net_open(&d->net, config->model, config->threads, why);
    if (ret < 0) {
        av_log(log, AV_LOG_ERROR, "cannot use model '%s': %s; fetch it anew with 'veil models fetch yunet'\n",
               config->model ? config->model : "", why);
        opencv_close(d);
        return ret == AVERROR(EINVAL) ? AVERROR_INVALIDDATA : ret;
    }
    *priv = d;
    return 0;
}

/* Formulas of the model's own post-processing: face_detect.cpp of OpenCV 4.8. */
static void decode_cell(OpencvDetector *d, const float *const part[PARTS], int i, int cols, int stride)
{
    const float cls = fminf(fmaxf(part[0][i], 0), 1), obj = fminf(fmaxf(part[1][i], 0), 1);
    const float *b = part[2] + 4 * i, *k = part[3] + 10 * i;
    const float col = i % cols, row = i / cols;
    VeilFace *f = &d->faces[d->n];

    if (sqrtf(cls * obj) < d->config.threshold)
        return;
    f->score = sqrtf(cls * obj);
    f->w = expf(b[2]) * stride;
    f->h = expf(b[3]) * stride;
    f->x = (col + b[0]) * stride - f->w / 2;
    f->y = (row + b[1]) * stride - f->h / 2;
    f->has_landmarks = true;
    for (int j = 0; j < VEIL_LANDMARKS; j++) {
        f->landmark[j][0] = (col + k[2 * j]) * stride;
        f->landmark[j][1] = (row + k[2 * j + 1]) * stride;
    }
    if (++d->n == MAX_CANDIDATES)
        d->n = veil_faces_suppress(d->faces, d->n, MAX_IOU, VEIL_MAX_FACES);
}

static int decode(OpencvDetector *d, const float *const *outs, const size_t *sizes, void *log)
{
    d->n = 0;
    for (int level = 0; level < LEVELS; level++) {
        const int stride = 8 << level, cols = d->pic.w / stride, cells = cols * (d->pic.h / stride);

        for (int p = 0; p < PARTS; p++)
            if (sizes[level * PARTS + p] != (size_t)cells * part_size[p]) {
                av_log(log, AV_LOG_ERROR, "model output '%s' has an unknown shape; use the 2023mar file of YuNet\n",
                       names[level * PARTS + p]);
                return AVERROR_INVALIDDATA;
            }
        for (int i = 0; i < cells; i++)
            decode_cell(d, outs + level * PARTS, i, cols, stride);
    }
    return 0;
}

static int opencv_find(void *priv, const AVFrame *frame, VeilFace *faces, int cap, void *log)
{
    OpencvDetector *d = priv;
    const VeilPictureConfig pc = {.size = d->config.size, .scale = d->config.scale, .channels = 3, .rotation = d->config.rotation};
    const VeilCvInput input = {.scale = 1};
    const float *outs[LEVELS * PARTS];
    size_t sizes[LEVELS * PARTS];
    char why[VEIL_CV_WHY];
    int ret;

    if ((ret = veil_picture_read(&d->pic, frame, &pc, log)) < 0)
        return ret;
    if (!d->config.dim)
        veil_light_raise(&d->pic);
    ret = veil_cv_net_run(d->net, &(VeilCvPicture){d->pic.data, d->pic.w, d->pic.h, d->pic.stride, 3}, &input, names,
                          LEVELS * PARTS, outs, sizes, why);
    if (ret < 0) {
        av_log(log, AV_LOG_ERROR, "network failed: %s; check the model with 'veil models verify'\n", why);
        return ret;
    }
    if ((ret = decode(d, outs, sizes, log)) < 0)
        return ret;
    d->n = veil_faces_suppress(d->faces, d->n, MAX_IOU, cap);
    for (int i = 0; i < d->n; i++) {
        faces[i] = d->faces[i];
        veil_picture_face_to_frame(&d->pic, &faces[i]);
    }
    return d->n;
}

const VeilDetectorBackend veil_det_opencv = {
    .name        = "opencv",
    .description = "YuNet through OpenCV dnn, the slow reference",
    .model       = "yunet",
    .size        = 1280,
    .low         = 0.3f,
    .high        = 0.5f,
    .least       = 0.15f,
    .open        = opencv_open,
    .find        = opencv_find,
    .close       = opencv_close,
};
