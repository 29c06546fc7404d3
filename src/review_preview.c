/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "review_preview.h"

#include <math.h>
#include <string.h>
#include <libavutil/avstring.h>
#include <libavutil/bprint.h>
#include <libavutil/mem.h>

#include "filters/boxes.h"
#include "filters/chain.h"

static void add_zone(AVBPrint *b, const json_t *zone)
{
    const json_t *points = json_object_get(zone, "points"), *to = json_object_get(zone, "to");

    for (size_t i = 0; i < json_array_size(points); i++) {
        const json_t *p = json_array_get(points, i);

        av_bprintf(b, "%.1f,%.1f ", json_number_value(json_array_get(p, 0)), json_number_value(json_array_get(p, 1)));
    }
    av_bprintf(b, "@%.6f-", json_number_value(json_object_get(zone, "from")));
    if (json_is_number(to))
        av_bprintf(b, "%.6f", json_number_value(to));
}

/* The chain that a render ends with. Zones are in pixels as stored, so this chain knows of no rotation. */
static char *chain_text(const VeilReview *r, const VeilDocState *state)
{
    const VeilSettings *s = &r->settings;
    char *once = NULL, *twice = NULL, *out = NULL;
    AVBPrint areas, chain;

    av_bprint_init(&areas, 0, AV_BPRINT_SIZE_UNLIMITED);
    av_bprint_init(&chain, 0, AV_BPRINT_SIZE_UNLIMITED);
    for (size_t i = 0; i < json_array_size(state->zones); i++) {
        av_bprintf(&areas, i ? "|" : "");
        add_zone(&areas, json_array_get(state->zones, i));
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
    int n = 0;

    for (int i = 0; i < state->n_tracks; i++) {
        const VeilDocBox *b = veil_doc_box(&state->track[i], number);

        if (!b || veil_review_keeps(r, &state->track[i]))
            continue;
        if (n == VEIL_MAX_FACES)
            return AVERROR(EINVAL);
        boxes[n++] = (VeilBox){ .face = { b->x, b->y, b->w, b->h, b->score }, .track = (int)state->track[i].id };
    }
    return veil_boxes_set(frame, boxes, n, "tracks");
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
