/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Take off the list each face that may be seen: its track says `keep`, and
 * the program finds a consent record or a reason that holds. `cover` hides
 * all that is left, whatever its action says, so a chain without this filter
 * hides everyone, and where a kept face and a covered one overlap, the cover
 * lies on both.
 */
#include "boxes.h"
#include "filter.h"

typedef struct ConsentContext {
    const AVClass *class; ///< must be first
    int64_t kept, refused;
} ConsentContext;

static int consent_filter_frame(VeilFilterContext *ctx, AVFrame **frame)
{
    const VeilTracksLent *lent = ctx->env->tracks;
    ConsentContext *s = ctx->priv;
    VeilBox boxes[VEIL_MAX_FACES];
    int n, left = 0;

    if (!*frame)
        return 0;
    if ((n = veil_boxes_get(*frame, boxes, VEIL_MAX_FACES)) < 0)
        return n == AVERROR(ENOENT) ? 0 : n; /* `cover` ends the run over a frame without a list */
    for (int i = 0; i < n; i++) {
        const bool keep = boxes[i].action == VEIL_ACTION_KEEP;

        if (keep && lent && lent->may_show(lent->opaque, boxes[i].track)) {
            s->kept++;
            continue;
        }
        s->refused += keep;
        boxes[i].action = keep ? VEIL_ACTION_COVER : boxes[i].action;
        boxes[left++] = boxes[i];
    }
    return veil_boxes_set(*frame, boxes, left, "consent");
}

static int consent_describe(const VeilFilterContext *ctx, AVDictionary **facts)
{
    const ConsentContext *s = ctx->priv;

    av_dict_set_int(facts, "boxes_kept", s->kept, 0);
    return av_dict_set_int(facts, "boxes_refused", s->refused, 0);
}

static const AVOption consent_options[] = { { NULL } };
VEIL_DEFINE_CLASS(consent);

const VeilFilter veil_vf_consent = {
    .name = "consent",
    .description = "Let faces be seen whose consent holds.",
    .priv_class = &consent_class,
    .priv_size = sizeof(ConsentContext),
    .filter_frame = consent_filter_frame,
    .describe = consent_describe,
};
