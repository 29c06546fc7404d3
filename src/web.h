/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A web server for one person on this machine: it listens on 127.0.0.1 and
 * nowhere else, and answers nobody but the browser that came with the one-time
 * token. Knows HTTP and nothing of video; libmicrohttpd stays inside web.c.
 *
 * Who gets in: the address `http://127.0.0.1:PORT/?t=TOKEN` works once. It is
 * exchanged for a cookie (HttpOnly, SameSite=Strict) that holds until the
 * program ends. Every other request needs the cookie, the Host that was bound
 * (so a name that an attacker points at 127.0.0.1 is no way in), no foreign
 * Origin, and, to change anything, our own Origin; else 403, whatever the path.
 */
#ifndef VEIL_SRC_WEB_H
#define VEIL_SRC_WEB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include <libavutil/buffer.h>

typedef struct VeilWeb VeilWeb;

/** A request that was let in; valid during the call. */
typedef struct VeilWebRequest {
    int64_t number;      ///< what `*` in the route's path stood for
    const char *body;    ///< len bytes and a NUL; "" without a body
    size_t len;          ///< at most the route's max_body
    void *connection;    ///< of web.c
} VeilWebRequest;

/** What goes back; starts as 404 without a body. */
typedef struct VeilWebReply {
    int status;          ///< HTTP status
    const char *type;    ///< media type; static text
    AVBufferRef *body;   ///< one reference, taken over; NULL is empty
    char etag[32];       ///< with its quotes; "" for none
    bool paper;          ///< a document of its own style, shown with no rights at all; of other types than HTML, downloaded
    bool last;           ///< veil_web_run() ends when this reply has been sent
} VeilWebReply;

/** One row of a routing table; the table ends with a row whose method is NULL. */
typedef struct VeilWebRoute {
    const char *method;  ///< "GET", "PUT", "POST", "DELETE"
    const char *path;    ///< as in the request; a `*` stands for a whole number of at most 15 digits
    size_t max_body;     ///< bytes; a body must be application/json. 0: none is taken
    void (*serve)(void *opaque, const VeilWebRequest *request, VeilWebReply *reply);
    bool early;          ///< answers also before the server's `ready` is set; the others say 503 until then
} VeilWebRoute;

/**
 * Listen and serve, in threads of its own.
 * @param port   0 for any that is free
 * @param routes borrowed until close
 * @param opaque first argument of every serve()
 * @param ready  borrowed until close; see VeilWebRoute.early
 * @return 0; a negative errno after a printed sentence
 */
int veil_web_open(VeilWeb **out, int port, const VeilWebRoute *routes, void *opaque, const atomic_bool *ready);

/** The address with the token: a secret. Valid until close; do not print it where others read. */
const char *veil_web_address(const VeilWeb *web);

/** The port that is bound. */
int veil_web_port(const VeilWeb *web);

/** Wait until a reply marked `last` was sent, or one of the two turns true. */
void veil_web_run(VeilWeb *web, const atomic_bool *cancel, const atomic_bool *failed);

/** Stop listening, end every request, wipe the token. Accepts NULL. */
void veil_web_close(VeilWeb *web);

/** A number of the query string ("?w=960"), held within min..max; `otherwise` if it is missing or no number. */
int veil_web_query(const VeilWebRequest *request, const char *key, int otherwise, int min, int max);

/** A header of the request, or NULL. */
const char *veil_web_header(const VeilWebRequest *request, const char *name);

/** False once the browser has given up on this request. */
bool veil_web_is_waiting(const VeilWebRequest *request);

/** Answer with JSON; takes the reference. NULL gives 500. */
void veil_web_json(VeilWebReply *reply, int status, json_t *value);

/** Answer with a text, which is copied. */
void veil_web_text(VeilWebReply *reply, int status, const char *type, const char *text);

/** Answer with a counted buffer; takes the reference. NULL gives 500. */
void veil_web_bytes(VeilWebReply *reply, const char *type, AVBufferRef *body);

/** Answer {"error": sentence}. */
void veil_web_refuse(VeilWebReply *reply, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif /* VEIL_SRC_WEB_H */
