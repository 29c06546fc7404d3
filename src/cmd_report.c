/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil report OUT.report.json [TRACKS.json]`: the papers of a finished job,
 * for the register, the requester and the file: HTML, CSV and JSON.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "digest.h"
#include "keys/file.h"
#include "msg.h"
#include "papers.h"

#define REPORT_BYTES ((size_t)256 << 20)

typedef struct ReportOptions {
    char *output, *reasons, *reference, *recipient, *purpose, *decided_by, *reason;
    bool force, json;
} ReportOptions;

#define OFFSET(field) offsetof(ReportOptions, field)
static const VeilOpt report_options[] = {
    { "output", 'o', VEIL_OPT_STRING, OFFSET(output), "NAME", "write NAME.html, NAME.csv and NAME.json; default OUT.papers" },
    { "reference", 0, VEIL_OPT_STRING, OFFSET(reference), "TEXT", "number of the case or request" },
    { "recipient", 0, VEIL_OPT_STRING, OFFSET(recipient), "TEXT", "who gets the video" },
    { "purpose", 0, VEIL_OPT_STRING, OFFSET(purpose), "TEXT", "what for" },
    { "decided-by", 0, VEIL_OPT_STRING, OFFSET(decided_by), "TEXT", "who answers for the disclosure" },
    { "reason", 0, VEIL_OPT_STRING, OFFSET(reason), "CODE", "reason for what is hidden without one, from the closed list" },
    { "reasons", 0, VEIL_OPT_STRING, OFFSET(reasons), "FILE", "the closed list, in place of config/reasons.cfg" },
    { "force", 'f', VEIL_OPT_FLAG, OFFSET(force), NULL, "replace papers that are there" },
    { "json", 0, VEIL_OPT_FLAG, OFFSET(json), NULL, "print the papers as JSON, and write nothing" },
    { NULL }
};

/* ---- reading --------------------------------------------------------------------------- */

static json_t *read_report(const char *path)
{
    json_error_t error;
    uint8_t *bytes;
    json_t *json;
    VeilErr err;
    size_t len;

    if (veil_file_read(&bytes, &len, path, REPORT_BYTES, &err) < 0) {
        veil_error("cannot read the report: %s; give OUTPUT.report.json of a render", err.text);
        return NULL;
    }
    json = json_loadb((char *)bytes, len, JSON_REJECT_DUPLICATES, &error);
    free(bytes);
    if (json && json_is_object(json))
        return json;
    veil_error("'%s' is not a report: %s; give OUTPUT.report.json of a render", path, json ? "no object" : error.text);
    json_decref(json);
    return NULL;
}

/* Named, or where `veil scan` and `veil review` put it. */
static VeilTracksFile *read_tracks(const json_t *report, const char *named, char digest[VEIL_DIGEST_HEX])
{
    const char *source = json_string_value(json_object_get(json_object_get(report, "source"), "file"));
    char why[VEIL_TRACKSFILE_WHY];
    VeilTracksFile *tracks = NULL;
    char *path = NULL;

    if (!named && (!source || asprintf(&path, "%s.tracks.json", source) < 0)) {
        veil_error("the report names no source; name the tracks file too");
        return NULL;
    }
    if (veil_tracksfile_read(&tracks, named ? named : path, why) < 0)
        veil_error("%s", why);
    else if (veil_digest_file(named ? named : path, digest) < 0)
        *digest = 0; /* a pipe: the papers will refuse it */
    free(path);
    return tracks;
}

/* ---- the command -------------------------------------------------------------------------- */

/* "out.mp4.report.json" gives "out.mp4.papers". */
static char *default_name(const char *report)
{
    static const char ending[] = ".report.json";
    const size_t len = strlen(report), end = sizeof(ending) - 1;
    const int keep = (int)(len > end && !strcmp(report + len - end, ending) ? len - end : len);
    char *name = NULL;

    return asprintf(&name, "%.*s.papers", keep, report) < 0 ? NULL : name;
}

static int make(const ReportOptions *o, const json_t *report, const VeilTracksFile *tracks, const char *digest,
                const VeilReasons *reasons, const char *path)
{
    const VeilPapersFacts facts = { o->reference, o->recipient, o->purpose, o->decided_by, o->reason };
    char why[VEIL_TRACKSFILE_WHY] = "", *name;
    json_t *papers;
    int ret;

    if (o->reason && !veil_reasons_find(reasons, o->reason)) {
        veil_error("option '--reason' is '%s', which is not on the list of reasons; see config/reasons.cfg", o->reason);
        return -EINVAL;
    }
    if (!(papers = veil_papers_make(report, tracks, digest, reasons, &facts, why))) {
        veil_error("cannot make papers from '%s': %s", path, why);
        return -EINVAL;
    }
    if (o->json) {
        ret = veil_papers_json(papers, stdout);
    } else {
        name = o->output ? strdup(o->output) : default_name(path);
        ret = name ? veil_papers_write(papers, name, o->force) : -ENOMEM;
        free(name);
    }
    json_decref(papers);
    return ret;
}

static int report_on(const ReportOptions *o, int n, char **operands)
{
    VeilReasons *reasons = NULL;
    VeilTracksFile *tracks = NULL;
    char digest[VEIL_DIGEST_HEX];
    json_t *report = NULL;
    int ret = -EINVAL;

    if (n < 1 || n > 2) {
        veil_error(n ? "too many files; give a report and at most one tracks file"
                     : "no report was named; give OUTPUT.report.json of a render");
        return ret;
    }
    if (veil_reasons_read(&reasons, o->reasons ? o->reasons : "reasons") >= 0 && (report = read_report(operands[0])) &&
        (tracks = read_tracks(report, n > 1 ? operands[1] : NULL, digest)))
        ret = make(o, report, tracks, digest, reasons, operands[0]);
    veil_tracksfile_free(tracks);
    json_decref(report);
    free(reasons);
    return ret;
}

static int run(int argc, char **argv)
{
    ReportOptions o = { 0 };
    char **operands = calloc((size_t)argc + 1, sizeof(*operands));
    int ret = operands ? veil_opts_parse(&o, report_options, argc, argv, operands) : -ENOMEM;

    if (ret >= 0)
        ret = report_on(&o, ret, operands);
    veil_opts_free(&o, report_options);
    free(operands);
    return ret < 0 ? VEIL_EXIT_ERROR : VEIL_EXIT_DONE;
}

const VeilCommand veil_cmd_report = {
    .name = "report",
    .summary = "make the papers of a finished job: exemption log, register entry, summary",
    .usage = "report OUT.report.json [TRACKS.json] [OPTIONS]",
    .opts = report_options,
    .run = run,
};
