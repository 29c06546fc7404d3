/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Runs a network on a picture. Layers that follow one another are computed
 * together, row by row: a row is made when the next layer asks for it and
 * lives in a ring of as few rows as its readers need, so that most of the
 * network never leaves the cache. Only tensors that are read from afar, and
 * the outputs, exist whole.
 */
#ifndef VEIL_NN_RUN_H
#define VEIL_NN_RUN_H

#include <stddef.h>

#include "graph.h"
#include "kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_NN_MAX_THREADS 64

typedef struct VeilNN VeilNN;

typedef enum VeilNNPrecision {
    VEIL_NN_FLOAT,
    VEIL_NN_INT8, ///< dense layers on bytes where the graph and the kernels have them
} VeilNNPrecision;

/** One output, as left by the last veil_nn_run(). */
typedef struct VeilNNMap {
    const float *data; ///< cell (row 0, column 0), channel 0; owned by the VeilNN
    int cols, rows;
    int channels;      ///< of the head
    int cell;          ///< floats from cell to cell
    int pitch;         ///< floats from row to row
    int stride;        ///< picture pixels per cell
} VeilNNMap;

/**
 * @param g       borrowed until veil_nn_free(); several VeilNN may share it
 * @param threads each takes a band of rows; 1 to VEIL_NN_MAX_THREADS. Fewer
 *                are used if the system gives no more
 * @return 0; -EINVAL; -ENOSYS if the kernels have no int8 and it is asked for; -ENOMEM
 */
int veil_nn_new(VeilNN **out, const VeilNNGraph *g, const VeilNNKernels *kernels, VeilNNPrecision precision,
                int threads);

/**
 * Run. Nothing is allocated unless w or h differ from the last call.
 * @param pic    h rows of w pixels of g->channels bytes
 * @param w, h   multiples of 1 << VEIL_NN_MAX_HALVINGS
 * @param stride bytes from row to row
 * @return 0; -EINVAL; -ENOMEM, after which the outputs are not valid
 */
int veil_nn_run(VeilNN *nn, const uint8_t *pic, int w, int h, int stride);

/** Output i, 0 to g->heads - 1. */
VeilNNMap veil_nn_map(const VeilNN *nn, int i);

/** Bytes held for tensors; for measurements. */
size_t veil_nn_memory(const VeilNN *nn);

void veil_nn_free(VeilNN *nn); ///< accepts NULL

#ifdef __cplusplus
}
#endif

#endif /* VEIL_NN_RUN_H */
