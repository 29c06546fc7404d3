/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "avlog.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <libavutil/log.h>

#include "msg.h"

static bool is_ours(const AVClass *class)
{
    return class && class->class_name && !strncmp(class->class_name, "veil ", 5);
}

static void forward(void *ctx, int level, const char *fmt, va_list ap)
{
    const AVClass *class = ctx ? *(const AVClass **)ctx : NULL;
    char line[1024];

    if (level > (is_ours(class) ? av_log_get_level() : AV_LOG_WARNING) || av_log_get_level() < AV_LOG_PANIC)
        return;
    if (!is_ours(class) && veil_msg_level() < VEIL_MSG_VERBOSE)
        return;
    vsnprintf(line, sizeof(line), fmt, ap);
    line[strcspn(line, "\n")] = 0;
    if (!is_ours(class)) {
        veil_verbose("ffmpeg: %s: %s", class && class->class_name ? class->class_name : "-", line);
        return;
    }
    if (level <= AV_LOG_ERROR)
        veil_error("%s", line);
    else if (level <= AV_LOG_WARNING)
        veil_warn("%s", line);
    else if (level <= AV_LOG_INFO)
        veil_info("%s", line);
    else
        veil_verbose("%s", line);
}

void veil_avlog_install(void)
{
    av_log_set_level(AV_LOG_VERBOSE);
    av_log_set_callback(forward);
}
