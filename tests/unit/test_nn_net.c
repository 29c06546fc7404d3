/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Whole networks on real pictures, veil's engine against OpenCV dnn. Needs
 * VEIL_MODELS (with yunet/, and own/ for the second test) and VEIL_TEST_MEDIA
 * (with images/); without them the tests say so and are skipped.
 */
#include <glob.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "filters/cv.h"
#include "filters/detector.h"
#include "filters/nn/file.h"
#include "filters/nn/run.h"
#include "filters/picture.h"
#include "tests/image.h"

#define MAX_IMAGES 12
#define BOX_ERROR 0.5f    ///< pixels
#define SCORE_ERROR 1e-3f

static char model[4096];
static glob_t images;

static const char *need(const char *variable)
{
    const char *value = getenv(variable);

    if (!value || !*value) {
        print_message("%s is not set: whole networks are not compared\n", variable);
        skip();
    }
    return value;
}

static void need_model(const char *file)
{
    snprintf(model, sizeof(model), "%s/%s", need("VEIL_MODELS"), file);
    if (access(model, R_OK)) {
        print_message("'%s' is not there: its network is not compared\n", model);
        skip();
    }
}

static void need_images(void)
{
    char pattern[4096];

    snprintf(pattern, sizeof(pattern), "%s/images/*/*.jpg", need("VEIL_TEST_MEDIA"));
    globfree(&images);
    if (glob(pattern, 0, NULL, &images) || !images.gl_pathc) {
        print_message("no pictures match '%s': nothing is compared\n", pattern);
        skip();
    }
}

/* Pictures spread over all that there are. */
static AVFrame *image_at(int i)
{
    const size_t n = images.gl_pathc, k = n <= MAX_IMAGES ? (size_t)i % n : i * n / MAX_IMAGES;
    AVFrame *f = image_read(images.gl_pathv[k]);

    if (!f)
        fail_msg("cannot read '%s'", images.gl_pathv[k]);
    return f;
}

/* A face near the threshold may be on either side of it. */
static bool has_twin(const VeilFace *f, const VeilFace *all, int n, float threshold)
{
    for (int i = 0; i < n; i++) {
        const VeilFace *g = &all[i];
        bool same = fabsf(f->score - g->score) < SCORE_ERROR && fabsf(f->x - g->x) < BOX_ERROR &&
                    fabsf(f->y - g->y) < BOX_ERROR && fabsf(f->w - g->w) < BOX_ERROR && fabsf(f->h - g->h) < BOX_ERROR;

        for (int k = 0; k < VEIL_LANDMARKS; k++)
            same = same && fabsf(f->landmark[k][0] - g->landmark[k][0]) < BOX_ERROR &&
                   fabsf(f->landmark[k][1] - g->landmark[k][1]) < BOX_ERROR;
        if (same)
            return true;
    }
    return f->score < threshold + SCORE_ERROR;
}

static void equals_opencv(const char *file)
{
    static const int sizes[] = {0, 320, 640, 1280};
    static VeilFace a[VEIL_MAX_FACES], b[VEIL_MAX_FACES];
    int faces = 0;

    need_model(file);
    need_images();
    for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
        const VeilDetectorConfig c = {.model = model, .size = sizes[s], .threshold = 0.4f, .threads = 1 + s % 2};
        const VeilDetectorBackend *reference = veil_detector_find("opencv"), *ours = veil_detector_find("yunet");
        void *p, *q;

        assert_int_equal(reference->open(&p, &c, NULL), 0);
        assert_int_equal(ours->open(&q, &c, NULL), 0);
        for (int i = 0; i < MAX_IMAGES; i++) {
            AVFrame *f = image_at(i);
            const int n = reference->find(p, f, a, VEIL_MAX_FACES, NULL), m = ours->find(q, f, b, VEIL_MAX_FACES, NULL);

            assert_true(n >= 0 && m >= 0);
            for (int k = 0; k < n; k++)
                assert_true(has_twin(&a[k], b, m, c.threshold));
            for (int k = 0; k < m; k++)
                assert_true(has_twin(&b[k], a, n, c.threshold));
            faces += n;
            av_frame_free(&f);
        }
        reference->close(p);
        ours->close(q);
    }
    print_message("%d faces agree\n", faces);
    assert_true(faces > MAX_IMAGES);
}

static void yunet_equals_opencv(void **state)
{
    (void)state;
    equals_opencv("yunet/face_detection_yunet_2023mar.onnx");
}

static void yunet_n_equals_opencv(void **state)
{
    (void)state;
    equals_opencv("yunet/yunet_n_640_640.onnx");
}

/* The same face, as far as bytes can tell. */
static bool has_near(const VeilFace *f, const VeilFace *all, int n)
{
    for (int i = 0; i < n; i++)
        if (veil_face_iou(f, &all[i]) > 0.7f && fabsf(f->score - all[i].score) < 0.15f)
            return true;
    return false;
}

static void int8_finds(const char *file)
{
    static const int sizes[] = {640, 1280};
    static VeilFace a[VEIL_MAX_FACES], b[VEIL_MAX_FACES];
    const VeilDetectorBackend *yunet = veil_detector_find("yunet");
    int faces = 0, lost = 0;

    if (!veil_nn_kernels_find(NULL)->pw8)
        skip();
    need_model(file);
    need_images();
    for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
        VeilDetectorConfig c = {.model = model, .size = sizes[s], .threshold = 0.3f, .threads = 1};
        void *p, *q;

        assert_int_equal(yunet->open(&p, &c, NULL), 0);
        c.precision = VEIL_PRECISION_INT8;
        assert_int_equal(yunet->open(&q, &c, NULL), 0);
        assert_string_equal(yunet->precision(p), "float");
        assert_string_equal(yunet->precision(q), "int8");
        for (int i = 0; i < MAX_IMAGES; i++) {
            AVFrame *f = image_at(i);
            const int n = yunet->find(p, f, a, VEIL_MAX_FACES, NULL), m = yunet->find(q, f, b, VEIL_MAX_FACES, NULL);

            for (int k = 0; k < n; k++)
                if (a[k].score > 0.5f) {
                    faces++;
                    lost += !has_near(&a[k], b, m);
                }
            av_frame_free(&f);
        }
        yunet->close(p);
        yunet->close(q);
    }
    print_message("%d faces, %d of them not alike\n", faces, lost);
    assert_true(faces > MAX_IMAGES);
    assert_true(lost * 100 <= faces);
}

static void int8_finds_what_float_finds(void **state)
{
    (void)state;
    int8_finds("yunet/face_detection_yunet_2023mar.onnx");
}

static void int8_finds_what_float_finds_n(void **state)
{
    (void)state;
    int8_finds("yunet/yunet_n_640_640.onnx");
}

static float worst_of(const VeilNNMap *m, const float *planes)
{
    float most = 0;

    for (int c = 0; c < m->channels; c++)
        for (int y = 0; y < m->rows; y++)
            for (int x = 0; x < m->cols; x++)
                most = fmaxf(most, fabsf(m->data[y * m->pitch + x * m->cell + c] -
                                         planes[((size_t)c * m->rows + y) * m->cols + x]));
    return most;
}

static void own_equals_its_onnx_file(void **state)
{
    static const char *const names[] = {"p4", "p8", "p16", "p32"};
    const VeilCvInput input = {.mean = 128, .scale = 1 / 128.f};
    const VeilPictureConfig pc = {.size = 640, .channels = 1, .fill = 128};
    char why[VEIL_CV_WHY];
    const float *outs[4];
    size_t sizes[4], size;
    const uint8_t *data = veil_nn_own_weights(&size);
    VeilPicture pic = {0};
    VeilNNGraph *g;
    VeilCvNet *cv;
    VeilNN *nn;

    (void)state;
    need_model("own/facedet_dynamic.onnx");
    need_images();
    assert_int_equal(veil_cv_net_open(&cv, model, 1, why), 0);
    assert_int_equal(veil_nn_file_parse(&g, data, size, why), 0);
    assert_int_equal(veil_nn_new(&nn, g, veil_nn_kernels_find(NULL), VEIL_NN_FLOAT, 1), 0);
    for (int i = 0; i < MAX_IMAGES; i++) {
        AVFrame *f = image_at(i);

        assert_int_equal(veil_picture_read(&pic, f, &pc, NULL), 0);
        const VeilCvPicture p = {pic.data, pic.w, pic.h, pic.stride, 1};
        if (veil_cv_net_run(cv, &p, &input, names, 4, outs, sizes, why) < 0)
            fail_msg("%s", why);
        assert_int_equal(veil_nn_run(nn, pic.data, pic.w, pic.h, pic.stride), 0);
        for (int k = 0; k < 4; k++) {
            const VeilNNMap m = veil_nn_map(nn, k);

            assert_int_equal(sizes[k], (size_t)m.channels * m.rows * m.cols);
            assert_true(worst_of(&m, outs[k]) < 1e-3f);
        }
        av_frame_free(&f);
    }
    veil_picture_free(&pic);
    veil_nn_free(nn);
    veil_nn_graph_free(g);
    veil_cv_net_close(cv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yunet_equals_opencv),
        cmocka_unit_test(yunet_n_equals_opencv),
        cmocka_unit_test(int8_finds_what_float_finds),
        cmocka_unit_test(int8_finds_what_float_finds_n),
        cmocka_unit_test(own_equals_its_onnx_file),
    };

    av_log_set_level(AV_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
