/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Tracks: gaps are filled, ends extended, nothing crosses a cut, and two people
 * are never made into one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>
#include <libavutil/common.h>
#include <libavutil/error.h>

#include "tracks_fixture.h"

/* As many as a stand in a stadium shows; each goes on as itself. */
static void a_crowd_is_followed(void **state)
{
    static VeilBox seen[3000], got[VEIL_MAX_FACES];
    VeilTracks *t = new_tracks();

    (void)state;
    for (int at = 0; at < 4; at++) {
        for (int i = 0; i < 3000; i++)
            seen[i] = (VeilBox){ .face = { .x = (float)(i % 60 * 30 + at), .y = (float)(i / 60 * 20), .w = 12, .h = 14, .score = 0.8f } };
        assert_int_equal(veil_tracks_update(t, at, 0, 0, seen, 3000), 0);
    }
    assert_int_equal(veil_tracks_at(t, 1, got, VEIL_MAX_FACES), 3000);
    assert_int_equal(veil_tracks_total(t), 3000);
    veil_tracks_free(t);
}

static void gaps_are_filled(void **state)
{
    VeilTracks *t = new_tracks();
    VeilBox got[4];

    (void)state;
    for (int i = 0; i <= 30; i++)
        if (i <= 10 || i >= 20)
            see_one(t, i, box(4.f * (float)i, 50, 40, 0.9f));
        else
            see(t, i, NULL, 0);
    for (int i = 0; i <= 30; i++) {
        assert_int_equal(veil_tracks_at(t, i, got, 4), 1);
        assert_int_equal(got[0].track, 1);
        assert_int_equal(got[0].origin, i <= 10 || i >= 20 ? VEIL_ORIGIN_DETECTED : VEIL_ORIGIN_FILLED);
        /* All of the face that was there is in the box. */
        assert_true(got[0].face.x <= 4.f * (float)i + 0.01f);
        assert_true(got[0].face.x + got[0].face.w >= 4.f * (float)i + 40 - 0.01f);
    }
    assert_int_equal(veil_tracks_total(t), 1);
    veil_tracks_free(t);
}

/* Frames that nobody searched lie between: the same as a gap. */
static void skipped_frames_are_filled(void **state)
{
    VeilTracks *t = new_tracks();
    VeilBox got[4];

    (void)state;
    for (int i = 0; i <= 30; i += 3)
        see_one(t, i, box(2.f * (float)i, 50, 30, 0.9f));
    for (int i = 0; i <= 30; i++) {
        assert_int_equal(veil_tracks_at(t, i, got, 4), 1);
        assert_true(covers(&got[0], 2.f * (float)i + 15, 65));
        assert_int_equal(got[0].origin, i % 3 ? VEIL_ORIGIN_FILLED : VEIL_ORIGIN_DETECTED);
    }
    veil_tracks_free(t);
}

static void ends_are_extended(void **state)
{
    VeilTracks *t = new_tracks();
    VeilBox got[4];

    (void)state;
    for (int i = 0; i <= 80; i++) {
        const VeilBox b = box(3.f * (float)i, 50, 40, 0.9f);

        see(t, i, &b, i >= 20 && i <= 30);
    }
    for (int i = 0; i <= 80; i++) {
        const int n = veil_tracks_at(t, i, got, 4);

        assert_int_equal(n, i >= 20 - config.extend && i <= 30 + config.extend);
        if (n && (i < 20 || i > 30)) {
            assert_int_equal(got[0].origin, VEIL_ORIGIN_EXTENDED);
            assert_true(covers(&got[0], 3.f * (float)i + 20, 70)); /* it moves on as the face did */
        }
    }
    veil_tracks_free(t);
}

/* Half of a face of 48 x 60 that lies across a side of the picture, and all of it three frames later, 30 px further in:
 * what is in the picture of it is covered all the while. `side` is left, top, right, bottom; x, y the picture's corner. */
static void comes_in(int side, float x, float y)
{
    static const float in[4][2] = { { 1, 0 }, { 0, 1 }, { -1, 0 }, { 0, -1 } };
    const float w = side % 2 ? 60 : 48, h = side % 2 ? 48 : 60, cx = side % 2 ? x + 700 : x + (side ? 1920 : 0),
                cy = side % 2 ? y + (side == 1 ? 0 : 1080) : y + 400;
    const float dx = in[side][0], dy = in[side][1];
    const VeilFace half = { .x = cx + (dx > 0 ? 0 : -w / 2),
                            .y = cy + (dy > 0 ? 0 : -h / 2),
                            .w = dx ? w / 2 : w,
                            .h = dy ? h / 2 : h,
                            .score = 0.9f },
                   whole = { .x = cx + 30 * dx - w / 2, .y = cy + 30 * dy - h / 2, .w = w, .h = h, .score = 0.9f };
    VeilTracks *t = new_tracks();
    VeilBox got;

    assert_int_equal(veil_tracks_update(t, 0, x, y, &(VeilBox){ .face = half }, 1), 0);
    assert_int_equal(veil_tracks_update(t, 3, x, y, &(VeilBox){ .face = whole }, 1), 0);
    for (int at = 0; at <= 3; at++) {
        const float fx = cx + 10 * (float)at * dx, fy = cy + 10 * (float)at * dy;

        assert_int_equal(veil_tracks_at(t, at, &got, 1), 1);
        assert_true(covers(&got, fmaxf(fx - w / 2, x) + 1, fmaxf(fy - h / 2, y) + 1));
        assert_true(covers(&got, fminf(fx + w / 2, x + 1920) - 1, fminf(fy + h / 2, y + 1080) - 1));
    }
    assert_float_equal(got.face.w, w, 0.01); /* seen whole: no larger than it is */
    assert_float_equal(got.face.h, h, 0.01);
    veil_tracks_free(t);
}

static void a_face_that_comes_in_is_covered(void **state)
{
    (void)state;
    for (int side = 0; side < 4; side++) {
        comes_in(side, 0, 0);
        comes_in(side, -300, 77); /* the camera has moved since the first frame */
    }
}

static void nothing_crosses_a_cut(void **state)
{
    VeilTracks *t = new_tracks();
    VeilBox got[4];

    (void)state;
    for (int i = 0; i < 40; i++) {
        const VeilBox b = box(100, 100, 40, 0.9f);

        if (i == 15 || i == 30)
            veil_tracks_cut(t, i);
        see(t, i, &b, i < 15 || (i >= 18 && i < 30)); /* none from 30 on, in the third scene */
    }
    for (int i = 0; i < 40; i++) {
        const int n = veil_tracks_at(t, i, got, 4);

        assert_int_equal(n, i < 30);
        if (n)
            assert_int_equal(got[0].track, i < 15 ? 1 : 2);
    }
    assert_int_equal(veil_tracks_total(t), 2);
    veil_tracks_free(t);
}

/* A gap in boxes that are seen elsewhere than straight on: only following finds the way. */
static float wave(int64_t at)
{
    return 100 + 60 * sinf((float)at / 6);
}

static float follow_wave(void *opaque, int64_t from, const VeilFace *face, int64_t to, const VeilFace *guess,
                         VeilFace *out)
{
    const int *blind_from = opaque;

    *out = *guess;
    out->w = face->w;
    out->h = face->h;
    out->y = face->y;
    out->x = face->x + wave(to) - wave(from);
    return FFMAX(from, to) >= *blind_from ? 0.2f : 0.95f;
}

static void what_is_lost_is_followed(void **state)
{
    int blind_from = 60;
    VeilTracksConfig c = config;
    VeilTracks *t;
    VeilBox got[4];

    (void)state;
    c.follow = follow_wave;
    c.opaque = &blind_from;
    c.extend = 3;
    assert_int_equal(veil_tracks_new(&t, &c), 0);
    for (int i = 0; i < 100; i++)
        if (i >= 20 && i < 45 && (i < 25 || i > 40))
            see_one(t, i, box(wave(i), 50, 40, 0.9f));
        else
            see(t, i, NULL, 0);
    for (int i = 0; i < 100; i++) {
        const int n = veil_tracks_at(t, i, got, 4);

        if (i < 60) { /* back to the start, over the gap, and on until nothing can be followed */
            assert_int_equal(n, 1);
            if (!covers(&got[0], wave(i) + 20, 70))
                fail_msg("frame %d: the face is at %g, the box from %g to %g", i, (double)wave(i) + 20,
                         (double)got[0].face.x, (double)(got[0].face.x + got[0].face.w));
        } else if (i > 60 + c.extend) {
            assert_int_equal(n, 0);
        }
    }
    assert_int_equal(veil_tracks_total(t), 1);
    veil_tracks_free(t);
}

/* A followed box that slid onto another person is dropped; where the first one
 * goes on for the short rest is not where that box had been led to. */
static float slide(void *opaque, int64_t from, const VeilFace *face, int64_t to, const VeilFace *guess, VeilFace *out)
{
    (void)opaque;
    (void)guess;
    *out = *face;
    out->x += 30.f * (float)(to - from);
    return 0.95f;
}

static void a_slid_box_leads_nowhere(void **state)
{
    VeilTracksConfig c = config;
    VeilTracks *t;
    VeilBox got[4];

    (void)state;
    c.follow = slide;
    c.extend = 2;
    assert_int_equal(veil_tracks_new(&t, &c), 0);
    for (int i = 0; i <= 6; i += 3)
        see(t, i, (VeilBox[]){ box(100, 100, 40, 0.9f), box(190, 100, 40, 0.9f) }, 2);
    see_one(t, 9, box(190, 100, 40, 0.9f)); /* by now the first has slid to 190 */
    assert_int_equal(veil_tracks_at(t, 7, got, 4), 2);
    assert_true(covers(&got[0], 120, 120));
    veil_tracks_free(t);
}

static float stay(void *opaque, int64_t from, const VeilFace *face, int64_t to, const VeilFace *guess, VeilFace *out)
{
    (void)opaque, (void)from, (void)to, (void)guess;
    *out = *face;
    return 0.95f;
}

/* Seen six times with `score`, then once with `last`, then followed only. @return frames in which it is covered */
static int covered_after(float size, float score, float last)
{
    VeilTracksConfig c = config;
    VeilTracks *t;
    VeilBox got[4];
    int n = 0;

    c.follow = stay;
    c.extend = 2;
    assert_int_equal(veil_tracks_new(&t, &c), 0);
    for (int i = 0; i <= 33; i += 3) {
        const VeilBox seen = box(700, 300, size, i <= 15 ? score : last);

        see(t, i, &seen, i <= 18);
    }
    for (int i = 0; i <= 33; i++)
        n += veil_tracks_at(t, i, got, 4);
    veil_tracks_free(t);
    return n;
}

/* A detector that sees less than chance would give, where the picture leads to, speaks against what never was more than
 * likely; what was a face for sure is one still. */
static void a_face_for_sure_outlives_a_faint_sighting(void **state)
{
    (void)state;
    assert_int_equal(covered_after(300, 0.9f, 0.3f), 34);
    assert_int_equal(covered_after(40, 0.9f, 0.11f), 34);
    assert_int_equal(covered_after(40, 0.35f, 0.11f), 18); /* to frame 15, and two more */
}

static void patience_ends(void **state)
{
    VeilTracks *t = new_tracks();

    (void)state;
    see_one(t, 0, box(100, 50, 40, 0.9f));
    see_one(t, 1, box(100, 50, 40, 0.9f));
    for (int i = 2; i <= 1 + config.patience + 1; i++)
        see(t, i, NULL, 0);
    see_one(t, 2 + config.patience + 1, box(100, 50, 40, 0.9f));
    assert_int_equal(veil_tracks_total(t), 2);
    veil_tracks_free(t);
}

/* Two people walk through each other. In the middle one hides the other for
 * `hidden` frames each side of it. Both stay covered, and neither takes the
 * other's number. */
static void cross(int hidden, float dy)
{
    VeilTracks *t = new_tracks();
    VeilBox got[64];

    for (int i = 0; i <= 80; i++) {
        VeilBox b[2] = { box(4.f * (float)i, 100, 40, 0.9f), box(320 - 4.f * (float)i, 100 + dy, 40, 0.88f) };

        see(t, i, b, i >= 40 - hidden && i <= 40 + hidden ? 1 : 2);
    }
    for (int i = 0; i <= 80; i++) {
        const int n = veil_tracks_at(t, i, got, 64);
        bool a = false, b = false;

        assert_true(n >= 1);
        for (int k = 0; k < n; k++) {
            const bool on_a = covers(&got[k], 4.f * (float)i + 20, 120);
            const bool on_b = covers(&got[k], 320 - 4.f * (float)i + 20, 120 + dy);

            a |= on_a;
            b |= on_b;
            if (i > 70 && on_a)
                assert_int_not_equal(got[k].track, 2);
            if (i > 70 && on_b)
                assert_int_not_equal(got[k].track, 1);
        }
        if (!a || !b)
            fail_msg("hidden %d, dy %g: frame %d leaves %s bare", hidden, (double)dy, i,
                     a ? "the second" : b ? "the first" : "both");
    }
    veil_tracks_free(t);
}

static void crossing_people_stay_two(void **state)
{
    (void)state;
    cross(-1, 0);
    cross(-1, 10);
    cross(0, 5);
    cross(2, 10);
    cross(4, 0);
    cross(6, 10);
}

/* Two still faces, then one box right between them: it may be either. */
static void doubt_begins_a_new_track(void **state)
{
    VeilTracks *t = new_tracks();
    VeilBox got[8];
    int n;

    (void)state;
    for (int i = 0; i < 10; i++)
        see(t, i, (VeilBox[]){ box(100, 100, 40, 0.9f), box(130, 100, 40, 0.9f) }, 2);
    see_one(t, 10, box(115, 100, 40, 0.9f));
    assert_int_equal(veil_tracks_total(t), 3);
    for (int i = 11; i < 20; i++)
        see(t, i, NULL, 0);
    n = veil_tracks_at(t, 10, got, 8);
    assert_int_equal(n, 3);
    for (int k = 0; k < n; k++)
        assert_int_equal(got[k].origin == VEIL_ORIGIN_DETECTED, got[k].track == 3);
    veil_tracks_free(t);
}

static void many_faces_and_small_caps(void **state)
{
    static VeilBox boxes[VEIL_MAX_FACES + 1], got[VEIL_MAX_FACES];
    VeilTracks *t = new_tracks();

    (void)state;
    for (int i = 0; i <= VEIL_MAX_FACES; i++)
        boxes[i] = box((float)(i % 32) * 100, (float)(i / 32) * 100, 20, 0.9f);
    see(t, 0, boxes, VEIL_MAX_FACES);
    see(t, 1, boxes, VEIL_MAX_FACES);
    assert_int_equal(veil_tracks_total(t), VEIL_MAX_FACES);
    assert_int_equal(veil_tracks_at(t, 0, got, 10), AVERROR(ENOSPC));
    assert_int_equal(veil_tracks_at(t, 0, got, VEIL_MAX_FACES), VEIL_MAX_FACES);
    assert_true(veil_tracks_update(t, 2, 0, 0, boxes, VEIL_MAX_FACES + 1) < 0);
    veil_tracks_free(t);
    veil_tracks_free(NULL);
}

/* As the filter does it: asked `window` frames behind, for hours; what is old is forgotten. */
static void a_long_run_asks_behind(void **state)
{
    VeilTracks *t = new_tracks();
    VeilBox got[8];

    (void)state;
    for (int64_t i = 0; i < 20000; i++) {
        const VeilBox b = box(100 + 20 * sinf((float)i / 30), 100, 40, 0.9f);
        const bool seen = i % 200 < 120;

        see(t, i, &b, seen);
        if (i >= config.window) {
            const int64_t at = i - config.window;
            const int n = veil_tracks_at(t, at, got, 8);

            if (at % 200 < 120 && n < 1)
                fail_msg("frame %ld: no box where one was seen", (long)at);
            if (at % 200 >= 120 + config.extend && at % 200 < 200 - config.extend)
                assert_int_equal(n, 0);
        }
    }
    assert_int_equal(veil_tracks_total(t), 100);
    veil_tracks_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crowd_is_followed),
        cmocka_unit_test(gaps_are_filled),
        cmocka_unit_test(skipped_frames_are_filled),
        cmocka_unit_test(ends_are_extended),
        cmocka_unit_test(a_face_that_comes_in_is_covered),
        cmocka_unit_test(nothing_crosses_a_cut),
        cmocka_unit_test(what_is_lost_is_followed),
        cmocka_unit_test(a_slid_box_leads_nowhere),
        cmocka_unit_test(a_face_for_sure_outlives_a_faint_sighting),
        cmocka_unit_test(patience_ends),
        cmocka_unit_test(crossing_people_stay_two),
        cmocka_unit_test(doubt_begins_a_new_track),
        cmocka_unit_test(many_faces_and_small_caps),
        cmocka_unit_test(a_long_run_asks_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
