/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Surface nets over a sparse grid, and tubes. Most of a head's box is far from
 * its surface, so distances are first taken once per block of cells and only
 * blocks near the surface are filled in.
 */
#include <errno.h>
#include <stdlib.h>
#include "mesh.h"

#define BLOCK    4  ///< cells along the edge of a block
#define SEGMENTS 20 ///< corners of a tube's section

static const Vec low = { -1.35f, -1.95f, -1.45f }, high = { 1.35f, 1.65f, 1.45f };

typedef struct Grid {
    int nx, ny, nz;
    float cell;
    float *dist; ///< at each grid point
    int *vertex; ///< of each cell, or -1
} Grid;

static size_t grid_at(const Grid *g, int i, int j, int k)
{
    return ((size_t)k * (size_t)g->ny + (size_t)j) * (size_t)g->nx + (size_t)i;
}

static Vec grid_point(const Grid *g, float i, float j, float k)
{
    return vec_add(low, vec_scale(vec(i, j, k), g->cell));
}

static int mesh_room(Mesh *m, int vertices, int triangles)
{
    if (m->vertices + vertices > m->vertex_room) {
        const size_t n = m->vertex_room = 2 * (m->vertices + vertices);
        void *p;

#define GROW(field)                                                                                          \
    do {                                                                                                     \
        if (!(p = realloc(m->field, n * sizeof(*m->field))))                                                 \
            return -ENOMEM;                                                                                  \
        m->field = p;                                                                                        \
    } while (0)
        GROW(pos);
        GROW(normal);
        GROW(open);
        GROW(material);
        GROW(bone);
    }
    if (m->triangles + triangles > m->triangle_room) {
        const size_t n = m->triangle_room = 2 * (m->triangles + triangles);
        void *p;

        GROW(tri);
    }
    return 0;
}

static void add_triangle(Mesh *m, int a, int b, int c)
{
    int *t = m->tri[m->triangles++];

    t[0] = a;
    t[1] = b;
    t[2] = c;
}

static int grid_open(Grid *g, float cell)
{
    const Vec size = vec_scale(vec_sub(high, low), 1 / cell);

    g->cell = cell;
    g->nx = (int)size.x + 2;
    g->ny = (int)size.y + 2;
    g->nz = (int)size.z + 2;
    g->dist = malloc(grid_at(g, 0, 0, g->nz) * sizeof(*g->dist));
    g->vertex = malloc(grid_at(g, 0, 0, g->nz) * sizeof(*g->vertex));
    return g->dist && g->vertex ? 0 : -ENOMEM;
}

static void fill_block(Grid *g, const Identity *id, int i0, int j0, int k0)
{
    const float half = .5f * BLOCK;
    const float middle =
        head_distance(id, grid_point(g, (float)i0 + half, (float)j0 + half, (float)k0 + half));
    /* The melted field is not quite a distance; a third more room than the half diagonal is enough. */
    const bool near = fabsf(middle) < 1.33f * half * 1.7321f * g->cell;

    for (int k = k0; k < k0 + BLOCK && k < g->nz; k++)
        for (int j = j0; j < j0 + BLOCK && j < g->ny; j++)
            for (int i = i0; i < i0 + BLOCK && i < g->nx; i++)
                g->dist[grid_at(g, i, j, k)] =
                    near ? head_distance(id, grid_point(g, (float)i, (float)j, (float)k)) : middle;
}

static void grid_fill(Grid *g, const Identity *id)
{
    for (int k = 0; k < g->nz; k += BLOCK)
        for (int j = 0; j < g->ny; j += BLOCK)
            for (int i = 0; i < g->nx; i += BLOCK)
                fill_block(g, id, i, j, k);
}

/* The mean of the points where the cell's edges meet the surface. False if none does. */
static bool cell_vertex(const Grid *g, int i, int j, int k, Vec *out)
{
    static const uint8_t edges[12][2] = { { 0, 1 }, { 2, 3 }, { 4, 5 }, { 6, 7 }, { 0, 2 }, { 1, 3 },
                                          { 4, 6 }, { 5, 7 }, { 0, 4 }, { 1, 5 }, { 2, 6 }, { 3, 7 } };
    float v[8];
    Vec sum = { 0, 0, 0 };
    int n = 0;

    for (int q = 0; q < 8; q++)
        v[q] = g->dist[grid_at(g, i + (q & 1), j + (q >> 1 & 1), k + (q >> 2))];
    for (int e = 0; e < 12; e++) {
        const int a = edges[e][0], b = edges[e][1];
        const float t = v[a] / (v[a] - v[b]);

        if ((v[a] < 0) == (v[b] < 0))
            continue;
        sum.x += mixf((float)(a & 1), (float)(b & 1), t);
        sum.y += mixf((float)(a >> 1 & 1), (float)(b >> 1 & 1), t);
        sum.z += mixf((float)(a >> 2), (float)(b >> 2), t);
        n++;
    }
    if (!n)
        return false;
    sum = vec_scale(sum, 1 / (float)n);
    *out = grid_point(g, (float)i + sum.x, (float)j + sum.y, (float)k + sum.z);
    return true;
}

static int place_vertices(Mesh *m, Grid *g)
{
    for (int k = 0; k < g->nz - 1; k++)
        for (int j = 0; j < g->ny - 1; j++)
            for (int i = 0; i < g->nx - 1; i++) {
                int *at = &g->vertex[grid_at(g, i, j, k)];

                if (mesh_room(m, 1, 0) < 0)
                    return -ENOMEM;
                *at = cell_vertex(g, i, j, k, &m->pos[m->vertices]) ? m->vertices++ : -1;
            }
    return 0;
}

/* Two triangles round a grid edge that meets the surface; step is the grid offset along that edge. */
static int add_quad(Mesh *m, const Grid *g, size_t at, size_t step, size_t u, size_t v)
{
    const bool inside = g->dist[at] < 0;
    const int a = g->vertex[at - u - v], b = g->vertex[at - v], c = g->vertex[at], d = g->vertex[at - u];

    if (inside == (g->dist[at + step] < 0) || a < 0 || b < 0 || c < 0 || d < 0)
        return 0;
    if (mesh_room(m, 0, 2) < 0)
        return -ENOMEM;
    add_triangle(m, a, inside ? b : c, inside ? c : b);
    add_triangle(m, a, inside ? c : d, inside ? d : c);
    return 0;
}

static int join_vertices(Mesh *m, const Grid *g)
{
    const size_t x = 1, y = (size_t)g->nx, z = y * (size_t)g->ny;

    for (int k = 1; k < g->nz - 1; k++)
        for (int j = 1; j < g->ny - 1; j++)
            for (int i = 1; i < g->nx - 1; i++) {
                const size_t at = grid_at(g, i, j, k);

                if (add_quad(m, g, at, x, y, z) < 0 || add_quad(m, g, at, y, z, x) < 0 ||
                    add_quad(m, g, at, z, x, y) < 0)
                    return -ENOMEM;
            }
    return 0;
}

static Vec slope(const Identity *id, Vec p)
{
    static const Vec taps[4] = { { 1, -1, -1 }, { -1, -1, 1 }, { -1, 1, -1 }, { 1, 1, 1 } };
    Vec n = { 0, 0, 0 };

    for (int i = 0; i < 4; i++)
        n = vec_add(n, vec_scale(taps[i], head_distance(id, vec_add(p, vec_scale(taps[i], .012f)))));
    return vec_unit(n);
}

/* Walk out along the normal: what is nearer than the way walked shuts light out. */
static float openness(const Identity *id, Vec p, Vec n)
{
    static const float step[3] = { .06f, .16f, .35f }, weight[3] = { 3, 1.4f, .7f };
    float shut = 0;

    for (int i = 0; i < 3; i++)
        shut += weight[i] * (step[i] - head_distance(id, vec_add(p, vec_scale(n, step[i]))));
    return clampf(1 - shut, .25f, 1);
}

int mesh_bake_head(Mesh *m, const Identity *id, float cell)
{
    Grid g = { 0 };
    int ret;

    *m = (Mesh){ 0 };
    if ((ret = grid_open(&g, cell)) < 0)
        goto end;
    grid_fill(&g, id);
    if ((ret = place_vertices(m, &g)) < 0 || (ret = join_vertices(m, &g)) < 0)
        goto end;
    for (int v = 0; v < m->vertices; v++) {
        m->normal[v] = slope(id, m->pos[v]);
        m->open[v] = openness(id, m->pos[v], m->normal[v]);
        m->material[v] = (uint8_t)head_material(id, m->pos[v]);
        m->bone[v] = 0;
    }
end:
    free(g.dist);
    free(g.vertex);
    return ret;
}

/* A point of the super-ellipse; square below 1 pushes it towards the corners. */
static Vec section_point(const Ring *r, int s, float square)
{
    const float a = 2 * PI * (float)s / SEGMENTS, c = cosf(a), w = sinf(a);

    return vec(r->half_x * copysignf(powf(fabsf(c), square), c), r->y,
               r->shift_z + r->half_z * copysignf(powf(fabsf(w), square), w));
}

static void smooth_normals(Mesh *m, int from_vertex, int from_triangle)
{
    for (int v = from_vertex; v < m->vertices; v++)
        m->normal[v] = vec(0, 0, 0);
    for (int t = from_triangle; t < m->triangles; t++) {
        const int *c = m->tri[t];
        const Vec n = vec_cross(vec_sub(m->pos[c[1]], m->pos[c[0]]), vec_sub(m->pos[c[2]], m->pos[c[0]]));

        for (int i = 0; i < 3; i++)
            m->normal[c[i]] = vec_add(m->normal[c[i]], n);
    }
    for (int v = from_vertex; v < m->vertices; v++)
        m->normal[v] = vec_unit(m->normal[v]);
}

int mesh_add_tube(Mesh *m, const Ring *rings, int n, float square, int bone, Material material)
{
    const int base = m->vertices, first = m->triangles;

    if (mesh_room(m, n * SEGMENTS, 2 * (n - 1) * SEGMENTS) < 0)
        return -ENOMEM;
    for (int i = 0; i < n * SEGMENTS; i++) {
        const int v = m->vertices++;

        m->pos[v] = section_point(&rings[i / SEGMENTS], i % SEGMENTS, square);
        m->open[v] = 1;
        m->material[v] = (uint8_t)material;
        m->bone[v] = (uint8_t)bone;
    }
    for (int i = 0; i < (n - 1) * SEGMENTS; i++) {
        const int row = base + i / SEGMENTS * SEGMENTS, s = i % SEGMENTS, e = (s + 1) % SEGMENTS;

        /* Rings go downwards. */
        add_triangle(m, row + s, row + e, row + SEGMENTS + s);
        add_triangle(m, row + e, row + SEGMENTS + e, row + SEGMENTS + s);
    }
    smooth_normals(m, base, first);
    return 0;
}

void mesh_free(Mesh *m)
{
    free(m->pos);
    free(m->normal);
    free(m->open);
    free(m->material);
    free(m->bone);
    free(m->tri);
    *m = (Mesh){ 0 };
}
