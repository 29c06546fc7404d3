/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file Bytes by name, the least used thrown away when memory runs out. For any number of threads. */
#ifndef VEIL_SRC_CACHE_H
#define VEIL_SRC_CACHE_H

#include <stddef.h>
#include <libavutil/buffer.h>

#define VEIL_CACHE_NAME 64 ///< room for a name, terminator included

typedef struct VeilCache VeilCache;

/** @param bytes how much may be held; @return NULL without memory */
VeilCache *veil_cache_new(size_t bytes);

/** @return a new reference, or NULL if it is not there */
AVBufferRef *veil_cache_get(VeilCache *cache, const char *name);

/** Keep a reference of its own to these bytes under that name; more than fits is not kept. */
void veil_cache_put(VeilCache *cache, const char *name, AVBufferRef *bytes);

void veil_cache_free(VeilCache *cache); ///< accepts NULL

#endif /* VEIL_SRC_CACHE_H */
