/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Ground, house fronts, sky, and the sum of their light.
 */
#include "scene.h"
#include "surface.h"

#define END_Z   78.0f ///< where the street ends
#define NOTHING 1e6f

float scene_floor(float x)
{
    return x > KERB_X && x < FAR_KERB_X ? ROAD_Y : 0;
}

static void paint_pavement(Vec p, Surface *s)
{
    const float u = p.x / .6f, row = floorf(u), v = p.z / .9f + (fmodf(fabsf(row), 2) > .5f ? .5f : 0);
    const float joint =
        fminf(fminf(u - row, 1 - u + row) * .6f, fminf(v - floorf(v), 1 - v + floorf(v)) * .9f);
    const float tone = .9f + .2f * hash_unit((int)row, (int)floorf(v), 3);
    const float grime =
        .82f + .36f * noise3(p.x * .8f, 0, p.z * .6f) * (.6f + .4f * noise3(p.x * 9, 1, p.z * 9));
    const float gum = soft_step(.80f, .86f, noise3(p.x * 7, 4, p.z * 7));

    s->albedo = vec_scale(vec(.285f, .275f, .255f),
                          tone * grime * (1 - .25f * gum) * mixf(.55f, 1, soft_step(.004f, .014f, joint)));
    if (p.x > KERB_X - .16f && p.x < KERB_X)
        s->albedo = vec_scale(vec(.36f, .355f, .34f), grime * (fmodf(p.z + 100, .95f) < .02f ? .5f : 1));
    /* Where the wall meets the ground, dirt gathers and light does not. */
    s->open = .55f + .45f * soft_step(WALL_LEFT_X, WALL_LEFT_X + .8f, p.x);
}

static void paint_road(Vec p, Surface *s)
{
    const float grain = .75f + .5f * noise3(p.x * 25, 0, p.z * 25);
    const float wear = .85f + .3f * noise3(p.x * .9f, 2, p.z * .15f);
    const float middle = .5f * (KERB_X + FAR_KERB_X), edge = fminf(p.x - KERB_X, FAR_KERB_X - p.x);
    float line = soft_band(middle - .06f, middle + .06f, .01f, p.x) * (fmodf(p.z, 5) < 3 ? 1.f : 0.f);
    Vec paint = vec(.62f, .62f, .60f);

    s->albedo = vec_scale(vec(.088f, .088f, .092f), grain * wear);
    s->open = .5f + .5f * soft_step(0, .3f, edge);
    if (edge < .6f) {
        line = soft_band(.22f, .30f, .01f, edge) + soft_band(.38f, .46f, .01f, edge);
        paint = vec(.55f, .38f, .05f);
    }
    /* A crossing, so that people have a reason to step into the road. */
    if (p.z > 7.8f && p.z < 10.8f && edge > .35f)
        line = soft_band(.25f, .75f, .03f, p.x / 1.1f - floorf(p.x / 1.1f));
    s->albedo =
        vec_mix(s->albedo, paint,
                .85f * clampf(line, 0, 1) * mixf(.7f, 1, soft_step(.2f, .5f, noise3(p.x * 14, 5, p.z * 14))));
}

static bool meet_ground(Vec from, Vec dir, float *reach, Surface *s)
{
    float t = -from.y / dir.y;
    Vec p = vec_add(from, vec_scale(dir, t));

    if (dir.y >= 0)
        return false;
    *s = (Surface){ .n = { 0, 1, 0 }, .gloss = .012f };
    if (scene_floor(p.x) < 0) {
        t = (ROAD_Y - from.y) / dir.y;
        p = vec_add(from, vec_scale(dir, t));
        if (p.x >= FAR_KERB_X) {
            t = (FAR_KERB_X - from.x) / dir.x;
            s->n = vec(-1, 0, 0);
            s->albedo = vec(.30f, .295f, .28f);
            s->open = .6f;
        } else {
            paint_road(p, s);
        }
    } else {
        paint_pavement(p, s);
    }
    if (t >= *reach)
        return false;
    *reach = t;
    return true;
}

/* Meet one house front: a plane x = at (row 0, 1) or z = at (row 2). */
static bool meet_front(const Light *l, int row, float at, Vec from, Vec dir, float *reach, Surface *s)
{
    const float t = row == 2 ? (at - from.z) / dir.z : (at - from.x) / dir.x;
    const Vec p = vec_add(from, vec_scale(dir, t));
    const Vec into = row == 2 ? vec(dir.x, dir.y, dir.z) : vec(dir.z, dir.y, fabsf(dir.x));
    Surface found;

    if (t <= 0 || t >= *reach || p.y < 0 || p.z > END_Z + .01f || (row == 2 && dir.z <= 0))
        return false;
    if (!facade_paint(l, row, row == 2 ? p.x : p.z, p.y, into, &found))
        return false;
    found.n = row == 2 ? found.n : vec(row == 0 ? -found.n.z : found.n.z, found.n.y, found.n.x);
    *s = found;
    *reach = t;
    return true;
}

/* What a glossy surface mirrors: the sky above, and dim houses near the horizon. */
static Vec mirrored(const Light *l, Vec dir, Vec n)
{
    const Vec d = vec_sub(dir, vec_scale(n, 2 * vec_dot(dir, n)));
    const Vec houses = vec_scale(vec_add(l->sky, l->sun), .16f);

    return vec_mix(houses, light_sky(l, d), soft_step(.28f, .36f, d.y + .06f * noise3(d.x * 9, 0, d.z * 9)));
}

static Vec lit(const Light *l, const Surface *s, Vec p, Vec dir)
{
    const Vec none = { .02f, .02f, .02f };
    const float facing = fmaxf(0, -vec_dot(dir, s->n));
    const float sun = l->kind == LIGHT_DAY ? props_sun(vec_add(p, vec_scale(s->n, .01f)), l->to_sun) : 0;
    const float mirror =
        s->gloss + (1 - s->gloss) * (s->gloss > .05f ? .42f : 8 * s->gloss) * powf(1 - facing, 5);
    Vec rgb = vec_add(vec_mul(s->albedo, light_on(l, p, s->n, none, sun, s->open)), s->glow);

    return vec_add(rgb, vec_scale(mirrored(l, dir, s->n), mirror));
}

Sight scene_look(const Light *l, Vec from, Vec dir)
{
    float reach = NOTHING;
    Surface s = { 0 };
    bool ground = meet_ground(from, dir, &reach, &s);
    bool met = ground;
    float haze;
    Vec rgb;

    if (meet_front(l, 0, WALL_LEFT_X, from, dir, &reach, &s) ||
        meet_front(l, 1, WALL_RIGHT_X, from, dir, &reach, &s) ||
        meet_front(l, 2, END_Z, from, dir, &reach, &s)) {
        met = true;
        ground = false;
    }
    if (props_meet(from, dir, &reach, &s, l) | canopy_meet(from, dir, &reach, &s)) {
        met = true;
        ground = false;
    }
    if (!met)
        return (Sight){ light_sky(l, dir), NOTHING, 0 };
    rgb = lit(l, &s, vec_add(from, vec_scale(dir, reach)), dir);
    haze = l->grey ? 0 : 1 - expf(-reach / 900);
    return (Sight){ vec_mix(rgb, light_sky(l, vec(dir.x, .05f, dir.z)), haze), reach, ground ? 1 : 0 };
}
