/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The camera.
 */
#include <pthread.h>
#include <string.h>
#include "font.h"
#include "lens.h"

#define GRAINS    (1 << 16) ///< length of the noise table; a power of two
#define TONES     4096      ///< steps of the tone curve
#define BRIGHTEST 4.0f      ///< light at the end of the tone curve

static float grains[GRAINS];
static float tones[TONES + 1]; ///< grey level 0..255 for a square root of light
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

/* Straight near black, bending towards white, then the eye's gamma. */
static float develop(float light)
{
    const float film = light * (1 + light / 6) / (1 + light * .62f) * 1.18f;

    return 255 * powf(clampf(film, 0, 1), 1 / 2.2f);
}

static void make_tables(void)
{
    Rng r = { 4711 };

    for (int i = 0; i < GRAINS; i++) {
        float sum = -2;

        for (int k = 0; k < 4; k++)
            sum += rng_unit(&r);
        grains[i] = sum * 1.7321f; /* four even numbers: near enough to a normal one */
    }
    for (int i = 0; i <= TONES; i++) {
        const float root = (float)i / TONES;

        tones[i] = develop(root * root * BRIGHTEST);
    }
}

static void blur_rows(const float *in, float *out, int width, int height)
{
    const int w = 3 * width;

    for (int y = 0; y < height; y++) {
        const float *a = in + (size_t)y * (size_t)w;
        float *b = out + (size_t)y * (size_t)w;

        memcpy(b, a, 3 * sizeof(*b));
        memcpy(b + w - 3, a + w - 3, 3 * sizeof(*b));
        for (int x = 3; x < w - 3; x++)
            b[x] = .5f * a[x] + .25f * (a[x - 3] + a[x + 3]);
    }
}

static float tone(float light)
{
    const float at = sqrtf(clampf(light / BRIGHTEST, 0, 1)) * TONES;

    return tones[(int)at];
}

typedef struct Row {
    const float *up, *here, *down;
    const float *grain;
    uint8_t *out;
    float exposure, noise;
    int y, width, height;
} Row;

static void develop_row(const Row *r, bool grey)
{
    const float v = 2 * (float)r->y / (float)r->height - 1, fall = r->exposure * (1 - .14f * v * v);

    for (int x = 0; x < r->width; x++) {
        const float u = 2 * (float)x / (float)r->width - 1, k = fall * (1 - .22f * u * u);
        float c[3];

        for (int q = 0; q < 3; q++)
            c[q] = k * (.5f * r->here[3 * x + q] + .25f * (r->up[3 * x + q] + r->down[3 * x + q]));
        if (grey)
            c[0] = c[1] = c[2] = .3f * c[0] + .5f * c[1] + .2f * c[2];
        for (int q = 0; q < 3; q++) {
            /* Shared grain makes brightness noise, a little of its own makes colour noise. */
            const float g = grey ? r->grain[x] : .8f * r->grain[x] + .5f * r->grain[x + 4096 * (q + 1)];

            r->out[3 * x + q] = (uint8_t)clampf(tone(c[q]) + g * r->noise + .5f, 0, 255);
        }
    }
}

void lens_develop(const Light *l, float *rgb, float *spare, int width, int height, uint32_t seed, int frame,
                  uint8_t *out)
{
    const size_t w = 3 * (size_t)width;

    pthread_once(&tables_once, make_tables);
    blur_rows(rgb, spare, width, height);
    for (int y = 0; y < height; y++) {
        const uint32_t shift = hash_int(seed ^ ((uint32_t)frame * 8191u + (uint32_t)y));
        const Row r = {
            .up = spare + w * (size_t)(y > 0 ? y - 1 : y),
            .here = spare + w * (size_t)y,
            .down = spare + w * (size_t)(y < height - 1 ? y + 1 : y),
            .grain = grains + shift % (uint32_t)(GRAINS - 4 * 4096 - 8192),
            .out = out + w * (size_t)y,
            .exposure = l->exposure,
            .noise = l->noise,
            .y = y,
            .width = width,
            .height = height,
        };

        develop_row(&r, l->grey);
    }
}

static void dab(uint8_t *out, int width, int height, int x, int y, int size, uint8_t grey)
{
    for (int j = y < 0 ? 0 : y; j < y + size && j < height; j++)
        for (int i = x < 0 ? 0 : x; i < x + size && i < width; i++)
            memset(out + 3 * ((size_t)j * (size_t)width + (size_t)i), grey, 3);
}

void lens_write(uint8_t *out, int width, int height, int x, int y, int size, const char *text)
{
    for (int ink = 0; ink < 2; ink++)
        for (int j = 0; j < FONT_HEIGHT; j++)
            for (int i = 0; i < font_length(text); i++) {
                if (!font_dot(text, i, j))
                    continue;
                if (ink)
                    dab(out, width, height, x + i * size, y + j * size, size, 235);
                else
                    dab(out, width, height, x + i * size - 1, y + j * size - 1, size + 2, 20);
            }
}
