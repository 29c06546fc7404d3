/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Filtered noise and a sweep.
 */
#include "sound.h"

#define SWEEP_EVERY_S 2.0f
#define SWEEP_S       .25f
#define SWEEP_LOW_HZ  400.0f
#define SWEEP_RISE    1600.0f ///< Hz gained over the sweep

static float sweep(int64_t at)
{
    const float t = fmodf((float)(at % (int64_t)(SWEEP_EVERY_S * SOUND_RATE)) / SOUND_RATE, SWEEP_EVERY_S);
    const float turns = SWEEP_LOW_HZ * t + .5f * SWEEP_RISE / SWEEP_S * t * t;

    return t < SWEEP_S ? .12f * sinf(2 * PI * turns) * sinf(PI * t / SWEEP_S) : 0;
}

void sound_make(Sound *s, float *out, int n)
{
    for (int i = 0; i < n; i++, s->at++) {
        const float white = rng_unit(&s->rng) - .5f;
        const float swell = .7f + .3f * sinf((float)(s->at % (7 * SOUND_RATE)) / SOUND_RATE * 2 * PI / 7);

        s->rumble += .012f * (white - s->rumble);
        s->hiss += .25f * (white - s->hiss);
        out[i] = swell * (.9f * s->rumble + .02f * s->hiss) + sweep(s->at);
    }
}
