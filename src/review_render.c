/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "review_render.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "review.h"

typedef enum State { IDLE, RUNNING, DONE, FAILED } State;

struct VeilRender {
    pthread_mutex_t lock;
    pthread_t thread;
    bool has_thread;  ///< to be joined
    bool cancelled;
    State state;
    char *input, *tracks, *output, *report, *profile, *reasons, *purpose, *consents;
    bool wants_audit;
    int64_t frames, done;
    bool auditing;    ///< frames are counted anew
    char message[512];
    json_t *audit;    ///< from the report, or NULL
    VeilChild child;
};

/* ---- a process and what it says ---------------------------------------------------------- */

/* Start, unless someone cancelled meanwhile. */
static int start(VeilRender *r, const char *const argv[])
{
    int ret;

    pthread_mutex_lock(&r->lock);
    ret = r->cancelled ? -ECANCELED : veil_child_start(&r->child, argv, false);
    if (ret < 0)
        snprintf(r->message, sizeof(r->message), "%s", ret == -ECANCELED ? "stopped; nothing was kept" : strerror(-ret));
    pthread_mutex_unlock(&r->lock);
    return ret;
}

/* Its number stays its own until it is reaped, and that happens under the lock: nobody else is ever signalled. */
static int end(VeilRender *r)
{
    siginfo_t info;
    int code;

    while (waitid(P_PID, (id_t)r->child.pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
        ;
    pthread_mutex_lock(&r->lock);
    code = veil_child_wait(&r->child);
    pthread_mutex_unlock(&r->lock);
    return code;
}

/* "veil: 120 frames, 1.02x, 3 faces, 0:04 left" and "veil: error: ..." */
static void take_line(VeilRender *r, char *line)
{
    static const char error[] = "veil: error: ";
    long long frames;

    line[strcspn(line, "\r\n")] = 0;
    pthread_mutex_lock(&r->lock);
    if (sscanf(line, "veil: %lld frames,", &frames) == 1)
        r->done = frames;
    else if (!strcmp(line, "veil: searching the output once more"))
        r->auditing = true;
    else if (!strncmp(line, error, sizeof(error) - 1))
        snprintf(r->message, sizeof(r->message), "%.*s", (int)sizeof(r->message) - 1, line + sizeof(error) - 1);
    pthread_mutex_unlock(&r->lock);
}

/* ---- redact, with its own audit ------------------------------------------------------------- */

static int redact(VeilRender *r)
{
    const char *argv[32] = { "redact", r->input, "--tracks", r->tracks, "--output", r->output, "--progress", "0.5" };
    char line[1024];
    int n = 8, ret;

    if (r->profile)
        argv[n++] = "--profile", argv[n++] = r->profile;
    argv[n++] = "--reasons", argv[n++] = r->reasons;
    argv[n++] = "--purpose", argv[n++] = r->purpose;
    if (access(r->consents, F_OK) == 0)
        argv[n++] = "--consents", argv[n++] = r->consents;
    if (r->wants_audit)
        argv[n++] = "--audit";
    if ((ret = start(r, argv)) < 0)
        return ret;
    while (fgets(line, sizeof(line), r->child.said))
        take_line(r, line);
    return end(r);
}

/* What the report says of the audit. @return new reference, or NULL */
static json_t *read_audit(const VeilRender *r)
{
    json_t *report = json_load_file(r->report, JSON_REJECT_DUPLICATES, NULL);
    json_t *audit = json_incref(json_object_get(report, "audit"));

    json_decref(report);
    return audit;
}

/* Why it was withheld, for someone at the page. */
static void say_audit(VeilRender *r, const json_t *audit)
{
    const json_t *checks = json_object_get(audit, "checks");
    const size_t n = json_array_size(json_object_get(audit, "findings"));

    if (n) {
        snprintf(r->message, sizeof(r->message), "nothing was written: the audit found %zu place%s where a face is in "
                                                 "sight; cover them and render again", n, n == 1 ? "" : "s");
        return;
    }
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *check = json_array_get(checks, i);
        const char *state = json_string_value(json_object_get(check, "state"));
        const char *text = json_string_value(json_object_get(check, "text"));

        if (state && text && !strcmp(state, "failed")) {
            snprintf(r->message, sizeof(r->message), "nothing was written: the audit says: %s", text);
            return;
        }
    }
}

static void *render_thread(void *opaque)
{
    VeilRender *r = opaque;
    const int ret = redact(r);
    json_t *audit = r->wants_audit ? read_audit(r) : NULL;

    pthread_mutex_lock(&r->lock);
    r->state = ret ? FAILED : DONE;
    r->audit = audit;
    if (ret && r->cancelled)
        snprintf(r->message, sizeof(r->message), "stopped; nothing was kept");
    else if (ret == 1 && audit)
        say_audit(r, audit);
    else if (ret && !*r->message)
        snprintf(r->message, sizeof(r->message), "the render ended with code %d; nothing was kept", ret);
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

/* ---- from outside ------------------------------------------------------------------------- */

VeilRender *veil_render_new(void)
{
    VeilRender *r = calloc(1, sizeof(*r));

    if (r)
        pthread_mutex_init(&r->lock, NULL);
    return r;
}

static void clear(VeilRender *r)
{
    char **const text[] = { &r->input, &r->tracks, &r->output, &r->report, &r->profile, &r->reasons, &r->purpose,
                            &r->consents };

    for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
        free(*text[i]);
        *text[i] = NULL;
    }
    json_decref(r->audit);
    r->audit = NULL;
    *r->message = 0;
    r->done = 0;
    r->cancelled = r->auditing = false;
    r->state = IDLE;
}

static bool copy(char **to, const char *from)
{
    return !from || (*to = strdup(from));
}

static int prepare(VeilRender *r, const VeilRenderJob *job)
{
    clear(r);
    if (access(job->output, F_OK) == 0)
        return -EEXIST;
    if (!copy(&r->input, job->input) || !copy(&r->tracks, job->tracks) || !copy(&r->output, job->output) ||
        !copy(&r->profile, job->profile) || !copy(&r->reasons, job->reasons) || !copy(&r->purpose, job->purpose) ||
        !copy(&r->consents, job->consents) ||
        asprintf(&r->report, "%s.report.json", job->output) < 0)
        return -ENOMEM;
    r->frames = job->frames;
    r->wants_audit = job->audit;
    return 0;
}

int veil_render_start(VeilRender *render, const VeilRenderJob *job)
{
    int ret = 0;

    pthread_mutex_lock(&render->lock);
    if (render->state == RUNNING)
        ret = -EBUSY;
    else {
        if (render->has_thread)
            pthread_join(render->thread, NULL); /* it has said its last word */
        render->has_thread = false;
        ret = prepare(render, job);
        if (!ret && !(ret = -pthread_create(&render->thread, NULL, render_thread, render))) {
            render->has_thread = true;
            render->state = RUNNING;
        }
    }
    pthread_mutex_unlock(&render->lock);
    return ret;
}

static double progress_of(const VeilRender *r)
{
    double share = 0;

    if (r->state == DONE)
        return 1;
    if (r->frames > 0)
        share = FFMIN((double)r->done / (double)r->frames, 1);
    return r->wants_audit ? share / 2 + (r->auditing ? 0.5 : 0) : share; /* both go through every frame once */
}

json_t *veil_render_state(VeilRender *render)
{
    static const char *const name[] = { "idle", "running", "done", "failed" };
    json_t *json;

    pthread_mutex_lock(&render->lock);
    json = json_pack("{s:s, s:f, s:s, s:s?, s:s?, s:O?}", "state", name[render->state], "progress",
                     progress_of(render), "message", render->message, "output",
                     render->state == DONE ? render->output : NULL, "report",
                     render->state == DONE || render->audit ? render->report : NULL, "audit", render->audit);
    pthread_mutex_unlock(&render->lock);
    return json;
}

bool veil_render_cancel(VeilRender *render)
{
    bool joins;

    pthread_mutex_lock(&render->lock);
    joins = render->state == RUNNING && !render->cancelled;
    if (joins) {
        render->cancelled = true;
        if (render->child.pid > 0)
            kill(render->child.pid, SIGTERM);
    }
    pthread_mutex_unlock(&render->lock);
    return joins;
}

void veil_render_free(VeilRender *render)
{
    if (!render)
        return;
    veil_render_cancel(render);
    if (render->has_thread)
        pthread_join(render->thread, NULL);
    clear(render);
    pthread_mutex_destroy(&render->lock);
    free(render);
}

/* ---- addresses ------------------------------------------------------------------------------ */

/* A plain name, so that a render lands beside the recording and nowhere else. */
static bool is_plain_name(const char *name)
{
    static const char *const ending[] = { ".mp4", ".mov", ".mkv", ".webm" };
    const size_t len = strlen(name);

    if (!len || len > 200 || name[0] == '.' || name[0] == '-' || strchr(name, '/'))
        return false;
    for (const char *p = name; *p; p++)
        if ((unsigned char)*p < 32 || *p == 127)
            return false;
    for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
        if (len > strlen(ending[i]) && !strcasecmp(name + len - strlen(ending[i]), ending[i]))
            return true;
    return false;
}

static void start_render(VeilReview *r, const char *name, bool wants_audit, VeilWebReply *reply)
{
    const VeilDocState *state;
    AVBufferRef *hold = veil_doc_hold(r->doc, &state);
    char *output = NULL;
    int ret = -ENOMEM;

    if (hold && asprintf(&output, "%s/%s", r->folder, name) >= 0) {
        const VeilRenderJob job = { .input = r->input, .tracks = r->tracks_path, .output = output,
                                    .profile = r->settings.profile, .reasons = r->settings.reasons,
                                    .purpose = r->settings.purpose, .consents = r->consents,
                                    .frames = state->file->source.frames, .audit = wants_audit };

        ret = veil_render_start(r->render, &job);
    }
    if (ret == -EBUSY)
        veil_web_refuse(reply, 409, "a render is running; wait for it, or stop it");
    else if (ret == -EEXIST)
        veil_web_refuse(reply, 409, "'%s' exists; choose another name", name);
    else if (ret < 0)
        veil_web_refuse(reply, 500, "cannot start the render: %s", strerror(-ret));
    else
        veil_web_json(reply, 202, veil_render_state(r->render));
    free(output);
    av_buffer_unref(&hold);
}

void veil_review_render_start(void *review, const VeilWebRequest *request, VeilWebReply *reply)
{
    json_t *body = veil_review_body(request, reply);
    const char *name = json_string_value(json_object_get(body, "output"));

    if (body && (!name || !is_plain_name(name)))
        veil_web_refuse(reply, 400, "'output' must be a file name without a folder that ends in .mp4, .mov, .mkv or "
                                    ".webm");
    else if (body)
        start_render(review, name, json_is_true(json_object_get(body, "audit")), reply);
    json_decref(body);
}

void veil_review_render_state(void *review, const VeilWebRequest *request, VeilWebReply *reply)
{
    (void)request;
    veil_web_json(reply, 200, veil_render_state(((VeilReview *)review)->render));
}

void veil_review_render_cancel(void *review, const VeilWebRequest *request, VeilWebReply *reply)
{
    (void)request;
    veil_render_cancel(((VeilReview *)review)->render);
    veil_web_json(reply, 200, veil_render_state(((VeilReview *)review)->render));
}
