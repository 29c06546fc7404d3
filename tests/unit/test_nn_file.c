/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The weights file and the executor, without any model from outside: files
 * cut short, altered or unknown are refused; the compiled-in network gives
 * the same on every instruction set and any number of threads.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "filters/nn/decode.h"
#include "filters/nn/file.h"

static VeilNNGraph *own(void)
{
    char why[VEIL_NN_WHY];
    size_t size;
    const uint8_t *data = veil_nn_own_weights(&size);
    VeilNNGraph *g;

    if (veil_nn_file_parse(&g, data, size, why) < 0)
        fail_msg("compiled-in weights: %s", why);
    return g;
}

static void own_weights_are_read(void **state)
{
    VeilNNGraph *g = own();

    (void)state;
    assert_int_equal(g->channels, 1);
    assert_int_equal(g->heads, 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(g->layer[g->head[i]].halvings, 2 + i);
    assert_float_equal(veil_nn_graph_macs(g, 640, 384) / 1e6, 214. * 384 / 360, 2); /* ARCH.md counts 640x360 */
    veil_nn_graph_free(g);
}

static void refused(const uint8_t *data, size_t size)
{
    char why[VEIL_NN_WHY] = "";
    VeilNNGraph *g;

    assert_true(veil_nn_file_parse(&g, data, size, why) < 0);
    assert_null(g);
    assert_true(strlen(why) > 5);
}

/* Every length is checked: no prefix of a file passes, each copied so that a sanitizer sees reads past it. */
static void short_files_are_refused(void **state)
{
    size_t size;
    const uint8_t *data = veil_nn_own_weights(&size);

    (void)state;
    for (size_t n = 0; n < size; n += n < 200 ? 1 : 30011) {
        uint8_t *copy = malloc(n + !n);

        memcpy(copy, data, n);
        refused(copy, n);
        if (n >= 12) { /* and one that lies about its length */
            copy[8] = n, copy[9] = n >> 8, copy[10] = n >> 16, copy[11] = 0;
            refused(copy, n);
        }
        free(copy);
    }
}

static void altered_files_are_refused(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } change[] = {
        {0, 'X'}, {7, 2}, {8, 0xff}, {12, 2}, {19, 0x7f}, {24, 200}, {28, 14}, {42, 9}, /* header */
        {44, 9}, {44, 0}, {48, 3}, {50, 0}, {51, 99}, {52, 7}, {54, 0},                 /* first layer */
    };
    size_t size;
    const uint8_t *data = veil_nn_own_weights(&size);

    (void)state;
    for (size_t i = 0; i < sizeof(change) / sizeof(*change); i++) {
        uint8_t *copy = malloc(size);

        memcpy(copy, data, size);
        copy[change[i].at] = change[i].value;
        if (change[i].at == 19)
            copy[18] = 0x80; /* makes it infinite */
        refused(copy, size);
        free(copy);
    }
}

static void missing_files_are_refused(void **state)
{
    char why[VEIL_NN_WHY] = "";
    VeilNNGraph *g;

    (void)state;
    assert_true(veil_nn_file_read(&g, "/nonexistent/x.veilnn", why) < 0);
    assert_true(strlen(why) > 5);
    assert_true(veil_nn_file_read(&g, "/", why) < 0);
}

static uint8_t *noise(int w, int h)
{
    uint8_t *pic = malloc((size_t)w * h);
    unsigned seed = 7;

    for (int i = 0; i < w * h; i++) {
        seed = seed * 1664525 + 1013904223;
        pic[i] = (i % w / 3 + (seed >> 28)) & 255;
    }
    return pic;
}

static float worst(const VeilNN *a, const VeilNN *b, int heads)
{
    float most = 0;

    for (int i = 0; i < heads; i++) {
        const VeilNNMap m = veil_nn_map(a, i), n = veil_nn_map(b, i);

        for (int y = 0; y < m.rows; y++)
            for (int x = 0; x < m.cols; x++)
                for (int c = 0; c < m.channels; c++)
                    most = fmaxf(most, fabsf(m.data[y * m.pitch + x * m.cell + c] - n.data[y * n.pitch + x * n.cell + c]));
    }
    return most;
}

/* Plain C with one thread, and these kernels with so many; the farthest of all values may be `most` apart. */
static void compare_with_plain_c(const VeilNNGraph *g, const VeilNNKernels *k, VeilNNPrecision precision, int threads,
                                 float most)
{
    static const int size[][2] = {{32, 32}, {64, 32}, {32, 96}, {224, 128}, {32, 32}};
    VeilNN *a, *b;

    assert_int_equal(veil_nn_new(&a, g, veil_nn_kernels_find("c"), precision, 1), 0);
    assert_int_equal(veil_nn_new(&b, g, k, precision, threads), 0);
    for (size_t s = 0; s < sizeof(size) / sizeof(*size); s++) {
        const int w = size[s][0], h = size[s][1];
        uint8_t *pic = noise(w * g->channels, h);

        assert_int_equal(veil_nn_run(a, pic, w, h, w * g->channels), 0);
        assert_int_equal(veil_nn_run(b, pic, w, h, w * g->channels), 0);
        if (!(worst(a, b, g->heads) < most))
            fail_msg("%s with %d threads at %dx%d, precision %d: worst difference %g", k->name, threads, w, h, precision,
                     worst(a, b, g->heads));
        free(pic);
    }
    veil_nn_free(a);
    veil_nn_free(b);
}

/* Sums in another order may end on the other side of a half step. */
static void compare_all(const VeilNNGraph *g, float a_step)
{
    const VeilNNKernels *k;

    for (int i = 0; (k = veil_nn_kernels_at(i)); i++)
        for (int threads = 1; threads <= 3; threads++) {
            compare_with_plain_c(g, k, VEIL_NN_FLOAT, threads, 1e-3f);
            if (k->pw8)
                compare_with_plain_c(g, k, VEIL_NN_INT8, threads, a_step);
        }
}

static void every_way_of_running_agrees(void **state)
{
    VeilNNGraph *g = own();

    (void)state;
    compare_all(g, 0.2f);
    veil_nn_graph_free(g);
}

/* ---- another network: one file, no code ------------------------------------------------- */

typedef struct Writer {
    uint8_t data[1 << 16];
    size_t n;
} Writer;

static void put(Writer *w, const void *p, size_t n)
{
    assert_true(w->n + n <= sizeof(w->data));
    memcpy(w->data + w->n, p, n);
    w->n += n;
}

static void put16(Writer *w, int v)
{
    put(w, (const uint8_t[]){(uint8_t)v, (uint8_t)(v >> 8)}, 2);
}

static void put_weights(Writer *w, int n, float size)
{
    for (int i = 0; i < n; i++) {
        const float v = size * ((float)(i * 7919 % 2001) / 1000 - 1);

        put(w, &v, sizeof(v));
    }
}

static void put_layer(Writer *w, VeilNNOp op, bool relu, int stride, int channels, int a, int b, int weights)
{
    put16(w, op), put16(w, relu), put16(w, stride), put16(w, channels), put16(w, a), put16(w, b);
    put_weights(w, weights, 0.2f);
    put_weights(w, weights ? channels : 0, 0.1f);
}

/* Colour, widths that are no multiple of a register's, every kind of layer, two outputs. */
static size_t another_network(Writer *w)
{
    const float zero = 0, scale = 1 / 255.f, overlap = 0.3f;
    const int none = 0xffff;

    put(w, "VEILNN\0\1\0\0\0\0", 12);
    put16(w, 3), put16(w, 0);
    put(w, &zero, 4), put(w, &scale, 4);
    put16(w, 0), put16(w, none), put16(w, 1), put16(w, none); /* cls, no obj, box, no points */
    put(w, &zero, 4), put(w, &overlap, 4);
    put16(w, 9), put16(w, 2);
    put_layer(w, VEIL_NN_CONV3, true, 2, 24, 0, none, 9 * 3 * 24); /* 1 */
    put_layer(w, VEIL_NN_PW, false, 1, 40, 1, none, 24 * 40);
    put_layer(w, VEIL_NN_DW3, true, 2, 40, 2, none, 9 * 40);
    put_layer(w, VEIL_NN_PW, true, 1, 72, 3, none, 40 * 72); /* 4 */
    put_layer(w, VEIL_NN_POOL2, false, 2, 72, 4, none, 0);
    put_layer(w, VEIL_NN_PW, true, 1, 72, 5, 5, 72 * 72);
    put_layer(w, VEIL_NN_UPADD, false, 1, 72, 4, 6, 0); /* 7 */
    put_layer(w, VEIL_NN_PW, false, 1, 5, 7, none, 72 * 5);
    put_layer(w, VEIL_NN_PW, false, 1, 5, 6, none, 72 * 5);
    put16(w, 8), put16(w, 9);
    for (int i = 0; i < 4; i++)
        w->data[8 + i] = (uint8_t)(w->n >> 8 * i);
    return w->n;
}

static void another_network_is_one_file(void **state)
{
    static Writer w;
    char why[VEIL_NN_WHY];
    VeilNNGraph *g;
    const size_t n = another_network(&w);

    (void)state;
    if (veil_nn_file_parse(&g, w.data, n, why) < 0)
        fail_msg("%s", why);
    assert_int_equal(g->heads, 2);
    assert_non_null(g->layer[1].w8);
    assert_non_null(g->layer[4].w8);
    compare_all(g, 0.05f);
    veil_nn_graph_free(g);
}

static void int8_is_refused_without_its_kernels(void **state)
{
    VeilNNKernels without = *veil_nn_kernels_find("c");
    VeilNNGraph *g = own();
    VeilNN *nn;

    (void)state;
    without.pw8 = NULL;
    assert_int_equal(veil_nn_new(&nn, g, &without, VEIL_NN_INT8, 1), -ENOSYS);
    assert_null(nn);
    veil_nn_graph_free(g);
}

/* The same picture twice gives the same bits: nothing of the last run is left in a ring. */
static void runs_do_not_depend_on_the_past(void **state)
{
    VeilNNGraph *g = own();
    VeilNN *a, *b;
    uint8_t *pic = noise(160, 96), *other = calloc(160, 96);

    (void)state;
    assert_int_equal(veil_nn_new(&a, g, veil_nn_kernels_find(NULL), VEIL_NN_FLOAT, 2), 0);
    assert_int_equal(veil_nn_new(&b, g, veil_nn_kernels_find(NULL), VEIL_NN_FLOAT, 1), 0);
    veil_nn_run(a, other, 160, 96, 160);
    veil_nn_run(a, pic, 160, 96, 160);
    veil_nn_run(b, pic, 160, 96, 160);
    assert_true(worst(a, b, g->heads) < 1e-4f);
    veil_nn_free(a);
    veil_nn_free(b);
    veil_nn_graph_free(g);
    free(pic);
    free(other);
}

static void impossible_pictures_are_refused(void **state)
{
    VeilNNGraph *g = own();
    VeilNN *nn;
    uint8_t pic[64] = {0};

    (void)state;
    assert_true(veil_nn_new(&nn, g, veil_nn_kernels_find(NULL), VEIL_NN_FLOAT, 0) < 0);
    assert_int_equal(veil_nn_new(&nn, g, veil_nn_kernels_find(NULL), VEIL_NN_FLOAT, 1), 0);
    assert_true(veil_nn_run(nn, pic, 33, 32, 33) < 0);
    assert_true(veil_nn_run(nn, pic, 0, 32, 32) < 0);
    assert_true(veil_nn_run(nn, pic, 64, 32, 32) < 0);
    assert_true(veil_nn_run(nn, pic, 32, 1 << 20, 32) < 0);
    veil_nn_free(nn);
    veil_nn_free(NULL);
    veil_nn_graph_free(g);
    veil_nn_graph_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_weights_are_read),
        cmocka_unit_test(short_files_are_refused),
        cmocka_unit_test(altered_files_are_refused),
        cmocka_unit_test(missing_files_are_refused),
        cmocka_unit_test(every_way_of_running_agrees),
        cmocka_unit_test(another_network_is_one_file),
        cmocka_unit_test(int8_is_refused_without_its_kernels),
        cmocka_unit_test(runs_do_not_depend_on_the_past),
        cmocka_unit_test(impossible_pictures_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
