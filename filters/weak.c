/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "weak.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <libavutil/common.h>
#include <libavutil/error.h>

#include "assoc.h"

/* What texture scores by chance, on the common scale: the larger the box, the
 * more, as the network sees large faces in a few cells only. */
#define VEIL_WEAK_CHANCE 0.12f ///< up to SMALL of the picture's longer side
#define CHANCE_LARGE 0.60f
#define SMALL 0.04f
#define LARGE 0.179f

/* Least likeness of two boxes of one face: centres about 1.1 box sizes apart. */
#define LEAST_LIKENESS 0.3f

float veil_weak_worth(float span, const VeilFace *face)
{
    const float size = fmaxf(face->w, face->h) / span;
    const float way = av_clipf((size - SMALL) / (LARGE - SMALL), 0, 1);

    return face->score - VEIL_WEAK_CHANCE - way * (CHANCE_LARGE - VEIL_WEAK_CHANCE);
}

/* Whether boxes that recur are a face is told by the best score among them and by their size; how many they are, their
 * mean, at how many sizes of search and in what share of searches they come add little. A logistic regression on 4,445
 * tracks, on each of two sets of clips, drew its line through .24 and .19 for .02 of the picture's longer side, .30 and
 * .28 for .03, .37 and .40 for .05, .44 and .51 for .08. A larger face that scores .45 is believed: asking it for .6 bared
 * 13 face-frames more of 1,000 on one of those clips, and covered as much on all. */
#define PEAK 0.23f ///< for faces of PEAK_SIZE
#define PEAK_SIZE 0.02f
#define PEAK_SLOPE 0.15f
#define PEAK_MOST 0.45f

float veil_weak_least_peak(float span, const VeilFace *face)
{
    const float size = fmaxf(face->w, face->h) / span;

    return fminf(PEAK + PEAK_SLOPE * logf(fmaxf(size / PEAK_SIZE, 1e-3f)), PEAK_MOST);
}

void veil_weak_free(VeilWeak *w)
{
    free(w->box);
    *w = (VeilWeak){ 0 };
}

void veil_weak_clear(VeilWeak *w)
{
    w->n = 0;
}

int veil_weak_add(VeilWeak *w, const VeilPoint *seen)
{
    if (w->n == w->cap) {
        const int cap = FFMAX(64, w->cap * 2);
        VeilPoint *more = realloc(w->box, (size_t)cap * sizeof(*more));

        if (!more)
            return AVERROR(ENOMEM);
        w->box = more;
        w->cap = cap;
    }
    w->box[w->n++] = *seen;
    return 0;
}

void veil_weak_forget(VeilWeak *w, int64_t at)
{
    int old = 0;

    while (old < w->n && w->box[old].at < at)
        old++;
    if (!old)
        return;
    w->n -= old;
    memmove(w->box, w->box + old, (size_t)w->n * sizeof(*w->box));
}

/* The most alike box in the newest frame before this one that has one. @return its index, or -1 */
static int before(const VeilWeak *w, const VeilPoint *seen)
{
    float best_likeness = LEAST_LIKENESS, likeness;
    int best = -1;

    for (int i = w->n - 1; i >= 0; i--) {
        if (w->box[i].at >= seen->at)
            continue;
        if (seen->at - w->box[i].at > w->patience || (best >= 0 && w->box[i].at < w->box[best].at))
            break;
        if ((likeness = veil_likeness(&w->box[i].face, &seen->face)) > best_likeness) {
            best = i;
            best_likeness = likeness;
        }
    }
    return best;
}

/* A frame that passes without a box speaks against it. */
#define FADING 0.01f

float veil_weak_evidence(const VeilWeak *w, const VeilPoint *seen)
{
    float sum = veil_weak_worth(w->span, &seen->face);

    for (int i; (i = before(w, seen)) >= 0; seen = &w->box[i])
        sum += veil_weak_worth(w->span, &w->box[i].face) - FADING * (float)(seen->at - w->box[i].at);
    return sum;
}

int veil_weak_take(VeilWeak *w, const VeilPoint *seen, VeilPoint *out)
{
    const int i = before(w, seen);

    if (i < 0)
        return 0;
    *out = w->box[i];
    w->n--;
    memmove(w->box + i, w->box + i + 1, (size_t)(w->n - i) * sizeof(*w->box));
    return 1;
}
