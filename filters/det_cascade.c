/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Haar cascades of Debian's opencv-data: frontal faces, and profiles in both
 * directions. A last resort that must be asked for: it needs forty times the
 * time of the networks and finds fewer faces. A missing file is an error,
 * because a cascade that is not there looks like a frame without faces.
 */
#include <math.h>
#include <stdio.h>
#include <libavutil/avutil.h>
#include <libavutil/macros.h>
#include <libavutil/mem.h>

#include "cv.h"
#include "detector.h"
#include "picture.h"

#define FOLDER "/usr/share/opencv4/haarcascades" ///< of Debian's opencv-data
#define MAX_FINDS VEIL_MAX_FACES
#define MAX_IOU 0.3f
#define FRONTAL 0
#define PROFILE 1

typedef struct CascadeDetector {
    VeilCvCascade *cascade[2];
    VeilPicture pic;
    VeilDetectorConfig config;
    VeilCvFind finds[MAX_FINDS];
    VeilFace faces[3 * MAX_FINDS];
    int n;
} CascadeDetector;

static void cascade_close(void *priv)
{
    CascadeDetector *d = priv;

    if (!d)
        return;
    veil_cv_cascade_close(d->cascade[FRONTAL]);
    veil_cv_cascade_close(d->cascade[PROFILE]);
    veil_picture_free(&d->pic);
    av_free(d);
}

static int cascade_open(void **priv, const VeilDetectorConfig *config, void *log)
{
    static const char *const file[2] = {"haarcascade_frontalface_alt2.xml", "haarcascade_profileface.xml"};
    const char *folder = config->model ? config->model : FOLDER;
    CascadeDetector *d = av_mallocz(sizeof(*d));
    char why[VEIL_CV_WHY], path[4096];
    int ret = 0;

    *priv = NULL;
    if (!d)
        return AVERROR(ENOMEM);
    d->config = *config;
    d->config.model = NULL;
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, file[i]);
        if ((ret = veil_cv_cascade_open(&d->cascade[i], path, why)) < 0) {
            av_log(log, AV_LOG_ERROR, "cannot use cascade '%s': %s; install the package opencv-data\n", path, why);
            cascade_close(d);
            return ret == AVERROR(EINVAL) ? AVERROR_INVALIDDATA : ret;
        }
    }
    *priv = d;
    return 0;
}

/* A cascade has no score; the number of merged finds n stands in as n / (n + 3), so that 3 finds give 0.5. */
static float score_of(int neighbours)
{
    return neighbours / (neighbours + 3.f);
}

static int neighbours_for(float threshold)
{
    return FFMAX(1, (int)ceilf(3 * threshold / fmaxf(1 - threshold, 0.01f) - 1e-3f));
}

static int search(CascadeDetector *d, int which, bool mirror, void *log)
{
    const VeilCvPicture grey = {d->pic.data, d->pic.used_w, d->pic.used_h, d->pic.stride, 1};
    char why[VEIL_CV_WHY];
    int n = veil_cv_cascade_find(d->cascade[which], &grey, mirror, neighbours_for(d->config.threshold), d->finds,
                                 MAX_FINDS, why);

    if (n < 0)
        av_log(log, AV_LOG_ERROR, "cascade failed: %s\n", why);
    for (int i = 0; i < n; i++) {
        const VeilCvFind *r = &d->finds[i];

        /* cascades were trained on squares wider than a face; 82 % is what fits labelled faces best */
        d->faces[d->n++] = (VeilFace){
            .x = r->x + 0.09f * r->w, .y = r->y, .w = 0.82f * r->w, .h = r->h,
            .score = score_of(r->neighbours),
        };
    }
    return n < 0 ? n : 0;
}

static int cascade_find(void *priv, const AVFrame *frame, VeilFace *faces, int cap, void *log)
{
    CascadeDetector *d = priv;
    const VeilPictureConfig pc = {
        .size = d->config.size, .scale = d->config.scale, .channels = 1, .rotation = d->config.rotation, .fill = 128,
    };
    int ret;

    d->n = 0;
    if ((ret = veil_picture_read(&d->pic, frame, &pc, log)) < 0 || (ret = search(d, FRONTAL, false, log)) < 0 ||
        (ret = search(d, PROFILE, false, log)) < 0 || (ret = search(d, PROFILE, true, log)) < 0)
        return ret;
    d->n = veil_faces_suppress(d->faces, d->n, MAX_IOU, cap);
    for (int i = 0; i < d->n; i++) {
        faces[i] = d->faces[i];
        veil_picture_face_to_frame(&d->pic, &faces[i]);
    }
    return d->n;
}

const VeilDetectorBackend veil_det_cascade = {
    .name        = "cascade",
    .description = "Haar cascades of opencv-data, frontal and profile; slow, finds fewest",
    .last_resort = true,
    .size        = 1280,
    .low         = 0.3f,
    .high        = 0.5f,
    .least       = 0.3f,
    .open        = cascade_open,
    .find        = cascade_find,
    .close       = cascade_close,
};
