/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Sampling of identities. Tones, ages and accessories are dealt out in turn,
 * not drawn, so that a short clip with few people still shows all of them.
 */
#include "identity.h"

#define EXAGGERATE 1.2f ///< differences between heads are widened by this, so that people can be told apart

/* Linear RGB, lightest first. */
static const Vec tones[IDENTITY_TONES] = {
    { .72f, .50f, .40f },  { .62f, .40f, .29f },   { .47f, .28f, .185f },
    { .30f, .165f, .10f }, { .17f, .088f, .052f }, { .085f, .045f, .030f },
};
static const Vec hair_colours[] = {
    { .012f, .009f, .008f }, { .03f, .018f, .012f }, { .09f, .045f, .022f },
    { .32f, .20f, .085f },   { .22f, .07f, .025f },  { .42f, .41f, .40f },
};
static const Vec irises[] = {
    { .05f, .03f, .015f }, { .12f, .07f, .03f }, { .10f, .16f, .22f }, { .10f, .14f, .07f }
};
static const Vec coats[] = {
    { .020f, .024f, .035f }, { .030f, .060f, .140f }, { .230f, .030f, .030f }, { .120f, .095f, .065f },
    { .045f, .080f, .050f }, { .330f, .230f, .120f }, { .300f, .300f, .310f }, { .055f, .050f, .052f },
    { .100f, .030f, .075f }, { .500f, .330f, .050f }, { .060f, .150f, .170f }, { .420f, .380f, .330f },
};
static const Vec legs[] = {
    { .016f, .018f, .024f }, { .030f, .048f, .095f }, { .055f, .080f, .130f },
    { .130f, .110f, .080f }, { .030f, .030f, .032f }, { .075f, .070f, .065f },
};
#define COUNT(a)   ((int)(sizeof(a) / sizeof((a)[0])))
#define PICK(r, a) ((a)[rng_below(r, COUNT(a))])

static float vary(Rng *r, float mean, float lo, float hi)
{
    return mean + (rng_range(r, lo, hi) - mean) * EXAGGERATE;
}

static void shape_adult(HeadShape *h, Rng *r, const Identity *id)
{
    const bool dark = id->tone >= 3;

    h->width = vary(r, 1, .92f, 1.07f);
    h->length = vary(r, 1, .94f, 1.08f);
    h->jaw = id->female ? vary(r, 1, .88f, 1.02f) : vary(r, 1, .95f, 1.20f);
    h->chin = vary(r, 1, .8f, 1.3f);
    h->cheek = vary(r, 1, .8f, 1.25f);
    h->eye_half_gap = vary(r, .315f, .29f, .34f);
    h->eye_open = vary(r, .066f, .054f, .080f);
    h->eye_width = vary(r, .155f, .14f, .172f);
    h->eye_tilt = rng_range(r, -.08f, .20f);
    h->ridge = id->female ? rng_range(r, 0, .35f) : rng_range(r, .2f, 1);
    h->brow_y = vary(r, .20f, .18f, .23f);
    h->brow_thick = id->female ? vary(r, 1, .55f, .95f) : vary(r, 1, .85f, 1.5f);
    h->brow_tilt = rng_range(r, -.35f, .35f);
    h->nose_length = vary(r, 1, .87f, 1.13f);
    h->nose_width = dark ? vary(r, 1, 1.05f, 1.55f) : vary(r, 1, .8f, 1.35f);
    h->nose_out = vary(r, 1, .6f, 1.4f);
    h->mouth_y = rng_range(r, -.03f, .03f);
    h->mouth_width = vary(r, .25f, .21f, .29f);
    h->lip_upper = vary(r, 1, .7f, 1.4f) + (id->tone > 3 ? .25f : 0);
    h->lip_lower = vary(r, 1, .8f, 1.4f) + (id->tone > 3 ? .2f : 0);
    h->smile = rng_unit(r) < .5f ? rng_range(r, 0, .5f) : 0;
    h->forehead = rng_range(r, -.06f, .10f);
    h->ear = rng_range(r, .88f, 1.12f);
    h->part = rng_range(r, -.6f, .6f);
    h->fringe = rng_unit(r) < (id->female ? .4f : .15f) ? rng_unit(r) : 0;
}

/* Round, short in the face, large in the eyes. */
static void shape_child(HeadShape *h, Rng *r)
{
    h->length = rng_range(r, .83f, .88f);
    h->width = rng_range(r, 1, 1.06f);
    h->jaw = rng_range(r, .76f, .88f);
    h->cheek = rng_range(r, 1.15f, 1.32f);
    h->chin = rng_range(r, .75f, .95f);
    h->eye_open = rng_range(r, .085f, .10f);
    h->eye_width = rng_range(r, .165f, .18f);
    h->nose_out = rng_range(r, .4f, .7f);
    h->nose_length = rng_range(r, .76f, .88f);
    h->nose_width = rng_range(r, .75f, .95f);
    h->ridge = 0;
    h->brow_thick = rng_range(r, .45f, .7f);
    h->mouth_y = rng_range(r, 0, .03f);
    h->mouth_width = rng_range(r, .18f, .22f);
    h->forehead = rng_range(r, .06f, .12f);
}

static Hair pick_hair(Rng *r, const Identity *id)
{
    static const Hair women[] = { HAIR_LONG, HAIR_BUN, HAIR_LONG, HAIR_SHORT, HAIR_LONG };
    static const Hair men[] = { HAIR_SHORT, HAIR_SHORT, HAIR_SHORT, HAIR_RECEDING, HAIR_BALD };
    const Hair h = id->female ? PICK(r, women) : PICK(r, men);

    if (id->age == AGE_CHILD && (h == HAIR_RECEDING || h == HAIR_BALD))
        return HAIR_SHORT;
    return id->tone >= 3 && rng_unit(r) < .3f ? HAIR_ROUND : h;
}

static void paint(Identity *id, Rng *r)
{
    const bool dark = id->tone >= 3, grey = id->age == AGE_OLD && rng_unit(r) < .8f;
    const float shade = rng_range(r, .90f, 1.10f);

    id->skin = vec_scale(tones[id->tone], shade);
    id->hair = hair_colours[grey ? 5 : rng_below(r, dark ? 2 : 5)];
    id->iris = irises[dark ? 0 : rng_below(r, COUNT(irises))];
    id->lip = vec_mul(id->skin, vec(.80f, .50f, .56f));
    if (id->female && id->age != AGE_CHILD && rng_unit(r) < .5f)
        id->lip = vec(id->skin.x * .75f + .08f, id->skin.y * .32f, id->skin.z * .38f);
    id->wrinkles = id->age == AGE_OLD     ? rng_range(r, .7f, 1)
                   : id->age == AGE_ADULT ? rng_range(r, 0, .3f)
                                          : 0;
    id->freckles = id->tone < 2 && rng_unit(r) < .3f ? rng_range(r, .4f, 1) : 0;
    id->hair_style = pick_hair(r, id);
    if (!id->female && id->age != AGE_CHILD && rng_unit(r) < .5f)
        id->beard = rng_unit(r) < .5f ? .45f : .9f;
}

static void dress(Identity *id, Rng *r)
{
    id->coat = PICK(r, coats);
    id->trousers = PICK(r, legs);
    id->shoes = rng_unit(r) < .25f ? vec(.5f, .5f, .5f) : vec(.02f, .017f, .015f);
    id->extra = PICK(r, coats);
    id->garment = (Garment)rng_below(r, 3);
    id->skirt = id->female && rng_unit(r) < .35f;
    id->backpack = id->age != AGE_OLD && rng_unit(r) < .4f;
    id->scarf = rng_unit(r) < .3f;
    id->bag = !id->backpack && rng_unit(r) < .4f;
    id->girth = rng_range(r, .92f, 1.12f);
    id->height_m = id->age == AGE_CHILD ? rng_range(r, 1.18f, 1.38f) : rng_range(r, 1.58f, 1.72f);
    if (id->age != AGE_CHILD && !id->female)
        id->height_m += .12f;
    if (id->age == AGE_OLD)
        id->height_m -= .05f;
}

/* One in four masked, one in four under a hat, two in seven with glasses, in a fixed turn. */
static void accessorise(Identity *id, Rng *r, int turn)
{
    static const Vec masks[] = { { .45f, .55f, .62f }, { .62f, .62f, .60f }, { .03f, .03f, .035f } };

    id->mask = turn % 4 == 2;
    id->hat = turn % 4 == 1 ? (turn % 8 == 1 ? HAT_CAP : HAT_BEANIE) : HAT_NONE;
    id->glasses = turn % 7 == 3 ? GLASSES_CLEAR : turn % 7 == 6 ? GLASSES_SUN : GLASSES_NONE;
    id->accessory = id->mask ? PICK(r, masks) : PICK(r, coats);
}

Identity identity_sample(uint32_t seed, int number)
{
    static const Age ages[] = { AGE_ADULT, AGE_ADULT, AGE_OLD, AGE_ADULT, AGE_CHILD };
    Rng r = { hash_int(seed * 7919u + 17u) ^ hash_int((uint32_t)number + 1u) };
    const int deal = (int)(hash_int(seed + 99u) % 840u);
    Identity id = { .number = number, .texture_seed = rng_unit(&r) * 97 };

    id.tone = (number + deal) % IDENTITY_TONES;
    id.age = ages[(number + deal) % COUNT(ages)];
    id.female = rng_unit(&r) < .5f;
    shape_adult(&id.head, &r, &id);
    if (id.age == AGE_CHILD)
        shape_child(&id.head, &r);
    paint(&id, &r);
    dress(&id, &r);
    accessorise(&id, &r, number + deal);
    return id;
}

void identity_bare(Identity *id)
{
    id->hat = HAT_NONE;
    id->mask = false;
    if (id->glasses == GLASSES_SUN)
        id->glasses = GLASSES_NONE;
}
