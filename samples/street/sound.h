/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The sound of the street: traffic far off, and every two seconds a short
 * rising tone, by which a test can tell whether sound and picture still agree.
 */
#ifndef STREET_SOUND_H
#define STREET_SOUND_H

#include "vec.h"

#define SOUND_RATE 48000 ///< samples per second, mono

typedef struct Sound {
    Rng rng;
    float rumble, hiss; ///< filter states
    int64_t at;         ///< samples made so far
} Sound;

/** Make the next n samples, -1..1. */
void sound_make(Sound *s, float *out, int n);

#endif /* STREET_SOUND_H */
