/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scene.h"

#include <math.h>
#include <string.h>
#include <libavutil/pixdesc.h>

/* A cut changes the grid by this much at least (of 255), and by this many
 * times what the footage usually does: a fast pan differs from a cut in that
 * the frames before it differed as well. */
#define CUT_FLOOR 18.f
#define CUT_RATIO 3.5f

/* A pan of the camera explains 0.7 and more of the difference, also when it
 * is smeared; between the scenes of hard cuts the best shift explained .33 at
 * most. */
#define PANNED 0.5f

/* A flash or a lamp changes the light, not what is shown: these came to .9 and
 * more, real cuts to .3 at most. */
#define RELIT 0.75f

/* Samples of one cell, each side: enough for a mean, cheap at any size. */
#define TAPS 4

static float cell_mean(const AVFrame *f, const AVComponentDescriptor *luma, int cx, int cy)
{
    float sum = 0;

    for (int i = 0; i < TAPS; i++)
        for (int j = 0; j < TAPS; j++) {
            const int64_t x = ((int64_t)cx * TAPS + j) * f->width / (VEIL_SCENE_W * TAPS);
            const int64_t y = ((int64_t)cy * TAPS + i) * f->height / (VEIL_SCENE_H * TAPS);
            const uint8_t *p = f->data[luma->plane] + y * f->linesize[luma->plane] + x * luma->step + luma->offset;

            sum += luma->depth > 8 ? (float)(*(const uint16_t *)p >> (luma->shift + luma->depth - 8)) : (float)*p;
        }
    return sum / (TAPS * TAPS);
}

/* Some formats (bit-packed, palette) have no plain first component: their
 * frames reach the detector through a conversion, so this is never the last
 * word; every such frame counts as new and is searched. */
static bool is_plain(const AVPixFmtDescriptor *desc)
{
    return desc && !(desc->flags & (AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL |
                                    AV_PIX_FMT_FLAG_BE | AV_PIX_FMT_FLAG_FLOAT)) &&
           desc->comp[0].depth >= 8;
}

/* The same place, seen by a camera that swung round, or in other light. */
static bool continues(const VeilSmall *before, const VeilSmall *now)
{
    float dx, dy;

    return veil_motion_alike(before, now) >= RELIT || veil_motion_shift(before, now, &dx, &dy) >= PANNED;
}

bool veil_scene_is_new(VeilScene *scene, const AVFrame *frame)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(frame->format);
    const bool had_one = scene->started;
    float difference = 0;
    VeilSmall small;
    bool is_cut;

    if (!is_plain(desc))
        return true;
    for (int cy = 0; cy < VEIL_SCENE_H; cy++)
        for (int cx = 0; cx < VEIL_SCENE_W; cx++) {
            float *cell = &scene->grid[cy * VEIL_SCENE_W + cx];
            const float mean = cell_mean(frame, &desc->comp[0], cx, cy);

            difference += fabsf(mean - *cell);
            *cell = mean;
        }
    difference /= VEIL_SCENE_W * VEIL_SCENE_H;
    veil_motion_small(frame, &small);
    scene->started = true;
    is_cut = !had_one || (difference > CUT_FLOOR && difference > CUT_RATIO * scene->motion &&
                          !continues(&scene->small, &small));
    scene->small = small;
    scene->motion = is_cut ? 0 : 0.8f * scene->motion + 0.2f * difference;
    return is_cut;
}
