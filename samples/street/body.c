/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Bodies. Every length is a share of the height, as in a drawing manual.
 */
#include "body.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* Measures of one body in metres. */
typedef struct Build {
    float hip_y, thigh, shin, shoulder_y, shoulder_x, upper, fore, hip_x, neck_y;
    float g; ///< one hundredth of the height, times girth: the unit of thickness
} Build;

static Build measure(const Identity *id)
{
    /* The head of a child takes more of the height. */
    const float h = id->height_m, k = id->age == AGE_CHILD ? .96f : 1;

    return (Build){
        .hip_y = .515f * h * k,
        .thigh = .245f * h * k,
        .shin = .245f * h * k,
        .shoulder_y = .800f * h * k,
        .shoulder_x = (id->female ? .100f : .112f) * h * (id->age == AGE_CHILD ? .92f : 1),
        .upper = .170f * h * k,
        .fore = .150f * h * k,
        .hip_x = .047f * h,
        .neck_y = .835f * h * k,
        .g = .01f * h * id->girth,
    };
}

float body_head_unit(const Identity *id)
{
    return id->age == AGE_CHILD ? .092f
                                : HEAD_UNIT_M * (id->female ? .96f : 1) * mixf(1, id->height_m / 1.7f, .5f);
}

static int add_coat(Mesh *m, const Identity *id, const Build *b)
{
    const float g = b->g, s = b->shoulder_x, up = b->neck_y - b->hip_y, sh = b->shoulder_y - b->hip_y;
    const float puff = id->garment == GARMENT_PUFFER ? 1.14f : 1, waist = id->female ? .88f : 1;
    const bool lengthy = id->garment == GARMENT_LONG_COAT;
    const float hem = (lengthy ? -.20f : -.055f) * id->height_m;
    /* Wide enough at the hem for the thighs to swing inside. */
    const float swing_x = (lengthy ? 11.6f : 10.6f) * g, swing_z = (lengthy ? 13.2f : 10.6f) * g;
    const Ring rings[] = {
        { up + 1.2f * g, 0, 0, 0 },
        { up + 1.2f * g, 3.6f * g, 3.4f * g, -.2f * g },
        { up - .5f * g, 4.3f * g, 4.2f * g, -.2f * g },
        { sh + 1.4f * g, s * .78f, 5.0f * g, -.3f * g },
        { sh - .2f * g, s * 1.04f, 5.9f * g * puff, -.2f * g },
        { sh - 3.5f * g, s * 1.08f, 7.0f * g * puff, .1f * g },
        { sh - 8 * g, s * .98f, 7.6f * g * puff, .4f * g },
        { sh - 15 * g, 9.2f * g * waist * puff, 6.6f * g * puff, .2f * g },
        { 3 * g, 9.0f * g * (.5f + .5f * waist) * puff, 6.6f * g * puff, 0 },
        { -2 * g, 10.2f * g * puff, 8.9f * g * puff, 0 },
        { hem, swing_x, swing_z, 0 },
        { hem, swing_x - 1.5f * g, swing_z - 1.5f * g, 0 },
        { hem + 2 * g, 0, 0, 0 },
    };

    return mesh_add_tube(m, rings, COUNT(rings), .78f, BONE_CHEST, MAT_COAT);
}

static int add_hips(Mesh *m, const Identity *id, const Build *b)
{
    const float g = b->g, hem = id->skirt ? -.22f * id->height_m : -6 * g;
    const float flare = id->skirt ? 13 * g : 8.2f * g, seat = id->skirt ? 9.4f * g : 7 * g;
    const float middle = id->skirt ? -10 * g : -5 * g;
    const Ring rings[] = {
        { 6 * g, 0, 0, 0 },
        { 6 * g, 8 * g, 6 * g, 0 },
        { 0, 9 * g, 6.8f * g, -.2f * g },
        { -4 * g, 9.4f * g, seat, -.1f * g },
        { middle, .93f * flare, .88f * flare, 0 },
        { hem, flare, .94f * flare, 0 },
        { hem, 0, 0, 0 },
    };

    return mesh_add_tube(m, rings, COUNT(rings), 1, BONE_HIP, id->skirt ? MAT_EXTRA : MAT_TROUSERS);
}

static int add_leg(Mesh *m, const Build *b, int left)
{
    const float g = b->g, t = b->thigh, s = b->shin;
    const Ring thigh[] = {
        { 3 * g, 0, 0, 0 },
        { 2 * g, 4 * g, 4.5f * g, 0 },
        { -3 * g, 4.9f * g, 5.2f * g, 0 },
        { -.5f * t, 4.6f * g, 5 * g, .2f * g },
        { -t, 3.8f * g, 4 * g, 0 },
        { -t - 2.5f * g, 0, 0, 0 },
    };
    const Ring shin[] = {
        { 2.5f * g, 0, 0, 0 },
        { 0, 3.8f * g, 4 * g, 0 },
        { -.35f * s, 3.7f * g, 4.1f * g, -.5f * g },
        { -.75f * s, 3.3f * g, 3.5f * g, -.3f * g },
        { -s + 3.2f * g, 3.4f * g, 3.9f * g, 0 },
        { -s + 3.2f * g, 0, 0, 0 },
    };
    const Ring shoe[] = {
        { -s + 4 * g, 0, 0, -.5f * g },
        { -s + 3.6f * g, 2.3f * g, 2.8f * g, -.3f * g },
        { -s + 2 * g, 2.5f * g, 5.2f * g, 1.8f * g },
        { -s + .6f * g, 2.7f * g, 7.2f * g, 3.4f * g },
        { -s, 2.6f * g, 7.2f * g, 3.4f * g },
        { -s, 0, 0, 3 * g },
    };
    int ret;

    if ((ret = mesh_add_tube(m, thigh, COUNT(thigh), 1, left ? BONE_THIGH_L : BONE_THIGH_R, MAT_TROUSERS)) <
            0 ||
        (ret = mesh_add_tube(m, shin, COUNT(shin), 1, left ? BONE_SHIN_L : BONE_SHIN_R, MAT_TROUSERS)) < 0)
        return ret;
    return mesh_add_tube(m, shoe, COUNT(shoe), .8f, left ? BONE_SHIN_L : BONE_SHIN_R, MAT_SHOE);
}

static int add_arm(Mesh *m, const Identity *id, const Build *b, int left)
{
    const float g = b->g * (id->garment == GARMENT_PUFFER ? 1.18f : 1), u = b->upper, f = b->fore, k = b->g;
    const Ring upper[] = {
        { 3.1f * g, 0, 0, 0 },
        { 2.8f * g, 1.7f * g, 2.2f * g, 0 },
        { 1.6f * g, 3.1f * g, 3.7f * g, 0 },
        { -1 * g, 3.7f * g, 4.3f * g, 0 },
        { -4 * g, 3.7f * g, 4.1f * g, 0 },
        { -.6f * u, 3.2f * g, 3.5f * g, 0 },
        { -u, 2.9f * g, 3.1f * g, 0 },
        { -u - 2 * g, 0, 0, 0 },
    };
    const Ring fore[] = {
        { 2 * g, 0, 0, 0 },
        { 0, 2.9f * g, 3.1f * g, 0 },
        { -.5f * f, 2.6f * g, 2.9f * g, 0 },
        { -f, 2.3f * g, 2.5f * g, 0 },
        { -f, 0, 0, 0 },
    };
    const Ring hand[] = {
        { -f + 2 * k, 0, 0, 0 },
        { -f, 1.4f * k, 1.8f * k, 0 },
        { -f - 3 * k, 1.4f * k, 2.6f * k, .3f * k },
        { -f - 6 * k, 1.2f * k, 2.3f * k, .6f * k },
        { -f - 8.6f * k, .7f * k, 1.2f * k, .8f * k },
        { -f - 9 * k, 0, 0, .8f * k },
    };
    int ret;

    if ((ret = mesh_add_tube(m, upper, COUNT(upper), 1, left ? BONE_UPPER_L : BONE_UPPER_R, MAT_COAT)) < 0 ||
        (ret = mesh_add_tube(m, fore, COUNT(fore), 1, left ? BONE_FORE_L : BONE_FORE_R, MAT_COAT)) < 0)
        return ret;
    return mesh_add_tube(m, hand, COUNT(hand), 1, left ? BONE_FORE_L : BONE_FORE_R, MAT_SKIN);
}

static int add_carried(Mesh *m, const Identity *id, const Build *b)
{
    const float g = b->g, sh = b->shoulder_y - b->hip_y, f = b->fore, up = b->neck_y - b->hip_y;
    const Ring pack[] = {
        { sh + g, 0, 0, -8 * g },
        { sh + .8f * g, 5 * g, 2.4f * g, -8 * g },
        { sh - 3 * g, 7.4f * g, 4 * g, -9 * g },
        { sh - 14 * g, 8.2f * g, 5 * g, -10 * g },
        { sh - 22 * g, 8 * g, 4.6f * g, -9.6f * g },
        { sh - 23 * g, 0, 0, -9 * g },
    };
    const Ring bag[] = {
        { -f - 7 * g, 0, 0, g },
        { -f - 7 * g, 1.6f * g, 7 * g, g },
        { -f - 20 * g, 2.6f * g, 8.4f * g, g },
        { -f - 20 * g, 0, 0, g },
    };
    const Ring scarf[] = {
        { up + 2.2f * g, 0, 0, 0 },
        { up + 2.2f * g, 4.3f * g, 4.4f * g, 0 },
        { up + .8f * g, 5.6f * g, 5.8f * g, .2f * g },
        { up - 1.6f * g, 5.6f * g, 5.8f * g, .3f * g },
        { up - 2.6f * g, 4 * g, 4.2f * g, .2f * g },
        { up - 2.6f * g, 0, 0, 0 },
    };
    const Ring phone[] = {
        { -f - 4 * g, 0, 0, 3.4f * g },
        { -f - 4 * g, 2.3f * g, .5f * g, 3.4f * g },
        { -f - 12 * g, 2.3f * g, .5f * g, 3.4f * g },
        { -f - 12 * g, 0, 0, 3.4f * g },
    };
    int ret = 0;

    if (id->phone)
        ret = mesh_add_tube(m, phone, COUNT(phone), .3f, BONE_FORE_R, MAT_PHONE);
    if (ret == 0 && id->backpack)
        ret = mesh_add_tube(m, pack, COUNT(pack), .55f, BONE_CHEST, MAT_EXTRA);
    if (ret == 0 && id->bag)
        ret = mesh_add_tube(m, bag, COUNT(bag), .4f, BONE_FORE_R, MAT_EXTRA);
    if (ret == 0 && id->scarf)
        ret = mesh_add_tube(m, scarf, COUNT(scarf), 1, BONE_CHEST, MAT_EXTRA);
    return ret;
}

int body_build(Mesh *m, const Identity *id)
{
    const Build b = measure(id);
    int ret;

    *m = (Mesh){ 0 };
    if ((ret = add_hips(m, id, &b)) < 0 || (ret = add_coat(m, id, &b)) < 0)
        return ret;
    for (int left = 0; left < 2; left++)
        if ((ret = add_leg(m, &b, left)) < 0 || (ret = add_arm(m, id, &b, left)) < 0)
            return ret;
    return add_carried(m, id, &b);
}

/* A joint hung on a parent: offset in the parent's frame, then swung forwards and sideways. */
static Pose hang(const Pose *parent, Vec offset, float swing, float aside)
{
    /* Pitch lowers +z, so a forward swing of what hangs down is a negative pitch. */
    const Mat turn = mat_turn(0, -swing, aside);

    return (Pose){ mat_mul(&parent->turn, &turn), vec_add(parent->at, mat_apply(&parent->turn, offset)) };
}

static void pose_leg(Pose bones[BONE_COUNT], const Build *b, const Stance *s, int left)
{
    const float phase = s->step + (left ? PI : 0), side = left ? -1 : 1;
    const float swing = s->stride * (.43f * sinf(phase) + .04f);
    /* The knee bends while the leg comes forward. */
    const float bend = .06f + s->stride * (.14f + .85f * powf(fmaxf(0, cosf(phase + .35f)), 1.5f));
    Pose *thigh = &bones[left ? BONE_THIGH_L : BONE_THIGH_R];

    *thigh = hang(&bones[BONE_HIP], vec(side * b->hip_x, 0, 0), swing, side * .02f);
    bones[left ? BONE_SHIN_L : BONE_SHIN_R] = hang(thigh, vec(0, -b->thigh, 0), -bend, 0);
}

static void pose_arm(Pose bones[BONE_COUNT], const Identity *id, const Build *b, const Stance *s, int left)
{
    const float phase = s->step + (left ? 0 : PI), side = left ? -1 : 1;
    const bool holds = id->phone && !left;
    const bool carries = id->bag && !left;
    const float reach = carries ? .3f : 1;
    const float swing = holds ? .55f : reach * s->stride * .38f * sinf(phase) - .03f;
    const float bend = holds ? 1.75f : carries ? .08f : .18f + s->stride * .22f * (1 + sinf(phase));
    const float out = holds ? .05f : .11f + (id->garment == GARMENT_PUFFER ? .06f : 0);
    Pose *upper = &bones[left ? BONE_UPPER_L : BONE_UPPER_R];

    *upper =
        hang(&bones[BONE_CHEST], vec(side * .90f * b->shoulder_x, b->shoulder_y - b->hip_y - 3.2f * b->g, 0),
             swing, side * out);
    bones[left ? BONE_FORE_L : BONE_FORE_R] =
        hang(upper, vec(0, -b->upper, 0), bend, holds ? -.35f : -side * .05f);
}

/* Lift or lower the whole so that the lower foot stands on the ground. */
static void ground(Pose bones[BONE_COUNT], const Build *b, float floor_y)
{
    float lowest = 1e9f;

    for (int i = BONE_SHIN_L; i <= BONE_SHIN_R; i++)
        for (int toe = 0; toe < 2; toe++) {
            const Vec sole = vec(0, -b->shin, (toe ? 9 : -2) * b->g);

            lowest = fminf(lowest, bones[i].at.y + mat_apply(&bones[i].turn, sole).y);
        }
    for (int i = 0; i < BONE_COUNT; i++)
        bones[i].at.y += floor_y - lowest;
}

void body_pose(Pose bones[BONE_COUNT], const Identity *id, const Stance *s)
{
    const Build b = measure(id);
    const float sway = s->stride * .07f * sinf(s->step), stoop = id->age == AGE_OLD ? .14f : .04f;
    const float unit = body_head_unit(id);
    const Vec neck = vec(0, -.8f * unit, -.2f * unit);
    const Mat head = mat_turn(s->look_yaw - sway, s->look_pitch - stoop, s->look_roll);
    Vec top;

    bones[BONE_HIP] = (Pose){ mat_turn(s->heading - sway, 0, 0), vec_add(s->at, vec(0, b.hip_y, 0)) };
    bones[BONE_CHEST] = hang(&bones[BONE_HIP], vec(0, 0, 0), -stoop, .02f * s->stride * sinf(s->step));
    {
        const Mat twist = mat_turn(2 * sway, 0, 0);

        bones[BONE_CHEST].turn = mat_mul(&bones[BONE_CHEST].turn, &twist);
    }
    for (int left = 0; left < 2; left++) {
        pose_leg(bones, &b, s, left);
        pose_arm(bones, id, &b, s, left);
    }
    top = mat_apply(&bones[BONE_CHEST].turn, vec(0, b.neck_y - b.hip_y + .52f * unit, .1f * unit));
    bones[BONE_HEAD].turn = mat_mul(&bones[BONE_CHEST].turn, &head);
    bones[BONE_HEAD].at =
        vec_sub(vec_add(bones[BONE_CHEST].at, top), mat_apply(&bones[BONE_HEAD].turn, neck));
    ground(bones, &b, s->at.y);
}
