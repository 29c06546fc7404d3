/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The executor: which layers run together (stages), how many rows each ring
 * needs (found by going through the motions once without arithmetic), and
 * the threads that share a stage by bands of rows.
 */
#include "run.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN 64
#define MAX_SIDE 16384
#define MIN_BAND 4 ///< rows; thinner bands cost more in shared borders than they save

/** A tensor's place in memory: whole, or a ring of rows per thread. */
typedef struct Tensor {
    int w, h;
    int pitch; ///< floats per row, with a zero cell on either side
    int rows;  ///< rows kept
    bool whole;
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
    float *ring[VEIL_NN_MAX_LAYERS]; ///< this worker's rows; NULL for whole tensors
    int *measure;                    ///< not NULL: note rows needed instead of computing
} Worker;

struct VeilNN {
    const VeilNNGraph *g;
    const VeilNNKernels *k;
    Tensor tensor[VEIL_NN_MAX_LAYERS];
    float *whole[VEIL_NN_MAX_LAYERS];
    int last_reader[VEIL_NN_MAX_LAYERS];
    Stage stage[VEIL_NN_MAX_LAYERS];
    int stages;
    int stage_of[VEIL_NN_MAX_LAYERS]; ///< which stage makes a tensor
    float *zeros; ///< a row of zeros, wide enough for any tensor
    int w, h;     ///< planned for; 0 if no plan holds
    size_t memory;
    const uint8_t *pic;
    int pic_stride;
    int threads;            ///< with the caller's
    bool quit;
    pthread_mutex_t start;  ///< held until the number of threads is known
    pthread_barrier_t gate; ///< only if threads > 1
    Worker *worker;
};

static bool is_head(const VeilNNGraph *g, int t)
{
    for (int i = 0; i < g->heads; i++)
        if (g->head[i] == t)
            return true;
    return false;
}

/* ---- what runs together ---- */

static void find_readers(VeilNN *nn)
{
    const VeilNNGraph *g = nn->g;

    for (int i = 0; i < g->layers; i++)
        nn->last_reader[i] = is_head(g, i) ? g->layers : i;
    for (int i = 1; i < g->layers; i++)
        for (int k = 0; k < 2; k++)
            if (g->layer[i].in[k] >= 0 && nn->last_reader[g->layer[i].in[k]] < i)
                nn->last_reader[g->layer[i].in[k]] = i;
}

/* May layers first..last run as one stage: are all tensors before the last read inside only? */
static bool closed(const VeilNN *nn, int first, int last)
{
    for (int t = first; t < last; t++)
        if (nn->last_reader[t] > last || nn->last_reader[t] == t)
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

static void find_stages(VeilNN *nn)
{
    nn->stages = 0;
    for (int first = 0; first < nn->g->layers;) {
        int last = first;

        for (int i = first + 1; i < nn->g->layers && i <= last + 3 && may_grow(nn, first, i); i++)
            if (closed(nn, first, i))
                last = i;
        for (int t = first; t <= last; t++)
            nn->stage_of[t] = nn->stages;
        nn->stage[nn->stages++] = (Stage){first, last};
        nn->tensor[last].whole = true;
        first = last + 1;
    }
}

/* ---- rows on demand ---- */

static float *row_at(const Worker *k, int t, int y)
{
    const Tensor *s = &k->nn->tensor[t];
    float *base = s->whole ? k->nn->whole[t] + (size_t)y * s->pitch : k->ring[t] + (size_t)(y % s->rows) * s->pitch;

    return base + k->nn->g->layer[t].co;
}

static void compute(Worker *k, int t, int y);

/* Row y of tensor t; computes it and those before it if this stage makes t. */
static const float *need(Worker *k, const Stage *s, int t, int y)
{
    if (y < 0 || y >= k->nn->tensor[t].h)
        return k->measure ? NULL : k->nn->zeros + k->nn->g->layer[t].co;
    if (t >= s->first) {
        while (k->next[t] <= y)
            compute(k, t, k->next[t]++);
        if (k->measure && k->measure[t] < k->next[t] - y)
            k->measure[t] = k->next[t] - y;
    }
    return k->measure ? NULL : row_at(k, t, y);
}

static void compute(Worker *k, int t, int y)
{
    const VeilNN *nn = k->nn;
    const VeilNNLayer *l = &nn->g->layer[t];
    const Stage *s = &nn->stage[nn->stage_of[t]];
    const int w = nn->tensor[t].w;
    const float *row[3] = {NULL}, *other = NULL;
    float *out;

    /* everything is computed before any address is taken: making one input
     * may turn the ring of another */
    for (int pass = 0; pass < 2; pass++) {
        if (l->op == VEIL_NN_CONV3 || l->op == VEIL_NN_DW3)
            for (int i = 0; i < 3; i++)
                row[i] = need(k, s, l->in[0], y * l->stride - 1 + i);
        else if (l->op == VEIL_NN_POOL2)
            for (int i = 0; i < 2; i++)
                row[i] = need(k, s, l->in[0], 2 * y + i);
        else if (l->op != VEIL_NN_INPUT)
            row[0] = need(k, s, l->in[0], y);
        if (l->in[1] >= 0)
            other = need(k, s, l->in[1], l->op == VEIL_NN_UPADD ? y / 2 : y);
    }
    if (k->measure)
        return;
    out = row_at(k, t, y);
    switch (l->op) {
    case VEIL_NN_INPUT:
        nn->k->input(out, nn->pic + (size_t)y * nn->pic_stride, w * l->co, nn->g->mean, nn->g->scale);
        break;
    case VEIL_NN_CONV3: nn->k->conv3(out, row, w, l); break;
    case VEIL_NN_DW3:   nn->k->dw3(out, row, w, l); break;
    case VEIL_NN_PW:    nn->k->pw(out, row[0], other, w, l); break;
    case VEIL_NN_POOL2: nn->k->pool2(out, row[0], row[1], w, l); break;
    default:            nn->k->upadd(out, row[0], other, w, l); break;
    }
}

/* The first row of every tensor that rows from y on of the stage's last one lead to. */
static void begin_band(Worker *k, const Stage *s, int y)
{
    const VeilNNGraph *g = k->nn->g;

    for (int t = s->first; t <= s->last; t++)
        k->next[t] = k->nn->tensor[t].h;
    k->next[s->last] = y;
    for (int t = s->last; t >= s->first; t--)
        for (int i = 0; i < 2; i++) {
            const VeilNNLayer *l = &g->layer[t];
            const int in = l->in[i];
            int from = k->next[t] * l->stride - (l->op == VEIL_NN_CONV3 || l->op == VEIL_NN_DW3);

            if (in < s->first)
                continue;
            if (l->op == VEIL_NN_UPADD && i == 1)
                from = k->next[t] / 2;
            if (k->next[in] > from)
                k->next[in] = from < 0 ? 0 : from;
        }
}

static void run_stage(Worker *k, const Stage *s)
{
    const int h = k->nn->tensor[s->last].h;
    int bands = h / MIN_BAND;

    bands = bands < 1 ? 1 : bands > k->nn->threads ? k->nn->threads : bands;
    if (k->index >= bands)
        return;
    begin_band(k, s, h * k->index / bands);
    while (k->next[s->last] < h * (k->index + 1) / bands)
        compute(k, s->last, k->next[s->last]++);
}

static void run_stages(Worker *k)
{
    for (int i = 0; i < k->nn->stages; i++) {
        run_stage(k, &k->nn->stage[i]);
        if (k->nn->threads > 1)
            pthread_barrier_wait(&k->nn->gate);
    }
}

/* ---- memory ---- */

static float *rows_new(VeilNN *nn, const Tensor *t)
{
    const size_t bytes = ((size_t)t->rows * t->pitch * sizeof(float) + ALIGN - 1) / ALIGN * ALIGN;
    float *p = aligned_alloc(ALIGN, bytes);

    if (p) {
        memset(p, 0, bytes); /* the cells beside each row stay zero: no kernel writes them */
        nn->memory += bytes;
    }
    return p;
}

static void drop_plan(VeilNN *nn)
{
    for (int t = 0; t < nn->g->layers; t++) {
        free(nn->whole[t]);
        nn->whole[t] = NULL;
        for (int i = 0; i < nn->threads; i++) {
            free(nn->worker[i].ring[t]);
            nn->worker[i].ring[t] = NULL;
        }
    }
    free(nn->zeros);
    nn->zeros = NULL;
    nn->w = nn->h = 0;
    nn->memory = 0;
}

/* Go through all bands without computing, and note how far back rows are read. */
static void measure_rings(VeilNN *nn)
{
    int rows[VEIL_NN_MAX_LAYERS] = {0};

    for (int i = 0; i < nn->threads; i++) {
        Worker *k = &nn->worker[i];

        k->measure = rows;
        for (int s = 0; s < nn->stages; s++)
            run_stage(k, &nn->stage[s]);
        k->measure = NULL;
    }
    for (int t = 0; t < nn->g->layers; t++)
        nn->tensor[t].rows = nn->tensor[t].whole ? nn->tensor[t].h : rows[t] < 1 ? 1 : rows[t];
}

static int plan(VeilNN *nn, int w, int h)
{
    Tensor widest = {.rows = 1};

    drop_plan(nn);
    for (int t = 0; t < nn->g->layers; t++) {
        const VeilNNLayer *l = &nn->g->layer[t];
        Tensor *s = &nn->tensor[t];

        s->w = w >> l->halvings;
        s->h = h >> l->halvings;
        s->pitch = (s->w + 2) * l->co;
        if (widest.pitch < s->pitch)
            widest.pitch = s->pitch;
    }
    measure_rings(nn);
    if (!(nn->zeros = rows_new(nn, &widest)))
        return -ENOMEM;
    for (int t = 0; t < nn->g->layers; t++) {
        if (nn->tensor[t].whole && !(nn->whole[t] = rows_new(nn, &nn->tensor[t])))
            return -ENOMEM;
        for (int i = 0; i < nn->threads && !nn->tensor[t].whole; i++)
            if (!(nn->worker[i].ring[t] = rows_new(nn, &nn->tensor[t])))
                return -ENOMEM;
    }
    nn->w = w;
    nn->h = h;
    return 0;
}

/* ---- threads ---- */

static void *work(void *arg)
{
    Worker *k = arg;

    pthread_mutex_lock(&k->nn->start);
    pthread_mutex_unlock(&k->nn->start);
    for (;;) {
        pthread_barrier_wait(&k->nn->gate); /* a picture, or the end */
        if (k->nn->quit)
            return NULL;
        run_stages(k);
    }
}

static void start_threads(VeilNN *nn, int wanted)
{
    nn->threads = 1;
    pthread_mutex_lock(&nn->start);
    while (nn->threads < wanted &&
           !pthread_create(&nn->worker[nn->threads].thread, NULL, work, &nn->worker[nn->threads]))
        nn->threads++;
    if (nn->threads > 1)
        pthread_barrier_init(&nn->gate, NULL, nn->threads);
    pthread_mutex_unlock(&nn->start);
}

int veil_nn_new(VeilNN **out, const VeilNNGraph *g, const VeilNNKernels *kernels, int threads)
{
    VeilNN *nn;

    *out = NULL;
    if (threads < 1 || threads > VEIL_NN_MAX_THREADS || !kernels || !g->heads)
        return -EINVAL;
    if (!(nn = calloc(1, sizeof(*nn))))
        return -ENOMEM;
    if (!(nn->worker = calloc(threads, sizeof(*nn->worker)))) {
        free(nn);
        return -ENOMEM;
    }
    nn->g = g;
    nn->k = kernels;
    for (int i = 0; i < threads; i++) {
        nn->worker[i].nn = nn;
        nn->worker[i].index = i;
    }
    pthread_mutex_init(&nn->start, NULL);
    start_threads(nn, threads);
    find_readers(nn);
    find_stages(nn);
    *out = nn;
    return 0;
}

int veil_nn_run(VeilNN *nn, const uint8_t *pic, int w, int h, int stride)
{
    const int unit = 1 << VEIL_NN_MAX_HALVINGS;
    int ret;

    if (w < unit || h < unit || w % unit || h % unit || w > MAX_SIDE || h > MAX_SIDE || stride < w * nn->g->channels)
        return -EINVAL;
    if ((w != nn->w || h != nn->h) && (ret = plan(nn, w, h)) < 0) {
        drop_plan(nn);
        return ret;
    }
    nn->pic = pic;
    nn->pic_stride = stride;
    if (nn->threads > 1)
        pthread_barrier_wait(&nn->gate);
    run_stages(&nn->worker[0]);
    return 0;
}

VeilNNMap veil_nn_map(const VeilNN *nn, int i)
{
    const int t = nn->g->head[i];
    const VeilNNLayer *l = &nn->g->layer[t];
    const Tensor *s = &nn->tensor[t];

    return (VeilNNMap){
        .data = nn->whole[t] + l->co, .cols = s->w, .rows = s->h, .channels = l->channels, .cell = l->co,
        .pitch = s->pitch, .stride = 1 << l->halvings,
    };
}

size_t veil_nn_memory(const VeilNN *nn)
{
    return nn->memory;
}

void veil_nn_free(VeilNN *nn)
{
    if (!nn)
        return;
    if (nn->threads > 1) {
        nn->quit = true;
        pthread_barrier_wait(&nn->gate);
        for (int i = 1; i < nn->threads; i++)
            pthread_join(nn->worker[i].thread, NULL);
        pthread_barrier_destroy(&nn->gate);
    }
    pthread_mutex_destroy(&nn->start);
    drop_plan(nn);
    free(nn->worker);
    free(nn);
}
