/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "msg.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

static VeilMsgLevel msg_level;
static atomic_int errors;
static void (*hook_before)(void);
static void (*hook_after)(void);
static pthread_mutex_t msg_lock = PTHREAD_MUTEX_INITIALIZER;

void veil_msg_set_level(VeilMsgLevel level)
{
    msg_level = level;
}

VeilMsgLevel veil_msg_level(void)
{
    return msg_level;
}

void veil_msg_set_hooks(void (*before)(void), void (*after)(void))
{
    pthread_mutex_lock(&msg_lock);
    hook_before = before;
    hook_after = after;
    pthread_mutex_unlock(&msg_lock);
}

static void __attribute__((format(printf, 2, 0))) say(const char *kind, const char *fmt, va_list ap)
{
    pthread_mutex_lock(&msg_lock);
    if (hook_before)
        hook_before();
    fprintf(stderr, "veil: %s", kind);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    if (hook_after)
        hook_after();
    pthread_mutex_unlock(&msg_lock);
}

#define DEFINE_SAYER(name, min_level, kind)                                                                  \
    void name(const char *fmt, ...)                                                                          \
    {                                                                                                        \
        va_list ap;                                                                                          \
        if (msg_level < (min_level))                                                                         \
            return;                                                                                          \
        va_start(ap, fmt);                                                                                   \
        say(kind, fmt, ap);                                                                                  \
        va_end(ap);                                                                                          \
    }

void veil_error(const char *fmt, ...)
{
    va_list ap;

    atomic_fetch_add(&errors, 1);
    va_start(ap, fmt);
    say("error: ", fmt, ap);
    va_end(ap);
}

int veil_msg_errors(void)
{
    return atomic_load(&errors);
}

DEFINE_SAYER(veil_warn, VEIL_MSG_NORMAL, "warning: ")
DEFINE_SAYER(veil_info, VEIL_MSG_NORMAL, "")
DEFINE_SAYER(veil_verbose, VEIL_MSG_VERBOSE, "")
