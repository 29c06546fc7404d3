/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cache.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACES 2048 ///< a search through all names takes microseconds, a picture milliseconds

typedef struct Entry {
    char name[VEIL_CACHE_NAME];
    AVBufferRef *bytes; ///< NULL: a free place
    uint64_t used;
} Entry;

struct VeilCache {
    pthread_mutex_t lock;
    size_t held, most; ///< bytes
    uint64_t clock;
    Entry entry[PLACES];
};

VeilCache *veil_cache_new(size_t bytes)
{
    VeilCache *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    pthread_mutex_init(&c->lock, NULL);
    c->most = bytes;
    return c;
}

static Entry *find(VeilCache *c, const char *name)
{
    for (int i = 0; i < PLACES; i++)
        if (c->entry[i].bytes && !strcmp(c->entry[i].name, name))
            return &c->entry[i];
    return NULL;
}

AVBufferRef *veil_cache_get(VeilCache *cache, const char *name)
{
    AVBufferRef *out = NULL;
    Entry *e;

    pthread_mutex_lock(&cache->lock);
    if ((e = find(cache, name))) {
        e->used = ++cache->clock;
        out = av_buffer_ref(e->bytes);
    }
    pthread_mutex_unlock(&cache->lock);
    return out;
}

static void drop(VeilCache *c, Entry *e)
{
    c->held -= e->bytes->size;
    av_buffer_unref(&e->bytes);
}

/* Room for `bytes`: a free place, made by throwing away what was longest unused. */
static Entry *make_room(VeilCache *c, size_t bytes)
{
    for (;;) {
        Entry *place = NULL, *oldest = NULL;

        for (int i = 0; i < PLACES; i++) {
            Entry *e = &c->entry[i];

            if (!e->bytes)
                place = e;
            else if (!oldest || e->used < oldest->used)
                oldest = e;
        }
        if (place && c->held + bytes <= c->most)
            return place;
        if (!oldest)
            return NULL;
        drop(c, oldest);
    }
}

void veil_cache_put(VeilCache *cache, const char *name, AVBufferRef *bytes)
{
    Entry *e;

    if (bytes->size > cache->most)
        return;
    pthread_mutex_lock(&cache->lock);
    if ((e = find(cache, name)))
        drop(cache, e);
    if ((e = make_room(cache, bytes->size)) && (e->bytes = av_buffer_ref(bytes))) {
        snprintf(e->name, sizeof(e->name), "%s", name);
        e->used = ++cache->clock;
        cache->held += bytes->size;
    }
    pthread_mutex_unlock(&cache->lock);
}

void veil_cache_free(VeilCache *cache)
{
    if (!cache)
        return;
    for (int i = 0; i < PLACES; i++)
        av_buffer_unref(&cache->entry[i].bytes);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}
