/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seen.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"

enum { KIND_R = 1, KIND_UID, KIND_PLACE };

static size_t place_of(const VeilSeen *s, const uint8_t item[VEIL_SEEN_ITEM])
{
    uint8_t h[crypto_shorthash_BYTES];
    size_t at;

    crypto_shorthash(h, item, VEIL_SEEN_ITEM, s->key);
    at = (size_t)veil_get_le64(h) & (s->cap - 1);
    while (s->slot[at][0] && memcmp(s->slot[at], item, VEIL_SEEN_ITEM))
        at = (at + 1) & (s->cap - 1);
    return at;
}

static int grow(VeilSeen *s)
{
    VeilSeen more = { .cap = s->cap ? 2 * s->cap : 256, .n = s->n };

    if (!(more.slot = calloc(more.cap, sizeof(*more.slot))))
        return -ENOMEM;
    crypto_shorthash_keygen(more.key);
    for (size_t i = 0; i < s->cap; i++)
        if (s->slot[i][0])
            memcpy(more.slot[place_of(&more, s->slot[i])], s->slot[i], VEIL_SEEN_ITEM);
    free(s->slot);
    *s = more;
    return 0;
}

/* 1 if new, 0 if seen. */
static int add(VeilSeen *s, int kind, const void *bytes, size_t len)
{
    uint8_t item[VEIL_SEEN_ITEM] = { (uint8_t)kind };
    size_t at;

    if (2 * (s->n + 1) > s->cap && grow(s) < 0)
        return -ENOMEM;
    memcpy(item + 1, bytes, len);
    at = place_of(s, item);
    if (s->slot[at][0])
        return 0;
    memcpy(s->slot[at], item, VEIL_SEEN_ITEM);
    s->n++;
    return 1;
}

int veil_seen_add(VeilSeen *s, const VeilEntry *e, VeilErr *err)
{
    uint8_t place[12];
    int a, b, c;

    veil_put_le32(place, e->track);
    veil_put_le32(place + 4, e->seg);
    veil_put_le32(place + 8, e->part);
    a = add(s, KIND_R, e->ct.r, 32);
    b = add(s, KIND_UID, e->uid, VEIL_UID_BYTES);
    c = add(s, KIND_PLACE, place, sizeof(place));
    if (a < 0 || b < 0 || c < 0)
        return veil_err(err, -ENOMEM, "list of units");
    if (a && b && c)
        return 0;
    return veil_err(err, VEIL_E_DUP_UNIT, "track %u, segment %u, part %u: same %s", e->track, e->seg, e->part,
                    !c   ? "place"
                    : !b ? "uid"
                         : "R");
}

void veil_seen_free(VeilSeen *s)
{
    free(s->slot);
    *s = (VeilSeen){ 0 };
}
