/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Projection and scan conversion.
 */
#include <stddef.h>
#include "raster.h"

#define NEAREST_M 0.3f ///< what is nearer than this is not drawn

Camera camera_street(int width, int height)
{
    /* On a bracket over the kerb, a little above head height, as shop cameras are. */
    return (Camera){
        .eye = { .75f, 2.32f, 0 },
        .turn = mat_turn(.03f, .105f, 0),
        .focal = 1.28f * (float)width,
        .cx = .5f * (float)width,
        .cy = .5f * (float)height,
        .width = width,
        .height = height,
    };
}

Spot camera_see(const Camera *c, Vec p)
{
    const Vec q = mat_back(&c->turn, vec_sub(p, c->eye));
    const float near = q.z > NEAREST_M ? 1 / q.z : 0;

    return (Spot){ c->cx + c->focal * q.x * near, c->cy - c->focal * q.y * near, near };
}

Vec camera_ray(const Camera *c, float x, float y)
{
    return mat_apply(&c->turn, vec_unit(vec((x - c->cx) / c->focal, (c->cy - y) / c->focal, 1)));
}

static float min3(float a, float b, float c)
{
    return fminf(a, fminf(b, c));
}

static float max3(float a, float b, float c)
{
    return fmaxf(a, fmaxf(b, c));
}

static void draw_triangle(Buffer *b, Spot p, Spot q, Spot r, uint32_t id)
{
    const float area = (q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x);
    int x0, x1, y0, y1;
    float k;

    if (area <= 0 || p.near <= 0 || q.near <= 0 || r.near <= 0)
        return;
    x0 = (int)fmaxf(ceilf(min3(p.x, q.x, r.x) - .5f), (float)b->x0);
    y0 = (int)fmaxf(ceilf(min3(p.y, q.y, r.y) - .5f), (float)b->y0);
    x1 = (int)fminf(floorf(max3(p.x, q.x, r.x) - .5f), (float)(b->x0 + b->w - 1));
    y1 = (int)fminf(floorf(max3(p.y, q.y, r.y) - .5f), (float)(b->y0 + b->h - 1));
    k = 1 / area;
    for (int y = y0; y <= y1; y++)
        for (int x = x0; x <= x1; x++) {
            const float X = (float)x + .5f, Y = (float)y + .5f;
            const float u = ((q.x - X) * (r.y - Y) - (q.y - Y) * (r.x - X)) * k;
            const float v = ((r.x - X) * (p.y - Y) - (r.y - Y) * (p.x - X)) * k;
            const float w = 1 - u - v, near = u * p.near + v * q.near + w * r.near;
            Pixel *at = &b->px[(size_t)(y - b->y0) * (size_t)b->w + (size_t)(x - b->x0)];

            if (u < -1e-4f || v < -1e-4f || w < -1e-4f || near <= at->near)
                continue;
            *at = (Pixel){ near, u, v, id };
        }
}

void raster_draw(Buffer *b, const Mesh *m, const Spot *spots, int thing)
{
    for (int t = 0; t < m->triangles; t++) {
        const int *c = m->tri[t];

        draw_triangle(b, spots[c[0]], spots[c[1]], spots[c[2]], raster_id(thing, t));
    }
}
