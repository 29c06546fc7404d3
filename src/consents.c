/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "consents.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys/bytes.h"
#include "keys/file.h"
#include "msg.h"

struct VeilConsents {
    VeilConsent *record; ///< one a record id: its newest event
    int n, cap;
};

/* Of two events of one second, the withdrawal counts. */
static bool is_newer(const VeilConsent *a, const VeilConsent *b)
{
    return a->time > b->time || (a->time == b->time && a->withdrawn && !b->withdrawn);
}

static int add(VeilConsents *c, const VeilConsent *event)
{
    for (int i = 0; i < c->n; i++)
        if (!memcmp(c->record[i].record, event->record, sizeof(event->record))) {
            if (is_newer(event, &c->record[i]))
                c->record[i] = *event;
            return 0;
        }
    if (c->n == c->cap) {
        const int cap = c->cap ? c->cap * 2 : 16;
        VeilConsent *more = realloc(c->record, (size_t)cap * sizeof(*more));

        if (!more)
            return -ENOMEM;
        c->record = more;
        c->cap = cap;
    }
    c->record[c->n++] = *event;
    return 0;
}

static int read_one(VeilConsents *c, const char *path)
{
    uint8_t *bytes = NULL;
    VeilConsent event;
    VeilErr err;
    size_t len;
    int ret = veil_file_read(&bytes, &len, path, VEIL_TEXT_MAX, &err);

    if (ret >= 0)
        ret = veil_consent_parse(&event, bytes, len, path, &err);
    if (ret < 0)
        veil_error("consent record '%s' cannot be believed: %s; remove it, or have it signed again by both sides", path,
                   err.text);
    free(bytes);
    return ret < 0 ? -EINVAL : add(c, &event);
}

static bool is_record(const char *name)
{
    const size_t len = strlen(name), tail = strlen(".consent");

    return len > tail && !strcmp(name + len - tail, ".consent");
}

static int read_folder(VeilConsents *c, const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *e;
    int ret = 0;

    if (!dir && errno == ENOENT) {
        veil_warn("there is no folder '%s': no face stays visible by consent from there", folder);
        return 0;
    }
    if (!dir) {
        ret = -errno;
        veil_error("cannot read the folder of consent records '%s': %s; give one that you may read", folder,
                   strerror(-ret));
        return ret;
    }
    while (ret >= 0 && (errno = 0, e = readdir(dir))) {
        char *path = NULL;

        if (!is_record(e->d_name))
            continue;
        ret = asprintf(&path, "%s/%s", folder, e->d_name) < 0 ? -ENOMEM : read_one(c, path);
        free(path);
    }
    if (ret >= 0 && errno) {
        ret = -errno;
        veil_error("cannot read all of the folder '%s': %s; a withdrawal may be in the rest", folder, strerror(-ret));
    }
    closedir(dir);
    return ret;
}

int veil_consents_read(VeilConsents **out, const VeilStrings *files, const char *folder)
{
    VeilConsents *c = calloc(1, sizeof(*c));
    int ret = c ? 0 : -ENOMEM;

    for (int i = 0; i < files->n && ret >= 0; i++)
        ret = read_one(c, files->at[i]);
    if (ret >= 0 && folder)
        ret = read_folder(c, folder);
    if (ret < 0) {
        veil_consents_free(c);
        c = NULL;
    }
    *out = c;
    return ret;
}

static const VeilConsent *find(const VeilConsents *c, const char *hex)
{
    uint8_t id[16];

    if (veil_hex_decode(id, sizeof(id), hex, strlen(hex)) < 0)
        return NULL;
    for (int i = 0; i < c->n; i++)
        if (!memcmp(c->record[i].record, id, sizeof(id)))
            return &c->record[i];
    return NULL;
}

const VeilConsent *veil_consents_allow(const VeilConsents *c, const VeilConsentAsk *ask, char why[160])
{
    const VeilConsent *r = find(c, ask->record);
    const char *no = NULL;

    if (!r)
        no = "no consent record of that number was given";
    else if (r->withdrawn)
        no = "consent was withdrawn";
    else if (ask->now >= r->expires)
        no = "consent has expired";
    else if (veil_consent_in_force(r, ask->now, "consent", NULL) < 0)
        no = "consent is not in force yet";
    else if (!r->bound || memcmp(r->recording, ask->recording, sizeof(r->recording)) != 0)
        no = r->bound ? "consent is for another recording" : "consent is not bound to a recording";
    else if (r->track != (uint32_t)ask->track)
        no = "consent is for another track";
    else if (strcmp(r->purpose, ask->purpose) != 0)
        no = "consent is for another purpose";
    snprintf(why, 160, "%s", no ? no : "");
    return no ? NULL : r;
}

void veil_consents_free(VeilConsents *c)
{
    if (!c)
        return;
    free(c->record);
    free(c);
}
