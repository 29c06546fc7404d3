/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Procedural skin. Each helper lays one thing over the colour it is given.
 */
#include "skin.h"

static Vec darken(Vec c, float by)
{
    return vec_scale(c, 1 - by);
}

static Vec blotches(const Identity *id, Vec p)
{
    const float s = id->texture_seed * 13.7f;
    const float n = .5f * noise3(p.x * 3 + s, p.y * 3, p.z * 3) +
                    .3f * noise3(p.x * 7 + s, p.y * 7, p.z * 7) + .2f * noise3(p.x * 19, p.y * 19, p.z * 19);

    return vec_scale(id->skin, 1 + .30f * (n - .5f));
}

/* Cheeks and the tip of the nose are redder. */
static Vec flush(const Identity *id, Vec p, Vec c)
{
    const float x = fabsf(p.x), ny = p.y + .36f * id->head.nose_length;
    float f = bell(hypotf(x - .42f, p.y + .32f), .224f) * soft_step(.2f, .5f, p.z);

    f += .6f * bell(hypotf(p.x, ny), .11f) * soft_step(.7f, .9f, p.z);
    return vec_mul(c, vec(1 + .05f * f, 1 - .09f * f, 1 - .08f * f));
}

static Vec nostrils(const Identity *id, Vec p, Vec c)
{
    const float w = id->head.nose_width, ny = p.y + .36f * id->head.nose_length;
    const float in =
        soft_step(1.3f, .5f, hypotf((fabsf(p.x) - .07f * w) / (.042f * w), (ny + .092f) / .026f));

    return vec_mix(c, vec_mul(c, vec(.22f, .15f, .15f)), .9f * in * soft_step(.6f, .8f, p.z));
}

/* Folds beside the mouth, lines on the brow, bags under the eyes. */
static Vec folds(const Identity *id, Vec p, Vec c)
{
    const float x = fabsf(p.x), age = id->wrinkles, ex = x - id->head.eye_half_gap;
    const float ey = p.y - id->head.eye_tilt * ex;
    const float mouth = bell(x - .16f + .8f * (.36f + p.y), .035f) * soft_band(-.72f, -.38f, .05f, p.y);
    const float wave = .5f + .5f * cosf((p.y + .05f * cosf(p.x * 5)) * 62);
    const float brow = wave * wave * wave * wave * soft_band(.39f, .64f, .04f, p.y) * soft_step(.5f, .25f, x);
    const float bag = bell(ey + .135f - .25f * ex * ex, .016f) * soft_step(.2f, .1f, fabsf(ex));
    const float socket = bell(ex, .212f) * bell(ey + .01f, .148f);

    c = darken(c, .6f * mouth * (.10f + .35f * age));
    c = darken(c, .28f * age * brow);
    c = darken(c, (.08f + .3f * age) * bag);
    return darken(c, .36f * socket);
}

static Vec freckles(const Identity *id, Vec p, Vec c)
{
    const float n = noise3(p.x * 42, p.y * 42, p.z * 42);

    return darken(c, .35f * id->freckles * soft_step(.68f, .8f, n) * soft_band(-.5f, 0, .1f, p.y));
}

static Vec beard(const Identity *id, Vec p, Vec c)
{
    const float x = fabsf(p.x), my = id->head.mouth_y, mw = id->head.mouth_width * 1.05f;
    const float grain = .75f + .5f * (noise3(p.x * 40, p.y * 25, p.z * 40) - .5f);
    float b = soft_step(-.44f, -.62f, p.y - .55f * fmaxf(0, x - .25f));

    b = fmaxf(b, soft_step(.30f, .2f, x) * soft_step(-.56f + my, -.61f + my, p.y) *
                     soft_step(-.52f, -.56f, p.y));
    b *= soft_step(-1.2f, -1.0f, p.y);
    b *= soft_step(.85f, 1.05f, hypotf(p.x / mw, (p.y + .715f - my) / .125f));
    return vec_mix(c, id->hair, clampf(b * grain * id->beard, 0, .92f));
}

static Vec lips(const Identity *id, Vec p, Vec c, float *gloss)
{
    const HeadShape *h = &id->head;
    const float x = fabsf(p.x), t = x / h->mouth_width;
    const float cy = p.y + .70f - h->mouth_y - h->smile * x * x * .6f;
    const float bow = .062f + .016f * bell(x - .06f, .05f) - .018f * bell(x, .032f);
    float top, bottom, in, line;

    if (t > 1.15f)
        return c;
    top = bow * h->lip_upper * (1 - powf(t, 2.2f));
    bottom = .105f * h->lip_lower * (1 - t * t);
    in = fminf(soft_step(-bottom - .012f, -bottom + .012f, cy), soft_step(top + .012f, top - .012f, cy));
    in *= soft_step(1.02f, .95f, t);
    if (in > .3f)
        *gloss = .35f;
    c = vec_mix(c, id->lip, .75f * in);
    line = soft_step(.025f, .007f, fabsf(cy)) * soft_step(1.08f, .9f, t);
    return vec_mix(c, vec_mul(c, vec(.25f, .13f, .13f)), .9f * line);
}

static Vec brows(const Identity *id, Vec p, Vec c)
{
    const HeadShape *h = &id->head;
    const float u = (fabsf(p.x) - (h->eye_half_gap - .19f)) / .42f, in = clampf(u, 0, 1);
    const float y = h->brow_y + .07f * sinf(in * 2.3f) + h->brow_tilt * (u - .5f) * .2f;
    const float half = h->brow_thick * (.045f - .022f * in);
    const float grain = .8f + .5f * (noise3(p.x * 60, p.y * 30, p.z * 10) - .5f);
    const float b = soft_step(half + .018f, half - .012f, fabsf(p.y - y)) * soft_step(-.04f, .06f, u) *
                    soft_step(1.04f, .85f, u);

    return vec_mix(c, id->hair, clampf(b * grain * .9f, 0, .95f));
}

static Vec eyeball(const Identity *id, float ex, float y, float under_lid)
{
    const float r = hypotf(ex, y - .005f);
    Vec c = vec_scale(vec(.33f, .30f, .28f), .45f + .55f * under_lid);

    c = vec_mix(c, id->iris, soft_step(.079f, .068f, r));
    c = vec_mix(c, vec(.012f, .01f, .01f), soft_step(.036f, .028f, r));
    return vec_mix(c, vec(1, 1, 1), .8f * soft_step(.018f, .008f, hypotf(ex - .02f, y - .035f)));
}

static Vec eyes(const Identity *id, Vec p, Vec c, float *gloss)
{
    const HeadShape *h = &id->head;
    const float side = fabsf(p.x) - h->eye_half_gap, y = p.y - h->eye_tilt * side, u = side / h->eye_width;
    const float arch = 1 - u * u, a = fmaxf(arch, 0);
    float top, bottom, in;

    if (arch < -.4f)
        return c;
    top = h->eye_open * powf(a, .65f);
    bottom = h->eye_open * .72f * powf(a, .8f);
    in = fminf(soft_step(top + .006f, top - .008f, y), soft_step(-bottom - .006f, -bottom + .008f, y));
    in *= soft_step(0, .08f, arch);
    /* The glint is on the same side in both eyes, so it takes the signed place. */
    c = vec_mix(c, eyeball(id, copysignf(1, p.x) * side, p.y, soft_step(top, top - .07f, y)), in);
    if (in > .5f)
        *gloss = .5f;
    c = vec_mix(c, vec(.03f, .02f, .02f),
                .85f * soft_step(.022f, .006f, fabsf(y - top - .004f)) * soft_step(-.06f, .06f, arch));
    c = vec_mix(c, vec(.03f, .02f, .02f),
                .40f * soft_step(.014f, .004f, fabsf(y + bottom + .004f)) * soft_step(-.02f, .1f, arch));
    return darken(c, .30f * soft_step(.020f, .004f, fabsf(y - top - .055f)) * soft_step(-.2f, .1f, arch));
}

Vec skin_paint(const Identity *id, Vec p, float *gloss)
{
    Vec c = flush(id, p, blotches(id, p));

    *gloss = .5f;
    if (p.z < .25f)
        return id->beard > 0 && p.z > -.1f ? beard(id, p, c) : c;
    c = folds(id, p, nostrils(id, p, c));
    if (id->freckles > 0)
        c = freckles(id, p, c);
    if (id->beard > 0)
        c = beard(id, p, c);
    if (p.z > .5f)
        c = lips(id, p, c, gloss);
    return eyes(id, p, brows(id, p, c), gloss);
}

Vec skin_paint_hair(const Identity *id, Vec p)
{
    const float s = id->texture_seed;
    const float n =
        .6f * noise3(p.x * 26 + p.z * 9 + s, p.y * 5, p.z * 22) + .4f * noise3(p.x * 60, p.y * 9, p.z * 50);

    return vec_scale(id->hair, .6f + .8f * n);
}
