/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Consent records of a review. Each is the newest event of one record, in the
 * folder IN.consent under the record's number; what a render believes is
 * checked again there, at its own time.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <sodium.h>

#include "consents.h"
#include "keys/bytes.h"
#include "keys/consent.h"
#include "keys/file.h"
#include "review.h"

#define ID_HEX (2 * sizeof(((VeilConsent *)0)->record) + 1)

static bool is_id(const char *text)
{
    return strlen(text) == ID_HEX - 1 && strspn(text, "0123456789abcdef") == ID_HEX - 1;
}

static char *path_of(const VeilReview *r, const char *id)
{
    char *path = NULL;

    return asprintf(&path, "%s/%s.consent", r->consents, id) < 0 ? NULL : path;
}

/* @return 0 or negative */
static int read_record(const VeilReview *r, const char *id, VeilConsent *c, VeilErr *err)
{
    char *path = is_id(id) ? path_of(r, id) : NULL;
    uint8_t *bytes = NULL;
    size_t len;
    int ret = path ? veil_file_read(&bytes, &len, path, VEIL_TEXT_MAX, err) : -ENOENT;

    if (ret >= 0)
        ret = veil_consent_parse(c, bytes, len, path, err);
    free(bytes);
    free(path);
    return ret;
}

static const char *state_of(const VeilConsent *c)
{
    const int64_t now = time(NULL);

    if (c->withdrawn)
        return "withdrawn";
    if (c->expires <= now)
        return "expired";
    return veil_consent_in_force(c, now, "consent", NULL) < 0 ? "not yet" : "valid";
}

/* The same question to the same judge as in a render. */
static bool consent_allows(const VeilReview *r, const VeilTracksFile *file, const VeilTracksTrack *track)
{
    VeilConsentAsk ask = { .record = track->consent, .track = track->id, .purpose = r->settings.purpose,
                           .now = time(NULL) };
    char *path = is_id(track->consent) ? path_of(r, track->consent) : NULL, why[160];
    const VeilStrings one = { &path, 1 };
    VeilConsents *consents = NULL;
    bool allowed = false;

    if (path && access(path, R_OK) == 0 && veil_consents_read(&consents, &one, NULL) >= 0 &&
        veil_hex_decode(ask.recording, sizeof(ask.recording), file->source.sha256, 64) >= 0)
        allowed = veil_consents_allow(consents, &ask, why) != NULL;
    veil_consents_free(consents);
    free(path);
    return allowed;
}

bool veil_review_keeps(const VeilReview *review, const VeilTracksFile *file, const VeilTracksTrack *track)
{
    const VeilReason *reason;

    if (!track || track->action != VEIL_ACTION_KEEP)
        return false;
    if (*track->consent)
        return consent_allows(review, file, track);
    reason = veil_reasons_find(review->reasons, track->reason);
    return reason && reason->keeps;
}

static json_t *describe(const char *id, const VeilConsent *c)
{
    char until[VEIL_TIME_LEN + 1] = "";

    if (veil_time_format(until, c->expires) < 0)
        *until = 0;
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "id", id, "subject", c->subject, "controller",
                     c->controller, "purpose", c->purpose, "data", c->data, "state", state_of(c), "expires", until,
                     "track", c->bound ? (json_int_t)c->track : 0);
}

/* Which tracks lean on it. */
static json_t *tracks_of(const VeilDocState *state, const char *id)
{
    json_t *list = json_array();

    for (int i = 0; i < state->file->n_tracks; i++)
        if (!strcmp(state->file->track[i].consent, id))
            json_array_append_new(list, json_integer(state->file->track[i].id));
    return list;
}

static json_t *list_one(const VeilReview *r, const VeilDocState *state, const char *id)
{
    json_t *item;
    VeilConsent c;
    VeilErr err;

    if (read_record(r, id, &c, &err) >= 0)
        item = describe(id, &c);
    else
        item = json_pack("{s:s, s:s, s:s}", "id", id, "subject", "", "state", "altered");
    json_object_set_new(item, "tracks", tracks_of(state, id));
    return item;
}

json_t *veil_review_consents(const VeilReview *review)
{
    DIR *dir = opendir(review->consents);
    json_t *list = json_array();
    const VeilDocState *state;
    AVBufferRef *hold = veil_doc_hold(review->doc, &state);
    const struct dirent *e;

    while (dir && hold && (e = readdir(dir))) {
        char id[ID_HEX];

        if (strlen(e->d_name) != ID_HEX - 1 + strlen(".consent") || strcmp(e->d_name + ID_HEX - 1, ".consent") != 0)
            continue;
        snprintf(id, sizeof(id), "%.*s", (int)ID_HEX - 1, e->d_name);
        if (is_id(id))
            json_array_append_new(list, list_one(review, state, id));
    }
    if (dir)
        closedir(dir);
    av_buffer_unref(&hold);
    return list;
}

/* ---- a new one ------------------------------------------------------------------------------ */

/* Nothing older may take the place of what is there: a withdrawal is not undone by its own past. */
static bool is_newest(const VeilReview *r, const char *id, const VeilConsent *c)
{
    VeilConsent old;
    VeilErr err;

    return read_record(r, id, &old, &err) < 0 || (c->time >= old.time && !(old.withdrawn && !c->withdrawn));
}

static void store(const VeilReview *r, const char *record, const VeilConsent *c, VeilWebReply *reply)
{
    char id[ID_HEX], *path;
    VeilErr err;
    int ret = -ENOMEM;

    sodium_bin2hex(id, sizeof(id), c->record, sizeof(c->record));
    if (!is_newest(r, id, c)) {
        veil_web_refuse(reply, 409, "a newer event of this consent record is here already");
        return;
    }
    if (mkdir(r->consents, 0755) < 0 && errno != EEXIST) {
        veil_web_refuse(reply, 500, "cannot make the folder '%s': %s", r->consents, strerror(errno));
        return;
    }
    if ((path = path_of(r, id)))
        ret = veil_file_write(path, record, strlen(record), 0644, true, &err);
    if (ret < 0)
        veil_web_refuse(reply, 500, "cannot store the consent record: %s", path ? err.text : strerror(ENOMEM));
    else
        veil_web_json(reply, 200, describe(id, c));
    free(path);
}

/* A render would refuse it later: better now, while the person is here. @return NULL if it fits */
static const char *misfit(VeilReview *r, const VeilConsent *c, const json_t *track)
{
    const VeilDocState *state;
    AVBufferRef *hold = veil_doc_hold(r->doc, &state);
    uint8_t recording[32];
    const char *why = NULL;

    if (!hold || veil_hex_decode(recording, sizeof(recording), state->file->source.sha256, 64) < 0)
        why = "the recording has no digest to compare with";
    else if (!c->bound)
        why = "this consent is not bound to a recording; make one with 'veil consent new --recording'";
    else if (memcmp(c->recording, recording, sizeof(recording)) != 0)
        why = "this consent is for another recording";
    else if (json_is_integer(track) && json_integer_value(track) != (json_int_t)c->track)
        why = "this consent is for another track";
    else if (strcmp(c->purpose, r->settings.purpose) != 0)
        why = "this consent is for another purpose";
    av_buffer_unref(&hold);
    return why;
}

void veil_review_consent(void *review, const VeilWebRequest *request, VeilWebReply *reply)
{
    json_t *body = veil_review_body(request, reply);
    const char *record = json_string_value(json_object_get(body, "record")), *why;
    VeilConsent c;
    VeilErr err;

    if (!body)
        return;
    if (!record)
        veil_web_refuse(reply, 400, "give the text of a consent record as 'record'");
    else if (veil_consent_parse(&c, record, strlen(record), "this consent record", &err) < 0)
        veil_web_refuse(reply, 400, "%s", err.text);
    else if ((why = misfit(review, &c, json_object_get(body, "track"))))
        veil_web_refuse(reply, 400, "%s", why);
    else
        store(review, record, &c, reply);
    json_decref(body);
}
