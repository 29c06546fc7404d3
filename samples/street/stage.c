/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The empty street is rendered once, with four rays to a pixel; each frame
 * then lays shadows and people over a copy.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "pool.h"
#include "scene.h"
#include "stage.h"

#define RAYS      4    ///< per pixel of the empty street
#define SHADOW_PX 2    ///< shadows are worked out once per square of this side
#define TIP_M     1.9f ///< furthest reach of a shadow from the feet

static int look_row(void *arg, int y, int worker)
{
    static const float at[RAYS][2] = {
        { .375f, .125f }, { .875f, .375f }, { .125f, .625f }, { .625f, .875f }
    };
    Stage *s = arg;
    const Camera *c = &s->camera;

    (void)worker;
    for (int x = 0; x < c->width; x++) {
        const size_t i = (size_t)y * (size_t)c->width + (size_t)x;
        Vec sum = { 0, 0, 0 };

        for (int r = 0; r < RAYS; r++) {
            const Vec dir = camera_ray(c, (float)x + at[r][0], (float)y + at[r][1]);
            const Sight seen = scene_look(&s->light, c->eye, dir);
            /* A lamp in view must not spread into its neighbours more than the lens would let it. */
            sum = vec_add(sum, vec(fminf(seen.rgb.x, 3), fminf(seen.rgb.y, 3), fminf(seen.rgb.z, 3)));
            s->back_ground[i] += seen.ground / RAYS;
            s->back_near[i] += 1 / (seen.dist * vec_dot(dir, mat_apply(&c->turn, vec(0, 0, 1)))) / RAYS;
        }
        s->back[3 * i] = sum.x / RAYS;
        s->back[3 * i + 1] = sum.y / RAYS;
        s->back[3 * i + 2] = sum.z / RAYS;
    }
    return 0;
}

static int build_person(void *arg, int i, int worker)
{
    Stage *s = arg;

    (void)worker;
    return person_build(&s->people[i]);
}

int stage_open(Stage *s, int width, int height, LightKind light, uint32_t seed, int people)
{
    const size_t n = (size_t)width * (size_t)height;
    int ret;

    *s = (Stage){ .camera = camera_street(width, height), .count = people };
    s->light = light_make(light, s->camera.eye);
    s->people = calloc((size_t)people + 1, sizeof(*s->people));
    s->back = calloc(3 * n, sizeof(*s->back));
    s->back_near = calloc(n, sizeof(*s->back_near));
    s->back_ground = calloc(n, sizeof(*s->back_ground));
    if (!s->people || !s->back || !s->back_near || !s->back_ground)
        return -ENOMEM;
    for (int i = 0; i < people; i++)
        person_choose(&s->people[i], seed, i);
    if ((ret = pool_run(people, build_person, s)) < 0)
        return ret;
    return pool_run(height, look_row, s);
}

void stage_close(Stage *s)
{
    for (int i = 0; s->people && i < s->count; i++)
        person_free(&s->people[i]);
    free(s->people);
    free(s->back);
    free(s->back_near);
    free(s->back_ground);
    *s = (Stage){ 0 };
}

int canvas_open(Canvas *c, int width, int height)
{
    const size_t n = (size_t)width * (size_t)height;

    *c = (Canvas){ .depth = { 0, 0, width, height, calloc(n, sizeof(*c->depth.px)) } };
    c->rgb = calloc(3 * n, sizeof(*c->rgb));
    c->spare = calloc(3 * n, sizeof(*c->spare));
    return c->depth.px && c->rgb && c->spare ? 0 : -ENOMEM;
}

void canvas_close(Canvas *c)
{
    free(c->depth.px);
    free(c->rgb);
    free(c->spare);
    *c = (Canvas){ 0 };
}

/* How much light of a direction the balls let through to a place on the ground. */
static float past_balls(const Figure *f, Vec p, Vec to_light, float blur)
{
    float through = 1;

    for (int i = 0; i < FIGURE_BALLS; i++) {
        const Vec d = vec_sub(f->balls[i].at, p);
        const float along = vec_dot(d, to_light), r = f->balls[i].r;
        const float off = sqrtf(fmaxf(0, vec_dot(d, d) - along * along)), soft = r * .25f + blur * along;

        if (along > 0 && off < r + soft)
            through = fminf(through, soft_step(r - soft, r + soft, off));
    }
    return through;
}

/* Share of the open sky that is left beside the feet. */
static float under_open_sky(const Figure *f, Vec p)
{
    float shut = 0;

    for (int i = 0; i < FIGURE_BALLS; i++) {
        const Vec d = vec_sub(f->balls[i].at, p);
        const float r = f->balls[i].r, far2 = vec_dot(d, d) + r * r;

        shut += fmaxf(0, d.y) * r * r / (far2 * sqrtf(far2));
    }
    return 1 / (1 + 1.6f * shut);
}

/* Share of the ground's light that is left in the shadow of one figure. */
static float shade_of(const Figure *f, const Light *l, Vec p)
{
    const float sky = under_open_sky(f, p);
    float sun = 1;

    if (l->kind == LIGHT_DAY)
        return mixf(.36f, 1, past_balls(f, p, l->to_sun, .06f)) * mixf(.45f, 1, sky);
    if (l->lamp_count > 0) {
        const Vec d = vec_sub(l->lamps[p.z < 10 ? 0 : 1].at, p);

        sun = mixf(.62f, 1, past_balls(f, p, vec_unit(d), .10f));
    }
    return sun * sky;
}

/* The part of the picture that a figure can throw shadow on. */
static void shadow_bounds(const Figure *f, const Camera *c, int box[4])
{
    float x0 = 1e9f, y0 = 1e9f, x1 = -1e9f, y1 = -1e9f;

    for (int i = 0; i < 4; i++) {
        const Vec corner = vec_add(f->floor, vec(i & 1 ? TIP_M : -TIP_M, 0, i & 2 ? TIP_M : -TIP_M));
        const Spot s = camera_see(c, corner);

        if (s.near <= 0)
            continue;
        x0 = fminf(x0, s.x);
        x1 = fmaxf(x1, s.x);
        y0 = fminf(y0, s.y);
        y1 = fmaxf(y1, s.y);
    }
    box[0] = (int)clampf(x0, 0, (float)c->width);
    box[1] = (int)clampf(y0, 0, (float)c->height);
    box[2] = (int)clampf(x1, 0, (float)c->width);
    box[3] = (int)clampf(y1, 0, (float)c->height);
}

static void darken_square(const Stage *s, Canvas *c, int x, int y, float k)
{
    for (int dy = 0; dy < SHADOW_PX && y + dy < s->camera.height; dy++)
        for (int dx = 0; dx < SHADOW_PX && x + dx < s->camera.width; dx++) {
            const size_t i = (size_t)(y + dy) * (size_t)s->camera.width + (size_t)(x + dx);
            const float by = mixf(1, k, s->back_ground[i]);

            for (int q = 0; q < 3; q++)
                c->rgb[3 * i + (size_t)q] *= by;
        }
}

static void throw_shadow(const Stage *s, Canvas *c, const Figure *f)
{
    int box[4];

    shadow_bounds(f, &s->camera, box);
    for (int y = box[1] / SHADOW_PX * SHADOW_PX; y < box[3]; y += SHADOW_PX)
        for (int x = box[0] / SHADOW_PX * SHADOW_PX; x < box[2]; x += SHADOW_PX) {
            const Vec dir = camera_ray(&s->camera, (float)x + .5f * SHADOW_PX, (float)y + .5f * SHADOW_PX);
            const float t = (f->floor.y - s->camera.eye.y) / dir.y;

            if (dir.y < -1e-4f)
                darken_square(s, c, x, y, shade_of(f, &s->light, vec_add(s->camera.eye, vec_scale(dir, t))));
        }
}

static void lay_background(const Stage *s, Canvas *c)
{
    const size_t n = (size_t)s->camera.width * (size_t)s->camera.height;

    memcpy(c->rgb, s->back, 3 * n * sizeof(*c->rgb));
    for (size_t i = 0; i < n; i++) {
        c->depth.px[i].near = s->back_near[i];
        c->depth.px[i].id = 0;
    }
}

/* Colour what is left to see, and count each figure's face. */
static void colour(const Stage *s, Canvas *c, const Figure *figures, int *seen)
{
    const size_t n = (size_t)s->camera.width * (size_t)s->camera.height;

    for (size_t i = 0; i < n; i++) {
        const Pixel *px = &c->depth.px[i];
        const int thing = (int)(px->id >> 24) - 1;
        const Figure *f = &figures[thing / 2];
        Vec rgb;

        if (!px->id)
            continue;
        rgb = figure_colour(f, &s->light, &s->camera, px);
        c->rgb[3 * i] = rgb.x;
        c->rgb[3 * i + 1] = rgb.y;
        c->rgb[3 * i + 2] = rgb.z;
        if (thing % 2 == 1)
            seen[thing / 2] += figure_is_face(f, px);
    }
}

static int place_all(const Stage *s, float seconds, Figure *figures)
{
    Stance stance;
    int n = 0;

    for (int i = 0; i < s->count; i++)
        if (person_stance(s->people, s->count, i, seconds, &stance) &&
            figure_place(&figures[n], &s->people[i], &stance, &s->camera))
            n++;
    return n;
}

/* How far the face's middle has come since an earlier time. */
static float motion_since(const Stage *s, const Figure *f, float before)
{
    const int i = (int)(f->person - s->people);
    Stance stance;
    Figure old;

    if (before < 0 || !person_stance(s->people, s->count, i, before, &stance) ||
        !figure_place(&old, f->person, &stance, &s->camera))
        return 0;
    return hypotf(f->face_box[0] - old.face_box[0] + .5f * (f->face_box[2] - old.face_box[2]),
                  f->face_box[1] - old.face_box[1] + .5f * (f->face_box[3] - old.face_box[3]));
}

static int list_faces(const Stage *s, const Figure *figures, int n, const int *seen, float before,
                      Face *faces)
{
    int rows = 0;

    for (int i = 0; i < n; i++) {
        const float *b = figures[i].face_box;
        const float share = figures[i].face_pixels ? (float)seen[i] / (float)figures[i].face_pixels : 0;

        if (b[0] + b[2] <= 0 || b[1] + b[3] <= 0 || b[0] >= (float)s->camera.width ||
            b[1] >= (float)s->camera.height)
            continue;
        faces[rows++] =
            (Face){ figures[i].person->id.number,        b[0], b[1], b[2], b[3], share * figures[i].facing,
                    motion_since(s, &figures[i], before) };
    }
    return rows;
}

int stage_render(const Stage *s, Canvas *c, float seconds, float frame_seconds, Face *faces)
{
    Figure *figures = calloc((size_t)s->count + 1, sizeof(*figures));
    int *seen = calloc((size_t)s->count + 1, sizeof(*seen));
    int n, ret = -ENOMEM;

    if (!figures || !seen)
        goto end;
    lay_background(s, c);
    n = place_all(s, seconds, figures);
    for (int i = 0; i < n; i++) {
        throw_shadow(s, c, &figures[i]);
        if ((ret = figure_draw(&figures[i], &s->camera, &c->depth, i)) < 0)
            goto end;
    }
    colour(s, c, figures, seen);
    ret = list_faces(s, figures, n, seen, seconds - frame_seconds, faces);
end:
    free(figures);
    free(seen);
    return ret;
}
