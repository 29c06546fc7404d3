/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file Scene changes: cuts yes; pans, noise, flicker and fades no. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdlib.h>
#include <cmocka.h>
#include <libavutil/pixdesc.h>

#include "filters/scene.h"

#define W 160
#define H 96

static AVFrame *new_frame(enum AVPixelFormat format)
{
    AVFrame *f = av_frame_alloc();

    assert_non_null(f);
    f->format = format;
    f->width = W;
    f->height = H;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    return f;
}

/* Shades of a place that `world` names, seen from x; from 0 to 1. Smooth, and
 * nowhere the same: no shift makes one place look like another. */
static double spot(unsigned world, int x, int y)
{
    unsigned h = (unsigned)x * 374761393u + (unsigned)y * 668265263u + world * 2246822519u;

    h = (h ^ h >> 13) * 1274126177u;
    return (double)((h ^ h >> 16) & 0xffff) / 0xffff;
}

static double view(unsigned world, double x, double y)
{
    const double u = x / 12, v = y / 12;
    const int i = (int)floor(u), j = (int)floor(v);
    const double a = u - i, b = v - j;

    return (spot(world, i, j) * (1 - a) + spot(world, i + 1, j) * a) * (1 - b) +
           (spot(world, i, j + 1) * (1 - a) + spot(world, i + 1, j + 1) * a) * b;
}

static unsigned noise_state = 1;

static double noise(void)
{
    noise_state = noise_state * 1664525 + 1013904223;
    return (noise_state >> 8) / (double)(1 << 24) - 0.5;
}

static void render(AVFrame *f, unsigned world, double shift, double gain, double grain)
{
    const AVComponentDescriptor *luma = &av_pix_fmt_desc_get(f->format)->comp[0];

    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            const double v = gain * view(world, x + shift, y) + grain * noise();
            const int value = (int)lrint(fmin(fmax(v, 0), 1) * ((1 << luma->depth) - 1));
            uint8_t *p = f->data[luma->plane] + y * f->linesize[luma->plane] + x * luma->step + luma->offset;

            if (luma->depth > 8)
                *(uint16_t *)p = (uint16_t)(value << luma->shift);
            else
                *p = (uint8_t)value;
        }
}

static bool show(VeilScene *s, AVFrame *f, unsigned world, double shift, double gain, double grain)
{
    render(f, world, shift, gain, grain);
    return veil_scene_is_new(s, f);
}

static void cuts_are_seen_in_every_format(void **state)
{
    static const enum AVPixelFormat formats[] = { AV_PIX_FMT_YUV420P,   AV_PIX_FMT_YUV422P10, AV_PIX_FMT_YUV444P12,
                                                  AV_PIX_FMT_NV12,      AV_PIX_FMT_P010,      AV_PIX_FMT_GRAY8,
                                                  AV_PIX_FMT_GRAY10 };

    (void)state;
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        AVFrame *f = new_frame(formats[i]);
        VeilScene s = { 0 };

        show(&s, f, 1, 0, 1, 0.02);
        for (int n = 0; n < 20; n++)
            assert_false(show(&s, f, 1, n, 1, 0.02));
        assert_true(show(&s, f, 2, 0, 1, 0.02));
        for (int n = 0; n < 20; n++)
            assert_false(show(&s, f, 2, n, 1, 0.02));
        assert_true(show(&s, f, 5, 0, 1, 0.02));
        av_frame_free(&f);
    }
}

static void still_noise_is_one_scene(void **state)
{
    AVFrame *f = new_frame(AV_PIX_FMT_YUV420P);
    VeilScene s = { 0 };

    (void)state;
    show(&s, f, 1, 0, 1, 0.3);
    for (int n = 0; n < 200; n++)
        assert_false(show(&s, f, 1, 0, 1, 0.3));
    av_frame_free(&f);
}

static void pans_are_one_scene(void **state)
{
    AVFrame *f = new_frame(AV_PIX_FMT_YUV420P);

    (void)state;
    for (double speed = 1; speed <= 8; speed *= 2) { /* up to 5 % of the width a frame, reached in 10 frames */
        VeilScene s = { 0 };
        double at = 0;

        show(&s, f, 1, 0, 1, 0.02);
        for (int n = 1; n < 100; n++)
            if (show(&s, f, 1, at += fmin(n / 10., 1) * speed, 1, 0.02))
                fail_msg("a pan of %g pixels a frame was taken for a cut at frame %d", speed, n);
    }
    av_frame_free(&f);
}

static void fades_are_one_scene(void **state)
{
    AVFrame *f = new_frame(AV_PIX_FMT_YUV420P);
    VeilScene s = { 0 };

    (void)state;
    show(&s, f, 1, 0, 1, 0.02);
    for (int n = 1; n < 25; n++)
        assert_false(show(&s, f, 1, 0, 1 - n / 25., 0.02));
    av_frame_free(&f);
}

static void cut_out_of_a_pan_is_seen(void **state)
{
    AVFrame *f = new_frame(AV_PIX_FMT_YUV420P);
    VeilScene s = { 0 };

    (void)state;
    show(&s, f, 1, 0, 1, 0.02);
    for (int n = 1; n < 30; n++)
        show(&s, f, 1, n, 1, 0.02);
    assert_true(show(&s, f, 2, 30, 1, 0.02));
    av_frame_free(&f);
}

/* Formats without a plain first component count as new each time, so that each is searched. */
static void unreadable_formats_are_always_new(void **state)
{
    AVFrame *f = new_frame(AV_PIX_FMT_PAL8);
    VeilScene s = { 0 };

    (void)state;
    for (int n = 0; n < 3; n++)
        assert_true(veil_scene_is_new(&s, f));
    av_frame_free(&f);
}

static void tiny_frames_are_safe(void **state)
{
    (void)state;
    for (int w = 1; w < 5; w++)
        for (int h = 1; h < 5; h++) {
            AVFrame *f = av_frame_alloc();
            VeilScene s = { 0 };

            f->format = AV_PIX_FMT_GRAY8;
            f->width = w;
            f->height = h;
            assert_int_equal(av_frame_get_buffer(f, 1), 0);
            for (int y = 0; y < h; y++)
                for (int x = 0; x < w; x++)
                    f->data[0][y * f->linesize[0] + x] = 9;
            veil_scene_is_new(&s, f);
            assert_false(veil_scene_is_new(&s, f));
            av_frame_free(&f);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_are_seen_in_every_format),     cmocka_unit_test(still_noise_is_one_scene),
        cmocka_unit_test(pans_are_one_scene),                cmocka_unit_test(fades_are_one_scene),
        cmocka_unit_test(cut_out_of_a_pan_is_seen),          cmocka_unit_test(unreadable_formats_are_always_new),
        cmocka_unit_test(tiny_frames_are_safe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
