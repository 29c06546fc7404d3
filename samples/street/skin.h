/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The paint of a head: skin with its blotches and folds, eyes, brows, lips,
 * beard, hair. Worked out per pixel from the place on the head, so that a face
 * stays sharp however near it comes.
 */
#ifndef STREET_SKIN_H
#define STREET_SKIN_H

#include "head.h"

/** Colour of skin at p (head units), linear RGB; gloss receives 0..1. */
Vec skin_paint(const Identity *id, Vec p, float *gloss);

/** Colour of hair at p (head units). */
Vec skin_paint_hair(const Identity *id, Vec p);

#endif /* STREET_SKIN_H */
