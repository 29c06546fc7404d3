/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The weights file: a network as bytes. Written by weights/convert.py, read
 * here. Everything is little-endian; there is no padding.
 *
 *   offset size
 *   0      8    magic "VEILNN", 0, 1 (the version)
 *   8      4    length of the whole file in bytes
 *   12     2    channels of the picture, 1 or 3
 *   14     2    value that pads the picture, 0..255
 *   16     4    mean, float
 *   20     4    scale, float
 *   24     8    first channel of cls, obj, box, points: int16 each, -1 absent
 *   32     4    offset of cell centres, float
 *   36     4    highest overlap (IoU) of two faces, float
 *   40     2    layers, without the picture
 *   42     2    outputs
 *   44     ...  layers, each: op u16 (VeilNNOp), flags u16 (bit 0 ReLU),
 *               stride u16, channels u16, in[0] u16, in[1] u16 (0xffff none),
 *               then its weights (count follows from the above, order out,
 *               in / groups, ky, kx) and, if it has weights, `channels` biases
 *   ...    2    per output: its tensor
 */
#ifndef VEIL_NN_FILE_H
#define VEIL_NN_FILE_H

#include <stddef.h>
#include "graph.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_NN_MAX_FILE (64 << 20) ///< bytes

/**
 * @param data borrowed for the call, need not be aligned
 * @param why  one sentence on failure, without the file's name
 * @return 0; -EINVAL if it is no weights file, cut short or inconsistent; -ENOMEM
 */
int veil_nn_file_parse(VeilNNGraph **out, const uint8_t *data, size_t size, char why[VEIL_NN_WHY]);

/** Read a file. @return as veil_nn_file_parse(), or -errno of opening and reading */
int veil_nn_file_read(VeilNNGraph **out, const char *path, char why[VEIL_NN_WHY]);

/** The network that is compiled in; data lives as long as the program. */
const uint8_t *veil_nn_own_weights(size_t *size);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_NN_FILE_H */
