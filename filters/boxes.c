/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "boxes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libavutil/avstring.h>
#include <libavutil/detection_bbox.h>

#define CUT_KEY     "veil.cut"
#define COVERED_KEY "veil.covered"

/* FFmpeg's classify slots, in the order written here. */
enum { SLOT_ORIGIN, SLOT_ACTION, SLOT_LANDMARKS, SLOTS };

static const char *const origin_names[VEIL_ORIGIN_NB] = { "detected", "filled", "extended", "manual" };
static const char *const action_names[VEIL_ACTION_NB] = { "cover", "keep", "seal" };

const char *veil_origin_name(VeilOrigin origin)
{
    return origin_names[origin];
}

const char *veil_action_name(VeilAction action)
{
    return action_names[action];
}

int veil_action_find(const char *name)
{
    for (int i = 0; i < VEIL_ACTION_NB; i++)
        if (!strcmp(name, action_names[i]))
            return i;
    return -1;
}

/* Ten whole numbers with signs fit the 64 bytes as long as the frame is under
 * 100,000 pixels wide; FFmpeg's frames end at 32,767. */
static void write_landmarks(char *out, size_t cap, const VeilFace *face)
{
    size_t len = 0;

    for (int i = 0; i < VEIL_LANDMARKS; i++)
        for (int axis = 0; axis < 2; axis++)
            len += (size_t)snprintf(out + len, cap - len, "%s%ld", len ? " " : "",
                                    lrintf(fminf(fmaxf(face->landmark[i][axis], -9999.f), 99999.f)));
}

static void read_landmarks(const char *text, VeilFace *face)
{
    float v[2 * VEIL_LANDMARKS];

    if (sscanf(text, "%f %f %f %f %f %f %f %f %f %f", v, v + 1, v + 2, v + 3, v + 4, v + 5, v + 6, v + 7, v + 8,
               v + 9) != 2 * VEIL_LANDMARKS)
        return;
    memcpy(face->landmark, v, sizeof(face->landmark));
    face->has_landmarks = true;
}

static void write_box(AVDetectionBBox *out, const VeilBox *box)
{
    const VeilFace *f = &box->face;

    out->x = (int)floorf(f->x);
    out->y = (int)floorf(f->y);
    out->w = (int)ceilf(f->x + f->w) - out->x;
    out->h = (int)ceilf(f->y + f->h) - out->y;
    out->detect_confidence = av_make_q((int)lrintf(f->score * 10000), 10000);
    if (box->track)
        snprintf(out->detect_label, sizeof(out->detect_label), "face %d", box->track);
    else
        av_strlcpy(out->detect_label, "face", sizeof(out->detect_label));
    out->classify_count = f->has_landmarks ? SLOTS : SLOTS - 1;
    av_strlcpy(out->classify_labels[SLOT_ORIGIN], origin_names[box->origin], sizeof(out->classify_labels[0]));
    av_strlcpy(out->classify_labels[SLOT_ACTION], action_names[box->action], sizeof(out->classify_labels[0]));
    if (f->has_landmarks)
        write_landmarks(out->classify_labels[SLOT_LANDMARKS], sizeof(out->classify_labels[0]), f);
}

int veil_boxes_set(AVFrame *frame, const VeilBox *boxes, int n, const char *source)
{
    AVDetectionBBoxHeader *header;

    av_frame_remove_side_data(frame, AV_FRAME_DATA_DETECTION_BBOXES);
    if (!(header = av_detection_bbox_create_side_data(frame, (uint32_t)n)))
        return AVERROR(ENOMEM);
    av_strlcpy(header->source, source, sizeof(header->source));
    for (int i = 0; i < n; i++)
        write_box(av_get_detection_bbox(header, (unsigned)i), &boxes[i]);
    return 0;
}

static const AVDetectionBBoxHeader *header_of(const AVFrame *frame)
{
    const AVFrameSideData *sd = av_frame_get_side_data(frame, AV_FRAME_DATA_DETECTION_BBOXES);

    return sd ? (const AVDetectionBBoxHeader *)sd->data : NULL;
}

/* A box made elsewhere (dnn_detect, say) has none of our labels: it reads as
 * an untracked detection. */
static void read_box(const AVDetectionBBox *in, VeilBox *box)
{
    *box = (VeilBox){ .face = { .x = (float)in->x, .y = (float)in->y, .w = (float)in->w, .h = (float)in->h } };
    if (in->detect_confidence.den)
        box->face.score = (float)av_q2d(in->detect_confidence);
    if (sscanf(in->detect_label, "face %d", &box->track) != 1)
        box->track = 0;
    if (in->classify_count > SLOT_ORIGIN)
        for (int i = 0; i < VEIL_ORIGIN_NB; i++)
            if (!strcmp(in->classify_labels[SLOT_ORIGIN], origin_names[i]))
                box->origin = (VeilOrigin)i;
    if (in->classify_count > SLOT_ACTION && veil_action_find(in->classify_labels[SLOT_ACTION]) > 0)
        box->action = (VeilAction)veil_action_find(in->classify_labels[SLOT_ACTION]);
    if (in->classify_count > SLOT_LANDMARKS)
        read_landmarks(in->classify_labels[SLOT_LANDMARKS], &box->face);
}

int veil_boxes_get(const AVFrame *frame, VeilBox *boxes, int cap)
{
    const AVDetectionBBoxHeader *header = header_of(frame);

    if (!header)
        return AVERROR(ENOENT);
    if (header->nb_bboxes > (uint32_t)cap)
        return AVERROR(EINVAL);
    for (uint32_t i = 0; i < header->nb_bboxes; i++)
        read_box(av_get_detection_bbox(header, i), &boxes[i]);
    return (int)header->nb_bboxes;
}

VeilRect veil_box_rect(const VeilBox *box, double margin)
{
    const double dx = box->face.w * margin, dy = box->face.h * margin;
    const int x0 = (int)floor(box->face.x - dx), y0 = (int)floor(box->face.y - dy);

    return (VeilRect){ x0, y0, (int)ceil(box->face.x + box->face.w + dx) - x0,
                       (int)ceil(box->face.y + box->face.h + dy) - y0 };
}

int veil_frame_mark_cut(AVFrame *frame)
{
    return av_dict_set(&frame->metadata, CUT_KEY, "1", 0);
}

bool veil_frame_is_cut(const AVFrame *frame)
{
    return av_dict_get(frame->metadata, CUT_KEY, NULL, 0) != NULL;
}

int veil_frame_mark_covered(AVFrame *frame, int boxes)
{
    return av_dict_set_int(&frame->metadata, COVERED_KEY, boxes, 0);
}

int veil_frame_covered(const AVFrame *frame)
{
    const AVDictionaryEntry *e = av_dict_get(frame->metadata, COVERED_KEY, NULL, 0);

    return e ? atoi(e->value) : 0;
}
