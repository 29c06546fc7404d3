/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Chains from text, and the filters that need no detector: syntax, box lists
 * that foreign filters take away, frames of changing size, shared frames,
 * privacy areas.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <libavutil/avstring.h>
#include <libavutil/error.h>

#include "filters/boxes.h"
#include "filters/chain.h"

#define W 64
#define H 48
#define GREY 200

typedef struct Got {
    AVFrame *frame[64];
    int n;
} Got;

static int no_model(void *opaque, const char *name, char *path, size_t cap, char digest[65])
{
    (void)opaque, (void)name, (void)path, (void)cap, (void)digest;
    return AVERROR(ENOENT);
}

static const VeilFilterEnv env = { .threads = 1, .find_model = no_model };
static const VeilLink link_420 = { .w = W, .h = H, .format = AV_PIX_FMT_YUV420P, .time_base = { 1, 1000 },
                                   .frame_rate = { 25, 1 }, .sar = { 1, 1 } };

static int take(void *opaque, AVFrame *frame)
{
    Got *got = opaque;

    assert_non_null(frame);
    assert_true(got->n < 64);
    got->frame[got->n++] = frame;
    return 0;
}

static void drop(Got *got)
{
    for (int i = 0; i < got->n; i++)
        av_frame_free(&got->frame[i]);
    got->n = 0;
}

static AVFrame *make_frame(int w, int h, enum AVPixelFormat format, int64_t pts)
{
    AVFrame *f = av_frame_alloc();

    f->width = w;
    f->height = h;
    f->format = format;
    f->pts = pts;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    for (int p = 0; p < 4 && f->data[p]; p++)
        memset(f->data[p], GREY, (size_t)f->linesize[p] * (size_t)(p ? (h + 1) / 2 : h));
    return f;
}

static AVFrame *with_boxes(AVFrame *f, int n)
{
    const VeilBox boxes[2] = { { .face = { .x = 16, .y = 16, .w = 8, .h = 8, .score = 0.9f } },
                               { .face = { .x = 40, .y = 16, .w = 8, .h = 8, .score = 0.9f } } };

    assert_int_equal(veil_boxes_set(f, boxes, n, "test"), 0);
    return f;
}

static int open_chain(VeilChain **c, const char *text, const VeilLink *in, Got *got)
{
    *got = (Got){ .n = 0 };
    return veil_chain_open(c, text, in, NULL, &env, take, got);
}

static int luma(const AVFrame *f, int x, int y)
{
    return f->data[0][y * f->linesize[0] + x];
}

/* ---- text -------------------------------------------------------------------------- */

static void flags_are_read_from_text(void **state)
{
    static const struct {
        const char *text;
        int has, hasnt;
    } cases[] = {
        { "detect,track,cover", VEIL_FILTER_FINDS | VEIL_FILTER_HIDES, VEIL_FILTER_SHOWS },
        { "detect=size=640:every=3,track=lookahead=2,cover=style=mosaic:cells=2", VEIL_FILTER_HIDES, VEIL_FILTER_SHOWS },
        { " detect , track ,\n cover ", VEIL_FILTER_FINDS | VEIL_FILTER_HIDES, VEIL_FILTER_SHOWS },
        { "detect,draw", VEIL_FILTER_FINDS | VEIL_FILTER_SHOWS, VEIL_FILTER_HIDES },
        { "null", 0, VEIL_FILTER_FINDS | VEIL_FILTER_HIDES },
        { "hflip,vflip,scale=4:4", 0, VEIL_FILTER_FINDS | VEIL_FILTER_HIDES },
        { "zone=areas='0,0 1,0 1,1'", 0, VEIL_FILTER_HIDES },
        { "zone=areas='0,0 1,0 1,1|cover,detect',null", 0, VEIL_FILTER_HIDES | VEIL_FILTER_FINDS },
        { "zone=areas=0\\,0 1\\,0 1\\,1,cover", VEIL_FILTER_HIDES, VEIL_FILTER_FINDS },
        { "drawtext=text='cover,detect'", 0, VEIL_FILTER_HIDES | VEIL_FILTER_FINDS },
        { "drawtext=text=cover\\,detect", 0, VEIL_FILTER_HIDES | VEIL_FILTER_FINDS },
        { "dnn_detect=model=x,cover", VEIL_FILTER_FINDS | VEIL_FILTER_HIDES, 0 },
        { "dnn_detect=model=x,hflip,cover", VEIL_FILTER_HIDES, VEIL_FILTER_FINDS },
        { "covers,uncover,Cover", 0, VEIL_FILTER_HIDES },
        { "'cover'", VEIL_FILTER_HIDES, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const int flags = veil_chain_flags(cases[i].text);

        if (flags < 0 || (flags & cases[i].has) != cases[i].has || flags & cases[i].hasnt)
            fail_msg("'%s' has flags %d", cases[i].text, flags);
    }
}

static void empty_places_are_refused(void **state)
{
    static const char *const bad[] = { "", " ", ",", "cover,", ",cover", "cover,,draw", "cover, ,draw", "=x", "''" };
    char many[1024] = "null";

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (veil_chain_flags(bad[i]) >= 0)
            fail_msg("'%s' was taken", bad[i]);
    for (int i = 0; i < 40; i++)
        strcat(many, ",cover");
    assert_true(veil_chain_flags(many) < 0);
}

static int count_filters(void *opaque, const char *name, const char *args, const AVDictionary *facts)
{
    char *list = opaque;

    (void)facts;
    av_strlcatf(list, 512, "%s(%s) ", name, args);
    return 0;
}

static void foreign_runs_become_one_graph(void **state)
{
    VeilChain *c;
    Got got;
    char list[512] = "";

    (void)state;
    assert_int_equal(open_chain(&c, "hflip,vflip,lutyuv=y='clip(val,16,235)',zone=areas='0,0 9,0 9,9',hflip", &link_420, &got), 0);
    assert_int_equal(veil_chain_describe(c, count_filters, list), 0);
    assert_string_equal(list, "lavfi(hflip,vflip,lutyuv=y='clip(val,16,235)',format=yuv420p) "
                              "zone(areas=0,0 9,0 9,9) lavfi(hflip,format=yuv420p) ");
    for (int i = 0; i < 3; i++)
        assert_int_equal(veil_chain_push(c, make_frame(W, H, AV_PIX_FMT_YUV420P, i * 40)), 0);
    assert_int_equal(veil_chain_push(c, NULL), 0);
    assert_int_equal(got.n, 3);
    assert_int_equal(got.frame[2]->pts, 80);
    veil_chain_close(c);
    drop(&got);
}

static void unopenable_chains_are_refused(void **state)
{
    static const char *const bad[] = { "nosuch", "cover=nosuch=1", "cover=margin=9", "cover=style=smear",
                                       "cover=style=mosaic:cells=17", "cover=style=blur:cells=0", "cover=color=nosuch",
                                       "scale=w=-5:h=x", "zone", "zone=areas=1", "track=lookahead=x",
                                       "detect=backend=nosuch", "detect=backend=opencv", "split", "hflip;vflip", "[a]hflip" };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        VeilChain *c;
        Got got;

        if (open_chain(&c, bad[i], &link_420, &got) >= 0)
            fail_msg("'%s' was opened", bad[i]);
        assert_null(c);
    }
    veil_chain_close(NULL);
}

/* What lies in any box, also in one that touches another, leaves no trace in a mosaic or blur. */
static void no_style_shows_what_it_covers(void **state)
{
    static const char *const chains[] = { "cover=margin=0.5", "cover=style=ellipse:margin=0.5",
                                          "cover=style=mosaic:margin=1.2:cells=5", "cover=style=blur:margin=1.2:cells=16" };

    (void)state;
    for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
        Got got;
        VeilChain *c;

        assert_int_equal(open_chain(&c, chains[i], &link_420, &got), 0);
        for (int k = 0; k < 2; k++) {
            AVFrame *f = with_boxes(make_frame(W, H, AV_PIX_FMT_YUV420P, k), 2);

            for (int y = 16; y < 24; y++)
                for (int x = 16; x < 48; x++)
                    if (x < 24 || x >= 40)
                        f->data[0][y * f->linesize[0] + x] = (uint8_t)(k ? 7 * x + 13 * y : 0);
            assert_int_equal(veil_chain_push(c, f), 0);
        }
        assert_int_equal(veil_chain_push(c, NULL), 0);
        assert_int_equal(got.n, 2);
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++)
                assert_int_equal(luma(got.frame[0], x, y), luma(got.frame[1], x, y));
        veil_chain_close(c);
        drop(&got);
    }
}

static void link_follows_the_filters(void **state)
{
    VeilChain *c;
    Got got;

    (void)state;
    assert_int_equal(open_chain(&c, "scale=32:16,transpose", &link_420, &got), 0);
    assert_int_equal(veil_chain_link(c)->w, 16);
    assert_int_equal(veil_chain_link(c)->h, 32);
    assert_int_equal(veil_chain_push(c, make_frame(W, H, AV_PIX_FMT_YUV420P, 0)), 0);
    assert_int_equal(veil_chain_push(c, NULL), 0);
    assert_int_equal(got.n, 1);
    assert_int_equal(got.frame[0]->width, 16);
    veil_chain_close(c);
    drop(&got);
}

/* ---- cover -------------------------------------------------------------------------- */

static void cover_hides_the_boxes(void **state)
{
    VeilChain *c;
    Got got;

    (void)state;
    assert_int_equal(open_chain(&c, "cover=margin=0", &link_420, &got), 0);
    assert_int_equal(veil_chain_push(c, with_boxes(make_frame(W, H, AV_PIX_FMT_YUV420P, 0), 2)), 0);
    assert_int_equal(veil_chain_push(c, with_boxes(make_frame(W, H, AV_PIX_FMT_YUV420P, 40), 0)), 0);
    assert_int_equal(veil_chain_push(c, NULL), 0);
    assert_int_equal(got.n, 2);
    assert_int_equal(luma(got.frame[0], 20, 20), 16);
    assert_int_equal(luma(got.frame[0], 44, 20), 16);
    assert_int_equal(luma(got.frame[0], 34, 20), GREY);
    assert_int_equal(veil_frame_covered(got.frame[0]), 2);
    assert_int_equal(luma(got.frame[1], 20, 20), GREY);
    veil_chain_close(c);
    drop(&got);
}

static void cover_refuses_what_nobody_searched(void **state)
{
    static const char *const chains[] = { "cover", "hflip,cover", "hue=s=0,cover", "scale=64:48,cover", "null,cover",
                                          "zone=areas='0,0 9,0 9,9',hflip,cover", "track,cover", "null,track,cover" };

    (void)state;
    for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
        VeilChain *c;
        Got got;
        int ret = 0;
        /* Only "cover" and "track,cover" see no foreign filter: they get frames without a list. */
        const bool bare = !strcmp(chains[i], "cover") || !strcmp(chains[i], "track,cover");

        assert_int_equal(open_chain(&c, chains[i], &link_420, &got), 0);
        for (int n = 0; n < 3 && ret >= 0; n++) {
            AVFrame *f = make_frame(W, H, AV_PIX_FMT_YUV420P, n * 40);

            ret = veil_chain_push(c, bare ? f : with_boxes(f, 1));
        }
        if (ret >= 0)
            ret = veil_chain_push(c, NULL);
        if (ret >= 0 || got.n)
            fail_msg("'%s' let %d frames through", chains[i], got.n);
        veil_chain_close(c);
        drop(&got);
    }
}

static void damaged_frames_are_covered_whole(void **state)
{
    VeilChain *c;
    Got got;
    AVFrame *f = make_frame(W, H, AV_PIX_FMT_YUV420P, 0), *g = make_frame(32, 24, AV_PIX_FMT_YUV420P, 40);

    (void)state;
    f->decode_error_flags = 1;
    g->decode_error_flags = 1; /* also where a frame of another size is brought to the first one's */
    assert_int_equal(open_chain(&c, "cover", &link_420, &got), 0);
    assert_int_equal(veil_chain_push(c, f), 0);
    assert_int_equal(veil_chain_push(c, g), 0);
    assert_int_equal(got.n, 2);
    for (int i = 0; i < 2; i++)
        for (int y = 0; y < H; y += 5)
            for (int x = 0; x < W; x += 3)
                assert_int_equal(luma(got.frame[i], x, y), 16);
    veil_chain_close(c);
    drop(&got);
}

/* A frame that someone else still holds is not written into. */
static void shared_frames_are_copied(void **state)
{
    static const char *const chains[] = { "cover=margin=0", "zone=areas='0,0 64,0 64,48 0,48'", "draw" };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        VeilChain *c;
        Got got;
        AVFrame *mine = with_boxes(make_frame(W, H, AV_PIX_FMT_YUV420P, 0), 2);

        assert_int_equal(open_chain(&c, chains[i], &link_420, &got), 0);
        assert_int_equal(veil_chain_push(c, av_frame_clone(mine)), 0);
        assert_int_equal(veil_chain_push(c, NULL), 0);
        assert_int_equal(got.n, 1);
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++)
                assert_int_equal(luma(mine, x, y), GREY);
        assert_int_not_equal(luma(got.frame[0], 16, 16), GREY);
        veil_chain_close(c);
        drop(&got);
        av_frame_free(&mine);
    }
}

static void frames_may_change_shape(void **state)
{
    static const int sizes[][3] = { { 64, 48, AV_PIX_FMT_YUV420P }, { 32, 24, AV_PIX_FMT_YUV420P },
                                    { 64, 48, AV_PIX_FMT_YUV420P }, { 63, 47, AV_PIX_FMT_YUV420P },
                                    { 64, 48, AV_PIX_FMT_GRAY8 },   { 128, 96, AV_PIX_FMT_GRAY8 },
                                    { 64, 48, AV_PIX_FMT_YUV420P } };
    VeilChain *c;
    Got got;

    (void)state;
    assert_int_equal(open_chain(&c, "zone=areas='0,0 8,0 8,8 0,8'", &link_420, &got), 0);
    for (int i = 0; i < 7; i++)
        assert_int_equal(veil_chain_push(c, make_frame(sizes[i][0], sizes[i][1], sizes[i][2], i * 40)), 0);
    assert_int_equal(veil_chain_push(c, NULL), 0);
    assert_int_equal(got.n, 7);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(got.frame[i]->width, W);
        assert_int_equal(got.frame[i]->height, H);
        assert_int_equal(got.frame[i]->format, AV_PIX_FMT_YUV420P);
        assert_int_equal(got.frame[i]->pts, i * 40);
        assert_int_equal(luma(got.frame[i], 4, 4), 16);
        assert_true(luma(got.frame[i], 40, 30) > 150);
    }
    veil_chain_close(c);
    drop(&got);
}

/* ---- track: held frames come back whole and in order ----------------------------------- */

static void track_gives_every_frame_back(void **state)
{
    VeilChain *c;
    Got got;

    (void)state;
    assert_int_equal(open_chain(&c, "track=lookahead=0.4:extend=0.2,cover=margin=0", &link_420, &got), 0);
    for (int i = 0; i < 60; i++) {
        assert_int_equal(veil_chain_push(c, with_boxes(make_frame(W, H, AV_PIX_FMT_YUV420P, i * 40), i == 30)), 0);
        assert_int_equal(got.n, i < 10 ? 0 : i - 9);
    }
    assert_int_equal(veil_chain_push(c, NULL), 0);
    assert_int_equal(got.n, 60);
    for (int i = 0; i < 60; i++) {
        assert_int_equal(got.frame[i]->pts, i * 40);
        assert_int_equal(luma(got.frame[i], 20, 20), i >= 25 && i <= 35 ? 16 : GREY); /* 0.2 s: 5 frames each way */
        assert_int_equal(luma(got.frame[i], 50, 40), GREY);
    }
    veil_chain_close(c);
    drop(&got);
}

/* Closed in the middle: nothing leaks (run under the sanitizer). */
static void chains_close_in_the_middle(void **state)
{
    VeilChain *c;
    Got got;

    (void)state;
    assert_int_equal(open_chain(&c, "fps=50,zone=areas='0,0 9,0 9,9'", &link_420, &got), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(veil_chain_push(c, make_frame(W, H, AV_PIX_FMT_YUV420P, i * 40)), 0);
    veil_chain_close(c);
    drop(&got);
    assert_int_equal(open_chain(&c, "track,cover", &link_420, &got), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(veil_chain_push(c, with_boxes(make_frame(W, H, AV_PIX_FMT_YUV420P, i * 40), 1)), 0);
    veil_chain_close(c);
    drop(&got);
}

/* ---- zone ---------------------------------------------------------------------------- */

static void check_zone(const char *areas, int rotation, int w, int h, int64_t pts, VeilRect want)
{
    VeilLink in = link_420;
    VeilChain *c;
    Got got;
    char text[256];

    in.w = w;
    in.h = h;
    in.rotation = rotation;
    snprintf(text, sizeof(text), "zone=areas='%s'", areas);
    assert_int_equal(open_chain(&c, text, &in, &got), 0);
    assert_int_equal(veil_chain_push(c, make_frame(veil_chain_link(c)->w, veil_chain_link(c)->h,
                                                   veil_chain_link(c)->format, pts)), 0);
    assert_int_equal(got.n, 1);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            const bool in_it = x >= want.x && x < want.x + want.w && y >= want.y && y < want.y + want.h;
            /* one block round it may be covered as well, for the sake of chroma */
            const bool near = x >= want.x - 2 && x < want.x + want.w + 2 && y >= want.y - 2 && y < want.y + want.h + 2;
            const int value = luma(got.frame[0], x, y);

            if (in_it ? value != 16 : (!near || !want.w) && value != GREY)
                fail_msg("'%s' turned %d, %dx%d, at %ld: %d at %d,%d", areas, rotation, w, h, (long)pts, value, x, y);
        }
    veil_chain_close(c);
    drop(&got);
}

static void areas_lie_where_they_are_shown(void **state)
{
    const VeilRect none = { 0 };

    (void)state;
    check_zone("8,8 24,8 24,16 8,16", 0, W, H, 0, (VeilRect){ 8, 8, 16, 8 });
    check_zone("25%,50% 75%,50% 75%,100% 25%,100%", 0, W, H, 0, (VeilRect){ 16, 24, 32, 24 });
    check_zone("-9,-9 8,-9 8,8 -9,8", 0, W, H, 0, (VeilRect){ 0, 0, 8, 8 });
    check_zone("-9,-9 999,-9 999,999 -9,999", 0, W, H, 0, (VeilRect){ 0, 0, W, H });
    check_zone("900,900 999,900 999,999", 0, W, H, 0, none);
    /* Odd sizes, up to the last row and column. */
    check_zone("40,30 63,30 63,47 40,47", 0, 63, 47, 0, (VeilRect){ 40, 30, 23, 17 });
    check_zone("0,0 100%,0 100%,100% 0,100%", 0, 61, 45, 0, (VeilRect){ 0, 0, 61, 45 });
    /* The corner at the top left of the upright picture, 8 wide and 4 high. */
    check_zone("0,0 8,0 8,4 0,4", 90, W, H, 0, (VeilRect){ 0, H - 8, 4, 8 });
    check_zone("0,0 8,0 8,4 0,4", 180, W, H, 0, (VeilRect){ W - 8, H - 4, 8, 4 });
    check_zone("0,0 8,0 8,4 0,4", 270, W, H, 0, (VeilRect){ W - 4, 0, 4, 8 });
    check_zone("0,0 50%,0 50%,100% 0,100%", 90, W, H, 0, (VeilRect){ 0, H / 2, W, H / 2 });
    /* Time: from the first instant on, up to but not with the last. */
    check_zone("8,8 24,8 24,16 8,16 @1-2", 0, W, H, 999, none);
    check_zone("8,8 24,8 24,16 8,16 @1-2", 0, W, H, 1000, (VeilRect){ 8, 8, 16, 8 });
    check_zone("8,8 24,8 24,16 8,16 @1-2", 0, W, H, 1999, (VeilRect){ 8, 8, 16, 8 });
    check_zone("8,8 24,8 24,16 8,16 @1-2", 0, W, H, 2000, none);
    check_zone("8,8 24,8 24,16 8,16 @1.5-", 0, W, H, 99999999, (VeilRect){ 8, 8, 16, 8 });
    check_zone("8,8 24,8 24,16 8,16 @0\\:00\\:01-0\\:01\\:00 ", 0, W, H, 59000, (VeilRect){ 8, 8, 16, 8 });
}

static void thin_areas_still_cover(void **state)
{
    VeilChain *c;
    Got got;

    (void)state;
    assert_int_equal(open_chain(&c, "zone=areas='10.2,10.2 10.4,10.2 10.3,40.5 | 30,20.5 50,20.5 50,20.5'", &link_420, &got), 0);
    assert_int_equal(veil_chain_push(c, make_frame(W, H, AV_PIX_FMT_YUV420P, 0)), 0);
    for (int y = 12; y < 40; y++)
        assert_int_equal(luma(got.frame[0], 10, y), 16);
    assert_int_equal(luma(got.frame[0], 40, 20), 16);
    assert_int_equal(luma(got.frame[0], 40, 30), GREY);
    veil_chain_close(c);
    drop(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_are_read_from_text),
        cmocka_unit_test(empty_places_are_refused),
        cmocka_unit_test(foreign_runs_become_one_graph),
        cmocka_unit_test(unopenable_chains_are_refused),
        cmocka_unit_test(no_style_shows_what_it_covers),
        cmocka_unit_test(link_follows_the_filters),
        cmocka_unit_test(cover_hides_the_boxes),
        cmocka_unit_test(cover_refuses_what_nobody_searched),
        cmocka_unit_test(damaged_frames_are_covered_whole),
        cmocka_unit_test(shared_frames_are_copied),
        cmocka_unit_test(frames_may_change_shape),
        cmocka_unit_test(track_gives_every_frame_back),
        cmocka_unit_test(chains_close_in_the_middle),
        cmocka_unit_test(areas_lie_where_they_are_shown),
        cmocka_unit_test(thin_areas_still_cover),
    };

    av_log_set_level(AV_LOG_QUIET);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
