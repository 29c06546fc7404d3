/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file The bounded queue between two threads: order, bound, end, abort. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>

#include "src/queue.h"

#define PLACES 4
#define ITEMS 20000

typedef struct Side {
    VeilQueue *q;
    atomic_long put;
    int ret;
} Side;

static void *put_all(void *opaque)
{
    Side *s = opaque;

    for (long i = 1; i <= ITEMS; i++) {
        if ((s->ret = veil_queue_put(s->q, (void *)(intptr_t)i)) < 0)
            return NULL;
        atomic_store(&s->put, i);
    }
    veil_queue_end(s->q);
    return NULL;
}

static void order_is_kept_and_bound_holds(void **state)
{
    Side side = { .q = veil_queue_new(PLACES) };
    pthread_t thread;
    void *item;
    long want = 1;
    int ret;

    (void)state;
    assert_non_null(side.q);
    assert_int_equal(pthread_create(&thread, NULL, put_all, &side), 0);
    while ((ret = veil_queue_get(side.q, &item)) == 0) {
        assert_int_equal((intptr_t)item, want);
        /* The other side is at most the places ahead, and one that is being put. */
        assert_true(atomic_load(&side.put) <= want + PLACES);
        want++;
    }
    assert_int_equal(ret, -ENODATA);
    assert_int_equal(want, ITEMS + 1);
    assert_int_equal(veil_queue_get(side.q, &item), -ENODATA);
    pthread_join(thread, NULL);
    veil_queue_free(side.q, NULL);
}

static void *get_one(void *opaque)
{
    Side *s = opaque;
    void *item;

    s->ret = veil_queue_get(s->q, &item);
    return NULL;
}

static void abort_wakes_a_waiting_reader(void **state)
{
    Side side = { .q = veil_queue_new(PLACES), .ret = 1 };
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, get_one, &side), 0);
    usleep(2000);
    veil_queue_abort(side.q);
    pthread_join(thread, NULL);
    assert_int_equal(side.ret, -ECANCELED);
    veil_queue_free(side.q, NULL);
}

static int freed;

static void count_freed(void *item)
{
    assert_non_null(item);
    freed++;
}

static void abort_wakes_a_waiting_writer(void **state)
{
    Side side = { .q = veil_queue_new(PLACES) };
    pthread_t thread;
    void *item;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, put_all, &side), 0);
    while (atomic_load(&side.put) < PLACES)
        usleep(100);
    veil_queue_abort(side.q);
    pthread_join(thread, NULL);
    assert_int_equal(side.ret, -ECANCELED);
    assert_int_equal(veil_queue_get(side.q, &item), -ECANCELED);
    assert_int_equal(veil_queue_put(side.q, &side), -ECANCELED);
    freed = 0;
    veil_queue_free(side.q, count_freed);
    assert_int_equal(freed, PLACES);
}

static void end_lets_the_rest_out(void **state)
{
    VeilQueue *q = veil_queue_new(2);
    int a, b;
    void *item;

    (void)state;
    assert_int_equal(veil_queue_put(q, &a), 0);
    assert_int_equal(veil_queue_put(q, &b), 0);
    veil_queue_end(q);
    assert_int_equal(veil_queue_get(q, &item), 0);
    assert_ptr_equal(item, &a);
    assert_int_equal(veil_queue_get(q, &item), 0);
    assert_ptr_equal(item, &b);
    assert_int_equal(veil_queue_get(q, &item), -ENODATA);
    veil_queue_free(q, count_freed);
    veil_queue_free(NULL, count_freed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_kept_and_bound_holds),
        cmocka_unit_test(abort_wakes_a_waiting_reader),
        cmocka_unit_test(abort_wakes_a_waiting_writer),
        cmocka_unit_test(end_lets_the_rest_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
