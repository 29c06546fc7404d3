/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Which part of a picture is searched again: what changed, with whole faces;
 * what stands still is remembered, and slow changes add up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <libavutil/imgutils.h>

#include "filters/parts.h"

#define W 640
#define H 360
#define EVERY 100

static AVFrame *frame_new(int w, int h, enum AVPixelFormat format, int value)
{
    AVFrame *f = av_frame_alloc();

    f->width = w;
    f->height = h;
    f->format = format;
    assert_true(av_frame_get_buffer(f, 0) >= 0);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            if (format == AV_PIX_FMT_YUV420P10)
                ((uint16_t *)(f->data[0] + y * f->linesize[0]))[x] = (uint16_t)(value << 2);
            else
                f->data[0][y * f->linesize[0] + x] = (uint8_t)value;
    return f;
}

static void paint(AVFrame *f, int x, int y, int side, int value)
{
    for (int row = y; row < y + side; row++)
        for (int col = x; col < x + side; col++)
            if (f->format == AV_PIX_FMT_YUV420P10)
                ((uint16_t *)(f->data[0] + row * f->linesize[0]))[col] = (uint16_t)(value << 2);
            else
                f->data[0][row * f->linesize[0] + col] = (uint8_t)value;
}

static VeilRect choose(VeilParts *p, const AVFrame *f, int every)
{
    VeilRect r;

    assert_int_equal(veil_parts_choose(p, f, every, &r), 0);
    return r;
}

static bool is_whole(VeilRect r, const AVFrame *f)
{
    return !r.x && !r.y && r.w == f->width && r.h == f->height;
}

static bool holds(VeilRect r, int x, int y, int w, int h)
{
    return r.x <= x && r.y <= y && r.x + r.w >= x + w && r.y + r.h >= y + h;
}

/* A search of all of f that finds the n faces. */
static void search_whole(VeilParts *p, const AVFrame *f, const VeilFace *found, int n)
{
    VeilFace faces[VEIL_MAX_FACES];
    const VeilRect r = choose(p, f, 1);

    assert_true(is_whole(r, f));
    memcpy(faces, found, (size_t)n * sizeof(*faces));
    assert_int_equal(veil_parts_found(p, f, r, faces, n), n);
}

static const VeilFace two[] = { { .x = 40, .y = 40, .w = 30, .h = 40, .score = .2f },
                                { .x = 500, .y = 250, .w = 30, .h = 40, .score = .9f } };

static void what_stands_still_is_remembered(void **state)
{
    VeilParts p = { 0 };
    AVFrame *f = frame_new(W, H, AV_PIX_FMT_YUV420P, 120);
    VeilFace faces[VEIL_MAX_FACES];
    VeilRect r;

    (void)state;
    assert_true(is_whole(choose(&p, f, EVERY), f)); /* nothing is known yet */
    search_whole(&p, f, two, 2);
    r = choose(&p, f, EVERY);
    assert_int_equal(r.w, 0);
    assert_int_equal(veil_parts_found(&p, f, r, faces, 0), 2);
    assert_memory_equal(faces, two, sizeof(two));
    veil_parts_forget(&p);
    assert_true(is_whole(choose(&p, f, EVERY), f));
    av_frame_free(&f);
    veil_parts_free(&p);
}

static void what_changes_is_searched(void **state)
{
    VeilParts p = { 0 };
    AVFrame *f = frame_new(W, H, AV_PIX_FMT_YUV420P, 120);
    VeilFace faces[VEIL_MAX_FACES] = { { .x = 520, .y = 260, .w = 20, .h = 20, .score = .5f } };
    VeilRect r;

    (void)state;
    search_whole(&p, f, two, 2);
    paint(f, 560, 300, 10, 160);
    r = choose(&p, f, EVERY);
    assert_true(r.w > 0 && !is_whole(r, f));
    assert_true(holds(r, 560, 300, 10, 10));
    assert_true(holds(r, 460, 210, 110, 120)); /* the face beside it, with its surroundings */
    assert_true(r.x % 16 == 0 && r.y % 16 == 0 && r.x + r.w <= W && r.y + r.h <= H);
    assert_int_equal(veil_parts_found(&p, f, r, faces, 1), 2); /* the old one there is replaced, the other stays */
    assert_true(faces[1].x == two[0].x && faces[1].score == two[0].score);
    assert_int_equal(choose(&p, f, EVERY).w, 0); /* and now that is known */
    paint(f, 0, 0, 10, 200);
    paint(f, 600, 340, 10, 200);
    assert_true(is_whole(choose(&p, f, EVERY), f)); /* too much to be worth a part */
    av_frame_free(&f);
    veil_parts_free(&p);
}

static void slow_changes_add_up(void **state)
{
    VeilParts p = { 0 };
    AVFrame *f = frame_new(W, H, AV_PIX_FMT_YUV420P, 120);
    VeilFace faces[VEIL_MAX_FACES];
    int seen = -1;

    (void)state;
    search_whole(&p, f, two, 0);
    for (int i = 1; i <= 8 && seen < 0; i++) {
        paint(f, 320, 160, 16, 120 + i);
        const VeilRect r = choose(&p, f, EVERY);
        if (r.w)
            seen = i;
        veil_parts_found(&p, f, r, faces, 0);
    }
    assert_int_equal(seen, 4);
    av_frame_free(&f);
    veil_parts_free(&p);
}

static void less_counts_in_the_dark(void **state)
{
    static const enum AVPixelFormat formats[] = { AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV420P10 };

    (void)state;
    for (int i = 0; i < 2; i++) {
        VeilParts p = { 0 };
        AVFrame *f = frame_new(W, H, formats[i], 25);

        search_whole(&p, f, two, 0);
        paint(f, 320, 160, 16, 26);
        assert_true(choose(&p, f, EVERY).w > 0);
        av_frame_free(&f);
        veil_parts_free(&p);
    }
}

static void all_is_searched_now_and_then(void **state)
{
    VeilParts p = { 0 };
    AVFrame *f = frame_new(W, H, AV_PIX_FMT_YUV420P, 120);
    VeilFace faces[VEIL_MAX_FACES];
    int whole = 0;

    (void)state;
    for (int i = 0; i < 24; i++) {
        const VeilRect r = choose(&p, f, 8);

        whole += is_whole(r, f);
        veil_parts_found(&p, f, r, faces, 0);
    }
    assert_int_equal(whole, 3);
    av_frame_free(&f);
    veil_parts_free(&p);
}

static void any_frame_will_do(void **state)
{
    static const int size[][2] = { { 1, 1 }, { 7, 90 }, { 8, 8 }, { 9, 17 }, { 33, 700 }, { 641, 359 } };
    VeilParts p = { 0 };
    VeilFace faces[VEIL_MAX_FACES];

    (void)state;
    for (size_t i = 0; i < sizeof(size) / sizeof(*size); i++) {
        AVFrame *f = frame_new(size[i][0], size[i][1], AV_PIX_FMT_YUV420P, 120);
        const bool first_is_whole = is_whole(choose(&p, f, EVERY), f);

        assert_true(first_is_whole);
        veil_parts_found(&p, f, (VeilRect){ 0, 0, f->width, f->height }, faces, 0);
        paint(f, f->width - 1, f->height - 1, 1, 255);
        paint(f, 0, 0, 1, 255);
        const VeilRect r = choose(&p, f, EVERY);
        assert_true(r.x >= 0 && r.y >= 0 && r.x + r.w <= f->width && r.y + r.h <= f->height);
        veil_parts_found(&p, f, r, faces, 0);
        av_frame_free(&f);
    }
    AVFrame *rgb = frame_new(640, 360, AV_PIX_FMT_GBRP, 9); /* no luma: always whole, and forgets the luma before it */
    AVFrame *luma = frame_new(640, 360, AV_PIX_FMT_YUV420P, 120);
    search_whole(&p, luma, two, 0);
    search_whole(&p, rgb, two, 0);
    assert_true(is_whole(choose(&p, rgb, EVERY), rgb));
    assert_true(is_whole(choose(&p, luma, EVERY), luma));
    av_frame_free(&luma);
    av_frame_free(&rgb);
    veil_parts_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stands_still_is_remembered),
        cmocka_unit_test(what_changes_is_searched),
        cmocka_unit_test(slow_changes_add_up),
        cmocka_unit_test(less_counts_in_the_dark),
        cmocka_unit_test(all_is_searched_now_and_then),
        cmocka_unit_test(any_frame_will_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
