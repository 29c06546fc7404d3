/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Who a person is: the thirty-odd numbers that shape and paint a head, and
 * what the person wears. The same seed and number always give the same person.
 */
#ifndef STREET_IDENTITY_H
#define STREET_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include "vec.h"

#define IDENTITY_TONES 6 ///< skin tones, lightest first

typedef enum Age { AGE_CHILD, AGE_ADULT, AGE_OLD } Age;
typedef enum Hair { HAIR_BALD, HAIR_SHORT, HAIR_LONG, HAIR_ROUND, HAIR_BUN, HAIR_RECEDING } Hair;
typedef enum Hat { HAT_NONE, HAT_CAP, HAT_BEANIE } Hat;
typedef enum Glasses { GLASSES_NONE, GLASSES_SUN, GLASSES_CLEAR } Glasses;
typedef enum Garment { GARMENT_JACKET, GARMENT_LONG_COAT, GARMENT_PUFFER } Garment;

/** Shape of a head; 1 is the average where no unit is given, else in head units (about 0.1 m). */
typedef struct HeadShape {
    float width, length, jaw, chin, cheek;
    float eye_half_gap, eye_open, eye_width, eye_tilt;
    float ridge, brow_y, brow_thick, brow_tilt;
    float nose_length, nose_width, nose_out;
    float mouth_y, mouth_width, lip_upper, lip_lower, smile;
    float forehead, ear, part, fringe;
} HeadShape;

typedef struct Identity {
    int number; ///< face_id of the ground truth
    int tone;   ///< 0..IDENTITY_TONES-1
    Age age;
    bool female;
    HeadShape head;
    float wrinkles; ///< 0..1
    float freckles; ///< 0..1
    float beard;    ///< 0 none .. 1 full
    Hair hair_style;
    Hat hat;
    Glasses glasses;
    bool mask;
    Vec skin, lip, hair, iris, accessory; ///< linear RGB; accessory: hat or mask
    float height_m;                       ///< sole to crown
    float girth;                          ///< 1 is average
    Garment garment;
    bool skirt, backpack, scarf, bag, phone;
    Vec coat, trousers, shoes, extra; ///< linear RGB; extra: backpack, bag or scarf
    float texture_seed;               ///< shifts every noise pattern of this person
} Identity;

/** The person with this number in the street with this seed. */
Identity identity_sample(uint32_t seed, int number);

/** Take off hat, mask and dark glasses, as for a portrait photograph. */
void identity_bare(Identity *id);

#endif /* STREET_IDENTITY_H */
