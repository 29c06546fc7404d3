/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tracksfile.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "partfile.h"
#include "tracksfile_rules.h"

static const char origin_letters[VEIL_ORIGIN_NB + 1] = "dfem";

VeilTracksFile *veil_tracksfile_new(void)
{
    VeilTracksFile *t = calloc(1, sizeof(*t));

    if (t)
        t->source = (VeilTracksSource){ .sar = { 0, 1 }, .frame_rate = { 0, 1 }, .time_base = { 1, 1 } };
    return t;
}

void veil_tracksfile_free(VeilTracksFile *t)
{
    if (!t)
        return;
    for (int i = 0; i < t->n_tracks; i++) {
        free(t->track[i].reason);
        free(t->track[i].note);
        free(t->track[i].consent);
        free(t->track[i].box);
    }
    for (int i = 0; i < t->n_zones; i++) {
        free(t->zone[i].point);
        free(t->zone[i].reason);
        free(t->zone[i].note);
    }
    for (int i = 0; i < t->n_mutes; i++)
        free(t->mute[i].reason);
    free(t->track);
    free(t->zone);
    free(t->mute);
    free(t->program);
    free(t->source.file);
    free(t->source.pts);
    json_decref(t->detector);
    free(t);
}

/* ---- times -------------------------------------------------------------------- */

int64_t veil_tracksfile_pts(const VeilTracksFile *t, int64_t frame)
{
    const VeilTracksSource *s = &t->source;

    return s->pts ? s->pts[frame] : s->first + frame * s->step;
}

double veil_tracksfile_time(const VeilTracksFile *t, int64_t frame)
{
    return (double)veil_tracksfile_pts(t, frame) * av_q2d(t->source.time_base);
}

/* From a step to a list: the first time that does not fit it. */
static int spell_out(VeilTracksFile *t)
{
    VeilTracksSource *s = &t->source;
    const int64_t cap = s->frames * 2 + 64;
    int64_t *pts = malloc((size_t)cap * sizeof(*pts));

    if (!pts)
        return -ENOMEM;
    for (int64_t i = 0; i < s->frames; i++)
        pts[i] = s->first + i * s->step;
    s->pts = pts;
    s->cap = cap;
    return 0;
}

int veil_tracksfile_add_pts(VeilTracksFile *t, int64_t pts)
{
    VeilTracksSource *s = &t->source;

    if (s->frames >= VEIL_TRACKSFILE_FRAMES_MAX)
        return -EFBIG;
    if (s->frames == 0)
        s->first = pts, s->step = 1;
    else if (s->frames == 1 && !s->pts)
        s->step = pts - s->first;
    else if (!s->pts && pts != s->first + s->frames * s->step && spell_out(t) < 0)
        return -ENOMEM;
    if (s->pts && s->frames == s->cap) {
        int64_t *more = realloc(s->pts, (size_t)s->cap * 2 * sizeof(*more));

        if (!more)
            return -ENOMEM;
        s->pts = more;
        s->cap *= 2;
    }
    if (s->pts)
        s->pts[s->frames] = pts;
    s->frames++;
    return 0;
}

/* ---- tracks ------------------------------------------------------------------- */

VeilTracksTrack *veil_tracksfile_find(const VeilTracksFile *t, int id)
{
    /* A scan numbers them in order, so the place is mostly this one. */
    if (id >= 1 && id <= t->n_tracks && t->track[id - 1].id == id)
        return &t->track[id - 1];
    for (int i = 0; i < t->n_tracks; i++)
        if (t->track[i].id == id)
            return &t->track[i];
    return NULL;
}

VeilTracksTrack *veil_tracksfile_add_track(VeilTracksFile *t, int id)
{
    VeilTracksTrack *track;

    if (t->n_tracks >= VEIL_TRACKSFILE_TRACKS_MAX)
        return NULL;
    if (t->n_tracks == t->cap_tracks) {
        const int cap = t->cap_tracks ? t->cap_tracks * 2 : 16;

        if (!(track = realloc(t->track, (size_t)cap * sizeof(*track))))
            return NULL;
        t->track = track;
        t->cap_tracks = cap;
    }
    track = &t->track[t->n_tracks];
    *track = (VeilTracksTrack){ .id = id, .reason = strdup(""), .note = strdup(""), .consent = strdup("") };
    t->n_tracks++; /* from here free() sees to it */
    return track->reason && track->note && track->consent ? track : NULL;
}

int veil_tracksfile_add_box(VeilTracksTrack *track, const VeilTracksBox *box)
{
    if (track->n && track->box[track->n - 1].frame >= box->frame)
        return -EINVAL;
    if (track->n == track->cap) {
        const int cap = track->cap ? track->cap * 2 : 32;
        VeilTracksBox *more = realloc(track->box, (size_t)cap * sizeof(*more));

        if (!more)
            return -ENOMEM;
        track->box = more;
        track->cap = cap;
    }
    track->box[track->n++] = *box;
    return 0;
}

const VeilTracksBox *veil_tracksfile_box_at(const VeilTracksTrack *track, int64_t frame)
{
    int from = 0, to = track->n;

    if (!to || frame < track->box[0].frame || frame > track->box[to - 1].frame)
        return NULL;
    while (from < to) {
        const int mid = from + (to - from) / 2;

        if (track->box[mid].frame == frame)
            return &track->box[mid];
        if (track->box[mid].frame < frame)
            from = mid + 1;
        else
            to = mid;
    }
    return NULL;
}

int veil_tracksfile_at(const VeilTracksFile *t, int64_t frame, VeilBox *boxes, int cap)
{
    int n = 0;

    for (int i = 0; i < t->n_tracks; i++) {
        const VeilTracksTrack *track = &t->track[i];
        const VeilTracksBox *b = veil_tracksfile_box_at(track, frame);

        if (!b)
            continue;
        if (n == cap)
            return -ENOSPC;
        boxes[n++] = (VeilBox){ .face = { .x = b->x, .y = b->y, .w = b->w, .h = b->h, .score = b->score },
                                .track = track->id,
                                .origin = b->origin,
                                .action = track->action };
    }
    return n;
}

/* ---- writing ------------------------------------------------------------------ */

static void print_text(FILE *f, const char *key, const char *text)
{
    json_t *value = json_string(text ? text : "");
    char *quoted = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

    /* The check has seen that it is UTF-8, so only want of memory ends here. */
    fprintf(f, "\"%s\": %s", key, quoted ? quoted : "\"\"");
    free(quoted);
    json_decref(value);
}

static void print_source(const VeilTracksSource *s, FILE *f)
{
    fputs("  \"source\": {", f);
    print_text(f, "file", s->file);
    fprintf(f, ", \"sha256\": \"%s\", \"width\": %d, \"height\": %d, \"rotation\": %d,\n    \"sar\": \"%d/%d\", "
            "\"frame_rate\": \"%d/%d\", \"time_base\": \"%d/%d\", \"frames\": %lld,\n    \"pts\": ", s->sha256, s->width,
            s->height, s->rotation, s->sar.num, s->sar.den, s->frame_rate.num, s->frame_rate.den, s->time_base.num,
            s->time_base.den, (long long)s->frames);
    if (!s->pts)
        fprintf(f, "{\"first\": %lld, \"step\": %lld}", (long long)s->first, (long long)s->step);
    for (int64_t i = 0; s->pts && i < s->frames; i++)
        fprintf(f, "%s%lld", i ? "," : "[", (long long)s->pts[i]);
    fputs(s->pts ? "]},\n" : "},\n", f);
}

static void print_track(const VeilTracksTrack *t, FILE *f)
{
    fprintf(f, "    {\"id\": %d, \"action\": \"%s\", ", t->id, veil_action_name(t->action));
    print_text(f, "reason", t->reason);
    fputs(", ", f);
    print_text(f, "note", t->note);
    fputs(", ", f);
    print_text(f, "consent", t->consent);
    fputs(", \"boxes\": [", f);
    for (int i = 0; i < t->n; i++) {
        const VeilTracksBox *b = &t->box[i];

        fprintf(f, "%s[%d,%.1f,%.1f,%.1f,%.1f,\"%c\",%.2f]", i ? "," : "", b->frame, (double)b->x, (double)b->y,
                (double)b->w, (double)b->h, origin_letters[b->origin], (double)b->score);
    }
    fputs("]}", f);
}

static void print_zone(const VeilTracksZone *z, FILE *f)
{
    fprintf(f, "    {\"id\": %d, \"from\": %.6f, \"to\": %.6f, ", z->id, z->from, z->to);
    print_text(f, "reason", z->reason);
    fputs(", ", f);
    print_text(f, "note", z->note);
    fputs(", \"points\": [", f);
    for (int i = 0; i < z->n; i++)
        fprintf(f, "%s[%.1f,%.1f]", i ? "," : "", (double)z->point[i][0], (double)z->point[i][1]);
    fputs("]}", f);
}

static void print_mute(const VeilTracksMute *m, FILE *f)
{
    fprintf(f, "    {\"from\": %.6f, \"to\": %.6f, ", m->from, m->to);
    print_text(f, "reason", m->reason);
    fputs("}", f);
}

#define PRINT_LIST(name_, n_, call_)                                                                         \
    do {                                                                                                     \
        fputs("  \"" name_ "\": [", f);                                                                      \
        for (int i = 0; i < (n_); i++) {                                                                     \
            fputs(i ? ",\n" : "\n", f);                                                                      \
            call_;                                                                                           \
        }                                                                                                    \
        fputs((n_) ? "\n  ]" : "]", f);                                                                      \
    } while (0)

int veil_tracksfile_print(const VeilTracksFile *t, FILE *f)
{
    fprintf(f, "{\n  \"format\": \"%s\", \"version\": %d, \"revision\": %lld, ", VEIL_TRACKSFILE_FORMAT,
            VEIL_TRACKSFILE_VERSION, (long long)t->revision);
    print_text(f, "program", t->program);
    fputs(",\n", f);
    print_source(&t->source, f);
    fputs("  \"detector\": ", f);
    if (t->detector)
        json_dumpf(t->detector, f, JSON_COMPACT | JSON_REAL_PRECISION(6));
    else
        fputs("{}", f);
    fputs(",\n", f);
    PRINT_LIST("tracks", t->n_tracks, print_track(&t->track[i], f));
    fputs(",\n", f);
    PRINT_LIST("zones", t->n_zones, print_zone(&t->zone[i], f));
    fputs(",\n", f);
    PRINT_LIST("mutes", t->n_mutes, print_mute(&t->mute[i], f));
    fputs("\n}\n", f);
    return ferror(f) ? -EIO : 0;
}

/* A replaced file keeps who may read it: it says where people's faces are. */
static void keep_mode(const VeilPartFile *part)
{
    struct stat st;

    if (stat(part->path, &st) == 0 && S_ISREG(st.st_mode))
        (void)!fchmod(part->fd, st.st_mode & 0777);
}

int veil_tracksfile_write(VeilTracksFile *t, const char *path, bool replace, char why[VEIL_TRACKSFILE_WHY])
{
    VeilPartFile part = { .fd = -1 };
    int ret = veil_tracksfile_check(t, path, why), fd;
    FILE *f;

    if (ret < 0)
        return ret;
    if ((ret = veil_partfile_begin(&part, path, replace)) < 0)
        return veil_tracksfile_refuse(why, ret, "cannot write '%s': %s; choose another name or folder", path,
                                      strerror(-ret));
    keep_mode(&part);
    fd = dup(part.fd); /* fclose() closes its own; the part file's stays, with its lock */
    if (!(f = fd >= 0 ? fdopen(fd, "w") : NULL)) {
        ret = -errno;
        if (fd >= 0)
            close(fd);
    } else {
        errno = 0;
        ret = veil_tracksfile_print(t, f);
        if (fclose(f) || ret < 0)
            ret = errno ? -errno : -EIO;
    }
    if (ret >= 0)
        ret = veil_partfile_commit(&part);
    if (ret < 0)
        veil_tracksfile_refuse(why, ret, "cannot write '%s': %s; nothing was kept", path, strerror(-ret));
    veil_partfile_abandon(&part);
    return ret;
}
