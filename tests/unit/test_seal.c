/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The `seal` filter on drawn pictures: two people cross, and opening one shows
 * no sample of the other; units, segments, cuts; what is on disk before a
 * frame goes on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <libavutil/common.h>
#include <libavutil/log.h>

#include "filters/chain.h"
#include "filters/crops.h"
#include "filters/seal.h"
#include "tests/lib/dealer.h"

#define W 320
#define H 192
#define FACE 40

/* Luma of the street, of the first and of the second person. */
enum { STREET = 60, FIRST = 200, SECOND = 235 };

typedef struct World {
    Dealer d;
    uint8_t pk[32], sk[64];
    char dir[64], path[96];
    VeilSealPlan plan;
    VeilFilterEnv env;
    VeilFilterContext ctx;
    AVFrame *frame;
} World;

static const VeilFilter *seal;

static void world_begin(World *t, const char *options)
{
    VeilErr err = { 0 };

    memset(t, 0, sizeof(*t));
    crypto_sign_keypair(t->pk, t->sk);
    assert_int_equal(dealer_group(&t->d, &err), 0);
    assert_int_equal(dealer_policy(&t->d, t->pk), 0);
    strcpy(t->dir, "/tmp/veil-seal.XXXXXX");
    assert_non_null(mkdtemp(t->dir));
    snprintf(t->path, sizeof(t->path), "%s/v.veil", t->dir);
    t->plan = (VeilSealPlan){ .path = t->path, .group = &t->d.group.key, .sk = t->sk };
    t->plan.header = (VeilVaultHeader){ .min_k = 2, .policy_version = 1, .start = 1777650000 };
    memcpy(t->plan.header.gid, t->d.group.key.gid, 32);
    memcpy(t->plan.header.group, t->d.group.digest, 32);
    memcpy(t->plan.header.policy, t->d.policy.digest, 32);
    memcpy(t->plan.header.operator_pk, t->pk, 32);
    t->env = (VeilFilterEnv){ .threads = 1, .seal = &t->plan };
    t->ctx = (VeilFilterContext){ .av_class = seal->priv_class, .filter = seal, .env = &t->env,
                                  .in = { .w = W, .h = H, .format = AV_PIX_FMT_YUV420P, .time_base = { 1, 10 },
                                          .frame_rate = { 10, 1 } } };
    t->ctx.priv = calloc(1, seal->priv_size);
    *(const AVClass **)t->ctx.priv = seal->priv_class;
    av_opt_set_defaults(t->ctx.priv);
    assert_true(av_set_options_string(t->ctx.priv, options, "=", ":") >= 0);
    assert_int_equal(seal->init(&t->ctx), 0);
}

static void world_end(World *t)
{
    seal->uninit(&t->ctx);
    free(t->ctx.priv);
    veil_seal_plan_free(&t->plan);
    veil_text_free(&t->d.group_note);
    veil_text_free(&t->d.policy_note);
    unlink(t->path);
    rmdir(t->dir);
}

static void fill(AVFrame *f, VeilRect r, int value)
{
    for (int y = FFMAX(r.y, 0); y < FFMIN(r.y + r.h, H); y++)
        for (int x = FFMAX(r.x, 0); x < FFMIN(r.x + r.w, W); x++) {
            f->data[0][y * f->linesize[0] + x] = (uint8_t)value;
            f->data[1][y / 2 * f->linesize[1] + x / 2] = (uint8_t)(value / 2);
            f->data[2][y / 2 * f->linesize[2] + x / 2] = (uint8_t)(255 - value / 2);
        }
}

/* The first walks right, the second left; they meet in the middle. */
static VeilRect place(int who, int t)
{
    return (VeilRect){ who ? W - FACE - 10 - t * 5 : 10 + t * 5, 60 + who * 8, FACE, FACE };
}

static int push(World *t, int64_t pts, int step, const int *track, bool cut, bool damaged)
{
    AVFrame *f = av_frame_alloc();
    VeilBox boxes[2] = { 0 };
    int ret;

    f->format = AV_PIX_FMT_YUV420P;
    f->width = W;
    f->height = H;
    f->pts = pts;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    fill(f, (VeilRect){ 0, 0, W, H }, STREET);
    for (int i = 0; i < 2; i++) {
        const VeilRect r = place(i, step);

        /* The whole covered area is the person's: more than the face. */
        boxes[i] = (VeilBox){ .face = { .x = (float)r.x, .y = (float)r.y, .w = FACE, .h = FACE, .score = 1 },
                              .track = track[i] };
        fill(f, veil_box_rect(&boxes[i], 0.2), i ? SECOND : FIRST);
    }
    assert_int_equal(veil_boxes_set(f, boxes, 2, "test"), 0);
    if (cut)
        veil_frame_mark_cut(f);
    if (damaged)
        f->flags |= AV_FRAME_FLAG_CORRUPT;
    ret = seal->filter_frame(&t->ctx, &f);
    av_frame_free(&f);
    return ret;
}

static void finish(World *t)
{
    AVFrame *end = NULL;
    VeilErr err = { 0 };

    assert_int_equal(seal->filter_frame(&t->ctx, &end), 0);
    assert_true(t->plan.whole);
    assert_int_equal(veil_vault_finish(t->plan.vault, (const uint8_t[32]){ 1 }, &err), 0);
}

/* Samples of that luma in a crop. */
static int count(const AVFrame *f, int luma)
{
    int n = 0;

    for (int y = 0; y < f->height; y++)
        for (int x = 0; x < f->width; x++)
            n += f->data[0][y * f->linesize[0] + x] == luma;
    return n;
}

typedef struct Seen {
    uint32_t track[32];
    int tracks, units, crops, both, first_seg[4];
} Seen;

static void look_at_unit(Seen *s, const VeilEntry *e, const uint8_t *plain, size_t len)
{
    VeilCropsReader *r;
    AVFrame *f;
    VeilCrop crop;
    VeilErr err = { 0 };
    int i = 0, ret;

    while (i < s->tracks && s->track[i] != e->track)
        i++;
    s->track[i] = e->track;
    s->tracks = FFMAX(s->tracks, i + 1);
    s->units++;
    s->first_seg[FFMIN(e->seg, 3)]++;
    assert_int_equal(veil_crops_open(&r, plain, len, W, H), 0);
    while ((ret = veil_crops_next(r, &crop, &f, &err)) > 0) {
        const int first = count(f, FIRST), second = count(f, SECOND);

        s->crops++;
        s->both += first && second;
        av_frame_free(&f);
    }
    if (ret < 0)
        fail_msg("%s", err.text);
    veil_crops_close(r);
}

static Seen look(World *t, bool unfinished)
{
    VeilVault *v = NULL;
    VeilErr err = { 0 };
    Seen s = { 0 };

    if (veil_vault_open(&v, t->path, unfinished, &err) < 0 || veil_vault_check(v, &err) < 0)
        fail_msg("%s", err.text);
    for (uint32_t i = 0; i < veil_vault_info(v)->seal.units; i++) {
        uint8_t *plain;
        VeilEntry e;
        const int64_t n = dealer_open(&t->d.group.key, t->d.x, v, i, &e, &plain, &err);

        assert_true(n > 0);
        look_at_unit(&s, &e, plain, (size_t)n);
        free(plain);
    }
    veil_vault_close(v);
    return s;
}

/* Everything that a person's cover hides is one colour here: none of it may be in the other's crops. */
static void opening_one_shows_no_other(void **state)
{
    static const char *const options[] = { "fidelity=lossless", "fidelity=lossless:margin=1" };

    (void)state;
    for (int o = 0; o < 2; o++) {
        World t;
        Seen s;

        world_begin(&t, options[o]);
        for (int i = 0; i < 50; i++)
            assert_int_equal(push(&t, i, i, (const int[]){ 1, 2 }, false, false), 0);
        finish(&t);
        s = look(&t, false);
        assert_int_equal(s.tracks, 2);
        assert_int_equal(s.units, 2);
        assert_int_equal(s.crops, 100);
        assert_int_equal(s.both, 0);
        world_end(&t);
    }
}

/* At each moment the vault on disk holds every segment before that of the frame which went on last. */
static void segments_are_on_disk_before_the_next(void **state)
{
    World t;
    Seen s;

    (void)state;
    world_begin(&t, "fidelity=visual");
    for (int i = 0; i < 250; i += 5) { /* 25 s */
        assert_int_equal(push(&t, i, i / 10, (const int[]){ 1, 2 }, false, false), 0);
        s = look(&t, true);
        assert_int_equal(s.units, i / 100 * 2);
    }
    finish(&t);
    s = look(&t, false);
    assert_int_equal(s.units, 6);
    assert_int_equal(s.tracks, 2);
    for (int i = 0; i < 3; i++)
        assert_int_equal(s.first_seg[i], 2);
    assert_int_equal(s.crops, 100);
    world_end(&t);
}

static void a_track_ends_at_a_cut(void **state)
{
    World t;
    Seen s;

    (void)state;
    world_begin(&t, "fidelity=visual");
    for (int i = 0; i < 20; i++)
        assert_int_equal(push(&t, i, i, (const int[]){ 1, 2 }, i == 10, i == 5), 0);
    finish(&t);
    s = look(&t, false);
    assert_int_equal(s.tracks, 4);
    assert_int_equal(s.crops, 38); /* a damaged frame is covered whole, and belongs to nobody */
    assert_int_equal(t.plan.n_tracks, 4);
    world_end(&t);
}

static void what_cannot_be_sealed_stops_the_run(void **state)
{
    AVFrame *f = av_frame_alloc();
    World t;

    (void)state;
    world_begin(&t, "fidelity=visual");
    assert_int_equal(push(&t, 0, 0, (const int[]){ 1, 0 }, false, false), AVERROR(EINVAL));
    f->format = AV_PIX_FMT_YUV420P;
    f->width = W;
    f->height = H;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    assert_int_equal(seal->filter_frame(&t.ctx, &f), AVERROR(ENOENT)); /* nobody searched it */
    assert_int_equal(veil_boxes_set(f, NULL, 0, "test"), 0);
    assert_int_equal(veil_frame_mark_covered(f, 1), 0);
    assert_int_equal(seal->filter_frame(&t.ctx, &f), AVERROR(EINVAL)); /* too late */
    assert_false(t.plan.whole);
    av_frame_free(&f);
    world_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_one_shows_no_other),
        cmocka_unit_test(segments_are_on_disk_before_the_next),
        cmocka_unit_test(a_track_ends_at_a_cut),
        cmocka_unit_test(what_cannot_be_sealed_stops_the_run),
    };

    av_log_set_level(AV_LOG_QUIET);
    seal = veil_filter_find("seal");
    if (sodium_init() < 0 || !seal)
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
