/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Goal: landmarks bring a face where the networks expect it, good looks are told from bad ones,
 * matchers say the same of the same face, and a threshold that was not measured is not used. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <sodium.h>
#include <libavutil/error.h>
#include <libavutil/log.h>

#include "filters/looks.h"
#include "filters/match_hog.h"
#include "filters/matcher.h"
#include "keys/result.h"
#include "keys/secmem.h"
#include "src/calibration.h"
#include "src/cmd.h"
#include "src/probe.h"
#include "src/recogniser.h"

/* ---- alignment ------------------------------------------------------------------- */

static void turn(float out[VEIL_LANDMARKS][2], float a, float b, float tx, float ty)
{
    for (int i = 0; i < VEIL_LANDMARKS; i++) {
        const float x = veil_align_points[i][0], y = veil_align_points[i][1];

        out[i][0] = a * x - b * y + tx;
        out[i][1] = b * x + a * y + ty;
    }
}

static void test_fit(void **state)
{
    static const float turned[][4] = { { 1, 0, 0, 0 }, { 2, 0, 5, -3 }, { 0, 1, 200, 10 }, { -.7f, .4f, 90, 80 } };
    float p[VEIL_LANDMARKS][2];
    VeilSimilarity s;

    (void)state;
    for (size_t i = 0; i < sizeof(turned) / sizeof(turned[0]); i++) {
        turn(p, turned[i][0], turned[i][1], turned[i][2], turned[i][3]);
        assert_int_equal(veil_align_fit(&s, veil_align_points, p), 0);
        assert_float_equal(s.a, turned[i][0], 1e-3f);
        assert_float_equal(s.b, turned[i][1], 1e-3f);
        assert_float_equal(s.tx, turned[i][2], .05f);
        assert_float_equal(s.ty, turned[i][3], .05f);
    }
}

static float error_of(const VeilSimilarity *s, const float p[VEIL_LANDMARKS][2])
{
    float sum = 0;

    for (int i = 0; i < VEIL_LANDMARKS; i++) {
        const float x = veil_align_points[i][0], y = veil_align_points[i][1];

        sum += powf(s->a * x - s->b * y + s->tx - p[i][0], 2) + powf(s->b * x + s->a * y + s->ty - p[i][1], 2);
    }
    return sum;
}

static void test_fit_is_the_nearest(void **state)
{
    float p[VEIL_LANDMARKS][2];
    VeilSimilarity s;

    (void)state;
    turn(p, 1.5f, .2f, 10, 20);
    p[2][0] += 6; /* a nose in half profile */
    assert_int_equal(veil_align_fit(&s, veil_align_points, p), 0);
    for (int k = 0; k < 81; k++) {
        const VeilSimilarity near = { s.a + .01f * (float)(k % 3 - 1), s.b + .01f * (float)(k / 3 % 3 - 1),
                                      s.tx + .5f * (float)(k / 9 % 3 - 1), s.ty + .5f * (float)(k / 27 - 1) };

        assert_true(error_of(&near, p) >= error_of(&s, p) - 1e-3f);
    }
}

static void test_fit_refuses(void **state)
{
    float p[VEIL_LANDMARKS][2] = { { 0 } };
    VeilSimilarity s;

    (void)state;
    assert_int_equal(veil_align_fit(&s, p, veil_align_points), AVERROR(EINVAL));
    p[0][0] = NAN;
    assert_int_equal(veil_align_fit(&s, p, veil_align_points), AVERROR(EINVAL));
}

static uint8_t picture[200 * 200 * 3];

static void fill_picture(int seed)
{
    for (int y = 0; y < 200; y++)
        for (int x = 0; x < 200; x++)
            for (int c = 0; c < 3; c++)
                picture[3 * (200 * y + x) + c] =
                    (uint8_t)(128 + 60 * sinf((float)(x * (c + 2 + seed)) * .07f) + 60 * cosf((float)(y * (3 + seed)) * .05f));
}

static void test_warp(void **state)
{
    const VeilBgr pic = { picture, 200, 200, 600 };
    const VeilSimilarity same = { 1, 0, -30, -40 }, half = { .5f, 0, 0, 0 }, quarter = { 0, 1, 199, 0 };
    static uint8_t out[VEIL_ALIGN_BYTES];
    int sum = 0;

    (void)state;
    fill_picture(0);
    veil_align_warp(out, VEIL_ALIGN_SIDE, VEIL_ALIGN_SIDE, &pic, &same);
    for (int y = 0; y < VEIL_ALIGN_SIDE; y++)
        assert_memory_equal(out + y * VEIL_ALIGN_SIDE * 3, picture + 3 * (200 * (y + 40) + 30), VEIL_ALIGN_SIDE * 3);
    veil_align_warp(out, VEIL_ALIGN_SIDE, VEIL_ALIGN_SIDE, &pic, &quarter);
    assert_int_equal(out[3 * (10 * VEIL_ALIGN_SIDE + 20)], picture[3 * (200 * (199 - 20) + 10)]);
    for (int i = 0; i < 200 * 200 * 3; i++) /* a chessboard of pixels becomes grey, not black or white */
        picture[i] = (i / 3 % 200 + i / 600) % 2 ? 255 : 0;
    veil_align_warp(out, 90, 90, &pic, &half);
    for (int i = 0; i < 80 * 90 * 3; i++)
        sum += abs(out[i] - 128) > 60;
    assert_int_equal(sum, 0);
}

/* ---- quality ------------------------------------------------------------------------- */

static VeilFace face_of(float eyes, float nose)
{
    VeilFace f = { .score = 1, .has_landmarks = true };

    f.landmark[1][0] = eyes;
    f.landmark[2][0] = nose * eyes;
    f.landmark[2][1] = eyes * .6f;
    return f;
}

static void test_quality(void **state)
{
    static uint8_t flat[VEIL_ALIGN_BYTES], sharp[VEIL_ALIGN_BYTES];
    const VeilFace front = face_of(60, .5f), small = face_of(17.5f, .5f), aside = face_of(60, .75f), profile = face_of(60, 1.1f);
    VeilFace unknown = front;

    (void)state;
    unknown.has_landmarks = false;
    for (int i = 0; i < VEIL_ALIGN_BYTES; i++)
        sharp[i] = (i / 3 / 2) % 2 ? 200 : 50;
    assert_true(veil_align_quality(&front, sharp) > .9f);
    assert_true(veil_align_quality(&front, flat) == 0);
    assert_float_equal(veil_align_quality(&small, sharp), veil_align_quality(&front, sharp) / 2, 1e-4f);
    assert_float_equal(veil_align_quality(&aside, sharp), veil_align_quality(&front, sharp) / 2, 1e-4f);
    assert_true(veil_align_quality(&profile, sharp) == 0);
    assert_true(veil_align_quality(&unknown, sharp) == 0);
}

/* ---- matchers ---------------------------------------------------------------------------- */

static void make_face(uint8_t *aligned, int seed)
{
    const VeilSimilarity s = { 1, 0, 0, 0 };

    fill_picture(seed);
    veil_align_warp(aligned, VEIL_ALIGN_SIDE, VEIL_ALIGN_SIDE, &(VeilBgr){ picture, 200, 200, 600 }, &s);
}

static void test_table(void **state)
{
    (void)state;
    for (int i = 0; veil_matchers[i]; i++) {
        assert_ptr_equal(veil_matcher_find(veil_matchers[i]->name), veil_matchers[i]);
        assert_true(veil_matchers[i]->model || veil_matchers[i]->revision);
    }
    assert_null(veil_matcher_find("nobody"));
    assert_true(veil_matcher_find("hog")->demonstration);
    assert_false(veil_matcher_find("mobilefacenet")->demonstration);
}

static void check_scores(const VeilMatcherBackend *b, const VeilMatcherConfig *c)
{
    static uint8_t one[VEIL_ALIGN_BYTES], two[VEIL_ALIGN_BYTES];
    VeilMatcherState *m;
    float *x, *y, *none;

    assert_int_equal(veil_matcher_open(&m, b, c, NULL), 0);
    make_face(one, 0);
    make_face(two, 3);
    assert_non_null(x = veil_matcher_template(m));
    assert_non_null(y = veil_matcher_template(m));
    assert_non_null(none = veil_matcher_template(m));
    assert_int_equal(veil_matcher_add(m, one, x, NULL), 0);
    assert_int_equal(veil_matcher_add(m, one, y, NULL), 0);
    assert_float_equal(veil_matcher_score(m, x, y), 1, 1e-5f);
    assert_true(veil_matcher_score(m, x, none) == 0);
    assert_int_equal(veil_matcher_add(m, two, y, NULL), 0); /* a template of two looks is nearer to one than the other is */
    assert_true(veil_matcher_score(m, x, y) < 1);
    veil_secret_free(none);
    assert_non_null(none = veil_matcher_template(m));
    assert_int_equal(veil_matcher_add(m, two, none, NULL), 0);
    assert_true(veil_matcher_score(m, x, none) < veil_matcher_score(m, x, y));
    veil_secret_free(x);
    veil_secret_free(y);
    veil_secret_free(none);
    veil_matcher_close(m);
}

static void test_hog(void **state)
{
    static uint8_t grey[VEIL_ALIGN_BYTES];
    static float feature[VEIL_HOG_FEATURES], scratch[2 * VEIL_ALIGN_SIDE * VEIL_ALIGN_SIDE];

    (void)state;
    check_scores(veil_matcher_find("hog"), &(VeilMatcherConfig){ .threads = 1 });
    memset(grey, 100, sizeof(grey));
    veil_hog_measure(grey, feature, scratch);
    for (int i = 0; i < VEIL_HOG_FEATURES; i++)
        assert_true(isfinite(feature[i]));
    for (int i = 0; i < VEIL_HOG_CELLS * VEIL_HOG_CELLS * VEIL_HOG_BINS; i++)
        assert_float_equal(feature[i], 0, 1e-3f); /* no edges in a wall */
}

static void test_mobilefacenet(void **state)
{
    const VeilMatcherBackend *b = veil_matcher_find("mobilefacenet");
    char path[4096], digest[VEIL_DIGEST_HEX];
    VeilMatcherConfig c;

    (void)state;
    if (veil_recogniser_locate(b, &c, path, sizeof(path), digest) < 0) {
        print_message("no mobilefacenet in VEIL_MODELS: skipped\n");
        skip();
    }
    check_scores(b, &c);
}

/* OpenCV's FaceRecognizerSF runs any network of that shape, so the way is tested where SFace's own file is not. */
static void test_sface_way(void **state)
{
    char path[4096], digest[VEIL_DIGEST_HEX];
    VeilMatcherConfig c;

    (void)state;
    if (veil_recogniser_locate(veil_matcher_find("mobilefacenet"), &c, path, sizeof(path), digest) < 0) {
        print_message("no network of that shape in VEIL_MODELS: skipped\n");
        skip();
    }
    check_scores(veil_matcher_find("sface"), &c);
}

static void test_no_model(void **state)
{
    const VeilMatcherConfig absent = { .model = "/nonexistent.onnx", .threads = 1 };
    VeilMatcherState *m;

    (void)state;
    av_log_set_level(AV_LOG_QUIET);
    assert_int_equal(veil_matcher_open(&m, veil_matcher_find("sface"), &absent, NULL), AVERROR(ENOENT));
    assert_null(m);
    assert_int_equal(veil_matcher_open(&m, veil_matcher_find("mobilefacenet"), &(VeilMatcherConfig){ .threads = 1 }, NULL),
                     AVERROR(ENOENT));
    av_log_set_level(AV_LOG_INFO);
}

/* ---- looks ---------------------------------------------------------------------------------- */

static void test_no_face(void **state)
{
    AVFrame *f = av_frame_alloc();
    VeilLooks looks = { 0 };
    VeilLooker *l;

    (void)state;
    f->format = AV_PIX_FMT_YUV420P;
    f->width = f->height = 64;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    for (int p = 0; p < 3; p++)
        memset(f->data[p], 128, (size_t)f->linesize[p] * (p ? 32 : 64));
    assert_int_equal(veil_looker_open(&l, veil_detector_find("own"), NULL, 0, 1, NULL), 0);
    assert_int_equal(veil_looks_offer(&looks, l, f, 0, 0), 0);
    assert_int_equal(looks.seen, 1);
    assert_int_equal(looks.n, 0);
    veil_looks_free(&looks);
    veil_looker_close(l);
    av_frame_free(&f);
}

/* ---- thresholds -------------------------------------------------------------------------------- */

#define ENTRY "matcher = \"m\"; detector = \"own\"; threshold = 0.5; quality = 0.1; target = 0.01; same = [1, 2]; " \
              "other = [0, 9]; tracks = [1, 1]; people = 2; set = \"s\"; date = \"2026-01-01\"; "
#define SHA "sha256 = \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"; "

static int read_text(const char *text, VeilCalibrations **out)
{
    char path[] = "/tmp/veil-calibration-XXXXXX";
    const int fd = mkstemp(path);
    int ret;

    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    ret = veil_calibrations_read(out, path);
    unlink(path);
    return ret;
}

static void test_calibration(void **state)
{
    static const char *const bad[] = {
        "", "calibration = 3;", "calibration = ( 3 );", "calibration = ( { " ENTRY "} );",
        "calibration = ( { " ENTRY SHA "people = 1; } );", "calibration = ( { " ENTRY "sha256 = \"AA\"; } );",
        "calibration = ( { matcher = \"m\"; } );", "calibration = (",
    };
    const char *digest = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    VeilCalibrations *all;

    (void)state;
    assert_int_equal(read_text("calibration = ( { " ENTRY SHA "} );", &all), 0);
    assert_int_equal(all->n, 1);
    assert_int_equal(veil_calibrations_find(all, -1, "m", digest), 0);
    assert_int_equal(veil_calibrations_find(all, 0, "m", digest), -1);
    assert_int_equal(veil_calibrations_find(all, -1, "other", digest), -1);
    assert_int_equal(veil_calibrations_find(all, -1, "m", "bb"), -1);
    free(all);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_true(read_text(bad[i], &all) < 0);
        assert_null(all);
    }
}

static void test_refusals(void **state)
{
    char path[] = "/tmp/veil-calibration-XXXXXX";
    const int fd = mkstemp(path);
    VeilRecogniser r;

    (void)state;
    assert_true(fd >= 0 && write(fd, "calibration = ( );", 18) == 18);
    close(fd);
    assert_int_equal(veil_recogniser_open(&r, "hog", NULL, false, 0), VEIL_EXIT_NO); /* not for real people */
    veil_recogniser_close(&r);
    assert_int_equal(veil_recogniser_open(&r, "hog", path, true, 0), VEIL_EXIT_ERROR); /* not measured */
    veil_recogniser_close(&r);
    assert_int_equal(veil_recogniser_open(&r, "nobody", NULL, true, 0), VEIL_EXIT_ERROR);
    veil_recogniser_close(&r);
    unlink(path);
}

/* ---- probes and results -------------------------------------------------------------------------- */

static void test_probe_refuses(void **state)
{
    static const uint8_t png[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R' };
    AVFrame *f;

    (void)state;
    av_log_set_level(AV_LOG_QUIET);
    assert_int_equal(veil_probe_decode(&f, (const uint8_t *)"BM no picture", 13, "x"), VEIL_EXIT_ERROR);
    assert_null(f);
    assert_int_equal(veil_probe_decode(&f, png, sizeof(png), "x"), VEIL_EXIT_ERROR);
    assert_null(f);
    assert_int_equal(veil_probe_decode(&f, png, 0, "x"), VEIL_EXIT_ERROR);
    av_log_set_level(AV_LOG_INFO);
}

static void test_result(void **state)
{
    static VeilResult r = { .leaf = 7, .time = 1777644120, .matcher = "m", .detector = "own", .threshold = 371,
                            .set = "s", .date = "2026-01-01", .people = 10, .same = { 9, 10 }, .other = { 1, 900 },
                            .compared = 3, .unusable = 1, .hits = 2 };
    static VeilResult back;
    uint8_t pk[32], sk[64], other[32], sk2[64];
    VeilText t = { 0 };
    VeilErr err;
    char *score;

    (void)state;
    crypto_sign_keypair(pk, sk);
    crypto_sign_keypair(other, sk2);
    r.hit[0] = (VeilHit){ .track = 4, .seg = 1, .frame = 99, .score = 512 };
    r.hit[1] = (VeilHit){ .track = 9, .score = 400 };
    veil_result_print(&t, &r);
    assert_true(veil_note_sign(&t, "matcher-sign", sk) >= 0);
    assert_true(veil_result_parse(&back, t.at, t.len, pk, "r", &err) >= 0);
    assert_memory_equal(&back, &r, sizeof(r));
    assert_true(veil_result_parse(&back, t.at, t.len, other, "r", &err) < 0);
    for (size_t n = 0; n < t.len; n += 7)
        assert_true(veil_result_parse(&back, t.at, n, pk, "r", &err) < 0);
    assert_non_null(score = strstr(t.at, " 512 "));
    score[1] = '9'; /* a better score than the matcher gave */
    assert_int_equal(veil_result_parse(&back, t.at, t.len, pk, "r", &err), VEIL_E_SIGNATURE);
    veil_text_free(&t);
}

static void test_confirmation(void **state)
{
    static VeilConfirmation c = { .leaf = 7, .time = 1777644120, .person = true, .confirmed = { true, false, true }, .hits = 3 };
    static VeilConfirmation back;
    uint8_t pk[32], sk[64];
    VeilText t = { 0 };
    VeilErr err;

    (void)state;
    crypto_sign_keypair(pk, sk);
    veil_confirmation_print(&t, &c);
    assert_true(veil_note_sign(&t, "matcher-sign", sk) >= 0);
    assert_true(veil_confirmation_parse(&back, t.at, t.len, pk, "c", &err) >= 0);
    assert_memory_equal(&back, &c, sizeof(c));
    memcpy(strstr(t.at, "rejected"), "accepted", 8);
    assert_int_equal(veil_confirmation_parse(&back, t.at, t.len, pk, "c", &err), VEIL_E_CANON);
    veil_text_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_fit_is_the_nearest),
        cmocka_unit_test(test_fit_refuses),
        cmocka_unit_test(test_warp),
        cmocka_unit_test(test_quality),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_hog),
        cmocka_unit_test(test_mobilefacenet),
        cmocka_unit_test(test_sface_way),
        cmocka_unit_test(test_no_model),
        cmocka_unit_test(test_no_face),
        cmocka_unit_test(test_calibration),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_probe_refuses),
        cmocka_unit_test(test_result),
        cmocka_unit_test(test_confirmation),
    };

    setenv("VEIL_CONFIG", "config", 0); /* tests run in the root of the tree */
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
