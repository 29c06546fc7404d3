/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Box lists on frames: there and back, lists made elsewhere, none at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <libavutil/detection_bbox.h>
#include <libavutil/error.h>

#include "filters/boxes.h"

static AVFrame *new_frame(void)
{
    AVFrame *f = av_frame_alloc();

    assert_non_null(f);
    return f;
}

static void none_is_not_empty(void **state)
{
    AVFrame *f = new_frame();
    VeilBox got[1];

    (void)state;
    assert_int_equal(veil_boxes_get(f, got, 1), AVERROR(ENOENT));
    assert_int_equal(veil_boxes_set(f, NULL, 0, "test"), 0);
    assert_int_equal(veil_boxes_get(f, got, 1), 0);
    av_frame_free(&f);
}

static void boxes_come_back(void **state)
{
    static const VeilBox boxes[] = {
        { .face = { .x = 10, .y = 20, .w = 30, .h = 40, .score = 0.875f, .has_landmarks = true,
                    .landmark = { { 11, 21 }, { 35, 22 }, { 20, 30 }, { 13, 50 }, { 33, 51 } } },
          .track = 12345, .origin = VEIL_ORIGIN_FILLED },
        { .face = { .x = -15, .y = -3, .w = 20, .h = 8, .score = 0.01f }, .track = 0, .origin = VEIL_ORIGIN_DETECTED },
        { .face = { .x = 32000, .y = 32000, .w = 700, .h = 700, .score = 1, .has_landmarks = true,
                    .landmark = { { 32100, 32100 }, { 32500, 32100 }, { -900, -900 }, { 32700, 32767 }, { 1, 0 } } },
          .track = 1, .origin = VEIL_ORIGIN_EXTENDED },
        { .face = { .x = 1, .y = 1, .w = 1, .h = 1, .score = 0.5f }, .track = 7, .origin = VEIL_ORIGIN_MANUAL },
    };
    AVFrame *f = new_frame();
    VeilBox got[4];

    (void)state;
    assert_int_equal(veil_boxes_set(f, boxes, 4, "test"), 0);
    assert_int_equal(veil_boxes_get(f, got, 4), 4);
    for (int i = 0; i < 4; i++) {
        assert_float_equal(got[i].face.x, boxes[i].face.x, 0);
        assert_float_equal(got[i].face.y, boxes[i].face.y, 0);
        assert_float_equal(got[i].face.w, boxes[i].face.w, 0);
        assert_float_equal(got[i].face.h, boxes[i].face.h, 0);
        assert_float_equal(got[i].face.score, boxes[i].face.score, 1e-4);
        assert_int_equal(got[i].track, boxes[i].track);
        assert_int_equal(got[i].origin, boxes[i].origin);
        assert_int_equal(got[i].face.has_landmarks, boxes[i].face.has_landmarks);
        for (int j = 0; j < VEIL_LANDMARKS; j++)
            for (int axis = 0; axis < 2; axis++)
                assert_float_equal(got[i].face.landmark[j][axis], boxes[i].face.landmark[j][axis], 0.5);
    }
    av_frame_free(&f);
}

/* Whole pixels, outwards: a box never shrinks on its way. */
static void boxes_round_outwards(void **state)
{
    const VeilBox box = { .face = { .x = 10.7f, .y = -3.2f, .w = 5.1f, .h = 6.6f, .score = 0.9f } };
    AVFrame *f = new_frame();
    VeilBox got;

    (void)state;
    assert_int_equal(veil_boxes_set(f, &box, 1, "test"), 0);
    assert_int_equal(veil_boxes_get(f, &got, 1), 1);
    assert_true(got.face.x <= box.face.x && got.face.y <= box.face.y);
    assert_true(got.face.x + got.face.w >= box.face.x + box.face.w);
    assert_true(got.face.y + got.face.h >= box.face.y + box.face.h);
    assert_true(got.face.w <= box.face.w + 2 && got.face.h <= box.face.h + 2);
    av_frame_free(&f);
}

static void new_list_replaces_old(void **state)
{
    const VeilBox box = { .face = { .x = 1, .y = 2, .w = 3, .h = 4, .score = 0.5f } };
    AVFrame *f = new_frame();
    VeilBox got[2];

    (void)state;
    assert_int_equal(veil_boxes_set(f, &box, 1, "one"), 0);
    assert_int_equal(veil_boxes_set(f, NULL, 0, "two"), 0);
    assert_int_equal(veil_boxes_get(f, got, 2), 0);
    assert_int_equal(f->nb_side_data, 1);
    av_frame_free(&f);
}

static void too_many_are_an_error(void **state)
{
    static VeilBox boxes[VEIL_MAX_FACES], got[VEIL_MAX_FACES];
    AVFrame *f = new_frame();

    (void)state;
    for (int i = 0; i < VEIL_MAX_FACES; i++)
        boxes[i] = (VeilBox){ .face = { .x = (float)i, .y = 0, .w = 2, .h = 2, .score = 0.5f }, .track = i };
    assert_int_equal(veil_boxes_set(f, boxes, VEIL_MAX_FACES, "test"), 0);
    assert_int_equal(veil_boxes_get(f, got, VEIL_MAX_FACES), VEIL_MAX_FACES);
    assert_float_equal(got[VEIL_MAX_FACES - 1].face.x, VEIL_MAX_FACES - 1, 0);
    assert_int_equal(veil_boxes_get(f, got, VEIL_MAX_FACES - 1), AVERROR(EINVAL));
    av_frame_free(&f);
}

static void long_source_is_cut(void **state)
{
    char source[1000];
    AVFrame *f = new_frame();
    const AVDetectionBBoxHeader *header;

    (void)state;
    memset(source, 'x', sizeof(source));
    source[sizeof(source) - 1] = 0;
    assert_int_equal(veil_boxes_set(f, NULL, 0, source), 0);
    header = (const AVDetectionBBoxHeader *)av_frame_get_side_data(f, AV_FRAME_DATA_DETECTION_BBOXES)->data;
    assert_int_equal(strlen(header->source), 255);
    av_frame_free(&f);
}

/* As FFmpeg's dnn_detect writes them: other labels, no confidence sometimes. */
static void foreign_lists_are_read(void **state)
{
    AVFrame *f = new_frame();
    AVDetectionBBoxHeader *header = av_detection_bbox_create_side_data(f, 3);
    VeilBox got[3];

    (void)state;
    assert_non_null(header);
    for (int i = 0; i < 3; i++) {
        AVDetectionBBox *b = av_get_detection_bbox(header, (unsigned)i);

        *b = (AVDetectionBBox){ .x = 10 * i, .y = 5, .w = 20, .h = 30 };
    }
    snprintf(av_get_detection_bbox(header, 0)->detect_label, 64, "person");
    av_get_detection_bbox(header, 0)->detect_confidence = av_make_q(9, 10);
    snprintf(av_get_detection_bbox(header, 1)->detect_label, 64, "face of a man");
    av_get_detection_bbox(header, 2)->classify_count = 4;
    snprintf(av_get_detection_bbox(header, 2)->classify_labels[0], 64, "happy");
    snprintf(av_get_detection_bbox(header, 2)->classify_labels[1], 64, "1 2 3");
    assert_int_equal(veil_boxes_get(f, got, 3), 3);
    for (int i = 0; i < 3; i++) {
        assert_float_equal(got[i].face.x, 10 * i, 0);
        assert_float_equal(got[i].face.h, 30, 0);
        assert_int_equal(got[i].track, 0);
        assert_int_equal(got[i].origin, VEIL_ORIGIN_DETECTED);
        assert_false(got[i].face.has_landmarks);
    }
    assert_float_equal(got[0].face.score, 0.9, 1e-6);
    av_frame_free(&f);
}

static void margins_grow_and_never_shrink(void **state)
{
    const VeilBox box = { .face = { .x = 10.5f, .y = 20.25f, .w = 8, .h = 16 } };
    const VeilRect plain = veil_box_rect(&box, 0), grown = veil_box_rect(&box, 0.25);

    (void)state;
    assert_int_equal(plain.x, 10);
    assert_int_equal(plain.y, 20);
    assert_int_equal(plain.x + plain.w, 19);
    assert_int_equal(plain.y + plain.h, 37);
    assert_int_equal(grown.x, 8);
    assert_int_equal(grown.y, 16);
    assert_int_equal(grown.x + grown.w, 21);
    assert_int_equal(grown.y + grown.h, 41);
}

static void marks_stay_on_frames(void **state)
{
    AVFrame *f = new_frame();

    (void)state;
    assert_false(veil_frame_is_cut(f));
    assert_int_equal(veil_frame_covered(f), 0);
    assert_true(veil_frame_mark_cut(f) >= 0);
    assert_true(veil_frame_mark_covered(f, 5) >= 0);
    assert_true(veil_frame_is_cut(f));
    assert_int_equal(veil_frame_covered(f), 5);
    assert_false(veil_frame_is_damaged(f));
    f->decode_error_flags = 1;
    assert_true(veil_frame_is_damaged(f));
    f->decode_error_flags = 0;
    f->flags = AV_FRAME_FLAG_CORRUPT;
    assert_true(veil_frame_is_damaged(f));
    av_frame_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_is_not_empty),        cmocka_unit_test(boxes_come_back),
        cmocka_unit_test(boxes_round_outwards),     cmocka_unit_test(new_list_replaces_old),
        cmocka_unit_test(too_many_are_an_error),    cmocka_unit_test(long_source_is_cut),
        cmocka_unit_test(foreign_lists_are_read),   cmocka_unit_test(margins_grow_and_never_shrink),
        cmocka_unit_test(marks_stay_on_frames),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
