/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Things that stand in the street. Round ones are met exactly; cars are
 * rounded boxes that a ray walks up to.
 */
#include "scene.h"
#include "surface.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

typedef struct Post {
    float x, z, radius, height;
    Vec albedo;
    float stripe; ///< height of a pale band, 0 for none
} Post;

typedef struct Car {
    float x, z;
    Vec paint;
    int facing; ///< 1: nose away from the camera, -1: towards it
} Car;

static const Post posts[] = {
    { 1.22f, 18.5f, .08f, 6, { .06f, .065f, .07f }, 0 },
    { 1.22f, 34, .08f, 6, { .06f, .065f, .07f }, 0 },
    { 1.18f, 10.6f, .24f, .95f, { .035f, .05f, .045f }, .78f },
    { 1.28f, 13.0f, .07f, 1.0f, { .05f, .05f, .05f }, .86f },
    { 1.28f, 15.5f, .07f, 1.0f, { .05f, .05f, .05f }, .86f },
    { 1.28f, 17.6f, .07f, 1.0f, { .05f, .05f, .05f }, .86f },
    { 9.5f, 21, .17f, 3.6f, { .09f, .065f, .045f }, 0 },
    { 9.5f, 38, .19f, 3.6f, { .09f, .065f, .045f }, 0 },
    { 9.1f, 29, .08f, 6, { .06f, .065f, .07f }, 0 },
};
static const Car cars[] = {
    { 2.62f, 13.4f, { .17f, .015f, .015f }, 1 },
    { 2.62f, 21.5f, { .35f, .36f, .37f }, 1 },
    { 7.6f, 24.5f, { .02f, .04f, .09f }, -1 },
    { 7.6f, 33, { .5f, .5f, .48f }, -1 },
};

static bool meet_post(const Post *p, Vec from, Vec dir, float *reach, Vec *n)
{
    const float ox = from.x - p->x, oz = from.z - p->z;
    const float a = dir.x * dir.x + dir.z * dir.z, b = ox * dir.x + oz * dir.z;
    const float c = ox * ox + oz * oz - p->radius * p->radius, q = b * b - a * c;
    float t, y, top;

    if (q < 0 || a < 1e-8f)
        return false;
    t = (-b - sqrtf(q)) / a;
    y = from.y + t * dir.y;
    *n = vec((ox + t * dir.x) / p->radius, 0, (oz + t * dir.z) / p->radius);
    if (t > 1e-3f && t < *reach && y > ROAD_Y && y < p->height) {
        *reach = t;
        return true;
    }
    top = (p->height - from.y) / dir.y;
    if (top > 1e-3f && top < *reach && hypotf(ox + top * dir.x, oz + top * dir.z) < p->radius) {
        *reach = top;
        *n = vec(0, 1, 0);
        return true;
    }
    return false;
}

static float rounded_box(Vec p, Vec half, float round)
{
    const Vec q = vec(fabsf(p.x) - half.x + round, fabsf(p.y) - half.y + round, fabsf(p.z) - half.z + round);
    const Vec out = vec(fmaxf(q.x, 0), fmaxf(q.y, 0), fmaxf(q.z, 0));

    return vec_length(out) + fminf(fmaxf(q.x, fmaxf(q.y, q.z)), 0) - round;
}

/* A wheel or its arch: a short cylinder along x. */
static float wheel(Vec p, float z, float radius, float half)
{
    return fmaxf(hypotf(p.y - .31f, p.z - z) - radius, fabsf(p.x) - half);
}

/* Cabin: leans in at the sides, more so at windscreen and rear window. */
static float cabin(Vec p)
{
    const float up = clampf((p.y - .85f) / .55f, 0, 1), z = p.z + .25f;
    const float side = fabsf(p.x) - (.80f - .16f * up), ends = fabsf(z) - (1.42f - .68f * up);

    return fmaxf(fmaxf(side, ends * .7f), fmaxf(p.y - 1.43f, .7f - p.y));
}

static float car_distance(Vec p)
{
    float d = rounded_box(vec_sub(p, vec(0, .57f, 0)), vec(.86f, .30f, 2.08f), .14f);
    const float bonnet = .035f * fabsf(p.z) - .05f;

    d += fmaxf(bonnet, 0) * soft_step(.7f, .9f, p.y);
    d = fminf(d, cabin(p) - .05f);
    for (int end = -1; end <= 1; end += 2) {
        d = fmaxf(d, -wheel(vec(fabsf(p.x) - .8f, p.y, p.z), 1.28f * (float)end, .37f, .25f));
        d = fminf(d, wheel(vec(fabsf(p.x) - .72f, p.y, p.z), 1.28f * (float)end, .31f, .11f));
    }
    return d;
}

static Vec car_normal(Vec p)
{
    const float e = .004f;

    return vec_unit(vec(car_distance(vec(p.x + e, p.y, p.z)) - car_distance(vec(p.x - e, p.y, p.z)),
                        car_distance(vec(p.x, p.y + e, p.z)) - car_distance(vec(p.x, p.y - e, p.z)),
                        car_distance(vec(p.x, p.y, p.z + e)) - car_distance(vec(p.x, p.y, p.z - e))));
}

static bool is_window(Vec p)
{
    const float up = (p.y - .85f) / .55f, z = p.z + .25f;

    if (p.y < .93f || p.y > 1.36f)
        return false;
    if (fabsf(z) > 1.42f - .68f * up - .03f)
        return fabsf(p.x) < .72f - .14f * up;
    return fabsf(z) < 1.34f - .70f * up && fabsf(z - .05f) > .04f;
}

static void paint_car(const Car *c, Vec p, const Light *l, Surface *s)
{
    s->albedo = c->paint;
    s->gloss = .06f;
    s->open = .75f;
    if (hypotf(p.y - .31f, fabsf(p.z) - 1.28f) < .315f && fabsf(p.x) < .86f) {
        const float r = hypotf(p.y - .31f, fabsf(p.z) - 1.28f);

        s->albedo = r < .2f ? vec(.30f, .30f, .31f) : vec(.012f, .012f, .013f);
        s->gloss = r < .2f ? .05f : 0;
    } else if (is_window(p)) {
        s->albedo = vec(.012f, .014f, .016f);
        s->gloss = .14f;
    } else if (p.y < .36f) {
        s->albedo = vec(.02f, .02f, .021f);
        s->gloss = .01f;
    } else if (fabsf(p.z) > 1.95f) {
        if (fabsf(p.x) > .52f && p.y > .55f && p.y < .72f)
            s->albedo = p.z < 0 ? vec(.45f, .015f, .01f) : vec(.75f, .75f, .72f);
        else if (fabsf(p.x) < .27f && p.y > .48f && p.y < .6f)
            s->albedo = vec(.72f, .66f, .30f);
        s->glow = vec_scale(s->albedo, .05f * l->windows);
    }
}

/* Walk along the ray, inside the car's box only. */
static bool meet_car(const Car *c, Vec from, Vec dir, float *reach, Vec *local)
{
    const Vec o = vec(from.x - c->x, from.y - ROAD_Y, from.z - c->z), half = vec(1.0f, .80f, 2.2f);
    const Vec m = vec(o.x, o.y - .75f, o.z);
    const float tx = -m.x / dir.x, ty = -m.y / dir.y, tz = -m.z / dir.z;
    const float dx = fabsf(half.x / dir.x), dy = fabsf(half.y / dir.y), dz = fabsf(half.z / dir.z);
    float t = fmaxf(fmaxf(tx - dx, ty - dy), fmaxf(tz - dz, 1e-3f));
    const float end = fminf(fminf(tx + dx, ty + dy), fminf(tz + dz, *reach));

    for (int i = 0; i < 90 && t < end; i++) {
        const Vec p = vec_add(o, vec_scale(dir, t));
        const float d = car_distance(p);

        if (d < .002f) {
            *local = p;
            *reach = t;
            return true;
        }
        t += d * .85f;
    }
    return false;
}

bool props_meet(Vec from, Vec dir, float *reach, Surface *s, const Light *l)
{
    bool met = false;
    Vec n, p;

    for (int i = 0; i < COUNT(posts); i++)
        if (meet_post(&posts[i], from, dir, reach, &n)) {
            const float y = from.y + *reach * dir.y;
            const bool band = posts[i].stripe > 0 && fabsf(y - posts[i].stripe) < .05f;

            *s = (Surface){
                .n = n, .albedo = band ? vec(.7f, .68f, .6f) : posts[i].albedo, .gloss = .02f, .open = .8f
            };
            met = true;
        }
    for (int i = 0; i < COUNT(cars); i++)
        if (meet_car(&cars[i], from, dir, reach, &p)) {
            *s = (Surface){ .n = car_normal(p) };
            if (cars[i].facing < 0)
                p.z = -p.z;
            paint_car(&cars[i], p, l, s);
            met = true;
        }
    return met;
}

float props_sun(Vec p, Vec to_sun)
{
    float reach = 40;
    Surface shade;
    Vec unused;

    for (int i = 0; i < COUNT(posts); i++)
        if (meet_post(&posts[i], p, to_sun, &reach, &unused))
            return 0;
    for (int i = 0; i < COUNT(cars); i++)
        if (fabsf(p.z - cars[i].z) < 5 && meet_car(&cars[i], p, to_sun, &reach, &unused))
            return 0;
    return canopy_meet(p, to_sun, &reach, &shade) ? 0 : 1;
}
