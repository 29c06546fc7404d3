/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The executor: rows on demand, cells of a row in tiles, and the threads
 * that share a stage by bands of rows.
 */
#include "plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIDE 16384
#define MIN_BAND 4 ///< rows; thinner bands cost more in shared borders than they save

static float *row_at(const Worker *k, int t, int y)
{
    const VeilNN *nn = k->nn;
    const Tensor *s = &nn->tensor[t];
    const size_t margin = nn->g->layer[t].co;

    if (y < 0 || y >= s->h)
        return nn->zeros + margin;
    if (s->place == PLACE_WHOLE)
        return nn->whole[t] + (size_t)y * s->pitch + margin;
    return k->rows[t] + (size_t)(y % s->rows) * s->pitch + margin;
}

/* ---- arithmetic: everything that is read is there ---- */

static void fill(Worker *k, int t, int y, int x, int n, float *out);

/* Cells x..x+n-1 of row y of tensor t; a tile is computed now, into one of its slots. */
static const float *cells(Worker *k, int t, int y, int x, int n, int slot)
{
    const Tensor *s = &k->nn->tensor[t];
    float *out;

    if (s->place != PLACE_TILE)
        return row_at(k, t, y) + (size_t)x * k->nn->g->layer[t].co;
    out = k->rows[t] + (size_t)slot * s->pitch;
    fill(k, t, y, x, n, out);
    return out;
}

static bool on_bytes(const VeilNN *nn, const VeilNNLayer *l)
{
    return nn->int8 && l->w8;
}

/* All layers that read the picture do it in the same way, so its rows are of bytes or of floats; those of bytes begin
 * where floats would, and what lies beside them is zero as well. */
static void fill_picture(const VeilNN *nn, int y, int x, int n, float *out)
{
    const VeilNNLayer *l = &nn->g->layer[0];
    const uint8_t *in = nn->pic + (size_t)y * nn->pic_stride + x * l->co;

    if (on_bytes(nn, l + 1))
        memcpy((uint8_t *)(out - x * l->co) + x * l->co, in, n * l->co);
    else
        nn->k->input(out, in, n * l->co, nn->g->mean, nn->g->scale);
}

static void fill_conv8(const Worker *k, const VeilNNLayer *l, int y, int x, int n, float *out)
{
    const uint8_t *row[3];

    for (int i = 0; i < 3; i++)
        row[i] = (const uint8_t *)row_at(k, l->in[0], y * l->stride - 1 + i) + x * l->stride * l->ci;
    k->nn->k->conv8(out, row, n, l);
}

static void fill(Worker *k, int t, int y, int x, int n, float *out)
{
    const VeilNN *nn = k->nn;
    const VeilNNLayer *l = &nn->g->layer[t];
    const float *row[3] = {NULL}, *other = NULL;

    switch (l->op) {
    case VEIL_NN_INPUT:
        fill_picture(nn, y, x, n, out);
        break;
    case VEIL_NN_CONV3:
        if (on_bytes(nn, l)) {
            fill_conv8(k, l, y, x, n, out);
            break;
        }
        /* fall through */
    case VEIL_NN_DW3:
        for (int i = 0; i < 3; i++)
            row[i] = cells(k, l->in[0], y * l->stride - 1 + i, x * l->stride, n * l->stride, 0);
        (l->op == VEIL_NN_DW3 ? nn->k->dw3 : nn->k->conv3)(out, row, n, l);
        break;
    case VEIL_NN_POOL2:
        for (int i = 0; i < 2; i++)
            row[i] = cells(k, l->in[0], 2 * y + i, 2 * x, 2 * n, i);
        nn->k->pool2(out, row[0], row[1], n, l);
        break;
    case VEIL_NN_UPADD:
        other = cells(k, l->in[1], y / 2, x / 2, n / 2, 0);
        nn->k->upadd(out, cells(k, l->in[0], y, x, n, 0), other, n, l);
        break;
    default:
        if (l->in[1] >= 0)
            other = cells(k, l->in[1], y, x, n, 0);
        (on_bytes(nn, l) ? nn->k->pw8 : nn->k->pw)(out, cells(k, l->in[0], y, x, n, 0), other, n, l);
    }
}

/* ---- rows on demand ---- */

static void compute(Worker *k, const Stage *s, int t, int y);
static void prepare(Worker *k, const Stage *s, int t, int y);

/* See that row y of tensor t is there, or, of a tile, all that it is made of. */
static void need(Worker *k, const Stage *s, int t, int y)
{
    if (t < s->first || y < 0 || y >= k->nn->tensor[t].h)
        return;
    if (k->nn->tensor[t].place == PLACE_TILE) {
        prepare(k, s, t, y);
        return;
    }
    while (k->next[t] <= y)
        compute(k, s, t, k->next[t]++);
    if (k->measure && k->measure[t] < k->next[t] - y)
        k->measure[t] = k->next[t] - y;
}

/* See that all rows which row y of tensor t is computed from are there. */
static void prepare(Worker *k, const Stage *s, int t, int y)
{
    const VeilNNLayer *l = &k->nn->g->layer[t];
    const bool window = l->op == VEIL_NN_CONV3 || l->op == VEIL_NN_DW3;
    const int first = y * l->stride - window, n = window ? 3 : l->op == VEIL_NN_POOL2 ? 2 : 1;

    if (l->op == VEIL_NN_INPUT)
        return;
    for (int i = 0; i < n; i++)
        need(k, s, l->in[0], first + i);
    if (l->in[1] >= 0)
        need(k, s, l->in[1], l->op == VEIL_NN_UPADD ? y / 2 : y);
}

static void compute(Worker *k, const Stage *s, int t, int y)
{
    const Tensor *d = &k->nn->tensor[t];
    const int co = k->nn->g->layer[t].co;
    float *out;

    prepare(k, s, t, y);
    if (k->measure) {
        /* again, now that nothing is computed any more: making one input may have moved another's ring on */
        prepare(k, s, t, y);
        return;
    }
    out = row_at(k, t, y);
    for (int x = 0; x < d->w; x += d->step)
        fill(k, t, y, x, d->w - x < d->step ? d->w - x : d->step, out + (size_t)x * co);
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

void veil_nn_run_stage(Worker *k, const Stage *s)
{
    const int h = k->nn->tensor[s->last].h;
    int bands = h / MIN_BAND;

    bands = bands < 1 ? 1 : bands > k->nn->threads ? k->nn->threads : bands;
    if (k->index >= bands)
        return;
    begin_band(k, s, h * k->index / bands);
    while (k->next[s->last] < h * (k->index + 1) / bands)
        compute(k, s, s->last, k->next[s->last]++);
}

static void run_stages(Worker *k)
{
    for (int i = 0; i < k->nn->stages; i++) {
        veil_nn_run_stage(k, &k->nn->stage[i]);
        if (k->nn->threads > 1)
            pthread_barrier_wait(&k->nn->gate);
    }
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

int veil_nn_new(VeilNN **out, const VeilNNGraph *g, const VeilNNKernels *kernels, VeilNNPrecision precision,
                int threads)
{
    VeilNN *nn;

    *out = NULL;
    if (threads < 1 || threads > VEIL_NN_MAX_THREADS || !kernels || !g->heads)
        return -EINVAL;
    if (precision == VEIL_NN_INT8 && !kernels->pw8)
        return -ENOSYS;
    if (!(nn = calloc(1, sizeof(*nn))))
        return -ENOMEM;
    if (!(nn->worker = calloc(threads, sizeof(*nn->worker)))) {
        free(nn);
        return -ENOMEM;
    }
    nn->g = g;
    nn->k = kernels;
    nn->int8 = precision == VEIL_NN_INT8;
    for (int i = 0; i < threads; i++) {
        nn->worker[i].nn = nn;
        nn->worker[i].index = i;
    }
    pthread_mutex_init(&nn->start, NULL);
    start_threads(nn, threads);
    veil_nn_plan_stages(nn);
    *out = nn;
    return 0;
}

int veil_nn_run(VeilNN *nn, const uint8_t *pic, int w, int h, int stride)
{
    const int unit = 1 << VEIL_NN_MAX_HALVINGS;
    int ret;

    if (w < unit || h < unit || w % unit || h % unit || w > MAX_SIDE || h > MAX_SIDE || stride < w * nn->g->channels)
        return -EINVAL;
    if ((w != nn->w || h != nn->h) && (ret = veil_nn_plan_size(nn, w, h)) < 0)
        return ret;
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
    veil_nn_plan_drop(nn);
    free(nn->worker);
    free(nn);
}
