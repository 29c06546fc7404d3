/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct VeilQueue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool ended, aborted;
    int places, n, first;
    void *item[];
};

VeilQueue *veil_queue_new(int places)
{
    VeilQueue *q = calloc(1, sizeof(*q) + (size_t)places * sizeof(q->item[0]));

    if (!q)
        return NULL;
    q->places = places;
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->changed, NULL);
    return q;
}

int veil_queue_put(VeilQueue *q, void *item)
{
    int ret = 0;

    pthread_mutex_lock(&q->lock);
    while (!q->aborted && q->n == q->places)
        pthread_cond_wait(&q->changed, &q->lock);
    if (q->aborted)
        ret = -ECANCELED;
    else
        q->item[(q->first + q->n++) % q->places] = item;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
    return ret;
}

int veil_queue_get(VeilQueue *q, void **item)
{
    int ret = 0;

    pthread_mutex_lock(&q->lock);
    while (!q->aborted && !q->n && !q->ended)
        pthread_cond_wait(&q->changed, &q->lock);
    if (q->aborted) {
        ret = -ECANCELED;
    } else if (!q->n) {
        ret = -ENODATA;
    } else {
        *item = q->item[q->first];
        q->first = (q->first + 1) % q->places;
        q->n--;
    }
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
    return ret;
}

static void raise_flag(VeilQueue *q, bool *flag)
{
    pthread_mutex_lock(&q->lock);
    *flag = true;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

void veil_queue_end(VeilQueue *q)
{
    raise_flag(q, &q->ended);
}

void veil_queue_abort(VeilQueue *q)
{
    raise_flag(q, &q->aborted);
}

void veil_queue_free(VeilQueue *q, void (*free_item)(void *))
{
    if (!q)
        return;
    for (int i = 0; i < q->n; i++)
        free_item(q->item[(q->first + i) % q->places]);
    pthread_cond_destroy(&q->changed);
    pthread_mutex_destroy(&q->lock);
    free(q);
}
