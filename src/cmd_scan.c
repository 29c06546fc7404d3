/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil scan IN -o T.json`: find the faces of a recording and follow them,
 * and write what was found to a tracks file.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libavutil/cpu.h>
#include <sodium.h>

#include "avlog.h"
#include "cmd.h"
#include "models.h"
#include "msg.h"
#include "paths.h"
#include "scan.h"
#include "settings.h"
#include "signals.h"
#include "tracksfile.h"

/* What redact takes and scan has no use for: it hides, seals and encodes nothing. */
static const char *const not_ours[] = {
    "report",   "allow-bare", "style",    "margin",  "cells",       "color",  "zone",          "chain",
    "encoder",  "crf",        "preset",   "enc-opts", "audio",      "keep-metadata", "tracks", "consent",
    "consents", "purpose",    "reasons",  "audit",   "show-config", "seal",   "group",         "gid",
    "policy",   "operator",   "vault",    "fidelity", "seal-margin", "start", "embed",         "pass-fd", NULL
};

static VeilOpt rows[64]; ///< as many as redact has, at most

static bool is_ours(const char *name)
{
    for (int i = 0; not_ours[i]; i++)
        if (!strcmp(not_ours[i], name))
            return false;
    return true;
}

/* Filled before main(), as --help reads it without running anything. A new
 * setting of finding faces is then an option here too. */
__attribute__((constructor)) static void fill_rows(void)
{
    int n = 0;

    for (const VeilOpt *row = veil_settings_rows; row->name && n < 62; row++) {
        if (!is_ours(row->name))
            continue;
        rows[n] = *row;
        if (!strcmp(row->name, "output"))
            rows[n].help = "tracks file to write, '-' for standard output";
        n++;
    }
    rows[n] = (VeilOpt){ .name = "json", .type = VEIL_OPT_FLAG, .offset = offsetof(VeilSettings, json),
                         .help = "print a summary as JSON", .only_typed = true };
}

static int check(const VeilSettings *s, int n)
{
    if (n != 1)
        veil_error(n ? "more than one input was named; scan one video at a time"
                     : "no input was named; give a video file");
    else if (!s->output)
        veil_error("no output was named; give -o FILE.json, or -o - for standard output");
    else if (s->json && !strcmp(s->output, "-"))
        veil_error("--json and '-o -' would both write to standard output; name a file with -o");
    else if (sodium_init() < 0)
        veil_error("libsodium cannot start; check that /dev/urandom can be read");
    else
        return 0;
    return -EINVAL;
}

static void print_json(const VeilTracksFile *t, const char *path)
{
    int64_t by[VEIL_ORIGIN_NB] = { 0 };
    json_t *summary;

    for (int i = 0; i < t->n_tracks; i++)
        for (int k = 0; k < t->track[i].n; k++)
            by[t->track[i].box[k].origin]++;
    summary = json_pack("{s:s, s:s, s:I, s:i, s:I, s:I, s:I, s:I, s:O}", "tracks_file", path, "sha256", t->source.sha256,
                        "frames", (json_int_t)t->source.frames, "tracks", t->n_tracks, "boxes", (json_int_t)t->n_boxes,
                        "detected", (json_int_t)by[VEIL_ORIGIN_DETECTED], "filled", (json_int_t)by[VEIL_ORIGIN_FILLED],
                        "extended", (json_int_t)by[VEIL_ORIGIN_EXTENDED], "detector", t->detector);
    json_dumpf(summary, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(summary);
}

static int write_out(VeilTracksFile *t, const VeilSettings *s)
{
    const char *path = s->output;
    char why[VEIL_TRACKSFILE_WHY];
    const int errors = veil_msg_errors();
    int ret;

    if (strcmp(path, "-") != 0) {
        ret = veil_tracksfile_write(t, path, s->force, why);
        if (ret < 0 && veil_msg_errors() == errors)
            veil_error("%s", why);
        if (ret >= 0)
            veil_info("%s: %lld frames, %d tracks, %lld face boxes", path, (long long)t->source.frames, t->n_tracks,
                      (long long)t->n_boxes);
        if (ret >= 0 && s->json)
            print_json(t, path);
        return ret;
    }
    ret = veil_tracksfile_print(t, stdout);
    if (fflush(stdout) || ret < 0) {
        veil_error("cannot write to standard output: %s; what was written is not whole", strerror(errno));
        return -EIO;
    }
    return 0;
}

/* A name that is taken is better known before the scan than after it. */
static int check_output(const VeilSettings *s, const char *input)
{
    if (!strcmp(s->output, "-"))
        return 0;
    if (veil_paths_same(s->output, input)) {
        veil_error("output '%s' is the video itself; choose another name", s->output);
        return -EINVAL;
    }
    if (s->force || access(s->output, F_OK) < 0)
        return 0;
    veil_error("'%s' exists; choose another name, or give --force to replace it", s->output);
    return -EEXIST;
}

static int scan(const char *input, const VeilSettings *s)
{
    const VeilFilterEnv env = { .threads = s->threads ? s->threads : av_cpu_count(), .find_model = veil_models_lend };
    VeilTracksFile *t = NULL;
    VeilInput *in = NULL;
    int ret = check_output(s, input);

    if (ret >= 0 && (ret = veil_input_open(&in, input, s->threads, &veil_cancelled)) >= 0) {
        in->stop_on_error = !strcmp(s->on_error, "stop");
        ret = veil_scan_run(&t, in, s, &env);
    }
    if (ret >= 0)
        ret = write_out(t, s);
    if (ret < 0 && atomic_load(&veil_cancelled))
        veil_error("stopped by a signal; nothing was kept");
    else if (ret < 0 && !veil_msg_errors())
        veil_error("cannot scan '%s': %s; nothing was kept", input, strerror(-ret));
    veil_input_close(in);
    veil_tracksfile_free(t);
    return ret;
}

static int run(int argc, char **argv)
{
    VeilSettings s = { 0 };
    char **operands = calloc((size_t)argc + 1, sizeof(*operands));
    const int n = operands ? veil_settings_read(&s, rows, argc, argv, operands) : -ENOMEM;
    int ret = n;

    veil_msg_set_level(s.quiet     ? VEIL_MSG_QUIET
                       : s.verbose ? VEIL_MSG_VERBOSE
                                            : VEIL_MSG_NORMAL);
    veil_avlog_install();
    if (n >= 0 && (ret = check(&s, n)) >= 0) {
        veil_signals_watch();
        ret = scan(operands[0], &s);
    }
    veil_opts_free(&s, veil_settings_rows);
    free(operands);
    return ret < 0 ? VEIL_EXIT_ERROR : VEIL_EXIT_DONE;
}

const VeilCommand veil_cmd_scan = {
    .name = "scan",
    .summary = "find the faces of a recording, for 'redact --tracks'",
    .usage = "scan IN -o TRACKS.json [OPTIONS]",
    .opts = rows,
    .run = run,
};
