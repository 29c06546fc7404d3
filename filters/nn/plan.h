/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Private to run.c and plan.c: which layers run together and where their
 * tensors live.
 */
#ifndef VEIL_NN_PLAN_H
#define VEIL_NN_PLAN_H

#include <pthread.h>
#include "run.h"

/** Where a tensor lives. */
typedef enum Place {
    PLACE_WHOLE, ///< all rows, shared by all threads: read from afar, or an output
    PLACE_RING,  ///< the last few rows, per thread: read by 3x3 windows
    PLACE_TILE,  ///< a few cells, per thread: read by the very next layer only
} Place;

typedef struct Tensor {
    Place place;
    int w, h;
    int pitch; ///< floats per row, with a zero cell on either side; of a tile: floats per slot
    int rows;  ///< rows kept; of a tile: slots, 2 if a pool reads two rows at once
    int step;  ///< cells of this row computed at a time; not of tiles
} Tensor;

/** Layers first..last, computed row by row together; only the last one's tensor is whole. */
typedef struct Stage {
    int first, last;
} Stage;

typedef struct Worker {
    struct VeilNN *nn;
    int index;
    pthread_t thread;
    int next[VEIL_NN_MAX_LAYERS];    ///< first row not yet computed
    float *rows[VEIL_NN_MAX_LAYERS]; ///< this worker's ring or tile; NULL for whole tensors
    int *measure;                    ///< not NULL: note rows needed instead of computing
} Worker;

struct VeilNN {
    const VeilNNGraph *g;
    const VeilNNKernels *k;
    bool int8;
    Tensor tensor[VEIL_NN_MAX_LAYERS];
    float *whole[VEIL_NN_MAX_LAYERS];
    int readers[VEIL_NN_MAX_LAYERS];     ///< how many layers read a tensor; an output has one more
    int last_reader[VEIL_NN_MAX_LAYERS]; ///< the last of them; an output's is beyond all layers
    Stage stage[VEIL_NN_MAX_LAYERS];
    int stages;
    int stage_of[VEIL_NN_MAX_LAYERS];    ///< which stage makes a tensor
    float *zeros;           ///< a row of zeros, wide enough for any tensor
    int w, h;               ///< planned for; 0 if no plan holds
    size_t memory;          ///< bytes of tensors
    const uint8_t *pic;
    int pic_stride;
    int threads;            ///< with the caller's
    bool quit;
    pthread_mutex_t start;  ///< held until the number of threads is known
    pthread_barrier_t gate; ///< only if threads > 1
    Worker *worker;
};

/** Find stages and places; once per network, threads being known. */
void veil_nn_plan_stages(VeilNN *nn);

/** Lay out memory for a picture of w x h. @return 0; -ENOMEM, with nothing planned */
int veil_nn_plan_size(VeilNN *nn, int w, int h);

/** Free what veil_nn_plan_size() made. */
void veil_nn_plan_drop(VeilNN *nn);

/** Do this worker's band of a stage, or go through its motions if worker->measure is set. In run.c. */
void veil_nn_run_stage(Worker *worker, const Stage *stage);

#endif /* VEIL_NN_PLAN_H */
