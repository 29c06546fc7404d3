/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * What all face detectors share: the table, suppression, turning back, and
 * reading frames of every format into the small picture.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#include "filters/detector.h"
#include "filters/picture.h"

#define W 320
#define H 200

static void table_is_found_by_name(void **state)
{
    (void)state;
    for (int i = 0; veil_detectors[i]; i++)
        assert_ptr_equal(veil_detector_find(veil_detectors[i]->name), veil_detectors[i]);
    assert_null(veil_detector_find("none"));
    assert_non_null(veil_detector_find("opencv"));
    assert_non_null(veil_detector_find("cascade"));
}

static void suppression_keeps_the_best(void **state)
{
    VeilFace f[4] = {
        {.x = 10, .y = 10, .w = 20, .h = 20, .score = 0.6f},
        {.x = 12, .y = 11, .w = 20, .h = 20, .score = 0.9f},
        {.x = 60, .y = 10, .w = 20, .h = 20, .score = 0.7f},
        {.x = 30, .y = 10, .w = 20, .h = 20, .score = 0.8f}, /* touches, does not overlap the first */
    };

    (void)state;
    assert_int_equal(veil_faces_suppress(f, 4, 0.3f, 4), 3);
    assert_true(f[0].score == 0.9f && f[1].score == 0.8f && f[2].score == 0.7f);
    assert_int_equal(veil_faces_suppress(f, 3, 0.3f, 2), 2);
    assert_int_equal(veil_faces_suppress(f, 0, 0.3f, 2), 0);
}

static void huge_faces_may_hardly_touch(void **state)
{
    VeilFace f[4] = {
        {.x = 0, .y = 0, .w = 300, .h = 300, .score = 0.9f},
        {.x = 20, .y = 180, .w = 300, .h = 300, .score = 0.8f},  /* the same, seen by cells further down */
        {.x = 100, .y = 250, .w = 90, .h = 90, .score = 0.7f},   /* a child before it */
        {.x = 290, .y = 0, .w = 300, .h = 300, .score = 0.6f},   /* cheek to cheek */
    };

    (void)state;
    assert_int_equal(veil_faces_suppress_huge(f, 4, 256, 0.2f), 3);
    assert_true(f[0].score == 0.9f && f[1].score == 0.7f && f[2].score == 0.6f);
    assert_int_equal(veil_faces_suppress_huge(f, 3, 400, 0), 3);
}

static void equal_boxes_overlap_fully(void **state)
{
    const VeilFace a = {.x = 1, .y = 2, .w = 10, .h = 10}, b = {.x = 6, .y = 2, .w = 10, .h = 10};

    (void)state;
    assert_float_equal(veil_face_iou(&a, &a), 1, 1e-6);
    assert_float_equal(veil_face_iou(&a, &b), 1 / 3., 1e-6);
}

static AVFrame *make_frame(enum AVPixelFormat format, int w, int h)
{
    AVFrame *f = av_frame_alloc();

    f->format = format;
    f->width = w;
    f->height = h;
    f->color_range = AVCOL_RANGE_MPEG;
    f->colorspace = AVCOL_SPC_SMPTE170M;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    return f;
}

/* A smooth coloured picture: differences between formats are then rounding only. */
static AVFrame *make_picture(void)
{
    AVFrame *f = make_frame(AV_PIX_FMT_YUV444P, W, H);

    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            f->data[0][y * f->linesize[0] + x] = 40 + x / 2 + y / 8;
            f->data[1][y * f->linesize[1] + x] = 100 + x / 6;
            f->data[2][y * f->linesize[2] + x] = 150 - y / 4;
        }
    return f;
}

static AVFrame *convert(const AVFrame *from, enum AVPixelFormat format)
{
    AVFrame *f = make_frame(format, from->width, from->height);
    struct SwsContext *sws = sws_getContext(from->width, from->height, from->format, f->width, f->height, format,
                                            SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, NULL, NULL, NULL);

    if (!sws)
        fail_msg("libswscale cannot write format %s", av_get_pix_fmt_name(format));
    sws_scale(sws, (const uint8_t *const *)from->data, from->linesize, 0, from->height, f->data, f->linesize);
    sws_freeContext(sws);
    return f;
}

static int worst_difference(const VeilPicture *a, const VeilPicture *b)
{
    int worst = 0;

    assert_int_equal(a->w, b->w);
    assert_int_equal(a->h, b->h);
    assert_int_equal(a->channels, b->channels);
    for (int y = 0; y < a->used_h; y++)
        for (int i = 0; i < a->used_w * a->channels; i++) {
            const int d = abs(a->data[y * a->stride + i] - b->data[y * b->stride + i]);

            worst = d > worst ? d : worst;
        }
    return worst;
}

/* Every format shows the same picture, in colour and in luma, at several sizes. */
static void formats_agree(void **state)
{
    static const enum AVPixelFormat formats[] = {
        AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUV444P, AV_PIX_FMT_NV12, AV_PIX_FMT_NV21, AV_PIX_FMT_NV24,
        AV_PIX_FMT_YUV420P10, AV_PIX_FMT_YUV422P10, AV_PIX_FMT_YUV444P10, AV_PIX_FMT_YUV420P12,
        AV_PIX_FMT_YUV420P16, AV_PIX_FMT_YUV422P9, AV_PIX_FMT_P010, AV_PIX_FMT_YUYV422, AV_PIX_FMT_UYVY422,
        AV_PIX_FMT_YUVA420P, AV_PIX_FMT_YUV420P10BE, AV_PIX_FMT_YUV411P, AV_PIX_FMT_YUV410P,
        AV_PIX_FMT_RGB24, AV_PIX_FMT_BGRA, AV_PIX_FMT_GBRP, AV_PIX_FMT_GBRP10, AV_PIX_FMT_RGB48,
    };
    static const int sizes[] = {0, 160, 100, 480};
    AVFrame *reference = make_picture();

    (void)state;
    for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
        AVFrame *f = convert(reference, formats[i]);
        const int rgb = av_pix_fmt_desc_get(formats[i])->flags & AV_PIX_FMT_FLAG_RGB;

        if (rgb)
            f->color_range = AVCOL_RANGE_JPEG;
        for (int s = 0; s < 4; s++)
            for (int channels = 1; channels <= 3; channels += 2) {
                VeilPicture a = {0}, b = {0};
                const VeilPictureConfig c = {.size = sizes[s], .channels = channels};

                assert_int_equal(veil_picture_read(&a, reference, &c, NULL), 0);
                assert_int_equal(veil_picture_read(&b, f, &c, NULL), 0);
                /* RGB has no range: its luma comes out full, the reference's is limited */
                if (worst_difference(&a, &b) > (rgb && channels == 1 ? 20 : 6))
                    fail_msg("format %s, size %d, %d channels: worst difference %d", av_get_pix_fmt_name(formats[i]),
                             sizes[s], channels, worst_difference(&a, &b));
                veil_picture_free(&a);
                veil_picture_free(&b);
            }
        av_frame_free(&f);
    }
    av_frame_free(&reference);
}

/* Colours come out as libswscale has them, limited and full range. */
static void colours_are_right(void **state)
{
    AVFrame *f = make_picture();

    (void)state;
    for (int full = 0; full < 2; full++) {
        VeilPicture p = {0};
        const VeilPictureConfig c = {.channels = 3};
        AVFrame *bgr;
        int worst = 0;

        f->format = full ? AV_PIX_FMT_YUVJ444P : AV_PIX_FMT_YUV444P;
        f->color_range = full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
        bgr = convert(f, AV_PIX_FMT_BGR24);
        assert_int_equal(veil_picture_read(&p, f, &c, NULL), 0);
        for (int y = 0; y < H; y++)
            for (int i = 0; i < 3 * W; i++) {
                const int d = abs(p.data[y * p.stride + i] - bgr->data[0][y * bgr->linesize[0] + i]);

                worst = d > worst ? d : worst;
            }
        assert_true(worst <= 3);
        av_frame_free(&bgr);
        veil_picture_free(&p);
    }
    av_frame_free(&f);
}

static void grey_has_no_colour(void **state)
{
    AVFrame *f = make_frame(AV_PIX_FMT_GRAY10, 50, 40);
    VeilPicture p = {0};
    const VeilPictureConfig c = {.channels = 3, .fill = 7};

    (void)state;
    for (int y = 0; y < 40; y++)
        for (int x = 0; x < 50; x++)
            ((uint16_t *)(f->data[0] + y * f->linesize[0]))[x] = 502;
    f->color_range = AVCOL_RANGE_JPEG;
    assert_int_equal(veil_picture_read(&p, f, &c, NULL), 0);
    assert_int_equal(p.w, 64);
    assert_int_equal(p.h, 64);
    for (int i = 0; i < 3; i++)
        assert_int_equal(p.data[49 * 3 + i], 126);
    assert_int_equal(p.data[50 * 3], 7);      /* padding on the right */
    assert_int_equal(p.data[40 * p.stride], 7); /* and below */
    veil_picture_free(&p);
    av_frame_free(&f);
}

/* A bright spot is put where it belongs, whatever the rotation; the face found there goes back to the spot. */
static void rotation_goes_there_and_back(void **state)
{
    AVFrame *f = make_frame(AV_PIX_FMT_YUV420P, W, H);

    (void)state;
    memset(f->data[0], 16, (size_t)f->linesize[0] * H);
    for (int y = 60; y < 80; y++)
        memset(f->data[0] + y * f->linesize[0] + 200, 235, 10);
    for (int rotation = 0; rotation < 360; rotation += 90) {
        VeilPicture p = {0};
        const VeilPictureConfig c = {.size = W / 2, .channels = 1, .rotation = rotation};
        int x0 = 999, y0 = 999, x1 = 0, y1 = 0;
        VeilFace face = {.has_landmarks = true};

        assert_int_equal(veil_picture_read(&p, f, &c, NULL), 0);
        for (int y = 0; y < p.used_h; y++)
            for (int x = 0; x < p.used_w; x++)
                if (p.data[y * p.stride + x] > 128) {
                    x0 = x < x0 ? x : x0, y0 = y < y0 ? y : y0;
                    x1 = x + 1 > x1 ? x + 1 : x1, y1 = y + 1 > y1 ? y + 1 : y1;
                }
        face.x = x0, face.y = y0, face.w = x1 - x0, face.h = y1 - y0;
        face.landmark[0][0] = x0 + face.w / 2, face.landmark[0][1] = y0 + face.h / 2;
        veil_picture_face_to_frame(&p, &face);
        assert_float_equal(face.x, 200, 0.01);
        assert_float_equal(face.y, 60, 0.01);
        assert_float_equal(face.w, 10, 0.01);
        assert_float_equal(face.h, 20, 0.01);
        assert_float_equal(face.landmark[0][0], 205, 0.01);
        assert_float_equal(face.landmark[0][1], 70, 0.01);
        veil_picture_free(&p);
    }
    av_frame_free(&f);
}

static void non_square_pixels_become_square(void **state)
{
    AVFrame *f = make_frame(AV_PIX_FMT_YUV420P, 720, 576);
    VeilPicture p = {0};
    const VeilPictureConfig c = {.size = 512, .channels = 1};

    (void)state;
    memset(f->data[0], 16, (size_t)f->linesize[0] * 576);
    f->sample_aspect_ratio = (AVRational){64, 45};
    assert_int_equal(veil_picture_read(&p, f, &c, NULL), 0);
    assert_int_equal(p.used_w, 512);
    assert_int_equal(p.used_h, 288);
    veil_picture_free(&p);
    av_frame_free(&f);
}

static void odd_sizes_and_tiny_frames_work(void **state)
{
    static const int sizes[][2] = {{1, 1}, {3, 2}, {17, 5}, {333, 211}, {2, 99}};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
        for (int size = 0; size <= 64; size += 32) {
            AVFrame *f = make_frame(AV_PIX_FMT_YUV420P, sizes[i][0], sizes[i][1]);
            VeilPicture p = {0};
            const VeilPictureConfig c = {.size = size, .channels = 3};

            for (int k = 0; k < 3; k++)
                memset(f->data[k], k ? 128 : 126, (size_t)f->linesize[k] * AV_CEIL_RSHIFT(f->height, !!k));
            assert_int_equal(veil_picture_read(&p, f, &c, NULL), 0);
            assert_in_range(p.data[0], 125, 131);
            assert_in_range(p.data[(p.used_h - 1) * p.stride + p.used_w * 3 - 1], 125, 131);
            veil_picture_free(&p);
            av_frame_free(&f);
        }
}

static void unreadable_frames_are_refused(void **state)
{
    AVFrame *f = av_frame_alloc();
    VeilPicture p = {0};
    const VeilPictureConfig c = {.channels = 3};

    (void)state;
    f->format = AV_PIX_FMT_NONE;
    assert_true(veil_picture_read(&p, f, &c, NULL) < 0);
    f->format = AV_PIX_FMT_YUV420P;
    f->width = f->height = 32; /* and no data */
    assert_true(veil_picture_read(&p, f, &c, NULL) < 0);
    veil_picture_free(&p);
    av_frame_free(&f);
}

static void missing_files_are_errors(void **state)
{
    const VeilDetectorConfig c = {.model = "/nonexistent/x", .threshold = 0.5f, .threads = 1};
    void *priv = &priv;

    (void)state;
    for (int i = 0; veil_detectors[i]; i++) {
        if (!veil_detectors[i]->model && strcmp(veil_detectors[i]->name, "cascade"))
            continue;
        assert_int_equal(veil_detectors[i]->open(&priv, &c, NULL), AVERROR(ENOENT));
        assert_null(priv);
        veil_detectors[i]->close(NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_found_by_name),
        cmocka_unit_test(suppression_keeps_the_best),
        cmocka_unit_test(huge_faces_may_hardly_touch),
        cmocka_unit_test(equal_boxes_overlap_fully),
        cmocka_unit_test(formats_agree),
        cmocka_unit_test(colours_are_right),
        cmocka_unit_test(grey_has_no_colour),
        cmocka_unit_test(rotation_goes_there_and_back),
        cmocka_unit_test(non_square_pixels_become_square),
        cmocka_unit_test(odd_sizes_and_tiny_frames_work),
        cmocka_unit_test(unreadable_frames_are_refused),
        cmocka_unit_test(missing_files_are_errors),
    };

    av_log_set_level(AV_LOG_QUIET);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
