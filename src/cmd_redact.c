/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil redact IN -o OUT`: hide every face of a recording.
 */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libavutil/cpu.h>
#include <sodium.h>

#include "archive.h"
#include "audio.h"
#include "audit.h"
#include "avlog.h"
#include "cmd.h"
#include "extras.h"
#include "filters/paint.h"
#include "leak.h"
#include "lend.h"
#include "models.h"
#include "msg.h"
#include "paths.h"
#include "pipeline.h"
#include "progress.h"
#include "report.h"
#include "sealing.h"
#include "settings.h"
#include "signals.h"

/* ---- before the run ----------------------------------------------------------- */

static int check_metadata(const char *keep)
{
    const char *p = keep;

    while (p && *p) {
        char key[64];
        const size_t len = strcspn(p, ",");

        snprintf(key, sizeof(key), "%.*s", (int)(len < sizeof(key) ? len : sizeof(key) - 1), p);
        if (!veil_list_has(veil_harmless_keys, key)) {
            veil_error("metadata '%s' may tell a place, a device or a person; --keep-metadata takes %s", key,
                       veil_harmless_keys);
            return -EINVAL;
        }
        p += len + (p[len] == ',');
    }
    return 0;
}

/* A chain that hides nothing is refused unless someone says that it is meant. */
static int check_chain(const VeilSettings *s)
{
    char *chain = veil_settings_chain(s);
    const int flags = chain ? veil_chain_flags(chain) : -ENOMEM;
    int ret = flags < 0 ? -EINVAL : 0;

    if (flags >= 0 && s->tracks && !(flags & VEIL_FILTER_RECALLS)) {
        veil_error("chain '%s' does not use the tracks file '%s'; put 'tracks' in place of 'detect,track'", chain,
                   s->tracks);
        av_free(chain);
        return -EINVAL;
    }
    if (flags >= 0 && !(flags & VEIL_FILTER_HIDES) && !s->allow_bare) {
        veil_error("chain '%s' hides no face; add 'detect,track,cover', or give --allow-bare if the output is not "
                   "for publishing", chain);
        ret = -EINVAL;
    } else if (flags >= 0 && (flags & VEIL_FILTER_SHOWS) && !s->allow_bare) {
        veil_error("chain '%s' draws on faces, which is for checking only; give --allow-bare if the output is not "
                   "for publishing", chain);
        ret = -EINVAL;
    } else if (flags >= 0 && !(flags & VEIL_FILTER_SEALS) != !veil_settings_seals(s)) {
        veil_error(flags & VEIL_FILTER_SEALS
                       ? "chain '%s' seals, but no group can open the vault; give --group, --policy and --operator"
                       : "chain '%s' seals nothing; put 'seal' before 'cover', or leave --group and --vault away",
                   chain);
        ret = -EINVAL;
    } else if (flags >= 0 && !(flags & VEIL_FILTER_HIDES)) {
        veil_warn("chain '%s' hides no face: do not publish the output", chain);
    }
    av_free(chain);
    return ret;
}

/* The source is never written to, whatever --force says. */
static int check_paths(const char *input, const VeilSettings *s)
{
    const char *const written[4] = { s->output, s->report, s->vault, s->embed };
    static const char *const what[4] = { "output", "report", "vault", "archive" };

    if (!s->output) {
        veil_error("no output was named; give -o FILE.mp4");
        return -EINVAL;
    }
    for (int i = 0; i < 4; i++)
        if (written[i] && veil_paths_same(input, written[i])) {
            veil_error("%s '%s' is the input itself; choose another name, the source is never changed", what[i],
                       written[i]);
            return -EINVAL;
        }
    for (int i = 0; s->tracks && i < 2; i++)
        if (written[i] && veil_paths_same(s->tracks, written[i])) {
            veil_error("%s '%s' is the tracks file itself; choose another name", i ? "report" : "output", written[i]);
            return -EINVAL;
        }
    if (s->report && veil_paths_same(s->output, s->report)) {
        veil_error("report '%s' is the output itself; choose another name", s->report);
        return -EINVAL;
    }
    if (s->embed && !veil_settings_seals(s)) {
        veil_error("there is no vault to embed; give --group, --policy and --operator, or leave --embed away");
        return -EINVAL;
    }
    if (s->embed && (veil_paths_same(s->output, s->embed) || veil_archive_check(s->embed) < 0)) {
        if (!veil_msg_errors())
            veil_error("archive '%s' is the output itself; choose another name", s->embed);
        return -EINVAL;
    }
    return veil_output_format(s->output) ? 0 : -EINVAL;
}

/* ---- the run ------------------------------------------------------------------- */

/* All files get their names, or none: the vault first, as no published file
 * may be without its sealed faces; then the report, which harms nobody alone. */
static int commit(const VeilReport *r, VeilOutput *out, VeilPartFile *report, VeilPartFile *archive)
{
    VeilSealing *sealing = r->sealing;
    VeilErr err;
    int ret = veil_leak_check(out->file.part_path, NULL, r->settings->keep_metadata, &err);

    if (ret < 0) {
        veil_error("%s; nothing was kept", err.text);
        return ret;
    }
    if (sealing)
        ret = veil_sealing_finish(sealing, out->file.part_path);
    if (ret >= 0 && sealing && archive->path &&
        ((ret = veil_archive_write(archive, out->file.part_path, sealing->path, sealing->path)) < 0 ||
         (ret = veil_partfile_commit(archive)) < 0))
        return ret;
    if (ret < 0 || (ret = veil_report_write(r, report->fd, report->path)) < 0 ||
        (ret = veil_partfile_commit(report)) < 0)
        return ret;
    return veil_partfile_commit(&out->file);
}

static int begin_report(const VeilSettings *s, VeilPartFile *report)
{
    char *path = NULL;
    int ret;

    if (s->report)
        return veil_partfile_begin(report, s->report, s->force);
    if (asprintf(&path, "%s.report.json", s->output) < 0)
        return -ENOMEM;
    ret = veil_partfile_begin(report, path, true); /* it belongs to the output, and goes with it */
    free(path);
    return ret;
}

/* ---- the audit at the end -------------------------------------------------------- */

static bool lend_shows(const void *lend, int track)
{
    return veil_lend_shows(lend, track);
}

/* The report as it will be, for what made the file and with which settings. */
static json_t *report_json(const VeilReport *r)
{
    json_t *root = veil_report_json(r);

    json_object_del(json_object_get(root, "output"), "sha256"); /* the audit would take it once more */
    return root;
}

/* @return 0 clean, 1 something was found, negative after a printed sentence */
static int audit(VeilReport *r, const VeilLend *lend)
{
    json_t *report = report_json(r);
    const VeilAuditJob job = { .path = r->out->file.part_path, .name = r->out->file.path, .source = r->in->path,
                               .report = report, .tracks = lend ? veil_lend_file(lend) : NULL, .shows = lend_shows,
                               .opaque = lend, .detector = "auto", .every = 1, .threshold = 0.5,
                               .threads = r->settings->threads, .cancel = &veil_cancelled };
    VeilAudit *a = NULL;
    int ret;

    veil_info("searching the output once more");
    ret = veil_audit_run(&a, &job);
    json_decref(report);
    if (ret < 0)
        return ret;
    r->audit = veil_audit_json(a);
    r->withheld = !veil_audit_is_clean(a);
    veil_audit_say(a);
    veil_audit_free(a);
    return r->withheld;
}

/* The report alone gets its name, and says why. */
static int withhold(const VeilReport *r, VeilPartFile *report, const char *path)
{
    const int ret = veil_report_write(r, report->fd, report->path) < 0 ? -EIO : veil_partfile_commit(report);

    if (ret < 0)
        return ret;
    veil_error("'%s' was not written: the audit found what should not be in it; its list is in '%s', correct the tracks "
               "with 'veil scan' and 'redact --tracks', or look for smaller faces with a larger --detect-size",
               r->settings->output, path);
    return 1;
}

static void say_result(const VeilReport *r, const char *output, const char *report)
{
    veil_info("%s: %lld frames, %lld face boxes covered, %lld damaged frames covered whole, %.1f s", output,
              (long long)r->run->frames, (long long)r->run->face_frames, (long long)r->run->damaged, r->run->wall_s);
    if (r->settings->embed)
        veil_warn("'%s' holds the vault: keep it on the shelf and never publish it", r->settings->embed);
    if (r->sealing)
        veil_info("vault: %s, %u units of %d tracks", r->sealing->path, r->sealing->plan.units,
                  r->sealing->plan.n_tracks);
    else if (r->settings->profile)
        veil_info("nothing is sealed: no group is named");
    veil_info("report: %s", report);
}

/* Crops lie where faces are in the picture as stored; a published picture that
 * is turned would have them elsewhere. */
static int check_turn(const VeilSettings *s, const VeilInput *in)
{
    const AVOutputFormat *format = veil_output_format(s->output);

    if (!in->rotation || !format || !veil_output_must_turn(format))
        return 0;
    veil_error("'%s' is shown turned by %d degrees, which %s cannot say; write .mp4 or .mov to seal it", in->path,
               in->rotation, format->name);
    return -EINVAL;
}

static int redact(const char *input, VeilSettings *s)
{
    VeilFilterEnv env = { .threads = s->threads ? s->threads : av_cpu_count(), .find_model = veil_models_lend };
    VeilPartFile report = { .fd = -1 }, archive = { .fd = -1 };
    VeilInput *in = NULL;
    VeilOutput *out = NULL;
    VeilChain *chain = NULL;
    VeilRun run = { 0 };
    VeilLend *lend = NULL;
    VeilSealing *sealing = NULL;
    char *report_path = NULL;
    int ret = s->tracks ? veil_lend_open(&lend, s, input) : 0;

    if (lend)
        env.tracks = veil_lend_calls(lend);
    if (ret < 0 || (ret = veil_input_open(&in, input, s->threads, &veil_cancelled)) < 0 || (ret = begin_report(s, &report)) < 0)
        goto end;
    if (veil_settings_seals(s)) {
        if ((ret = check_turn(s, in)) < 0 || (ret = veil_sealing_begin(&sealing, s, in)) < 0 ||
            (s->embed && (ret = veil_partfile_begin(&archive, s->embed, s->force)) < 0))
            goto end;
        env.seal = &sealing->plan;
    }
    in->keep_audio = strcmp(s->audio, "drop") != 0;
    in->stop_on_error = !strcmp(s->on_error, "stop");
    ret = veil_pipeline_run(in, s, &env, &chain, &out, &run);
    if (ret >= 0) {
        json_t *tracks = lend ? veil_lend_describe(lend) : NULL;
        VeilReport r = { .settings = s, .in = in, .out = out, .chain = chain, .run = &run,
                         .tracks = tracks, .sealing = sealing };

        report_path = strdup(report.path);
        if (s->audit) { /* what the run held would stand beside what the audit holds */
            avcodec_free_context(&in->decoder);
            malloc_trim(0);
        }
        ret = s->audit ? audit(&r, lend) : 0;
        if (ret == 1)
            ret = withhold(&r, &report, report_path ? report_path : "");
        else if (ret >= 0 && (ret = commit(&r, out, &report, &archive)) >= 0)
            say_result(&r, s->output, report_path ? report_path : "");
        if (!ret && sealing)
            veil_sealing_keep(sealing);
        json_decref(tracks);
        json_decref(r.audit);
    }
end:
    if (ret < 0 && atomic_load(&veil_cancelled))
        veil_error("stopped by a signal; nothing was kept");
    else if (ret < 0 && !veil_msg_errors())
        veil_error("cannot redact '%s': %s; nothing was kept", input, strerror(-ret));
    free(report_path);
    veil_partfile_abandon(&report);
    veil_partfile_abandon(&archive);
    veil_output_close(out);
    veil_chain_close(chain);
    veil_sealing_free(sealing);
    veil_input_close(in);
    veil_run_free(&run);
    veil_lend_close(lend);
    return ret;
}

static int check_color(const char *color)
{
    VeilPaint paint;

    if (veil_paint_color(&paint, color, NULL) >= 0)
        return 0;
    veil_error("option '--color' is '%s'; give a name that 'ffmpeg -colors' lists, or #RRGGBB", color);
    return -EINVAL;
}

/* Everything that can be found wrong before a file is opened. */
static int check_settings(const VeilSettings *s, int n, char **operands)
{
    int ret;

    if (n != 1) {
        veil_error(n ? "more than one input was named; redact one video at a time"
                     : "no input was named; give a video file");
        return -EINVAL;
    }
    if (!s->tracks && (s->consent.n || s->consents)) {
        veil_error("a consent record speaks of a track; give the file that 'veil scan' wrote with --tracks");
        return -EINVAL;
    }
    if (sodium_init() < 0) {
        veil_error("libsodium cannot start; check that /dev/urandom can be read");
        return -EIO;
    }
    if ((ret = check_metadata(s->keep_metadata)) < 0 || (ret = check_color(s->color)) < 0 ||
        (ret = veil_audio_check(s->audio) ? 0 : -EINVAL) < 0 || (ret = check_paths(operands[0], s)) < 0)
        return ret;
    return check_chain(s);
}

static int run(int argc, char **argv)
{
    VeilSettings s = { 0 };
    char **operands = calloc((size_t)argc + 1, sizeof(*operands));
    const int n = operands ? veil_settings_read(&s, veil_settings_rows, argc, argv, operands) : -ENOMEM;
    int ret = n;

    veil_msg_set_level(s.quiet ? VEIL_MSG_QUIET : s.verbose ? VEIL_MSG_VERBOSE : VEIL_MSG_NORMAL);
    veil_progress_set_pause(s.progress);
    veil_avlog_install();
    if (n >= 0 && s.show_config) {
        veil_settings_show(&s);
    } else if (n >= 0 && (ret = check_settings(&s, n, operands)) >= 0) {
        veil_signals_watch();
        ret = redact(operands[0], &s); /* 1: withheld by the audit */
    }
    veil_opts_free(&s, veil_settings_rows);
    free(operands);
    return ret < 0 ? VEIL_EXIT_ERROR : ret == 1 ? VEIL_EXIT_NO : VEIL_EXIT_DONE;
}

const VeilCommand veil_cmd_redact = {
    .name = "redact",
    .summary = "hide every face of a recording",
    .usage = "redact IN -o OUT [OPTIONS]",
    .opts = veil_settings_rows,
    .run = run,
};
