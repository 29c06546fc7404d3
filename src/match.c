/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "match.h"

#include <inttypes.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "keyio.h"
#include "keys/secmem.h"
#include "msg.h"
#include "probe.h"
#include "signals.h"

static int no_memory(const char *what)
{
    veil_error("no memory for %s; free some, or raise 'ulimit -l'", what);
    return VEIL_EXIT_ERROR;
}

/* ---- probes ------------------------------------------------------------------------- */

/* The warrant's probe with this file; a box that was given must be its own. */
static int find_probe(VeilMatch *m, VeilMatchProbe *p, const char *box)
{
    const VeilWarrant *w = &m->granted->warrant;
    int used = 0;

    for (int i = 0; i < w->probes; i++)
        if (!memcmp(w->probe[i].sha256, p->probe.sha256, 32))
            p->probe = w->probe[i];
    if (box && (sscanf(box, "%5u,%5u,%5u,%5u%n", &p->probe.x, &p->probe.y, &p->probe.w, &p->probe.h, &used) != 4 ||
                box[used])) {
        veil_error("probe '%s:%s' is not FILE:X,Y,W,H", p->path, box);
        return VEIL_EXIT_ERROR;
    }
    if (veil_warrant_check_probe(w, &p->probe, NULL) < 0) {
        veil_error("probe '%s' is not a picture that the warrant names, or its face box is another; give the very file "
                   "that the issuers saw (%s)", p->path, veil_err_name(VEIL_E_PROBE));
        return VEIL_EXIT_NO;
    }
    for (int i = 0; i < m->probes; i++)
        if (!memcmp(m->probe[i].probe.sha256, p->probe.sha256, 32)) {
            veil_error("'%s' and '%s' are the same probe; give each once", m->probe[i].path, p->path);
            return VEIL_EXIT_ERROR;
        }
    return 0;
}

static int look_at(VeilMatch *m, VeilMatchProbe *p, const uint8_t *bytes, size_t len)
{
    const VeilRect box = { (int)p->probe.x, (int)p->probe.y, (int)p->probe.w, (int)p->probe.h };
    VeilRecogniser *r = &m->recogniser;
    AVFrame *picture;
    int ret;

    if ((ret = veil_probe_decode(&picture, bytes, len, p->path)))
        return ret;
    if (box.x + box.w > picture->width || box.y + box.h > picture->height) {
        veil_error("the warrant's face box is not inside the probe '%s' (%dx%d); ask for a right warrant", p->path,
                   picture->width, picture->height);
        ret = VEIL_EXIT_ERROR;
    } else if (veil_look_new(&p->look) < 0 || !(p->tmpl = veil_matcher_template(r->matcher))) {
        ret = no_memory("a probe");
    } else if ((ret = veil_looker_look(r->looker, picture, &box, &p->look)) <= 0) {
        veil_error("no face is found in the warrant's box of the probe '%s'; it needs a picture in which both eyes, "
                   "nose and mouth are seen", p->path);
        ret = VEIL_EXIT_ERROR;
    } else {
        ret = veil_matcher_add(r->matcher, p->look.aligned, p->tmpl, NULL) < 0 ? VEIL_EXIT_ERROR : 0;
    }
    veil_cropchild_wipe(&picture);
    return ret;
}

static char *split_box(char *text)
{
    char *colon = strrchr(text, ':');

    if (!colon || !strchr(colon, ',') || strchr(colon, '/'))
        return NULL;
    *colon = 0;
    return colon + 1;
}

static int add_probe(VeilMatch *m, char *text)
{
    VeilMatchProbe *p = &m->probe[m->probes];
    const char *box = split_box(text);
    uint8_t *bytes;
    size_t len;
    int ret;

    *p = (VeilMatchProbe){ .path = text };
    if ((ret = veil_keyio_read(&bytes, &len, text, VEIL_PROBE_BYTES_MAX)))
        return ret;
    crypto_hash_sha256(p->probe.sha256, bytes, len);
    if (!(ret = find_probe(m, p, box))) {
        m->probes++; /* from here free wipes it */
        ret = look_at(m, p, bytes, len);
    }
    sodium_memzero(bytes, len);
    free(bytes);
    return ret;
}

int veil_match_probes(VeilMatch *m, char **text, int n)
{
    const int wanted = m->granted->warrant.probes;
    int ret;

    if (n != wanted) {
        veil_error("the warrant names %d probes and %d are given; give each of its pictures with --probe", wanted, n);
        return VEIL_EXIT_ERROR;
    }
    for (int i = 0; i < n; i++)
        if ((ret = add_probe(m, text[i])))
            return ret;
    return 0;
}

/* ---- tracks ---------------------------------------------------------------------------- */

static int gather(VeilMatch *m, VeilOpenedTrack *t, VeilLooks *looks)
{
    int ret;

    while (!(ret = veil_opened_peek(m->opened, t)) && t->picture) {
        const uint32_t seg = (uint32_t)(t->crop.pts / (VEIL_VAULT_SEGMENT_MS * INT64_C(1000)));
        const int found = veil_looks_offer(looks, m->recogniser.looker, t->picture, t->crop.frame, seg);

        veil_opened_drop(t);
        if (found < 0) {
            veil_error("cannot look at frame %u of track %u: %s; nothing was kept", t->crop.frame, t->track,
                       av_err2str(found));
            return VEIL_EXIT_ERROR;
        }
        if (atomic_load(&veil_cancelled)) {
            veil_error("stopped by a signal; nothing was kept");
            return VEIL_EXIT_ERROR;
        }
    }
    return ret;
}

static int add_hit(VeilMatch *m, const VeilOpenedTrack *t, const VeilLook *best, int probe, float score)
{
    VeilMatchHit *h = &m->hit[m->hits];

    if (m->hits == VEIL_RESULT_HITS_MAX) {
        veil_error("more than %d hits: the probes fit everybody; ask for a warrant with better ones",
                   VEIL_RESULT_HITS_MAX);
        return VEIL_EXIT_ERROR;
    }
    if (!(h->view = veil_secret_new(VEIL_VIEW_BYTES)))
        return no_memory("a hit");
    memcpy(h->view, best->view, VEIL_VIEW_BYTES);
    h->probe = probe;
    h->hit = (VeilHit){ .track = t->track, .seg = best->seg, .frame = best->frame,
                        .score = (uint32_t)(fminf(score, 1) * 1000) };
    memcpy(h->hit.probe, m->probe[probe].probe.sha256, 32);
    memcpy(h->hit.vid, veil_vault_info(m->granted->vault[t->vault].file)->header.vid, 32);
    m->hits++;
    return 0;
}

static int compare(VeilMatch *m, const VeilOpenedTrack *t, const VeilLooks *looks)
{
    const VeilRecogniser *r = &m->recogniser;
    float *tmpl;
    int ret = 0;

    if (!looks->n || looks->at[0].quality < r->calibration.quality) {
        m->unusable++;
        return 0;
    }
    m->compared++;
    if (!(tmpl = veil_matcher_template(r->matcher)))
        return no_memory("a face");
    for (int i = 0; i < looks->n && !ret; i++)
        if (veil_matcher_add(r->matcher, looks->at[i].aligned, tmpl, NULL) < 0)
            ret = VEIL_EXIT_ERROR;
    for (int i = 0; i < m->probes && !ret; i++) {
        const float score = veil_matcher_score(r->matcher, tmpl, m->probe[i].tmpl);

        if (score >= (float)r->calibration.threshold)
            ret = add_hit(m, t, &looks->at[0], i, score);
    }
    veil_secret_free(tmpl);
    return ret;
}

static int by_score(const void *a, const void *b)
{
    const VeilHit *x = &((const VeilMatchHit *)a)->hit, *y = &((const VeilMatchHit *)b)->hit;

    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    return x->track != y->track ? (x->track > y->track) - (x->track < y->track) : memcmp(x->probe, y->probe, 32);
}

int veil_match_tracks(VeilMatch *m)
{
    int ret = 0;

    for (int i = 0; i < m->opened->n && !ret; i++) {
        VeilLooks looks = { 0 };

        if (!(ret = gather(m, &m->opened->track[i], &looks)))
            ret = compare(m, &m->opened->track[i], &looks);
        veil_looks_free(&looks);
    }
    qsort(m->hit, (size_t)m->hits, sizeof(m->hit[0]), by_score);
    return ret;
}

void veil_match_free(VeilMatch *m)
{
    for (int i = 0; i < m->hits; i++)
        veil_secret_free(m->hit[i].view);
    for (int i = 0; i < m->probes; i++) {
        veil_secret_free(m->probe[i].tmpl);
        veil_look_free(&m->probe[i].look);
    }
    veil_recogniser_close(&m->recogniser);
    veil_opened_close(m->opened);
    veil_granted_close(m->granted);
    *m = (VeilMatch){ 0 };
}
