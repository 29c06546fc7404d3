/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "review_preview.h"

#include <math.h>
#include <string.h>
#include <libavutil/avstring.h>
#include <libavutil/bprint.h>
#include <libavutil/mem.h>

#include "filters/boxes.h"
#include "filters/chain.h"

static void add_zone(AVBPrint *b, const VeilTracksZone *zone)
{
    for (int i = 0; i < zone->n; i++)
        av_bprintf(b, "%.1f,%.1f ", zone->point[i][0], zone->point[i][1]);
    av_bprintf(b, "@%.6f-%.6f", zone->from, zone->to);
}

/* The chain that a render ends with. Zones are in pixels as stored, so this chain knows of no rotation. */
static char *chain_text(const VeilReview *r, const VeilDocState *state)
{
    const VeilSettings *s = &r->settings;
    char *once = NULL, *twice = NULL, *out = NULL;
    AVBPrint areas, chain;

    av_bprint_init(&areas, 0, AV_BPRINT_SIZE_UNLIMITED);
    av_bprint_init(&chain, 0, AV_BPRINT_SIZE_UNLIMITED);
    for (int i = 0; i < state->file->n_zones; i++) {
        av_bprintf(&areas, i ? "|" : "");
        add_zone(&areas, &state->file->zone[i]);
    }
    if (areas.len && av_escape(&once, areas.str, ":", AV_ESCAPE_MODE_BACKSLASH, 0) >= 0 &&
        av_escape(&twice, once, ",", AV_ESCAPE_MODE_BACKSLASH, 0) >= 0)
        av_bprintf(&chain, "zone=areas=%s,", twice);
    av_bprintf(&chain, "cover=style=%s:margin=%g:cells=%d:color=%s", s->style, s->margin, s->cells, s->color);
    av_free(once);
    av_free(twice);
    if ((areas.len && !twice) || av_bprint_finalize(&chain, &out) < 0)
        out = NULL;
    av_bprint_finalize(&areas, NULL);
    return out;
}

static int take(void *opaque, AVFrame *frame)
{
    *(AVFrame **)opaque = frame;
    return 0;
}

static int no_model(void *opaque, const char *name, char *path, size_t cap, char *digest)
{
    (void)opaque, (void)name, (void)path, (void)cap, (void)digest;
    return AVERROR(ENOENT); /* neither zone nor cover asks for one */
}

/* The boxes that this state covers in that frame. @return 0 or AVERROR */
static int set_boxes(AVFrame *frame, const VeilReview *r, const VeilDocState *state, int64_t number)
{
    VeilBox boxes[VEIL_MAX_FACES];
    const int n = veil_tracksfile_at(state->file, number, boxes, VEIL_MAX_FACES);
    int left = 0;

    if (n < 0)
        return AVERROR(EINVAL);
    for (int i = 0; i < n; i++)
        if (boxes[i].action != VEIL_ACTION_KEEP ||
            !veil_review_keeps(r, state->file, veil_tracksfile_find(state->file, boxes[i].track)))
            boxes[left++] = boxes[i];
    return veil_boxes_set(frame, boxes, left, "tracks");
}

int veil_preview_paint(VeilReview *review, const VeilDocState *state, int64_t number, AVFrame **frame)
{
    const VeilFilterEnv env = { .threads = 1, .find_model = no_model };
    VeilLink link = *veil_frames_link(review->frames);
    char *text = chain_text(review, state);
    AVFrame *painted = NULL;
    VeilChain *chain = NULL;
    int ret = text ? 0 : AVERROR(ENOMEM);

    link.rotation = 0;
    if (ret >= 0 && (ret = veil_chain_open(&chain, text, &link, NULL, &env, take, &painted)) >= 0 &&
        (ret = set_boxes(*frame, review, state, number)) >= 0) {
        ret = veil_chain_push(chain, *frame);
        *frame = NULL;
        if (ret >= 0)
            ret = veil_chain_push(chain, NULL);
    }
    veil_chain_close(chain);
    av_free(text);
    av_frame_free(frame);
    *frame = painted;
    if (ret >= 0 && !painted)
        ret = AVERROR_BUG;
    return ret;
}
