/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A video filter, modelled on AVFilter. Adding one is one file
 * `vf_<name>.c` that ends with its VeilFilter, and one row in veil_filters[]
 * of registry.c.
 *
 * Frames: the chain owns every frame. filter_frame() borrows `*frame`; a
 * filter that keeps a frame takes it by setting `*frame` to NULL, and gives
 * it back from next_frame(). On error the chain frees what `*frame` holds.
 */
#ifndef VEIL_FILTERS_FILTER_H
#define VEIL_FILTERS_FILTER_H

#include <stdbool.h>
#include <stdint.h>
#include <libavutil/dict.h>
#include <libavutil/frame.h>
#include <libavutil/log.h>
#include <libavutil/opt.h>
#include <libavutil/pixfmt.h>

#define VEIL_FILTER_NEEDS_WRITABLE (1 << 0) ///< the chain makes each frame writable first
#define VEIL_FILTER_FINDS          (1 << 1) ///< gives frames a box list
#define VEIL_FILTER_HIDES          (1 << 2) ///< hides every box of the list
#define VEIL_FILTER_SHOWS          (1 << 3) ///< for checking only; never in a published profile
#define VEIL_FILTER_RECALLS        (1 << 5) ///< takes its boxes from the tracks that the program lends

struct VeilBox;

/** What flows into a filter; does not change during a run. */
typedef struct VeilLink {
    int w, h; ///< luma pixels, as stored
    enum AVPixelFormat format;
    AVRational time_base;  ///< of frame->pts
    AVRational frame_rate; ///< nominal; 0/1 if unknown
    AVRational sar;        ///< sample aspect ratio; 0/1 if unknown
    int rotation;          ///< clockwise degrees to show it upright: 0, 90, 180, 270
} VeilLink;

/** Boxes that were found before, for `tracks`, and whose face may be seen, for `consent`. */
typedef struct VeilTracksLent {
    void *opaque; ///< first argument of the calls below
    /** Do they belong to such a video? @return 0 or AVERROR, after av_log(log) of one sentence */
    int (*open)(void *opaque, const VeilLink *in, void *log);
    /**
     * All boxes of one frame.
     * @param frame number in presentation order from 0
     * @param pts   its time, which must be the one that was seen then
     * @return number of boxes, or AVERROR after av_log(log) of one sentence
     */
    int (*at)(void *opaque, int64_t frame, int64_t pts, struct VeilBox *boxes, int cap, void *log);
    /** That was the last frame. @return 0 or AVERROR after av_log(log): there should be another number of them */
    int (*end)(void *opaque, int64_t frames, void *log);
    /** Only true where a consent record or a reason of the closed list says so. */
    bool (*may_show)(void *opaque, int track);
} VeilTracksLent;

/** What the program lends to filters. */
typedef struct VeilFilterEnv {
    void *opaque; ///< first argument of the calls below
    int threads;  ///< threads a filter may use, at least 1
    /**
     * Find the file of the model with that name and check its SHA-256.
     * @param path   receives the file's path
     * @param digest receives the SHA-256 as 64 hex digits and a zero; may be NULL
     * @return 0; AVERROR(ENOENT) not found; AVERROR_INVALIDDATA altered
     */
    int (*find_model)(void *opaque, const char *name, char *path, size_t cap, char *digest);
    const VeilTracksLent *tracks; ///< NULL: there are none
} VeilFilterEnv;

typedef struct VeilFilter VeilFilter;

typedef struct VeilFilterContext {
    const AVClass *av_class; ///< must be first: av_log(ctx, ...) works
    const VeilFilter *filter;
    const VeilFilterEnv *env;
    VeilLink in;
    VeilLink out; ///< starts equal to `in`; init() may change it
    void *priv; ///< priv_size bytes; its first field is `const AVClass *`
} VeilFilterContext;

struct VeilFilter {
    const char *name;
    const char *description;     ///< one sentence
    const AVClass *priv_class;   ///< option rows
    size_t priv_size;
    const enum AVPixelFormat *pix_fmts; ///< ends with AV_PIX_FMT_NONE; NULL: any
    unsigned flags;              ///< VEIL_FILTER_*
    /** Options are set and ctx->in is known. @return 0 or AVERROR, after av_log() of one sentence */
    int (*init)(VeilFilterContext *ctx);
    /** One frame in presentation order, or `*frame` NULL once at the end. @return 0 or AVERROR */
    int (*filter_frame)(VeilFilterContext *ctx, AVFrame **frame);
    /** Asked until it gives NULL, after each filter_frame(). NULL for a filter that keeps nothing. */
    int (*next_frame)(VeilFilterContext *ctx, AVFrame **frame);
    /** Add facts for the report, as key and value. May be NULL. @return 0 or AVERROR */
    int (*describe)(const VeilFilterContext *ctx, AVDictionary **facts);
    void (*uninit)(VeilFilterContext *ctx); ///< also after a failed init; may be NULL
};

/** Define `<name>_class` for option rows named `<name>_options`. */
#define VEIL_DEFINE_CLASS(name_)                                                                             \
    static const AVClass name_##_class = { .class_name = "veil " #name_,                                     \
                                           .item_name = av_default_item_name,                                \
                                           .option = name_##_options,                                        \
                                           .version = LIBAVUTIL_VERSION_INT }

/** Option flags of every row. */
#define VEIL_OPT_FLAGS (AV_OPT_FLAG_FILTERING_PARAM | AV_OPT_FLAG_VIDEO_PARAM)

/** Ours by name, or NULL. The list ends with NULL. */
extern const VeilFilter *const veil_filters[];
const VeilFilter *veil_filter_find(const char *name);

/** libavfilter graphs as a filter, option `graph`: what the chain uses for every other name. */
extern const VeilFilter veil_vf_lavfi;

/** Planar and semi-planar formats that paint.h can write into; for pix_fmts. */
extern const enum AVPixelFormat veil_paint_formats[];

#endif /* VEIL_FILTERS_FILTER_H */
