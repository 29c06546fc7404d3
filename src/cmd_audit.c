/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil audit OUT`: look at a finished video for what should not be in it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sodium.h>

#include "audit.h"
#include "avlog.h"
#include "cmd.h"
#include "digest.h"
#include "msg.h"
#include "partfile.h"
#include "paths.h"
#include "signals.h"

typedef struct AuditOptions {
    char *source, *tracks, *report, *detector, *html;
    int size, every, threads;
    double threshold;
    bool strict, json, force, quiet, verbose;
} AuditOptions;

#define ROW(field) .offset = offsetof(AuditOptions, field)
static const VeilOpt rows[] = {
    { "source", 's', VEIL_OPT_STRING, ROW(source), "FILE", "video that it was made from: compare times, sound, and pixels outside of masks" },
    { "tracks", 't', VEIL_OPT_STRING, ROW(tracks), "FILE", "tracks file that it was made from, default the one that the report names" },
    { "report", 0, VEIL_OPT_STRING, ROW(report), "FILE", "report of redact, default OUT.report.json where there is one" },
    { "json", 'j', VEIL_OPT_FLAG, ROW(json), NULL, "print the result as JSON" },
    { "html", 0, VEIL_OPT_STRING, ROW(html), "FILE", "write the result as one page with a timeline" },
    { "force", 'f', VEIL_OPT_FLAG, ROW(force), NULL, "replace an existing page" },
    { "detector", 'd', VEIL_OPT_STRING, ROW(detector), "NAME", "what finds faces, default another or finer one than made the file" },
    { "size", 0, VEIL_OPT_INT, ROW(size), "N", "longer side of the picture searched, 0 for finer than was searched before", 0, 8192 },
    { "every", 0, VEIL_OPT_INT, ROW(every), "N", "search each Nth frame, and each new scene", 1, 25 },
    { "threshold", 0, VEIL_OPT_DOUBLE, ROW(threshold), "X", "lowest score that counts as a face", 0.01, 0.99 },
    { "strict", 0, VEIL_OPT_FLAG, ROW(strict), NULL, "doubtful finds, which closer looks hardly see, count as well" },
    { "threads", 0, VEIL_OPT_INT, ROW(threads), "N", "threads to use, 0 for all cores", 0, 256 },
    { "quiet", 'q', VEIL_OPT_FLAG, ROW(quiet), NULL, "print errors only" },
    { "verbose", 'v', VEIL_OPT_FLAG, ROW(verbose), NULL, "print what is being done" },
    { 0 }
};

/* ---- papers ----------------------------------------------------------------------- */

/* @return 0, also without a report where none was named */
static int read_report(json_t **report, const AuditOptions *o, const char *path)
{
    json_error_t error;
    char *name = o->report ? strdup(o->report) : NULL;
    int ret = 0;

    if (!name && asprintf(&name, "%s.report.json", path) < 0)
        return -ENOMEM;
    if (o->report || access(name, F_OK) == 0) {
        *report = json_load_file(name, JSON_REJECT_DUPLICATES, &error);
        if (!json_is_object(*report)) {
            veil_error("cannot read the report '%s': %s; give --report FILE, or move it away", name,
                       *report ? "it is no object" : error.text);
            ret = -EINVAL;
        }
    }
    free(name);
    return ret;
}

/* The tracks file that the report names, if it is still there and still the same. */
static const char *reported_tracks(const json_t *report)
{
    const json_t *t = json_object_get(report, "tracks");
    const char *file = json_string_value(json_object_get(t, "file"));
    const char *digest = json_string_value(json_object_get(t, "sha256"));
    char hex[VEIL_DIGEST_HEX];

    if (!file || !digest || veil_digest_file(file, hex) < 0 || strcmp(hex, digest) != 0) {
        if (file)
            veil_warn("the tracks file '%s' of the report is gone or was changed: kept faces will count as findings; "
                      "give --tracks FILE", file);
        return NULL;
    }
    return file;
}

static int read_tracks(VeilTracksFile **tracks, const AuditOptions *o, const json_t *report)
{
    const char *path = o->tracks ? o->tracks : reported_tracks(report);
    char why[VEIL_TRACKSFILE_WHY];
    int ret;

    if (!path)
        return 0;
    if ((ret = veil_tracksfile_read(tracks, path, why)) < 0)
        veil_error("%s", why);
    return ret;
}

/* Whom redact left in sight, by its report; without one, nobody is believed to be. */
static bool is_kept(const void *report, int track)
{
    const json_t *kept = json_object_get(json_object_get(report, "tracks"), "kept");

    for (size_t i = 0; i < json_array_size(kept); i++)
        if (json_integer_value(json_object_get(json_array_get(kept, i), "track")) == track)
            return true;
    return false;
}

/* ---- results ------------------------------------------------------------------------ */

static int write_html(const VeilAudit *a, const AuditOptions *o)
{
    VeilPartFile part = { .fd = -1 };
    int ret = veil_partfile_begin(&part, o->html, o->force), fd;
    FILE *f;

    if (ret < 0)
        return ret;
    fd = dup(part.fd);
    if (!(f = fd >= 0 ? fdopen(fd, "w") : NULL)) {
        ret = -errno;
        if (fd >= 0)
            close(fd);
    } else {
        ret = veil_audit_html(a, f);
        if (fclose(f))
            ret = -EIO;
    }
    if (ret < 0)
        veil_error("cannot write '%s': %s; nothing was kept", o->html, strerror(-ret));
    else
        ret = veil_partfile_commit(&part);
    veil_partfile_abandon(&part);
    return ret;
}

static int print_json(const VeilAudit *a)
{
    json_t *o = veil_audit_json(a);
    const int ret = !o || json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) < 0 || putchar('\n') < 0 ||
                            fflush(stdout)
                        ? -EIO
                        : 0;

    if (ret < 0)
        veil_error("cannot write to standard output: what was printed is not whole; print to a file");
    json_decref(o);
    return ret;
}

static int check(const AuditOptions *o, int n, char **operands)
{
    if (n != 1) {
        veil_error(n ? "more than one video was named; audit one at a time" : "no video was named; give one that redact made");
        return -EINVAL;
    }
    if (o->html && (veil_paths_same(o->html, operands[0]) || (o->source && veil_paths_same(o->html, o->source)))) {
        veil_error("page '%s' is the video itself; choose another name", o->html);
        return -EINVAL;
    }
    if (o->html && !o->force && access(o->html, F_OK) == 0) {
        veil_error("'%s' exists; choose another name, or give --force to replace it", o->html);
        return -EEXIST;
    }
    if (o->source && veil_paths_same(o->source, operands[0])) {
        veil_error("source '%s' is the video itself; give the one that it was made from", o->source);
        return -EINVAL;
    }
    if (sodium_init() < 0) {
        veil_error("libsodium cannot start; check that /dev/urandom can be read");
        return -EIO;
    }
    return 0;
}

static int audit(VeilAudit **a, const char *path, const AuditOptions *o)
{
    json_t *report = NULL;
    VeilTracksFile *tracks = NULL;
    VeilAuditJob job = { .path = path, .source = o->source, .detector = o->detector ? o->detector : "auto",
                         .size = o->size, .every = o->every, .threshold = o->threshold, .strict = o->strict, .threads = o->threads,
                         .cancel = &veil_cancelled };
    int ret;

    if ((ret = read_report(&report, o, path)) >= 0 && (ret = read_tracks(&tracks, o, report)) >= 0) {
        job.report = report;
        job.tracks = tracks;
        job.shows = is_kept;
        job.opaque = report;
        ret = veil_audit_run(a, &job);
    }
    if (ret < 0 && atomic_load(&veil_cancelled))
        veil_error("stopped by a signal; the audit is not done");
    else if (ret < 0 && !veil_msg_errors())
        veil_error("cannot audit '%s': %s; check the file with ffprobe", path, strerror(-ret));
    veil_tracksfile_free(tracks);
    json_decref(report);
    return ret;
}

static int run(int argc, char **argv)
{
    AuditOptions o = { .every = 1, .threshold = 0.5 };
    char **operands = calloc((size_t)argc + 1, sizeof(*operands));
    VeilAudit *a = NULL;
    int n = operands ? veil_opts_parse(&o, rows, argc, argv, operands) : -ENOMEM, ret = n;

    veil_msg_set_level(o.quiet ? VEIL_MSG_QUIET : o.verbose ? VEIL_MSG_VERBOSE : VEIL_MSG_NORMAL);
    veil_avlog_install();
    if (n >= 0 && (ret = check(&o, n, operands)) >= 0) {
        veil_signals_watch();
        ret = audit(&a, operands[0], &o);
    }
    if (ret >= 0 && o.html)
        ret = write_html(a, &o);
    if (ret >= 0 && o.json)
        ret = print_json(a);
    if (ret >= 0)
        veil_audit_say(a);
    n = ret < 0 ? VEIL_EXIT_ERROR : veil_audit_is_clean(a) ? VEIL_EXIT_DONE : VEIL_EXIT_NO;
    veil_audit_free(a);
    veil_opts_free(&o, rows);
    free(operands);
    return n;
}

const VeilCommand veil_cmd_audit = {
    .name = "audit",
    .summary = "look at a finished video for faces that can still be seen",
    .usage = "audit OUT [--source IN] [OPTIONS]",
    .opts = rows,
    .run = run,
};
