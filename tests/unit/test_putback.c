/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Putting a crop back: what `seal` painted over others stays as the frame has
 * it, to the sample where the crop is lossless, and all else comes back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libavutil/common.h>
#include <libavutil/pixdesc.h>

#include "filters/paint.h"
#include "filters/putback.h"
#include "filters/seal.h"

#define W 128
#define H 96

static const VeilRect at = { 32, 16, 64, 64 }; ///< of the crop in the frame

static uint8_t *pixel(const AVFrame *f, int c, int x, int y)
{
    return f->data[c] + y * f->linesize[c] + x * av_pix_fmt_desc_get(f->format)->comp[c].step;
}

static int value(const AVFrame *f, int c, int x, int y)
{
    return av_pix_fmt_desc_get(f->format)->comp[c].depth > 8 ? *(uint16_t *)pixel(f, c, x, y) : *pixel(f, c, x, y);
}

/* A slope in every plane that passes through grey; noise of `grain` levels. */
static AVFrame *draw(enum AVPixelFormat format, int w, int h, int seed)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(format);
    const int unit = 1 << (d->comp[0].depth - 8);
    AVFrame *f = av_frame_alloc();

    f->format = format;
    f->width = w;
    f->height = h;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    for (int c = 0; c < d->nb_components; c++)
        for (int y = 0; y < (c ? AV_CEIL_RSHIFT(h, d->log2_chroma_h) : h); y++)
            for (int x = 0; x < (c ? AV_CEIL_RSHIFT(w, d->log2_chroma_w) : w); x++) {
                const int v = (seed + x * 3 + y * 2 + c * 40) % 200 + 20;

                if (unit > 1)
                    *(uint16_t *)pixel(f, c, x, y) = (uint16_t)(v * unit);
                else
                    *pixel(f, c, x, y) = (uint8_t)v;
            }
    return f;
}

static void paint(AVFrame *f, VeilRect r, VeilShape shape)
{
    const VeilPaint grey = { .style = VEIL_PAINT_SOLID, .rgba = VEIL_SEAL_GREY };

    veil_paint_shape(f, r, shape, &grey);
}

static bool inside(VeilRect r, int x, int y)
{
    return x >= r.x && y >= r.y && x < r.x + r.w && y < r.y + r.h;
}

static const enum AVPixelFormat formats[] = { AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUV444P10,
                                              AV_PIX_FMT_YUV420P10, AV_PIX_FMT_GRAY8 };

/* Others' areas: inside the crop, over its edges, over its corner by a block. */
static const VeilRect others[] = { { 20, 24, 12, 16 }, { -6, 30, 10, 14 }, { 40, 52, 30, 30 }, { 62, -8, 20, 10 } };

static void lossless_is_exact(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof(formats) / sizeof(formats[0]); k++)
        for (int full = 0; full < 2; full++) {
            const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(formats[k]);
            AVFrame *frame = draw(formats[k], W, H, 7), *before = av_frame_clone(frame), *crop = draw(formats[k], 64, 64, 90);
            AVFrame *plain;
            uint8_t mask[64 * 64];

            crop->color_range = full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
            plain = av_frame_clone(crop);
            assert_int_equal(av_frame_make_writable(crop), 0);
            for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
                paint(crop, others[i], VEIL_SHAPE_RECT);
            assert_int_equal(av_frame_make_writable(frame), 0);
            assert_true(veil_putback_find(crop, true, mask) > 0);
            assert_true(veil_putback(frame, crop, at, mask) > 0);
            for (int c = 0; c < d->nb_components; c++)
                for (int y = 0; y < AV_CEIL_RSHIFT(H, c ? d->log2_chroma_h : 0); y++)
                    for (int x = 0; x < AV_CEIL_RSHIFT(W, c ? d->log2_chroma_w : 0); x++) {
                        const int u = (x << (c ? d->log2_chroma_w : 0)) - at.x, v = (y << (c ? d->log2_chroma_h : 0)) - at.y;
                        bool other = !inside((VeilRect){ 0, 0, 64, 64 }, u, v);

                        for (size_t i = 0; !other && i < sizeof(others) / sizeof(others[0]); i++)
                            other = inside(others[i], u, v);
                        assert_int_equal(value(frame, c, x, y),
                                         other ? value(before, c, x, y)
                                               : value(plain, c, x - (at.x >> (c ? d->log2_chroma_w : 0)),
                                                       y - (at.y >> (c ? d->log2_chroma_h : 0))));
                    }
            av_frame_free(&frame);
            av_frame_free(&before);
            av_frame_free(&crop);
            av_frame_free(&plain);
        }
}

static void ellipses_are_found_whole(void **state)
{
    const VeilRect r = { 14, 10, 30, 38 };
    AVFrame *crop = draw(AV_PIX_FMT_YUV420P, 64, 64, 90), *marked = draw(AV_PIX_FMT_YUV420P, 64, 64, 90);
    const VeilPaint white = { .style = VEIL_PAINT_SOLID, .rgba = { 255, 255, 255, 255 } };
    uint8_t mask[64 * 64];

    (void)state;
    paint(crop, r, VEIL_SHAPE_ELLIPSE);
    veil_paint_shape(marked, r, VEIL_SHAPE_ELLIPSE, &white);
    assert_true(veil_putback_find(crop, true, mask) > 600);
    for (int i = 0; i < 64 * 64; i++)
        assert_int_equal(mask[i], value(marked, 0, i % 64, i / 64) == 235);
    av_frame_free(&crop);
    av_frame_free(&marked);
}

/* As a lossy coder leaves it: a level or two off, a soft rim. Nothing within may be put back. */
static void lossy_errs_on_the_covered_side(void **state)
{
    AVFrame *crop = draw(AV_PIX_FMT_YUV420P, 64, 64, 90);
    const VeilRect r = { 20, 24, 24, 20 };
    uint8_t mask[64 * 64];
    int n;

    (void)state;
    assert_int_equal(veil_putback_find(crop, false, mask), 0); /* a slope through grey is no area */
    paint(crop, r, VEIL_SHAPE_RECT);
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++) {
            const bool rim = x < r.x + 2 || y < r.y + 2 || x >= r.x + r.w - 2 || y >= r.y + r.h - 2;

            *pixel(crop, 0, x, y) = (uint8_t)(*pixel(crop, 0, x, y) + (rim ? 30 : (x * 7 + y * 3) % 2 + x / 12));
        }
    n = veil_putback_find(crop, false, mask);
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++)
            assert_int_equal(mask[y * 64 + x], 1);
    assert_true(n < (r.w + 8) * (r.h + 8)); /* and not much more than that stays covered */
    av_frame_free(&crop);
}

/* Cloth at night: about that grey, without colour, but not as flat; and a dark edge of the crop that is just it. */
static void cloth_is_put_back(void **state)
{
    AVFrame *crop = draw(AV_PIX_FMT_GRAY8, 64, 64, 90);
    uint8_t mask[64 * 64];

    (void)state;
    for (int y = 30; y < 64; y++)
        for (int x = 0; x < 64; x++)
            *pixel(crop, 0, x, y) = (uint8_t)(y >= 61 ? 126 : 126 + (x * 5 + y * 3) % 7 - 3);
    assert_int_equal(veil_putback_find(crop, false, mask), 0);
    av_frame_free(&crop);
}

static void wrong_places_are_refused(void **state)
{
    AVFrame *frame = draw(AV_PIX_FMT_YUV420P, W, H, 7), *crop = draw(AV_PIX_FMT_YUV420P, 64, 64, 90);
    AVFrame *other = draw(AV_PIX_FMT_YUV422P, 64, 64, 90);
    static uint8_t mask[64 * 64];

    (void)state;
    assert_int_equal(veil_putback(frame, crop, (VeilRect){ 66, 0, 64, 64 }, mask), AVERROR(EINVAL));
    assert_int_equal(veil_putback(frame, crop, (VeilRect){ -2, 0, 64, 64 }, mask), AVERROR(EINVAL));
    assert_int_equal(veil_putback(frame, crop, (VeilRect){ 0, 0, 32, 64 }, mask), AVERROR(EINVAL));
    assert_int_equal(veil_putback(frame, crop, (VeilRect){ 1, 0, 64, 64 }, mask), AVERROR(EINVAL));
    assert_int_equal(veil_putback(frame, other, (VeilRect){ 0, 0, 64, 64 }, mask), AVERROR(EINVAL));
    assert_int_equal(veil_putback(frame, crop, (VeilRect){ 64, 32, 64, 64 }, mask), 64 * 64);
    av_frame_free(&frame);
    av_frame_free(&crop);
    av_frame_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lossless_is_exact),
        cmocka_unit_test(ellipses_are_found_whole),
        cmocka_unit_test(lossy_errs_on_the_covered_side),
        cmocka_unit_test(cloth_is_put_back),
        cmocka_unit_test(wrong_places_are_refused),
    };

    return cmocka_run_group_tests_name("putback", tests, NULL, NULL);
}
