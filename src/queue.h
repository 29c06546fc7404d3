/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A bounded queue between two threads. Carries pointers; owns none of them.
 */
#ifndef VEIL_SRC_QUEUE_H
#define VEIL_SRC_QUEUE_H

typedef struct VeilQueue VeilQueue;

/** @return a queue of that many places, or NULL without memory */
VeilQueue *veil_queue_new(int places);

/** Wait for a place and put. @return 0; -ECANCELED after veil_queue_abort(): the item stays the caller's */
int veil_queue_put(VeilQueue *q, void *item);

/** Wait for an item. @return 0; -ENODATA after veil_queue_end() once empty; -ECANCELED after abort */
int veil_queue_get(VeilQueue *q, void **item);

/** Nothing more will be put. */
void veil_queue_end(VeilQueue *q);

/** Wake both sides; every further call fails. */
void veil_queue_abort(VeilQueue *q);

/** Free the queue; each item left in it is handed to free_item. Accepts NULL. */
void veil_queue_free(VeilQueue *q, void (*free_item)(void *));

#endif /* VEIL_SRC_QUEUE_H */
