/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web.h"

void veil_web_text(VeilWebReply *reply, int status, const char *type, const char *text)
{
    const size_t len = strlen(text);

    av_buffer_unref(&reply->body);
    reply->status = status;
    reply->type = type;
    if ((reply->body = av_buffer_alloc(len + 1))) {
        memcpy(reply->body->data, text, len);
        reply->body->size = len;
    } else {
        reply->status = 500;
    }
}

void veil_web_json(VeilWebReply *reply, int status, json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

    veil_web_text(reply, text ? status : 500, "application/json", text ? text : "{}");
    free(text);
    json_decref(value);
}

void veil_web_bytes(VeilWebReply *reply, const char *type, AVBufferRef *body)
{
    av_buffer_unref(&reply->body);
    reply->status = body ? 200 : 500;
    reply->type = type;
    reply->body = body;
}

void veil_web_refuse(VeilWebReply *reply, int status, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    veil_web_json(reply, status, json_pack("{s:s}", "error", text));
}
