/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The portrait: the same figure, a camera at eye height, and a plain wall.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "figure.h"
#include "lens.h"
#include "output.h"
#include "portrait.h"

#define FINER   2    ///< drawn this much larger, then made small, for smooth edges
#define AWAY_M  1.5f ///< from the lens to the face
#define FRAME_M .40f ///< height of what the picture shows

static Light studio(void)
{
    Light l = light_make(LIGHT_DAY, vec(0, 0, 0));

    l.to_sun = vec_unit(vec(.35f, .45f, -.85f));
    l.sun = vec(.62f, .60f, .57f);
    l.sky = vec(.38f, .38f, .39f);
    l.bounce = vec(.22f, .22f, .22f);
    l.exposure = 1.35f;
    l.noise = 1;
    return l;
}

static Camera aim(const Figure *f, int width, int height)
{
    const Vec face = f->bones[BONE_HEAD].at;

    return (Camera){
        .eye = vec(face.x, face.y + .0f, face.z - AWAY_M),
        .turn = mat_turn(0, 0, 0),
        .focal = AWAY_M * (float)height / FRAME_M,
        .cx = .5f * (float)width,
        .cy = .5f * (float)height,
        .width = width,
        .height = height,
    };
}

/* Mean of the squares of FINER x FINER pixels, straight into the small picture. */
static void shrink(const float *big, int width, int height, float *rgb)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int q = 0; q < 3; q++) {
                float sum = 0;

                for (int i = 0; i < FINER * FINER; i++)
                    sum += big[3 * ((size_t)(y * FINER + i / FINER) * (size_t)(width * FINER) +
                                    (size_t)(x * FINER + i % FINER)) +
                               (size_t)q];
                rgb[3 * ((size_t)y * (size_t)width + (size_t)x) + (size_t)q] = sum / (FINER * FINER);
            }
}

static void colour(const Figure *f, const Light *l, const Camera *c, const Buffer *b, float *rgb)
{
    for (size_t i = 0; i < (size_t)b->w * (size_t)b->h; i++) {
        const float wall = .36f - .08f * (float)(i / (size_t)b->w) / (float)b->h;
        const Vec v = b->px[i].id ? figure_colour(f, l, c, &b->px[i]) : vec(wall, wall * 1.01f, wall * 1.03f);

        rgb[3 * i] = v.x;
        rgb[3 * i + 1] = v.y;
        rgb[3 * i + 2] = v.z;
    }
}

static int draw(const Person *p, int width, int height, float *big, Buffer *b)
{
    const Light l = studio();
    const Stance s = { .at = { 0, 0, 5 }, .heading = PI, .look_pitch = .02f };
    Figure f;
    Camera c = camera_street(width, height);
    int ret;

    figure_place(&f, p, &s, &c);
    c = aim(&f, width * FINER, height * FINER);
    figure_place(&f, p, &s, &c);
    if ((ret = figure_draw(&f, &c, b, 0)) < 0)
        return ret;
    colour(&f, &l, &c, b, big);
    return 0;
}

int portrait_write(const char *path, uint32_t seed, int number, int width, int height)
{
    const size_t n = (size_t)width * (size_t)height;
    const Light l = studio();
    Buffer b = { 0, 0, width * FINER, height * FINER, calloc(n * FINER * FINER, sizeof(Pixel)) };
    float *big = calloc(3 * n * FINER * FINER, sizeof(*big)), *rgb = calloc(3 * n, sizeof(*rgb));
    float *spare = calloc(3 * n, sizeof(*spare));
    uint8_t *out = malloc(3 * n);
    Person p;
    int ret = -ENOMEM;

    person_choose(&p, seed, number);
    identity_bare(&p.id);
    p.id.scarf = p.id.phone = false;
    if (!b.px || !big || !rgb || !spare || !out || (ret = person_build(&p)) < 0 ||
        (ret = draw(&p, width, height, big, &b)) < 0) {
        fprintf(stderr, "street: out of memory; try a smaller --size\n");
        goto end;
    }
    shrink(big, width, height, rgb);
    lens_develop(&l, rgb, spare, width, height, seed, 0, out);
    ret = output_png(path, out, width, height);
end:
    person_free(&p);
    free(b.px);
    free(big);
    free(rgb);
    free(spare);
    free(out);
    return ret;
}
