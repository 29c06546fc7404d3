/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Building a network layer by layer. Everything is checked here, once, so
 * that the executor may trust what it runs.
 */
#include "graph.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN 64 ///< bytes: one cache line, one AVX-512 register

static int refuse(char *why, const char *sentence)
{
    snprintf(why, VEIL_NN_WHY, "%s", sentence);
    return -EINVAL;
}

static int lanes(int channels)
{
    return (channels + VEIL_NN_LANE - 1) / VEIL_NN_LANE * VEIL_NN_LANE;
}

static float *floats_new(size_t n)
{
    const size_t bytes = (n * sizeof(float) + ALIGN - 1) / ALIGN * ALIGN;
    float *p = aligned_alloc(ALIGN, bytes);

    if (p)
        memset(p, 0, bytes);
    return p;
}

int veil_nn_graph_new(VeilNNGraph **out, int channels, float mean, float scale, uint8_t fill,
                      const VeilNNDecode *decode)
{
    VeilNNGraph *g;

    *out = NULL;
    if ((channels != 1 && channels != 3) || !isfinite(mean) || !isfinite(scale))
        return -EINVAL;
    if (!(g = calloc(1, sizeof(*g))) || !(g->layer = calloc(VEIL_NN_MAX_LAYERS, sizeof(*g->layer)))) {
        free(g);
        return -ENOMEM;
    }
    g->channels = channels;
    g->mean = mean;
    g->scale = scale;
    g->fill = fill;
    g->decode = *decode;
    g->layer[0] = (VeilNNLayer){
        .op = VEIL_NN_INPUT, .stride = 1, .in = {-1, -1}, .channels = channels, .ci = channels, .co = channels,
    };
    g->layers = 1;
    *out = g;
    return 0;
}

/* Inputs exist and fit together; which of them an operation needs. */
static int check_inputs(const VeilNNGraph *g, const VeilNNSpec *s, char *why)
{
    const VeilNNLayer *a, *b;

    if (s->in[0] < 0 || s->in[0] >= g->layers || s->in[1] < -1 || s->in[1] >= g->layers)
        return refuse(why, "a layer reads a tensor that does not come before it");
    a = &g->layer[s->in[0]];
    b = s->in[1] < 0 ? NULL : &g->layer[s->in[1]];
    if (s->op != VEIL_NN_CONV3 && a->op == VEIL_NN_INPUT)
        return refuse(why, "only a dense convolution may read the picture");
    if (s->op == VEIL_NN_UPADD && (!b || b->halvings != a->halvings + 1 || b->channels != a->channels))
        return refuse(why, "the two inputs of an enlarging sum do not fit");
    if (s->op == VEIL_NN_PW && b && (b->halvings != a->halvings || b->channels != s->channels || b->op == VEIL_NN_INPUT))
        return refuse(why, "the tensor added to a 1x1 convolution does not fit");
    if (s->op != VEIL_NN_UPADD && s->op != VEIL_NN_PW && b)
        return refuse(why, "a layer has one input too many");
    return 0;
}

static int check_shape(const VeilNNGraph *g, const VeilNNSpec *s, char *why)
{
    const VeilNNLayer *a = &g->layer[s->in[0]];
    const bool mixes = s->op == VEIL_NN_CONV3 || s->op == VEIL_NN_PW;
    const bool strides = s->op == VEIL_NN_CONV3 || s->op == VEIL_NN_DW3;

    if (s->channels < 1 || s->channels > VEIL_NN_MAX_CHANNELS || (!mixes && s->channels != a->channels))
        return refuse(why, "a layer has an impossible number of channels");
    if (s->stride != 1 && !(s->stride == 2 && (strides || s->op == VEIL_NN_POOL2)))
        return refuse(why, "a layer has an unknown stride");
    if (s->op == VEIL_NN_POOL2 && s->stride != 2)
        return refuse(why, "a layer has an unknown stride");
    if (a->halvings + s->stride - 1 > VEIL_NN_MAX_HALVINGS)
        return refuse(why, "the network halves the picture too often");
    return 0;
}

int veil_nn_graph_weights(const VeilNNGraph *g, const VeilNNSpec *s, char why[VEIL_NN_WHY])
{
    int ret, ci;

    if (s->op <= VEIL_NN_INPUT || s->op >= VEIL_NN_OPS)
        return refuse(why, "unknown kind of layer");
    if (g->layers == VEIL_NN_MAX_LAYERS)
        return refuse(why, "too many layers");
    if ((ret = check_inputs(g, s, why)) < 0 || (ret = check_shape(g, s, why)) < 0)
        return ret;
    ci = g->layer[s->in[0]].channels;
    return s->op == VEIL_NN_CONV3 ? 9 * ci * s->channels
         : s->op == VEIL_NN_DW3   ? 9 * s->channels
         : s->op == VEIL_NN_PW    ? ci * s->channels
                                  : 0;
}

/* From (out, in, ky, kx) to the order of graph.h, with surplus channels zero. */
static void repack(VeilNNLayer *l, const VeilNNSpec *s, int in_channels)
{
    const int taps = l->op == VEIL_NN_PW ? 1 : 9, ci = l->op == VEIL_NN_DW3 ? 1 : in_channels;
    const int ci_mem = l->op == VEIL_NN_DW3 ? 1 : l->ci;

    for (int o = 0; o < s->channels; o++)
        for (int i = 0; i < ci; i++)
            for (int t = 0; t < taps; t++)
                l->w[((size_t)t * ci_mem + i) * l->co + o] = s->w[((size_t)o * ci + i) * taps + t];
    memcpy(l->b, s->b, s->channels * sizeof(float));
}

static bool never_negative(const VeilNNGraph *g, const VeilNNLayer *l)
{
    const VeilNNLayer *a = &g->layer[l->in[0]];

    return l->relu || (l->op == VEIL_NN_POOL2 && a->positive) ||
           (l->op == VEIL_NN_UPADD && a->positive && g->layer[l->in[1]].positive);
}

/* A zero cell must be zero, and bytes are not negative. */
static bool fits_bytes(const VeilNNGraph *g, const VeilNNLayer *l)
{
    const VeilNNLayer *in = &g->layer[l->in[0]];

    return (l->op == VEIL_NN_PW && in->positive) ||
           (l->op == VEIL_NN_CONV3 && in->op == VEIL_NN_INPUT && fpclassify(g->mean) == FP_ZERO);
}

/* The weights once more, as bytes. @param rows of `run` inputs each */
static int pack8(VeilNNLayer *l, int rows, int run, float scale)
{
    const int run8 = (run + 3) / 4 * 4;

    l->w8 = (int8_t *)floats_new((size_t)rows * run8 * l->co / sizeof(float));
    l->unit8 = floats_new(l->co);
    if (!l->w8 || !l->unit8)
        return -ENOMEM;
    for (int o = 0; o < l->co; o++) {
        float most = 0;

        for (int i = 0; i < rows * run; i++)
            most = fmaxf(most, fabsf(l->w[(size_t)i * l->co + o]));
        l->unit8[o] = most / 127 * scale;
        for (int i = 0; most > 0 && i < rows * run; i++) {
            const int k = i / run * run8 + i % run;

            l->w8[(size_t)(k & ~3) * l->co + 4 * o + (k & 3)] = (int8_t)lrintf(l->w[(size_t)i * l->co + o] / most * 127);
        }
    }
    return 0;
}

static int pack(VeilNNGraph *g, VeilNNLayer *l, const VeilNNSpec *s)
{
    const size_t in_memory = l->op == VEIL_NN_DW3 ? 9 : (size_t)l->ci * (l->op == VEIL_NN_CONV3 ? 9 : 1);

    l->w = floats_new(in_memory * l->co);
    l->b = floats_new(l->co);
    if (!l->w || !l->b)
        return -ENOMEM;
    repack(l, s, g->layer[s->in[0]].channels);
    if (!fits_bytes(g, l))
        return 0;
    return l->op == VEIL_NN_PW ? pack8(l, 1, l->ci, 1) : pack8(l, 3, 3 * l->ci, g->scale);
}

static void layer_free(VeilNNLayer *l)
{
    free(l->w);
    free(l->b);
    free(l->w8);
    free(l->unit8);
}

int veil_nn_graph_add(VeilNNGraph *g, const VeilNNSpec *s, char why[VEIL_NN_WHY])
{
    const int n = veil_nn_graph_weights(g, s, why);
    const VeilNNLayer *in;
    VeilNNLayer l;

    if (n < 0)
        return n;
    for (int i = 0; i < n; i++)
        if (!isfinite(s->w[i]))
            return refuse(why, "a weight is not a finite number");
    for (int i = 0; n && i < s->channels; i++)
        if (!isfinite(s->b[i]))
            return refuse(why, "a bias is not a finite number");
    in = &g->layer[s->in[0]];
    l = (VeilNNLayer){
        .op = s->op, .relu = s->relu, .stride = s->stride, .in = {s->in[0], s->in[1]}, .channels = s->channels,
        .ci = in->co, .co = lanes(s->channels), .halvings = in->halvings + s->stride - 1,
    };
    l.positive = never_negative(g, &l);
    if (n && pack(g, &l, s) < 0) {
        layer_free(&l);
        return -ENOMEM;
    }
    g->layer[g->layers] = l;
    return g->layers++;
}

int veil_nn_graph_head(VeilNNGraph *g, int tensor, char why[VEIL_NN_WHY])
{
    const VeilNNDecode *d = &g->decode;

    if (tensor < 1 || tensor >= g->layers)
        return refuse(why, "an output is not a tensor");
    if (g->heads == VEIL_NN_MAX_HEADS)
        return refuse(why, "too many outputs");
    const int n = g->layer[tensor].channels;
    if (d->cls < 0 || d->cls >= n || d->obj < -1 || d->obj >= n || d->box < 0 || d->box > n - 4 || d->points < -1 ||
        (d->points >= 0 && d->points > n - 10))
        return refuse(why, "an output has too few channels for its decoding");
    g->head[g->heads++] = tensor;
    return 0;
}

double veil_nn_graph_macs(const VeilNNGraph *g, int w, int h)
{
    double sum = 0;

    for (int i = 1; i < g->layers; i++) {
        const VeilNNLayer *l = &g->layer[i];
        const double cells = (double)(w >> l->halvings) * (h >> l->halvings);
        const int ci = g->layer[l->in[0]].channels;

        sum += cells * l->channels * (l->op == VEIL_NN_CONV3 ? 9 * ci : l->op == VEIL_NN_DW3 ? 9 : l->op == VEIL_NN_PW ? ci : 0);
    }
    return sum;
}

void veil_nn_graph_free(VeilNNGraph *g)
{
    if (!g)
        return;
    for (int i = 0; i < g->layers; i++)
        layer_free(&g->layer[i]);
    free(g->layer);
    free(g);
}
