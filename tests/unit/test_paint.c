/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Painting, in every pixel format of veil_paint_formats: of the covered area
 * no sample of any plane keeps what was there, outside no sample changes, and
 * mosaic and blur are made of what lies around it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libavutil/pixdesc.h>

#include "filters/filter.h"
#include "filters/paint.h"

static const VeilPaint black = { .style = VEIL_PAINT_SOLID };

/* Planes end right behind the last sample, so that a sanitizer sees what runs over. */
static AVFrame *make_frame(enum AVPixelFormat format, int w, int h, bool interlaced)
{
    AVFrame *f = av_frame_alloc();

    assert_non_null(f);
    f->format = format;
    f->width = w;
    f->height = h;
    f->interlaced_frame = interlaced;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    return f;
}

static int plane_rows(const AVFrame *f, int plane)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(f->format);
    const bool chroma = (plane == 1 || plane == 2) && !(d->flags & AV_PIX_FMT_FLAG_RGB);

    return chroma ? AV_CEIL_RSHIFT(f->height, d->log2_chroma_h) : f->height;
}

/* One sample of a component, by its place in the component's plane. */
static int sample(const AVFrame *f, int comp, int x, int y)
{
    const AVComponentDescriptor *c = &av_pix_fmt_desc_get(f->format)->comp[comp];
    const uint8_t *p = f->data[c->plane] + (ptrdiff_t)y * f->linesize[c->plane] + x * c->step + c->offset;

    return c->depth > 8 ? (p[0] | p[1] << 8) >> c->shift : p[0];
}

static void put_sample(AVFrame *f, int comp, int x, int y, int value)
{
    const AVComponentDescriptor *c = &av_pix_fmt_desc_get(f->format)->comp[comp];
    uint8_t *p = f->data[c->plane] + (ptrdiff_t)y * f->linesize[c->plane] + x * c->step + c->offset;

    if (c->depth > 8) {
        p[0] = (uint8_t)(value << c->shift);
        p[1] = (uint8_t)(value << c->shift >> 8);
    } else {
        p[0] = (uint8_t)value;
    }
}

static bool is_chroma(const AVFrame *f, int comp)
{
    return (comp == 1 || comp == 2) && !(av_pix_fmt_desc_get(f->format)->flags & AV_PIX_FMT_FLAG_RGB);
}

static int shift_w(const AVFrame *f, int comp)
{
    return is_chroma(f, comp) ? av_pix_fmt_desc_get(f->format)->log2_chroma_w : 0;
}

static int shift_h(const AVFrame *f, int comp)
{
    return is_chroma(f, comp) ? av_pix_fmt_desc_get(f->format)->log2_chroma_h : 0;
}

static int comp_w(const AVFrame *f, int comp)
{
    return AV_CEIL_RSHIFT(f->width, shift_w(f, comp));
}

static int comp_h(const AVFrame *f, int comp)
{
    return AV_CEIL_RSHIFT(f->height, shift_h(f, comp));
}

/* Noise that no paint value equals: 60 % to 90 % of the range, odd. */
static void fill_noise(AVFrame *f, unsigned seed)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(f->format);

    for (int plane = 0; plane < 4 && f->data[plane]; plane++)
        memset(f->data[plane], 0, (size_t)f->linesize[plane] * (size_t)plane_rows(f, plane));
    for (int comp = 0; comp < d->nb_components; comp++)
        for (int y = 0; y < comp_h(f, comp); y++)
            for (int x = 0; x < comp_w(f, comp); x++) {
                const int top = 1 << d->comp[comp].depth;

                seed = seed * 1664525 + 1013904223;
                put_sample(f, comp, x, y, (top * 6 / 10 + (int)((seed >> 8) % (unsigned)(top * 3 / 10))) | 1);
            }
}

static AVFrame *copy_of(const AVFrame *f)
{
    AVFrame *copy = av_frame_clone(f);

    assert_non_null(copy);
    assert_int_equal(av_frame_make_writable(copy), 0);
    return copy;
}

/* Does sample (x, y) of the component lie under luma pixels of the rectangle? */
static bool under(const AVFrame *f, int comp, int x, int y, VeilRect r)
{
    const int sw = shift_w(f, comp), sh = shift_h(f, comp);

    return (x + 1) << sw > r.x && x << sw < r.x + r.w && (y + 1) << sh > r.y && y << sh < r.y + r.h;
}

/* Outwards to blocks: what may change at most. */
static VeilRect on_blocks(const AVFrame *f, VeilRect r)
{
    int bw, bh;
    VeilRect out;

    veil_paint_block(f, &bw, &bh);
    out.x = r.x >= 0 ? r.x / bw * bw : -((-r.x + bw - 1) / bw * bw);
    out.y = r.y >= 0 ? r.y / bh * bh : -((-r.y + bh - 1) / bh * bh);
    out.w = (r.x + r.w + bw * 64 + bw - 1) / bw * bw - bw * 64 - out.x;
    out.h = (r.y + r.h + bh * 64 + bh - 1) / bh * bh - bh * 64 - out.y;
    return out;
}

static void check_rect(enum AVPixelFormat format, int w, int h, bool interlaced, VeilRect r)
{
    AVFrame *before = make_frame(format, w, h, interlaced), *after;
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(format);

    fill_noise(before, 7);
    after = copy_of(before);
    veil_paint_shape(after, r, VEIL_SHAPE_RECT, &black);
    for (int comp = 0; comp < d->nb_components; comp++)
        for (int y = 0; y < comp_h(after, comp); y++)
            for (int x = 0; x < comp_w(after, comp); x++) {
                const int was = sample(before, comp, x, y), is = sample(after, comp, x, y);

                if (comp == 3 || !under(after, comp, x, y, on_blocks(after, r))) {
                    if (was != is)
                        fail_msg("%s %dx%d rect %d,%d %dx%d: component %d changed outside at %d,%d", d->name, w, h,
                                 r.x, r.y, r.w, r.h, comp, x, y);
                } else if (was == is) {
                    fail_msg("%s %dx%d rect %d,%d %dx%d: component %d is left at %d,%d", d->name, w, h, r.x, r.y,
                             r.w, r.h, comp, x, y);
                } else {
                    assert_int_equal(is, sample(after, comp, FFMAX(on_blocks(after, r).x, 0) >> shift_w(after, comp),
                                                FFMAX(on_blocks(after, r).y, 0) >> shift_h(after, comp)));
                }
            }
    av_frame_free(&before);
    av_frame_free(&after);
}

static void every_format_is_covered(void **state)
{
    static const int sizes[][2] = { { 64, 48 }, { 63, 47 }, { 61, 45 }, { 2, 2 }, { 1, 1 } };
    static const VeilRect rects[] = { { 8, 8, 16, 16 },  { 9, 7, 13, 11 },   { 0, 0, 64, 48 },    { -5, -7, 20, 20 },
                                      { 50, 40, 90, 90 }, { 62, 46, 1, 1 },   { 31, 0, 1, 48 },    { -40, -40, 10, 10 },
                                      { 3, 3, 0, 5 },     { 5, 5, 1, 1 },     { -9, 10, 200, 3 } };

    (void)state;
    for (int i = 0; veil_paint_formats[i] != AV_PIX_FMT_NONE; i++)
        for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
            for (size_t r = 0; r < sizeof(rects) / sizeof(rects[0]); r++)
                for (int interlaced = 0; interlaced < 2; interlaced++)
                    if (rects[r].w > 0)
                        check_rect(veil_paint_formats[i], sizes[s][0], sizes[s][1], interlaced, rects[r]);
}

static void formats_are_as_paint_reads_them(void **state)
{
    (void)state;
    for (int i = 0; veil_paint_formats[i] != AV_PIX_FMT_NONE; i++) {
        const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(veil_paint_formats[i]);

        assert_int_equal(d->flags & (AV_PIX_FMT_FLAG_BE | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM), 0);
        for (int c = 0; c < d->nb_components; c++)
            assert_true(d->comp[c].depth >= 8 && d->comp[c].depth <= 16);
    }
}

static void interlaced_blocks_are_twice_as_high(void **state)
{
    AVFrame *f = make_frame(AV_PIX_FMT_YUV420P, 64, 64, false);
    int w, h;

    (void)state;
    veil_paint_block(f, &w, &h);
    assert_int_equal(w, 2);
    assert_int_equal(h, 2);
    f->interlaced_frame = 1;
    veil_paint_block(f, &w, &h);
    assert_int_equal(w, 2);
    assert_int_equal(h, 4);
    av_frame_free(&f);
}

/* Two samples of chroma rows one apart belong to different fields: luma of both fields under either is covered. */
static void interlaced_fields_keep_no_rim(void **state)
{
    AVFrame *f = make_frame(AV_PIX_FMT_YUV420P, 64, 64, true);

    (void)state;
    fill_noise(f, 3);
    veil_paint_shape(f, (VeilRect){ 10, 13, 8, 1 }, VEIL_SHAPE_RECT, &black);
    for (int y = 12; y < 16; y++)
        assert_int_equal(sample(f, 0, 12, y), 16);
    for (int y = 6; y < 8; y++)
        assert_int_equal(sample(f, 1, 6, y), 128);
    assert_true(sample(f, 0, 12, 11) > 100 && sample(f, 0, 12, 16) > 100);
    av_frame_free(&f);
}

static void colours_follow_range_and_matrix(void **state)
{
    static const struct {
        enum AVPixelFormat format;
        enum AVColorRange range;
        enum AVColorSpace space;
        uint8_t rgb[3];
        int want[3];
    } cases[] = {
        { AV_PIX_FMT_YUV420P, AVCOL_RANGE_MPEG, AVCOL_SPC_BT709, { 0, 0, 0 }, { 16, 128, 128 } },
        { AV_PIX_FMT_YUV420P, AVCOL_RANGE_MPEG, AVCOL_SPC_BT709, { 255, 255, 255 }, { 235, 128, 128 } },
        { AV_PIX_FMT_YUV420P, AVCOL_RANGE_JPEG, AVCOL_SPC_BT709, { 0, 0, 0 }, { 0, 128, 128 } },
        { AV_PIX_FMT_YUVJ420P, AVCOL_RANGE_UNSPECIFIED, AVCOL_SPC_UNSPECIFIED, { 255, 255, 255 }, { 255, 128, 128 } },
        { AV_PIX_FMT_YUV444P, AVCOL_RANGE_MPEG, AVCOL_SPC_BT709, { 255, 0, 0 }, { 63, 102, 240 } },
        { AV_PIX_FMT_YUV444P, AVCOL_RANGE_MPEG, AVCOL_SPC_SMPTE170M, { 255, 0, 0 }, { 81, 90, 240 } },
        { AV_PIX_FMT_YUV444P, AVCOL_RANGE_MPEG, AVCOL_SPC_BT2020_NCL, { 0, 0, 255 }, { 29, 240, 119 } },
        { AV_PIX_FMT_YUV420P10, AVCOL_RANGE_MPEG, AVCOL_SPC_BT709, { 0, 0, 0 }, { 64, 512, 512 } },
        { AV_PIX_FMT_P010, AVCOL_RANGE_MPEG, AVCOL_SPC_BT709, { 255, 255, 255 }, { 940, 512, 512 } },
        { AV_PIX_FMT_NV12, AVCOL_RANGE_MPEG, AVCOL_SPC_BT709, { 255, 0, 0 }, { 63, 102, 240 } },
        { AV_PIX_FMT_NV21, AVCOL_RANGE_MPEG, AVCOL_SPC_BT709, { 255, 0, 0 }, { 63, 102, 240 } },
        { AV_PIX_FMT_GBRP, AVCOL_RANGE_JPEG, AVCOL_SPC_RGB, { 10, 20, 30 }, { 10, 20, 30 } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        VeilPaint paint = { .style = VEIL_PAINT_SOLID };
        AVFrame *f = make_frame(cases[i].format, 16, 16, false);

        memcpy(paint.rgba, cases[i].rgb, 3);
        f->color_range = cases[i].range;
        f->colorspace = cases[i].space;
        fill_noise(f, 1);
        veil_paint_shape(f, (VeilRect){ 0, 0, 16, 16 }, VEIL_SHAPE_RECT, &paint);
        for (int comp = 0; comp < 3; comp++)
            if (abs(sample(f, comp, 4, 4) - cases[i].want[comp]) > 1)
                fail_msg("case %zu: component %d is %d, wanted %d", i, comp, sample(f, comp, 4, 4), cases[i].want[comp]);
        av_frame_free(&f);
    }
}

/* Every pixel whose centre is in the ellipse is painted, the corners of the box are not. */
static void ellipse_covers_its_inside(void **state)
{
    const VeilRect r = { 7, 5, 41, 33 };
    const double cx = r.x + r.w / 2., cy = r.y + r.h / 2., rx = r.w / 2., ry = r.h / 2.;

    (void)state;
    for (int i = 0; veil_paint_formats[i] != AV_PIX_FMT_NONE; i++) {
        AVFrame *before = make_frame(veil_paint_formats[i], 63, 47, false), *f;

        fill_noise(before, 5);
        f = copy_of(before);
        veil_paint_shape(f, r, VEIL_SHAPE_ELLIPSE, &black);
        for (int comp = 0; comp < FFMIN(av_pix_fmt_desc_get(f->format)->nb_components, 3); comp++)
            for (int y = 0; y < f->height; y++)
                for (int x = 0; x < f->width; x++) {
                    const double dx = (x + .5 - cx) / rx, dy = (y + .5 - cy) / ry;
                    const int px = x >> shift_w(f, comp), py = y >> shift_h(f, comp);

                    if (dx * dx + dy * dy <= 1 && sample(f, comp, px, py) == sample(before, comp, px, py))
                        fail_msg("%s: component %d is left at %d,%d", av_get_pix_fmt_name(f->format), comp, x, y);
                }
        assert_int_equal(sample(f, 0, 8, 6), sample(before, 0, 8, 6));
        assert_int_equal(sample(f, 0, 62, 46), sample(before, 0, 62, 46));
        av_frame_free(&before);
        av_frame_free(&f);
    }
}

/* Two pictures that differ inside the rectangle alone come out equal: nothing of it is looked at. */
static void check_blind(VeilPaintStyle style, enum AVPixelFormat format, VeilRect r)
{
    const VeilPaint paint = { .style = style, .cells = 5 };
    AVFrame *a = make_frame(format, 64, 48, false), *b;
    const int comps = FFMIN(av_pix_fmt_desc_get(format)->nb_components, 3);

    fill_noise(a, 11);
    b = copy_of(a);
    veil_paint_shape(b, r, VEIL_SHAPE_RECT, &black);
    veil_paint_shape(a, r, VEIL_SHAPE_RECT, &paint);
    veil_paint_shape(b, r, VEIL_SHAPE_RECT, &paint);
    for (int comp = 0; comp < comps; comp++)
        for (int y = 0; y < comp_h(a, comp); y++)
            for (int x = 0; x < comp_w(a, comp); x++)
                assert_int_equal(sample(a, comp, x, y), sample(b, comp, x, y));
    av_frame_free(&a);
    av_frame_free(&b);
}

static void mosaic_and_blur_never_look_inside(void **state)
{
    static const VeilRect rects[] = { { 8, 8, 32, 32 }, { 3, 5, 17, 29 }, { -9, -9, 30, 30 }, { 40, 20, 60, 60 },
                                      { -5, 10, 90, 12 }, { -1, -1, 99, 99 } };

    (void)state;
    for (int i = 0; veil_paint_formats[i] != AV_PIX_FMT_NONE; i++)
        for (size_t r = 0; r < sizeof(rects) / sizeof(rects[0]); r++) {
            check_blind(VEIL_PAINT_MOSAIC, veil_paint_formats[i], rects[r]);
            check_blind(VEIL_PAINT_BLUR, veil_paint_formats[i], rects[r]);
        }
}

static void plain_luma(AVFrame *f, int left, int right)
{
    for (int y = 0; y < f->height; y++)
        for (int x = 0; x < f->width; x++)
            put_sample(f, 0, x, y, x < f->width / 2 ? left : right);
}

/* Dark to the left and bright to the right of it: so is the mosaic, in steps, and the blur, smoothly. */
static void mosaic_and_blur_take_the_surroundings(void **state)
{
    const VeilRect r = { 16, 16, 32, 32 };

    (void)state;
    for (int style = VEIL_PAINT_MOSAIC; style <= VEIL_PAINT_BLUR; style++) {
        const VeilPaint paint = { .style = (VeilPaintStyle)style, .cells = 4 };
        AVFrame *f = make_frame(AV_PIX_FMT_GRAY8, 64, 64, false);
        int last = 40, steps = 0;

        plain_luma(f, 40, 200);
        veil_paint_shape(f, r, VEIL_SHAPE_RECT, &paint);
        for (int x = r.x; x < r.x + r.w; x++) {
            assert_in_range(sample(f, 0, x, 32), last, 200);
            steps += sample(f, 0, x, 32) != last;
            last = sample(f, 0, x, 32);
        }
        assert_true(sample(f, 0, 17, 32) < 90 && sample(f, 0, 46, 32) > 150);
        assert_true(style == VEIL_PAINT_MOSAIC ? steps <= 4 : steps > 12);
        av_frame_free(&f);
    }
}

static void nothing_around_is_the_own_colour(void **state)
{
    const VeilPaint white = { .style = VEIL_PAINT_BLUR, .cells = 3, .rgba = { 255, 255, 255 } };
    AVFrame *f = make_frame(AV_PIX_FMT_GRAY8, 32, 32, false);

    (void)state;
    f->color_range = AVCOL_RANGE_JPEG;
    fill_noise(f, 6);
    veil_paint_shape(f, (VeilRect){ -1, -1, 40, 40 }, VEIL_SHAPE_RECT, &white);
    for (int y = 0; y < 32; y++)
        for (int x = 0; x < 32; x++)
            assert_int_equal(sample(f, 0, x, y) >= 235, 1);
    av_frame_free(&f);
}

/* Small and thin rectangles have fewer samples than cells. */
static void few_samples_are_safe(void **state)
{
    (void)state;
    for (int i = 0; veil_paint_formats[i] != AV_PIX_FMT_NONE; i++)
        for (int style = VEIL_PAINT_MOSAIC; style <= VEIL_PAINT_BLUR; style++)
            for (int w = 1; w < 20; w += 3)
                for (int h = 1; h < 20; h += 3) {
                    const VeilPaint paint = { .style = (VeilPaintStyle)style, .cells = VEIL_PAINT_MAX_CELLS };
                    AVFrame *f = make_frame(veil_paint_formats[i], 19, 17, w & 1);

                    fill_noise(f, 2);
                    veil_paint_shape(f, (VeilRect){ 19 - w, 17 - h, w, h }, VEIL_SHAPE_RECT, &paint);
                    veil_paint_shape(f, (VeilRect){ -1, -1, w, h }, VEIL_SHAPE_ELLIPSE, &paint);
                    av_frame_free(&f);
                }
}

static void masks_paint_their_blocks(void **state)
{
    (void)state;
    for (int i = 0; veil_paint_formats[i] != AV_PIX_FMT_NONE; i++) {
        AVFrame *before = make_frame(veil_paint_formats[i], 37, 29, false), *f;
        uint8_t mask[37 * 29] = { 0 };
        int bw, bh, cols, rows;

        fill_noise(before, 4);
        f = copy_of(before);
        veil_paint_block(f, &bw, &bh);
        cols = (37 + bw - 1) / bw;
        rows = (29 + bh - 1) / bh;
        mask[0] = mask[cols * rows - 1] = mask[cols * (rows / 2) + cols / 2] = 1;
        veil_paint_mask(f, mask, (VeilRect){ 0, 0, cols * bw, rows * bh }, &black);
        for (int comp = 0; comp < av_pix_fmt_desc_get(f->format)->nb_components; comp++)
            for (int y = 0; y < comp_h(f, comp); y++)
                for (int x = 0; x < comp_w(f, comp); x++) {
                    const int col = (x << shift_w(f, comp)) / bw, row = (y << shift_h(f, comp)) / bh;
                    const bool painted = sample(f, comp, x, y) != sample(before, comp, x, y);

                    assert_int_equal(painted, comp < 3 && mask[row * cols + col]);
                }
        av_frame_free(&before);
        av_frame_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_are_as_paint_reads_them),
        cmocka_unit_test(every_format_is_covered),
        cmocka_unit_test(interlaced_blocks_are_twice_as_high),
        cmocka_unit_test(interlaced_fields_keep_no_rim),
        cmocka_unit_test(colours_follow_range_and_matrix),
        cmocka_unit_test(ellipse_covers_its_inside),
        cmocka_unit_test(mosaic_and_blur_never_look_inside),
        cmocka_unit_test(mosaic_and_blur_take_the_surroundings),
        cmocka_unit_test(nothing_around_is_the_own_colour),
        cmocka_unit_test(few_samples_are_safe),
        cmocka_unit_test(masks_paint_their_blocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
