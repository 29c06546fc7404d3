/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file The reader of tracks files: JSON in, every value of its type or refused. The rules follow in one place. */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tracksfile_rules.h"

/* Where we are, for the sentence. */
typedef struct Reader {
    const char *name;
    char *why;
    char place[64];
} Reader;

#define REFUSE(code_, fmt_, ...)                                                                             \
    veil_tracksfile_refuse(r->why, code_, "tracks file '%s'%s%s: " fmt_, r->name, r->place[0] ? ", " : "",    \
                           r->place, __VA_ARGS__)

/* ---- values ------------------------------------------------------------------- */

static json_t *get(Reader *r, const json_t *from, const char *key, json_type type, int *ret)
{
    json_t *value = json_object_get(from, key);
    static const char *const words[] = { "an object", "a list", "text",       "a whole number",
                                         "a number",  "true",   "true or false", "null" };

    if (*ret < 0)
        return NULL;
    if (value && (json_typeof(value) == type || (type == JSON_REAL && json_is_integer(value))))
        return value;
    *ret = REFUSE(-EINVAL, "'%s' must be %s; %s", key, words[type], value ? "correct it" : "it is missing");
    return NULL;
}

static int64_t get_int(Reader *r, const json_t *from, const char *key, int64_t least, int64_t most, int *ret)
{
    const json_t *value = get(r, from, key, JSON_INTEGER, ret);

    if (!value)
        return 0;
    if (json_integer_value(value) < least || json_integer_value(value) > most)
        *ret = REFUSE(-EINVAL, "'%s' is out of range; it is %lld to %lld", key, (long long)least, (long long)most);
    return json_integer_value(value);
}

static double get_number(Reader *r, const json_t *from, const char *key, int *ret)
{
    return json_number_value(get(r, from, key, JSON_REAL, ret));
}

static char *get_text(Reader *r, const json_t *from, const char *key, int *ret)
{
    const json_t *value = get(r, from, key, JSON_STRING, ret);
    char *text;

    if (!value)
        return NULL;
    if (json_string_length(value) > VEIL_TRACKSFILE_TEXT_MAX) {
        *ret = REFUSE(-EINVAL, "'%s' is longer than %d bytes; shorten it", key, VEIL_TRACKSFILE_TEXT_MAX);
        return NULL;
    }
    if (!(text = strdup(json_string_value(value))))
        *ret = -ENOMEM;
    return text;
}

/* "25/1" */
static AVRational get_ratio(Reader *r, const json_t *from, const char *key, int *ret)
{
    const json_t *value = get(r, from, key, JSON_STRING, ret);
    AVRational q = { 0, 1 };
    char end;

    if (value && (strlen(json_string_value(value)) > 24 || strspn(json_string_value(value), "0123456789/") !=
                  strlen(json_string_value(value)) ||
                  sscanf(json_string_value(value), "%9d/%9d%c", &q.num, &q.den, &end) != 2 || q.den < 1)) {
        *ret = REFUSE(-EINVAL, "'%s' must be two whole numbers as \"25/1\"; correct it", key);
        q = (AVRational){ 0, 1 };
    }
    return q;
}

/* Only these keys; the list ends with NULL. */
static int only(Reader *r, const json_t *object, const char *const *keys)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)object, key, value) {
        int i = 0;

        while (keys[i] && strcmp(keys[i], key))
            i++;
        if (!keys[i])
            return REFUSE(-EINVAL, "key '%.64s' is unknown; remove it, or read this file with the veil that wrote it", key);
    }
    return 0;
}

static int as_object(Reader *r, const json_t *value)
{
    return json_is_object(value) ? 0 : REFUSE(-EINVAL, "not an %s; correct it", "object");
}

/* ---- parts -------------------------------------------------------------------- */

static int read_pts(Reader *r, const json_t *source, VeilTracksFile *t)
{
    static const char *const keys[] = { "first", "step", NULL };
    const json_t *pts = json_object_get(source, "pts");
    const int64_t far = INT64_MAX / 4;
    int ret = 0;

    if (json_is_object(pts)) {
        t->source.first = get_int(r, pts, "first", -far, far, &ret);
        t->source.step = get_int(r, pts, "step", 1, far / VEIL_TRACKSFILE_FRAMES_MAX, &ret);
        return ret < 0 ? ret : only(r, pts, keys);
    }
    if (!json_is_array(pts))
        return REFUSE(-EINVAL, "'%s' must be an object or a list; correct it", "pts");
    if ((int64_t)json_array_size(pts) != t->source.frames)
        return REFUSE(-EINVAL, "'pts' has %zu times for %lld frames; scan the video again", json_array_size(pts),
                      (long long)t->source.frames);
    if (!(t->source.pts = calloc(json_array_size(pts) + 1, sizeof(*t->source.pts))))
        return -ENOMEM;
    t->source.cap = (int64_t)json_array_size(pts) + 1;
    for (size_t i = 0; i < json_array_size(pts); i++) {
        if (!json_is_integer(json_array_get(pts, i)))
            return REFUSE(-EINVAL, "'pts' of frame %zu is not a whole number; scan the video again", i);
        t->source.pts[i] = json_integer_value(json_array_get(pts, i));
    }
    return 0;
}

static int read_source(Reader *r, const json_t *root, VeilTracksFile *t)
{
    static const char *const keys[] = { "file",       "sha256",    "width",  "height", "rotation", "sar",
                                        "frame_rate", "time_base", "frames", "pts",    NULL };
    VeilTracksSource *s = &t->source;
    int ret = 0;
    const json_t *source = get(r, root, "source", JSON_OBJECT, &ret);
    char *hex;

    if (!source)
        return ret;
    snprintf(r->place, sizeof(r->place), "source");
    s->file = get_text(r, source, "file", &ret);
    hex = get_text(r, source, "sha256", &ret);
    if (hex && strlen(hex) != 64)
        ret = REFUSE(-EINVAL, "'%s' has 64 hex digits; scan the video again", "sha256");
    else if (hex)
        memcpy(s->sha256, hex, 65);
    free(hex);
    s->width = (int)get_int(r, source, "width", 1, 32767, &ret);
    s->height = (int)get_int(r, source, "height", 1, 32767, &ret);
    s->rotation = (int)get_int(r, source, "rotation", 0, 270, &ret);
    s->sar = get_ratio(r, source, "sar", &ret);
    s->frame_rate = get_ratio(r, source, "frame_rate", &ret);
    s->time_base = get_ratio(r, source, "time_base", &ret);
    s->frames = get_int(r, source, "frames", 1, VEIL_TRACKSFILE_FRAMES_MAX, &ret);
    if (ret < 0 || (ret = only(r, source, keys)) < 0)
        return ret;
    return read_pts(r, source, t);
}

/* [frame,x,y,w,h,"d",score] */
static int read_box(Reader *r, const json_t *value, VeilTracksTrack *track, size_t number)
{
    VeilTracksBox b = { 0 };
    const char *letter, *found;
    float *const place[5] = { &b.x, &b.y, &b.w, &b.h, NULL };

    if (json_array_size(value) != 7 || !json_is_integer(json_array_get(value, 0)) ||
        !(letter = json_string_value(json_array_get(value, 5))) || !json_is_number(json_array_get(value, 6)))
        return REFUSE(-EINVAL, "box %zu must be [frame,x,y,w,h,\"d\",score]; correct it", number);
    for (size_t i = 0; place[i]; i++) {
        if (!json_is_number(json_array_get(value, i + 1)))
            return REFUSE(-EINVAL, "box %zu must be [frame,x,y,w,h,\"d\",score]; correct it", number);
        *place[i] = (float)json_number_value(json_array_get(value, i + 1));
    }
    found = *letter && !letter[1] ? strchr("dfem", *letter) : NULL;
    if (!found)
        return REFUSE(-EINVAL, "box %zu: an origin is d, f, e or m; correct it", number);
    b.origin = (VeilOrigin)(found - strchr("dfem", 'd'));
    if (json_integer_value(json_array_get(value, 0)) < 0 ||
        json_integer_value(json_array_get(value, 0)) >= VEIL_TRACKSFILE_FRAMES_MAX)
        return REFUSE(-EINVAL, "box %zu: no such frame; correct it", number);
    b.frame = (int32_t)json_integer_value(json_array_get(value, 0));
    b.score = (float)json_number_value(json_array_get(value, 6));
    if (track->n && b.frame <= track->box[track->n - 1].frame)
        return REFUSE(-EINVAL, "box %zu: frame %d comes after frame %d; boxes stand by rising frame, one each", number,
                      b.frame, track->box[track->n - 1].frame);
    return veil_tracksfile_add_box(track, &b);
}

static int read_track(Reader *r, const json_t *value, VeilTracksFile *t)
{
    static const char *const keys[] = { "id", "action", "reason", "note", "consent", "boxes", NULL };
    VeilTracksTrack *track = NULL;
    const json_t *boxes;
    char *action;
    int ret = as_object(r, value), id = 0;

    if (ret >= 0)
        id = (int)get_int(r, value, "id", 1, INT_MAX, &ret);
    if (ret < 0)
        return ret;
    snprintf(r->place, sizeof(r->place), "track %d", id);
    if (!(track = veil_tracksfile_add_track(t, id)))
        return -ENOMEM;
    free(track->reason);
    free(track->note);
    free(track->consent);
    track->reason = get_text(r, value, "reason", &ret);
    track->note = get_text(r, value, "note", &ret);
    track->consent = get_text(r, value, "consent", &ret);
    action = get_text(r, value, "action", &ret);
    boxes = get(r, value, "boxes", JSON_ARRAY, &ret);
    if (action && veil_action_find(action) < 0)
        ret = REFUSE(-EINVAL, "action '%.16s' is unknown; it is cover, keep or seal", action);
    else if (action)
        track->action = (VeilAction)veil_action_find(action);
    free(action);
    if (ret < 0 || (ret = only(r, value, keys)) < 0)
        return ret;
    for (size_t i = 0; i < json_array_size(boxes) && ret >= 0; i++)
        ret = read_box(r, json_array_get(boxes, i), track, i + 1);
    return ret;
}

static int read_points(Reader *r, const json_t *points, VeilTracksZone *z)
{
    const size_t n = json_array_size(points);

    if (n < 3 || n > VEIL_TRACKSFILE_POINTS_MAX)
        return REFUSE(-EINVAL, "%zu points; an area has 3 to %d", n, VEIL_TRACKSFILE_POINTS_MAX);
    if (!(z->point = calloc(n, sizeof(*z->point))))
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const json_t *p = json_array_get(points, i);

        if (json_array_size(p) != 2 || !json_is_number(json_array_get(p, 0)) || !json_is_number(json_array_get(p, 1)))
            return REFUSE(-EINVAL, "point %zu must be [x,y]; correct it", i + 1);
        z->point[i][0] = (float)json_number_value(json_array_get(p, 0));
        z->point[i][1] = (float)json_number_value(json_array_get(p, 1));
    }
    z->n = (int)n;
    return 0;
}

static int read_zone(Reader *r, const json_t *value, VeilTracksFile *t)
{
    static const char *const keys[] = { "id", "from", "to", "points", "reason", "note", NULL };
    VeilTracksZone *z = &t->zone[t->n_zones++];
    const json_t *points;
    int ret = as_object(r, value);

    if (ret < 0)
        return ret;
    z->id = (int)get_int(r, value, "id", 1, INT_MAX, &ret);
    if (ret >= 0)
        snprintf(r->place, sizeof(r->place), "zone %d", z->id);
    z->from = get_number(r, value, "from", &ret);
    z->to = get_number(r, value, "to", &ret);
    z->reason = get_text(r, value, "reason", &ret);
    z->note = get_text(r, value, "note", &ret);
    points = get(r, value, "points", JSON_ARRAY, &ret);
    if (ret < 0 || (ret = only(r, value, keys)) < 0)
        return ret;
    return read_points(r, points, z);
}

static int read_mute(Reader *r, const json_t *value, VeilTracksFile *t)
{
    static const char *const keys[] = { "from", "to", "reason", NULL };
    VeilTracksMute *m = &t->mute[t->n_mutes++];
    int ret = as_object(r, value);

    if (ret < 0)
        return ret;
    m->from = get_number(r, value, "from", &ret);
    m->to = get_number(r, value, "to", &ret);
    m->reason = get_text(r, value, "reason", &ret);
    return ret < 0 ? ret : only(r, value, keys);
}

/* ---- the whole ---------------------------------------------------------------- */

typedef int (*ReadOne)(Reader *r, const json_t *value, VeilTracksFile *t);

static int read_list(Reader *r, const json_t *root, const char *key, const char *one, size_t most, ReadOne read,
                     VeilTracksFile *t)
{
    int ret = 0;
    const json_t *list;

    r->place[0] = 0;
    if (!(list = get(r, root, key, JSON_ARRAY, &ret)))
        return ret;
    if (json_array_size(list) > most)
        return REFUSE(-EFBIG, "%zu %s; a file holds at most %zu", json_array_size(list), key, most);
    if (read == read_zone && !(t->zone = calloc(json_array_size(list) + 1, sizeof(*t->zone))))
        return -ENOMEM;
    if (read == read_mute && !(t->mute = calloc(json_array_size(list) + 1, sizeof(*t->mute))))
        return -ENOMEM;
    for (size_t i = 0; i < json_array_size(list) && ret >= 0; i++) {
        snprintf(r->place, sizeof(r->place), "%s %zu of the list", one, i + 1);
        ret = read(r, json_array_get(list, i), t);
    }
    r->place[0] = 0;
    return ret;
}

static int read_root(Reader *r, const json_t *root, VeilTracksFile *t)
{
    static const char *const keys[] = { "format",   "version", "revision", "program", "source",
                                        "detector", "tracks",  "zones",    "mutes",   NULL };
    int ret = as_object(r, root);
    const char *format = json_string_value(json_object_get(root, "format"));

    if (ret < 0)
        return ret;
    if (!format || strcmp(format, VEIL_TRACKSFILE_FORMAT))
        return REFUSE(-EINVAL, "'format' is not \"%s\"; give a file that 'veil scan' wrote", VEIL_TRACKSFILE_FORMAT);
    if (get_int(r, root, "version", 0, INT_MAX, &ret) != VEIL_TRACKSFILE_VERSION && ret >= 0)
        return REFUSE(-EINVAL, "this veil reads version %d only; scan the video again", VEIL_TRACKSFILE_VERSION);
    t->revision = get_int(r, root, "revision", 0, INT64_MAX / 2, &ret);
    t->program = get_text(r, root, "program", &ret);
    t->detector = json_incref(get(r, root, "detector", JSON_OBJECT, &ret));
    if (ret < 0 || (ret = only(r, root, keys)) < 0 || (ret = read_source(r, root, t)) < 0 ||
        (ret = read_list(r, root, "tracks", "track", VEIL_TRACKSFILE_TRACKS_MAX, read_track, t)) < 0 ||
        (ret = read_list(r, root, "zones", "zone", VEIL_TRACKSFILE_ZONES_MAX, read_zone, t)) < 0)
        return ret;
    return read_list(r, root, "mutes", "mute", VEIL_TRACKSFILE_MUTES_MAX, read_mute, t);
}

int veil_tracksfile_parse(VeilTracksFile **out, const char *text, size_t len, const char *name,
                          char why[VEIL_TRACKSFILE_WHY])
{
    Reader r = { .name = name, .why = why };
    VeilTracksFile *t = veil_tracksfile_new();
    json_error_t error;
    json_t *root = NULL;
    int ret = -ENOMEM;

    *out = NULL;
    why[0] = 0;
    if (t && !(root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error)))
        ret = veil_tracksfile_refuse(why, -EINVAL, "tracks file '%s', line %d: %s; give a file that 'veil scan' wrote",
                                     name, error.line, error.text);
    if (root && (ret = read_root(&r, root, t)) >= 0)
        ret = veil_tracksfile_check(t, name, why);
    json_decref(root);
    if (len > 1 << 20)
        malloc_trim(0); /* the tree was some ten times the text: a run that follows would stand beside it */
    if (ret < 0) {
        veil_tracksfile_refuse(why, ret, "tracks file '%s': %s; close other programs", name, strerror(-ret));
        veil_tracksfile_free(t);
        return ret;
    }
    *out = t;
    return 0;
}

/* All of a file or pipe, at most the limit. */
static int slurp(int fd, char **text, size_t *len)
{
    size_t cap = 1 << 16;

    *len = 0;
    if (!(*text = malloc(cap)))
        return -ENOMEM;
    for (;;) {
        ssize_t got;

        if (*len == cap) {
            char *more = cap > VEIL_TRACKSFILE_BYTES_MAX ? NULL : realloc(*text, cap * 2);

            if (!more)
                return cap > VEIL_TRACKSFILE_BYTES_MAX ? -EFBIG : -ENOMEM;
            *text = more;
            cap *= 2;
        }
        if ((got = read(fd, *text + *len, cap - *len)) < 0 && errno != EINTR)
            return -errno;
        if (got == 0)
            return *len > VEIL_TRACKSFILE_BYTES_MAX ? -EFBIG : 0;
        if (got > 0)
            *len += (size_t)got;
    }
}

int veil_tracksfile_read(VeilTracksFile **out, const char *path, char why[VEIL_TRACKSFILE_WHY])
{
    const bool piped = !strcmp(path, "-");
    const int fd = piped ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    char *text = NULL;
    size_t len = 0;
    int ret;

    *out = NULL;
    why[0] = 0;
    ret = fd < 0 ? -errno : slurp(fd, &text, &len);
    if (ret < 0)
        veil_tracksfile_refuse(why, ret, "cannot read tracks file '%s': %s; give a file that 'veil scan' wrote", path,
                               strerror(-ret));
    else
        ret = veil_tracksfile_parse(out, text, len, piped ? "standard input" : path, why);
    if (fd >= 0 && !piped)
        close(fd);
    free(text);
    return ret;
}
