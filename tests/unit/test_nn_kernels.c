/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Every kernel of every instruction set this processor has, against plain C:
 * random values, random widths and channels. Buffers are exactly as large as
 * promised, and what lies beside the output must stay as it was.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "filters/nn/kernels.h"

#define ROUNDS 200
#define GUARD 1234.5f ///< stands left and right of every output
#define MAX_CO 512

static unsigned seed = 1;

static unsigned draw(unsigned below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static float draw_float(void)
{
    return draw(20001) / 10000.f - 1;
}

/* Exactly n floats, so that a sanitizer sees the first one too many. */
static float *floats(size_t n)
{
    float *p = malloc(n * sizeof(*p));

    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        p[i] = draw_float();
    return p;
}

/* A row of w cells between two zero cells. @return its column 0 */
static float *row_new(int w, int c)
{
    float *p = floats((size_t)(w + 2) * c);

    memset(p, 0, c * sizeof(*p));
    memset(p + (size_t)(w + 1) * c, 0, c * sizeof(*p));
    return p + c;
}

static void row_free(float *row, int c)
{
    free(row - c);
}

typedef struct Case {
    VeilNNLayer l;
    int w;           ///< of the output
    float *row[3];   ///< of ci channels, w * stride cells
    float *add;      ///< of co channels, w cells
    float *half;     ///< of co channels, (w + 1) / 2 cells
    float *out[2];   ///< plain C, and the one tested
} Case;

static Case case_new(VeilNNOp op, int ci, int co, int w, int stride, bool relu)
{
    const size_t weights = op == VEIL_NN_CONV3 ? 9u * ci * co : op == VEIL_NN_DW3 ? 9u * co : (size_t)ci * co;
    Case c = {.l = {.op = op, .relu = relu, .stride = stride, .ci = ci, .co = co}, .w = w};

    c.l.w = floats(weights);
    c.l.b = floats(co);
    for (int i = 0; i < 3; i++)
        c.row[i] = row_new(w * stride, ci);
    c.add = floats((size_t)w * co);
    c.half = floats((size_t)(w + 1) / 2 * co);
    for (int i = 0; i < 2; i++) {
        c.out[i] = floats((size_t)w * co + 2);
        c.out[i][0] = c.out[i][(size_t)w * co + 1] = GUARD;
    }
    return c;
}

static void case_free(Case *c)
{
    free(c->l.w);
    free(c->l.b);
    for (int i = 0; i < 3; i++)
        row_free(c->row[i], c->l.ci);
    free(c->add);
    free(c->half);
    free(c->out[0]);
    free(c->out[1]);
}

static void compare(const Case *c, const VeilNNKernels *k, const char *what)
{
    const size_t n = (size_t)c->w * c->l.co;

    for (int i = 0; i < 2; i++)
        assert_true(c->out[i][0] == GUARD && c->out[i][n + 1] == GUARD);
    for (size_t i = 1; i <= n; i++)
        if (!(fabsf(c->out[0][i] - c->out[1][i]) <= 1e-4f + 1e-4f * fabsf(c->out[0][i])))
            fail_msg("%s of %s: %dx%d -> %d, stride %d, value %zu is %g, plain C has %g", what, k->name, c->w, c->l.ci,
                     c->l.co, c->l.stride, i - 1, c->out[1][i], c->out[0][i]);
}

static int draw_lanes(void)
{
    static const int channels[] = {16, 32, 48, 64, 80, 96, 128, 160};

    return channels[draw(8)];
}

static const VeilNNKernels *plain(void)
{
    return veil_nn_kernels_find("c");
}

static void check_input(const VeilNNKernels *k)
{
    for (int round = 0; round < ROUNDS; round++) {
        const int n = 1 + draw(200);
        uint8_t *in = malloc(n);
        Case c = case_new(VEIL_NN_PW, 1, 1, n, 1, false);

        for (int i = 0; i < n; i++)
            in[i] = draw(256);
        plain()->input(c.out[0] + 1, in, n, 128, 1 / 128.f);
        k->input(c.out[1] + 1, in, n, 128, 1 / 128.f);
        compare(&c, k, "input");
        case_free(&c);
        free(in);
    }
}

static void check_conv3(const VeilNNKernels *k)
{
    static const int inputs[] = {1, 3, 16};

    for (int round = 0; round < ROUNDS; round++) {
        Case c = case_new(VEIL_NN_CONV3, inputs[draw(3)], draw_lanes(), 1 + draw(70), 1 + draw(2), draw(2));
        const float *const row[3] = {c.row[0], c.row[1], c.row[2]};

        plain()->conv3(c.out[0] + 1, row, c.w, &c.l);
        k->conv3(c.out[1] + 1, row, c.w, &c.l);
        compare(&c, k, "conv3");
        case_free(&c);
    }
}

static void check_dw3(const VeilNNKernels *k)
{
    for (int round = 0; round < ROUNDS; round++) {
        const int channels = draw_lanes();
        Case c = case_new(VEIL_NN_DW3, channels, channels, 1 + draw(120), 1 + draw(2), draw(2));
        const float *const row[3] = {c.row[0], c.row[1], c.row[2]};

        plain()->dw3(c.out[0] + 1, row, c.w, &c.l);
        k->dw3(c.out[1] + 1, row, c.w, &c.l);
        compare(&c, k, "dw3");
        case_free(&c);
    }
}

static void check_pw(const VeilNNKernels *k)
{
    for (int round = 0; round < ROUNDS; round++) {
        Case c = case_new(VEIL_NN_PW, draw_lanes(), draw_lanes(), 1 + draw(120), 1, draw(2));
        const float *add = draw(2) ? c.add : NULL;

        plain()->pw(c.out[0] + 1, c.row[0], add, c.w, &c.l);
        k->pw(c.out[1] + 1, c.row[0], add, c.w, &c.l);
        compare(&c, k, "pw");
        case_free(&c);
    }
}

static void check_pool2_and_upadd(const VeilNNKernels *k)
{
    for (int round = 0; round < ROUNDS; round++) {
        const int channels = draw_lanes();
        Case c = case_new(VEIL_NN_POOL2, channels, channels, 1 + draw(120), 2, draw(2));

        plain()->pool2(c.out[0] + 1, c.row[0], c.row[1], c.w, &c.l);
        k->pool2(c.out[1] + 1, c.row[0], c.row[1], c.w, &c.l);
        compare(&c, k, "pool2");
        plain()->upadd(c.out[0] + 1, c.add, c.half, c.w, &c.l);
        k->upadd(c.out[1] + 1, c.add, c.half, c.w, &c.l);
        compare(&c, k, "upadd");
        case_free(&c);
    }
}

static uint8_t *bytes(size_t n, unsigned below)
{
    uint8_t *p = malloc(n);

    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        p[i] = draw(below);
    return p;
}

/* As a graph packs them: -127 to 127. */
static void give_bytes(Case *c, int run)
{
    c->l.w8 = (int8_t *)bytes((size_t)run * c->l.co, 255);
    c->l.unit8 = floats(c->l.co);
    for (int i = 0; i < run * c->l.co; i++)
        c->l.w8[i] = (int8_t)((uint8_t)c->l.w8[i] - 127);
    for (int i = 0; i < c->l.co; i++)
        c->l.unit8[i] = fabsf(c->l.unit8[i]) / 127;
}

static void bytes_free(Case *c)
{
    free(c->l.w8);
    free(c->l.unit8);
    case_free(c);
}

static void check_pw8(const VeilNNKernels *k)
{
    for (int round = 0; round < ROUNDS; round++) {
        Case c = case_new(VEIL_NN_PW, draw_lanes(), draw_lanes(), 1 + draw(120), 1, draw(2));
        const float *add = draw(2) ? c.add : NULL;

        give_bytes(&c, c.l.ci);
        for (int i = 0; i < c.w * c.l.ci; i++)
            c.row[0][i] = draw(9) ? fabsf(c.row[0][i]) : 0;
        plain()->pw8(c.out[0] + 1, c.row[0], add, c.w, &c.l);
        k->pw8(c.out[1] + 1, c.row[0], add, c.w, &c.l);
        compare(&c, k, "pw8");
        bytes_free(&c);
    }
}

static void check_conv8(const VeilNNKernels *k)
{
    for (int round = 0; round < ROUNDS; round++) {
        const int ci = draw(2) ? 3 : 1;
        Case c = case_new(VEIL_NN_CONV3, ci, draw_lanes(), 1 + draw(70), 1 + draw(2), draw(2));
        const int cells = c.w * c.l.stride + 2;
        uint8_t *row[3];

        give_bytes(&c, 3 * VEIL_NN_RUN8(ci));
        for (int i = 0; i < 3; i++)
            row[i] = bytes((size_t)cells * ci + 3, 256);
        const uint8_t *const in[3] = {row[0] + ci, row[1] + ci, row[2] + ci};
        plain()->conv8(c.out[0] + 1, in, c.w, &c.l);
        k->conv8(c.out[1] + 1, in, c.w, &c.l);
        compare(&c, k, "conv8");
        for (int i = 0; i < 3; i++)
            free(row[i]);
        bytes_free(&c);
    }
}

/* Plain C itself, against sums written out by hand. */
static void plain_c_is_right(void **state)
{
    Case c = case_new(VEIL_NN_DW3, 16, 16, 5, 1, false);
    const float *const row[3] = {c.row[0], c.row[1], c.row[2]};
    float want = c.l.b[3];

    (void)state;
    plain()->dw3(c.out[0] + 1, row, 5, &c.l);
    for (int ky = 0; ky < 3; ky++)
        for (int kx = 0; kx < 3; kx++)
            want += c.row[ky][(4 + kx - 1) * 16 + 3] * c.l.w[(ky * 3 + kx) * 16 + 3];
    assert_float_equal(c.out[0][1 + 4 * 16 + 3], want, 1e-5);
    plain()->pw(c.out[0] + 1, c.row[0], c.add, 5, &(VeilNNLayer){.ci = 9, .co = 16, .w = c.l.w, .b = c.l.b});
    want = c.l.b[2] + c.add[2];
    for (int i = 0; i < 9; i++)
        want += c.row[0][i] * c.l.w[i * 16 + 2];
    assert_float_equal(c.out[0][1 + 2], want, 1e-5);
    case_free(&c);
}

/* What bytes lose: at most half a step of each input, and half a step of each weight. */
static void int8_is_near_float(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        const int ci = draw_lanes();
        Case c = case_new(VEIL_NN_PW, ci, 16, 1 + draw(48), 1, false);

        c.l.w8 = calloc(ci, 16);
        c.l.unit8 = floats(16);
        for (int o = 0; o < 16; o++) {
            c.l.unit8[o] = 1 / 127.f;
            for (int i = 0; i < ci; i++)
                c.l.w8[(i & ~3) * 16 + 4 * o + (i & 3)] = (int8_t)lrintf(c.l.w[i * 16 + o] * 127);
        }
        for (int i = 0; i < c.w * ci; i++)
            c.row[0][i] = fabsf(c.row[0][i]);
        plain()->pw(c.out[0] + 1, c.row[0], NULL, c.w, &c.l);
        plain()->pw8(c.out[1] + 1, c.row[0], NULL, c.w, &c.l);
        for (int i = 1; i <= c.w * 16; i++)
            assert_float_equal(c.out[0][i], c.out[1][i], (float)ci * (0.5f / 255 + 0.5f / 127));
        bytes_free(&c);
    }
}

static void every_set_agrees_with_plain_c(void **state)
{
    const VeilNNKernels *k;

    (void)state;
    for (int i = 0; (k = veil_nn_kernels_at(i)); i++) {
        print_message("kernels: %s\n", k->name);
        check_input(k);
        check_conv3(k);
        check_dw3(k);
        check_pw(k);
        check_pool2_and_upadd(k);
        if (k->pw8) {
            check_pw8(k);
            check_conv8(k);
        }
    }
}

static void sets_are_found(void **state)
{
    (void)state;
    assert_non_null(plain());
    assert_ptr_equal(veil_nn_kernels_find(NULL), veil_nn_kernels_at(0));
    assert_null(veil_nn_kernels_find("sse1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_are_found),
        cmocka_unit_test(plain_c_is_right),
        cmocka_unit_test(int8_is_near_float),
        cmocka_unit_test(every_set_agrees_with_plain_c),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
