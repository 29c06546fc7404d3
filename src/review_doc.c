/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "review_doc.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "keys/file.h"
#include "msg.h"

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
    veil_tracksfile_free(s->file);
    av_buffer_unref(&s->text);
    free(s);
}

static const VeilDocState *state_of(const VeilDoc *doc)
{
    return (const VeilDocState *)(const void *)doc->state->data;
}

static int refuse(char why[VEIL_TRACKSFILE_WHY], int code, const char *sentence)
{
    snprintf(why, VEIL_TRACKSFILE_WHY, "%s", sentence);
    return code;
}

/* Takes file and bytes over, also on failure. @return a buffer that holds a VeilDocState, or NULL */
static AVBufferRef *make_state(VeilTracksFile *file, uint8_t *bytes, size_t len)
{
    VeilDocState *s = calloc(1, sizeof(*s));
    AVBufferRef *ref = s ? av_buffer_create((uint8_t *)s, sizeof(*s), free_state, NULL, 0) : NULL;

    if (!ref) {
        free(s);
        free(bytes);
        veil_tracksfile_free(file);
        return NULL;
    }
    s->file = file;
    if (!(s->text = av_buffer_create(bytes, len, av_buffer_default_free, NULL, AV_BUFFER_FLAG_READONLY))) {
        free(bytes);
        av_buffer_unref(&ref);
    }
    return ref;
}

/* ---- reading ------------------------------------------------------------------------------ */

static int read_bytes(const char *path, uint8_t **bytes, size_t *len, char why[VEIL_TRACKSFILE_WHY])
{
    VeilErr err;
    const int ret = veil_file_read(bytes, len, path, VEIL_TRACKSFILE_BYTES_MAX, &err);

    return ret < 0 ? refuse(why, ret, err.text) : 0;
}

static int load(const char *path, AVBufferRef **state, char why[VEIL_TRACKSFILE_WHY])
{
    VeilTracksFile *file;
    uint8_t *bytes = NULL;
    size_t len;
    int ret = read_bytes(path, &bytes, &len, why);

    if (ret >= 0 && (ret = veil_tracksfile_parse(&file, (char *)bytes, len, path, why)) < 0)
        free(bytes);
    if (ret < 0)
        return ret;
    return (*state = make_state(file, bytes, len)) ? 0 : refuse(why, -ENOMEM, strerror(ENOMEM));
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Take up what another program saved meanwhile. A file that went bad leaves the last good state. */
static void refresh(VeilDoc *doc)
{
    char why[VEIL_TRACKSFILE_WHY];
    AVBufferRef *state = NULL;
    struct stat now;

    if (stat(doc->path, &now) < 0 || is_same(&now, &doc->seen))
        return;
    doc->seen = now;
    if (load(doc->path, &state, why) < 0) {
        veil_warn("%s; the review goes on with what it had", why);
        return;
    }
    av_buffer_unref(&doc->state);
    doc->state = state;
}

int veil_doc_open(VeilDoc **out, const char *path)
{
    VeilDoc *doc = calloc(1, sizeof(*doc));
    char why[VEIL_TRACKSFILE_WHY] = "";
    int ret;

    *out = NULL;
    if (!doc)
        return -ENOMEM;
    doc->path = path;
    pthread_mutex_init(&doc->lock, NULL);
    stat(path, &doc->seen);
    if ((ret = load(path, &doc->state, why)) < 0) {
        veil_error("%s", why);
        veil_doc_close(doc);
        return ret;
    }
    *out = doc;
    return 0;
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

void veil_doc_close(VeilDoc *doc)
{
    if (!doc)
        return;
    av_buffer_unref(&doc->state);
    pthread_mutex_destroy(&doc->lock);
    free(doc);
}

/* ---- saving ------------------------------------------------------------------------------- */

static bool same_times(const VeilTracksFile *a, const VeilTracksFile *b)
{
    for (int64_t i = 0; i < a->source.frames; i++)
        if (veil_tracksfile_pts(a, i) != veil_tracksfile_pts(b, i))
            return false;
    return true;
}

/* What a scan found out about the recording is no matter of opinion: an edit leaves it. */
static bool same_recording(const VeilTracksFile *a, const VeilTracksFile *b)
{
    const VeilTracksSource *x = &a->source, *y = &b->source;

    return !strcmp(x->file, y->file) && !strcmp(x->sha256, y->sha256) && x->width == y->width &&
           x->height == y->height && x->rotation == y->rotation && !av_cmp_q(x->time_base, y->time_base) &&
           x->sar.num == y->sar.num && x->sar.den == y->sar.den && x->frame_rate.num == y->frame_rate.num &&
           x->frame_rate.den == y->frame_rate.den && x->frames == y->frames && same_times(a, b) &&
           json_equal(a->detector, b->detector);
}

/* With the lock held; takes the file over. */
static int save(VeilDoc *doc, VeilTracksFile *file, int64_t next, char why[VEIL_TRACKSFILE_WHY])
{
    AVBufferRef *state;
    uint8_t *bytes;
    size_t len;
    int ret;

    file->revision = next;
    if ((ret = veil_tracksfile_write(file, doc->path, true, why)) < 0 ||
        (ret = read_bytes(doc->path, &bytes, &len, why)) < 0) {
        veil_tracksfile_free(file);
        return ret;
    }
    stat(doc->path, &doc->seen);
    if (!(state = make_state(file, bytes, len)))
        return refuse(why, -ENOMEM, strerror(ENOMEM));
    av_buffer_unref(&doc->state);
    doc->state = state;
    return 0;
}

int veil_doc_save(VeilDoc *doc, const char *text, size_t len, int64_t expected, int64_t *revision,
                  char why[VEIL_TRACKSFILE_WHY])
{
    VeilTracksFile *file = NULL;
    int ret = veil_tracksfile_parse(&file, text, len, "the document", why);

    pthread_mutex_lock(&doc->lock);
    refresh(doc);
    *revision = state_of(doc)->file->revision;
    if (ret >= 0 && *revision != expected)
        ret = refuse(why, -ESTALE, "another tab or program saved meanwhile; load the newer state first");
    else if (ret >= 0 && !same_recording(file, state_of(doc)->file))
        ret = refuse(why, -EINVAL, "'source' or 'detector' is not that of this recording; neither can be edited");
    if (ret < 0)
        veil_tracksfile_free(file);
    else if ((ret = save(doc, file, expected + 1, why)) >= 0)
        *revision = expected + 1;
    pthread_mutex_unlock(&doc->lock);
    return ret;
}

/* ---- asking ------------------------------------------------------------------------------ */

int64_t *veil_doc_times(const VeilDocState *state)
{
    const int64_t n = state->file->source.frames;
    int64_t *out = calloc((size_t)n + 1, sizeof(*out));

    for (int64_t i = 0; out && i < n; i++)
        out[i] = veil_tracksfile_pts(state->file, i);
    return out;
}

const VeilTracksBox *veil_doc_best(const VeilTracksTrack *track)
{
    const VeilTracksBox *best = NULL;
    float most = -1;

    for (int i = 0; i < track->n; i++) {
        const VeilTracksBox *b = &track->box[i];
        const bool seen = b->origin == VEIL_ORIGIN_DETECTED || b->origin == VEIL_ORIGIN_MANUAL;
        /* What was seen beats what was inferred, whatever its size. */
        const float worth = b->w * b->h * (0.1f + b->score * b->score) * (seen ? 1000.f : 1.f);

        if (worth > most) {
            most = worth;
            best = b;
        }
    }
    return best;
}
