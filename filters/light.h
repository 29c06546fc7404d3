/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Light for a detector: the networks learnt from photographs and miss faces
 * in night footage that a brighter picture shows them.
 */
#ifndef VEIL_FILTERS_LIGHT_H
#define VEIL_FILTERS_LIGHT_H

#include "picture.h"

/**
 * Raise the light of a dark picture, in place; one that is not dark is left
 * alone, and so is the padding.
 * @return the gain, 1 to 6
 */
float veil_light_raise(VeilPicture *p);

#endif /* VEIL_FILTERS_LIGHT_H */
