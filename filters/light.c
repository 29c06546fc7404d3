/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "light.h"

#include <math.h>
#include <libavutil/common.h>

/* A picture whose mean (0..255, black is 0) lies under DARK is brought up
 * towards RAISED, wholly from FULLY down. On footage that fades to 9 % this
 * halved the faces of 20 px and more that a search missed at a score of .5. */
#define DARK   74.f
#define FULLY  50.f
#define RAISED 116.f
#define MAX_GAIN 6.f

/* The gain is for what is dark; towards white it fades, so that a lit face in
 * a dark picture, or between black bars, keeps its contrast: a curve with
 * slope `gain` at black, 1 / gain at white, and both ends fixed. Clipping
 * there instead hid such faces from every search. */
static float raised(float x, float gain)
{
    return gain * x / (1 + (gain - 1) * x);
}

/* Luma as decoded has its black at 16, BGR at 0; full-range luma is only a
 * little less raised for it. */
static int black_of(const VeilPicture *p)
{
    return p->channels == 1 ? 16 : 0;
}

/* Every fourth row and column says enough. */
static float mean_of(const VeilPicture *p)
{
    int64_t sum = 0, n = 0;

    for (int y = 0; y < p->used_h; y += 4)
        for (int x = 0; x < p->used_w * p->channels; x += 4, n++)
            sum += p->data[(ptrdiff_t)y * p->stride + x];
    return fmaxf((float)sum / (float)FFMAX(n, 1) - (float)black_of(p), 1);
}

float veil_light_raise(VeilPicture *p)
{
    const float mean = mean_of(p), way = av_clipf((DARK - mean) / (DARK - FULLY), 0, 1);
    const float gain = fminf(1 + way * (RAISED / mean - 1), MAX_GAIN);
    const int black = black_of(p);
    const float span = 255.f - (float)black;
    uint8_t table[256];

    if (gain <= 1)
        return 1;
    for (int i = 0; i < 256; i++)
        table[i] = (uint8_t)(black + (int)lrintf(span * raised((float)FFMAX(i - black, 0) / span, gain)));
    for (int y = 0; y < p->used_h; y++) {
        uint8_t *row = p->data + (ptrdiff_t)y * p->stride;

        for (int x = 0; x < p->used_w * p->channels; x++)
            row[x] = table[row[x]];
    }
    return gain;
}
