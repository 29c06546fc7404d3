/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Crops decoded in a sandbox: what was coded comes back, and a child that
 * lies, dies or hangs gives one clear refusal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libavutil/log.h>
#include <libavutil/pixdesc.h>

#include "keys/record.h"
#include "src/cropchild.h"

#define W 320
#define H 240
#define N 8

typedef struct Unit {
    uint8_t *records;
    size_t len;
    AVFrame *picture[N];
    VeilRect rect[N];
} Unit;

static AVFrame *draw(enum AVPixelFormat format, int w, int h, int t)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(format);
    AVFrame *f = av_frame_alloc();

    f->format = format;
    f->width = w;
    f->height = h;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    for (int c = 0; c < d->nb_components; c++)
        for (int y = 0; y < (c ? AV_CEIL_RSHIFT(h, d->log2_chroma_h) : h); y++)
            for (int x = 0; x < (c ? AV_CEIL_RSHIFT(w, d->log2_chroma_w) : w); x++) {
                const int v = ((x + 2 * t) * 3 + y * (2 + c)) % 230;
                uint8_t *p = f->data[c] + y * f->linesize[c] + x * d->comp[c].step;

                if (d->comp[c].depth > 8)
                    *(uint16_t *)p = (uint16_t)(v * 4 + 1);
                else
                    *p = (uint8_t)v;
            }
    return f;
}

static void unit_new(Unit *u, enum AVPixelFormat format, bool lossless, int from)
{
    const VeilCropsConfig config = { .format = format, .width = W, .height = H, .block_w = 2, .block_h = 2, .lossless = lossless };
    VeilCropsPool *pool;
    VeilCrops *crops;
    const uint8_t *records;

    assert_int_equal(veil_crops_pool_new(&pool, &config), 0);
    assert_int_equal(veil_crops_new(&crops, pool), 0);
    for (int i = 0; i < N; i++) {
        const VeilRect r = veil_crops_place(crops, (VeilRect){ 40 + i * 20, 30, 50 + i * 4, 60 });
        const VeilCrop crop = { (uint32_t)(from + i), i * 40000, r };

        u->rect[i] = r;
        u->picture[i] = draw(format, r.w, r.h, i);
        assert_int_equal(veil_crops_add(crops, &crop, u->picture[i]), 0);
    }
    u->len = veil_crops_records(crops, &records);
    u->records = malloc(u->len);
    memcpy(u->records, records, u->len);
    veil_crops_free(crops);
    veil_crops_pool_free(pool);
}

static void unit_free(Unit *u)
{
    for (int i = 0; i < N; i++)
        av_frame_free(&u->picture[i]);
    free(u->records);
}

static bool same(const AVFrame *a, const AVFrame *b)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(a->format);

    if (a->format != b->format || a->width != b->width || a->height != b->height)
        return false;
    for (int c = 0; c < d->nb_components; c++)
        for (int y = 0; y < (c ? AV_CEIL_RSHIFT(a->height, d->log2_chroma_h) : a->height); y++)
            if (memcmp(a->data[c] + y * a->linesize[c], b->data[c] + y * b->linesize[c],
                       (size_t)((c ? AV_CEIL_RSHIFT(a->width, d->log2_chroma_w) : a->width) * d->comp[c].step)))
                return false;
    return true;
}

static void comes_back(void **state)
{
    static const enum AVPixelFormat format[] = { AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV422P10, AV_PIX_FMT_YUV444P, AV_PIX_FMT_GRAY8 };

    (void)state;
    for (size_t i = 0; i < sizeof(format) / sizeof(format[0]); i++) {
        VeilCropChild *c;
        VeilErr err = { 0 };

        assert_int_equal(veil_cropchild_start(&c, W, H, 2), 0);
        for (int part = 0; part < 2; part++) { /* two units, one after the other */
            Unit u;
            AVFrame *picture;
            VeilCrop crop;
            bool lossless;
            int n = 0, ret;

            unit_new(&u, format[i], true, part * 100);
            assert_int_equal(veil_cropchild_give(c, u.records, u.len, &err), 0);
            while ((ret = veil_cropchild_next(c, &crop, &picture, &lossless, &err)) > 0) {
                assert_int_equal(crop.frame, part * 100 + n);
                assert_memory_equal(&crop.rect, &u.rect[n], sizeof(crop.rect));
                assert_true(same(picture, u.picture[n]));
                assert_int_equal(lossless, format[i] != AV_PIX_FMT_YUV444P);
                veil_cropchild_wipe(&picture);
                assert_null(picture);
                n++;
            }
            if (ret < 0)
                fail_msg("%s", err.text);
            assert_int_equal(n, N);
            unit_free(&u);
        }
        veil_cropchild_stop(c);
    }
}

/* ---- bad units --------------------------------------------------------------------------- */

static int drain(VeilCropChild *c, VeilErr *err)
{
    AVFrame *picture;
    VeilCrop crop;
    int ret;

    while ((ret = veil_cropchild_next(c, &crop, &picture, NULL, err)) > 0)
        veil_cropchild_wipe(&picture);
    return ret;
}

static void bad_records_are_refused(void **state)
{
    VeilCropChild *c;
    VeilErr err = { 0 };
    Unit u;

    (void)state;
    unit_new(&u, AV_PIX_FMT_YUV420P, false, 0);
    u.records[u.len / 2] ^= 0x40;
    for (size_t cut = 1; cut < 4; cut++) {
        assert_int_equal(veil_cropchild_start(&c, W, H, 1), 0);
        assert_int_equal(veil_cropchild_give(c, u.records, u.len - cut * 11, &err), 0);
        assert_int_equal(drain(c, &err), VEIL_E_RECORD);
        assert_int_equal(veil_cropchild_give(c, u.records, u.len, &err), VEIL_E_RECORD); /* of no further use */
        veil_cropchild_stop(c);
    }
    assert_int_equal(veil_cropchild_start(&c, W / 2, H / 2, 1), 0); /* another geometry */
    assert_int_equal(veil_cropchild_give(c, u.records, u.len, &err), 0);
    assert_int_equal(drain(c, &err), VEIL_E_RECORD);
    veil_cropchild_stop(c);
    unit_free(&u);
}

/* ---- bad children ------------------------------------------------------------------------- */

static int swallow(void)
{
    static uint8_t all[1 << 20];
    uint64_t len;

    return veil_sandbox_receive(&len, sizeof(len)) < 0 || len > sizeof(all) || veil_sandbox_receive(all, len) < 0;
}

static int say_nonsense(void *o)
{
    uint8_t junk[VEIL_CROPMSG_BYTES];

    (void)o;
    memset(junk, 0xa5, sizeof(junk));
    return swallow() || veil_sandbox_send(junk, sizeof(junk)) < 0 || swallow();
}

static int die(void *o)
{
    (void)o;
    if (!swallow())
        __builtin_trap();
    return 0;
}

static int leave(void *o)
{
    (void)o;
    return swallow();
}

static int hang(void *o)
{
    (void)o;
    return swallow() || swallow();
}

static int break_out(void *o)
{
    (void)o;
    return swallow() || fopen("/etc/passwd", "r") != NULL;
}

static int say(uint32_t kind, uint32_t frame, VeilRect r, uint32_t bytes, uint32_t sent)
{
    static uint8_t samples[1 << 20];
    const VeilCropMsg m = { .kind = kind, .crop = { frame, 0, r }, .format = AV_PIX_FMT_GRAY8, .bytes = bytes, .primaries = 2, .transfer = 2, .space = 2 };
    uint8_t head[VEIL_CROPMSG_BYTES];

    veil_cropmsg_put(head, &m);
    return veil_sandbox_send(head, sizeof(head)) < 0 || veil_sandbox_send(samples, sent) < 0;
}

static int give_too_many(void *o)
{
    (void)o;
    if (swallow())
        return 1;
    for (uint32_t i = 0; i <= N; i++)
        if (say(VEIL_CROPMSG_PICTURE, i, (VeilRect){ 0, 0, 16, 16 }, 256, 256))
            return 1;
    return swallow();
}

static int give_too_few(void *o)
{
    (void)o;
    return swallow() || say(VEIL_CROPMSG_PICTURE, 1, (VeilRect){ 0, 0, 16, 16 }, 256, 256) ||
           say(VEIL_CROPMSG_END, 0, (VeilRect){ 0 }, 0, 0) || swallow();
}

static int give_too_large(void *o)
{
    (void)o;
    return swallow() || say(VEIL_CROPMSG_PICTURE, 1, (VeilRect){ W - 8, 0, 16, 16 }, 256, 256) || swallow();
}

static int give_half(void *o)
{
    (void)o;
    return swallow() || say(VEIL_CROPMSG_PICTURE, 1, (VeilRect){ 0, 0, 16, 16 }, 256, 100) || swallow();
}

static int say_another_length(void *o)
{
    (void)o;
    return swallow() || say(VEIL_CROPMSG_PICTURE, 1, (VeilRect){ 0, 0, 16, 16 }, 0x7fffffff, 256) || swallow();
}

static int go_back(void *o)
{
    (void)o;
    return swallow() || say(VEIL_CROPMSG_PICTURE, 5, (VeilRect){ 0, 0, 16, 16 }, 256, 256) ||
           say(VEIL_CROPMSG_PICTURE, 4, (VeilRect){ 0, 0, 16, 16 }, 256, 256) || swallow();
}

static void bad_children_are_refused(void **state)
{
    static const struct {
        VeilSandboxBody body;
        const char *says;
    } child[] = {
        { say_nonsense, "what the decoder of crops says" },
        { die, "died of signal" },
        { leave, "gave up" },
        { hang, "said nothing" },
        { break_out, "tried to leave its sandbox" },
        { give_too_many, "more pictures than there are records" },
        { give_too_few, "left 7 records out" },
        { give_too_large, "what the decoder of crops says" },
        { give_half, "said nothing" },
        { say_another_length, "what the decoder of crops says" },
        { go_back, "what the decoder of crops says" },
    };
    Unit u;

    (void)state;
    unit_new(&u, AV_PIX_FMT_GRAY8, false, 0);
    for (size_t i = 0; i < sizeof(child) / sizeof(child[0]); i++) {
        VeilCropChild *c;
        VeilErr err = { 0 };

        assert_int_equal(veil_cropchild_start_body(&c, W, H, 1, child[i].body, 300), 0);
        assert_int_equal(veil_cropchild_give(c, u.records, u.len, &err), 0);
        assert_int_equal(drain(c, &err), VEIL_E_RECORD);
        if (!strstr(err.text, child[i].says))
            fail_msg("'%s' where '%s' was wanted", err.text, child[i].says);
        veil_cropchild_stop(c);
    }
    unit_free(&u);
}

/* A child that ended before it was asked. */
static int end_at_once(void *o)
{
    (void)o;
    return 0;
}

static void giving_to_none_is_refused(void **state)
{
    VeilCropChild *c;
    VeilErr err = { 0 };
    static uint8_t much[4 << 20];

    (void)state;
    assert_int_equal(veil_cropchild_start_body(&c, W, H, 1, end_at_once, 1000), 0);
    assert_int_equal(veil_cropchild_give(c, much, sizeof(much), &err), VEIL_E_RECORD);
    veil_cropchild_stop(c);
    veil_cropchild_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),
        cmocka_unit_test(bad_records_are_refused),
        cmocka_unit_test(bad_children_are_refused),
        cmocka_unit_test(giving_to_none_is_refused),
    };

    av_log_set_level(AV_LOG_QUIET);
    return cmocka_run_group_tests_name("cropchild", tests, NULL, NULL);
}
