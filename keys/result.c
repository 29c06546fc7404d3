/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "result.h"

#include <inttypes.h>
#include <string.h>

#include "bytes.h"

#define ROLE  "matcher-sign"
#define SCALE 1000

/* ---- writing ------------------------------------------------------------------- */

static void print_hit(VeilText *t, const VeilHit *h)
{
    char probe[VEIL_HEX_LEN(32) + 1], vid[VEIL_HEX_LEN(32) + 1], picture[VEIL_HEX_LEN(32) + 1];

    veil_text_add(t, "hit %s %s %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32 " %s\n",
                  veil_hex_encode(probe, h->probe, 32), veil_hex_encode(vid, h->vid, 32), h->track, h->seg, h->frame,
                  h->score, veil_hex_encode(picture, h->picture, 32));
}

void veil_result_print(VeilText *t, const VeilResult *r)
{
    veil_text_add(t, "veil/v1/result\n");
    veil_text_hex(t, "warrant", r->wid, 32);
    veil_text_add(t, "leaf %" PRIu64 "\n", r->leaf);
    veil_text_time(t, "time", r->time);
    veil_text_add(t, "matcher %s\n", r->matcher);
    veil_text_hex(t, "model", r->model, 32);
    veil_text_add(t, "detector %s\nthreshold %" PRIu32 "\ncalibration %s %s\npeople %" PRIu32 "\n", r->detector,
                  r->threshold, r->set, r->date, r->people);
    veil_text_add(t, "same %" PRIu32 " %" PRIu32 "\nother %" PRIu32 " %" PRIu32 "\n", r->same[0], r->same[1],
                  r->other[0], r->other[1]);
    veil_text_add(t, "standing %s\ncompared %" PRIu32 "\nunusable %" PRIu32 "\n",
                  r->demonstration ? "demonstration-only" : "recognition", r->compared, r->unusable);
    for (int i = 0; i < r->hits; i++)
        print_hit(t, &r->hit[i]);
}

void veil_confirmation_print(VeilText *t, const VeilConfirmation *c)
{
    veil_text_add(t, "veil/v1/confirmation\n");
    veil_text_hex(t, "result", c->result, 32);
    veil_text_hex(t, "warrant", c->wid, 32);
    veil_text_add(t, "leaf %" PRIu64 "\n", c->leaf);
    veil_text_time(t, "time", c->time);
    veil_text_add(t, "by %s\n", c->person ? "person" : "unattended");
    for (int i = 0; i < c->hits; i++)
        veil_text_add(t, "hit %d %s\n", i + 1, c->confirmed[i] ? "confirmed" : "rejected");
}

/* ---- reading -------------------------------------------------------------------- */

static uint32_t number(VeilLines *r, const char *key, uint32_t max)
{
    uint64_t v = 0;

    veil_lines_number(r, key, &v, max);
    return (uint32_t)v;
}

static uint32_t span_number(VeilLines *r, VeilSpan s, uint32_t max)
{
    uint64_t v = 0;

    veil_span_number(r, s, &v, max);
    return (uint32_t)v;
}

/* The accepted cannot be more than the tried. */
static void read_pair(VeilLines *r, const char *key, uint32_t out[2])
{
    VeilSpan f[2];

    if (veil_lines_fields(r, key, f, 2))
        return;
    out[1] = span_number(r, f[1], UINT32_MAX);
    out[0] = span_number(r, f[0], out[1]);
}

static void read_hit(VeilLines *r, VeilResult *out)
{
    VeilHit *h = &out->hit[out->hits];
    VeilSpan f[7];

    if (out->hits == VEIL_RESULT_HITS_MAX) {
        veil_lines_fault(r, VEIL_E_TOO_LARGE);
        return;
    }
    if (veil_lines_fields(r, "hit", f, 7))
        return;
    veil_span_hex(r, f[0], h->probe, 32);
    veil_span_hex(r, f[1], h->vid, 32);
    h->track = span_number(r, f[2], UINT32_MAX);
    h->seg = span_number(r, f[3], UINT32_MAX);
    h->frame = span_number(r, f[4], UINT32_MAX);
    h->score = span_number(r, f[5], SCALE);
    veil_span_hex(r, f[6], h->picture, 32);
    out->hits++;
}

static void read_result(VeilLines *l, VeilResult *r)
{
    char standing[VEIL_TOKEN_CAP] = "";
    VeilSpan f[2];

    veil_lines_word(l, "veil/v1/result");
    veil_lines_hex(l, "warrant", r->wid, 32);
    veil_lines_number(l, "leaf", &r->leaf, INT64_MAX);
    veil_lines_time(l, "time", &r->time);
    veil_lines_token(l, "matcher", r->matcher);
    veil_lines_hex(l, "model", r->model, 32);
    veil_lines_token(l, "detector", r->detector);
    r->threshold = number(l, "threshold", SCALE);
    if (!veil_lines_fields(l, "calibration", f, 2)) {
        veil_span_token(l, f[0], r->set);
        veil_span_token(l, f[1], r->date);
    }
    r->people = number(l, "people", UINT32_MAX);
    read_pair(l, "same", r->same);
    read_pair(l, "other", r->other);
    veil_lines_token(l, "standing", standing);
    r->demonstration = strcmp(standing, "recognition") != 0; /* any other word fails when it is written again */
    r->compared = number(l, "compared", UINT32_MAX);
    r->unusable = number(l, "unusable", UINT32_MAX);
    while (veil_lines_next_is(l, "hit"))
        read_hit(l, r);
}

int veil_result_parse(VeilResult *r, const void *note, size_t len, const uint8_t pk[VEIL_SIGN_PK_BYTES],
                      const char *what, VeilErr *err)
{
    VeilText again = { 0 };
    VeilLines l;
    VeilNote n;
    int ret;

    *r = (VeilResult){ 0 };
    if ((ret = veil_note_parse(&n, note, len, what, err)) < 0)
        return ret;
    veil_lines_open(&l, n.text, n.text_len, what, err);
    read_result(&l, r);
    if ((ret = veil_lines_end(&l)) < 0)
        return ret;
    veil_result_print(&again, r);
    if ((ret = veil_text_same(&again, n.text, n.text_len, what, err)) < 0)
        return ret;
    return veil_note_verify(&n, ROLE, pk, what, err);
}

static void read_confirmation(VeilLines *l, VeilConfirmation *c)
{
    char by[VEIL_TOKEN_CAP] = "";
    VeilSpan f[2];

    veil_lines_word(l, "veil/v1/confirmation");
    veil_lines_hex(l, "result", c->result, 32);
    veil_lines_hex(l, "warrant", c->wid, 32);
    veil_lines_number(l, "leaf", &c->leaf, INT64_MAX);
    veil_lines_time(l, "time", &c->time);
    veil_lines_token(l, "by", by);
    c->person = !strcmp(by, "person");
    while (veil_lines_next_is(l, "hit")) {
        if (c->hits == VEIL_RESULT_HITS_MAX)
            veil_lines_fault(l, VEIL_E_TOO_LARGE);
        else if (!veil_lines_fields(l, "hit", f, 2))
            c->confirmed[c->hits++] = f[1].len == strlen("confirmed") && !memcmp(f[1].at, "confirmed", f[1].len);
    }
}

int veil_confirmation_parse(VeilConfirmation *c, const void *note, size_t len,
                            const uint8_t pk[VEIL_SIGN_PK_BYTES], const char *what, VeilErr *err)
{
    VeilText again = { 0 };
    VeilLines l;
    VeilNote n;
    int ret;

    *c = (VeilConfirmation){ 0 };
    if ((ret = veil_note_parse(&n, note, len, what, err)) < 0)
        return ret;
    veil_lines_open(&l, n.text, n.text_len, what, err);
    read_confirmation(&l, c);
    if ((ret = veil_lines_end(&l)) < 0)
        return ret;
    veil_confirmation_print(&again, c);
    if ((ret = veil_text_same(&again, n.text, n.text_len, what, err)) < 0)
        return ret;
    return veil_note_verify(&n, ROLE, pk, what, err);
}
