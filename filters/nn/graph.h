/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A small convolutional network as data: a list of layers in an order in
 * which each reads only earlier ones. It comes from a weights file (file.h)
 * or from an ONNX file (../cv_onnx.h), never from code.
 *
 * Layer i makes tensor i; layer 0 is the picture. Tensors are laid out row by
 * row, cell by cell, channel by channel, with channels rounded up to
 * VEIL_NN_LANE; the surplus channels stay zero.
 */
#ifndef VEIL_NN_GRAPH_H
#define VEIL_NN_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_NN_LANE 16        ///< channels of a tensor come in multiples of this
#define VEIL_NN_MAX_LAYERS 256
#define VEIL_NN_MAX_CHANNELS 512
#define VEIL_NN_MAX_HEADS 8
#define VEIL_NN_MAX_HALVINGS 5 ///< picture sides are multiples of 32
#define VEIL_NN_WHY 160        ///< bytes at `why`, terminator included

/** The numbers are those of the weights file. */
typedef enum VeilNNOp {
    VEIL_NN_INPUT = 0, ///< the picture; only layer 0
    VEIL_NN_CONV3 = 1, ///< dense 3x3, zero padding 1, stride 1 or 2
    VEIL_NN_DW3   = 2, ///< depthwise 3x3, zero padding 1, stride 1 or 2
    VEIL_NN_PW    = 3, ///< 1x1; in[1], if given, is added before the ReLU
    VEIL_NN_POOL2 = 4, ///< largest of 2x2
    VEIL_NN_UPADD = 5, ///< in[0] + in[1] enlarged 2x by repetition
    VEIL_NN_OPS
} VeilNNOp;

typedef struct VeilNNLayer {
    VeilNNOp op;
    bool relu;
    int stride;   ///< 1 or 2
    int in[2];    ///< tensors read; -1 is none
    int channels; ///< of the output, as the network has them
    int ci, co;   ///< channels in memory of in[0] and of the output
    int halvings; ///< the output has 1 / (1 << halvings) of the picture's sides
    /** CONV3: [3][3][ci][co]; DW3: [3][3][co]; PW: [ci][co]; otherwise NULL. 64-byte aligned. */
    float *w;
    float *b;     ///< co values
    bool positive; ///< the output is never negative
    /** PW of inputs that are never negative: [ci / 4][co][4]; CONV3 of a picture whose zero is 0:
     * [3][VEIL_NN_RUN8(ci) / 4][co][4]; otherwise NULL. -127..127, the largest of an output channel being 127. */
    int8_t *w8;
    float *unit8; ///< co values: what 1 in w8 is worth, the picture's scale included
} VeilNNLayer;

/** How the channels of a head become faces. With v the values of a cell and s its stride in pixels:
 * score = sigmoid(v[cls]), or sqrt(sigmoid(v[cls]) * sigmoid(v[obj])) if obj is given;
 * centre = (cell + offset + v[box], v[box+1]) * s; size = exp(v[box+2], v[box+3]) * s;
 * landmark i = (cell + offset + v[points+2i], v[points+2i+1]) * s. */
typedef struct VeilNNDecode {
    int cls, obj, box, points; ///< first channel of each; obj and points may be -1
    float offset;              ///< 0: cells count from their corner; 0.5: from their middle
    float max_iou;             ///< of the suppression that follows
} VeilNNDecode;

typedef struct VeilNNGraph {
    int channels;      ///< of the picture: 1 luma, 3 blue green red
    float mean, scale; ///< x = (value - mean) * scale
    uint8_t fill;      ///< what pads the picture
    VeilNNDecode decode;
    VeilNNLayer *layer;
    int layers;
    int head[VEIL_NN_MAX_HEADS]; ///< tensors
    int heads;
} VeilNNGraph;

/**
 * Begin a graph that consists of its picture.
 * @param channels 1 or 3
 * @return 0; -EINVAL; -ENOMEM
 */
int veil_nn_graph_new(VeilNNGraph **out, int channels, float mean, float scale, uint8_t fill,
                      const VeilNNDecode *decode);

/** A layer before it is added: what a file says about it. */
typedef struct VeilNNSpec {
    VeilNNOp op;
    bool relu;
    int stride;     ///< 1 or 2
    int in[2];      ///< tensors; -1 is none
    int channels;   ///< of the output
    const float *w; ///< order (out, in / groups, ky, kx), as ONNX has it; copied
    const float *b; ///< `channels` values; copied
} VeilNNSpec;

/**
 * How many weights a layer has, biases not counted.
 * @return 0 for layers without any; -EINVAL if spec cannot follow in this graph
 */
int veil_nn_graph_weights(const VeilNNGraph *g, const VeilNNSpec *spec, char why[VEIL_NN_WHY]);

/**
 * Check a layer against the graph so far and append it.
 * @return its tensor, above 0; -EINVAL with the reason in why; -ENOMEM
 */
int veil_nn_graph_add(VeilNNGraph *g, const VeilNNSpec *spec, char why[VEIL_NN_WHY]);

/**
 * Make a tensor one of the outputs.
 * @return 0; -EINVAL if it is no tensor, too narrow for the decoding, or one too many
 */
int veil_nn_graph_head(VeilNNGraph *g, int tensor, char why[VEIL_NN_WHY]);

/** Multiply-adds for one picture of w x h pixels. */
double veil_nn_graph_macs(const VeilNNGraph *g, int w, int h);

void veil_nn_graph_free(VeilNNGraph *g); ///< accepts NULL

#ifdef __cplusplus
}
#endif

#endif /* VEIL_NN_GRAPH_H */
