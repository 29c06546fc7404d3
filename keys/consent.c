/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "consent.h"

#include <inttypes.h>
#include <string.h>

#include "hash.h"

static void print_text(VeilText *t, const VeilConsent *c)
{
    veil_text_add(t, "veil/v1/consent\nschema ISO27560-2023\n");
    veil_text_hex(t, "record", c->record, sizeof(c->record));
    veil_text_b64(t, "salt", c->salt, sizeof(c->salt));
    veil_text_add(t, "subject %s\ncontroller %s\n", c->subject, c->controller);
    veil_text_b64(t, "subject-sign", c->subject_pk, VEIL_SIGN_PK_BYTES);
    veil_text_b64(t, "controller-sign", c->controller_pk, VEIL_SIGN_PK_BYTES);
    veil_text_add(t, "purpose %s\ndata %s\n", c->purpose, c->data);
    if (c->bound) {
        veil_text_hex(t, "recording", c->recording, sizeof(c->recording));
        veil_text_add(t, "track %" PRIu32 "\n", c->track);
    }
    veil_text_hex(t, "notice", c->notice, sizeof(c->notice));
    veil_text_add(t, "event %s\n", c->withdrawn ? "withdrawn" : "given");
    veil_text_time(t, "time", c->time);
    veil_text_time(t, "expires", c->expires);
}

static int set_digest(VeilConsent *c, const void *text, size_t len)
{
    return veil_hb32(c->digest, "veil/v1/consent", VEIL_FIELDS({ text, len }));
}

int veil_consent_print(VeilText *t, VeilConsent *c)
{
    print_text(t, c);
    return veil_text_done(t) < 0 ? veil_text_done(t) : set_digest(c, t->at, t->len);
}

/* A record of before that is bound to nothing has neither line. */
static void read_bounds(VeilLines *r, VeilConsent *c)
{
    uint64_t track = 0;

    if (!veil_lines_next_is(r, "recording"))
        return;
    c->bound = true;
    veil_lines_hex(r, "recording", c->recording, sizeof(c->recording));
    veil_lines_number(r, "track", &track, INT32_MAX);
    c->track = (uint32_t)track;
    if (!r->ret && !track)
        veil_lines_fault(r, VEIL_E_CANON);
}

static int read_text(VeilConsent *c, const char *text, size_t len, const char *what, VeilErr *err)
{
    VeilText again = { 0 };
    char event[VEIL_TOKEN_CAP];
    VeilLines r;
    int ret;

    *c = (VeilConsent){ 0 };
    veil_lines_open(&r, text, len, what, err);
    veil_lines_word(&r, "veil/v1/consent");
    veil_lines_word(&r, "schema ISO27560-2023");
    veil_lines_hex(&r, "record", c->record, sizeof(c->record));
    veil_lines_b64(&r, "salt", c->salt, sizeof(c->salt));
    veil_lines_token(&r, "subject", c->subject);
    veil_lines_token(&r, "controller", c->controller);
    veil_lines_b64(&r, "subject-sign", c->subject_pk, VEIL_SIGN_PK_BYTES);
    veil_lines_b64(&r, "controller-sign", c->controller_pk, VEIL_SIGN_PK_BYTES);
    veil_lines_token(&r, "purpose", c->purpose);
    veil_lines_token(&r, "data", c->data);
    read_bounds(&r, c);
    veil_lines_hex(&r, "notice", c->notice, sizeof(c->notice));
    veil_lines_token(&r, "event", event);
    c->withdrawn = !strcmp(event, "withdrawn");
    veil_lines_time(&r, "time", &c->time);
    veil_lines_time(&r, "expires", &c->expires);
    if ((ret = veil_lines_end(&r)) < 0)
        return ret;
    print_text(&again, c);
    if ((ret = veil_text_same(&again, text, len, what, err)) < 0)
        return ret;
    if (!memcmp(c->controller_pk, c->subject_pk, VEIL_SIGN_PK_BYTES))
        return veil_err(err, VEIL_E_ROLE, "%s: controller and subject share a key", what);
    return set_digest(c, text, len);
}

int veil_consent_read(VeilConsent *c, const void *note, size_t len, const char *what, VeilErr *err)
{
    return read_text(c, note, veil_note_text_len(note, len), what, err);
}

int veil_consent_parse(VeilConsent *c, const void *note, size_t len, const char *what, VeilErr *err)
{
    VeilNote n;
    int ret;

    if ((ret = veil_note_parse(&n, note, len, what, err)) < 0 ||
        (ret = read_text(c, n.text, n.text_len, what, err)) < 0)
        return ret;
    if (!veil_note_signed_by(&n, "controller", c->controller_pk) ||
        !veil_note_signed_by(&n, "subject", c->subject_pk))
        return veil_err(err, VEIL_E_CONSENT, "%s", what);
    return 0;
}

int veil_consent_in_force(const VeilConsent *newest, int64_t now, const char *what, VeilErr *err)
{
    if (newest->withdrawn)
        return veil_err(err, VEIL_E_CONSENT, "%s: withdrawn", what);
    if (now < newest->time || now >= newest->expires)
        return veil_err(err, VEIL_E_CONSENT, "%s: not in force at this time", what);
    return 0;
}
