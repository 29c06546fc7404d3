/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Decoding by the table in VeilNNDecode.
 */
#include "decode.h"

#include <math.h>
#include <string.h>

#define MAX_EXP 10.f ///< exp() of a size beyond this is no face but a broken cell

static float sigmoid(float v)
{
    return 1 / (1 + expf(-v));
}

static float size_of(float v, int stride)
{
    return expf(fminf(v, MAX_EXP)) * stride;
}

static void decode_cell(const VeilNNDecode *d, const VeilNNMap *m, const float *v, int col, int row, VeilNNFace *f)
{
    const float x = col + d->offset, y = row + d->offset;

    f->w = size_of(v[d->box + 2], m->stride);
    f->h = size_of(v[d->box + 3], m->stride);
    f->x = (x + v[d->box]) * m->stride - f->w / 2;
    f->y = (y + v[d->box + 1]) * m->stride - f->h / 2;
    for (int i = 0; d->points >= 0 && i < VEIL_NN_POINTS; i++) {
        f->point[i][0] = (x + v[d->points + 2 * i]) * m->stride;
        f->point[i][1] = (y + v[d->points + 2 * i + 1]) * m->stride;
    }
}

/* The least v[cls] that can reach the threshold: a cell below it needs no exp(). */
static float least_logit(const VeilNNDecode *d, float threshold)
{
    const float t = d->obj < 0 ? threshold : threshold * threshold;

    return t <= 0 ? -INFINITY : t >= 1 ? INFINITY : logf(t / (1 - t)) - 1e-3f;
}

void veil_nn_decode(const VeilNN *nn, const VeilNNGraph *g, float threshold,
                    void (*take)(void *opaque, const VeilNNFace *face), void *opaque)
{
    const VeilNNDecode *d = &g->decode;
    const float least = least_logit(d, threshold);

    for (int i = 0; i < g->heads; i++) {
        const VeilNNMap m = veil_nn_map(nn, i);

        for (int row = 0; row < m.rows; row++)
            for (int col = 0; col < m.cols; col++) {
                const float *v = m.data + (size_t)row * m.pitch + (size_t)col * m.cell;
                VeilNNFace f;

                if (!(v[d->cls] >= least) || (d->obj >= 0 && !(v[d->obj] >= least)))
                    continue;
                memset(&f, 0, sizeof(f));
                f.score = d->obj < 0 ? sigmoid(v[d->cls]) : sqrtf(sigmoid(v[d->cls]) * sigmoid(v[d->obj]));
                if (f.score < threshold)
                    continue;
                decode_cell(d, &m, v, col, row, &f);
                take(opaque, &f);
            }
    }
}
