/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A network for veil's engine out of an ONNX file, read by OpenCV's importer,
 * which folds batch normalisation into the convolutions. No cv:: type and no
 * exception crosses this header.
 */
#ifndef VEIL_FILTERS_CV_ONNX_H
#define VEIL_FILTERS_CV_ONNX_H

#include "cv.h"
#include "nn/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Read a detector of the YuNet family: a chain of convolutions, ReLU, 2x2
 * pools and enlarging sums, with outputs cls_S, obj_S, bbox_S and kps_S for
 * S = 8, 16, 32. The four branches of a level, each 1x1 then depthwise, become
 * one of 16 channels.
 * @param out free with veil_nn_graph_free()
 * @param why receives the reason on failure, without the file's name
 * @return 0; -ENOENT; -EINVAL if it is no such network; -ENOMEM
 */
int veil_cv_onnx_yunet(VeilNNGraph **out, const char *path, char why[VEIL_CV_WHY]);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_FILTERS_CV_ONNX_H */
