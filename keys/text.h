/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Canonical text (PROTOCOL section 1): ASCII lines `key SP value LF` in one
 * fixed order. The writer makes it; the reader takes it apart and stops at the
 * first fault; a parser ends by writing what it read and asking
 * veil_text_same(), so that each meaning has exactly one spelling.
 *
 *     veil_lines_open(&r, bytes, len, "the warrant", err);
 *     veil_lines_word(&r, "veil/v1/warrant");
 *     veil_lines_hex(&r, "group", w->gid, 32);
 *     if ((ret = veil_lines_end(&r)) < 0)
 *         return ret;
 */
#ifndef VEIL_KEYS_TEXT_H
#define VEIL_KEYS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_TEXT_MAX  65536 ///< longest text file, in bytes
#define VEIL_TOKEN_MAX 64    ///< longest word without spaces, in bytes
#define VEIL_TOKEN_CAP (VEIL_TOKEN_MAX + 1)

/** Text being written; start with {0}. Faults stick and come out of veil_text_done(). */
typedef struct VeilText {
    char *at;   ///< len bytes and a NUL; NULL while empty
    size_t len; ///< in bytes, without the NUL
    size_t cap;
    int ret; ///< first fault
} VeilText;

/** Append as printf does, without a line end. */
void veil_text_add(VeilText *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** Append bytes. */
void veil_text_bytes(VeilText *t, const void *bytes, size_t len);

/** Append "key hex LF", "key base64 LF", "key YYYY-MM-DDTHH:MM:SSZ LF". */
void veil_text_hex(VeilText *t, const char *key, const void *bytes, size_t n);
void veil_text_b64(VeilText *t, const char *key, const void *bytes, size_t n);
void veil_text_time(VeilText *t, const char *key, int64_t seconds);

/** @return 0; -ENOMEM; VEIL_E_TOO_LARGE beyond VEIL_TEXT_MAX; VEIL_E_CANON for a time that has no text */
int veil_text_done(const VeilText *t);

/** Free the bytes and make the text empty. */
void veil_text_free(VeilText *t);

/** Does the text equal these bytes? Frees the text. @return 0, VEIL_E_CANON or as veil_text_done() */
int veil_text_same(VeilText *t, const void *bytes, size_t len, const char *what, VeilErr *err);

/** A borrowed piece of a line, without NUL. */
typedef struct VeilSpan {
    const char *at;
    size_t len; ///< in bytes
} VeilSpan;

/** A text being read. Fields are the reader's own, except `ret`. */
typedef struct VeilLines {
    const char *at, *end; ///< what is left
    const char *what;     ///< the object in messages
    VeilErr *err;
    int line; ///< number of the next line, from 1
    int ret;  ///< first fault; once set, every call does nothing
} VeilLines;

/**
 * Start reading. Checks size, alphabet and the last LF.
 *
 * @param bytes borrowed until the last call on r
 * @param what  names the object in messages, such as "warrant 'a.warrant'"; borrowed
 * @return 0; VEIL_E_TOO_LARGE; VEIL_E_CANON
 */
int veil_lines_open(VeilLines *r, const void *bytes, size_t len, const char *what, VeilErr *err);

/** The next line must be exactly this. Like all readers below, returns 0 or r->ret. */
int veil_lines_word(VeilLines *r, const char *word);

/** Is the next line's key this one? False once a fault has been found. */
bool veil_lines_next_is(const VeilLines *r, const char *key);

/** The next line is "key" and n values, each at least one byte, one space between. */
int veil_lines_fields(VeilLines *r, const char *key, VeilSpan *values, int n);

/** One value of a kind: hex or base64 of n bytes, a number up to max, a time. */
int veil_lines_hex(VeilLines *r, const char *key, uint8_t *out, size_t n);
int veil_lines_b64(VeilLines *r, const char *key, uint8_t *out, size_t n);
int veil_lines_number(VeilLines *r, const char *key, uint64_t *out, uint64_t max);
int veil_lines_time(VeilLines *r, const char *key, int64_t *out);
/** A word of at most VEIL_TOKEN_MAX bytes; out receives it and a NUL. */
int veil_lines_token(VeilLines *r, const char *key, char out[VEIL_TOKEN_CAP]);

/** Values of a line already split by veil_lines_fields(); a fault sticks to r. */
int veil_span_hex(VeilLines *r, VeilSpan s, uint8_t *out, size_t n);
int veil_span_b64(VeilLines *r, VeilSpan s, uint8_t *out, size_t n);
int veil_span_number(VeilLines *r, VeilSpan s, uint64_t *out, uint64_t max);
int veil_span_token(VeilLines *r, VeilSpan s, char out[VEIL_TOKEN_CAP]);

/** Report a fault in the line just read. @return r->ret */
int veil_lines_fault(VeilLines *r, int code);

/** Nothing may be left. @return 0 or r->ret */
int veil_lines_end(VeilLines *r);

/** A word for a token field: 1 to VEIL_TOKEN_MAX bytes of 0x21-0x7e. */
bool veil_token_ok(const char *s);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_TEXT_H */
