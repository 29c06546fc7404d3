/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "signals.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

atomic_bool veil_cancelled;

static void on_signal(int signal)
{
    (void)signal;
    atomic_store(&veil_cancelled, true);
}

void veil_signals_watch(void)
{
    struct sigaction action = { .sa_handler = on_signal };

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}
