/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "leak.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libavutil/mem.h>

#include "extras.h"

/* Keeps the first thing found. */
static void take_first(void *err, const char *what)
{
    VeilErr *e = err;

    if (!e->code)
        veil_err(e, VEIL_E_LEAK, "%s", what);
}

static int check_extras(const AVFormatContext *f, const char *keep, VeilErr *err)
{
    const VeilExtras extras = { .format = f, .audio = true, .published = true, .keep = keep };
    VeilErr first = { 0 };

    veil_extras_list(&extras, take_first, &first);
    if (first.code && err)
        *err = first;
    return first.code;
}

static int open_media(AVFormatContext **f, const char *path, VeilErr *err)
{
    char *url = av_asprintf("file:%s", path); /* a colon in the name is no protocol */
    int ret = url ? avformat_open_input(f, url, NULL, NULL) : AVERROR(ENOMEM);

    if (ret >= 0)
        ret = avformat_find_stream_info(*f, NULL);
    av_free(url);
    return ret < 0 ? veil_err(err, ret == AVERROR(ENOENT) ? -ENOENT : -EINVAL, "video '%s'", path) : 0;
}

/* ---- coded pictures of the source -------------------------------------------- */

#define MARK        32  /* bytes from the middle of a packet that stand for it */
#define MARK_PACKET 256 /* shorter ones say "as before" and may well come again */
#define MARK_KINDS  16  /* different bytes that a mark has at least: not a flat picture, not padding */

typedef struct Marks {
    uint8_t (*at)[MARK];
    size_t n, cap;
    uint32_t *slot; /* 1 + index, by the hash of the first 8 bytes; 0 for none */
    size_t slots;   /* a power of two */
} Marks;

static bool is_distinct(const uint8_t *mark)
{
    bool seen[256] = { false };
    int kinds = 0;

    for (int i = 0; i < MARK; i++) {
        kinds += !seen[mark[i]];
        seen[mark[i]] = true;
    }
    return kinds >= MARK_KINDS;
}

static int add_mark(Marks *m, const AVPacket *p)
{
    const uint8_t *mark = p->data + p->size / 2 - MARK / 2;

    if (p->size < MARK_PACKET || !is_distinct(mark))
        return 0;
    if (m->n == m->cap) {
        const size_t cap = m->cap ? 2 * m->cap : 1024;
        void *at = realloc(m->at, cap * sizeof(*m->at));

        if (!at)
            return -ENOMEM;
        m->at = at;
        m->cap = cap;
    }
    memcpy(m->at[m->n++], mark, MARK);
    return 0;
}

static size_t slot_of(const Marks *m, const uint8_t *bytes)
{
    uint64_t v;

    memcpy(&v, bytes, sizeof(v));
    return (size_t)((v * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (m->slots - 1);
}

static int index_marks(Marks *m)
{
    for (m->slots = 64; m->slots < 4 * m->n; m->slots *= 2)
        ;
    if (!(m->slot = calloc(m->slots, sizeof(*m->slot))))
        return -ENOMEM;
    for (size_t i = 0; i < m->n; i++) {
        size_t s = slot_of(m, m->at[i]);

        while (m->slot[s])
            s = (s + 1) & (m->slots - 1);
        m->slot[s] = (uint32_t)i + 1;
    }
    return 0;
}

static bool is_mark(const Marks *m, const uint8_t *bytes)
{
    for (size_t s = slot_of(m, bytes); m->slot[s]; s = (s + 1) & (m->slots - 1))
        if (!memcmp(m->at[m->slot[s] - 1], bytes, MARK))
            return true;
    return false;
}

static int read_marks(Marks *m, const char *source, VeilErr *err)
{
    AVPacket *p = av_packet_alloc();
    AVFormatContext *f = NULL;
    int ret = p ? open_media(&f, source, err) : veil_err(err, -ENOMEM, "packets of '%s'", source);

    while (!ret && av_read_frame(f, p) >= 0) {
        const AVCodecParameters *c = f->streams[p->stream_index]->codecpar;
        const AVCodecDescriptor *d = avcodec_descriptor_get(c->codec_id);

        if (c->codec_type == AVMEDIA_TYPE_VIDEO && (!d || d->props & AV_CODEC_PROP_LOSSY) &&
            add_mark(m, p) < 0)
            ret = veil_err(err, -ENOMEM, "packets of '%s'", source);
        av_packet_unref(p);
    }
    if (!ret && index_marks(m) < 0)
        ret = veil_err(err, -ENOMEM, "packets of '%s'", source);
    av_packet_free(&p);
    avformat_close_input(&f);
    return ret;
}

/* Anywhere in the bytes: a packet that no index names is still there to read. */
static int seek_marks(const Marks *m, const char *path, VeilErr *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const uint8_t *bytes = MAP_FAILED;
    struct stat st;
    int ret = 0;

    if (fd < 0 || fstat(fd, &st) < 0 ||
        (st.st_size && (bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)) == MAP_FAILED))
        ret = veil_err(err, -errno, "video '%s'", path);
    for (off_t i = 0; !ret && i + MARK <= st.st_size; i++)
        if (is_mark(m, bytes + i))
            ret = veil_err(err, VEIL_E_LEAK, "coded picture of the source at byte %lld", (long long)i);
    if (bytes != MAP_FAILED)
        munmap((void *)bytes, (size_t)st.st_size);
    if (fd >= 0)
        close(fd);
    return ret;
}

int veil_leak_check(const char *published, const char *source, const char *keep, VeilErr *err)
{
    AVFormatContext *f = NULL;
    Marks m = { 0 };
    int ret = open_media(&f, published, err);

    if (!ret)
        ret = check_extras(f, keep, err);
    avformat_close_input(&f);
    if (!ret && source && !(ret = read_marks(&m, source, err)))
        ret = seek_marks(&m, published, err);
    free(m.at);
    free(m.slot);
    return ret;
}
