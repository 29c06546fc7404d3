/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "looks.h"

#include <sodium.h>
#include <string.h>
#include <libavutil/avutil.h>
#include <libavutil/common.h>
#include <libavutil/mem.h>

#include "keys/secmem.h"
#include "picture.h"

#define TURNS  4
#define SIDE   128  ///< longer side searched: a face fills most of a crop, and the compiled-in network is lost above 100 pixels
#define SCORE  0.5f ///< on the common scale: a weaker find has landmarks that are not worth aligning to
#define FACES  32
#define BOX_IOU 0.25f

struct VeilLooker {
    const VeilDetectorBackend *backend;
    const char *model;
    int threads;
    void *log;
    void *turned[TURNS]; ///< one detector a rotation, opened when it is first wanted
    int upright;         ///< quarters of a turn that make pictures upright
    VeilPicture pic;
};

int veil_looker_open(VeilLooker **out, const VeilDetectorBackend *detector, const char *model, int rotation, int threads,
                     void *log)
{
    VeilLooker *l = av_mallocz(sizeof(*l));

    *out = NULL;
    if (!l)
        return AVERROR(ENOMEM);
    l->backend = detector;
    l->model = model ? av_strdup(model) : NULL;
    l->upright = rotation / 90 % TURNS;
    l->threads = threads;
    l->log = log;
    if (model && !l->model) {
        veil_looker_close(l);
        return AVERROR(ENOMEM);
    }
    *out = l;
    return 0;
}

static void wipe_picture(VeilPicture *p)
{
    if (p->data)
        sodium_memzero(p->data, (size_t)p->stride * (size_t)p->h);
}

/* A search of a plain picture overwrites what the detector's buffers hold of the last face. */
static void blank(VeilLooker *l, void *detector)
{
    AVFrame *f = av_frame_alloc();
    VeilFace faces[FACES];

    if (f) {
        f->format = AV_PIX_FMT_GRAY8;
        f->width = f->height = SIDE;
        if (av_frame_get_buffer(f, 0) >= 0) {
            memset(f->data[0], 128, (size_t)f->linesize[0] * SIDE);
            l->backend->find(detector, f, faces, FACES, l->log);
        }
    }
    av_frame_free(&f);
}

void veil_looker_close(VeilLooker *l)
{
    if (!l)
        return;
    for (int i = 0; i < TURNS; i++)
        if (l->turned[i]) {
            blank(l, l->turned[i]);
            l->backend->close(l->turned[i]);
        }
    wipe_picture(&l->pic);
    veil_picture_free(&l->pic);
    av_free((char *)l->model);
    av_free(l);
}

int veil_look_new(VeilLook *look)
{
    *look = (VeilLook){ .aligned = veil_secret_new(VEIL_ALIGN_BYTES), .view = veil_secret_new(VEIL_VIEW_BYTES) };
    return look->aligned && look->view ? 0 : AVERROR(ENOMEM);
}

void veil_look_free(VeilLook *look)
{
    veil_secret_free(look->aligned);
    veil_secret_free(look->view);
    *look = (VeilLook){ 0 };
}

/* ---- finding -------------------------------------------------------------------- */

static int search(VeilLooker *l, int turn, const AVFrame *picture, VeilFace *faces)
{
    const VeilDetectorConfig c = {
        .model = l->model, .size = SIDE, .threshold = veil_score_from_common(l->backend, SCORE),
        .rotation = 90 * turn, .threads = l->threads,
    };
    int ret;

    if (!l->turned[turn] && (ret = l->backend->open(&l->turned[turn], &c, l->log)) < 0) {
        l->turned[turn] = NULL;
        return ret;
    }
    return l->backend->find(l->turned[turn], picture, faces, FACES, l->log);
}

/* The find that is meant, or NULL. Of a crop without a box the largest good one: others' areas are grey in it. */
static const VeilFace *choose(const VeilFace *faces, int n, const VeilRect *box)
{
    const VeilFace want = box ? (VeilFace){ .x = box->x, .y = box->y, .w = box->w, .h = box->h } : (VeilFace){ 0 };
    const VeilFace *best = NULL;
    float most = box ? BOX_IOU : 0;

    for (int i = 0; i < n; i++) {
        const float worth = box ? veil_face_iou(&faces[i], &want) : faces[i].score * faces[i].w * faces[i].h;

        if (faces[i].has_landmarks && worth > most) {
            most = worth;
            best = &faces[i];
        }
    }
    return best;
}

/* The compiled-in network takes an upside-down face for an upright one, so other ways up are not guessed at where a
 * person has not said that there is a face. */
static int find(VeilLooker *l, const AVFrame *picture, const VeilRect *box, VeilFace *face)
{
    VeilFace faces[FACES];
    const VeilFace *best;

    for (int i = 0; i < (box ? TURNS : 1); i++) {
        const int n = search(l, box ? i : l->upright, picture, faces);

        if (n < 0)
            return n;
        if ((best = choose(faces, n, box))) {
            *face = *best;
            face->score = veil_score_to_common(l->backend, best->score);
            return 1;
        }
    }
    return 0;
}

/* ---- a look ----------------------------------------------------------------------- */

/* The face in the middle of the view, upright: eyes at two fifths of its height, 0.8 of the aligned scale times two. */
static VeilSimilarity view_of(VeilSimilarity s)
{
    const float zoom = 1.4f, cx = 56, cy = 66;

    return (VeilSimilarity){
        .a = zoom * s.a, .b = zoom * s.b,
        .tx = zoom * (s.tx - cx) + VEIL_VIEW_W / 2.f, .ty = zoom * (s.ty - cy) + VEIL_VIEW_H / 2.f,
    };
}

int veil_looker_look(VeilLooker *l, const AVFrame *picture, const VeilRect *box, VeilLook *look)
{
    const VeilPictureConfig pc = { .channels = 3 };
    VeilSimilarity s, v;
    int ret = find(l, picture, box, &look->face);

    if (ret <= 0)
        return ret;
    if (veil_align_fit(&s, look->face.landmark, veil_align_points) < 0)
        return 0;
    if ((ret = veil_picture_read(&l->pic, picture, &pc, l->log)) < 0)
        return ret;
    {
        const VeilBgr bgr = { l->pic.data, l->pic.used_w, l->pic.used_h, l->pic.stride };

        v = view_of(s);
        veil_align_warp(look->aligned, VEIL_ALIGN_SIDE, VEIL_ALIGN_SIDE, &bgr, &s);
        veil_align_warp(look->view, VEIL_VIEW_W, VEIL_VIEW_H, &bgr, &v);
    }
    look->quality = veil_align_quality(&look->face, look->aligned);
    wipe_picture(&l->pic);
    return 1;
}

/* ---- the best of a track ------------------------------------------------------------ */

static void insert(VeilLooks *s, int place)
{
    const VeilLook taken = s->spare;

    s->spare = s->at[place];
    s->at[place] = taken;
    for (int i = place; i > 0 && s->at[i].quality > s->at[i - 1].quality; i--)
        FFSWAP(VeilLook, s->at[i], s->at[i - 1]);
}

/* Where the spare look goes: in place of a neighbour in time, or of the worst; -1 nowhere. */
static int place_for(VeilLooks *s)
{
    for (int i = 0; i < s->n; i++)
        if (llabs((int64_t)s->at[i].frame - s->spare.frame) < VEIL_LOOKS_GAP)
            return s->spare.quality > s->at[i].quality ? i : -1;
    if (s->n < VEIL_LOOKS_MAX)
        return veil_look_new(&s->at[s->n]) < 0 ? AVERROR(ENOMEM) : s->n++;
    return s->spare.quality > s->at[s->n - 1].quality ? s->n - 1 : -1;
}

int veil_looks_offer(VeilLooks *s, VeilLooker *l, const AVFrame *picture, uint32_t frame, uint32_t seg)
{
    int ret, place;

    if (!s->spare.aligned && (ret = veil_look_new(&s->spare)) < 0)
        return ret;
    s->seen++;
    if ((ret = veil_looker_look(l, picture, NULL, &s->spare)) <= 0)
        return ret;
    s->found++;
    s->spare.frame = frame;
    s->spare.seg = seg;
    if (!(s->spare.quality > 0))
        return 0; /* in profile: nothing to compare */
    if ((place = place_for(s)) == AVERROR(ENOMEM))
        return place;
    if (place >= 0)
        insert(s, place);
    return 1;
}

void veil_looks_free(VeilLooks *s)
{
    for (int i = 0; i < s->n; i++)
        veil_look_free(&s->at[i]);
    veil_look_free(&s->spare);
    *s = (VeilLooks){ 0 };
}
