/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The crops of a track: what is coded comes back, bit for bit where that was
 * asked, in its own depth and chroma; nothing else gets to the decoder.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libavutil/common.h>
#include <libavutil/log.h>
#include <libavutil/pixdesc.h>

#include "filters/crops.h"
#include "keys/avc.h"
#include "keys/record.h"

#define W 320
#define H 240
#define FRAMES 24

static uint32_t noise;

static unsigned next_noise(void)
{
    noise = noise * 1664525 + 1013904223;
    return noise >> 16;
}

/* A picture that moves, with grain. */
static AVFrame *draw(enum AVPixelFormat format, int w, int h, int t)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(format);
    const int depth = d->comp[0].depth, top = (1 << depth) - 1;
    AVFrame *f = av_frame_alloc();

    f->format = format;
    f->width = w;
    f->height = h;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    for (int c = 0; c < d->nb_components; c++)
        for (int y = 0; y < (c ? AV_CEIL_RSHIFT(h, d->log2_chroma_h) : h); y++)
            for (int x = 0; x < (c ? AV_CEIL_RSHIFT(w, d->log2_chroma_w) : w); x++) {
                uint8_t *p = f->data[c] + y * f->linesize[c] + x * d->comp[c].step;
                const int v = ((x + 2 * t) * 3 + y * (2 + c)) % 230 * top / 255 + (int)(next_noise() % 6);

                if (depth > 8)
                    *(uint16_t *)p = (uint16_t)FFMIN(v, top);
                else
                    *p = (uint8_t)FFMIN(v, top);
            }
    return f;
}

/* Squared error over all samples, and how many they are. */
static double error_of(const AVFrame *a, const AVFrame *b, double *n)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(a->format);
    double sum = 0;

    for (int c = 0; c < d->nb_components; c++)
        for (int y = 0; y < (c ? AV_CEIL_RSHIFT(a->height, d->log2_chroma_h) : a->height); y++)
            for (int x = 0; x < (c ? AV_CEIL_RSHIFT(a->width, d->log2_chroma_w) : a->width); x++) {
                const uint8_t *p = a->data[c] + y * a->linesize[c] + x * d->comp[c].step;
                const uint8_t *q = b->data[c] + y * b->linesize[c] + x * d->comp[c].step;
                const double e = d->comp[c].depth > 8 ? *(const uint16_t *)p - *(const uint16_t *)q : *p - *q;

                sum += e * e;
                *n += 1;
            }
    return sum;
}

typedef struct Track {
    VeilCropsPool *pool;
    VeilCrops *crops;
    AVFrame *picture[FRAMES];
    VeilRect rect[FRAMES];
    enum AVPixelFormat format;
} Track;

static void track_new(Track *t, enum AVPixelFormat format, bool lossless)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(format);
    const VeilCropsConfig config = { .format = format,
                                     .width = W,
                                     .height = H,
                                     .block_w = 1 << d->log2_chroma_w,
                                     .block_h = 1 << d->log2_chroma_h,
                                     .lossless = lossless };

    memset(t, 0, sizeof(*t));
    t->format = format;
    assert_int_equal(veil_crops_pool_new(&t->pool, &config), 0);
    assert_int_equal(veil_crops_new(&t->crops, t->pool), 0);
}

static void track_add(Track *t, int i, VeilRect wanted)
{
    const VeilRect r = veil_crops_place(t->crops, wanted);
    const VeilCrop crop = { (uint32_t)i * 2, i * 80000, r };

    assert_true(r.x <= FFMAX(wanted.x, 0) && r.y <= FFMAX(wanted.y, 0));
    assert_true(r.x + r.w >= FFMIN(wanted.x + wanted.w, W) && r.y + r.h >= FFMIN(wanted.y + wanted.h, H));
    assert_true(r.x >= 0 && r.y >= 0 && r.x + r.w <= W && r.y + r.h <= H);
    t->rect[i] = r;
    t->picture[i] = draw(t->format, r.w, r.h, i);
    assert_int_equal(veil_crops_add(t->crops, &crop, t->picture[i]), 0);
}

/* A face that walks, comes nearer, and leaves over the edge. */
static void track_walk(Track *t)
{
    for (int i = 0; i < FRAMES; i++)
        track_add(t, i, (VeilRect){ 40 + i * 11, 30 + i * 3, 40 + i * 5, 50 + i * 5 });
}

static void track_free(Track *t)
{
    for (int i = 0; i < FRAMES; i++)
        av_frame_free(&t->picture[i]);
    veil_crops_free(t->crops);
    veil_crops_pool_free(t->pool);
}

/* Read all back. @return PSNR over all crops */
static double track_read(const Track *t)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(t->format);
    const double top = (1 << d->comp[0].depth) - 1;
    double error = 0, samples = 0;
    VeilCropsReader *r = NULL;
    const uint8_t *records;
    const size_t len = veil_crops_records(t->crops, &records);
    VeilErr err = { 0 };
    AVFrame *picture;
    VeilCrop crop;
    int ret, n = 0;

    assert_int_equal(veil_crops_open(&r, records, len, W, H), 0);
    while ((ret = veil_crops_next(r, &crop, &picture, &err)) > 0) {
        assert_int_equal(crop.frame, n * 2);
        assert_int_equal(crop.pts, n * 80000);
        assert_memory_equal(&crop.rect, &t->rect[n], sizeof(crop.rect));
        assert_string_equal(av_get_pix_fmt_name(picture->format), av_get_pix_fmt_name(t->picture[n]->format));
        error += error_of(t->picture[n], picture, &samples);
        av_frame_free(&picture);
        n++;
    }
    if (ret < 0)
        fail_msg("%s", err.text);
    assert_int_equal(n, FRAMES);
    veil_crops_close(r);
    return error == 0 ? 999 : 10 * log10(top * top * samples / error);
}

static void lossless_is_bit_exact_in_every_format(void **state)
{
    (void)state;
    for (int i = 0; veil_crops_formats[i] != AV_PIX_FMT_NONE; i++) {
        Track t;

        track_new(&t, veil_crops_formats[i], true);
        track_walk(&t);
        if (track_read(&t) < 999)
            fail_msg("%s is not bit exact", av_get_pix_fmt_name(t.format));
        track_free(&t);
    }
}

static void the_default_is_alike_in_every_format(void **state)
{
    (void)state;
    for (int i = 0; veil_crops_formats[i] != AV_PIX_FMT_NONE; i++) {
        double db;
        Track t;

        track_new(&t, veil_crops_formats[i], false);
        track_walk(&t);
        /* All grain: the figure for faces is in tests/bench/RESULTS.md. */
        if ((db = track_read(&t)) < 38)
            fail_msg("%s: %.2f dB", av_get_pix_fmt_name(t.format), db);
        track_free(&t);
    }
}

/* ---- attack 39: what a record may not be ------------------------------------------ */

/* The records of a lossless walk of `n` crops that never change size. */
static void track_still(Track *t, int n)
{
    track_new(t, AV_PIX_FMT_YUV420P, true);
    for (int i = 0; i < n; i++)
        track_add(t, i, (VeilRect){ 60, 40, 64, 64 });
}

/* Offset of record i. */
static size_t record_at(const uint8_t *p, int i)
{
    size_t at = 0;

    while (i--)
        at += VEIL_RECORD_HEAD + (p[at + 29] | p[at + 30] << 8 | p[at + 31] << 16);
    return at;
}

/* How many crops come out before the refusal; fails if there is none. */
static int crops_before_refusal(const uint8_t *records, size_t len)
{
    VeilCropsReader *r = NULL;
    VeilErr err = { 0 };
    AVFrame *picture;
    VeilCrop crop;
    int n = 0, ret;

    assert_int_equal(veil_crops_open(&r, records, len, W, H), 0);
    while ((ret = veil_crops_next(r, &crop, &picture, &err)) > 0) {
        av_frame_free(&picture);
        n++;
    }
    assert_int_equal(ret, VEIL_E_RECORD);
    assert_non_null(strstr(err.text, "E_RECORD"));
    assert_int_equal(veil_crops_next(r, &crop, &picture, &err), VEIL_E_RECORD); /* and stays refused */
    veil_crops_close(r);
    return n;
}

static void attack_39_altered_records(void **state)
{
    const uint8_t *records;
    uint8_t *p;
    size_t len, second;
    Track t;

    (void)state;
    track_still(&t, 3);
    len = veil_crops_records(t.crops, &records);
    p = malloc(len);
    memcpy(p, records, len);
    second = record_at(p, 1);

    p[28] = VEIL_CODEC_AVC_NEXT; /* goes on with no stream before it */
    assert_int_equal(crops_before_refusal(p, len), 0);
    p[28] = VEIL_CODEC_PNG; /* H.264 under another name */
    assert_int_equal(crops_before_refusal(p, len), 0);
    p[28] = 5;
    assert_int_equal(crops_before_refusal(p, len), 0);
    p[28] = VEIL_CODEC_AVC_FIRST;
    p[20] += 2; /* the rectangle is wider than the stream says */
    assert_int_equal(crops_before_refusal(p, len), 0);
    p[20] -= 2;
    p[13] = 2; /* outside the frame */
    assert_int_equal(crops_before_refusal(p, len), 0);
    p[13] = 0;
    p[second + 20] += 16; /* a picture that goes on at another size */
    assert_int_equal(crops_before_refusal(p, len), 1);
    p[second + 20] -= 16;
    p[second] = 0; /* not after the frame before it */
    assert_int_equal(crops_before_refusal(p, len), 1);
    p[second] = 2;
    assert_int_equal(crops_before_refusal(p, len - 1), 2); /* cut off */
    assert_int_equal(crops_before_refusal(p + second, len - second), 0); /* its beginning left out */
    free(p);
    track_free(&t);
}

/* Two pictures in one record, a picture with a message, and a stream that says it is huge. */
static void attack_39_more_than_one_picture(void **state)
{
    static const uint8_t message[] = { 0, 0, 1, 6, 5, 4, 1, 2, 3, 4, 0x80 };
    const uint8_t *records, *first, *next;
    size_t len, first_len, next_len;
    uint8_t *p;
    VeilAvc avc;
    Track t;

    (void)state;
    track_still(&t, 2);
    len = veil_crops_records(t.crops, &records);
    first = records + VEIL_RECORD_HEAD;
    first_len = record_at(records, 1) - VEIL_RECORD_HEAD;
    next = first + first_len + VEIL_RECORD_HEAD;
    next_len = len - (size_t)(next - records);
    p = malloc(2 * len + sizeof(message));

    assert_true(veil_avc_first(&avc, first, first_len) && veil_avc_following(next, next_len));
    assert_int_equal(avc.w, t.rect[0].w);
    assert_int_equal(avc.h, t.rect[0].h);
    assert_int_equal(avc.chroma, 1);
    assert_int_equal(avc.depth, 8);
    assert_false(veil_avc_first(&avc, next, next_len));
    assert_false(veil_avc_following(first, first_len));
    memcpy(p, next, next_len);
    memcpy(p + next_len, next, next_len);
    assert_false(veil_avc_following(p, 2 * next_len));
    memcpy(p, first, first_len);
    memcpy(p + first_len, next, next_len);
    assert_false(veil_avc_first(&avc, p, first_len + next_len));
    memcpy(p + first_len, message, sizeof(message));
    assert_false(veil_avc_first(&avc, p, first_len + sizeof(message)));
    for (size_t cut = 0; cut < 24; cut++) /* inside the parameter sets */
        assert_false(veil_avc_first(&avc, first, cut));
    free(p);
    track_free(&t);
}

/* Whatever bits flip, a refusal or pictures of the stated size: never another size, never more pictures. */
static void attack_39_flipped_bits(void **state)
{
    const uint8_t *records;
    uint8_t *p;
    size_t len;
    Track t;

    (void)state;
    track_still(&t, 3);
    len = veil_crops_records(t.crops, &records);
    p = malloc(len);
    for (int round = 0; round < 400; round++) {
        VeilCropsReader *r = NULL;
        AVFrame *picture;
        VeilCrop crop;
        int n = 0;

        memcpy(p, records, len);
        for (int i = 0; i < 1 + round % 3; i++)
            p[(round < 200 ? next_noise() % 120 : next_noise() * 7u % len)] ^= (uint8_t)(1 << next_noise() % 8);
        assert_int_equal(veil_crops_open(&r, p, len, W, H), 0);
        while (veil_crops_next(r, &crop, &picture, NULL) > 0) {
            assert_int_equal(picture->width, crop.rect.w);
            assert_int_equal(picture->height, crop.rect.h);
            av_frame_free(&picture);
            n++;
        }
        assert_true(n <= 3);
        veil_crops_close(r);
    }
    free(p);
    track_free(&t);
}

static void a_new_part_begins_a_stream(void **state)
{
    VeilCropsReader *r = NULL;
    const uint8_t *records;
    VeilCrop crop = { 0 };
    AVFrame *picture;
    size_t len;
    Track t;

    (void)state;
    track_still(&t, 2);
    assert_true(veil_crops_records(t.crops, &records) > 0);
    veil_crops_restart(t.crops); /* a new part begins a stream of its own */
    assert_int_equal(veil_crops_records(t.crops, &records), 0);
    av_frame_free(&t.picture[2]);
    track_add(&t, 2, (VeilRect){ 60, 40, 64, 64 });
    assert_int_equal(veil_crops_open(&r, records, 0, W, H), 0);
    assert_int_equal(veil_crops_next(r, &crop, &picture, NULL), 0);
    veil_crops_close(r);
    len = veil_crops_records(t.crops, &records);
    assert_int_equal(veil_crops_open(&r, records, len, W, H), 0);
    assert_int_equal(veil_crops_next(r, &crop, &picture, NULL), 1);
    assert_int_equal(crop.frame, 4);
    av_frame_free(&picture);
    veil_crops_close(r);
    track_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lossless_is_bit_exact_in_every_format),
        cmocka_unit_test(the_default_is_alike_in_every_format),
        cmocka_unit_test(attack_39_altered_records),
        cmocka_unit_test(attack_39_more_than_one_picture),
        cmocka_unit_test(attack_39_flipped_bits),
        cmocka_unit_test(a_new_part_begins_a_stream),
    };

    av_log_set_level(AV_LOG_QUIET);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
