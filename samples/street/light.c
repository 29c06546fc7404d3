/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Presets and the sums of light.
 */
#include "light.h"

static void make_day(Light *l)
{
    l->sun = vec(1.30f, 1.18f, 1.00f);
    l->sky = vec(.33f, .38f, .46f);
    l->bounce = vec(.16f, .15f, .13f);
    l->exposure = 1;
    l->noise = 2.2f;
}

static void make_dusk(Light *l)
{
    static const Lamp lamps[] = {
        { { 1.2f, 4.9f, 3.0f }, { 1.25f, .86f, .48f }, 3.2f },
        { { 1.2f, 4.9f, 17.9f }, { 1.25f, .86f, .48f }, 3.2f },
        { { -2.4f, 2.2f, 9.0f }, { .85f, .68f, .45f }, 1.8f },
        { { -2.4f, 2.2f, 15.5f }, { .85f, .68f, .45f }, 1.8f },
    };

    l->sun = vec(0, 0, 0);
    l->sky = vec(.125f, .145f, .215f);
    l->bounce = vec(.05f, .045f, .045f);
    for (l->lamp_count = 0; l->lamp_count < 4; l->lamp_count++)
        l->lamps[l->lamp_count] = lamps[l->lamp_count];
    l->windows = 1;
    l->exposure = 1.5f;
    l->noise = 4.0f;
}

static void make_night(Light *l)
{
    l->sky = vec(.045f, .045f, .045f);
    l->bounce = vec(.02f, .02f, .02f);
    l->flash = 85;
    l->windows = .07f;
    l->exposure = 1.45f;
    l->noise = 5;
    l->grey = true;
}

Light light_make(LightKind kind, Vec eye)
{
    Light l = { .kind = kind, .eye = eye, .to_sun = vec_unit(vec(.46f, .80f, -.42f)) };

    if (kind == LIGHT_DAY)
        make_day(&l);
    else if (kind == LIGHT_DUSK)
        make_dusk(&l);
    else
        make_night(&l);
    return l;
}

static float wrapped(float cosine, float wrap)
{
    return fmaxf(0, (cosine + wrap) / (1 + wrap));
}

static Vec lit_from(Vec rgb, float cosine, Vec wrap)
{
    return vec_mul(rgb, vec(wrapped(cosine, wrap.x), wrapped(cosine, wrap.y), wrapped(cosine, wrap.z)));
}

Vec light_on(const Light *l, Vec p, Vec n, Vec wrap, float sun_share, float open)
{
    Vec sum = vec_scale(l->sky, open * (.62f + .38f * n.y));

    sum = vec_add(sum, vec_scale(l->bounce, open * (.5f - .5f * n.y)));
    sum = vec_add(sum, lit_from(vec_scale(l->sun, sun_share), vec_dot(n, l->to_sun), wrap));
    for (int i = 0; i < l->lamp_count; i++) {
        const Vec d = vec_sub(l->lamps[i].at, p);
        const float far = vec_length(d), s = l->lamps[i].size;

        sum = vec_add(sum, lit_from(vec_scale(l->lamps[i].rgb, open * s * s / (far * far + s * s)),
                                    vec_dot(n, d) / far, wrap));
    }
    if (l->flash > 0) {
        const Vec d = vec_sub(l->eye, p);
        const float far2 = vec_dot(d, d), k = l->flash / (far2 + 40);

        sum = vec_add(sum, lit_from(vec(k, k, k), vec_dot(n, d) / sqrtf(far2), wrap));
    }
    return sum;
}

Vec light_shine(const Light *l, Vec n, Vec to_eye, float power)
{
    const Vec half = vec_unit(vec_add(l->to_sun, to_eye));
    const float sun = powf(fmaxf(0, vec_dot(n, half)), power);
    const float eye = powf(fmaxf(0, vec_dot(n, to_eye)), power * 2) * (l->flash > 0 ? .25f : 0);
    const float sky = .06f * powf(1 - fmaxf(0, vec_dot(n, to_eye)), 4);

    return vec_add(vec_add(vec_scale(l->sun, sun), vec_scale(l->sky, sky)), vec(eye, eye, eye));
}

Vec light_sky(const Light *l, Vec d)
{
    const float up = clampf(d.y, 0, 1);
    const float cloud = noise3(d.x / (up + .25f) * 2.2f, 3, d.z / (up + .25f) * 2.2f) * .6f +
                        noise3(d.x / (up + .25f) * 5.5f, 7, d.z / (up + .25f) * 5.5f) * .4f;

    if (l->kind == LIGHT_NIGHT)
        return vec(.012f, .012f, .012f);
    if (l->kind == LIGHT_DUSK)
        return vec_mix(vec_mix(vec(.62f, .34f, .20f), vec(.13f, .17f, .30f), soft_step(0, .28f, up)),
                       vec(.30f, .22f, .24f), .6f * soft_step(.45f, .75f, cloud));
    return vec_mix(vec_mix(vec(.82f, .86f, .90f), vec(.42f, .58f, .82f), soft_step(0, .5f, up)),
                   vec(.93f, .93f, .93f), .8f * soft_step(.40f, .70f, cloud));
}
