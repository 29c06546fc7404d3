/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Histograms of oriented gradients (Dalal & Triggs, CVPR 2005) of the aligned
 * face with a coarse map of its colours, weighted by Fisher's linear
 * discriminant on figures of samples/street (tests/bench/hogtrain.py): enough
 * to tell some of those figures apart, for a demonstration on a machine
 * without a network. It does not tell real people apart, and is marked in
 * every output.
 */
#include "match_hog.h"

#include <math.h>
#include <string.h>
#include <libavutil/error.h>

#include "keys/secmem.h"
#include "matcher.h"
#include "match_hog_weights.h"

#define SIDE   VEIL_ALIGN_SIDE
#define CELLS  VEIL_HOG_CELLS
#define BINS   VEIL_HOG_BINS
#define TILES  VEIL_HOG_TILES
#define CELL   (SIDE / CELLS)
#define TILE   (SIDE / TILES)
#define BLUR   3    ///< radius of the box filter, twice over: a face of 40 pixels has no more detail
#define LINEAR 2.2f ///< power that takes a sample to linear light, near enough

_Static_assert(sizeof(hog_mean) == VEIL_HOG_FEATURES * sizeof(float) &&
                   sizeof(hog_weight) == VEIL_HOG_FEATURES * HOG_LENGTH,
               "the weights were learned for other features; train anew with tests/bench/match.sh");

typedef struct HogMatcher {
    float feature[VEIL_HOG_FEATURES];
    float scratch[2 * SIDE * SIDE];
} HogMatcher;

/* ---- gradients ----------------------------------------------------------------- */

/* One pass of a box filter along rows, written transposed: two passes smooth both ways. */
static void blur_pass(float *out, const float *in)
{
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            float sum = 0;

            for (int d = -BLUR; d <= BLUR; d++) {
                const int at = x + d < 0 ? 0 : x + d >= SIDE ? SIDE - 1 : x + d;

                sum += in[y * SIDE + at];
            }
            out[x * SIDE + y] = sum / (2 * BLUR + 1);
        }
}

static void vote(float cell[CELLS][CELLS][BINS], const float *p, int x, int y)
{
    const float gx = p[1] - p[-1], gy = p[SIDE] - p[-SIDE], size = sqrtf(gx * gx + gy * gy);
    float *to = cell[y / CELL][x / CELL], turn = atan2f(gy, gx) / (float)M_PI * BINS;
    int bin;

    if (turn < 0)
        turn += BINS;
    bin = (int)turn;
    to[bin % BINS] += size * (1 - (turn - (float)bin));
    to[(bin + 1) % BINS] += size * (turn - (float)bin);
}

static float around(float cell[CELLS][CELLS][BINS], int cx, int cy)
{
    float sum = 1e-3f;

    for (int y = cy - 1; y <= cy + 1; y++)
        for (int x = cx - 1; x <= cx + 1; x++)
            if (y >= 0 && y < CELLS && x >= 0 && x < CELLS)
                for (int b = 0; b < BINS; b++)
                    sum += cell[y][x][b];
    return sum;
}

static void measure_gradients(const uint8_t *aligned, float *out, float *plane)
{
    float cell[CELLS][CELLS][BINS] = { 0 };

    for (int i = 0; i < SIDE * SIDE; i++)
        plane[i] = logf(1 + .114f * aligned[3 * i] + .587f * aligned[3 * i + 1] + .299f * aligned[3 * i + 2]);
    for (int i = 0; i < 2; i++) {
        blur_pass(plane + SIDE * SIDE, plane);
        blur_pass(plane, plane + SIDE * SIDE);
    }
    for (int y = 1; y < SIDE - 1; y++)
        for (int x = 1; x < SIDE - 1; x++)
            vote(cell, plane + y * SIDE + x, x, y);
    for (int y = 0; y < CELLS; y++)
        for (int x = 0; x < CELLS; x++)
            for (int b = 0; b < BINS; b++)
                *out++ = sqrtf(cell[y][x][b] / around(cell, x, y));
}

/* ---- colours ------------------------------------------------------------------------ */

static void measure_colours(const uint8_t *aligned, float *out)
{
    for (int t = 0; t < TILES * TILES; t++) {
        float sum[3] = { 0 };

        for (int i = 0; i < TILE * TILE; i++) {
            const uint8_t *p = aligned + 3 * ((t / TILES * TILE + i / TILE) * SIDE + t % TILES * TILE + i % TILE);

            for (int c = 0; c < 3; c++)
                sum[c] += powf(p[c] / 255.f, LINEAR) / (TILE * TILE);
        }
        for (int c = 0; c < 3; c++)
            sum[c] = logf(sum[c] + .02f); /* noise in the dark is no colour */
        *out++ = sum[2] - sum[1];
        *out++ = sum[0] - sum[1];
        *out++ = sum[1];
    }
}

void veil_hog_measure(const uint8_t *aligned, float out[VEIL_HOG_FEATURES], float *scratch)
{
    measure_gradients(aligned, out, scratch);
    measure_colours(aligned, out + CELLS * CELLS * BINS);
}

/* ---- the matcher ----------------------------------------------------------------------- */

static int hog_open(void **priv, int *length, const VeilMatcherConfig *config, void *log)
{
    (void)config;
    (void)log;
    *length = HOG_LENGTH;
    *priv = veil_secret_new(sizeof(HogMatcher));
    return *priv ? 0 : AVERROR(ENOMEM);
}

static int hog_embed(void *priv, const uint8_t *aligned, float *out, void *log)
{
    HogMatcher *m = priv;

    (void)log;
    veil_hog_measure(aligned, m->feature, m->scratch);
    for (int k = 0; k < HOG_LENGTH; k++) {
        out[k] = 0;
        for (int i = 0; i < VEIL_HOG_FEATURES; i++)
            out[k] += (m->feature[i] - hog_mean[i]) * hog_weight[i][k] * hog_scale[k];
    }
    memset(m, 0, sizeof(*m));
    return 0;
}

const VeilMatcherBackend veil_match_hog = {
    .name          = "hog",
    .description   = "gradients and colours; for demonstrations on generated pictures only",
    .revision      = "hog 1 " HOG_TRAINED,
    .demonstration = true,
    .open          = hog_open,
    .embed         = hog_embed,
    .close         = veil_secret_free,
};
