/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Work on two cores.
 */
#ifndef STREET_POOL_H
#define STREET_POOL_H

#define POOL_WORKERS 2

/** A job; `worker` is 0..POOL_WORKERS-1 and tells whose scratch to use. Below 0 is a negative errno. */
typedef int PoolJob(void *arg, int job, int worker);

/** Run jobs 0..n-1 and wait. @return 0, or what the first job that failed returned */
int pool_run(int n, PoolJob *job, void *arg);

#endif /* STREET_POOL_H */
