/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Figures.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "figure.h"
#include "skin.h"

#define FINE_PX 45.0f ///< faces this high or higher are drawn from the fine mesh

/* Forehead, temples, ears, jaw, chin and nose: the box is drawn round these. */
static const Vec landmarks[] = {
    { 0, .60f, .74f },      { .45f, .55f, .5f },  { -.45f, .55f, .5f },  { .64f, .3f, .2f },
    { -.64f, .3f, .2f },    { .66f, -.1f, .12f }, { -.66f, -.1f, .12f }, { .50f, -.75f, .15f },
    { -.50f, -.75f, .15f }, { 0, -1.12f, .60f },  { .2f, -1.08f, .6f },  { -.2f, -1.08f, .6f },
    { 0, -.38f, .98f },     { 0, .25f, .83f },
};
#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static Vec bone_point(const Pose *b, Vec local)
{
    return vec_add(b->at, mat_apply(&b->turn, local));
}

static Vec head_point(const Figure *f, Vec p)
{
    return bone_point(&f->bones[BONE_HEAD], vec_mul(p, f->scale));
}

static bool measure_face(Figure *f, const Camera *c)
{
    float x0 = 1e9f, y0 = 1e9f, x1 = -1e9f, y1 = -1e9f;
    const Vec to_eye = vec_unit(vec_sub(c->eye, f->bones[BONE_HEAD].at));

    for (int i = 0; i < COUNT(landmarks); i++) {
        const Spot s = camera_see(c, head_point(f, landmarks[i]));

        if (s.near <= 0)
            return false;
        x0 = fminf(x0, s.x);
        x1 = fmaxf(x1, s.x);
        y0 = fminf(y0, s.y);
        y1 = fmaxf(y1, s.y);
    }
    f->face_box[0] = x0;
    f->face_box[1] = y0;
    f->face_box[2] = x1 - x0;
    f->face_box[3] = y1 - y0;
    /* A profile still is a face; from behind the ear on it is not. */
    f->facing = soft_step(-.45f, -.10f, vec_dot(to_eye, mat_apply(&f->bones[BONE_HEAD].turn, vec(0, 0, 1))));
    return true;
}

/* Balls along the limbs, for soft shadows on the ground. */
static void place_balls(Figure *f)
{
    const float h = f->person->id.height_m, g = .01f * h;
    int n = 0;

#define BALL(bone, y, radius)                                                                                \
    do {                                                                                                     \
        f->balls[n].at = bone_point(&f->bones[bone], vec(0, (y)*h, 0));                                      \
        f->balls[n++].r = (radius)*g;                                                                        \
    } while (0)
    BALL(BONE_HEAD, 0, 6.2f);
    BALL(BONE_CHEST, .25f, 10);
    BALL(BONE_CHEST, .15f, 9.5f);
    BALL(BONE_CHEST, .03f, 9.5f);
    BALL(BONE_HIP, -.05f, 9);
    for (int left = 0; left < 2; left++) {
        BALL(BONE_THIGH_L + left, -.09f, 5.5f);
        BALL(BONE_THIGH_L + left, -.19f, 5);
        BALL(BONE_SHIN_L + left, -.05f, 4.4f);
        BALL(BONE_SHIN_L + left, -.14f, 4);
        BALL(BONE_SHIN_L + left, -.23f, 4.2f);
        BALL(BONE_FORE_L + left, -.02f, 4);
    }
#undef BALL
}

bool figure_place(Figure *f, const Person *p, const Stance *s, const Camera *c)
{
    const float unit = body_head_unit(&p->id), margin = .5f * (float)c->width;
    Spot at;

    *f = (Figure){ .person = p, .floor = s->at };
    body_pose(f->bones, &p->id, s);
    f->scale = vec(unit * p->id.head.width, unit * p->id.head.length, unit);
    if (!measure_face(f, c))
        return false;
    at = camera_see(c, f->bones[BONE_HIP].at);
    if (at.near <= 0 || at.x < -margin || at.x > (float)c->width + margin)
        return false;
    f->head = f->face_box[3] >= FINE_PX ? &p->fine : &p->coarse;
    place_balls(f);
    return true;
}

static Spot *see_mesh(const Figure *f, const Mesh *m, const Camera *c)
{
    Spot *spots = malloc((size_t)m->vertices * sizeof(*spots));

    for (int v = 0; spots && v < m->vertices; v++)
        spots[v] = camera_see(c, m == f->head ? head_point(f, m->pos[v])
                                              : bone_point(&f->bones[m->bone[v]], m->pos[v]));
    return spots;
}

static void bounds(const Spot *spots, int n, Buffer *b)
{
    float x0 = 1e9f, y0 = 1e9f, x1 = -1e9f, y1 = -1e9f;

    for (int i = 0; i < n; i++) {
        x0 = fminf(x0, spots[i].x);
        x1 = fmaxf(x1, spots[i].x);
        y0 = fminf(y0, spots[i].y);
        y1 = fmaxf(y1, spots[i].y);
    }
    b->x0 = (int)floorf(x0);
    b->y0 = (int)floorf(y0);
    b->w = (int)ceilf(x1) - b->x0 + 1;
    b->h = (int)ceilf(y1) - b->y0 + 1;
}

bool figure_is_face(const Figure *f, const Pixel *px)
{
    const int *c = f->head->tri[px->id & 0xffffff];

    return material_is_face((Material)f->head->material[c[0]]);
}

/* Lay the head, drawn by itself, over the picture; what of the face there would be is counted here. */
static void lay_over(Figure *f, const Buffer *tile, Buffer *b)
{
    for (int y = 0; y < tile->h; y++)
        for (int x = 0; x < tile->w; x++) {
            const Pixel *px = &tile->px[(size_t)y * (size_t)tile->w + (size_t)x];
            const int X = x + tile->x0, Y = y + tile->y0;

            if (!px->id)
                continue;
            f->face_pixels += figure_is_face(f, px);
            if (X >= 0 && Y >= 0 && X < b->w && Y < b->h &&
                px->near > b->px[(size_t)Y * (size_t)b->w + (size_t)X].near)
                b->px[(size_t)Y * (size_t)b->w + (size_t)X] = *px;
        }
}

int figure_draw(Figure *f, const Camera *c, Buffer *b, int i)
{
    Spot *body = see_mesh(f, &f->person->body, c), *head = see_mesh(f, f->head, c);
    Buffer tile = { 0 };
    int ret = -ENOMEM;

    if (!body || !head)
        goto end;
    bounds(head, f->head->vertices, &tile);
    if (!(tile.px = calloc((size_t)tile.w * (size_t)tile.h, sizeof(*tile.px))))
        goto end;
    raster_draw(&tile, f->head, head, 2 * i + 2);
    lay_over(f, &tile, b);
    raster_draw(b, &f->person->body, body, 2 * i + 1);
    ret = 0;
end:
    free(tile.px);
    free(head);
    free(body);
    return ret;
}

/* The corners' mean at one pixel. */
static Vec blend(const Vec *at, const int *c, const Pixel *px)
{
    const Vec uv = vec_add(vec_scale(at[c[0]], px->u), vec_scale(at[c[1]], px->v));

    return vec_add(uv, vec_scale(at[c[2]], 1 - px->u - px->v));
}

static Vec cloth(const Identity *id, Material m, Vec p, Bone bone)
{
    const float s = id->texture_seed + (float)bone,
                weave = .88f + .24f * noise3(p.x * 160, p.y * 160, p.z * 160 + s);
    Vec c = m == MAT_COAT       ? id->coat
            : m == MAT_TROUSERS ? id->trousers
            : m == MAT_SHOE     ? id->shoes
                                : id->extra;

    if (m == MAT_COAT && bone == BONE_CHEST && p.z > 0) {
        /* The row where a coat closes, and its shadow. */
        c = vec_scale(c, 1 - .45f * bell(p.x - .004f, .006f));
        if (id->garment == GARMENT_LONG_COAT && hypotf(p.x + .022f, fmodf(p.y + 3, .11f) - .05f) < .009f)
            c = vec(.02f, .018f, .015f);
    }
    if (m == MAT_COAT && id->garment == GARMENT_PUFFER)
        c = vec_scale(c, .62f + .38f * sqrtf(fabsf(sinf(p.y * 42))));
    return vec_scale(c, weave);
}

/* Creases: the normal leans with a smooth noise of the place. */
static Vec crease(const Identity *id, Vec n, Vec p, Bone bone)
{
    const float s = id->texture_seed + 7 * (float)bone, x = p.x * 14, y = p.y * 9, z = p.z * 14;
    const Vec lean =
        vec(noise3(x + s, y, z) - .5f, noise3(x, y + s, z + 9) - .5f, noise3(x + 5, y, z + s) - .5f);

    return vec_unit(vec_add(n, vec_scale(lean, .5f)));
}

/* Seen in infra-red, skin is pale whatever its tone, and most cloth and hair is paler than by day. */
static Vec infra_red(Vec c, Material m)
{
    const float grey = .3f * c.x + .5f * c.y + .2f * c.z;
    const float k = m <= MAT_SKIN ? mixf(grey * 1.35f, .34f, .32f) : mixf(grey, .20f, .35f);

    return vec(k, k, k);
}

typedef struct Touch {
    Vec local, normal;
    Material material;
    Bone bone;
    float open;
} Touch;

static Touch touch(const Figure *f, const Pixel *px)
{
    const Mesh *m = px->id >> 24 & 1 ? &f->person->body : f->head;
    const int *c = m->tri[px->id & 0xffffff];
    const float w = 1 - px->u - px->v;
    const int corner = px->u > px->v ? (px->u > w ? 0 : 2) : (px->v > w ? 1 : 2);
    Touch t = { blend(m->pos, c, px), blend(m->normal, c, px), (Material)m->material[c[corner]], BONE_HEAD,
                1 };

    t.open = px->u * m->open[c[0]] + px->v * m->open[c[1]] + w * m->open[c[2]];
    if (m != f->head)
        t.bone = (Bone)m->bone[c[0]];
    return t;
}

static Vec paint(const Figure *f, const Touch *t, float *gloss, Vec *wrap)
{
    const Identity *id = &f->person->id;

    *gloss = .02f;
    *wrap = vec(.06f, .06f, .06f);
    switch (t->material) {
    case MAT_FACE:
    case MAT_SKIN:
        *wrap = vec(.38f, .24f, .18f);
        if (t->bone != BONE_HEAD)
            return id->skin;
        return skin_paint(id, t->local, gloss);
    case MAT_HAIR:
        *gloss = .12f;
        return skin_paint_hair(id, t->local);
    case MAT_MASK:
        return vec_scale(id->accessory, .92f + .08f * cosf(t->local.y * 32));
    case MAT_HAT:
        return vec_scale(id->accessory, id->hat == HAT_BEANIE ? .7f + .3f * fabsf(sinf(t->local.x * 40)) : 1);
    case MAT_GLASSES:
    case MAT_PHONE:
        *gloss = .6f;
        return vec(.02f, .02f, .02f);
    default:
        return cloth(id, t->material, t->local, t->bone);
    }
}

Vec figure_colour(const Figure *f, const Light *l, const Camera *c, const Pixel *px)
{
    const Touch t = touch(f, px);
    const Pose *bone = &f->bones[t.bone];
    const bool soft =
        t.bone != BONE_HEAD && t.material != MAT_SKIN && t.material != MAT_SHOE && t.material != MAT_PHONE;
    const Vec local = soft ? crease(&f->person->id, t.normal, t.local, t.bone) : t.normal;
    const Vec n = vec_unit(mat_apply(&bone->turn, local));
    const Vec p = t.bone == BONE_HEAD ? head_point(f, t.local) : bone_point(bone, t.local);
    const Vec to_eye = vec_unit(vec_sub(c->eye, p));
    float gloss;
    Vec wrap, albedo = paint(f, &t, &gloss, &wrap), rgb;

    if (l->grey)
        albedo = infra_red(albedo, t.material);
    rgb = vec_mul(albedo, light_on(l, p, n, wrap, .35f + .65f * t.open, t.open));
    return vec_add(rgb, vec_scale(light_shine(l, n, to_eye, 9), gloss * .25f * t.open));
}
