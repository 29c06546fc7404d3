/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Detectors on veil's own engine: 'yunet' reads YuNet's ONNX file, 'own' the
 * network that is compiled in, or another weights file of that format.
 */
#include <string.h>
#include <libavutil/avutil.h>
#include <libavutil/mem.h>

#include "cv_onnx.h"
#include "detector.h"
#include "light.h"
#include "nn/decode.h"
#include "nn/file.h"
#include "picture.h"

#define MAX_CANDIDATES (4 * VEIL_MAX_FACES)

typedef struct NNDetector {
    VeilNNGraph *graph;
    VeilNN *nn;
    VeilPicture pic;
    VeilDetectorConfig config; ///< model is not kept; precision is the one chosen
    VeilFace *faces;           ///< MAX_CANDIDATES
    int n;
} NNDetector;

static void nn_close(void *priv)
{
    NNDetector *d = priv;

    if (!d)
        return;
    veil_nn_free(d->nn);
    veil_nn_graph_free(d->graph);
    veil_picture_free(&d->pic);
    av_free(d->faces);
    av_free(d);
}

static int load_yunet(VeilNNGraph **out, const char *model, void *log)
{
    char why[VEIL_CV_WHY] = "no file given";
    int ret = model ? veil_cv_onnx_yunet(out, model, why) : AVERROR(ENOENT);

    if (ret < 0)
        av_log(log, AV_LOG_ERROR, "cannot use model '%s': %s; fetch it anew with 'veil models fetch yunet'\n",
               model ? model : "yunet", why);
    return ret;
}

static int load_own(VeilNNGraph **out, const char *model, void *log)
{
    char why[VEIL_NN_WHY];
    size_t size;
    const uint8_t *data = veil_nn_own_weights(&size);
    int ret = model ? veil_nn_file_read(out, model, why) : veil_nn_file_parse(out, data, size, why);

    if (ret < 0)
        av_log(log, AV_LOG_ERROR, "cannot use model '%s': %s; leave the model out to use the one compiled in\n",
               model ? model : "own", why);
    return ret;
}

/* With kernels that have no int8, float is faster than the plain C that would stand in. */
static int choose_precision(NNDetector *d, const VeilNNKernels *k, void *log)
{
    if (d->config.precision == VEIL_PRECISION_INT8 && !k->pw8) {
        av_log(log, AV_LOG_ERROR, "this processor has no AVX-512 VNNI, which 'precision=int8' needs; leave it at 'auto'\n");
        return AVERROR(ENOSYS);
    }
    if (d->config.precision == VEIL_PRECISION_AUTO)
        d->config.precision = k->pw8 && strcmp(k->name, "c") ? VEIL_PRECISION_INT8 : VEIL_PRECISION_FLOAT;
    return 0;
}

static int open_with(void **priv, const VeilDetectorConfig *config, void *log,
                     int (*load)(VeilNNGraph **out, const char *model, void *log))
{
    NNDetector *d = av_mallocz(sizeof(*d));
    const VeilNNKernels *k = veil_nn_kernels_find(NULL);
    int ret;

    *priv = NULL;
    if (!d || !(d->faces = av_malloc_array(MAX_CANDIDATES, sizeof(*d->faces)))) {
        nn_close(d);
        return AVERROR(ENOMEM);
    }
    d->config = *config;
    d->config.model = NULL;
    if ((ret = choose_precision(d, k, log)) < 0 || (ret = load(&d->graph, config->model, log)) < 0) {
        nn_close(d);
        return ret == AVERROR(EINVAL) ? AVERROR_INVALIDDATA : ret;
    }
    if ((ret = veil_nn_new(&d->nn, d->graph, k, d->config.precision == VEIL_PRECISION_INT8 ? VEIL_NN_INT8 : VEIL_NN_FLOAT,
                           config->threads)) < 0) {
        av_log(log, AV_LOG_ERROR, "cannot start the network with %d threads; ask for 1 to %d\n", config->threads,
               VEIL_NN_MAX_THREADS);
        nn_close(d);
        return ret;
    }
    *priv = d;
    return 0;
}

static int yunet_open(void **priv, const VeilDetectorConfig *config, void *log)
{
    return open_with(priv, config, log, load_yunet);
}

static int own_open(void **priv, const VeilDetectorConfig *config, void *log)
{
    return open_with(priv, config, log, load_own);
}

static void take(void *opaque, const VeilNNFace *f)
{
    NNDetector *d = opaque;
    VeilFace *face = &d->faces[d->n];

    *face = (VeilFace){.x = f->x, .y = f->y, .w = f->w, .h = f->h, .score = f->score};
    face->has_landmarks = d->graph->decode.points >= 0;
    memcpy(face->landmark, f->point, sizeof(face->landmark));
    if (++d->n == MAX_CANDIDATES)
        d->n = veil_faces_suppress(d->faces, d->n, d->graph->decode.max_iou, VEIL_MAX_FACES);
}

_Static_assert(VEIL_NN_POINTS == VEIL_LANDMARKS, "networks and frames disagree about landmarks");

static int nn_find(void *priv, const AVFrame *frame, VeilFace *faces, int cap, void *log)
{
    NNDetector *d = priv;
    const VeilPictureConfig pc = {
        .size = d->config.size, .scale = d->config.scale, .channels = d->graph->channels, .rotation = d->config.rotation,
        .fill = d->graph->fill,
    };
    int ret;

    if ((ret = veil_picture_read(&d->pic, frame, &pc, log)) < 0)
        return ret;
    if (!d->config.dim)
        veil_light_raise(&d->pic);
    if ((ret = veil_nn_run(d->nn, d->pic.data, d->pic.w, d->pic.h, d->pic.stride)) < 0) {
        av_log(log, AV_LOG_ERROR, "cannot search a picture of %dx%d; set a smaller 'size'\n", d->pic.w, d->pic.h);
        return ret;
    }
    d->n = 0;
    veil_nn_decode(d->nn, d->graph, d->config.threshold, take, d);
    d->n = veil_faces_suppress(d->faces, d->n, d->graph->decode.max_iou, cap);
    for (int i = 0; i < d->n; i++) {
        faces[i] = d->faces[i];
        veil_picture_face_to_frame(&d->pic, &faces[i]);
    }
    return d->n;
}

static const char *nn_precision(const void *priv)
{
    const NNDetector *d = priv;

    return d->config.precision == VEIL_PRECISION_INT8 ? "int8" : "float";
}

/* YuNet's larger sister: at three quarters of the size it misses fewer faces, covers less beside them, and is faster. */
const VeilDetectorBackend veil_det_yunet_n = {
    .name        = "yunet-n",
    .description = "YuNet of its training repository on veil's own engine; needs a model file",
    .model       = "yunet-n",
    .size        = 960,
    .low         = 0.33f,
    .high        = 0.54f,
    .least       = 0.15f,
    .open        = yunet_open,
    .find        = nn_find,
    .precision   = nn_precision,
    .close       = nn_close,
};

const VeilDetectorBackend veil_det_yunet = {
    .name        = "yunet",
    .description = "YuNet of OpenCV's model zoo on veil's own engine; needs a model file",
    .model       = "yunet",
    .size        = 1280,
    .low         = 0.3f,
    .high        = 0.5f,
    .least       = 0.15f,
    .open        = yunet_open,
    .find        = nn_find,
    .precision   = nn_precision,
    .close       = nn_close,
};

const VeilDetectorBackend veil_det_own = {
    .name        = "own",
    .description = "compiled-in network, reads luma only; needs no file",
    .size        = 1280,
    .low         = 0.4f, /* below this it finds faces in brickwork: 80 in a picture of 60 */
    .high        = 0.5f,
    .least       = 0.3f,
    .open        = own_open,
    .find        = nn_find,
    .precision   = nn_precision,
    .close       = nn_close,
};
