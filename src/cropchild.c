/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cropchild.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>
#include <libavutil/pixdesc.h>
#include <sys/wait.h>

#include "keys/bytes.h"
#include "keys/record.h"
#include "msg.h"

#define PATIENCE_MS    30000 ///< for one picture, or to take a unit
#define CPU_S          30    ///< for a child, and
#define CPU_S_PER_UNIT 20    ///< for each unit: 10 s of video
#define MEMORY         ((size_t)320 << 20)
#define PICTURES       24 ///< of full size, that a decoder may hold

struct VeilCropChild {
    VeilSandbox box;
    VeilCropLimits limits;
    int patience_ms;
    size_t left; ///< pictures that the unit can still give
    bool failed, busy;
    uint8_t *samples; ///< of one picture, wiped after use
    size_t cap;
};

/** Handed to the body. */
typedef struct Geometry {
    uint32_t width, height;
} Geometry;

/* ---- in the child --------------------------------------------------------------------- */

static void be_silent(void *ctx, int level, const char *fmt, va_list args)
{
    (void)ctx, (void)level, (void)fmt, (void)args; /* standard error is closed, and writing to it kills */
}

static enum AVPixelFormat plain_format(enum AVPixelFormat format)
{
    return format == AV_PIX_FMT_YUVJ420P   ? AV_PIX_FMT_YUV420P
           : format == AV_PIX_FMT_YUVJ422P ? AV_PIX_FMT_YUV422P
           : format == AV_PIX_FMT_YUVJ444P ? AV_PIX_FMT_YUV444P
                                           : format;
}

static int send_picture(const VeilCropsReader *r, const VeilCrop *crop, const AVFrame *f)
{
    const enum AVPixelFormat format = plain_format(f->format);
    const bool full = f->color_range == AVCOL_RANGE_JPEG || format != f->format;
    const int bytes = av_image_get_buffer_size(format, f->width, f->height, 1);
    const VeilCropMsg m = { .kind = VEIL_CROPMSG_PICTURE,
                            .crop = *crop,
                            .format = format,
                            .lossless = veil_crops_is_lossless(r),
                            .range = (uint8_t)(full ? AVCOL_RANGE_JPEG : f->color_range),
                            .primaries = (uint8_t)f->color_primaries,
                            .transfer = (uint8_t)f->color_trc,
                            .space = (uint8_t)f->colorspace,
                            .chroma_location = (uint8_t)f->chroma_location,
                            .bytes = (uint32_t)bytes };
    uint8_t head[VEIL_CROPMSG_BYTES], *samples;
    int ret;

    if (bytes < 0 || !(samples = malloc((size_t)bytes)))
        return -ENOMEM;
    av_image_copy_to_buffer(samples, bytes, (const uint8_t *const *)f->data, f->linesize, format, f->width, f->height,
                            1);
    veil_cropmsg_put(head, &m);
    if ((ret = veil_sandbox_send(head, sizeof(head))) >= 0)
        ret = veil_sandbox_send(samples, (size_t)bytes);
    free(samples);
    return ret;
}

static int decode_unit(const Geometry *g, const uint8_t *records, size_t len)
{
    VeilCropMsg m = { .kind = VEIL_CROPMSG_END };
    VeilCropsReader *r = NULL;
    uint8_t head[VEIL_CROPMSG_BYTES];
    AVFrame *picture;
    VeilCrop crop = { 0 };
    int ret = veil_crops_open(&r, records, len, g->width, g->height), sent = 0;

    while (ret >= 0 && sent >= 0 && (ret = veil_crops_next(r, &crop, &picture, NULL)) > 0) {
        sent = send_picture(r, &crop, picture);
        av_frame_free(&picture);
    }
    veil_crops_close(r);
    if (sent < 0)
        return sent;
    if (ret < 0) { /* after this frame */
        m.kind = VEIL_CROPMSG_BAD;
        m.crop.frame = crop.frame;
    }
    veil_cropmsg_put(head, &m);
    return veil_sandbox_send(head, sizeof(head));
}

static int decode_units(void *opaque)
{
    const Geometry *g = opaque;
    uint8_t size[8], *records;
    int ret = 0;

    av_log_set_callback(be_silent);
    while (ret >= 0 && veil_sandbox_receive(size, sizeof(size)) >= 0) {
        const uint64_t len = veil_get_le64(size);

        if (len > VEIL_CROPS_UNIT_MAX || !(records = malloc(len + 1)))
            return 1;
        if ((ret = veil_sandbox_receive(records, len)) >= 0)
            ret = decode_unit(g, records, len);
        explicit_bzero(records, len);
        free(records);
    }
    return ret < 0;
}

/* ---- in the parent ---------------------------------------------------------------------- */

int veil_cropchild_start_body(VeilCropChild **out, uint32_t width, uint32_t height, unsigned units,
                              VeilSandboxBody body, int patience_ms)
{
    Geometry g = { width, height };
    const VeilSandboxLimits limits = { MEMORY + PICTURES * 6 * (size_t)(width + 64) * (height + 64),
                                       CPU_S + CPU_S_PER_UNIT * units };
    VeilCropChild *c = calloc(1, sizeof(*c));
    int ret;

    *out = NULL;
    if (!c)
        return -ENOMEM;
    c->limits = (VeilCropLimits){ width, height, -1, AV_PIX_FMT_NONE };
    c->patience_ms = patience_ms;
    if ((ret = veil_sandbox_start(&c->box, &limits, body, &g)) < 0) {
        veil_error(ret == -ENOSYS ? "this system cannot shut in the decoder of opened faces (no seccomp filter: %s); "
                                    "open them on Linux, on x86-64 or aarch64, outside of containers that forbid it"
                                  : "cannot start the decoder of opened faces: %s; free memory, or open fewer tracks "
                                    "at a time", strerror(-ret));
        veil_cropchild_stop(c);
        return ret;
    }
    *out = c;
    return 0;
}

int veil_cropchild_start(VeilCropChild **out, uint32_t width, uint32_t height, unsigned units)
{
    return veil_cropchild_start_body(out, width, height, units, decode_units, PATIENCE_MS);
}

static void wipe_samples(VeilCropChild *c)
{
    if (c->samples)
        explicit_bzero(c->samples, c->cap);
    free(c->samples);
    c->samples = NULL;
    c->cap = 0;
}

void veil_cropchild_stop(VeilCropChild *c)
{
    if (!c)
        return;
    veil_sandbox_stop(&c->box);
    wipe_samples(c);
    free(c);
}

/* Why there is no answer. The child is of no further use. */
static int give_up(VeilCropChild *c, int ret, VeilErr *err)
{
    const int status = veil_sandbox_stop(&c->box);

    c->failed = true;
    if (ret == -ETIMEDOUT)
        return veil_err(err, VEIL_E_RECORD, "the decoder of crops said nothing for %d s and was ended",
                        (c->patience_ms + 999) / 1000);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        return veil_err(err, VEIL_E_RECORD, "the decoder of crops tried to leave its sandbox and was killed");
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
        return veil_err(err, VEIL_E_RECORD, "the decoder of crops died of signal %d", WTERMSIG(status));
    return veil_err(err, VEIL_E_RECORD, "the decoder of crops gave up");
}

static size_t count_records(const uint8_t *records, size_t len)
{
    size_t n = 0;

    for (size_t at = 0; len - at >= VEIL_RECORD_HEAD; n++) {
        const uint32_t data = veil_get_le32(records + at + VEIL_RECORD_HEAD - 4);

        if (data > len - at - VEIL_RECORD_HEAD)
            break;
        at += VEIL_RECORD_HEAD + data;
    }
    return n;
}

int veil_cropchild_give(VeilCropChild *c, const uint8_t *records, size_t len, VeilErr *err)
{
    uint8_t size[8];
    int ret;

    if (c->failed || c->busy || len > VEIL_CROPS_UNIT_MAX)
        return veil_err(err, c->failed ? VEIL_E_RECORD : VEIL_E_PRECONDITION, "decoder of crops");
    veil_put_le64(size, len);
    if ((ret = veil_sandbox_write(&c->box, size, sizeof(size), c->patience_ms)) < 0 ||
        (ret = veil_sandbox_write(&c->box, records, len, c->patience_ms)) < 0)
        return give_up(c, ret, err);
    c->busy = true;
    c->left = count_records(records, len);
    return 0;
}

static int reserve(VeilCropChild *c, size_t need)
{
    if (need <= c->cap)
        return 0;
    wipe_samples(c);
    if (!(c->samples = malloc(need)))
        return -ENOMEM;
    c->cap = need;
    return 0;
}

static AVFrame *make_frame(const VeilCropMsg *m, const uint8_t *samples)
{
    AVFrame *f = av_frame_alloc();
    uint8_t *from[4];
    int stride[4];

    if (!f)
        return NULL;
    f->format = m->format;
    f->width = m->crop.rect.w;
    f->height = m->crop.rect.h;
    f->color_range = m->range;
    f->color_primaries = m->primaries;
    f->color_trc = m->transfer;
    f->colorspace = m->space;
    f->chroma_location = m->chroma_location;
    if (av_frame_get_buffer(f, 0) < 0 ||
        av_image_fill_arrays(from, stride, samples, f->format, f->width, f->height, 1) < 0) {
        av_frame_free(&f);
        return NULL;
    }
    av_image_copy(f->data, f->linesize, (const uint8_t **)from, stride, f->format, f->width, f->height);
    return f;
}

static int take_picture(VeilCropChild *c, const VeilCropMsg *m, AVFrame **picture, VeilErr *err)
{
    int ret;

    if (!c->left) {
        give_up(c, -EPROTO, NULL);
        return veil_err(err, VEIL_E_RECORD, "the decoder of crops gives more pictures than there are records");
    }
    if (reserve(c, m->bytes) < 0)
        return veil_err(err, -ENOMEM, "crop of frame %u", m->crop.frame);
    if ((ret = veil_sandbox_read(&c->box, c->samples, m->bytes, c->patience_ms)) < 0)
        return give_up(c, ret, err);
    if (!(*picture = make_frame(m, c->samples)))
        return veil_err(err, -ENOMEM, "crop of frame %u", m->crop.frame);
    c->left--;
    c->limits.after = m->crop.frame;
    c->limits.format = m->format;
    return 1;
}

int veil_cropchild_next(VeilCropChild *c, VeilCrop *crop, AVFrame **picture, bool *lossless, VeilErr *err)
{
    uint8_t head[VEIL_CROPMSG_BYTES];
    VeilCropMsg m;
    int ret;

    *picture = NULL;
    if (c->failed)
        return veil_err(err, VEIL_E_RECORD, "decoder of crops");
    if (!c->busy)
        return 0;
    if ((ret = veil_sandbox_read(&c->box, head, sizeof(head), c->patience_ms)) < 0)
        return give_up(c, ret, err);
    if ((ret = veil_cropmsg_parse(&m, head, &c->limits, err)) < 0) {
        give_up(c, -EPROTO, NULL);
        return ret;
    }
    if (m.kind == VEIL_CROPMSG_PICTURE) {
        *crop = m.crop;
        if (lossless)
            *lossless = m.lossless;
        return take_picture(c, &m, picture, err);
    }
    c->busy = false;
    if (m.kind == VEIL_CROPMSG_BAD) {
        c->failed = true;
        return veil_err(err, VEIL_E_RECORD, "crop that should follow the one of frame %u", m.crop.frame);
    }
    /* Fewer pictures than records would be faces that stay away unseen. */
    if (!c->left)
        return 0;
    give_up(c, -EPROTO, NULL);
    return veil_err(err, VEIL_E_RECORD, "the decoder of crops left %zu records out", c->left);
}

void veil_cropchild_wipe(AVFrame **picture)
{
    for (int i = 0; *picture && i < AV_NUM_DATA_POINTERS && (*picture)->buf[i]; i++)
        if (av_buffer_is_writable((*picture)->buf[i]))
            explicit_bzero((*picture)->buf[i]->data, (*picture)->buf[i]->size);
    av_frame_free(picture);
}
