/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "crops.h"

#include <stdlib.h>
#include <string.h>
#include <libavcodec/avcodec.h>
#include <libavutil/common.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>

#include "keys/avc.h"
#include "keys/record.h"

/* Fixed quantiser of the default: 42 dB on a real crowd (tests/bench/RESULTS.md).
 * x264 counts from -12 in 10 bit. */
#define QUANTISER    "26"
#define QUANTISER_10 "38"

/* A canvas is 1/SLACK larger than the face when it is chosen; once a face has
 * outgrown its canvas, it will go on growing, and each new stream costs a key
 * frame: then 1/GROWTH. */
#define SLACK  32
#define GROWTH 8

#define IDLE_MAX 16 ///< encoders kept for the next face of their size

typedef struct Encoder {
    AVCodecContext *codec;
    int w, h;
    int64_t pts;
} Encoder;

struct VeilCropsPool {
    VeilCropsConfig config;
    const AVCodec *codec;
    AVPacket *packet;
    Encoder *idle[IDLE_MAX];
    int n_idle;
};

struct VeilCrops {
    VeilCropsPool *pool;
    Encoder *encoder; ///< NULL while the face is out of the picture
    VeilRect canvas;  ///< w 0: none yet
    bool begin;       ///< the next record begins a stream
    uint8_t *records, *picture;
    size_t len, cap, picture_cap;
};

const enum AVPixelFormat veil_crops_formats[] = {
    AV_PIX_FMT_YUV420P,   AV_PIX_FMT_YUVJ420P,  AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUVJ422P,
    AV_PIX_FMT_YUV444P,   AV_PIX_FMT_YUVJ444P,  AV_PIX_FMT_GRAY8,   AV_PIX_FMT_YUV420P10,
    AV_PIX_FMT_YUV422P10, AV_PIX_FMT_YUV444P10, AV_PIX_FMT_GRAY10,  AV_PIX_FMT_NONE,
};

/* ---- encoders --------------------------------------------------------------- */

static void encoder_free(Encoder *e)
{
    if (e)
        avcodec_free_context(&e->codec);
    av_free(e);
}

/* One packet for one picture, at once: no reordering, no looking ahead, one
 * thread. Key frames are asked for, never chosen. */
static void set_options(AVCodecContext *c, bool lossless)
{
    const char *qp = av_pix_fmt_desc_get(c->pix_fmt)->comp[0].depth > 8 ? QUANTISER_10 : QUANTISER;

    c->max_b_frames = 0;
    c->refs = 1;
    c->thread_count = 1;
    av_opt_set(c->priv_data, "preset", lossless ? "superfast" : "faster", 0);
    av_opt_set(c->priv_data, "tune", "zerolatency", 0);
    av_opt_set(c->priv_data, "qp", lossless ? "0" : qp, 0);
    av_opt_set(c->priv_data, "forced-idr", "1", 0);
    av_opt_set(c->priv_data, "x264-params",
               "sliced-threads=0:keyint=infinite:scenecut=0:aq-mode=0:psy=0:ref=1:aud=0:nal-hrd=none", 0);
}

static int encoder_new(Encoder **out, const VeilCropsPool *pool, int w, int h, const AVFrame *like)
{
    Encoder *e = av_mallocz(sizeof(*e));
    AVCodecContext *c;
    int ret = AVERROR(ENOMEM);

    if (!e || !(c = e->codec = avcodec_alloc_context3(pool->codec)))
        goto fail;
    e->w = c->width = w;
    e->h = c->height = h;
    c->pix_fmt = pool->config.format;
    c->time_base = (AVRational){ 1, 25 };
    c->color_range = like->color_range;
    c->color_primaries = like->color_primaries;
    c->color_trc = like->color_trc;
    c->colorspace = like->colorspace;
    c->chroma_sample_location = like->chroma_location;
    set_options(c, pool->config.lossless);
    if ((ret = avcodec_open2(c, pool->codec, NULL)) < 0)
        goto fail;
    *out = e;
    return 0;
fail:
    encoder_free(e);
    return ret;
}

int veil_crops_pool_new(VeilCropsPool **out, const VeilCropsConfig *config)
{
    VeilCropsPool *pool = av_mallocz(sizeof(*pool));

    *out = NULL;
    if (!pool)
        return AVERROR(ENOMEM);
    pool->config = *config;
    pool->codec = avcodec_find_encoder_by_name("libx264");
    pool->packet = av_packet_alloc();
    if (!pool->codec || !pool->packet) {
        const int ret = pool->codec ? AVERROR(ENOMEM) : AVERROR_ENCODER_NOT_FOUND;

        veil_crops_pool_free(pool);
        return ret;
    }
    *out = pool;
    return 0;
}

void veil_crops_pool_free(VeilCropsPool *pool)
{
    if (!pool)
        return;
    for (int i = 0; i < pool->n_idle; i++)
        encoder_free(pool->idle[i]);
    av_packet_free(&pool->packet);
    av_free(pool);
}

static Encoder *take_idle(VeilCropsPool *pool, int w, int h)
{
    for (int i = 0; i < pool->n_idle; i++)
        if (pool->idle[i]->w == w && pool->idle[i]->h == h) {
            Encoder *e = pool->idle[i];

            memmove(&pool->idle[i], &pool->idle[i + 1], (size_t)(--pool->n_idle - i) * sizeof(e));
            return e;
        }
    return NULL;
}

static void give_idle(VeilCropsPool *pool, Encoder *e)
{
    if (e && pool->n_idle == IDLE_MAX) { /* the oldest goes */
        encoder_free(pool->idle[0]);
        memmove(pool->idle, pool->idle + 1, (IDLE_MAX - 1) * sizeof(e));
        pool->n_idle--;
    }
    if (e)
        pool->idle[pool->n_idle++] = e;
}

/* ---- tracks ------------------------------------------------------------------- */

int veil_crops_new(VeilCrops **out, VeilCropsPool *pool)
{
    *out = av_mallocz(sizeof(**out));
    if (!*out)
        return AVERROR(ENOMEM);
    (*out)->pool = pool;
    (*out)->begin = true;
    return 0;
}

/* Faces: not secret memory (they do not fit), but nothing that is left lying. */
static void wipe_free(uint8_t *p, size_t len)
{
    if (p)
        explicit_bzero(p, len);
    free(p);
}

void veil_crops_free(VeilCrops *c)
{
    if (!c)
        return;
    veil_crops_rest(c);
    wipe_free(c->records, c->cap);
    wipe_free(c->picture, c->picture_cap);
    av_free(c);
}

void veil_crops_rest(VeilCrops *c)
{
    give_idle(c->pool, c->encoder);
    c->encoder = NULL;
    c->begin = true;
}

void veil_crops_restart(VeilCrops *c)
{
    if (c->records)
        explicit_bzero(c->records, c->len);
    c->len = 0;
    c->begin = true;
}

size_t veil_crops_records(const VeilCrops *c, const uint8_t **records)
{
    *records = c->records;
    return c->len;
}

/* Sizes in steps, so that few encoders serve all faces; the frame is the limit,
 * and a canvas on block borders must be able to reach its far edge. */
static int canvas_side(int wanted, int slack, int most, int block)
{
    const int step = wanted < 256 ? 16 : 32;
    const int side = FFMIN((wanted + wanted / slack + step - 1) / step * step, most);

    return side + (most - side) % block;
}

/* Where a side of the canvas begins so that [at, at + len) is in it. */
static int canvas_at(int now, bool keep, int at, int len, int side, int most, int block)
{
    if (!keep || at < now || at + len > now + side)
        now = at + len / 2 - side / 2;
    return av_clip(now, 0, most - side) / block * block;
}

VeilRect veil_crops_place(VeilCrops *c, VeilRect r)
{
    const VeilCropsConfig *f = &c->pool->config;
    const int x0 = av_clip(r.x, 0, f->width - f->block_w) / f->block_w * f->block_w;
    const int y0 = av_clip(r.y, 0, f->height - f->block_h) / f->block_h * f->block_h;
    const int w = FFMIN(FFALIGN(av_clip(r.x + r.w, x0 + 1, f->width), f->block_w), f->width) - x0;
    const int h = FFMIN(FFALIGN(av_clip(r.y + r.h, y0 + 1, f->height), f->block_h), f->height) - y0;
    /* A canvas much too large costs more than a new stream. */
    const bool fits = c->canvas.w >= w && c->canvas.h >= h &&
                      (int64_t)c->canvas.w * c->canvas.h < 2 * (int64_t)(w + 16) * (h + 16);
    VeilRect *canvas = &c->canvas;

    if (!fits) {
        const int slack_w = canvas->w && w > canvas->w ? GROWTH : SLACK;
        const int slack_h = canvas->h && h > canvas->h ? GROWTH : SLACK;

        veil_crops_rest(c);
        canvas->w = canvas_side(w, slack_w, f->width, f->block_w);
        canvas->h = canvas_side(h, slack_h, f->height, f->block_h);
    }
    canvas->x = canvas_at(canvas->x, fits, x0, w, canvas->w, f->width, f->block_w);
    canvas->y = canvas_at(canvas->y, fits, y0, h, canvas->h, f->height, f->block_h);
    return *canvas;
}

/* ---- records ------------------------------------------------------------------ */

static int reserve(uint8_t **p, size_t *cap, size_t used, size_t need)
{
    size_t more = FFMAX(*cap, 1 << 14);
    uint8_t *q;

    if (need <= *cap)
        return 0;
    while (more < need)
        more *= 2;
    if (!(q = malloc(more)))
        return AVERROR(ENOMEM);
    if (used)
        memcpy(q, *p, used);
    wipe_free(*p, *cap); /* realloc() would leave a copy behind */
    *p = q;
    *cap = more;
    return 0;
}

/* The picture without what a record may not hold: x264's SEI tells its settings. */
static int keep_units(VeilCrops *c, const AVPacket *p, size_t *out_len)
{
    const uint8_t *unit;
    size_t at = 0, n, out = 0;
    int ret = reserve(&c->picture, &c->picture_cap, 0, (size_t)p->size + 16);

    if (ret < 0)
        return ret;
    while (veil_avc_unit(p->data, (size_t)p->size, &at, &unit, &n)) {
        const int type = unit[0] & 31;

        if (type != 1 && type != 5 && type != 7 && type != 8)
            continue;
        /* A unit behind a 3-byte start code may be one byte longer here. */
        if ((ret = reserve(&c->picture, &c->picture_cap, out, out + n + 4)) < 0)
            return ret;
        memcpy(c->picture + out, "\0\0\0\1", 4);
        memcpy(c->picture + out + 4, unit, n);
        out += n + 4;
    }
    *out_len = out;
    return 0;
}

static int encode(VeilCrops *c, const AVFrame *picture)
{
    Encoder *e = c->encoder;
    AVFrame *f;
    int ret;

    if (!e && !(e = take_idle(c->pool, c->canvas.w, c->canvas.h)) &&
        (ret = encoder_new(&e, c->pool, c->canvas.w, c->canvas.h, picture)) < 0)
        return ret;
    c->encoder = e;
    if (!(f = av_frame_clone(picture)))
        return AVERROR(ENOMEM);
    f->pts = e->pts++;
    f->pict_type = c->begin ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    f->interlaced_frame = 0;
    while (f->nb_side_data) /* boxes of the whole frame are no hints for a crop */
        av_frame_remove_side_data(f, f->side_data[0]->type);
    ret = avcodec_send_frame(e->codec, f);
    av_frame_free(&f);
    return ret < 0 ? ret : avcodec_receive_packet(e->codec, c->pool->packet);
}

static int append(VeilCrops *c, const VeilCrop *crop)
{
    const bool key = c->pool->packet->flags & AV_PKT_FLAG_KEY;
    const VeilCropsConfig *f = &c->pool->config;
    VeilRecord r = { .frame = crop->frame,
                     .pts = crop->pts,
                     .x = (uint32_t)crop->rect.x,
                     .y = (uint32_t)crop->rect.y,
                     .w = (uint32_t)crop->rect.w,
                     .h = (uint32_t)crop->rect.h,
                     .codec = key ? VEIL_CODEC_AVC_FIRST : VEIL_CODEC_AVC_NEXT };
    size_t len;
    int64_t n;
    int ret = keep_units(c, c->pool->packet, &len);

    if (ret < 0)
        return ret;
    if (c->len + VEIL_RECORD_HEAD + len > VEIL_CROPS_UNIT_MAX) {
        c->begin = true; /* what was coded is lost: the next one cannot lean on it */
        return AVERROR(ENOSPC);
    }
    if ((ret = reserve(&c->records, &c->cap, c->len, c->len + VEIL_RECORD_HEAD + len)) < 0)
        return ret;
    r.data = c->picture;
    r.len = (uint32_t)len;
    /* This also checks that the encoder made what a reader will take. */
    n = veil_record_put(c->records + c->len, c->cap - c->len, &r, (uint32_t)f->width, (uint32_t)f->height, NULL);
    if (n < 0 || (c->begin && !key))
        return AVERROR_EXTERNAL;
    c->len += (size_t)n;
    c->begin = false;
    return 0;
}

int veil_crops_add(VeilCrops *c, const VeilCrop *crop, const AVFrame *picture)
{
    int ret;

    if (picture->width != c->canvas.w || picture->height != c->canvas.h ||
        picture->format != c->pool->config.format)
        return AVERROR(EINVAL);
    if ((ret = encode(c, picture)) < 0)
        return ret == AVERROR(EAGAIN) ? AVERROR_EXTERNAL : ret;
    ret = append(c, crop);
    av_packet_unref(c->pool->packet);
    return ret;
}
