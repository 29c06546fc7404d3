/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "papers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "version.h"

/* What became of a track in the render. */
typedef enum Fate { FATE_COVERED, FATE_SHOWN, FATE_SEALED, FATE_NB } Fate;

/* What all parts of the papers read. */
typedef struct Job {
    const json_t *report;
    const VeilTracksFile *tracks;
    const VeilReasons *reasons;
    const VeilPapersFacts *facts;
    json_t *masks, *shown;
    int n[FATE_NB]; ///< tracks
} Job;

char *veil_papers_clock(double seconds, char out[32])
{
    const long long ms = llround(fabs(seconds) * 1000);

    snprintf(out, 32, "%s%lld:%02lld:%02lld.%03lld", seconds < 0 && ms ? "-" : "", ms / 3600000, ms / 60000 % 60,
             ms / 1000 % 60, ms % 1000);
    return out;
}

static const char *text_in(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

static const json_t *filter_of(const json_t *report, const char *name)
{
    const json_t *filters = json_object_get(report, "filters");

    for (size_t i = 0; i < json_array_size(filters); i++)
        if (!strcmp(text_in(json_array_get(filters, i), "name"), name))
            return json_array_get(filters, i);
    return NULL;
}

/* What the render ruled about a track that was to be kept: consent may have
 * ended after the tracks file was saved. @return its entry in that list, or NULL */
static const json_t *ruling_on(const json_t *report, const char *list, int id)
{
    const json_t *rulings = json_object_get(json_object_get(report, "tracks"), list);

    for (size_t i = 0; i < json_array_size(rulings); i++)
        if (json_integer_value(json_object_get(json_array_get(rulings, i), "track")) == id)
            return json_array_get(rulings, i);
    return NULL;
}

/* The end of a frame is the time of the next; of the last one, a step more. */
static double end_of(const VeilTracksFile *t, int64_t frame)
{
    if (frame + 1 < t->source.frames)
        return veil_tracksfile_time(t, frame + 1);
    if (frame > 0)
        return 2 * veil_tracksfile_time(t, frame) - veil_tracksfile_time(t, frame - 1);
    return veil_tracksfile_time(t, frame);
}

/* ---- one line of the log ----------------------------------------------------------------- */

static json_t *line_of(const Job *job, const char *kind, int id, double in, double out, const char *code,
                       const char *note)
{
    const bool given = code && *code;
    const char *used = given ? code : job->facts->reason ? job->facts->reason : "";
    const VeilReason *reason = veil_reasons_find(job->reasons, used);
    char in_clock[32], out_clock[32];

    return json_pack("{s:s, s:i, s:f, s:f, s:s, s:s, s:s, s:s, s:s, s:s}", "kind", kind, "id", id, "in_s", in, "out_s",
                     out, "in", veil_papers_clock(in, in_clock), "out", veil_papers_clock(out, out_clock), "reason",
                     used, "text", reason ? reason->text : *used ? "a reason that is not on the list" : "no reason given",
                     "basis", reason ? reason->basis : "", "note", note ? note : "");
}

static json_t *origins_of(const VeilTracksTrack *track, int from, int to)
{
    int n[VEIL_ORIGIN_NB] = { 0 };
    json_t *json = json_object();

    for (int i = from; i < to; i++)
        n[track->box[i].origin]++;
    for (int i = 0; i < VEIL_ORIGIN_NB; i++)
        json_object_set_new(json, veil_origin_name((VeilOrigin)i), json_integer(n[i]));
    return json;
}

static void set_ground(json_t *line, const char *reason, json_t *text, const char *basis)
{
    json_object_set_new(line, "reason", json_string(reason));
    json_object_set_new(line, "text", text);
    json_object_set_new(line, "basis", json_string(basis));
}

/* Boxes from..to of a track, without a gap. */
static void add_stretch(Job *job, const VeilTracksTrack *track, int from, int to, Fate fate)
{
    static const char *const kind[] = { "face", "face, shown", "face, sealed" };
    /* The reason of a face that was to be seen is none for hiding it. */
    const bool fell_back = track->action == VEIL_ACTION_KEEP && fate != FATE_SHOWN;
    json_t *line = line_of(job, kind[fate], track->id, veil_tracksfile_time(job->tracks, track->box[from].frame),
                           end_of(job->tracks, track->box[to - 1].frame), fell_back ? "" : track->reason, track->note);

    json_object_set_new(line, "frames", json_integer(to - from));
    json_object_set_new(line, "origins", origins_of(track, from, to));
    if (fell_back)
        json_object_set_new(line, "text", json_sprintf("was to stay visible: %s", text_in(
                                ruling_on(job->report, "kept_refused", track->id), "covered_because")));
    if (fate == FATE_SHOWN && *track->consent)
        set_ground(line, "consent", json_sprintf("%s, record %s", text_in(ruling_on(job->report, "kept", track->id),
                                                                          "ground"), track->consent),
                   "UK GDPR Art. 6(1)(a)");
    json_array_append_new(fate == FATE_SHOWN ? job->shown : job->masks, line);
}

static void add_track(Job *job, const VeilTracksTrack *track, Fate fate)
{
    int from = 0;

    for (int i = 1; i <= track->n; i++)
        if (i == track->n || track->box[i].frame != track->box[i - 1].frame + 1) {
            add_stretch(job, track, from, i, fate);
            from = i;
        }
    job->n[fate] += track->n > 0;
}

/* ---- the log ------------------------------------------------------------------------------- */

/* What was asked for is in the tracks file; what was done, in the report. */
static Fate fate_of(const Job *job, const VeilTracksTrack *track)
{
    if (track->action == VEIL_ACTION_KEEP && ruling_on(job->report, "kept", track->id))
        return FATE_SHOWN;
    return track->action == VEIL_ACTION_SEAL && filter_of(job->report, "seal") ? FATE_SEALED : FATE_COVERED;
}

static void add_zone(Job *job, const VeilTracksZone *zone)
{
    json_t *line = line_of(job, "area", zone->id, zone->from, zone->to, zone->reason, zone->note);
    json_t *points = json_array();

    for (int i = 0; i < zone->n; i++)
        json_array_append_new(points, json_pack("[f, f]", (double)zone->point[i][0], (double)zone->point[i][1]));
    json_object_set_new(line, "points", points);
    json_array_append_new(job->masks, line);
}

/* Lines of the log by time, then by kind and number. */
static int by_time(const void *a, const void *b)
{
    const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
    const double dx = json_number_value(json_object_get(x, "in_s")), dy = json_number_value(json_object_get(y, "in_s"));

    if (dx < dy || dx > dy)
        return dx < dy ? -1 : 1;
    return (int)(json_integer_value(json_object_get(x, "id")) - json_integer_value(json_object_get(y, "id")));
}

static json_t *sorted(json_t *list)
{
    const size_t n = json_array_size(list);
    json_t **line = calloc(n + 1, sizeof(*line)), *out = json_array();

    for (size_t i = 0; line && i < n; i++)
        line[i] = json_array_get(list, i);
    if (line)
        qsort(line, n, sizeof(*line), by_time);
    for (size_t i = 0; line && i < n; i++)
        json_array_append(out, line[i]);
    free(line);
    json_decref(list);
    return out;
}

static void fill_log(Job *job)
{
    const VeilTracksFile *t = job->tracks;

    for (int i = 0; i < t->n_tracks; i++)
        add_track(job, &t->track[i], fate_of(job, &t->track[i]));
    for (int i = 0; i < t->n_zones; i++)
        add_zone(job, &t->zone[i]);
    for (int i = 0; i < t->n_mutes; i++)
        json_array_append_new(job->masks, line_of(job, "sound", i + 1, t->mute[i].from, t->mute[i].to,
                                                  t->mute[i].reason, ""));
    job->masks = sorted(job->masks);
    job->shown = sorted(job->shown);
}

/* ---- summary and register --------------------------------------------------------------------- */

static json_t *now(void)
{
    char text[32];
    const time_t t = time(NULL);
    struct tm tm;

    return strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm)) ? json_string(text) : json_null();
}

static json_t *said(const char *text)
{
    return json_string(text ? text : "");
}

/* The different legal bases of the log, in the order of their first use. */
static json_t *bases_of(const json_t *masks)
{
    json_t *list = json_array();

    for (size_t i = 0; i < json_array_size(masks); i++) {
        const char *basis = text_in(json_array_get(masks, i), "basis");
        bool known = !*basis;

        for (size_t k = 0; k < json_array_size(list) && !known; k++)
            known = !strcmp(json_string_value(json_array_get(list, k)), basis);
        if (!known)
            json_array_append_new(list, json_string(basis));
    }
    return list;
}

static int count_without_reason(const json_t *masks)
{
    int n = 0;

    for (size_t i = 0; i < json_array_size(masks); i++)
        n += !*text_in(json_array_get(masks, i), "reason");
    return n;
}


static json_t *summary_of(const Job *job)
{
    const json_t *result = json_object_get(job->report, "result");

    return json_pack("{s:I, s:O?, s:i, s:i, s:i, s:i, s:i, s:i, s:O?, s:f}", "frames",
                     (json_int_t)job->tracks->source.frames, "frames_damaged", json_object_get(result, "frames_damaged"),
                     "faces_covered", job->n[FATE_COVERED], "faces_shown", job->n[FATE_SHOWN], "faces_sealed",
                     job->n[FATE_SEALED], "areas",
                     job->tracks->n_zones, "sounds", job->tracks->n_mutes, "without_reason",
                     count_without_reason(job->masks), "stripped", json_object_get(job->report, "stripped"), "duration_s",
                     end_of(job->tracks, job->tracks->source.frames - 1) - veil_tracksfile_time(job->tracks, 0));
}

static json_t *register_of(const Job *job)
{
    const VeilPapersFacts *f = job->facts;
    const json_t *out = json_object_get(job->report, "output"), *in = json_object_get(job->report, "source");

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:s, s:s, s:o}", "date", now(), "reference", said(f->reference),
                     "recipient", said(f->recipient), "purpose", said(f->purpose), "decided_by", said(f->decided_by),
                     "disclosed", text_in(out, "file"), "disclosed_sha256", text_in(out, "sha256"), "master",
                     text_in(in, "file"), "master_sha256", text_in(in, "sha256"), "bases", bases_of(job->masks));
}

static bool belong_together(const json_t *report, const VeilTracksFile *tracks, const char *digest,
                            char why[VEIL_TRACKSFILE_WHY])
{
    const char *sha = text_in(json_object_get(report, "source"), "sha256");
    const json_t *used = json_object_get(report, "tracks");

    if (strcmp(text_in(report, "schema"), "veil/report/1") != 0)
        snprintf(why, VEIL_TRACKSFILE_WHY, "it is not a report of 'veil redact'; give OUTPUT.report.json");
    else if (strcmp(sha, tracks->source.sha256) != 0)
        snprintf(why, VEIL_TRACKSFILE_WHY, "it tells of another recording than the tracks file; give the pair that "
                                           "belongs together");
    else if (json_is_true(json_object_get(report, "withheld")))
        snprintf(why, VEIL_TRACKSFILE_WHY, "that render was withheld, as its audit found something; correct the tracks and "
                                           "render again");
    else if (!json_is_object(used))
        snprintf(why, VEIL_TRACKSFILE_WHY, "it is of a render without a tracks file; render with 'veil redact --tracks'");
    else if (strcmp(text_in(used, "sha256"), digest) != 0)
        snprintf(why, VEIL_TRACKSFILE_WHY, "the tracks file was changed after that render (revision %lld then, %lld now); "
                                           "render again", json_integer_value(json_object_get(used, "revision")),
                 (long long)tracks->revision);
    else
        return true;
    return false;
}

json_t *veil_papers_make(const json_t *report, const VeilTracksFile *tracks, const char *digest,
                         const VeilReasons *reasons, const VeilPapersFacts *facts,
                         char why[VEIL_TRACKSFILE_WHY])
{
    Job job = { report, tracks, reasons, facts, json_array(), json_array(), { 0 } };
    json_t *out;

    if (!belong_together(report, tracks, digest, why)) {
        json_decref(job.masks);
        json_decref(job.shown);
        return NULL;
    }
    fill_log(&job);
    out = json_pack("{s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:O?, s:O?, s:O?, s:O?, s:O?, s:O?, s:O?}", "schema", "veil/papers/1",
                    "program", "veil " VEIL_VERSION, "tracks_revision", (json_int_t)tracks->revision, "register",
                    register_of(&job), "summary", summary_of(&job), "masks", job.masks, "shown", job.shown, "source",
                    json_object_get(report, "source"), "output", json_object_get(report, "output"), "filters",
                    json_object_get(report, "filters"), "configuration", json_object_get(report, "configuration"),
                    "versions", json_object_get(report, "versions"), "detector", tracks->detector, "audit",
                    json_object_get(report, "audit"));
    if (!out)
        snprintf(why, VEIL_TRACKSFILE_WHY, "it lacks what the papers are made of; render again");
    return out;
}
