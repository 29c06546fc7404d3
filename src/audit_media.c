/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file The part of the audit that needs no picture: what else the file holds, its papers, its sound. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <libavutil/avstring.h>

#include "audit_parts.h"
#include "audit_sound.h"
#include "digest.h"
#include "input.h"
#include "msg.h"

/* What muxers write by themselves, and what redact may be told to keep. */
static const char plain_keys[] = "major_brand,minor_version,compatible_brands,encoder,vendor_id,language,duration,"
                                 "handler_name";
static const char kept_keys[] = "title,artist,comment,copyright,date,description";

/* "file 'creation_time'" */
static void add_word(char *list, size_t cap, const char *where, const char *kind, const char *what)
{
    char word[160];

    snprintf(word, sizeof(word), "%s%s%.60s%s", where, kind, what, *kind == ' ' ? "'" : "");
    if (strlen(list) + strlen(word) + 3 < cap) {
        av_strlcat(list, *list ? ", " : "", cap);
        av_strlcat(list, word, cap);
    }
}

/* A handler may name the camera; these are what FFmpeg writes. */
static bool is_plain_value(const char *key, const char *value)
{
    return av_strcasecmp(key, "handler_name") || !strcmp(value, "VideoHandler") || !strcmp(value, "SoundHandler") ||
           !strcmp(value, "DataHandler") || !*value;
}

static void look_at_keys(char *list, size_t cap, const char *where, const AVDictionary *dict, const char *asked)
{
    const AVDictionaryEntry *e = NULL;

    while ((e = av_dict_get(dict, "", e, AV_DICT_IGNORE_SUFFIX))) {
        const bool plain = veil_list_has(plain_keys, e->key) && is_plain_value(e->key, e->value);
        const bool kept = asked && veil_list_has(asked, e->key) && veil_list_has(kept_keys, e->key);

        if (!plain && !kept)
            add_word(list, cap, where, " '", e->key);
    }
}

static bool is_display_data(enum AVPacketSideDataType type)
{
    return type == AV_PKT_DATA_DISPLAYMATRIX || type == AV_PKT_DATA_MASTERING_DISPLAY_METADATA ||
           type == AV_PKT_DATA_CONTENT_LIGHT_LEVEL || type == AV_PKT_DATA_CPB_PROPERTIES;
}

static void look_at_stream(char *list, size_t cap, const AVStream *st, const AVStream *video, const char *asked)
{
    const char *type = av_get_media_type_string(st->codecpar->codec_type);
    char where[32];

    snprintf(where, sizeof(where), "stream %d", st->index);
    if (st != video && st->codecpar->codec_type != AVMEDIA_TYPE_AUDIO)
        add_word(list, cap, where, ": ", type ? type : "data");
    look_at_keys(list, cap, where, st->metadata, asked);
    for (int i = 0; i < st->nb_side_data; i++)
        if (!is_display_data(st->side_data[i].type))
            add_word(list, cap, where, " side data '", av_packet_side_data_name(st->side_data[i].type));
}

static void look_at_stripped(VeilAudit *a, const VeilAuditJob *job, const VeilInput *in)
{
    const json_t *c = json_object_get(job->report, "configuration");
    const char *asked = json_string_value(json_object_get(c, "keep-metadata"));
    char list[300] = "";

    look_at_keys(list, sizeof(list), "file", in->format->metadata, asked);
    for (unsigned i = 0; i < in->format->nb_streams; i++)
        look_at_stream(list, sizeof(list), in->format->streams[i], in->video, asked);
    if (in->format->nb_chapters)
        add_word(list, sizeof(list), "chapters", "", "");
    if (in->format->nb_programs)
        add_word(list, sizeof(list), "programs", "", "");
    if (*list)
        veil_audit_add(a, "stripped", VEIL_AUDIT_FAILED, "should not be there: %s", list);
    else
        veil_audit_add(a, "stripped", VEIL_AUDIT_PASSED, "no metadata, chapters, further streams or side data");
}

/* @return the digest that the report gives for that file, or NULL */
static const char *reported(const json_t *report, const char *which)
{
    return json_string_value(json_object_get(json_object_get(report, which), "sha256"));
}

static void look_at_papers(VeilAudit *a, const VeilAuditJob *job)
{
    const char *wanted_out = reported(job->report, "output"), *wanted_source = reported(job->report, "source");
    char hex[VEIL_DIGEST_HEX];

    if (!job->report) {
        veil_audit_add(a, "papers", VEIL_AUDIT_SKIPPED, "there is no report of redact beside the file");
        return;
    }
    if (wanted_out && veil_digest_file(job->path, hex) >= 0 && strcmp(hex, wanted_out) != 0)
        veil_audit_add(a, "papers", VEIL_AUDIT_FAILED, "the file was changed after its report was written: SHA-256 differs");
    else if (job->source && wanted_source && veil_digest_file(job->source, hex) >= 0 && strcmp(hex, wanted_source) != 0)
        veil_audit_add(a, "papers", VEIL_AUDIT_FAILED, "the report is of another source: SHA-256 differs");
    else
        veil_audit_add(a, "papers", VEIL_AUDIT_PASSED, "the report is of this file%s", job->source ? " and this source" : "");
}

int veil_audit_media(VeilAudit *a, const VeilAuditJob *job)
{
    VeilInput *in = NULL;
    int ret = veil_input_open(&in, job->path, 1, job->cancel);

    if (ret >= 0) {
        look_at_stripped(a, job, in);
        look_at_papers(a, job);
        if (job->source)
            ret = veil_audit_sound(a, job);
    }
    veil_input_close(in);
    return ret;
}
