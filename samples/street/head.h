/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The shape of a head as a signed distance: some twenty-five ellipsoids and
 * capsules, melted into each other. Head units: origin between the ears' tops,
 * x to the side, y up, z out of the nose; chin near y = -1.12, crown near 1.15.
 * One unit is HEAD_UNIT_M metres. Width and length factors of the identity are
 * applied by whoever places the head, not here.
 */
#ifndef STREET_HEAD_H
#define STREET_HEAD_H

#include "identity.h"

#define HEAD_UNIT_M 0.106f ///< metres in one head unit, for an adult

/** What a surface is made of; the painter goes by it. */
typedef enum Material {
    MAT_FACE,    ///< skin of the front of the head: what the ground truth counts
    MAT_MASK,    ///< counted as face
    MAT_GLASSES, ///< counted as face
    MAT_SKIN,    ///< ears, neck, hands
    MAT_HAIR,
    MAT_HAT,
    MAT_COAT,
    MAT_TROUSERS,
    MAT_SHOE,
    MAT_EXTRA, ///< backpack, bag, scarf, skirt
    MAT_PHONE,
} Material;

/** True for the materials that make up the face of the ground truth. */
static inline bool material_is_face(Material m)
{
    return m <= MAT_GLASSES;
}

/** Distance from p to the head, its hair and what is on it; negative inside. */
float head_distance(const Identity *id, Vec p);

/** Which part is nearest to a point on the surface. */
Material head_material(const Identity *id, Vec p);

#endif /* STREET_HEAD_H */
