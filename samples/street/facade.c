/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * House fronts: units side by side, each a shop or a house, with windows that
 * lie back in the wall and rooms that can be looked into.
 */
#include "font.h"
#include "surface.h"

#define UNIT_M   6.5f ///< width of one house
#define GROUND_M 3.4f ///< height of the ground floor
#define FLOOR_M  2.9f
#define REVEAL_M .14f ///< how far window frames lie behind the wall

typedef struct House {
    int row, number;
    bool shop;
    float height;
    Vec wall, trim, paint; ///< brick or render, stone, door and shop front
    bool brick;
} House;

typedef struct Rect {
    float x0, y0, x1, y1;
} Rect;

static bool inside(Rect r, float x, float y)
{
    return x > r.x0 && x < r.x1 && y > r.y0 && y < r.y1;
}

static House house_at(int row, float along)
{
    static const Vec walls[] = { { .27f, .105f, .065f }, { .33f, .25f, .17f }, { .56f, .52f, .44f },
                                 { .20f, .085f, .06f },  { .50f, .43f, .32f }, { .42f, .44f, .45f } };
    static const Vec paints[] = { { .02f, .06f, .045f }, { .035f, .045f, .10f }, { .17f, .025f, .025f },
                                  { .03f, .03f, .033f }, { .10f, .14f, .15f },   { .25f, .17f, .06f } };
    const int n = (int)floorf(along / UNIT_M);
    const int dice = (int)(hash_unit(n, row, 5) * 6);
    House h = { .row = row, .number = n };

    h.shop = row == 0 ? hash_unit(n, row, 1) < .8f : row == 1 && hash_unit(n, row, 1) < .3f;
    h.height = GROUND_M + FLOOR_M * (hash_unit(n, row, 2) < .5f ? 2 : 1) + .6f + hash_unit(n, row, 3) * .5f;
    h.wall = walls[dice];
    h.brick = dice == 0 || dice == 1 || dice == 3;
    h.trim = vec(.50f, .47f, .41f);
    h.paint = paints[(int)(hash_unit(n, row, 6) * 6)];
    return h;
}

static Vec brickwork(const House *h, float x, float y)
{
    const float row = floorf(y / .075f), shift = fmodf(fabsf(row), 2) * .1125f;
    const float u = (x + shift) / .225f, v = y / .075f - row;
    const float tone = .80f + .4f * hash_unit((int)floorf(u), (int)row, h->number);
    const float mortar = fmaxf(soft_step(.10f, .04f, fminf(v, 1 - v)),
                               soft_step(.05f, .02f, fminf(u - floorf(u), 1 - u + floorf(u))));

    return vec_mix(vec_scale(h->wall, tone), vec(.36f, .33f, .29f), .75f * mortar);
}

static Vec wall_colour(const House *h, float x, float y)
{
    const float stain =
        .86f + .28f * noise3(x * .7f, y * .35f, (float)h->number) * (.7f + .3f * noise3(x * 5, y * 1.5f, 2));
    const Vec c = h->brick ? brickwork(h, x, y) : vec_scale(h->wall, .95f + .1f * noise3(x * 30, y * 30, 1));

    return vec_scale(c, stain * mixf(.80f, 1, soft_step(0, .5f, y)));
}

/* Glass mirrors the sky or the houses across, more so at a shallow angle. */
static void make_glass(Surface *s, Vec behind, Vec glow)
{
    s->albedo = behind;
    s->glow = glow;
    s->gloss = .09f;
}

/* Into the opening: true if the ray meets the side of the hole before its bottom. */
static bool meets_reveal(Rect r, float *x, float *y, Vec into, float depth)
{
    *x += into.x / into.z * depth;
    *y += into.y / into.z * depth;
    return !inside(r, *x, *y);
}

static void paint_window(const House *h, const Light *l, Rect r, float x, float y, Vec into, Surface *s)
{
    const int key = (int)floorf(r.x0 * 7 + r.y0 * 31) + h->number * 57 + h->row;
    const bool lit = hash_unit(key, 4, 4) < .55f;
    const float mid = .5f * (r.x0 + r.x1), half = .5f * (r.y0 + r.y1);
    float bar, drape;

    s->open *= .7f;
    if (meets_reveal(r, &x, &y, into, REVEAL_M)) {
        s->albedo = vec_scale(h->trim, .8f);
        return;
    }
    bar = fminf(fminf(x - r.x0, r.x1 - x), fminf(y - r.y0, r.y1 - y));
    bar = fminf(bar, fminf(fabsf(x - mid) + .025f, fabsf(y - half) + .02f));
    if (bar < .055f) {
        s->albedo = vec(.62f, .61f, .58f);
        return;
    }
    drape = soft_step(.24f, .19f, fminf(x - r.x0, r.x1 - x)) * (.7f + .3f * sinf(x * 60));
    if (hash_unit(key, 2, 2) < .35f)
        drape = fmaxf(drape, soft_step(half + .05f, half + .1f, y) * .9f);
    make_glass(
        s, vec_mix(vec(.02f, .022f, .025f), vec(.40f, .37f, .32f), drape),
        vec_scale(vec_mix(vec(.85f, .55f, .25f), vec(.9f, .68f, .42f), drape), lit ? l->windows * .75f : 0));
}

/* Shelves with goods at the back of a shop, a floor and a ceiling with lamps. */
static Vec shop_room(const House *h, float x, float y, Vec into, const Light *l)
{
    const float deep = 1.3f, bx = x + into.x / into.z * deep, by = y + into.y / into.z * deep;
    const float lamp = .8f * l->sky.y + .55f * l->windows;
    const int col = (int)floorf(bx / .24f), row = (int)floorf(by / .42f);
    const float u = bx / .24f - (float)col, v = by / .42f - (float)row;
    const float tall = .35f + .5f * hash_unit(col, row, h->number);
    Vec c;

    if (by < .35f)
        return vec_scale(vec(.30f, .22f, .15f), lamp);
    if (by > 2.65f)
        return vec_scale(vec(.75f, .72f, .65f), lamp * 1.3f);
    if (v < .1f)
        return vec_scale(vec(.35f, .25f, .16f), lamp);
    c = vec(.1f + .7f * hash_unit(col, row, 11), .1f + .55f * hash_unit(col, row, 12),
            .08f + .5f * hash_unit(col, row, 13));
    if (u < .12f || u > .9f || v > tall)
        c = vec(.42f, .38f, .31f);
    return vec_mul(c, vec(lamp * .85f, lamp * .76f, lamp * .62f));
}

static void paint_sign(const House *h, float x, float y, Vec ground, Vec ink, Surface *s)
{
    static const char *names[] = { "BAKERY",  "BOOKS & MAPS", "PHARMACY",    "CAFE VERDI",
                                   "FLOWERS", "SHOE REPAIR",  "GREENGROCER", "BARBER" };
    const char *name = names[(int)(hash_unit(h->number, h->row, 21) * 8)];
    const float dot = .040f, length = dot * (float)font_length(name);
    /* Along runs away from the camera on the left and towards it across; words must read from the street. */
    const float u = h->row == 0 ? x - .5f * (UNIT_M - length) : .5f * (UNIT_M + length) - x;

    s->albedo = font_dot(name, (int)floorf(u / dot), (int)floorf((3.04f - y) / dot)) ? ink : ground;
}

static void paint_shop(const House *h, const Light *l, float x, float y, Vec into, Surface *s)
{
    const Rect pane = { .5f, .62f, 4.35f, 2.45f }, door = { 4.75f, .05f, 5.75f, 2.45f };

    s->albedo = h->paint;
    s->gloss = .02f;
    if (y > 3.22f || x < .28f || x > UNIT_M - .28f) {
        s->albedo = vec_scale(h->trim, y > 3.22f && y < 3.28f ? .6f : 1);
        s->gloss = 0;
    } else if (y > 2.62f) {
        paint_sign(h, x, y, h->paint, vec(.72f, .66f, .48f), s);
        s->glow = vec_scale(s->albedo, .25f * l->windows);
    } else if (inside(pane, x, y) || inside(door, x, y)) {
        const Rect r = inside(pane, x, y) ? pane : door;

        if (meets_reveal(r, &x, &y, into, .09f) || (r.x0 < 1 && fabsf(x - 2.4f) < .035f) ||
            (r.x0 > 1 && (y < .5f || fabsf(x - 5.25f) > .40f))) {
            s->albedo = vec_scale(h->paint, .75f);
            return;
        }
        make_glass(s, vec(.01f, .01f, .012f), shop_room(h, x, y, into, l));
    } else if (y < .62f) {
        s->albedo = vec_scale(h->paint, .8f + .3f * soft_band(.12f, .5f, .01f, y));
    }
}

static void paint_door(const House *h, float x, float y, Surface *s)
{
    const float u = fmodf(x - .9f, .5f), v = fmodf(y, .72f);

    s->albedo = vec_scale(h->paint, u > .1f && u < .4f && v > .1f && v < .62f ? .75f : 1.1f);
    s->gloss = .03f;
    if (hypotf(x - 1.75f, y - 1.05f) < .035f)
        s->albedo = vec(.5f, .38f, .12f);
}

static void paint_house_floor(const House *h, const Light *l, float x, float y, Vec into, Surface *s)
{
    const Rect door = { .9f, 0, 1.9f, 2.2f };
    const Rect panes[2] = { { 2.8f, .95f, 3.85f, 2.45f }, { 4.7f, .95f, 5.75f, 2.45f } };

    if (inside((Rect){ .75f, 0, 2.05f, 2.4f }, x, y)) {
        s->albedo = h->trim;
        if (inside(door, x, y))
            paint_door(h, x, y, s);
        return;
    }
    for (int i = 0; i < 2; i++) {
        const Rect r = panes[i];

        if (inside(r, x, y)) {
            paint_window(h, l, r, x, y, into, s);
            return;
        }
        if (inside((Rect){ r.x0 - .1f, r.y0 - .12f, r.x1 + .1f, r.y1 + .22f }, x, y) &&
            (y < r.y0 || y > r.y1))
            s->albedo = vec_scale(h->trim, y < r.y0 ? 1.05f : .95f);
    }
    if (y < .35f)
        s->albedo = vec_scale(h->trim, .55f);
}

static void paint_upper(const House *h, const Light *l, float x, float y, Vec into, Surface *s)
{
    const float storey = floorf((y - GROUND_M) / FLOOR_M), base = GROUND_M + storey * FLOOR_M;

    if (y > h->height - .32f) {
        s->albedo = vec_scale(h->trim, .75f + .4f * soft_step(h->height - .2f, h->height - .1f, y));
        return;
    }
    if (base + FLOOR_M > h->height)
        return;
    for (int i = 0; i < 3; i++) {
        const Rect r = { .9f + 1.8f * (float)i, base + .7f, 2.0f + 1.8f * (float)i, base + 2.3f };

        if (inside(r, x, y)) {
            paint_window(h, l, r, x, y, into, s);
            return;
        }
        if (inside((Rect){ r.x0 - .1f, r.y0 - .12f, r.x1 + .1f, r.y1 + .22f }, x, y) &&
            (y < r.y0 || y > r.y1))
            s->albedo = h->trim;
    }
}

bool facade_paint(const Light *l, int row, float along, float y, Vec into, Surface *s)
{
    const House h = house_at(row, along);
    const float x = along - UNIT_M * (float)h.number;

    if (y > h.height)
        return false;
    *s = (Surface){ .n = { 0, 0, -1 },
                    .albedo = wall_colour(&h, x, y),
                    .open = .55f + .1f * soft_step(0, 3, y) };
    /* A drainpipe where two houses meet. */
    if (x < .09f)
        s->albedo = vec_scale(vec(.05f, .05f, .055f), .6f + .8f * sinf(x / .09f * PI));
    else if (y > GROUND_M)
        paint_upper(&h, l, x, y, into, s);
    else if (h.shop)
        paint_shop(&h, l, x, y, into, s);
    else
        paint_house_floor(&h, l, x, y, into, s);
    return true;
}
