/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file How the audit tells a bare face from a mask, and a mask from a picture that was changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <libavutil/common.h>
#include <libavutil/lfg.h>

#include "src/audit_parts.h"

#define W 320
#define H 240

typedef struct Picture {
    uint8_t at[W * H];
    VeilLuma luma;
} Picture;

static const float box[4] = { 100, 80, 60, 72 };

/* Detail of several scales, as a face has; `dark` squeezes it to a few levels. */
static Picture *texture(int seed, int dark)
{
    Picture *p = calloc(1, sizeof(*p));
    AVLFG random;
    int coarse[W / 8 + 1][H / 8 + 1];

    assert_non_null(p);
    av_lfg_init(&random, (unsigned)seed);
    for (int x = 0; x <= W / 8; x++)
        for (int y = 0; y <= H / 8; y++)
            coarse[x][y] = (int)(av_lfg_get(&random) % 120);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            const int v = 40 + coarse[x / 8][y / 8] + (int)(av_lfg_get(&random) % 30);

            p->at[y * W + x] = (uint8_t)(dark ? 16 + v / 8 : v);
        }
    p->luma = (VeilLuma){ p->at, W, W, H, NULL, 0 };
    return p;
}

static Picture *copy(const Picture *from)
{
    Picture *p = malloc(sizeof(*p));

    assert_non_null(p);
    *p = *from;
    p->luma.data = p->at;
    return p;
}

static void noise(Picture *p, int levels)
{
    AVLFG random;

    av_lfg_init(&random, 99);
    for (int i = 0; i < W * H; i++)
        p->at[i] = av_clip_uint8(p->at[i] + (int)(av_lfg_get(&random) % (unsigned)(2 * levels + 1)) - levels);
}

static void fill(Picture *p, int x0, int y0, int w, int h, int level)
{
    for (int y = y0; y < y0 + h; y++)
        memset(p->at + y * W + x0, level, (size_t)w);
}

static void coding_noise_hides_nothing(void **state)
{
    Picture *source = texture(1, 0), *out = copy(source);
    VeilDifference d;

    (void)state;
    noise(out, 6);
    assert_int_equal(veil_place_compare(&out->luma, &source->luma, box), VEIL_PLACE_BARE);
    assert_int_equal(veil_difference(&d, &out->luma, &source->luma), 0);
    assert_true(d.changed == 0 && d.stray == 0 && d.psnr > 30 && d.psnr < 40);
    free(source);
    free(out);
}

static void a_solid_box_is_a_mask(void **state)
{
    Picture *source = texture(2, 0), *out = copy(source);
    VeilDifference d;

    (void)state;
    fill(out, 88, 66, 84, 100, 16);
    assert_int_equal(veil_place_compare(&out->luma, &source->luma, box), VEIL_PLACE_MASKED);
    assert_int_equal(veil_place_look(&out->luma, box, 16), VEIL_PLACE_MASKED);
    assert_int_equal(veil_place_look(&source->luma, box, 16), VEIL_PLACE_BARE);
    assert_int_equal(veil_difference(&d, &out->luma, &source->luma), 0);
    assert_true(d.changed > 0.08 && d.stray == 0 && d.psnr > 60);
    free(source);
    free(out);
}

/* Black on a face of the night: the levels hardly change, the detail goes. */
static void a_dark_face_under_black_is_masked(void **state)
{
    Picture *source = texture(3, 1), *out = copy(source);

    (void)state;
    assert_int_equal(veil_place_compare(&out->luma, &source->luma, box), VEIL_PLACE_BARE);
    fill(out, 88, 66, 84, 100, 16);
    assert_int_equal(veil_place_compare(&out->luma, &source->luma, box), VEIL_PLACE_MASKED);
    free(source);
    free(out);
}

static void another_face_is_not_this_one(void **state)
{
    Picture *source = texture(4, 0), *out = texture(5, 0);

    (void)state;
    assert_int_equal(veil_place_compare(&out->luma, &source->luma, box), VEIL_PLACE_MASKED);
    free(source);
    free(out);
}

static void a_mask_beside_the_face_leaves_it_bare(void **state)
{
    Picture *source = texture(6, 0), *out = copy(source);

    (void)state;
    fill(out, 145, 66, 84, 100, 16); /* over a quarter of it */
    assert_int_equal(veil_place_compare(&out->luma, &source->luma, box), VEIL_PLACE_BARE);
    fill(out, 112, 66, 84, 100, 16); /* over most */
    assert_int_equal(veil_place_compare(&out->luma, &source->luma, box), VEIL_PLACE_MASKED);
    free(source);
    free(out);
}

static void a_brighter_picture_is_no_mask(void **state)
{
    Picture *source = texture(7, 0), *out = copy(source);
    VeilDifference d;

    (void)state;
    for (int i = 0; i < W * H; i++)
        out->at[i] = (uint8_t)(out->at[i] + 25);
    assert_int_equal(veil_difference(&d, &out->luma, &source->luma), 0);
    assert_true(d.changed > 0.9 && d.stray > 0.5);
    free(source);
    free(out);
}

static void boxes_at_the_edge_are_safe(void **state)
{
    static const float boxes[][4] = { { -50, -50, 20, 20 }, { W - 5, H - 5, 90, 90 }, { -1e5f, 3, 2e5f, 4 }, { 10, 10, 0.1f, 0.1f } };
    Picture *p = texture(8, 0);

    (void)state;
    for (size_t i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++) {
        veil_place_compare(&p->luma, &p->luma, boxes[i]);
        veil_place_look(&p->luma, boxes[i], 16);
    }
    assert_int_equal(veil_place_compare(&p->luma, &p->luma, boxes[0]), VEIL_PLACE_UNCLEAR);
    free(p);
}

static void a_face_of_several_frames_is_one_stretch(void **state)
{
    VeilAudit *a = calloc(1, sizeof(*a));
    float at[4] = { 10, 10, 40, 50 };

    (void)state;
    for (int i = 5; i < 30; i += 3, at[0] += 4)
        assert_int_equal(veil_audit_add_face(a, i, i / 25.0, at, 0.5f + (float)i / 100, 3), 0);
    assert_int_equal(a->n_faces, 1);
    assert_int_equal(a->face[0].from, 5);
    assert_int_equal(a->face[0].to, 29);
    assert_int_equal(a->face[0].frames, 9);
    assert_int_equal(veil_audit_add_face(a, 90, 3.6, at, 0.9f, 3), 0); /* much later */
    assert_int_equal(a->n_faces, 2);
    at[0] += 200; /* elsewhere */
    assert_int_equal(veil_audit_add_face(a, 90, 3.6, at, 0.9f, 3), 0);
    assert_int_equal(a->n_faces, 3);
    assert_false(veil_audit_is_clean(a));
    veil_audit_free(a);
}

static void a_doubtful_find_does_not_fail(void **state)
{
    VeilAudit *a = calloc(1, sizeof(*a));
    const float at[4] = { 10, 10, 40, 50 }, there[4] = { 90, 90, 40, 50 };

    (void)state;
    assert_int_equal(veil_audit_add_face(a, 5, 0.2, at, 0.6f, VEIL_AUDIT_SURE - 1), 0);
    assert_true(veil_audit_is_clean(a));
    a->strict = true;
    assert_false(veil_audit_is_clean(a));
    a->strict = false;
    assert_int_equal(veil_audit_add_face(a, 6, 0.24, at, 0.5f, VEIL_AUDIT_SURE), 0); /* one sure frame is enough */
    assert_false(veil_audit_is_clean(a));
    a->n_faces = 0;
    assert_int_equal(veil_audit_add_face(a, 9, 0.3, there, 0.1f, -1), 0); /* no mask on a known face */
    assert_false(veil_audit_is_clean(a));
    veil_audit_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coding_noise_hides_nothing),
        cmocka_unit_test(a_solid_box_is_a_mask),
        cmocka_unit_test(a_dark_face_under_black_is_masked),
        cmocka_unit_test(another_face_is_not_this_one),
        cmocka_unit_test(a_mask_beside_the_face_leaves_it_bare),
        cmocka_unit_test(a_brighter_picture_is_no_mask),
        cmocka_unit_test(boxes_at_the_edge_are_safe),
        cmocka_unit_test(a_face_of_several_frames_is_one_stretch),
        cmocka_unit_test(a_doubtful_find_does_not_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
