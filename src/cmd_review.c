/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil review IN [T.json]`: serve a page on this machine on which a person
 * corrects the tracks, marks consent, sets reasons, and renders.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>

#include "avlog.h"
#include "child.h"
#include "cmd.h"
#include "input.h"
#include "keys/file.h"
#include "msg.h"
#include "page_data.h"
#include "review.h"
#include "signals.h"

#define FRAME_BYTES ((size_t)320 << 20) ///< decoded frames held
#define JPEG_BYTES  ((size_t)128 << 20) ///< coded pictures held
#define PAGE_BYTES  ((size_t)8 << 20)   ///< most of one file of the page

typedef struct ReviewOptions {
    int port;
    bool browser, quiet;
    char *profile, *reasons, *purpose, *page;
} ReviewOptions;

#define OFFSET(field) offsetof(ReviewOptions, field)
static const VeilOpt review_options[] = {
    { "port", 0, VEIL_OPT_INT, OFFSET(port), "N", "port on 127.0.0.1, 0 for any that is free", 0, 65535 },
    { "browser", 0, VEIL_OPT_FLAG, OFFSET(browser), NULL, "open the page in the browser; --no-browser prints its address only" },
    { "profile", 'p', VEIL_OPT_STRING, OFFSET(profile), "NAME", "settings of the scan and the render: council, journalist, police, or a file" },
    { "reasons", 0, VEIL_OPT_STRING, OFFSET(reasons), "FILE", "the closed list of reasons, in place of config/reasons.cfg" },
    { "purpose", 0, VEIL_OPT_STRING, OFFSET(purpose), "WORD", "purpose that a consent record must be for, default publication" },
    { "page", 0, VEIL_OPT_STRING, OFFSET(page), "FOLDER", "serve index.html, app.js and app.css from here, not those in the program" },
    { "quiet", 'q', VEIL_OPT_FLAG, OFFSET(quiet), NULL, "print the address and errors only" },
    { NULL }
};

/* ---- the page --------------------------------------------------------------------------- */

static const char *const page_name[3] = { "index.html", "app.js", "app.css" };

static int read_page(VeilReview *r, VeilPageFile file)
{
    uint8_t *bytes = NULL;
    char *path = NULL;
    VeilErr err;
    size_t len;
    int ret = asprintf(&path, "%s/%s", r->page, page_name[file]) < 0 ? -ENOMEM : 0;

    if (ret >= 0 && (ret = veil_file_read(&bytes, &len, path, PAGE_BYTES, &err)) < 0)
        veil_error("cannot read the page: %s; give the folder that 'make page' filled", err.text);
    if (ret >= 0 && !(r->page_file[file] = av_buffer_create(bytes, len, av_buffer_default_free, NULL, 0))) {
        free(bytes);
        ret = -ENOMEM;
    }
    free(path);
    return ret;
}

static void keep_static(void *opaque, uint8_t *data)
{
    (void)opaque, (void)data; /* part of the program */
}

static int find_page(VeilReview *r)
{
    int ret = 0;

    for (int i = 0; i < 3 && ret >= 0; i++) {
        size_t len;
        const uint8_t *bytes = veil_page_data((VeilPageFile)i, &len);

        if (r->page)
            ret = read_page(r, (VeilPageFile)i);
        else if (!bytes) {
            veil_error("this veil was built without its review page; install nodejs and npm, run 'make page' and "
                       "'make', or give --page FOLDER");
            ret = -ENOENT;
        } else if (!(r->page_file[i] = av_buffer_create((uint8_t *)(uintptr_t)bytes, len, keep_static, NULL,
                                                        AV_BUFFER_FLAG_READONLY)))
            ret = -ENOMEM;
    }
    return ret;
}

/* ---- the recording ------------------------------------------------------------------------ */

static int name_files(VeilReview *r, const char *tracks)
{
    char *copy = strdup(r->input);
    int ret = 0;

    if (!copy || !(r->folder = strdup(dirname(copy))) || asprintf(&r->consents, "%s.consent", r->input) < 0 ||
        (tracks ? !(r->tracks_path = strdup(tracks)) : asprintf(&r->tracks_path, "%s.tracks.json", r->input) < 0))
        ret = -ENOMEM;
    free(copy);
    return ret;
}

static int look_at_recording(VeilReview *r)
{
    VeilInput *in = NULL;
    const int ret = veil_input_open(&in, r->input, 1, &veil_cancelled);

    if (ret < 0)
        return ret;
    r->has_audio = av_find_best_stream(in->format, AVMEDIA_TYPE_AUDIO, -1, -1, NULL, 0) >= 0;
    r->duration = in->format->duration > 0 ? (double)in->format->duration / AV_TIME_BASE : 0;
    r->expected = in->video->nb_frames > 0 ? in->video->nb_frames
                                           : (int64_t)(r->duration * av_q2d(av_guess_frame_rate(in->format, in->video, NULL)));
    veil_input_close(in);
    return 0;
}

static int open_frames(VeilReview *r)
{
    const VeilDocState *state;
    AVBufferRef *hold = veil_doc_hold(r->doc, &state);
    int64_t *times = hold ? veil_doc_times(state) : NULL;
    int ret = times ? veil_frames_open(&r->frames, r->input, times, state->file->source.frames, FRAME_BYTES) : -ENOMEM;

    free(times);
    av_buffer_unref(&hold);
    return ret;
}

int veil_review_open_tracks(VeilReview *r)
{
    int ret;

    if ((ret = veil_doc_open(&r->doc, r->tracks_path)) < 0 || (ret = open_frames(r)) < 0)
        return ret;
    return veil_review_check_begin(r);
}

/* What is wrong with the files is said before anything listens. */
static int open_review(VeilReview *r, const char *tracks)
{
    int ret;

    if (access(r->input, R_OK) < 0) {
        veil_error("cannot open '%s': %s; give a video file", r->input, strerror(errno));
        return -errno;
    }
    if ((ret = find_page(r)) < 0 || (ret = veil_reasons_read(&r->reasons, r->settings.reasons)) < 0 ||
        (ret = name_files(r, tracks)) < 0)
        return ret;
    if (!(r->cache = veil_cache_new(JPEG_BYTES)) || !(r->render = veil_render_new()))
        return -ENOMEM;
    if (access(r->tracks_path, F_OK) < 0)
        return look_at_recording(r); /* serve() begins the search */
    if ((ret = veil_review_open_tracks(r)) < 0 || (ret = look_at_recording(r)) < 0)
        return ret;
    atomic_store(&r->ready, true);
    return 0;
}

static void close_review(VeilReview *r)
{
    veil_review_scan_end(r);
    veil_review_check_end(r);
    veil_render_free(r->render);
    veil_frames_close(r->frames);
    veil_doc_close(r->doc);
    veil_cache_free(r->cache);
    for (int i = 0; i < 3; i++)
        av_buffer_unref(&r->page_file[i]);
    free(r->reasons);
    free(r->folder);
    free(r->tracks_path);
    free(r->consents);
    veil_opts_free(&r->settings, veil_settings_rows);
}

/* ---- the browser --------------------------------------------------------------------------- */

/* Everyone on the machine can read the words of a process, so the browser is
 * given a file that only we can read, and the file holds the address. */
static char *write_way_in(const char *address)
{
    const char *run = getenv("XDG_RUNTIME_DIR");
    char *path = NULL;
    FILE *f;
    int fd;

    if (asprintf(&path, "%s/veil-review-XXXXXX.html", run && *run == '/' ? run : "/tmp") < 0)
        return NULL;
    if ((fd = mkostemps(path, 5, O_CLOEXEC)) < 0) { /* 0600 */
        free(path);
        return NULL;
    }
    if ((f = fdopen(fd, "w"))) {
        fprintf(f, "<!doctype html><title>veil review</title><meta http-equiv=\"refresh\" content=\"0; url=%s\">\n", address);
        if (!fclose(f))
            return path;
    } else {
        close(fd);
    }
    unlink(path);
    free(path);
    return NULL;
}

static char *open_browser(const char *address)
{
    char *path = write_way_in(address);
    const char *const argv[] = { "xdg-open", path, NULL };

    if (path && veil_child_launch(argv) >= 0)
        return path;
    veil_warn("no browser could be started (xdg-open, of xdg-utils); open the address below");
    return path;
}

static int serve(VeilReview *r, const ReviewOptions *o)
{
    VeilWeb *web;
    char *way_in = NULL;
    int ret = veil_web_open(&web, o->port, veil_review_routes, r, &r->ready);

    if (ret < 0)
        return ret;
    if (o->browser)
        way_in = open_browser(veil_web_address(web));
    veil_info("review '%s' at the address below, which works once, in one browser; Ctrl-C ends", r->input);
    printf("%s\n", veil_web_address(web));
    fflush(stdout);
    if (!atomic_load(&r->ready))
        ret = veil_review_scan_begin(r);
    if (ret >= 0)
        veil_web_run(web, &veil_cancelled, &r->scan_failed);
    veil_render_cancel(r->render);
    veil_review_scan_end(r);
    if (r->frames)
        veil_frames_cancel(r->frames);
    veil_web_close(web);
    if (way_in)
        unlink(way_in);
    free(way_in);
    if (ret < 0 || atomic_load(&r->scan_failed))
        return ret < 0 ? ret : -EIO;
    return veil_review_check_end(r) ? 0 : -EINVAL;
}

static int take_text(char **field, const char *text)
{
    char *copy = text ? strdup(text) : NULL;

    if (!text)
        return 0;
    free(*field);
    *field = copy;
    return copy ? 0 : -ENOMEM;
}

static int read_settings(VeilSettings *s, const ReviewOptions *o)
{
    int ret = veil_settings_init(s);

    if (ret >= 0 && o->profile)
        ret = veil_settings_load(s, o->profile);
    if (ret >= 0 && (ret = take_text(&s->profile, o->profile)) >= 0 && (ret = take_text(&s->reasons, o->reasons)) >= 0)
        ret = take_text(&s->purpose, o->purpose);
    return ret;
}

static int review(const ReviewOptions *o, int n, char **operands)
{
    VeilReview r = { .input = n > 0 ? operands[0] : NULL, .page = o->page, .following = PTHREAD_MUTEX_INITIALIZER };
    int ret;

    if (n < 1 || n > 2) {
        veil_error(n ? "too many files; give a video and at most one tracks file" : "no video was named; give a video file");
        return -EINVAL;
    }
    if (sodium_init() < 0) {
        veil_error("libsodium cannot start; check that /dev/urandom can be read");
        return -EIO;
    }
    veil_signals_watch();
    ret = read_settings(&r.settings, o);
    if (ret >= 0 && (ret = open_review(&r, n > 1 ? operands[1] : NULL)) >= 0)
        ret = serve(&r, o);
    close_review(&r);
    if (ret < 0 && !veil_msg_errors())
        veil_error(atomic_load(&veil_cancelled) ? "stopped by a signal" : "cannot review '%s': %s", operands[0], strerror(-ret));
    return ret;
}

static int run(int argc, char **argv)
{
    ReviewOptions o = { .browser = true };
    char **operands = calloc((size_t)argc + 1, sizeof(*operands));
    int ret = operands ? veil_opts_parse(&o, review_options, argc, argv, operands) : -ENOMEM;

    veil_msg_set_level(o.quiet ? VEIL_MSG_QUIET : VEIL_MSG_NORMAL);
    veil_avlog_install();
    if (ret >= 0)
        ret = review(&o, ret, operands);
    veil_opts_free(&o, review_options);
    free(operands);
    return ret < 0 ? VEIL_EXIT_ERROR : VEIL_EXIT_DONE;
}

const VeilCommand veil_cmd_review = {
    .name = "review",
    .summary = "correct tracks, mark consent and render, on a page on this machine",
    .usage = "review IN [TRACKS.json] [OPTIONS]",
    .opts = review_options,
    .run = run,
};
