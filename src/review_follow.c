/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A box that a person drew, carried forwards and backwards through the
 * recording by what the picture shows: to a cut, the edge, the limit, or to
 * where it is lost.
 */
#include <math.h>
#include <stdlib.h>

#include "filters/follow.h"
#include "filters/scene.h"
#include "review.h"

#define LIMIT_S     10.0 ///< seconds each way where none is asked for
#define MOST_S      60.0
#define MOST_FRAMES 3000
#define SURE        0.7f /* laxer than veil_follow's own: a person said what it is, and looks at the result */
#define PATIENCE    12   ///< frames that something may stand before it

/* One way through the recording. */
typedef struct Walk {
    VeilReview *review;
    int64_t start, at;
    int step;              ///< 1 or -1
    int64_t most;          ///< frames to go at most
    AVFrame *first, *sure; ///< where it was drawn, and where it was last seen without doubt
    VeilFace first_box, sure_box, box;
    float vx, vy;          ///< luma pixels a frame
    int unsure;            ///< frames since `sure`
    VeilScene scene;
    json_t *found;         ///< boxes that are certain
    json_t *pending;       ///< boxes since `sure`, kept only if it is seen again
    const char *stopped;   ///< why it ended
} Walk;

static void note(json_t *list, int64_t frame, const VeilFace *box, char origin, float score)
{
    json_array_append_new(list, json_pack("[I, f, f, f, f, s#, f]", (json_int_t)frame, round(box->x * 10) / 10,
                                          round(box->y * 10) / 10, round(box->w * 10) / 10, round(box->h * 10) / 10,
                                          &origin, 1, round(fmaxf(score, 0) * 100) / 100));
}

/* The picture as drawn comes first: whoever compares only with the frame before drifts away step by step. */
static float look(const Walk *w, const AVFrame *frame, VeilFace *out)
{
    VeilFace guess = w->box, other;
    float score, again;

    guess.x += w->vx;
    guess.y += w->vy;
    score = veil_follow(w->sure, &w->sure_box, frame, &guess, out);
    if (w->sure == w->first || score < SURE)
        return score;
    /* The start is asked only near the place already found, so that it mends a drift and makes no jump. */
    again = veil_follow(w->first, &w->first_box, frame, out, &other);
    if (again >= SURE && veil_face_iou(out, &other) > 0.5f) {
        *out = other;
        return again;
    }
    return score;
}

static bool is_outside(const VeilFace *box, const AVFrame *frame)
{
    const float x = box->x + box->w / 2, y = box->y + box->h / 2;

    return x < 0 || y < 0 || x >= (float)frame->width || y >= (float)frame->height;
}

static void take_sure(Walk *w, AVFrame *frame, const VeilFace *box, float score)
{
    const float steps = (float)(w->unsure + 1);

    w->vx = 0.5f * w->vx + 0.5f * (box->x + box->w / 2 - w->sure_box.x - w->sure_box.w / 2) / steps;
    w->vy = 0.5f * w->vy + 0.5f * (box->y + box->h / 2 - w->sure_box.y - w->sure_box.h / 2) / steps;
    json_array_extend(w->found, w->pending);
    json_array_clear(w->pending);
    note(w->found, w->at, box, 'm', score);
    if (w->sure != w->first)
        av_frame_free(&w->sure);
    w->sure = frame;
    w->box = w->sure_box = *box;
    w->unsure = 0;
}

/* @return 1 to go on, 0 at the end, AVERROR; takes the frame over */
static int take_frame(Walk *w, AVFrame *frame)
{
    VeilFace box = w->box;
    float score;

    if (veil_scene_is_new(&w->scene, frame))
        w->stopped = "cut";
    else if ((score = look(w, frame, &box)) >= SURE && !is_outside(&box, frame)) {
        take_sure(w, frame, &box, score);
        return 1;
    } else if (is_outside(&w->box, frame) || is_outside(&box, frame))
        w->stopped = "edge";
    else if (++w->unsure > PATIENCE)
        w->stopped = "lost";
    else {
        w->box.x += w->vx;
        w->box.y += w->vy;
        note(w->pending, w->at, &w->box, 'f', score);
    }
    av_frame_free(&frame);
    return !w->stopped;
}

static int walk(Walk *w)
{
    const int64_t frames = veil_frames_count(w->review->frames);
    int ret = 1;

    veil_scene_is_new(&w->scene, w->first);
    while (ret > 0) {
        AVFrame *frame;

        w->at += w->step;
        if (w->at < 0 || w->at >= frames)
            w->stopped = "end";
        else if (llabs(w->at - w->start) > w->most)
            w->stopped = "limit";
        if (w->stopped)
            return 0;
        if ((ret = veil_frames_get(w->review->frames, VEIL_FRAMES_FOLLOW, w->at, NULL, &frame)) >= 0)
            ret = take_frame(w, frame);
    }
    return ret;
}

/* One way; adds to `boxes`. */
static int follow(VeilReview *r, AVFrame *first, int64_t number, const VeilFace *box, int step, int64_t most,
                  json_t *boxes, const char **stopped)
{
    Walk w = { .review = r, .start = number, .at = number, .step = step, .most = most, .first = first, .sure = first,
               .first_box = *box, .sure_box = *box, .box = *box, .found = json_array(), .pending = json_array() };
    const int ret = walk(&w);

    json_array_extend(boxes, w.found);
    json_decref(w.found);
    json_decref(w.pending);
    if (w.sure != w.first)
        av_frame_free(&w.sure);
    *stopped = w.stopped ? w.stopped : "end";
    return ret;
}

/* ---- the address ---------------------------------------------------------------------------- */

static bool read_box(const json_t *list, const VeilLink *link, VeilFace *box)
{
    double v[4];

    if (json_array_size(list) != 4)
        return false;
    for (size_t i = 0; i < 4; i++) {
        if (!json_is_number(json_array_get(list, i)))
            return false;
        v[i] = json_number_value(json_array_get(list, i));
    }
    *box = (VeilFace){ (float)v[0], (float)v[1], (float)v[2], (float)v[3], .score = 1 };
    return v[2] >= 4 && v[3] >= 4 && v[0] > -v[2] && v[1] > -v[3] && v[0] < link->w && v[1] < link->h &&
           v[2] <= 2 * link->w && v[3] <= 2 * link->h;
}

static bool wants(const json_t *body, const char *key)
{
    const json_t *value = json_object_get(body, key);

    return !value || json_is_true(value);
}

static int64_t most_frames(const json_t *body, const VeilLink *link)
{
    const json_t *value = json_object_get(body, "limit_s");
    const double seconds = json_is_number(value) ? json_number_value(value) : LIMIT_S;
    const double rate = link->frame_rate.num > 0 && link->frame_rate.den > 0 ? av_q2d(link->frame_rate) : 25;

    return (int64_t)fmin(fmax(fmin(seconds, MOST_S), 0) * rate, MOST_FRAMES);
}

/* By rising frame: the way back turned round, the box itself, the way on. */
static json_t *joined(const json_t *back, int64_t number, const VeilFace *box, json_t *on)
{
    json_t *all = json_array();

    for (size_t i = json_array_size(back); i-- > 0;)
        json_array_append(all, json_array_get(back, i));
    note(all, number, box, 'm', 1);
    json_array_extend(all, on);
    return all;
}

static void answer(VeilReview *r, const json_t *body, int64_t number, const VeilFace *box, VeilWebReply *reply)
{
    const int64_t most = most_frames(body, veil_frames_link(r->frames));
    const char *back_stopped = "off", *on_stopped = "off";
    json_t *back = json_array(), *on = json_array();
    AVFrame *first = NULL;
    int ret;

    pthread_mutex_lock(&r->following); /* two in turn are quicker than two that pull one decoder about */
    ret = veil_frames_get(r->frames, VEIL_FRAMES_FOLLOW, number, NULL, &first);
    if (ret >= 0 && !veil_follow_can(first->format))
        veil_web_refuse(reply, 422, "the pixels of this recording cannot be followed; draw the box in more frames");
    else {
        if (ret >= 0 && wants(body, "forward"))
            ret = follow(r, first, number, box, 1, most, on, &on_stopped);
        if (ret >= 0 && wants(body, "backward"))
            ret = follow(r, first, number, box, -1, most, back, &back_stopped);
        if (ret < 0)
            veil_web_refuse(reply, ret == AVERROR(EINVAL) ? 404 : 500, "frame %lld cannot be followed: %s",
                            (long long)number, av_err2str(ret));
        else
            veil_web_json(reply, 200, json_pack("{s:o, s:{s:s, s:s}}", "boxes", joined(back, number, box, on),
                                                "stopped", "forward", on_stopped, "backward", back_stopped));
    }
    pthread_mutex_unlock(&r->following);
    av_frame_free(&first);
    json_decref(back);
    json_decref(on);
}

void veil_review_follow(void *review, const VeilWebRequest *request, VeilWebReply *reply)
{
    VeilReview *r = review;
    json_t *body = veil_review_body(request, reply);
    const json_t *number = json_object_get(body, "frame");
    VeilFace box;

    if (!body)
        return;
    if (!json_is_integer(number) || json_integer_value(number) < 0)
        veil_web_refuse(reply, 400, "'frame' must be the number of a frame");
    else if (!read_box(json_object_get(body, "box"), veil_frames_link(r->frames), &box))
        veil_web_refuse(reply, 400, "'box' must be [x, y, w, h] in pixels of the frame, at least 4 by 4, and touch it");
    else
        answer(r, body, json_integer_value(number), &box, reply);
    json_decref(body);
}
