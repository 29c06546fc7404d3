/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <libavfilter/avfilter.h>
#include <libavutil/avutil.h>
#include <libavutil/pixdesc.h>
#include <jansson.h>

#include "digest.h"
#include "keys/bytes.h"
#include "msg.h"
#include "version.h"

static json_t *sha256_of(const char *path)
{
    char hex[VEIL_DIGEST_HEX];

    /* A pipe or an image sequence has no one digest. */
    return veil_digest_file(path, hex) < 0 ? json_null() : json_string(hex);
}

static json_t *source_of(const VeilReport *r)
{
    const AVStream *v = r->in->video;
    const AVRational rate = v->avg_frame_rate;

    return json_pack("{s:s, s:o, s:s, s:s, s:i, s:i, s:s, s:f, s:f, s:i}", "file", r->in->path, "sha256",
                     sha256_of(r->in->path), "container", r->in->format->iformat->name, "codec",
                     avcodec_get_name(v->codecpar->codec_id), "width", v->codecpar->width, "height",
                     v->codecpar->height, "pixel_format",
                     v->codecpar->format >= 0 ? av_get_pix_fmt_name(v->codecpar->format) : "unknown", "frame_rate",
                     rate.den ? av_q2d(rate) : 0.0, "duration_s",
                     r->in->format->duration > 0 ? (double)r->in->format->duration / AV_TIME_BASE : 0.0, "rotation",
                     r->in->rotation);
}

static json_t *output_of(const VeilReport *r)
{
    const AVCodecContext *e = r->out->encoder;

    return json_pack("{s:s, s:o, s:s, s:s, s:i, s:i, s:s, s:f, s:b}", "file", r->out->file.path, "sha256",
                     sha256_of(r->out->file.part_path), "container", r->out->format->oformat->name, "encoder",
                     e->codec->name, "width", e->width, "height", e->height, "pixel_format",
                     av_get_pix_fmt_name(e->pix_fmt), "times_moved_s", (double)r->out->shift_us / 1e6,
                     "picture_turned", (int)r->out->bakes_rotation);
}

json_t *veil_report_versions(void)
{
    return json_pack("{s:s, s:s, s:i, s:i, s:i}", "veil", VEIL_VERSION, "ffmpeg", av_version_info(), "libavcodec",
                     (int)avcodec_version(), "libavformat", (int)avformat_version(), "libavfilter",
                     (int)avfilter_version());
}

static json_t *configuration(const VeilSettings *s)
{
    json_t *all = json_object();

    for (const VeilOpt *row = veil_settings_rows; row->name; row++) {
        const void *field = (const char *)s + row->offset;
        json_t *list;

        if (row->only_typed && strcmp(row->name, "profile") && strcmp(row->name, "allow-bare"))
            continue;
        switch (row->type) {
        case VEIL_OPT_FLAG:
            json_object_set_new(all, row->name, json_boolean(*(const bool *)field));
            break;
        case VEIL_OPT_INT:
            json_object_set_new(all, row->name, json_integer(*(const int *)field));
            break;
        case VEIL_OPT_DOUBLE:
            json_object_set_new(all, row->name, json_real(*(const double *)field));
            break;
        case VEIL_OPT_STRING:
        case VEIL_OPT_CHOICE:
            json_object_set_new(all, row->name,
                                *(char *const *)field ? json_string(*(char *const *)field) : json_null());
            break;
        case VEIL_OPT_LIST:
            list = json_array();
            for (int i = 0; i < ((const VeilStrings *)field)->n; i++)
                json_array_append_new(list, json_string(((const VeilStrings *)field)->at[i]));
            json_object_set_new(all, row->name, list);
            break;
        }
    }
    return all;
}

/* Facts are text in the chain's dictionary; whole numbers become numbers. */
static int add_filter(void *opaque, const char *name, const char *args, const AVDictionary *facts)
{
    json_t *filter = json_pack("{s:s, s:s}", "name", name, "options", args);
    const AVDictionaryEntry *e = NULL;

    while ((e = av_dict_get(facts, "", e, AV_DICT_IGNORE_SUFFIX))) {
        char *end;
        const long long number = strtoll(e->value, &end, 10);

        json_object_set_new(filter, e->key, *end || strlen(e->value) > 18 ? json_string(e->value) : json_integer(number));
    }
    return json_array_append_new(opaque, filter);
}

json_t *veil_report_filters(const VeilChain *chain)
{
    json_t *list = json_array();

    veil_chain_describe(chain, add_filter, list);
    return list;
}

static json_t *counts_of(const VeilRun *run)
{
    json_t *list = json_array();

    for (int i = 0; i < run->n_counts; i++)
        json_array_append_new(list, json_pack("[I, i]", (json_int_t)run->counts[i].frames, run->counts[i].faces));
    return list;
}

static json_t *result_of(const VeilReport *r)
{
    const VeilRun *run = r->run;

    return json_pack("{s:I, s:I, s:o, s:I, s:I, s:I, s:f, s:f}", "frames", (json_int_t)run->frames, "face_frames",
                     (json_int_t)run->face_frames, "faces_per_frame_runs", counts_of(run), "frames_damaged",
                     (json_int_t)run->damaged, "decoder_errors", (json_int_t)r->in->decode_errors, "times_nudged",
                     (json_int_t)r->in->times_nudged, "wall_s", run->wall_s, "cpu_s", run->cpu_s);
}

static json_t *rect_of(const VeilRect *r)
{
    return json_pack("[i, i, i, i]", r->x, r->y, r->w, r->h);
}

/* Enough to find a track again in the published video, where its cover can be
 * seen: number, times, and the box at both ends. Nothing of what is under it. */
static json_t *sealed_of(const VeilSealing *l)
{
    char vid[VEIL_HEX_LEN(32) + 1], gid[VEIL_HEX_LEN(32) + 1];
    json_t *tracks;

    if (!l)
        return json_null();
    tracks = json_array();
    for (int i = 0; i < l->plan.n_tracks; i++) {
        const VeilSealedTrack *t = &l->plan.track[i];

        json_array_append_new(tracks, json_pack("{s:I, s:I, s:I, s:I, s:o, s:o}", "track", (json_int_t)t->number,
                                                "first_frame", (json_int_t)t->first_frame, "last_frame",
                                                (json_int_t)t->last_frame, "crops", (json_int_t)t->crops, "first_box",
                                                rect_of(&t->first), "last_box", rect_of(&t->last)));
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:o}", "vault", l->path, "sha256", l->sha256, "vid",
                     veil_hex_encode(vid, l->plan.header.vid, 32), "gid",
                     veil_hex_encode(gid, l->plan.header.gid, 32), "units", (json_int_t)l->plan.units, "tracks",
                     tracks);
}

json_t *veil_report_json(const VeilReport *r)
{
    json_t *root = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "schema", "veil/report/1", "source",
                             source_of(r), "output", output_of(r), "result", result_of(r), "filters",
                             veil_report_filters(r->chain), "sealed", sealed_of(r->sealing), "stripped",
                             veil_input_stripped(r->in, r->settings->keep_metadata), "configuration",
                             configuration(r->settings), "versions", veil_report_versions());

    if (root && r->tracks)
        json_object_set(root, "tracks", r->tracks);
    if (root && r->audit)
        json_object_set(root, "audit", r->audit);
    if (root && r->audit)
        json_object_set_new(root, "withheld", json_boolean(r->withheld));
    return root;
}

int veil_report_write(const VeilReport *r, int fd, const char *path)
{
    json_t *root = veil_report_json(r);
    int ret = 0;

    if (!root || json_dumpfd(root, fd, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) < 0) {
        ret = root ? -errno : -ENOMEM;
        veil_error("cannot write the report '%s': %s; nothing was kept", path, strerror(-ret));
    }
    json_decref(root);
    return ret;
}
