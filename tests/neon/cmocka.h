/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * As much of cmocka as the engine's tests use, for cross builds: Debian has
 * no cmocka for a foreign architecture without enabling that architecture.
 * Only `make test-neon` finds this header.
 */
#ifndef VEIL_TESTS_NEON_CMOCKA_H
#define VEIL_TESTS_NEON_CMOCKA_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct CMUnitTest {
    const char *name;
    void (*run)(void **state);
};

#define cmocka_unit_test(f) {#f, f}
#define print_message(...) printf(__VA_ARGS__)
#define fail_msg(...) (fprintf(stderr, __VA_ARGS__), fprintf(stderr, "\n"), exit(1))
#define assert_true(c) ((c) ? (void)0 : fail_msg("%s:%d: %s", __FILE__, __LINE__, #c))
#define assert_null(p) assert_true(!(p))
#define assert_non_null(p) assert_true(p)
#define assert_int_equal(a, b) assert_true((a) == (b))
#define assert_ptr_equal(a, b) assert_true((a) == (b))
#define assert_float_equal(a, b, e) assert_true(fabs((double)(a) - (double)(b)) <= (double)(e))

static inline int run_tests(const struct CMUnitTest *tests, size_t n)
{
    void *state = NULL;

    for (size_t i = 0; i < n; i++) {
        tests[i].run(&state);
        printf("ok %zu - %s\n", i + 1, tests[i].name);
    }
    return 0;
}
#define cmocka_run_group_tests(tests, up, down) run_tests(tests, sizeof(tests) / sizeof(*(tests)))

#endif /* VEIL_TESTS_NEON_CMOCKA_H */
