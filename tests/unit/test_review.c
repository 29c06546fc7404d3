/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Parts of the review that need no server: the cache, JPEGs that are upright
 * and cut right, and the key frames that a seek begins at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <libavutil/imgutils.h>

#include "src/cache.h"
#include "src/frames_index.h"
#include "src/jpeg.h"
#include "tests/image.h"

/* ---- the cache ------------------------------------------------------------------- */

static void put(VeilCache *c, const char *name, size_t len, int value)
{
    AVBufferRef *bytes = av_buffer_alloc(len);

    memset(bytes->data, value, len);
    veil_cache_put(c, name, bytes);
    av_buffer_unref(&bytes);
}

static int get(VeilCache *c, const char *name)
{
    AVBufferRef *bytes = veil_cache_get(c, name);
    const int value = bytes ? bytes->data[0] : -1;

    av_buffer_unref(&bytes);
    return value;
}

static void the_longest_unused_goes_first(void **state)
{
    VeilCache *c = veil_cache_new(100);

    (void)state;
    put(c, "a", 40, 1);
    put(c, "b", 40, 2);
    assert_int_equal(get(c, "a"), 1);
    put(c, "c", 40, 3); /* b is the one that nobody asked for */
    assert_int_equal(get(c, "a"), 1);
    assert_int_equal(get(c, "b"), -1);
    assert_int_equal(get(c, "c"), 3);
    put(c, "a", 10, 4);
    assert_int_equal(get(c, "a"), 4);
    put(c, "d", 50, 5);
    assert_int_equal(get(c, "c"), 3);
    put(c, "huge", 101, 6);
    assert_int_equal(get(c, "huge"), -1);
    assert_int_equal(get(c, "d"), 5);
    veil_cache_free(c);
    veil_cache_free(NULL);
}

static void it_holds_no_more_than_its_bytes(void **state)
{
    VeilCache *c = veil_cache_new(1000);
    int held = 0;

    (void)state;
    for (int i = 0; i < 5000; i++) {
        char name[VEIL_CACHE_NAME];

        snprintf(name, sizeof(name), "n%d", i);
        put(c, name, (size_t)(1 + i % 97), i & 127);
        assert_int_equal(get(c, name), i & 127);
    }
    for (int i = 0; i < 5000; i++) {
        char name[VEIL_CACHE_NAME];

        snprintf(name, sizeof(name), "n%d", i);
        held += get(c, name) >= 0 ? 1 + i % 97 : 0;
    }
    assert_in_range(held, 900, 1000);
    veil_cache_free(c);
}

static void what_was_got_outlives_the_cache(void **state)
{
    VeilCache *c = veil_cache_new(100);
    AVBufferRef *bytes;

    (void)state;
    put(c, "a", 10, 7);
    bytes = veil_cache_get(c, "a");
    veil_cache_free(c);
    assert_int_equal(bytes->data[9], 7);
    av_buffer_unref(&bytes);
}

/* ---- JPEGs ------------------------------------------------------------------------- */

/* Grey, with one bright quarter: left and upper, as stored. */
static AVFrame *quarter(int w, int h)
{
    AVFrame *f = av_frame_alloc();

    f->width = w;
    f->height = h;
    f->format = AV_PIX_FMT_YUV420P;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            f->data[0][y * f->linesize[0] + x] = x < w / 2 && y < h / 2 ? 220 : 40;
    for (int p = 1; p < 3; p++)
        for (int y = 0; y < h / 2; y++)
            memset(f->data[p] + y * f->linesize[p], 128, (size_t)w / 2);
    return f;
}

static AVFrame *decoded(AVBufferRef *jpeg)
{
    char path[] = "/tmp/veil-test-XXXXXX.jpg";
    const int fd = mkstemps(path, 4);
    AVFrame *f;

    assert_non_null(jpeg);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, jpeg->data, jpeg->size), jpeg->size);
    close(fd);
    f = image_read(path);
    unlink(path);
    av_buffer_unref(&jpeg);
    assert_non_null(f);
    return f;
}

/* 1 where that corner is bright: left and upper, right and upper, left and lower, right and lower. */
static int bright_corners(const AVFrame *f)
{
    const int x[2] = { f->width / 4, f->width * 3 / 4 }, y[2] = { f->height / 4, f->height * 3 / 4 };
    int corners = 0;

    for (int i = 0; i < 4; i++)
        corners |= (f->data[0][y[i / 2] * f->linesize[0] + x[i % 2]] > 128) << i;
    return corners;
}

static void pictures_are_upright(void **state)
{
    static const struct { int rotation, w, h, corners; } want[] = {
        { 0, 64, 32, 1 }, { 90, 32, 64, 2 }, { 180, 64, 32, 8 }, { 270, 32, 64, 4 },
    };
    AVFrame *f = quarter(128, 64);

    (void)state;
    for (int i = 0; i < 4; i++) {
        const VeilLink link = { .w = 128, .h = 64, .rotation = want[i].rotation };
        AVFrame *got = decoded(veil_jpeg_encode(f, &link, NULL, want[i].w, 0));

        assert_int_equal(got->width, want[i].w);
        assert_int_equal(got->height, want[i].h);
        assert_int_equal(bright_corners(got), want[i].corners);
        av_frame_free(&got);
    }
    av_frame_free(&f);
}

static void pixels_come_out_square(void **state)
{
    const VeilLink wide = { .w = 128, .h = 64, .sar = { 2, 1 } }, high = { .w = 128, .h = 64, .sar = { 1, 2 } };
    int w, h;

    (void)state;
    veil_jpeg_shown_size(&wide, &w, &h);
    assert_int_equal(w, 256);
    assert_int_equal(h, 64);
    veil_jpeg_shown_size(&high, &w, &h);
    assert_int_equal(w, 128);
    assert_int_equal(h, 128);
}

static void a_part_is_cut_out_and_clipped(void **state)
{
    const VeilRect inside = { 0, 0, 64, 32 }, across = { -40, -40, 60, 60 }, beyond = { 500, 500, 10, 10 };
    const VeilLink link = { .w = 128, .h = 64 };
    AVFrame *f = quarter(128, 64), *got;

    (void)state;
    got = decoded(veil_jpeg_encode(f, &link, &inside, 0, 16));
    assert_int_equal(got->height, 16);
    assert_int_equal(got->width, 32);
    assert_int_equal(bright_corners(got), 15);
    av_frame_free(&got);
    got = decoded(veil_jpeg_encode(f, &link, &across, 0, 100)); /* it holds 20 by 20, and is not made larger */
    assert_int_equal(got->width, 20);
    assert_int_equal(got->height, 20);
    av_frame_free(&got);
    got = decoded(veil_jpeg_encode(f, &link, &beyond, 0, 10));
    assert_in_range(got->width, 1, 2);
    av_frame_free(&got);
    av_frame_free(&f);
}

/* ---- key frames ---------------------------------------------------------------------- */

static void the_key_frame_before_a_time(void **state)
{
    VeilKeyFrame key[] = { { 10, 8 }, { 20, 18 }, { 40, 38 } };
    const VeilFramesIndex index = { key, 3, true }, none = { NULL, 0, true };

    (void)state;
    assert_int_equal(veil_frames_key_before(&index, 9), -1);
    assert_int_equal(veil_frames_key_before(&index, 10), 0);
    assert_int_equal(veil_frames_key_before(&index, 39), 1);
    assert_int_equal(veil_frames_key_before(&index, 40), 2);
    assert_int_equal(veil_frames_key_before(&index, INT64_MAX), 2);
    assert_int_equal(veil_frames_key_before(&none, 5), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_unused_goes_first),
        cmocka_unit_test(it_holds_no_more_than_its_bytes),
        cmocka_unit_test(what_was_got_outlives_the_cache),
        cmocka_unit_test(pictures_are_upright),
        cmocka_unit_test(pixels_come_out_square),
        cmocka_unit_test(a_part_is_cut_out_and_clipped),
        cmocka_unit_test(the_key_frame_before_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
