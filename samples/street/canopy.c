/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * What hangs over the pavement: striped awnings of shops, and trees in autumn.
 */
#include "scene.h"
#include "surface.h"

#define COUNT(a)  ((int)(sizeof(a) / sizeof((a)[0])))
#define AWNING_M  .95f  ///< how far an awning comes out of the wall
#define HIGH_M    2.60f ///< where it is fixed
#define LOW_M     2.06f ///< its outer edge
#define VALANCE_M .20f  ///< the strip that hangs from it
#define STRIDE_M  .16f  ///< of a ray through leaves

typedef struct Awning {
    float z0, z1;
    Vec stripe;
} Awning;

typedef struct Tree {
    Vec crown, half; ///< middle and half axes of the leaves
    Vec leaf;
} Tree;

static const Awning awnings[] = {
    { 13.4f, 17.6f, { .04f, .11f, .06f } },
    { 26.4f, 30.6f, { .30f, .03f, .03f } },
};
static const Tree trees[] = {
    { { 9.5f, 4.7f, 21.0f }, { 2.1f, 2.3f, 2.1f }, { .15f, .19f, .035f } },
    { { 9.5f, 5.0f, 38.0f }, { 2.2f, 2.5f, 2.2f }, { .26f, .20f, .035f } },
};

/* Stripes run down the slope; the valance ends in a row of arcs. */
static void paint_awning(const Awning *a, float z, Vec n, Surface *s)
{
    const bool stripe = fmodf(z - a->z0, .6f) < .3f;

    *s = (Surface){ .n = n, .albedo = stripe ? a->stripe : vec(.58f, .56f, .50f), .open = .8f };
}

static bool meet_awning(const Awning *a, Vec from, Vec dir, float *reach, Surface *s)
{
    const Vec slope = vec_unit(vec(HIGH_M - LOW_M, AWNING_M, 0));
    const float cloth = vec_dot(vec_sub(vec(WALL_LEFT_X, HIGH_M, 0), from), slope) / vec_dot(dir, slope);
    const float edge = (WALL_LEFT_X + AWNING_M - from.x) / dir.x;
    Vec p = vec_add(from, vec_scale(dir, edge));
    bool met = false;

    if (edge > 1e-3f && edge < *reach && p.z > a->z0 && p.z < a->z1 && p.y < LOW_M &&
        p.y > LOW_M - VALANCE_M - .05f * fabsf(sinf((p.z - a->z0) * PI / .3f))) {
        paint_awning(a, p.z, vec(1, 0, 0), s);
        *reach = edge;
        met = true;
    }
    p = vec_add(from, vec_scale(dir, cloth));
    if (cloth > 1e-3f && cloth < *reach && p.z > a->z0 && p.z < a->z1 && p.y > LOW_M && p.y < HIGH_M) {
        paint_awning(a, p.z, vec_dot(dir, slope) < 0 ? slope : vec_scale(slope, -1), s);
        *reach = cloth;
        met = true;
    }
    return met;
}

/* How far inside the leaves a place is; below 0 outside. */
static float foliage(const Tree *t, Vec p)
{
    const Vec q = vec_sub(p, t->crown);
    const float r = vec_length(vec(q.x / t->half.x, q.y / t->half.y, q.z / t->half.z));
    const float clump = noise3(p.x * 1.6f, p.y * 1.6f, p.z * 1.6f), leaf = noise3(p.x * 9, p.y * 9, p.z * 9);

    return 1 - r + .7f * (clump - .5f) + .9f * (leaf - .55f);
}

static bool meet_tree(const Tree *t, Vec from, Vec dir, float *reach, Surface *s)
{
    const Vec q = vec_sub(t->crown, from);
    const float middle = vec_dot(q, dir), big = t->half.y + .9f;
    const float off2 = vec_dot(q, q) - middle * middle, half = sqrtf(fmaxf(0, big * big - off2));
    const float end = fminf(middle + half, *reach);

    for (float d = fmaxf(middle - half, .01f); d < end; d += STRIDE_M) {
        const Vec p = vec_add(from, vec_scale(dir, d));
        const float deep = foliage(t, p);
        Vec n;

        if (deep <= 0)
            continue;
        n = vec_unit(vec_add(vec_sub(p, t->crown), vec_scale(dir, -1.2f)));
        *s = (Surface){ .n = n, .open = clampf(1 - deep, .3f, 1) };
        s->albedo = vec_scale(vec_mix(t->leaf, vec(.32f, .17f, .03f),
                                      hash_unit((int)(p.x * 9), (int)(p.y * 9), (int)(p.z * 9)) * .6f),
                              .6f + .8f * noise3(p.x * 4, p.y * 4, p.z * 4));
        *reach = d;
        return true;
    }
    return false;
}

bool canopy_meet(Vec from, Vec dir, float *reach, Surface *s)
{
    bool met = false;

    for (int i = 0; i < COUNT(awnings); i++)
        met |= meet_awning(&awnings[i], from, dir, reach, s);
    for (int i = 0; i < COUNT(trees); i++)
        met |= meet_tree(&trees[i], from, dir, reach, s);
    return met;
}
