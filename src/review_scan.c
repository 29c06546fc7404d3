/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The search for faces that a review begins with if there is no tracks file:
 * `veil scan` as a process of its own, while the page shows how far it is.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "msg.h"
#include "review.h"
#include "signals.h"

struct VeilReviewScan {
    VeilReview *review;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock;  ///< of the rest
    VeilChild child;
    bool cancelled, asked; ///< asked: a page looks at it
    enum { RUNNING, DONE, FAILED } state;
    int64_t done;          ///< frames
    char message[512];
};

static int start(VeilReviewScan *s)
{
    VeilReview *r = s->review;
    const char *argv[10] = { "scan", r->input, "-o", r->tracks_path, "--progress", "0.2" };
    int ret;

    if (r->settings.profile)
        argv[6] = "--profile", argv[7] = r->settings.profile;
    pthread_mutex_lock(&s->lock);
    ret = s->cancelled ? -ECANCELED : veil_child_start(&s->child, argv, false);
    pthread_mutex_unlock(&s->lock);
    if (ret < 0 && ret != -ECANCELED)
        veil_error("cannot start 'veil scan': %s", strerror(-ret));
    return ret;
}

/* What it counts goes to the page, what it has to say to the terminal as well. */
static void take_line(VeilReviewScan *s, char *line)
{
    static const char error[] = "veil: error: ";
    long long frames;
    bool counts;

    line[strcspn(line, "\r\n")] = 0;
    pthread_mutex_lock(&s->lock);
    if ((counts = sscanf(line, "veil: %lld frames,", &frames) == 1))
        s->done = frames;
    else if (!strncmp(line, error, sizeof(error) - 1))
        snprintf(s->message, sizeof(s->message), "%.*s", (int)sizeof(s->message) - 1, line + sizeof(error) - 1);
    pthread_mutex_unlock(&s->lock);
    if (counts)
        return;
    if (!strncmp(line, error, sizeof(error) - 1))
        veil_error("%s", line + sizeof(error) - 1);
    else if (!strncmp(line, "veil: warning: ", 15))
        veil_warn("%s", line + 15);
}

/* Its number stays its own until it is reaped, which happens under the lock: nobody else is ever signalled. */
static int wait_for(VeilReviewScan *s)
{
    siginfo_t info;
    int code;

    while (waitid(P_PID, (id_t)s->child.pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
        ;
    pthread_mutex_lock(&s->lock);
    code = veil_child_wait(&s->child);
    pthread_mutex_unlock(&s->lock);
    return code;
}

static int search(VeilReviewScan *s)
{
    char line[1024];
    int ret;

    if ((ret = start(s)) < 0)
        return ret;
    while (fgets(line, sizeof(line), s->child.said))
        take_line(s, line);
    if (!(ret = wait_for(s)))
        return veil_review_open_tracks(s->review);
    if (!*s->message && !atomic_load(&veil_cancelled) && !s->cancelled)
        veil_error("'veil scan' ended with code %d; run it alone to see why", ret);
    return -EIO;
}

/* A page that waits is told before the program ends. */
static void end_badly(VeilReviewScan *s)
{
    bool waits;

    pthread_mutex_lock(&s->lock);
    s->state = FAILED;
    if (!*s->message)
        snprintf(s->message, sizeof(s->message), "the search for faces did not end well; see what the terminal says");
    waits = s->asked && !s->cancelled;
    pthread_mutex_unlock(&s->lock);
    if (waits)
        sleep(2);
    atomic_store(&s->review->scan_failed, true);
}

static void *scan_thread(void *opaque)
{
    VeilReviewScan *s = opaque;

    if (search(s) < 0) {
        end_badly(s);
        return NULL;
    }
    pthread_mutex_lock(&s->lock);
    s->state = DONE;
    pthread_mutex_unlock(&s->lock);
    atomic_store(&s->review->ready, true);
    return NULL;
}

int veil_review_scan_begin(VeilReview *review)
{
    VeilReviewScan *s = calloc(1, sizeof(*s));

    if (!s)
        return -ENOMEM;
    veil_info("'%s' is not there yet: looking for faces first; the page shows how far", review->tracks_path);
    pthread_mutex_init(&s->lock, NULL);
    s->review = review;
    review->scan = s;
    if (pthread_create(&s->thread, NULL, scan_thread, s))
        return -EAGAIN;
    s->has_thread = true;
    return 0;
}

void veil_review_scan_end(VeilReview *review)
{
    VeilReviewScan *s = review->scan;

    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->cancelled = true;
    if (s->child.pid > 0)
        kill(s->child.pid, SIGTERM);
    pthread_mutex_unlock(&s->lock);
    if (s->has_thread)
        pthread_join(s->thread, NULL);
    pthread_mutex_destroy(&s->lock);
    free(s);
    review->scan = NULL;
}

void veil_review_scan_state(void *review, const VeilWebRequest *request, VeilWebReply *reply)
{
    static const char *const name[] = { "running", "done", "failed" };
    const VeilReview *r = review;
    VeilReviewScan *s = r->scan;

    (void)request;
    if (!s) {
        veil_web_json(reply, 200, json_pack("{s:s}", "state", "done"));
        return;
    }
    pthread_mutex_lock(&s->lock);
    s->asked = true;
    veil_web_json(reply, 200, json_pack("{s:s, s:s, s:I, s:I, s:s}", "state", name[s->state], "name", veil_review_name(r),
                                        "frames", (json_int_t)s->done, "expected", (json_int_t)r->expected, "message",
                                        s->message));
    pthread_mutex_unlock(&s->lock);
}
