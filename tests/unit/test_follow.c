/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Following a box through synthetic pictures: shifts, part pixels, sizes,
 * formats, noise, something passing in front, the picture's edge; nothing
 * found where there is nothing to find. The camera's shift, and dim pictures.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <cmocka.h>
#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>

#include "filters/follow.h"
#include "filters/light.h"
#include "filters/motion.h"

#define W 320
#define H 180

/** What a picture shows: a texture, moved and enlarged about the middle, and more in front. */
typedef struct Scene {
    double dx, dy, zoom, noise;
    int post; ///< a flat post this wide, in the middle
    unsigned world;
} Scene;

static double corner(unsigned world, int x, int y)
{
    unsigned h = (unsigned)x * 374761393u + (unsigned)y * 668265263u + world * 2246822519u;

    h = (h ^ h >> 13) * 1274126177u;
    return (double)((h ^ h >> 16) & 0xffff) / 0xffff;
}

/* Smooth blobs of about 9 pixels, 0 to 1. */
static double texture(unsigned world, double x, double y)
{
    const double u = x / 9 + 1000, v = y / 9 + 1000;
    const int i = (int)u, j = (int)v;
    const double a = (u - i) * (u - i) * (3 - 2 * (u - i)), b = (v - j) * (v - j) * (3 - 2 * (v - j));

    return (corner(world, i, j) * (1 - a) + corner(world, i + 1, j) * a) * (1 - b) +
           (corner(world, i, j + 1) * (1 - a) + corner(world, i + 1, j + 1) * a) * b;
}

static AVFrame *render(enum AVPixelFormat format, const Scene *s)
{
    const AVComponentDescriptor *c = &av_pix_fmt_desc_get(format)->comp[0];
    AVFrame *f = av_frame_alloc();
    unsigned state = 7;

    f->format = format;
    f->width = W;
    f->height = H;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            uint8_t *p = f->data[c->plane] + y * f->linesize[c->plane] + x * c->step + c->offset;
            double v = 0.15 + 0.7 * texture(s->world, (x - W / 2 - s->dx) / s->zoom, (y - H / 2 - s->dy) / s->zoom);

            state = state * 1664525 + 1013904223;
            v = abs(x - W / 2) * 2 < s->post ? 0.5 : v;
            v = fmin(fmax(v + s->noise * ((state >> 8) / (double)(1 << 24) - 0.5), 0), 1);
            if (c->depth > 8)
                *(uint16_t *)p = (uint16_t)(lrint(v * ((1 << c->depth) - 1)) << c->shift);
            else
                *p = (uint8_t)lrint(v * 255);
        }
    return f;
}

static VeilFace middle(float size)
{
    return (VeilFace){ .x = W / 2 - size / 2, .y = H / 2 - size / 2, .w = size, .h = size, .score = 0.8f };
}

/* Follow the middle of `a` into `b`. @return confidence; `out` receives the place */
static float follow(enum AVPixelFormat format, const Scene *a, const Scene *b, const VeilFace *box,
                    const VeilFace *guess, VeilFace *out)
{
    AVFrame *from = render(format, a), *to = render(format, b);
    const float sure = veil_follow(from, box, to, guess, out);

    av_frame_free(&from);
    av_frame_free(&to);
    return sure;
}

static void assert_at(const VeilFace *f, double dx, double dy, double within)
{
    const double x = f->x + f->w / 2 - W / 2, y = f->y + f->h / 2 - H / 2;

    if (fabs(x - dx) > within || fabs(y - dy) > within)
        fail_msg("found at %.2f %.2f, not at %.2f %.2f", x, y, dx, dy);
}

static const Scene still = { .zoom = 1, .world = 1 };

static void shifts_are_followed(void **state)
{
    static const double shift[][2] = { { 0, 0 }, { 1, 0 }, { 0.5, 0.25 }, { 3.3, -2.7 }, { 7, 5 }, { -9, 4 } };

    (void)state;
    for (size_t i = 0; i < sizeof(shift) / sizeof(*shift); i++)
        for (float size = 24; size <= 96; size *= 2) {
            const Scene there = { .dx = shift[i][0], .dy = shift[i][1], .zoom = 1, .world = 1 };
            const VeilFace box = middle(size);
            VeilFace out;

            assert_true(follow(AV_PIX_FMT_GRAY8, &still, &there, &box, &box, &out) >= VEIL_FOLLOW_SURE);
            assert_at(&out, shift[i][0], shift[i][1], 0.3 + size / 48);
            assert_float_equal(out.w, size, 0.05f * size);
        }
}

/* A guess brings what moved farther within reach. */
static void a_guess_helps(void **state)
{
    const Scene there = { .dx = 60, .dy = -30, .zoom = 1, .world = 1 };
    const VeilFace box = middle(32);
    VeilFace guess = box, out;

    (void)state;
    guess.x += 55;
    guess.y -= 26;
    assert_true(follow(AV_PIX_FMT_GRAY8, &still, &there, &box, &guess, &out) >= VEIL_FOLLOW_SURE);
    assert_at(&out, 60, -30, 1);
}

static void growth_is_followed(void **state)
{
    (void)state;
    for (double zoom = 0.93; zoom < 1.08; zoom += 0.07) {
        const Scene there = { .dx = 2, .dy = 1, .zoom = zoom, .world = 1 };
        const VeilFace box = middle(64);
        VeilFace out;

        assert_true(follow(AV_PIX_FMT_GRAY8, &still, &there, &box, &box, &out) >= VEIL_FOLLOW_SURE);
        assert_at(&out, 2, 1, 1.5);
        assert_float_equal(out.w / 64, zoom, 0.04); /* sizes are tried in steps of 4 % */
    }
}

static void formats_are_all_read(void **state)
{
    static const enum AVPixelFormat formats[] = { AV_PIX_FMT_YUV420P,   AV_PIX_FMT_YUV422P10, AV_PIX_FMT_YUV444P12,
                                                  AV_PIX_FMT_NV12,      AV_PIX_FMT_P010,      AV_PIX_FMT_GRAY8,
                                                  AV_PIX_FMT_GRAY10 };
    const Scene there = { .dx = 4, .dy = -3, .zoom = 1, .world = 1 };
    const VeilFace box = middle(40);

    (void)state;
    for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
        VeilFace out;

        assert_true(veil_follow_can(formats[i]));
        assert_true(follow(formats[i], &still, &there, &box, &box, &out) >= VEIL_FOLLOW_SURE);
        assert_at(&out, 4, -3, 1);
    }
    assert_false(veil_follow_can(AV_PIX_FMT_PAL8));
    assert_false(veil_follow_can(AV_PIX_FMT_YUV420P10BE));
    assert_false(veil_follow_can(AV_PIX_FMT_NONE));
}

static void noise_is_borne(void **state)
{
    const Scene here = { .zoom = 1, .noise = 0.15, .world = 1 },
                there = { .dx = 5, .dy = 2, .zoom = 1, .noise = 0.15, .world = 1 };
    const VeilFace box = middle(48);
    VeilFace out;

    (void)state;
    assert_true(follow(AV_PIX_FMT_GRAY8, &here, &there, &box, &box, &out) >= VEIL_FOLLOW_SURE);
    assert_at(&out, 5, 2, 1.5);
}

/* Where another thing is in the way, in another scene, or in a flat patch, nothing may be found. */
static void nothing_is_found_where_nothing_is(void **state)
{
    const Scene hidden = { .zoom = 1, .post = 60, .world = 1 }, other = { .zoom = 1, .world = 9 };
    const VeilFace box = middle(40);
    VeilFace out;

    (void)state;
    assert_true(follow(AV_PIX_FMT_GRAY8, &still, &hidden, &box, &box, &out) < VEIL_FOLLOW_SURE);
    assert_true(follow(AV_PIX_FMT_GRAY8, &still, &other, &box, &box, &out) < VEIL_FOLLOW_SURE);
    assert_true(follow(AV_PIX_FMT_GRAY8, &hidden, &still, &(VeilFace){ W / 2 - 15, 80, 30, 30, .score = 1 }, &box,
                       &out) < 0);
}

static void edges_are_safe(void **state)
{
    const Scene there = { .dx = -3, .dy = -2, .zoom = 1, .world = 1 };
    VeilFace box = { .x = -10, .y = -12, .w = 40, .h = 40 }, out;

    (void)state;
    assert_true(follow(AV_PIX_FMT_GRAY8, &still, &there, &box, &box, &out) > 0); /* most of it is inside */
    box.x = -30;
    assert_true(follow(AV_PIX_FMT_GRAY8, &still, &there, &box, &box, &out) < 0);
    box = (VeilFace){ .x = W + 50, .y = 20, .w = 30, .h = 30 };
    assert_true(follow(AV_PIX_FMT_GRAY8, &still, &there, &box, &box, &out) < 0);
    box = (VeilFace){ .x = 50, .y = 50, .w = 1, .h = 0 };
    assert_true(follow(AV_PIX_FMT_GRAY8, &still, &there, &box, &box, &out) < 0);
    box = (VeilFace){ .x = -500, .y = -500, .w = 1200, .h = 1200 };
    follow(AV_PIX_FMT_GRAY8, &still, &there, &box, &box, &out);
}

static float camera(const Scene *a, const Scene *b, float *dx, float *dy)
{
    AVFrame *from = render(AV_PIX_FMT_YUV420P, a), *to = render(AV_PIX_FMT_YUV420P, b);
    VeilSmall small_a, small_b;

    veil_motion_small(from, &small_a);
    veil_motion_small(to, &small_b);
    av_frame_free(&from);
    av_frame_free(&to);
    return veil_motion_shift(&small_a, &small_b, dx, dy);
}

static void pans_are_measured(void **state)
{
    (void)state;
    for (double shift = -100; shift <= 100; shift += 40) {
        const Scene there = { .dx = shift, .dy = shift / 10, .zoom = 1, .world = 1 };
        float dx, dy;

        assert_true(camera(&still, &there, &dx, &dy) >= VEIL_MOTION_SURE);
        assert_float_equal(dx * W / VEIL_MOTION_W, shift, 3);
        assert_float_equal(dy * H / VEIL_MOTION_H, shift / 10, 3);
    }
}

static void hands_that_shake_are_measured(void **state)
{
    VeilCamera c = { 0 };
    AVFrame *before = NULL;

    (void)state;
    for (int i = 0; i < 8; i++) {
        const Scene there = { .dx = i % 3 * 7, .dy = i % 2 * -5, .zoom = 1, .world = 1 };
        AVFrame *frame = render(AV_PIX_FMT_YUV420P, &there);

        veil_camera_see(&c, before, frame, i == 0);
        assert_float_equal(c.x, there.dx, 2);
        assert_float_equal(c.y, there.dy, 2);
        if (i == 7) {
            const float x = c.x, y = c.y;

            veil_camera_see(&c, frame, frame, false); /* stands still */
            assert_float_equal(c.x, x, 0);
            assert_float_equal(c.y, y, 0);
            veil_camera_see(&c, frame, frame, true); /* a new scene begins at nought */
            assert_float_equal(c.x, 0, 0);
            assert_float_equal(c.y, 0, 0);
        }
        av_frame_free(&before);
        before = frame;
    }
    av_frame_free(&before);
}

static void cuts_and_stillness_are_no_pan(void **state)
{
    const Scene other = { .zoom = 1, .world = 9 };
    float dx, dy;

    (void)state;
    assert_true(camera(&still, &other, &dx, &dy) < VEIL_MOTION_SURE);
    assert_true(camera(&still, &still, &dx, &dy) < VEIL_MOTION_SURE);
}

static void dim_pictures_are_raised(void **state)
{
    uint8_t data[64 * 32];
    VeilPicture p = { .data = data, .w = 64, .h = 32, .stride = 64, .channels = 1, .used_w = 64, .used_h = 32 };

    (void)state;
    for (int i = 0; i < 64 * 32; i++)
        data[i] = (uint8_t)(16 + i % 40);
    assert_true(veil_light_raise(&p) > 2);
    assert_int_equal(data[0], 16); /* black stays */
    assert_true(data[39] > 100);
    for (int i = 0; i < 64 * 32; i++)
        data[i] = (uint8_t)(60 + i % 100);
    assert_float_equal(veil_light_raise(&p), 1, 0);
    assert_int_equal(data[99], 159);
    for (int i = 0; i < 64 * 32; i++)
        data[i] = 0; /* blacker than black */
    veil_light_raise(&p);
}

/* A lit face in the dark, or a picture with black bars: the mean is dark, the face is not. */
static void what_is_light_keeps_its_contrast(void **state)
{
    uint8_t data[64 * 32] = { 0 };
    VeilPicture p = { .data = data, .w = 64, .h = 32, .stride = 64, .channels = 3, .used_w = 21, .used_h = 32 };

    (void)state;
    for (int i = 0; i < 8; i++)
        data[16 * 64 + i] = (uint8_t)(100 + 20 * i); /* 100 to 240 */
    assert_true(veil_light_raise(&p) > 2);
    for (int i = 0; i < 7; i++)
        assert_true(data[16 * 64 + i + 1] >= data[16 * 64 + i] + 3);
    assert_true(data[16 * 64 + 7] - data[16 * 64] > 40);
    assert_true(data[16 * 64 + 7] < 255);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shifts_are_followed),
        cmocka_unit_test(a_guess_helps),
        cmocka_unit_test(growth_is_followed),
        cmocka_unit_test(formats_are_all_read),
        cmocka_unit_test(noise_is_borne),
        cmocka_unit_test(nothing_is_found_where_nothing_is),
        cmocka_unit_test(edges_are_safe),
        cmocka_unit_test(pans_are_measured),
        cmocka_unit_test(hands_that_shake_are_measured),
        cmocka_unit_test(cuts_and_stillness_are_no_pan),
        cmocka_unit_test(dim_pictures_are_raised),
        cmocka_unit_test(what_is_light_keeps_its_contrast),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
