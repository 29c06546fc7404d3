/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The camera, and a depth buffer that remembers which triangle each pixel
 * shows. Colour is worked out afterwards, once per pixel that stays visible.
 */
#ifndef STREET_RASTER_H
#define STREET_RASTER_H

#include "mesh.h"

typedef struct Camera {
    Vec eye;
    Mat turn;     ///< camera axes to world axes
    float focal;  ///< pixels
    float cx, cy; ///< principal point, pixels
    int width, height;
} Camera;

/** A point on the picture: pixels, and 1 / depth (0 or less: behind the camera). */
typedef struct Spot {
    float x, y, near;
} Spot;

typedef struct Pixel {
    float near;  ///< 1 / depth of what is seen
    float u, v;  ///< weights of the triangle's first two corners
    uint32_t id; ///< 0 background, else raster_id()
} Pixel;

/** A window of the picture, with its place in it. */
typedef struct Buffer {
    int x0, y0, w, h;
    Pixel *px;
} Buffer;

/** The id of one triangle of one thing; thing in 1..255. */
static inline uint32_t raster_id(int thing, int triangle)
{
    return (uint32_t)thing << 24 | (uint32_t)triangle;
}

/** The camera of the street, for a picture of this size. */
Camera camera_street(int width, int height);

/** Where a world point is seen. */
Spot camera_see(const Camera *c, Vec p);

/** Unit direction from the eye through a place on the picture, in pixels. */
Vec camera_ray(const Camera *c, float x, float y);

/**
 * Draw a mesh whose vertices have been seen already; back faces are left out.
 *
 * @param spots one per vertex
 * @param thing goes into raster_id()
 */
void raster_draw(Buffer *b, const Mesh *m, const Spot *spots, int thing);

#endif /* STREET_RASTER_H */
