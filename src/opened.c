/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "opened.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"
#include "keyio.h"
#include "msg.h"

/* Units are sorted by vault and track, so each track is a run. */
static int list_tracks(VeilOpened *o)
{
    const VeilGranted *g = o->granted;

    for (size_t i = 0; i < g->units; i++) {
        VeilOpenedTrack *t = o->n ? &o->track[o->n - 1] : NULL;

        if (!t || t->vault != g->unit[i].vault || t->track != g->unit[i].track) {
            if (o->n == VEIL_OPENED_TRACKS) {
                veil_error("the warrant opens more than %d tracks at once; give fewer of its vaults at a time",
                           VEIL_OPENED_TRACKS);
                return VEIL_EXIT_ERROR;
            }
            t = &o->track[o->n++];
            *t = (VeilOpenedTrack){ .vault = g->unit[i].vault, .track = g->unit[i].track, .first = i,
                                    .all_lossless = true };
        }
        t->units++;
    }
    return 0;
}

int veil_opened_start(VeilOpened **out, VeilGranted *g)
{
    VeilOpened *o = *out = calloc(1, sizeof(*o));
    int ret;

    if (o) {
        o->granted = g;
        o->track = calloc(VEIL_OPENED_TRACKS, sizeof(*o->track));
        o->unit = calloc(g->units, sizeof(*o->unit));
    }
    if (!o || !o->track || !o->unit) {
        veil_error("no memory for the list of tracks; free some");
        return VEIL_EXIT_ERROR;
    }
    if ((ret = list_tracks(o)))
        return ret;
    for (int i = 0; i < o->n; i++) {
        const VeilVaultHeader *h = &veil_vault_info(g->vault[o->track[i].vault].file)->header;

        if (veil_cropchild_start(&o->track[i].child, h->width, h->height, (unsigned)o->track[i].units) < 0)
            return VEIL_EXIT_ERROR;
    }
    return 0;
}

static int refuse(const VeilOpenedTrack *t, const VeilGrantedUnit *u, const VeilErr *err)
{
    VeilErr all = *err;

    snprintf(all.text, sizeof(all.text), "track %u, segment %u: %.400s", t->track, u->seg, err->text);
    return veil_keyio_refuse(&all);
}

/* Decrypt the next unit and give it to the sandbox; nothing of it stays here. */
static int begin_unit(VeilOpened *o, VeilOpenedTrack *t)
{
    const size_t i = t->first + t->at++;
    const uint8_t *records;
    VeilErr err;
    size_t len;
    int ret;

    if ((ret = veil_granted_open(o->granted, i, &records, &len)))
        return ret;
    if (veil_cropchild_give(t->child, records, len, &err) < 0)
        ret = refuse(t, &o->granted->unit[i], &err);
    veil_granted_wipe(o->granted);
    t->in_unit = !ret;
    return ret;
}

static int count(VeilOpened *o, VeilOpenedTrack *t)
{
    const size_t i = t->first + t->at - 1;
    const VeilGrantedUnit *u = &o->granted->unit[i];
    const VeilCrop *c = &t->crop;
    VeilOpenedUnit *n = &o->unit[i];
    VeilErr err;

    /* The warrant is for these seconds, whatever the sealer wrote into the unit. */
    if (c->pts / (VEIL_VAULT_SEGMENT_MS * INT64_C(1000)) != u->seg) {
        veil_err(&err, VEIL_E_RECORD, "crop of frame %u is of another time", c->frame);
        veil_opened_drop(t);
        return refuse(t, u, &err);
    }
    if (!n->crops++) {
        n->first_frame = c->frame;
        n->first_us = c->pts;
    }
    n->last_frame = c->frame;
    n->last_us = c->pts;
    t->crops++;
    t->all_lossless &= t->lossless;
    return 0;
}

int veil_opened_peek(VeilOpened *o, VeilOpenedTrack *t)
{
    VeilErr err;
    int ret;

    while (!t->picture && !t->ended) {
        if (!t->in_unit && t->at == t->units) {
            t->ended = true;
            veil_cropchild_stop(t->child);
            t->child = NULL;
            return 0;
        }
        if (!t->in_unit && (ret = begin_unit(o, t)))
            return ret;
        if ((ret = veil_cropchild_next(t->child, &t->crop, &t->picture, &t->lossless, &err)) < 0)
            return refuse(t, &o->granted->unit[t->first + t->at - 1], &err);
        t->in_unit = ret > 0;
        if (ret > 0)
            return count(o, t);
    }
    return 0;
}

void veil_opened_drop(VeilOpenedTrack *t)
{
    veil_cropchild_wipe(&t->picture);
}

void veil_opened_close(VeilOpened *o)
{
    if (!o)
        return;
    for (int i = 0; o->track && i < o->n; i++) {
        veil_opened_drop(&o->track[i]);
        veil_cropchild_stop(o->track[i].child);
    }
    free(o->track);
    free(o->unit);
    free(o);
}
