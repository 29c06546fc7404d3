/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tracksfile_rules.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Widest picture that FFmpeg holds, and as much around it. */
#define PLACE_MAX 65536.f
#define TIME_MAX  1e7 /* seconds: 115 days */

int veil_tracksfile_refuse(char why[VEIL_TRACKSFILE_WHY], int code, const char *fmt, ...)
{
    va_list args;

    if (why[0])
        return code;
    va_start(args, fmt);
    vsnprintf(why, VEIL_TRACKSFILE_WHY, fmt, args);
    va_end(args);
    return code;
}

#define REFUSE(code_, fmt_, ...) veil_tracksfile_refuse(why, code_, "tracks file '%s': " fmt_, name, __VA_ARGS__)

static bool is_text(const char *text)
{
    json_t *value;

    if (!text || strlen(text) > VEIL_TRACKSFILE_TEXT_MAX || !(value = json_string(text)))
        return !text; /* NULL is "" */
    json_decref(value);
    return true;
}

static bool is_hex(const char *hex)
{
    return strlen(hex) == 64 && strspn(hex, "0123456789abcdef") == 64;
}

static bool is_rate(AVRational q)
{
    return q.num >= 0 && q.den > 0;
}

static int check_times(const VeilTracksFile *t, const char *name, char *why)
{
    const VeilTracksSource *s = &t->source;
    const int64_t far = INT64_MAX / 4;

    if (!s->pts && (s->step < 1 || s->step > far / VEIL_TRACKSFILE_FRAMES_MAX || s->first < -far || s->first > far))
        return REFUSE(-EINVAL, "source: times must rise, pts has first %lld and step %lld; scan the video again",
                      (long long)s->first, (long long)s->step);
    for (int64_t i = 0; s->pts && i < s->frames; i++)
        if (s->pts[i] < -far || s->pts[i] > far || (i && s->pts[i] <= s->pts[i - 1]))
            return REFUSE(-EINVAL, "source: times must rise, pts of frame %lld does not; scan the video again",
                          (long long)i);
    return 0;
}

static int check_source(const VeilTracksFile *t, const char *name, char *why)
{
    const VeilTracksSource *s = &t->source;

    if (!is_text(s->file) || !is_text(t->program))
        return REFUSE(-EINVAL, "source: 'file' and 'program' are at most %d bytes of UTF-8; shorten them",
                      VEIL_TRACKSFILE_TEXT_MAX);
    if (!is_hex(s->sha256))
        return REFUSE(-EINVAL, "source: 'sha256' has %d lower-case hex digits; scan the video again", 64);
    if (s->width < 1 || s->width > 32767 || s->height < 1 || s->height > 32767)
        return REFUSE(-EINVAL, "source: %dx%d is no size; width and height are 1 to 32767", s->width, s->height);
    if (s->rotation != 0 && s->rotation != 90 && s->rotation != 180 && s->rotation != 270)
        return REFUSE(-EINVAL, "source: rotation is %d; it is 0, 90, 180 or 270", s->rotation);
    if (!is_rate(s->sar) || !is_rate(s->frame_rate) || !is_rate(s->time_base) || !s->time_base.num)
        return REFUSE(-EINVAL, "source: 'sar', 'frame_rate' and 'time_base' are whole%s; scan the video again",
                      " numbers as \"25/1\"");
    if (s->frames < 1 || s->frames > VEIL_TRACKSFILE_FRAMES_MAX)
        return REFUSE(-EINVAL, "source: %lld frames; a file holds 1 to %d", (long long)s->frames,
                      VEIL_TRACKSFILE_FRAMES_MAX);
    return check_times(t, name, why);
}

static bool in_range(float v, float least, float most)
{
    return v >= least && v <= most; /* false for what is not a number */
}

static int check_box(const VeilTracksFile *t, const VeilTracksTrack *track, int i, const char *name, char *why)
{
    const VeilTracksBox *b = &track->box[i];

    if (b->frame < 0 || b->frame >= t->source.frames)
        return REFUSE(-EINVAL, "track %d, box %d: frame %d is not in the video, which has frames 0 to %lld", track->id,
                      i + 1, b->frame, (long long)t->source.frames - 1);
    if (i && b->frame <= track->box[i - 1].frame)
        return REFUSE(-EINVAL, "track %d, box %d: frame %d comes after frame %d; boxes stand by rising frame, one each",
                      track->id, i + 1, b->frame, track->box[i - 1].frame);
    if (!in_range(b->x, -PLACE_MAX, PLACE_MAX) || !in_range(b->y, -PLACE_MAX, PLACE_MAX) ||
        !in_range(b->w, 0.1f, PLACE_MAX) || !in_range(b->h, 0.1f, PLACE_MAX))
        return REFUSE(-EINVAL, "track %d, frame %d: the box is no place; x and y are within %d, width and height 0.1 to %d",
                      track->id, b->frame, (int)PLACE_MAX, (int)PLACE_MAX);
    if (!in_range(b->score, 0, 1) || (int)b->origin < 0 || b->origin >= VEIL_ORIGIN_NB)
        return REFUSE(-EINVAL, "track %d, frame %d: a score is 0 to 1, an origin d, f, e or m", track->id, b->frame);
    return 0;
}

static int check_track(const VeilTracksFile *t, const VeilTracksTrack *track, const char *name, char *why)
{
    int ret = 0;

    if (track->id < 1)
        return REFUSE(-EINVAL, "track id %d: ids are 1 or more", track->id);
    if ((int)track->action < 0 || track->action >= VEIL_ACTION_NB)
        return REFUSE(-EINVAL, "track %d: action is cover, keep or seal", track->id);
    if (!is_text(track->reason) || !is_text(track->note) || !is_text(track->consent))
        return REFUSE(-EINVAL, "track %d: reason, note and consent are at most %d bytes of UTF-8 each", track->id,
                      VEIL_TRACKSFILE_TEXT_MAX);
    for (int i = 0; i < track->n && ret >= 0; i++)
        ret = check_box(t, track, i, name, why);
    return ret;
}

static int by_number(const void *a, const void *b)
{
    const int x = *(const int *)a, y = *(const int *)b;

    return (x > y) - (x < y);
}

/* @return the first id that is there twice, 0 if none is, -ENOMEM */
static int twice(const int *ids, int n)
{
    int *sorted = malloc(((size_t)n + 1) * sizeof(*sorted)), found = 0;

    if (!sorted)
        return -ENOMEM;
    if (n)
        memcpy(sorted, ids, (size_t)n * sizeof(*ids));
    qsort(sorted, (size_t)n, sizeof(*sorted), by_number);
    for (int i = 1; i < n && !found; i++)
        if (sorted[i] == sorted[i - 1])
            found = sorted[i];
    free(sorted);
    return found;
}

static int check_tracks(VeilTracksFile *t, const char *name, char *why)
{
    int *ids, found, ret = 0;

    if (t->n_tracks > VEIL_TRACKSFILE_TRACKS_MAX)
        return REFUSE(-EFBIG, "%d tracks; a file holds at most %d", t->n_tracks, VEIL_TRACKSFILE_TRACKS_MAX);
    if (!(ids = malloc(((size_t)t->n_tracks + 1) * sizeof(*ids))))
        return -ENOMEM;
    t->n_boxes = 0;
    for (int i = 0; i < t->n_tracks && ret >= 0; i++) {
        ids[i] = t->track[i].id;
        t->n_boxes += t->track[i].n;
        ret = check_track(t, &t->track[i], name, why);
    }
    found = ret < 0 ? ret : twice(ids, t->n_tracks);
    free(ids);
    if (found > 0)
        return REFUSE(-EINVAL, "track %d is there twice; give each track an id of its own", found);
    if (found == 0 && t->n_boxes > VEIL_TRACKSFILE_BOXES_MAX)
        return REFUSE(-EFBIG, "%lld boxes; a file holds at most %d: cut the video in parts", (long long)t->n_boxes,
                      VEIL_TRACKSFILE_BOXES_MAX);
    return found;
}

static bool is_span(double from, double to)
{
    return from >= -TIME_MAX && to <= TIME_MAX && from < to;
}

static int check_zone(const VeilTracksZone *z, const char *name, char *why)
{
    if (z->id < 1)
        return REFUSE(-EINVAL, "zone id %d: ids are 1 or more", z->id);
    if (!is_span(z->from, z->to))
        return REFUSE(-EINVAL, "zone %d: 'from' must be before 'to', in seconds", z->id);
    if (z->n < 3 || z->n > VEIL_TRACKSFILE_POINTS_MAX)
        return REFUSE(-EINVAL, "zone %d: %d points; an area has 3 to %d", z->id, z->n, VEIL_TRACKSFILE_POINTS_MAX);
    for (int i = 0; i < z->n; i++)
        if (!in_range(z->point[i][0], -PLACE_MAX, PLACE_MAX) || !in_range(z->point[i][1], -PLACE_MAX, PLACE_MAX))
            return REFUSE(-EINVAL, "zone %d, point %d: x and y are within %d", z->id, i + 1, (int)PLACE_MAX);
    if (!is_text(z->reason) || !is_text(z->note))
        return REFUSE(-EINVAL, "zone %d: reason and note are at most %d bytes of UTF-8 each", z->id,
                      VEIL_TRACKSFILE_TEXT_MAX);
    return 0;
}

static int check_zones(const VeilTracksFile *t, const char *name, char *why)
{
    int ids[VEIL_TRACKSFILE_ZONES_MAX], found, ret = 0;

    if (t->n_zones > VEIL_TRACKSFILE_ZONES_MAX)
        return REFUSE(-EFBIG, "%d zones; a file holds at most %d", t->n_zones, VEIL_TRACKSFILE_ZONES_MAX);
    for (int i = 0; i < t->n_zones && ret >= 0; i++) {
        ids[i] = t->zone[i].id;
        ret = check_zone(&t->zone[i], name, why);
    }
    if (ret < 0)
        return ret;
    if ((found = twice(ids, t->n_zones)) > 0)
        return REFUSE(-EINVAL, "zone %d is there twice; give each zone an id of its own", found);
    return found;
}

static int check_mutes(const VeilTracksFile *t, const char *name, char *why)
{
    if (t->n_mutes > VEIL_TRACKSFILE_MUTES_MAX)
        return REFUSE(-EFBIG, "%d mutes; a file holds at most %d", t->n_mutes, VEIL_TRACKSFILE_MUTES_MAX);
    for (int i = 0; i < t->n_mutes; i++) {
        if (!is_span(t->mute[i].from, t->mute[i].to))
            return REFUSE(-EINVAL, "mute %d: 'from' must be before 'to', in seconds", i + 1);
        if (!is_text(t->mute[i].reason))
            return REFUSE(-EINVAL, "mute %d: the reason is at most %d bytes of UTF-8", i + 1, VEIL_TRACKSFILE_TEXT_MAX);
    }
    return 0;
}

int veil_tracksfile_check(VeilTracksFile *t, const char *name, char why[VEIL_TRACKSFILE_WHY])
{
    int ret;

    why[0] = 0;
    if (t->revision < 0 || t->revision > INT64_MAX / 2)
        return REFUSE(-EINVAL, "revision %lld is out of range; it counts saves from 0", (long long)t->revision);
    if ((ret = check_source(t, name, why)) < 0 || (ret = check_tracks(t, name, why)) < 0 ||
        (ret = check_zones(t, name, why)) < 0 || (ret = check_mutes(t, name, why)) < 0)
        return veil_tracksfile_refuse(why, ret, "tracks file '%s': %s; close other programs", name, strerror(-ret));
    return 0;
}
