/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"

/* ---- writing ---------------------------------------------------------------- */

static bool reserve(VeilText *t, size_t more)
{
    size_t need;
    char *at;

    if (t->ret < 0)
        return false;
    if (more > VEIL_TEXT_MAX || t->len > VEIL_TEXT_MAX - more) {
        t->ret = VEIL_E_TOO_LARGE;
        return false;
    }
    if ((need = t->len + more + 1) <= t->cap)
        return true;
    need = need < 1024 ? 1024 : 2 * need;
    if (!(at = realloc(t->at, need))) {
        t->ret = -ENOMEM;
        return false;
    }
    t->at = at;
    t->cap = need;
    return true;
}

void veil_text_bytes(VeilText *t, const void *bytes, size_t len)
{
    if (!reserve(t, len))
        return;
    if (len)
        memcpy(t->at + t->len, bytes, len);
    t->len += len;
    t->at[t->len] = '\0';
}

void veil_text_add(VeilText *t, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0 || !reserve(t, (size_t)n))
        return;
    va_start(ap, fmt);
    vsnprintf(t->at + t->len, (size_t)n + 1, fmt, ap);
    va_end(ap);
    t->len += (size_t)n;
}

void veil_text_hex(VeilText *t, const char *key, const void *bytes, size_t n)
{
    veil_text_add(t, "%s ", key);
    if (reserve(t, VEIL_HEX_LEN(n))) {
        veil_hex_encode(t->at + t->len, bytes, n);
        t->len += VEIL_HEX_LEN(n);
    }
    veil_text_add(t, "\n");
}

void veil_text_b64(VeilText *t, const char *key, const void *bytes, size_t n)
{
    veil_text_add(t, "%s ", key);
    if (reserve(t, VEIL_B64_LEN(n))) {
        veil_b64_encode(t->at + t->len, bytes, n);
        t->len += VEIL_B64_LEN(n);
    }
    veil_text_add(t, "\n");
}

void veil_text_time(VeilText *t, const char *key, int64_t seconds)
{
    char time[VEIL_TIME_LEN + 1];
    int ret = veil_time_format(time, seconds);

    if (ret < 0 && t->ret >= 0)
        t->ret = ret;
    else
        veil_text_add(t, "%s %s\n", key, time);
}

int veil_text_done(const VeilText *t)
{
    return t->ret;
}

void veil_text_free(VeilText *t)
{
    free(t->at);
    *t = (VeilText){ 0 };
}

int veil_text_same(VeilText *t, const void *bytes, size_t len, const char *what, VeilErr *err)
{
    int ret = t->ret;

    if (ret < 0)
        ret = veil_err(err, ret, "%s", what);
    else if (t->len != len || memcmp(t->at, bytes, len))
        ret = veil_err(err, VEIL_E_CANON, "%s", what);
    veil_text_free(t);
    return ret;
}

/* ---- reading ---------------------------------------------------------------- */

int veil_lines_open(VeilLines *r, const void *bytes, size_t len, const char *what, VeilErr *err)
{
    const uint8_t *b = bytes;

    *r = (VeilLines){ .at = bytes, .end = bytes, .what = what, .err = err, .line = 1 };
    if (len > VEIL_TEXT_MAX)
        return r->ret = veil_err(err, VEIL_E_TOO_LARGE, "%s (%zu bytes)", what, len);
    for (size_t i = 0; i < len; i++) {
        if (b[i] == '\n')
            r->line++;
        else if (b[i] < 0x20 || b[i] > 0x7e)
            return r->ret = veil_err(err, VEIL_E_CANON, "%s, line %d: byte 0x%02x", what, r->line, b[i]);
    }
    r->line = 1;
    if (!len || b[len - 1] != '\n')
        return r->ret = veil_err(err, VEIL_E_CANON, "%s: no line end at the end", what);
    r->end = r->at + len;
    return 0;
}

int veil_lines_fault(VeilLines *r, int code)
{
    if (r->ret >= 0)
        r->ret = veil_err(r->err, code, "%s, line %d", r->what, r->line > 1 ? r->line - 1 : 1);
    return r->ret;
}

/* The next line without its LF; false at the end or after a fault. */
static bool peek(const VeilLines *r, VeilSpan *line)
{
    const char *lf;

    if (r->ret < 0 || r->at == r->end)
        return false;
    lf = memchr(r->at, '\n', (size_t)(r->end - r->at)); /* there is one: veil_lines_open() looked */
    *line = (VeilSpan){ r->at, (size_t)(lf - r->at) };
    return true;
}

static void step(VeilLines *r, VeilSpan line)
{
    r->at = line.at + line.len + 1;
    r->line++;
}

/* A line that is not the one the order asks for. */
static int expected(VeilLines *r, const char *key)
{
    if (r->ret >= 0)
        r->ret = veil_err(r->err, VEIL_E_CANON, "%s, line %d: '%s' must come here", r->what, r->line, key);
    return r->ret;
}

int veil_lines_word(VeilLines *r, const char *word)
{
    VeilSpan line;

    if (!peek(r, &line) || line.len != strlen(word) || memcmp(line.at, word, line.len))
        return expected(r, word);
    step(r, line);
    return 0;
}

bool veil_lines_next_is(const VeilLines *r, const char *key)
{
    const size_t n = strlen(key);
    VeilSpan line;

    return peek(r, &line) && line.len > n && !memcmp(line.at, key, n) && line.at[n] == ' ';
}

int veil_lines_fields(VeilLines *r, const char *key, VeilSpan *values, int n)
{
    VeilSpan line;
    const char *p, *end;

    for (int i = 0; i < n; i++)
        values[i] = (VeilSpan){ "", 0 };
    if (!veil_lines_next_is(r, key) || !peek(r, &line))
        return expected(r, key);
    step(r, line);
    p = line.at + strlen(key);
    end = line.at + line.len;
    for (int i = 0; i < n; i++) {
        const char *sp;

        if (p == end)
            return veil_lines_fault(r, VEIL_E_CANON);
        p++; /* the space */
        sp = memchr(p, ' ', (size_t)(end - p));
        values[i] = (VeilSpan){ p, (size_t)((sp ? sp : end) - p) };
        if (!values[i].len)
            return veil_lines_fault(r, VEIL_E_CANON);
        p += values[i].len;
    }
    return p == end ? 0 : veil_lines_fault(r, VEIL_E_CANON);
}

int veil_span_hex(VeilLines *r, VeilSpan s, uint8_t *out, size_t n)
{
    if (r->ret >= 0 && veil_hex_decode(out, n, s.at, s.len) < 0)
        veil_lines_fault(r, VEIL_E_CANON);
    return r->ret;
}

int veil_span_b64(VeilLines *r, VeilSpan s, uint8_t *out, size_t n)
{
    if (r->ret >= 0 && veil_b64_decode_exact(out, n, s.at, s.len) < 0)
        veil_lines_fault(r, VEIL_E_CANON);
    return r->ret;
}

int veil_span_number(VeilLines *r, VeilSpan s, uint64_t *out, uint64_t max)
{
    *out = 0;
    if (r->ret >= 0 && veil_number_parse(out, s.at, s.len, max) < 0)
        veil_lines_fault(r, VEIL_E_CANON);
    return r->ret;
}

int veil_span_token(VeilLines *r, VeilSpan s, char out[VEIL_TOKEN_CAP])
{
    out[0] = '\0';
    if (r->ret < 0)
        return r->ret;
    if (!s.len || s.len > VEIL_TOKEN_MAX)
        return veil_lines_fault(r, VEIL_E_CANON);
    memcpy(out, s.at, s.len);
    out[s.len] = '\0';
    return veil_token_ok(out) ? 0 : veil_lines_fault(r, VEIL_E_CANON);
}

int veil_lines_hex(VeilLines *r, const char *key, uint8_t *out, size_t n)
{
    VeilSpan s;

    veil_lines_fields(r, key, &s, 1);
    return veil_span_hex(r, s, out, n);
}

int veil_lines_b64(VeilLines *r, const char *key, uint8_t *out, size_t n)
{
    VeilSpan s;

    veil_lines_fields(r, key, &s, 1);
    return veil_span_b64(r, s, out, n);
}

int veil_lines_number(VeilLines *r, const char *key, uint64_t *out, uint64_t max)
{
    VeilSpan s;

    veil_lines_fields(r, key, &s, 1);
    return veil_span_number(r, s, out, max);
}

int veil_lines_time(VeilLines *r, const char *key, int64_t *out)
{
    VeilSpan s;

    *out = 0;
    if (veil_lines_fields(r, key, &s, 1) >= 0 && veil_time_parse(out, s.at, s.len) < 0)
        veil_lines_fault(r, VEIL_E_CANON);
    return r->ret;
}

int veil_lines_token(VeilLines *r, const char *key, char out[VEIL_TOKEN_CAP])
{
    VeilSpan s;

    veil_lines_fields(r, key, &s, 1);
    return veil_span_token(r, s, out);
}

int veil_lines_end(VeilLines *r)
{
    if (r->ret >= 0 && r->at != r->end)
        r->ret = veil_err(r->err, VEIL_E_CANON, "%s, line %d: nothing may follow", r->what, r->line);
    return r->ret;
}

bool veil_token_ok(const char *s)
{
    size_t n = 0;

    for (; s[n]; n++)
        if (n == VEIL_TOKEN_MAX || s[n] < 0x21 || s[n] > 0x7e)
            return false;
    return n > 0;
}
