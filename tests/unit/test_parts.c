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
#include <libavutil/macros.h>

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

typedef struct Chosen {
    VeilRect at[VEIL_MAX_PARTS];
    int n;
} Chosen;

static Chosen choose(VeilParts *p, const AVFrame *f, int every)
{
    Chosen c = { .n = -1 };

    c.n = veil_parts_choose(p, f, every, c.at);
    assert_in_range(c.n, 0, VEIL_MAX_PARTS);
    return c;
}

static int found(VeilParts *p, const AVFrame *f, const Chosen *c, VeilFace *faces, int n)
{
    return veil_parts_found(p, f, c->at, c->n, faces, n);
}

static bool is_whole(Chosen c, const AVFrame *f)
{
    return c.n == 1 && !c.at->x && !c.at->y && c.at->w == f->width && c.at->h == f->height;
}

static bool holds(VeilRect r, int x, int y, int w, int h)
{
    return r.x <= x && r.y <= y && r.x + r.w >= x + w && r.y + r.h >= y + h;
}

/* @return how many of the parts hold it */
static int holders(const Chosen *c, int x, int y, int w, int h)
{
    int n = 0;

    for (int i = 0; i < c->n; i++)
        n += holds(c->at[i], x, y, w, h);
    return n;
}

static bool meet(VeilRect a, VeilRect b)
{
    return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

/* Within the frame, cut where chroma can be cut, and apart. */
static void check_parts(const Chosen *c, const AVFrame *f)
{
    for (int i = 0; i < c->n; i++) {
        const VeilRect r = c->at[i];

        assert_true(r.x >= 0 && r.y >= 0 && r.w > 0 && r.h > 0 && r.x + r.w <= f->width && r.y + r.h <= f->height);
        assert_true(r.x % 16 == 0 && r.y % 16 == 0);
        for (int k = 0; k < i; k++)
            assert_false(meet(r, c->at[k]));
    }
}

/* A search of all of f that finds the n faces. */
static void search_whole(VeilParts *p, const AVFrame *f, const VeilFace *all, int n)
{
    VeilFace faces[VEIL_MAX_FACES];
    const Chosen c = choose(p, f, 1);

    assert_true(is_whole(c, f));
    memcpy(faces, all, (size_t)n * sizeof(*faces));
    assert_int_equal(found(p, f, &c, faces, n), n);
}

static const VeilFace two[] = { { .x = 40, .y = 40, .w = 30, .h = 40, .score = .2f },
                                { .x = 500, .y = 250, .w = 30, .h = 40, .score = .9f } };

static void what_stands_still_is_remembered(void **state)
{
    VeilParts p = { 0 };
    AVFrame *f = frame_new(W, H, AV_PIX_FMT_YUV420P, 120);
    VeilFace faces[VEIL_MAX_FACES];
    Chosen c;

    (void)state;
    assert_true(is_whole(choose(&p, f, EVERY), f)); /* nothing is known yet */
    search_whole(&p, f, two, 2);
    c = choose(&p, f, EVERY);
    assert_int_equal(c.n, 0);
    assert_int_equal(found(&p, f, &c, faces, 0), 2);
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
    Chosen c;

    (void)state;
    search_whole(&p, f, two, 2);
    paint(f, 560, 300, 10, 160);
    c = choose(&p, f, EVERY);
    assert_true(c.n == 1 && !is_whole(c, f));
    check_parts(&c, f);
    assert_true(holds(c.at[0], 560, 300, 10, 10));
    assert_true(holds(c.at[0], 460, 210, 110, 120)); /* the face beside it, with its surroundings */
    assert_int_equal(found(&p, f, &c, faces, 1), 2); /* the old one there is replaced, the other stays */
    assert_true(faces[1].x == two[0].x && faces[1].score == two[0].score);
    assert_int_equal(choose(&p, f, EVERY).n, 0); /* and now that is known */
    av_frame_free(&f);
    veil_parts_free(&p);
}

static void two_changes_are_two_parts(void **state)
{
    VeilParts p = { 0 };
    AVFrame *f = frame_new(W, H, AV_PIX_FMT_YUV420P, 120);
    VeilFace faces[VEIL_MAX_FACES] = { { .x = 600, .y = 340, .w = 10, .h = 10, .score = .5f } };
    Chosen c;

    (void)state;
    search_whole(&p, f, two, 0);
    paint(f, 0, 0, 10, 200);
    paint(f, 600, 340, 10, 200);
    c = choose(&p, f, EVERY);
    check_parts(&c, f);
    assert_int_equal(c.n, 2);
    assert_int_equal(holders(&c, 0, 0, 10, 10), 1);
    assert_int_equal(holders(&c, 600, 340, 10, 10), 1);
    assert_int_equal(found(&p, f, &c, faces, 1), 1);
    assert_int_equal(choose(&p, f, EVERY).n, 0);
    for (int x = 0; x < W; x += 40)
        paint(f, x, x * H / W, 10, 30);
    assert_true(is_whole(choose(&p, f, EVERY), f)); /* too much to be worth parts */
    av_frame_free(&f);
    veil_parts_free(&p);
}

static unsigned seed = 1;

static int draw(int below)
{
    seed = seed * 1664525 + 1013904223;
    return (int)((seed >> 8) % (unsigned)below);
}

/* Whatever changes, and wherever faces are: each change is searched, and each face wholly or not at all. */
static void parts_hold_all_that_changed(void **state)
{
    int parted = 0;

    (void)state;
    for (int round = 0; round < 300; round++) {
        VeilParts p = { 0 };
        AVFrame *f = frame_new(1200 + draw(800), 700 + draw(400), AV_PIX_FMT_YUV420P, 120);
        VeilFace faces[12];
        int at[12][2], n = draw(13), changes = 1 + draw(12);
        Chosen c;

        for (int i = 0; i < n; i++)
            faces[i] = (VeilFace){ .x = (float)draw(f->width) - 20, .y = (float)draw(f->height) - 20, .w = 8 + (float)draw(60), .h = 8 + (float)draw(60) };
        search_whole(&p, f, faces, n);
        for (int i = 0; i < changes; i++) {
            at[i][0] = draw(f->width - 8);
            at[i][1] = draw(f->height - 8);
            paint(f, at[i][0], at[i][1], 8, 200);
        }
        c = choose(&p, f, EVERY);
        assert_true(c.n > 0);
        parted += c.n > 1;
        if (!is_whole(c, f))
            check_parts(&c, f);
        for (int i = 0; i < changes; i++)
            assert_int_equal(holders(&c, at[i][0], at[i][1], 8, 8), 1);
        for (int i = 0; i < n; i++) {
            const int x = FFMAX((int)faces[i].x, 0), y = FFMAX((int)faces[i].y, 0);
            const int w = FFMIN((int)(faces[i].x + faces[i].w), f->width) - x, h = FFMIN((int)(faces[i].y + faces[i].h), f->height) - y;
            int touched = 0;

            for (int k = 0; k < c.n && w > 0 && h > 0; k++)
                touched += meet(c.at[k], (VeilRect){ x, y, w, h });
            assert_int_equal(touched, w > 0 && h > 0 ? holders(&c, x, y, w, h) : 0);
        }
        av_frame_free(&f);
        veil_parts_free(&p);
    }
    assert_true(parted > 100);
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
        const Chosen c = choose(&p, f, EVERY);
        if (c.n)
            seen = i;
        found(&p, f, &c, faces, 0);
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
        assert_true(choose(&p, f, EVERY).n > 0);
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
        const Chosen c = choose(&p, f, 8);

        whole += is_whole(c, f);
        found(&p, f, &c, faces, 0);
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
        found(&p, f, &(Chosen){ .at = { { 0, 0, f->width, f->height } }, .n = 1 }, faces, 0);
        paint(f, f->width - 1, f->height - 1, 1, 255);
        paint(f, 0, 0, 1, 255);
        const Chosen c = choose(&p, f, EVERY);
        check_parts(&c, f);
        found(&p, f, &c, faces, 0);
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
        cmocka_unit_test(two_changes_are_two_parts),
        cmocka_unit_test(parts_hold_all_that_changed),
        cmocka_unit_test(slow_changes_add_up),
        cmocka_unit_test(less_counts_in_the_dark),
        cmocka_unit_test(all_is_searched_now_and_then),
        cmocka_unit_test(any_frame_will_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
