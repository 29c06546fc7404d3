/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Ways through the street. Walkers come out of a shop door far off, behind
 * the house fronts where the camera cannot see them, and pass under the camera.
 */
#include "people.h"
#include "scene.h"

#define NEAR_Z   1.2f ///< under the camera
#define BEHIND_M .9f  ///< how far behind a front a way begins
#define TURN_M   4.0f ///< length of the bend from the door to the lane
#define APART_M  .95f ///< people step aside within this distance

void person_choose(Person *p, uint32_t seed, int number)
{
    static const Habit habits[] = { HABIT_COMING, HABIT_CROSSING, HABIT_COMING,   HABIT_STANDING,
                                    HABIT_COMING, HABIT_LEAVING,  HABIT_CROSSING, HABIT_COMING };
    static const float lanes[] = { -1.9f, -.2f, -1.2f, .75f, -.7f, .35f };
    static const float doors[] = { 19.6f, 26.1f, 32.6f, 39.1f };
    Rng r = { hash_int(seed ^ 0x51ed27u) + (uint32_t)number * 7919u };

    *p = (Person){ .id = identity_sample(seed, number), .habit = habits[number % 8] };
    p->lane = lanes[number % 6] + rng_range(&r, -.2f, .2f);
    p->door = doors[number % 4] + rng_range(&r, -.3f, .3f);
    p->speed = p->id.age == AGE_OLD ? rng_range(&r, .75f, 1.0f) : rng_range(&r, 1.1f, 1.5f);
    p->start = rng_range(&r, 2, p->door - 4);
    p->mood = rng_range(&r, 0, 2 * PI);
    p->id.phone = number % 8 == 3 || rng_unit(&r) < .12f;
    p->id.bag = p->id.bag && !p->id.phone;
    p->reverse = number / 4 % 2;
    if (p->habit == HABIT_CROSSING) {
        p->lane = rng_range(&r, 8.1f, 10.5f);
        p->start = rng_range(&r, 0, 9);
    } else if (p->habit == HABIT_STANDING) {
        p->lane = number / 8 % 2 ? .95f : -2.25f;
        p->door = rng_range(&r, 10.5f, 14) + (float)(number / 8) * 1.5f;
    }
}

int person_build(Person *p)
{
    int ret;

    if ((ret = mesh_bake_head(&p->fine, &p->id, .03f)) < 0 ||
        (ret = mesh_bake_head(&p->coarse, &p->id, .065f)) < 0)
        return ret;
    return body_build(&p->body, &p->id);
}

void person_free(Person *p)
{
    mesh_free(&p->fine);
    mesh_free(&p->coarse);
    mesh_free(&p->body);
}

static float way_length(const Person *p)
{
    return p->habit == HABIT_CROSSING ? WALL_RIGHT_X - WALL_LEFT_X + 2 * BEHIND_M : p->door - NEAR_Z;
}

/* The place after some metres of the way. */
static Vec way_at(const Person *p, float metres)
{
    const float length = way_length(p);
    float m = p->habit == HABIT_LEAVING || p->reverse ? length - metres : metres;
    float x;

    if (p->habit == HABIT_COMING)
        m = metres;
    if (p->habit == HABIT_STANDING)
        return vec(p->lane, 0, p->door);
    if (p->habit == HABIT_CROSSING)
        return vec(WALL_LEFT_X - BEHIND_M + m, 0, p->lane + .5f * sinf(m * .3f + p->mood));
    x = mixf(WALL_LEFT_X - BEHIND_M, p->lane, soft_step(0, TURN_M, m));
    /* The camera is over the kerb: ways draw together below it. */
    x = mixf(x, .55f + .62f * (p->lane + .6f), soft_step(p->door, 0, p->door - m));
    return vec(x + .12f * sinf(m * .45f + p->mood), 0, p->door - m);
}

/* Metres walked, or below 0 while the person is away between two rounds. */
static float walked(const Person *p, float seconds)
{
    const float length = way_length(p), round = length + 3 * p->speed;
    const float m = fmodf(p->start + p->speed * seconds, round);

    return m <= length ? m : -1;
}

/* Everyone keeps off everyone's way, by the ways as planned. */
static Vec step_aside(const Person *all, int n, int i, float seconds, Vec at)
{
    Vec push = { 0, 0, 0 };

    for (int j = 0; j < n; j++) {
        const float m = walked(&all[j], seconds);
        Vec d;
        float far;

        if (j == i || m < 0)
            continue;
        d = vec_sub(at, way_at(&all[j], m));
        d.z *= .6f; /* early, while still some steps away */
        far = hypotf(d.x, d.z) + .01f;
        if (far < APART_M)
            push.x += (d.x < 0 ? -1 : 1) * (APART_M - far) * .6f;
    }
    return vec_add(at, push);
}

static void look_about(const Person *p, float t, Stance *s)
{
    const float m = p->mood;
    /* Mostly ahead, now and then to a side for a second or two. */
    const float glance = sinf(t * .55f + m) + .6f * sinf(t * 1.27f + 2 * m);
    const float turn = copysignf(soft_step(.55f, 1.3f, fabsf(glance)), glance);

    s->look_yaw = .75f * turn + .10f * sinf(t * .8f + m);
    s->look_pitch = .05f + .07f * sinf(t * .6f + 2 * m);
    s->look_roll = .04f * sinf(t * .5f + 3 * m);
    if (p->id.phone) {
        s->look_yaw = .12f * sinf(t * .4f + m);
        s->look_pitch = mixf(.50f, .12f, soft_step(.8f, .95f, sinf(t * .35f + m)));
    }
}

bool person_stance(const Person *all, int n, int i, float seconds, Stance *s)
{
    const Person *p = &all[i];
    const float m = walked(p, seconds), leg = .49f * p->id.height_m;
    Vec next;

    if (m < 0)
        return false;
    *s = (Stance){ .at = way_at(p, m) };
    next = way_at(p, m + .05f);
    s->heading = atan2f(next.x - s->at.x, next.z - s->at.z);
    s->stride = clampf(p->speed / 1.35f, .6f, p->id.skirt ? .7f : 1.05f);
    /* One cycle is two steps, each about .8 of a leg. */
    s->step = 2 * PI * m / (1.62f * leg * s->stride) + p->mood;
    if (p->habit == HABIT_STANDING) {
        s->heading = PI + (p->lane < 0 ? -.5f : .5f) + .15f * sinf(seconds * .3f + p->mood);
        s->stride = 0;
    } else {
        s->at = step_aside(all, n, i, seconds, s->at);
    }
    /* Down the kerb and up again over the length of a step. */
    s->at.y = ROAD_Y * soft_band(KERB_X, FAR_KERB_X, .2f, s->at.x);
    look_about(p, seconds, s);
    return true;
}
