/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Boxes of low score: those that recur are a face from the first on, and are
 * believed once they scored enough for their size.
 */
#include "filters/weak.h"
#include "tracks_fixture.h"

static void weak_boxes_lead_back(void **state)
{
    VeilTracks *t = new_tracks();
    VeilBox got[4];

    (void)state;
    see(t, 0, NULL, 0);
    for (int i = 1; i < 40; i++)
        see_one(t, i, box(3.f * (float)i, 50, 40, i < 20 ? 0.35f : 0.8f));
    for (int i = 1; i < 40; i++) {
        assert_int_equal(veil_tracks_at(t, i, got, 4), 1);
        assert_int_equal(got[0].origin, VEIL_ORIGIN_DETECTED);
        assert_int_equal(got[0].track, 1);
        assert_float_equal(got[0].face.x, 3 * i, 0.01);
    }
    veil_tracks_free(t);
}

/* Boxes of one size and score in the same place in each third frame. @return tracks begun */
static int tracks_of_weak(int frames, float size, float score)
{
    VeilTracks *t = new_tracks();
    int total;

    for (int i = 0; i < frames; i += 3)
        see_one(t, i, box(100, 50, size, score));
    total = veil_tracks_total(t);
    veil_tracks_free(t);
    return total;
}

static void the_larger_the_more_it_must_have_scored(void **state)
{
    const float sizes[] = { 8, 20, 30, 80, 300, 1000 };

    (void)state;
    for (int i = 1; i < 6; i++)
        assert_true(veil_weak_least_peak(1000, &(VeilFace){ .w = 1, .h = sizes[i] }) >=
                    veil_weak_least_peak(1000, &(VeilFace){ .w = sizes[i - 1], .h = 1 }));
    assert_true(veil_weak_least_peak(1000, &(VeilFace){ .w = 8, .h = 8 }) < 0.15f); /* all that a detector reports */
    assert_true(veil_weak_least_peak(1000, &(VeilFace){ .w = 900, .h = 900 }) <= VEIL_SCORE_HIGH); /* which is a face */
    assert_true(veil_weak_least_peak(1000, &(VeilFace){ 0 }) < 0.15f);
}

static void weak_boxes_that_recur_are_a_face(void **state)
{
    VeilTracks *t = new_tracks();
    VeilBox got[4];

    (void)state;
    assert_int_equal(tracks_of_weak(48, 40, 0.35f), 1);
    assert_int_equal(tracks_of_weak(6, 40, 0.35f), 0);     /* too few yet */
    assert_int_equal(tracks_of_weak(300, 40, 0.11f), 0);   /* chance gives that */
    assert_int_equal(tracks_of_weak(300, 300, 0.45f), 0);  /* and to a large box more */
    assert_int_equal(tracks_of_weak(3, 40, 0.5f), 1);      /* high at once */
    assert_int_equal(tracks_of_weak(3, 300, 0.5f), 0);     /* but not when so large */
    assert_int_equal(tracks_of_weak(3, 300, 0.99f), 1);
    assert_int_equal(tracks_of_weak(12, 300, 0.9f), 1);    /* one that is almost sure recurs */
    for (int i = 0; i < 48; i += 3)
        see_one(t, i, box(2.f * (float)i, 50, 40, 0.35f));
    for (int i = 0; i < 46; i++) { /* once it is a face, it has been one from the first box */
        assert_int_equal(veil_tracks_at(t, i, got, 4), 1);
        assert_true(covers(&got[0], 2.f * (float)i + 20, 70));
    }
    veil_tracks_free(t);
}

static void weak_boxes_carry_on(void **state)
{
    VeilTracks *t = new_tracks();
    VeilBox got[4];

    (void)state;
    for (int i = 0; i < 100; i++)
        see_one(t, i, box(100, 50, 40, i < 3 ? 0.9f : 0.35f));
    for (int i = 50; i < 100; i++) {
        assert_int_equal(veil_tracks_at(t, i, got, 4), 1);
        assert_int_equal(got[0].track, 1);
    }
    veil_tracks_free(t);
}

/* Scores of .32 begin a track where they recur: a face of 30 px is believed at that, one of 120 px is not. */
static void see_growing(VeilTracks *t, float from, float to)
{
    for (int at = 0; at < 40; at++) {
        const float size = from + (to - from) * (float)at / 39;

        see_one(t, at, box(900 - size / 2, 500 - size / 2, size, 0.32f));
    }
}

static void a_face_that_comes_nearer_is_not_given_up(void **state)
{
    VeilTracksConfig slack = config;
    VeilBox b;
    VeilTracks *t;

    (void)state;
    slack.evidence = 0.15f;
    slack.slack = 3;
    assert_int_equal(veil_tracks_new(&t, &slack), 0);
    see_growing(t, 30, 110);
    for (int at = 0; at < 40; at++) {
        assert_int_equal(veil_tracks_at(t, at, &b, 1), 1);
        assert_true(b.face.w >= 30 + 80.f * (float)at / 39 + 6 - 0.1f); /* three pixels on each side */
    }
    veil_tracks_free(t);
    assert_int_equal(veil_tracks_new(&t, &slack), 0);
    see_growing(t, 120, 130);
    for (int at = 0; at < 40; at++)
        assert_int_equal(veil_tracks_at(t, at, &b, 1), 0);
    veil_tracks_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weak_boxes_lead_back),
        cmocka_unit_test(the_larger_the_more_it_must_have_scored),
        cmocka_unit_test(weak_boxes_that_recur_are_a_face),
        cmocka_unit_test(weak_boxes_carry_on),
        cmocka_unit_test(a_face_that_comes_nearer_is_not_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
