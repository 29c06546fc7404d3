/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The people of one clip: who they are, where they go, and how they stand at
 * any time. Everything follows from the seed and the time alone, so frames
 * can be rendered in any order.
 */
#ifndef STREET_PEOPLE_H
#define STREET_PEOPLE_H

#include "body.h"

#define PEOPLE_MAX 100 ///< two drawn things each must fit the ids of raster.h

typedef enum Habit { HABIT_COMING, HABIT_LEAVING, HABIT_CROSSING, HABIT_STANDING } Habit;

typedef struct Person {
    Identity id;
    Mesh fine, coarse; ///< head, for near and far
    Mesh body;
    Habit habit;
    float lane;  ///< x of the way for who walks along, z for who crosses; metres
    float door;  ///< where along the street the way begins or ends, metres
    float speed; ///< metres per second
    float start; ///< metres already walked when the clip begins
    float mood;  ///< phase of glances, radians
    bool reverse;
} Person;

/** Choose person `number` of a clip. Makes no meshes. */
void person_choose(Person *p, uint32_t seed, int number);

/** Make the meshes. @return 0 or -ENOMEM; free with person_free() in both cases */
int person_build(Person *p);

void person_free(Person *p);

/** How person i of n stands at a time in seconds; false while out of the street. */
bool person_stance(const Person *all, int n, int i, float seconds, Stance *s);

#endif /* STREET_PEOPLE_H */
