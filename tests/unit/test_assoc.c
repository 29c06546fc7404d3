/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Box arithmetic of tracking: likeness, prediction, and which box is given to whom.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <cmocka.h>

#include "filters/assoc.h"

static void likeness_is_one_for_equals_and_falls(void **state)
{
    const VeilFace a = { .x = 100, .y = 100, .w = 20, .h = 20 }, near = { .x = 105, .y = 100, .w = 20, .h = 20 },
                   far = { .x = 160, .y = 100, .w = 20, .h = 20 }, big = { .x = 90, .y = 90, .w = 40, .h = 40 },
                   none = { .x = 100, .y = 100 };

    (void)state;
    assert_float_equal(veil_likeness(&a, &a), 1, 1e-6);
    assert_true(veil_likeness(&a, &near) > 0.8f && veil_likeness(&a, &near) < 1);
    assert_true(veil_likeness(&a, &far) < 0.01f);
    assert_float_equal(veil_likeness(&a, &big), 0.25, 1e-5);
    assert_float_equal(veil_likeness(&a, &near), veil_likeness(&near, &a), 1e-6);
    assert_float_equal(veil_likeness(&a, &none), 0, 0);
    assert_float_equal(veil_likeness(&none, &none), 0, 0);
}

static void motion_is_learnt(void **state)
{
    VeilFace f = { .x = 0, .y = 50, .w = 20, .h = 20 };
    VeilMotion m = veil_motion_begin(&f);
    VeilFace p = veil_motion_predict(&m, 10);

    (void)state;
    assert_float_equal(p.x, 0, 1e-4);
    for (int i = 1; i <= 20; i++) {
        f.x = 3.f * (float)i;
        veil_motion_update(&m, &f, 1);
    }
    p = veil_motion_predict(&m, 5);
    assert_float_equal(p.x, 75, 0.5);
    assert_float_equal(p.y, 50, 0.5);
    assert_float_equal(p.w, 20, 0.5);
    p = veil_motion_predict(&m, -5);
    assert_float_equal(p.x, 45, 0.5);
    /* Seen each fifth frame: the same speed. */
    m = veil_motion_begin(&(VeilFace){ .x = 0, .y = 50, .w = 20, .h = 20 });
    for (int i = 5; i <= 100; i += 5) {
        f.x = 3.f * (float)i;
        veil_motion_update(&m, &f, 5);
    }
    assert_float_equal(m.vx, 3, 0.01);
}

static void prediction_stays_sane(void **state)
{
    VeilFace f = { .x = 0, .y = 0, .w = 10, .h = 10 };
    VeilMotion m = veil_motion_begin(&f);
    VeilFace p;

    (void)state;
    f.w = f.h = 20;
    veil_motion_update(&m, &f, 1);
    p = veil_motion_predict(&m, 1000);
    assert_true(p.w > 0 && p.w <= 40.5f);
    p = veil_motion_predict(&m, -1000);
    assert_true(p.w >= 9.9f);
}

static void between_is_between(void **state)
{
    const VeilFace a = { .x = 0, .y = 10, .w = 10, .h = 20, .score = 0.9f, .has_landmarks = true,
                         .landmark = { { 1, 2 } } };
    const VeilFace b = { .x = 10, .y = 30, .w = 20, .h = 20, .score = 0.4f, .has_landmarks = true,
                         .landmark = { { 3, 6 } } };
    const VeilFace bare = { .x = 10, .y = 30, .w = 20, .h = 20 };
    const VeilFace m = veil_face_between(&a, &b, 0.5f);

    (void)state;
    assert_float_equal(m.x, 5, 1e-5);
    assert_float_equal(m.y, 20, 1e-5);
    assert_float_equal(m.w, 15, 1e-5);
    assert_float_equal(m.score, 0.4, 1e-5);
    assert_true(m.has_landmarks);
    assert_float_equal(m.landmark[0][1], 4, 1e-5);
    assert_false(veil_face_between(&a, &bare, 0.5f).has_landmarks);
}

/* Rows of tracks, columns of boxes; those of `least` and more. */
static VeilPairs pairs_of(const float *likeness, int n_tracks, int n_boxes, float least)
{
    VeilPairs p = { 0 };

    for (int i = 0; i < n_tracks * n_boxes; i++)
        if (likeness[i] >= least)
            assert_int_equal(veil_pairs_add(&p, i / n_boxes, i % n_boxes, likeness[i]), 0);
    return p;
}

static void assignment_takes_the_best(void **state)
{
    const float likeness[] = { 0.9f, 0.2f, 0.0f, 0.3f, 0.8f, 0.1f };
    VeilPairs p = pairs_of(likeness, 2, 3, 0.3f);
    int match[2];
    bool unsure[3];

    (void)state;
    veil_assign(&p, 2, 3, match, unsure);
    assert_int_equal(match[0], 0);
    assert_int_equal(match[1], 1);
    assert_false(unsure[0] || unsure[1] || unsure[2]);
    p.n = 0;
    veil_assign(&p, 2, 3, match, unsure);
    assert_int_equal(match[0], -1);
    assert_int_equal(match[1], -1);
    veil_assign(&p, 0, 3, match, unsure);
    veil_assign(&p, 2, 0, match, unsure);
    assert_int_equal(match[0], -1);
    veil_pairs_free(&p);
}

static void doubt_gives_a_box_to_neither(void **state)
{
    const float doubtful[] = { 0.80f, 0.78f }, clear[] = { 0.80f, 0.60f };
    VeilPairs p = pairs_of(doubtful, 2, 1, 0.3f);
    int match[2];
    bool unsure[1];

    (void)state;
    veil_assign(&p, 2, 1, match, unsure);
    assert_int_equal(match[0], -1);
    assert_int_equal(match[1], -1);
    assert_true(unsure[0]);
    veil_pairs_free(&p);
    p = pairs_of(clear, 2, 1, 0.3f);
    veil_assign(&p, 2, 1, match, unsure);
    assert_int_equal(match[0], 0);
    assert_int_equal(match[1], -1);
    assert_false(unsure[0]);
    veil_pairs_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(likeness_is_one_for_equals_and_falls),
        cmocka_unit_test(motion_is_learnt),
        cmocka_unit_test(prediction_stays_sane),
        cmocka_unit_test(between_is_between),
        cmocka_unit_test(assignment_takes_the_best),
        cmocka_unit_test(doubt_gives_a_box_to_neither),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
