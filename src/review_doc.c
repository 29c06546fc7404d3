/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "review_doc.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/file.h"
#include "msg.h"
#include "partfile.h"

#define MAX_BYTES ((size_t)256 << 20) ///< of a tracks file

struct VeilDoc {
    const char *path;
    pthread_mutex_t lock;
    AVBufferRef *state; ///< holds a VeilDocState
    struct stat seen;   ///< of the file that the state was read from
};

/* ---- states --------------------------------------------------------------------------- */

static void free_state(void *opaque, uint8_t *data)
{
    VeilDocState *s = (VeilDocState *)(void *)data;

    (void)opaque;
    for (int i = 0; i < s->n_tracks; i++) {
        free((char *)(uintptr_t)s->track[i].consent);
        free((char *)(uintptr_t)s->track[i].reason);
    }
    free(s->track);
    free(s->boxes);
    json_decref(s->source);
    json_decref(s->zones);
    av_buffer_unref(&s->text);
    free(s);
}

static bool read_box(const json_t *json, VeilDocBox *box)
{
    double v[6];

    for (size_t i = 0; i < 5; i++)
        v[i] = json_number_value(json_array_get(json, i));
    v[5] = json_number_value(json_array_get(json, 6));
    *box = (VeilDocBox){ (int64_t)v[0], (float)v[1], (float)v[2], (float)v[3], (float)v[4], (float)v[5], 'm' };
    if (json_is_string(json_array_get(json, 5)))
        box->origin = *json_string_value(json_array_get(json, 5));
    return json_array_size(json) == 7;
}

static char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return strdup(text ? text : "");
}

static bool read_track(const json_t *json, VeilDocTrack *t, VeilDocBox **next)
{
    const json_t *boxes = json_object_get(json, "boxes");
    const char *action = json_string_value(json_object_get(json, "action"));

    *t = (VeilDocTrack){ .id = json_integer_value(json_object_get(json, "id")),
                         .box = *next,
                         .n = (int)json_array_size(boxes),
                         .covered = !action || strcmp(action, "keep") != 0,
                         .consent = text_of(json, "consent"),
                         .reason = text_of(json, "reason") };
    for (int i = 0; i < t->n; i++)
        if (!read_box(json_array_get(boxes, (size_t)i), (*next)++))
            return false;
    return t->consent && t->reason;
}

static size_t count_boxes(const json_t *tracks)
{
    size_t n = 0;

    for (size_t i = 0; i < json_array_size(tracks); i++)
        n += json_array_size(json_object_get(json_array_get(tracks, i), "boxes"));
    return n;
}

static bool fill_state(VeilDocState *s, const json_t *root)
{
    const json_t *tracks = json_object_get(root, "tracks");
    VeilDocBox *next;

    s->revision = json_integer_value(json_object_get(root, "revision"));
    s->source = json_incref(json_object_get(root, "source"));
    s->zones = json_incref(json_object_get(root, "zones"));
    s->frames = json_integer_value(json_object_get(s->source, "frames"));
    s->boxes = next = calloc(count_boxes(tracks) + 1, sizeof(*s->boxes));
    s->track = calloc(json_array_size(tracks) + 1, sizeof(*s->track));
    if (!s->boxes || !s->track)
        return false;
    for (size_t i = 0; i < json_array_size(tracks); i++)
        if (!read_track(json_array_get(tracks, i), &s->track[s->n_tracks++], &next))
            return false;
    return true;
}

/* @return a buffer that holds a VeilDocState, or NULL; `text` is taken over */
static AVBufferRef *make_state(AVBufferRef *text, const json_t *root)
{
    VeilDocState *s = calloc(1, sizeof(*s));
    AVBufferRef *ref = s ? av_buffer_create((uint8_t *)s, sizeof(*s), free_state, NULL, 0) : NULL;

    if (!ref) {
        free(s);
        av_buffer_unref(&text);
        return NULL;
    }
    s->text = text;
    if (!fill_state(s, root))
        av_buffer_unref(&ref);
    return ref;
}

/* ---- reading and saving ------------------------------------------------------------------ */

static int refuse(char why[512], int code, const char *sentence)
{
    snprintf(why, 512, "%s", sentence);
    return code;
}

/* What the states above rest on. @return 0, or -EINVAL with a sentence */
static int check(const json_t *root, char why[512])
{
    const char *format = json_string_value(json_object_get(root, "format"));
    const json_t *source = json_object_get(root, "source");

    if (!format || strcmp(format, "veil-tracks") != 0 || json_integer_value(json_object_get(root, "version")) != 1)
        return refuse(why, -EINVAL, "not a tracks file of version 1");
    if (!json_is_integer(json_object_get(root, "revision")) || !json_is_object(source) ||
        !json_is_array(json_object_get(root, "tracks")) || !json_is_array(json_object_get(root, "zones")) ||
        json_integer_value(json_object_get(source, "frames")) < 1)
        return refuse(why, -EINVAL, "'revision', 'source', 'tracks' or 'zones' is missing or of another kind");
    return 0;
}

/* @return the document with its text, or NULL with a sentence */
static json_t *parse(const char *text, size_t len, char why[512])
{
    json_error_t error;
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);

    if (!root) {
        snprintf(why, 512, "line %d: %s", error.line, error.text);
        return NULL;
    }
    if (check(root, why) < 0) {
        json_decref(root);
        return NULL;
    }
    return root;
}

static int load(const char *path, AVBufferRef **state, char why[512])
{
    uint8_t *bytes = NULL;
    AVBufferRef *text;
    json_t *root;
    VeilErr err;
    size_t len;
    int ret = veil_file_read(&bytes, &len, path, MAX_BYTES, &err);

    if (ret < 0)
        return refuse(why, ret, err.text);
    if (!(root = parse((char *)bytes, len, why)))
        ret = -EINVAL;
    else if (!(text = av_buffer_create(bytes, len, av_buffer_default_free, NULL, 0)))
        ret = refuse(why, -ENOMEM, strerror(ENOMEM));
    else {
        bytes = NULL;
        if (!(*state = make_state(text, root)))
            ret = refuse(why, -EINVAL, "a track of it cannot be read");
    }
    json_decref(root);
    free(bytes);
    return ret;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Take up what another program saved meanwhile. A file that went bad leaves the last good state. */
static void refresh(VeilDoc *doc)
{
    AVBufferRef *state = NULL;
    struct stat now;
    char why[512];

    if (stat(doc->path, &now) < 0 || is_same(&now, &doc->seen))
        return;
    doc->seen = now;
    if (load(doc->path, &state, why) < 0) {
        veil_warn("'%s' was changed and cannot be read any more: %s", doc->path, why);
        return;
    }
    av_buffer_unref(&doc->state);
    doc->state = state;
}

int veil_doc_open(VeilDoc **out, const char *path)
{
    VeilDoc *doc = calloc(1, sizeof(*doc));
    char why[512] = "";
    int ret;

    *out = NULL;
    if (!doc)
        return -ENOMEM;
    doc->path = path;
    pthread_mutex_init(&doc->lock, NULL);
    stat(path, &doc->seen);
    if ((ret = load(path, &doc->state, why)) < 0) {
        veil_error("cannot use '%s': %s; make it anew with 'veil scan'", path, why);
        veil_doc_close(doc);
        return ret;
    }
    *out = doc;
    return 0;
}

static const VeilDocState *state_of(const VeilDoc *doc)
{
    return (const VeilDocState *)(const void *)doc->state->data;
}

AVBufferRef *veil_doc_hold(VeilDoc *doc, const VeilDocState **state)
{
    AVBufferRef *hold;

    pthread_mutex_lock(&doc->lock);
    refresh(doc);
    hold = av_buffer_ref(doc->state);
    *state = state_of(doc);
    pthread_mutex_unlock(&doc->lock);
    return hold;
}

static int write_file(const char *path, const char *text)
{
    VeilPartFile file;
    const size_t len = strlen(text);
    int ret = veil_partfile_begin(&file, path, true);

    if (ret < 0)
        return ret;
    for (size_t done = 0; done < len && ret >= 0;) {
        const ssize_t n = write(file.fd, text + done, len - done);

        if (n < 0 && errno != EINTR)
            ret = -errno;
        else if (n > 0)
            done += (size_t)n;
    }
    if (ret >= 0)
        return veil_partfile_commit(&file);
    veil_partfile_abandon(&file);
    return ret;
}

/* With the lock held. */
static int save(VeilDoc *doc, json_t *root, int64_t next, char why[512])
{
    AVBufferRef *text = NULL, *state = NULL;
    char *dump;
    int ret;

    json_object_set_new(root, "revision", json_integer(next));
    if (!(dump = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(9))) ||
        !(text = av_buffer_create((uint8_t *)dump, strlen(dump), av_buffer_default_free, NULL, 0))) {
        free(dump);
        return refuse(why, -ENOMEM, strerror(ENOMEM));
    }
    if (!(state = make_state(text, root)))
        return refuse(why, -EINVAL, "a box is not [frame, x, y, w, h, origin, score]");
    if ((ret = write_file(doc->path, dump)) < 0) {
        av_buffer_unref(&state);
        snprintf(why, 512, "cannot save '%s': %s; free some room, or check that the folder can be written to",
                 doc->path, strerror(-ret));
        return ret;
    }
    stat(doc->path, &doc->seen);
    av_buffer_unref(&doc->state);
    doc->state = state;
    return 0;
}

int veil_doc_save(VeilDoc *doc, const char *text, size_t len, int64_t expected, int64_t *revision, char why[512])
{
    json_t *root = parse(text, len, why);
    int ret = root ? 0 : -EINVAL;

    pthread_mutex_lock(&doc->lock);
    refresh(doc);
    *revision = state_of(doc)->revision;
    if (!ret && *revision != expected)
        ret = refuse(why, -ESTALE, "another tab or program saved meanwhile; load the newer state first");
    else if (!ret && !json_equal(json_object_get(root, "source"), state_of(doc)->source))
        ret = refuse(why, -EINVAL, "'source' is not that of this recording; it cannot be edited");
    if (!ret && !(ret = save(doc, root, expected + 1, why)))
        *revision = expected + 1;
    pthread_mutex_unlock(&doc->lock);
    json_decref(root);
    return ret;
}

void veil_doc_close(VeilDoc *doc)
{
    if (!doc)
        return;
    av_buffer_unref(&doc->state);
    pthread_mutex_destroy(&doc->lock);
    free(doc);
}

/* ---- asking ------------------------------------------------------------------------------ */

int64_t *veil_doc_times(const VeilDocState *state)
{
    const json_t *pts = json_object_get(state->source, "pts");
    const int64_t first = json_integer_value(json_object_get(pts, "first"));
    const int64_t step = json_integer_value(json_object_get(pts, "step"));
    int64_t *out;

    if (json_is_array(pts) && (int64_t)json_array_size(pts) != state->frames)
        return NULL;
    if (!(out = calloc((size_t)state->frames, sizeof(*out))))
        return NULL;
    for (int64_t i = 0; i < state->frames; i++)
        out[i] = json_is_array(pts) ? json_integer_value(json_array_get(pts, (size_t)i)) : first + i * step;
    return out;
}

const VeilDocTrack *veil_doc_track(const VeilDocState *state, int64_t id)
{
    for (int i = 0; i < state->n_tracks; i++)
        if (state->track[i].id == id)
            return &state->track[i];
    return NULL;
}

const VeilDocBox *veil_doc_box(const VeilDocTrack *track, int64_t frame)
{
    int low = 0, high = track->n;

    while (low < high) {
        const int middle = low + (high - low) / 2;

        if (track->box[middle].frame < frame)
            low = middle + 1;
        else
            high = middle;
    }
    return low < track->n && track->box[low].frame == frame ? &track->box[low] : NULL;
}

const VeilDocBox *veil_doc_best(const VeilDocTrack *track)
{
    const VeilDocBox *best = NULL;
    float most = -1;

    for (int i = 0; i < track->n; i++) {
        const VeilDocBox *b = &track->box[i];
        /* What was seen beats what was inferred, whatever its size. */
        const float worth = b->w * b->h * (0.1f + b->score * b->score) * (b->origin == 'd' || b->origin == 'm' ? 100 : 1);

        if (worth > most) {
            most = worth;
            best = b;
        }
    }
    return best;
}
