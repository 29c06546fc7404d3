/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Tracks fed by hand: square boxes in a picture of 1920x1080.
 */
#ifndef VEIL_TESTS_TRACKS_FIXTURE_H
#define VEIL_TESTS_TRACKS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "filters/tracks.h"

static const VeilTracksConfig config = { .window = 50, .patience = 30, .extend = 12, .high = 0.5f, .evidence = 0.6f,
                                         .w = 1920, .h = 1080, .growth = 0.02f };

static inline VeilBox box(float x, float y, float size, float score)
{
    return (VeilBox){ .face = { .x = x, .y = y, .w = size, .h = size, .score = score } };
}

static inline VeilTracks *new_tracks(void)
{
    VeilTracks *t;

    assert_int_equal(veil_tracks_new(&t, &config), 0);
    return t;
}

static inline void see(VeilTracks *t, int64_t at, const VeilBox *boxes, int n)
{
    assert_int_equal(veil_tracks_update(t, at, 0, 0, boxes, n), 0);
}

static inline void see_one(VeilTracks *t, int64_t at, VeilBox b)
{
    see(t, at, &b, 1);
}

static inline bool covers(const VeilBox *b, float x, float y)
{
    return b->face.x <= x && b->face.y <= y && b->face.x + b->face.w >= x && b->face.y + b->face.h >= y;
}

#endif /* VEIL_TESTS_TRACKS_FIXTURE_H */
