/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Which layers run together, where tensors live, and how large rings are:
 * found by going through the motions once without arithmetic, so that any
 * graph gets rings that are just long enough.
 */
#include "plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN 64
#define LOOK_AHEAD 3      ///< layers that a stage may be open for: a residual block needs two
#define TILE_FLOATS 3072  ///< of one tile: with weights and rows beside it, it stays in the first-level cache
#define WIDEST_STEP 48    ///< cells; a multiple of every kernel's block

static void find_readers(VeilNN *nn)
{
    const VeilNNGraph *g = nn->g;

    for (int i = 0; i < g->layers; i++)
        nn->last_reader[i] = i;
    for (int i = 1; i < g->layers; i++)
        for (int k = 0; k < 2; k++)
            if (g->layer[i].in[k] >= 0) {
                nn->last_reader[g->layer[i].in[k]] = i;
                nn->readers[g->layer[i].in[k]]++;
            }
    for (int i = 0; i < g->heads; i++) {
        nn->last_reader[g->head[i]] = g->layers;
        nn->readers[g->head[i]]++;
    }
}

/* May layers first..last run as one stage: are all tensors before the last read inside only? */
static bool closed(const VeilNN *nn, int first, int last)
{
    for (int t = first; t < last; t++)
        if (nn->last_reader[t] > last || !nn->readers[t])
            return false;
    return true;
}

/* Bands share borders that both must compute, and a chain over several
 * halvings has wide ones: with threads, a stage ends where the size changes. */
static bool may_grow(const VeilNN *nn, int first, int last)
{
    const VeilNNLayer *l = nn->g->layer;
    const int halvings = l[first ? first : 1].halvings;

    return nn->threads == 1 || l[last].halvings == halvings ||
           (l[last].op == VEIL_NN_POOL2 && l[last - 1].halvings == halvings);
}

/* A tensor that only the layer after it reads, cell by cell, need never be stored as a row. */
static bool fits_tile(const VeilNN *nn, int t)
{
    const int reader = nn->last_reader[t];
    const VeilNNLayer *l = &nn->g->layer[reader < nn->g->layers ? reader : 0];

    /* cppcheck-suppress arrayIndexOutOfBoundsCond ; t is the output of layer t of the graph */
    return t > 0 && nn->readers[t] == 1 && l->in[0] == t &&
           (l->op == VEIL_NN_PW || l->op == VEIL_NN_POOL2 || l->op == VEIL_NN_UPADD);
}

void veil_nn_plan_stages(VeilNN *nn)
{
    find_readers(nn);
    for (int first = 0, last; first < nn->g->layers; first = last + 1) {
        last = first;
        for (int i = first + 1; i < nn->g->layers && i <= last + LOOK_AHEAD && may_grow(nn, first, i); i++)
            if (closed(nn, first, i))
                last = i;
        for (int t = first; t <= last; t++) {
            nn->stage_of[t] = nn->stages;
            nn->tensor[t].place = t == last ? PLACE_WHOLE : fits_tile(nn, t) ? PLACE_TILE : PLACE_RING;
        }
        nn->stage[nn->stages++] = (Stage){first, last};
    }
}

/* ---- sizes ---- */

static int inner(const VeilNN *nn, int t)
{
    const int in = nn->g->layer[t].in[0];

    return in >= 0 && nn->tensor[in].place == PLACE_TILE ? in : -1;
}

/* How many cells of row tensor t to compute at a time, so that every tile on the way stays small. */
static int step_of(const VeilNN *nn, int t)
{
    int step = WIDEST_STEP, cells = 1;

    if (inner(nn, t) < 0)
        return nn->tensor[t].w;
    for (int in = inner(nn, t), reader = t; in >= 0; reader = in, in = inner(nn, in)) {
        cells *= nn->g->layer[reader].op == VEIL_NN_POOL2 ? 4 : 1;
        while (step > 6 && step * cells * nn->g->layer[in].co > TILE_FLOATS)
            step /= 2;
    }
    return step;
}

static void size_tiles(VeilNN *nn, int t)
{
    int cells = nn->tensor[t].step;

    for (int in = inner(nn, t), reader = t; in >= 0; reader = in, in = inner(nn, in)) {
        const bool pool = nn->g->layer[reader].op == VEIL_NN_POOL2;

        cells *= pool ? 2 : 1;
        nn->tensor[in].pitch = cells * nn->g->layer[in].co;
        nn->tensor[in].rows = pool ? 2 : 1;
    }
}

/* Go through all bands without computing, and note how far back rows are read. */
static void measure_rings(VeilNN *nn)
{
    int rows[VEIL_NN_MAX_LAYERS] = {0};

    for (int i = 0; i < nn->threads; i++) {
        Worker *k = &nn->worker[i];

        k->measure = rows;
        for (int s = 0; s < nn->stages; s++)
            veil_nn_run_stage(k, &nn->stage[s]);
        k->measure = NULL;
    }
    for (int t = 0; t < nn->g->layers; t++)
        if (nn->tensor[t].place == PLACE_RING)
            nn->tensor[t].rows = rows[t] < 1 ? 1 : rows[t];
}

static void size_tensors(VeilNN *nn, int w, int h)
{
    for (int t = 0; t < nn->g->layers; t++) {
        const VeilNNLayer *l = &nn->g->layer[t];
        Tensor *s = &nn->tensor[t];

        s->w = w >> l->halvings;
        s->h = h >> l->halvings;
        s->rows = s->h;
        s->pitch = (s->w + 2) * l->co;
    }
    for (int t = 0; t < nn->g->layers; t++)
        if (nn->tensor[t].place != PLACE_TILE) {
            nn->tensor[t].step = step_of(nn, t);
            size_tiles(nn, t);
        }
    measure_rings(nn);
}

/* ---- memory ---- */

static float *rows_new(VeilNN *nn, int rows, int pitch)
{
    const size_t bytes = ((size_t)rows * pitch * sizeof(float) + ALIGN - 1) / ALIGN * ALIGN;
    float *p = aligned_alloc(ALIGN, bytes);

    if (p) {
        memset(p, 0, bytes); /* the cells beside each row stay zero: no kernel writes them */
        nn->memory += bytes;
    }
    return p;
}

static int allocate(VeilNN *nn)
{
    int widest = 0;

    for (int t = 0; t < nn->g->layers; t++) {
        const Tensor *s = &nn->tensor[t];
        const int pitch = (s->w + 2) * nn->g->layer[t].co;

        widest = widest < pitch ? pitch : widest;
        if (s->place == PLACE_WHOLE && !(nn->whole[t] = rows_new(nn, s->rows, s->pitch)))
            return -ENOMEM;
        for (int i = 0; i < nn->threads && s->place != PLACE_WHOLE; i++)
            if (!(nn->worker[i].rows[t] = rows_new(nn, s->rows, s->pitch)))
                return -ENOMEM;
    }
    return (nn->zeros = rows_new(nn, 1, widest)) ? 0 : -ENOMEM;
}

void veil_nn_plan_drop(VeilNN *nn)
{
    for (int t = 0; t < nn->g->layers; t++) {
        free(nn->whole[t]);
        nn->whole[t] = NULL;
        for (int i = 0; i < nn->threads; i++) {
            free(nn->worker[i].rows[t]);
            nn->worker[i].rows[t] = NULL;
        }
    }
    free(nn->zeros);
    nn->zeros = NULL;
    nn->w = nn->h = 0;
    nn->memory = 0;
}

int veil_nn_plan_size(VeilNN *nn, int w, int h)
{
    int ret;

    veil_nn_plan_drop(nn);
    size_tensors(nn, w, h);
    if ((ret = allocate(nn)) < 0) {
        veil_nn_plan_drop(nn);
        return ret;
    }
    nn->w = w;
    nn->h = h;
    return 0;
}
