/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Histograms of oriented gradients (Dalal & Triggs, CVPR 2005) of the aligned
 * face, with a coarse map of its colours: enough to tell apart the figures of
 * samples/street, for a demonstration on a machine without a network. It does
 * not tell real people apart, and is marked in every output.
 */
#include "matcher.h"

#include <math.h>
#include <string.h>
#include <libavutil/error.h>
#include <libavutil/mem.h>

#include "keys/secmem.h"

#define SIDE  VEIL_ALIGN_SIDE
#define CELL  14 ///< pixels; 8 x 8 cells
#define CELLS (SIDE / CELL)
#define BINS  9  ///< unsigned directions, 20 degrees each
#define BLUR  3  ///< radius of the box filter, twice over: faces of 40 pixels have no more detail
#define HOG   (CELLS * CELLS * BINS)
#define TILES (CELLS * CELLS * 2)

typedef struct HogMatcher {
    float plane[2][SIDE * SIDE];
    float cell[CELLS][CELLS][BINS];
} HogMatcher;

static int hog_open(void **priv, int *length, const VeilMatcherConfig *config, void *log)
{
    (void)config;
    (void)log;
    *length = HOG + TILES;
    *priv = veil_secret_new(sizeof(HogMatcher));
    return *priv ? 0 : AVERROR(ENOMEM);
}

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

static void blur(HogMatcher *m)
{
    for (int i = 0; i < 2; i++) {
        blur_pass(m->plane[1], m->plane[0]);
        blur_pass(m->plane[0], m->plane[1]);
    }
}

static void vote(HogMatcher *m, int x, int y)
{
    const float *p = m->plane[0] + y * SIDE + x;
    const float gx = p[1] - p[-1], gy = p[SIDE] - p[-SIDE], size = sqrtf(gx * gx + gy * gy);
    float turn = atan2f(gy, gx) / (float)M_PI * BINS;
    int bin;

    if (turn < 0)
        turn += BINS;
    bin = (int)turn % BINS;
    m->cell[y / CELL][x / CELL][bin] += size * (1 - (turn - (float)(int)turn));
    m->cell[y / CELL][x / CELL][(bin + 1) % BINS] += size * (turn - (float)(int)turn);
}

/* Square roots, each cell by the sum of its neighbourhood. */
static void take_cells(const HogMatcher *m, float *out)
{
    for (int y = 0; y < CELLS; y++)
        for (int x = 0; x < CELLS; x++) {
            float sum = 1e-3f;

            for (int i = 0; i < 9; i++) {
                const int cy = y + i / 3 - 1, cx = x + i % 3 - 1;

                if (cy >= 0 && cy < CELLS && cx >= 0 && cx < CELLS)
                    for (int b = 0; b < BINS; b++)
                        sum += m->cell[cy][cx][b];
            }
            for (int b = 0; b < BINS; b++)
                *out++ = sqrtf(m->cell[y][x][b] / sum);
        }
}

static void centre(float *v, int n, float weight)
{
    double mean = 0, norm = 0;

    for (int i = 0; i < n; i++)
        mean += v[i] / n;
    for (int i = 0; i < n; i++)
        norm += (v[i] - mean) * (v[i] - mean);
    for (int i = 0; i < n; i++)
        v[i] = norm > 0 ? (float)((v[i] - mean) * weight / sqrt(norm)) : 0;
}

static int hog_embed(void *priv, const uint8_t *aligned, float *out, void *log)
{
    HogMatcher *m = priv;

    (void)log;
    (void)blur;
    memset(m->cell, 0, sizeof(m->cell));
    for (int i = 0; i < SIDE * SIDE; i++)
        m->plane[0][i] = logf(1 + .114f * aligned[3 * i] + .587f * aligned[3 * i + 1] + .299f * aligned[3 * i + 2]);
    blur(m);
    for (int y = 1; y < SIDE - 1; y++)
        for (int x = 1; x < SIDE - 1; x++)
            vote(m, x, y);
    take_cells(m, out);
    centre(out, HOG, 1);
    memset(out + HOG, 0, TILES * sizeof(float));
    return 0;
}

const VeilMatcherBackend veil_match_hog = {
    .name          = "hog",
    .description   = "gradients and colours; for demonstrations on generated pictures only",
    .revision      = "hog 1",
    .demonstration = true,
    .open          = hog_open,
    .embed         = hog_embed,
    .close         = veil_secret_free,
};
