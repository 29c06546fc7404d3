/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "msg.h"

#define BAR_WIDTH   24
#define TERMINAL_S  0.1 ///< seconds between two drawings of the bar

static double plain_s = 5; ///< seconds between two lines where there is no terminal
static bool on_terminal, drawn;
static double begun, shown;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Before another message is printed, and at the end. */
static void wipe(void)
{
    if (drawn)
        fputs("\r\033[K", stderr);
    drawn = false;
}

void veil_progress_set_pause(double seconds)
{
    plain_s = seconds;
}

void veil_progress_begin(void)
{
    on_terminal = isatty(STDERR_FILENO);
    begun = shown = now();
    if (on_terminal)
        veil_msg_set_hooks(wipe, NULL);
}

static void format_eta(char *out, size_t cap, double seconds)
{
    const int s = (int)seconds;

    if (s >= 3600)
        snprintf(out, cap, ", %d h %02d min left", s / 3600, s / 60 % 60);
    else
        snprintf(out, cap, ", %d:%02d left", s / 60, s % 60);
}

static void format_line(char *out, size_t cap, const VeilProgress *p, double elapsed)
{
    char eta[64] = "", faces[32] = "";
    const double share = p->total > 0 ? (double)p->frames / (double)p->total : 0;

    if (share > 0.01 && share <= 1)
        format_eta(eta, sizeof(eta), elapsed / share * (1 - share));
    if (p->faces >= 0)
        snprintf(faces, sizeof(faces), ", %d face%s", p->faces, VEIL_S(p->faces));
    snprintf(out, cap, "%lld frames, %.2fx%s%s", (long long)p->frames, p->seconds / elapsed, faces, eta);
}

static void draw_bar(const VeilProgress *p, const char *line)
{
    char bar[BAR_WIDTH + 1];
    const double share = p->total > 0 ? (double)p->frames / (double)p->total : 0;
    const int full = (int)((share > 1 ? 1 : share) * BAR_WIDTH);

    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', (size_t)full);
    bar[BAR_WIDTH] = 0;
    fprintf(stderr, "\r\033[K[%s] %s", bar, line);
    fflush(stderr);
    drawn = true;
}

void veil_progress_show(const VeilProgress *p)
{
    const double t = now();
    char line[160];

    if (veil_msg_level() < VEIL_MSG_NORMAL || t - shown < (on_terminal ? TERMINAL_S : plain_s))
        return;
    shown = t;
    format_line(line, sizeof(line), p, t - begun);
    if (on_terminal)
        draw_bar(p, line);
    else
        veil_info("%s", line);
}

void veil_progress_end(void)
{
    wipe();
    veil_msg_set_hooks(NULL, NULL);
}
