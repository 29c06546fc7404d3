/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A counter that the workers share.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include "pool.h"

typedef struct Pool {
    PoolJob *job;
    void *arg;
    int jobs;
    atomic_int next, failed;
} Pool;

typedef struct Worker {
    Pool *pool;
    int number;
} Worker;

static void *work(void *arg)
{
    const Worker *w = arg;
    Pool *p = w->pool;
    int i;

    while ((i = atomic_fetch_add(&p->next, 1)) < p->jobs) {
        const int ret = p->job(p->arg, i, w->number);
        int none = 0;

        if (ret < 0)
            atomic_compare_exchange_strong(&p->failed, &none, ret);
    }
    return NULL;
}

int pool_run(int n, PoolJob *job, void *arg)
{
    Pool pool = { .job = job, .arg = arg, .jobs = n };
    Worker workers[POOL_WORKERS];
    pthread_t threads[POOL_WORKERS];
    bool started[POOL_WORKERS] = { false };

    for (int i = 1; i < POOL_WORKERS; i++) {
        workers[i] = (Worker){ &pool, i };
        started[i] = pthread_create(&threads[i], NULL, work, &workers[i]) == 0;
    }
    /* The caller works too, so a thread that could not be started only costs time. */
    workers[0] = (Worker){ &pool, 0 };
    work(&workers[0]);
    for (int i = 1; i < POOL_WORKERS; i++)
        if (started[i])
            pthread_join(threads[i], NULL);
    return atomic_load(&pool.failed);
}
