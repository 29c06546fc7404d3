/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file What a match leaves behind: the note, and one picture a hit. */
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "keyio.h"
#include "keys/bytes.h"
#include "match.h"
#include "msg.h"
#include "pngfile.h"

#define GAP  12 ///< pixels between probe and face
#define EDGE 10 ///< of the red frame that says "demonstration only"

void veil_match_picture_name(char *out, size_t cap, int number, bool demonstration)
{
    snprintf(out, cap, "hit-%d%s.png", number, demonstration ? "-demonstration-only" : "");
}

void veil_match_rate(char *out, size_t cap, const uint32_t pair[2], bool at_most)
{
    const double k = pair[0], n = pair[1] ? pair[1] : 1, z = 1.96, p = k / n;
    const double mid = p + z * z / (2 * n), off = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)), d = 1 + z * z / n;

    snprintf(out, cap, "%.4f (%u of %u; at %s %.4f with 95 %% confidence)", p, pair[0], pair[1],
             at_most ? "most" : "least", at_most ? (mid + off) / d : (mid - off) / d);
}

/* ---- pictures -------------------------------------------------------------------------- */

static void put_view(AVFrame *out, int left, const uint8_t *bgr)
{
    for (int y = 0; y < VEIL_VIEW_H; y++)
        for (int x = 0; x < VEIL_VIEW_W; x++) {
            const uint8_t *p = bgr + 3 * (y * VEIL_VIEW_W + x);
            uint8_t *q = out->data[0] + (EDGE + y) * out->linesize[0] + 3 * (left + x);

            q[0] = p[2], q[1] = p[1], q[2] = p[0];
        }
}

static void paint(AVFrame *f, uint8_t red, uint8_t other)
{
    for (int y = 0; y < f->height; y++)
        for (int x = 0; x < f->width; x++) {
            uint8_t *q = f->data[0] + y * f->linesize[0] + 3 * x;

            q[0] = red, q[1] = q[2] = other;
        }
}

/* Probe on the left, face on the right. */
static AVFrame *side_by_side(const uint8_t *probe, const uint8_t *face, bool demonstration)
{
    AVFrame *f = av_frame_alloc();

    if (!f)
        return NULL;
    f->format = AV_PIX_FMT_RGB24;
    f->width = 2 * VEIL_VIEW_W + GAP + 2 * EDGE;
    f->height = VEIL_VIEW_H + 2 * EDGE;
    if (av_frame_get_buffer(f, 0) < 0) {
        av_frame_free(&f);
        return NULL;
    }
    paint(f, demonstration ? 208 : 255, demonstration ? 16 : 255);
    put_view(f, EDGE, probe);
    put_view(f, EDGE + VEIL_VIEW_W + GAP, face);
    return f;
}

static int write_picture(VeilMatch *m, VeilEvidence *folder, int i)
{
    const bool demonstration = m->recogniser.backend->demonstration;
    AVFrame *f = side_by_side(m->probe[m->hit[i].probe].look.view, m->hit[i].view, demonstration);
    uint8_t *png = NULL;
    size_t len = 0;
    char name[64];
    int ret;

    veil_match_picture_name(name, sizeof(name), i + 1, demonstration);
    if (!f || veil_png_encode(f, &png, &len) < 0) {
        veil_error("no memory for the picture of a hit; free some");
        ret = VEIL_EXIT_ERROR;
    } else {
        crypto_hash_sha256(m->hit[i].hit.picture, png, len);
        ret = veil_evidence_write(folder, name, png, len);
    }
    if (png)
        sodium_memzero(png, len);
    free(png);
    veil_cropchild_wipe(&f);
    return ret;
}

/* ---- the note ---------------------------------------------------------------------------- */

static void fill(VeilResult *r, const VeilMatch *m)
{
    const VeilCalibration *c = &m->recogniser.calibration;

    *r = (VeilResult){ .leaf = m->granted->index, .time = time(NULL), .people = (uint32_t)c->people,
                       .same = { (uint32_t)c->same[0], (uint32_t)c->same[1] },
                       .other = { (uint32_t)c->other[0], (uint32_t)c->other[1] },
                       .threshold = (uint32_t)lrint(c->threshold * 1000), .compared = m->compared,
                       .unusable = m->unusable, .demonstration = m->recogniser.backend->demonstration,
                       .hits = m->hits };
    memcpy(r->wid, m->granted->warrant.wid, 32);
    veil_hex_decode(r->model, 32, m->recogniser.sha256, VEIL_HEX_LEN(32));
    snprintf(r->matcher, sizeof(r->matcher), "%s", c->matcher);
    snprintf(r->detector, sizeof(r->detector), "%s", c->detector);
    snprintf(r->set, sizeof(r->set), "%s", c->set);
    snprintf(r->date, sizeof(r->date), "%s", c->date);
    for (int i = 0; i < m->hits; i++)
        r->hit[i] = m->hit[i].hit;
}

/* Signed by the matcher, and the leaf that says so in the log. */
static int write_note(const VeilMatch *m, VeilEvidence *folder, const VeilKey *sign)
{
    VeilResult *r = calloc(1, sizeof(*r));
    VeilLeaf leaf = { .kind = VEIL_LEAF_RESULT, .index = m->granted->index, .units = (uint32_t)m->hits };
    VeilText note = { 0 }, text = { 0 };
    VeilErr err;
    int ret;

    if (!r)
        return VEIL_EXIT_ERROR;
    fill(r, m);
    veil_result_print(&note, r);
    if ((ret = veil_note_sign(&note, veil_leaf_role(VEIL_LEAF_RESULT), sign->secret)) >= 0) {
        crypto_hash_sha256(leaf.digest, (const uint8_t *)note.at, note.len);
        veil_leaf_print(&text, &leaf);
        ret = veil_note_sign(&text, veil_leaf_role(VEIL_LEAF_RESULT), sign->secret);
    }
    if (ret < 0) {
        veil_err(&err, ret, "result");
        ret = veil_keyio_refuse(&err);
    } else if (!(ret = veil_evidence_write(folder, "result.note", note.at, note.len))) {
        ret = veil_evidence_write(folder, "result.leaf", text.at, text.len);
    }
    veil_text_free(&note);
    veil_text_free(&text);
    free(r);
    return ret;
}

int veil_match_write(VeilMatch *m, VeilEvidence *folder, const VeilKey *sign)
{
    int ret;

    for (int i = 0; i < m->hits; i++)
        if ((ret = write_picture(m, folder, i)))
            return ret;
    if ((ret = write_note(m, folder, sign)))
        return ret;
    return veil_evidence_keep(folder);
}
