/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Small arithmetic that every other room of the street uses: vectors,
 * rotations, soft steps, value noise and a seeded random number generator.
 *
 * World axes: x to the right, y up, z away from the camera, in metres.
 */
#ifndef STREET_VEC_H
#define STREET_VEC_H

#include <math.h>
#include <stdint.h>

#define PI 3.14159265f

typedef struct Vec {
    float x, y, z;
} Vec;

/** A rotation, row by row: local to parent. Its inverse is its transpose. */
typedef struct Mat {
    Vec row[3];
} Mat;

static inline Vec vec(float x, float y, float z)
{
    return (Vec){ x, y, z };
}

static inline Vec vec_add(Vec a, Vec b)
{
    return vec(a.x + b.x, a.y + b.y, a.z + b.z);
}

static inline Vec vec_sub(Vec a, Vec b)
{
    return vec(a.x - b.x, a.y - b.y, a.z - b.z);
}

static inline Vec vec_mul(Vec a, Vec b)
{
    return vec(a.x * b.x, a.y * b.y, a.z * b.z);
}

static inline Vec vec_scale(Vec a, float k)
{
    return vec(a.x * k, a.y * k, a.z * k);
}

static inline float vec_dot(Vec a, Vec b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

static inline Vec vec_cross(Vec a, Vec b)
{
    return vec(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x);
}

static inline float vec_length(Vec a)
{
    return sqrtf(vec_dot(a, a));
}

/** Length 1; a vector of no length stays as it is. */
static inline Vec vec_unit(Vec a)
{
    return vec_scale(a, 1.0f / (vec_length(a) + 1e-12f));
}

static inline Vec vec_mix(Vec a, Vec b, float t)
{
    return vec_add(a, vec_scale(vec_sub(b, a), t));
}

static inline Vec mat_apply(const Mat *m, Vec v)
{
    return vec(vec_dot(m->row[0], v), vec_dot(m->row[1], v), vec_dot(m->row[2], v));
}

/** Apply the inverse of a rotation. */
static inline Vec mat_back(const Mat *m, Vec v)
{
    return vec_add(vec_add(vec_scale(m->row[0], v.x), vec_scale(m->row[1], v.y)), vec_scale(m->row[2], v.z));
}

static inline Mat mat_mul(const Mat *a, const Mat *b)
{
    Mat m;

    for (int i = 0; i < 3; i++)
        m.row[i] = mat_back(b, a->row[i]);
    return m;
}

/** Turn by yaw about y (0 looks along +z), after pitch about x, after roll about z; radians. */
static inline Mat mat_turn(float yaw, float pitch, float roll)
{
    const float cy = cosf(yaw), sy = sinf(yaw), cp = cosf(pitch), sp = sinf(pitch);
    const float cr = cosf(roll), sr = sinf(roll);
    const Mat y = { { { cy, 0, sy }, { 0, 1, 0 }, { -sy, 0, cy } } };
    const Mat p = { { { 1, 0, 0 }, { 0, cp, -sp }, { 0, sp, cp } } };
    const Mat r = { { { cr, -sr, 0 }, { sr, cr, 0 }, { 0, 0, 1 } } };
    const Mat yp = mat_mul(&y, &p);

    return mat_mul(&yp, &r);
}

static inline float clampf(float x, float lo, float hi)
{
    return fminf(fmaxf(x, lo), hi);
}

static inline float mixf(float a, float b, float t)
{
    return a + (b - a) * t;
}

/** 0 at a, 1 at b, smooth between; a may be above b. */
static inline float soft_step(float a, float b, float x)
{
    const float t = clampf((x - a) / (b - a), 0, 1);

    return t * t * (3 - 2 * t);
}

/** 1 inside lo..hi, falling to 0 over `edge` on both sides. */
static inline float soft_band(float lo, float hi, float edge, float x)
{
    return soft_step(lo - edge, lo + edge, x) * soft_step(hi + edge, hi - edge, x);
}

/** A bell of width w round 0. */
static inline float bell(float x, float w)
{
    return expf(-x * x / (w * w));
}

static inline uint32_t hash_int(uint32_t x)
{
    x = (x ^ (x >> 16)) * 0x7feb352du;
    x = (x ^ (x >> 15)) * 0x846ca68bu;
    return x ^ (x >> 16);
}

/** A fixed number in 0..1 for three whole numbers. */
static inline float hash_unit(int x, int y, int z)
{
    const uint32_t h = (uint32_t)x * 374761393u + (uint32_t)y * 668265263u + (uint32_t)z * 2246822519u;

    return (float)(hash_int(h) >> 8) / 16777216.0f;
}

/** Smooth noise in 0..1 with features about one unit wide. */
static inline float noise3(float x, float y, float z)
{
    const float fx = floorf(x), fy = floorf(y), fz = floorf(z);
    const int i = (int)fx, j = (int)fy, k = (int)fz;
    float u = x - fx, v = y - fy, w = z - fz, c[4];

    u *= u * (3 - 2 * u);
    v *= v * (3 - 2 * v);
    w *= w * (3 - 2 * w);
    for (int n = 0; n < 4; n++)
        c[n] = mixf(hash_unit(i, j + (n & 1), k + (n >> 1)), hash_unit(i + 1, j + (n & 1), k + (n >> 1)), u);
    return mixf(mixf(c[0], c[1], v), mixf(c[2], c[3], v), w);
}

/** State of one random sequence; any value is a good seed. */
typedef struct Rng {
    uint32_t state;
} Rng;

static inline float rng_unit(Rng *r)
{
    r->state += 0x9e3779b9u;
    return (float)(hash_int(r->state) >> 8) / 16777216.0f;
}

static inline float rng_range(Rng *r, float lo, float hi)
{
    return lo + (hi - lo) * rng_unit(r);
}

/** A whole number in 0..n-1. */
static inline int rng_below(Rng *r, int n)
{
    return (int)(rng_unit(r) * (float)n);
}

#endif /* STREET_VEC_H */
