/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "extras.h"

#include <stdio.h>
#include <string.h>
#include <libavcodec/avcodec.h>
#include <libavutil/avstring.h>

const char veil_harmless_keys[] = "title,artist,comment,copyright,date,description,language";

/* What muxers write by themselves. */
static const char plain_keys[] =
    "major_brand,minor_version,compatible_brands,encoder,vendor_id,language,duration,"
    "handler_name";

/* Where the words of one listing go. */
typedef struct Listing {
    const VeilExtras *e;
    void (*found)(void *opaque, const char *what);
    void *opaque;
} Listing;

static void tell(const Listing *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void tell(const Listing *l, const char *fmt, ...)
{
    char text[200];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    l->found(l->opaque, text);
}

bool veil_list_has(const char *list, const char *word)
{
    const size_t len = strlen(word);

    for (const char *p = list; p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
        if (!av_strncasecmp(p, word, len) && (p[len] == ',' || !p[len]))
            return true;
    return false;
}

/* A handler may name the camera; these are what FFmpeg writes. */
static bool is_plain(const char *key, const char *value)
{
    if (!veil_list_has(plain_keys, key))
        return false;
    return av_strcasecmp(key, "handler_name") || !*value || !strcmp(value, "VideoHandler") ||
           !strcmp(value, "SoundHandler") || !strcmp(value, "DataHandler");
}

static void list_keys(const Listing *l, const char *where, const AVDictionary *dict)
{
    const AVDictionaryEntry *entry = NULL;

    while ((entry = av_dict_get(dict, "", entry, AV_DICT_IGNORE_SUFFIX))) {
        const bool kept =
            veil_list_has(l->e->keep, entry->key) && veil_list_has(veil_harmless_keys, entry->key);

        if (!kept && !(l->e->published && is_plain(entry->key, entry->value)))
            tell(l, "%s metadata: %.60s", where, entry->key);
    }
}

/* Side data that says how to show the picture or what a sound track is for goes along; all else stays. */
static bool is_display_data(enum AVPacketSideDataType type)
{
    return type == AV_PKT_DATA_AUDIO_SERVICE_TYPE || type == AV_PKT_DATA_DISPLAYMATRIX ||
           type == AV_PKT_DATA_MASTERING_DISPLAY_METADATA || type == AV_PKT_DATA_CONTENT_LIGHT_LEVEL ||
           type == AV_PKT_DATA_CPB_PROPERTIES;
}

static void list_stream(const Listing *l, const AVStream *st, const AVStream *video)
{
    const enum AVMediaType kind = st->codecpar->codec_type;
    const char *name = av_get_media_type_string(kind);
    char where[32];

    snprintf(where, sizeof(where), "stream %d", st->index);
    if (st != video && !(l->e->audio && kind == AVMEDIA_TYPE_AUDIO)) {
        tell(l, "%s: %s%s, %s", where, st->disposition & AV_DISPOSITION_ATTACHED_PIC ? "thumbnail " : "",
             name ? name : "data", avcodec_get_name(st->codecpar->codec_id));
        return;
    }
    list_keys(l, where, st->metadata);
    for (int i = 0; i < st->nb_side_data; i++)
        if (!is_display_data(st->side_data[i].type)) {
            const char *data = av_packet_side_data_name(st->side_data[i].type);

            tell(l, "%s side data: %s", where, data ? data : "unknown");
        }
}

static const AVStream *find_picture(const AVFormatContext *f)
{
    for (unsigned i = 0; i < f->nb_streams; i++)
        if (f->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
            !(f->streams[i]->disposition & AV_DISPOSITION_ATTACHED_PIC))
            return f->streams[i];
    return NULL;
}

void veil_extras_list(const VeilExtras *e, void (*found)(void *opaque, const char *what), void *opaque)
{
    const Listing l = { e, found, opaque };
    const AVStream *video = e->video ? e->video : find_picture(e->format);

    list_keys(&l, "file", e->format->metadata);
    for (unsigned i = 0; i < e->format->nb_streams; i++)
        list_stream(&l, e->format->streams[i], video);
    if (e->format->nb_chapters)
        tell(&l, "%u chapters", e->format->nb_chapters);
    if (e->published && e->format->nb_programs)
        tell(&l, "%u programs", e->format->nb_programs);
}
