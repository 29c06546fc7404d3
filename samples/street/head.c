/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The signed distance field of a head. The constants were found by looking.
 */
#include "head.h"

#define FAR 9.0f ///< further than anything in a head's box

static float melt(float a, float b, float k)
{
    const float h = fmaxf(k - fabsf(a - b), 0) / k;

    return fminf(a, b) - h * h * k * .25f;
}

/* The part of a that is not in b, with a soft edge. */
static float carve(float a, float b, float k)
{
    return -melt(-a, b, k);
}

/* The part of a that is also in b, with a soft edge. */
static float meet(float a, float b, float k)
{
    return -melt(-a, -b, k);
}

static float ellipsoid(float x, float y, float z, float a, float b, float c)
{
    const float u = x / a, v = y / b, w = z / c;
    const float k0 = sqrtf(u * u + v * v + w * w);
    const float k1 = sqrtf(u * u / (a * a) + v * v / (b * b) + w * w / (c * c));

    return k0 * (k0 - 1) / (k1 + 1e-6f);
}

static float capsule(Vec p, Vec a, Vec b, float ra, float rb)
{
    const Vec q = vec_sub(p, a), d = vec_sub(b, a);
    const float h = clampf(vec_dot(q, d) / vec_dot(d, d), 0, 1);

    return vec_length(vec_sub(q, vec_scale(d, h))) - (ra + (rb - ra) * h);
}

static float skull(const HeadShape *h, float x, float y, float z)
{
    float d = ellipsoid(x, y - .30f, z + .12f, .76f, .84f, .95f);

    d = melt(d, ellipsoid(x, y - .42f - h->forehead * .3f, z - .30f, .58f, .42f, .52f), .25f);
    d = melt(d, ellipsoid(x, y + .38f, z - .22f, .56f * (.5f + .5f * h->jaw), .74f, .58f), .22f);
    d = melt(d, ellipsoid(x - .34f * h->jaw, y + .62f, z - .14f, .17f, .20f, .28f), .24f);
    return melt(d,
                ellipsoid(x, y + .99f, z - .62f - .06f * (h->chin - 1), .235f * h->jaw, .14f * h->chin, .15f),
                .28f);
}

static float cheeks_and_eyes(const HeadShape *h, float d, float x, float y, float z)
{
    const float out = z - .63f, side = x - h->eye_half_gap;

    d = melt(d, ellipsoid(x - .44f, y + .20f, z - .50f, .17f, .15f, .17f), .20f);
    d = melt(d, ellipsoid(x - .36f, y + .48f, z - .56f, .20f * h->cheek, .24f, .16f * h->cheek), .20f);
    d = melt(d, ellipsoid(x, y + .68f, z - .64f, .30f, .24f, .19f), .18f);
    d = carve(d, ellipsoid(side, y - .03f, z - .98f, .21f, .125f, .20f), .14f);
    d = melt(d, ellipsoid(x - .27f, y - .22f, z - .68f, .25f, .065f, .10f + .05f * h->ridge), .12f);
    return melt(d, sqrtf(side * side + (y - .005f) * (y - .005f) + out * out) - .155f, .05f);
}

static float nose(const HeadShape *h, float d, float x, float y, float z)
{
    const float ny = -.36f * h->nose_length, nz = .78f + .20f * h->nose_out, w = h->nose_width;
    const Vec bridge = { 0, .14f, .74f }, tip = { 0, ny + .05f, nz - .04f };

    d = melt(d, capsule(vec(x, y, z), bridge, tip, .065f, .085f), .12f);
    d = melt(d, ellipsoid(x, y - ny, z - nz, .095f * (.5f + .5f * w), .085f, .09f), .08f);
    d = melt(d, ellipsoid(x - .105f * w, y - ny + .035f, z - nz + .13f, .075f * w, .075f, .10f), .06f);
    return carve(d, ellipsoid(x - .065f * w, y - ny + .105f, z - nz + .09f, .035f * w, .03f, .05f), .03f);
}

static float lips(const HeadShape *h, float d, float x, float y, float z)
{
    const float cy = y + .70f - h->mouth_y - h->smile * x * x * .6f, lz = .79f - .9f * x * x,
                w = h->mouth_width;

    d = melt(d, ellipsoid(x, cy - .035f, z - lz, w, .045f * h->lip_upper, .075f), .04f);
    d = melt(d, ellipsoid(x, cy + .055f, z - lz + .01f, w * .82f, .06f * h->lip_lower, .075f), .05f);
    return carve(d, ellipsoid(x, cy - .002f, z - lz - .09f, w * 1.02f, .010f, .07f), .025f);
}

static float ears_and_neck(const HeadShape *h, float d, float x, float y, float z)
{
    const Vec top = { 0, -.75f, -.18f }, foot = { 0, -1.85f, -.30f };
    const float ez = z + .10f + .3f * (x - .78f);
    float ear = ellipsoid(x - .80f, y + .04f, ez, .065f, .23f * h->ear, .14f * h->ear);

    ear = carve(ear, ellipsoid(x - .87f, y, ez - .03f, .06f, .14f, .08f), .04f);
    d = melt(d, ear, .06f);
    return melt(d, capsule(vec(x, y, z), top, foot, .38f, .46f), .16f);
}

/* Left and right are the same, so x is the distance from the middle. */
static float skin(const Identity *id, Vec p)
{
    const HeadShape *h = &id->head;
    const float x = fabsf(p.x);
    float d = skull(h, x, p.y, p.z);

    d = cheeks_and_eyes(h, d, x, p.y, p.z);
    d = nose(h, d, x, p.y, p.z);
    d = lips(h, d, x, p.y, p.z);
    return ears_and_neck(h, d, x, p.y, p.z);
}

/* Height of the hair line for a direction round the head. */
static float hair_line(const Identity *id, Vec p)
{
    const HeadShape *h = &id->head;
    const float high = id->hair_style == HAIR_RECEDING ? .30f : 0;
    const float front = soft_step(.2f, .5f, p.z);
    float y = .06f + (.56f + high + h->forehead * .5f) * soft_step(.02f, .42f, p.z + .25f * fabsf(p.x) - .1f);

    y -= .50f * soft_step(-.05f, -.65f, p.z);
    return y + front * (h->part * p.x * .35f - h->fringe * .30f + .03f * sinf(9 * p.x + 4 * h->part) +
                        .02f * sinf(23 * p.x));
}

static float hair(const Identity *id, Vec p)
{
    const float thick = id->hair_style == HAIR_ROUND ? .34f : id->hair_style == HAIR_RECEDING ? .045f : .085f;
    const float strands = .012f * sinf(38 * p.x + 6 * p.z) * sinf(31 * p.z + 4 * p.y);
    float d, fall;

    if (id->hair_style == HAIR_BALD)
        return FAR;
    d = ellipsoid(p.x, p.y - .32f, p.z + .14f, .76f + thick, .85f + thick, .94f + thick) + strands;
    d = meet(d, (hair_line(id, p) - p.y) * .36f, .05f);
    if (id->hair_style == HAIR_BUN)
        d = melt(d, vec_length(vec_sub(p, vec(0, 1.05f, -.75f))) - .36f, .1f);
    if (id->hair_style != HAIR_LONG)
        return d;
    fall = ellipsoid(fabsf(p.x) - .30f, p.y + .45f, p.z + .30f, .66f, 1.15f, .58f) + strands;
    fall = meet(fall, (p.z - .12f) - .15f * (p.y - .2f), .1f);
    return melt(d, fall, .10f);
}

static float hat(const Identity *id, Vec p)
{
    float d, brim;

    if (id->hat == HAT_NONE)
        return FAR;
    d = ellipsoid(p.x, p.y - .36f, p.z + .12f, .88f, .94f, 1.07f);
    if (id->hat == HAT_BEANIE)
        return meet(d, .42f - p.y + .22f * p.z, .04f);
    d = meet(d, .52f - p.y + .18f * p.z, .04f);
    brim = ellipsoid(p.x, p.y - .60f + .10f * (p.z - .9f) + .25f * p.x * p.x, p.z - .75f, .62f, .05f, .62f);
    return melt(d, brim, .05f);
}

/* A cloth that hangs from nose to chin, a little off the skin. */
static float mask(const Identity *id, Vec p, float to_skin)
{
    float d, where;

    if (!id->mask)
        return FAR;
    d = melt(to_skin - .035f, ellipsoid(p.x, p.y + .55f, p.z - .62f, .42f, .42f, .46f), .12f);
    where = meet(fabsf(p.y + .66f) - .40f + .33f * p.x * p.x, -(p.z - .15f), .05f);
    return meet(d, where, .04f);
}

static float glasses(const Identity *id, Vec p)
{
    const float gap = id->head.eye_half_gap, x = fabsf(p.x), z = p.z - .93f + .35f * x * x;
    const float u = (x - gap) / .235f, v = p.y / .165f;
    const float q = sqrtf(sqrtf(u * u * u * u + v * v * v * v));
    float d, bridge, temple;

    if (id->glasses == GLASSES_NONE)
        return FAR;
    d = meet((q - 1) * .15f, fabsf(z) - .02f, .01f);
    if (id->glasses == GLASSES_CLEAR)
        d = meet(d, (.84f - q) * .15f, .01f);
    bridge = capsule(vec(x, p.y, z), vec(0, .06f, 0), vec(gap - .2f, .06f, 0), .02f, .02f);
    temple = capsule(vec(x, p.y, p.z), vec(gap + .23f, .07f, .80f), vec(.80f, .09f, -.05f), .025f, .025f);
    return fminf(d, fminf(bridge, temple));
}

float head_distance(const Identity *id, Vec p)
{
    const float s = skin(id, p);
    float d = fminf(s, hair(id, p));

    d = fminf(d, hat(id, p));
    d = fminf(d, mask(id, p, s));
    return fminf(d, glasses(id, p));
}

Material head_material(const Identity *id, Vec p)
{
    static const Material order[] = { MAT_SKIN, MAT_HAIR, MAT_HAT, MAT_MASK, MAT_GLASSES };
    const float s = skin(id, p);
    const float d[] = { s, hair(id, p), hat(id, p), mask(id, p, s), glasses(id, p) };
    int best = 0;

    for (int i = 1; i < 5; i++)
        if (d[i] < d[best])
            best = i;
    /* The face is what lies in front of the ears, from brow to chin. */
    if (best == 0 && p.z > .1f && p.y > -1.16f && p.y < .66f)
        return MAT_FACE;
    return order[best];
}
