/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <microhttpd.h>
#include <sodium.h>

#include "msg.h"
#include "web_gate.h"

#define CONNECTIONS 128 ///< a browser opens six
#define STRANGERS   32  ///< of them, how many may be open without having shown the cookie
#define IDLE_S      60  ///< seconds that a silent connection is kept
#define STRANGER_S  10  ///< seconds for one that has not shown it

struct VeilWeb {
    struct MHD_Daemon *daemon;
    const VeilWebRoute *routes;
    void *opaque;
    const atomic_bool *ready;
    VeilGate *gate;
    int port;
    char *address; ///< in protected memory
    atomic_bool ended;
    pthread_mutex_t lock; ///< of the two below
    int stranger[STRANGERS];
    int strangers;        ///< sockets in stranger[], the oldest first
};

/* One request on its way in. */
typedef struct Call {
    const VeilWebRoute *route;
    int64_t number;
    char *body;
    size_t len, cap;
    bool last;
} Call;

/* ---- strangers -------------------------------------------------------------------- */

/* Connections are few and a peer's address says nothing here: all come from
 * 127.0.0.1. So those that have not shown the cookie have places of their own,
 * and when these are taken the oldest makes room for the newest. */

static void forget_stranger(VeilWeb *web, int fd)
{
    for (int i = 0; i < web->strangers; i++)
        if (web->stranger[i] == fd) {
            web->strangers--;
            memmove(web->stranger + i, web->stranger + i + 1, (size_t)(web->strangers - i) * sizeof(web->stranger[0]));
            return;
        }
}

static void connection_changed(void *cls, struct MHD_Connection *connection, void **state,
                               enum MHD_ConnectionNotificationCode code)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    VeilWeb *web = cls;

    (void)state;
    if (!info)
        return;
    pthread_mutex_lock(&web->lock);
    forget_stranger(web, info->connect_fd);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        if (web->strangers == STRANGERS) {
            /* Its thread wakes, finds the end, and closes: until then the number stays its own. */
            shutdown(web->stranger[0], SHUT_RDWR);
            forget_stranger(web, web->stranger[0]);
        }
        web->stranger[web->strangers++] = info->connect_fd;
        MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, (unsigned)STRANGER_S);
    }
    pthread_mutex_unlock(&web->lock);
}

static void make_known(VeilWeb *web, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    if (!info)
        return;
    pthread_mutex_lock(&web->lock);
    forget_stranger(web, info->connect_fd);
    pthread_mutex_unlock(&web->lock);
    MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, (unsigned)IDLE_S);
}

/* ---- replies --------------------------------------------------------------------- */

static void release_buffer(void *opaque)
{
    AVBufferRef *ref = opaque;

    av_buffer_unref(&ref);
}

static struct MHD_Response *response_of(VeilWebReply *reply)
{
    struct MHD_Response *r;

    if (!reply->body)
        return MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
    r = MHD_create_response_from_buffer_with_free_callback_cls(reply->body->size, reply->body->data, release_buffer,
                                                               reply->body);
    if (!r)
        av_buffer_unref(&reply->body);
    reply->body = NULL;
    return r;
}

/* The page may run its own script and show its own pictures: nothing else, from nowhere else. */
static const char page_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/* Papers bring their style along, hold what people wrote, and are of no origin. */
static const char paper_policy[] =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "sandbox allow-modals";

static void add_safety(struct MHD_Response *r, bool paper)
{
    static const char *const header[][2] = {
        { "X-Content-Type-Options", "nosniff" },
        { "Cache-Control", "no-store" },
        { "Referrer-Policy", "no-referrer" },
        { "X-Frame-Options", "DENY" },
        { "Cross-Origin-Opener-Policy", "same-origin" },
        { "Cross-Origin-Resource-Policy", "same-origin" },
        { "Permissions-Policy", "camera=(), microphone=(), geolocation=()" },
    };

    for (size_t i = 0; i < sizeof(header) / sizeof(header[0]); i++)
        MHD_add_response_header(r, header[i][0], header[i][1]);
    MHD_add_response_header(r, "Content-Security-Policy", paper ? paper_policy : page_policy);
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, VeilWebReply *reply, const char *cookie)
{
    struct MHD_Response *r = response_of(reply);
    enum MHD_Result ret;

    if (!r)
        return MHD_NO;
    add_safety(r, reply->paper);
    if (reply->paper && reply->type && strncmp(reply->type, "text/html", 9) != 0)
        MHD_add_response_header(r, "Content-Disposition", "attachment");
    if (reply->type)
        MHD_add_response_header(r, "Content-Type", reply->type);
    if (*reply->etag)
        MHD_add_response_header(r, "ETag", reply->etag);
    if (cookie)
        MHD_add_response_header(r, "Set-Cookie", cookie);
    if (reply->last)
        MHD_add_response_header(r, "Connection", "close");
    ret = MHD_queue_response(connection, (unsigned)reply->status, r);
    MHD_destroy_response(r);
    return ret;
}

/* ---- requests --------------------------------------------------------------------- */

const char *veil_web_header(const VeilWebRequest *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

int veil_web_query(const VeilWebRequest *request, const char *key, int otherwise, int min, int max)
{
    const char *text = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, key);
    char *end;
    long v;

    if (!text || !*text)
        return otherwise;
    v = strtol(text, &end, 10);
    if (*end)
        return otherwise;
    return v < min ? min : v > max ? max : (int)v;
}

bool veil_web_is_waiting(const VeilWebRequest *request)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    char byte;

    /* A browser gives up by closing; one that waits sends nothing, or its next request. */
    return !info || recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
}

/* "/api/frame/12.jpg" against "/api/frame/" "*" ".jpg". */
static bool path_matches(const char *pattern, const char *path, int64_t *number)
{
    const char *star = strchr(pattern, '*');
    size_t digits;

    *number = -1;
    if (!star)
        return !strcmp(pattern, path);
    if (strncmp(pattern, path, (size_t)(star - pattern)) != 0)
        return false;
    path += star - pattern;
    digits = strspn(path, "0123456789");
    if (!digits || digits > 15 || strcmp(path + digits, star + 1) != 0)
        return false;
    *number = strtoll(path, NULL, 10);
    return true;
}

static const VeilWebRoute *find_route(const VeilWeb *web, const char *method, const char *path, int64_t *number,
                                      bool *known)
{
    *known = false;
    for (const VeilWebRoute *r = web->routes; r->method; r++) {
        if (!path_matches(r->path, path, number))
            continue;
        if (!strcmp(r->method, method))
            return r;
        *known = true;
    }
    return NULL;
}

/* What can be said against the body before a byte of it is read. */
static int check_body(const VeilWebRequest *request, size_t max, size_t *len)
{
    const char *length = veil_web_header(request, "Content-Length");
    const char *type = veil_web_header(request, "Content-Type");
    char *end = NULL;

    *len = 0;
    if (veil_web_header(request, "Transfer-Encoding"))
        return 411;
    if (!length)
        return 0;
    errno = 0;
    *len = strtoull(length, &end, 10);
    if (errno || end == length || *end)
        return 400;
    if (*len > max)
        return 413;
    /* A form of another site can send text/plain, but not this type without asking first. */
    if (*len && (!type || strncasecmp(type, "application/json", 16) != 0))
        return 415;
    return 0;
}

static const char *reason_of(int status)
{
    switch (status) {
    case 403: return "not for you: open the address that 'veil review' printed, in one browser";
    case 405: return "this address does not take that method";
    case 411: return "a body needs its Content-Length";
    case 413: return "the body is longer than this address takes";
    case 415: return "the body must be application/json";
    case 503: return "faces are still looked for; ask /api/scan how far it is";
    default:  return "there is nothing at this address";
    }
}

/* @return 0 to go on, or the status to refuse with; *call gets the route and room for the body */
static int admit(VeilWeb *web, Call *call, const VeilWebRequest *request, const char *path, const char *method)
{
    bool known;
    size_t len;
    int status;

    if (!veil_gate_admits(web->gate, request->connection, method))
        return 403;
    make_known(web, request->connection);
    if (!(call->route = find_route(web, method, path, &call->number, &known)))
        return known ? 405 : 404;
    if (!call->route->early && !atomic_load(web->ready))
        return 503;
    if ((status = check_body(request, call->route->max_body, &len)))
        return status;
    call->cap = len;
    return (call->body = calloc(1, len + 1)) ? 0 : 500;
}

static enum MHD_Result begin(VeilWeb *web, struct MHD_Connection *connection, Call *call, const char *path,
                             const char *method)
{
    const VeilWebRequest request = { .number = -1, .body = "", .connection = connection };
    VeilWebReply reply = { .status = 404 };
    char cookie[VEIL_GATE_COOKIE] = "";
    const char *page;
    int status;

    if ((page = veil_gate_exchange(web->gate, connection, method, path, cookie))) {
        veil_web_text(&reply, 200, "text/html; charset=utf-8", page);
        return send_reply(connection, &reply, *cookie ? cookie : NULL);
    }
    if (!(status = admit(web, call, &request, path, method)))
        return MHD_YES;
    veil_web_refuse(&reply, status, "%s", reason_of(status));
    return send_reply(connection, &reply, NULL);
}

static enum MHD_Result answer(void *cls, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *upload, size_t *upload_len, void **state)
{
    VeilWeb *web = cls;
    Call *call = *state;
    VeilWebRequest request;
    VeilWebReply reply = { .status = 404 };

    (void)version;
    if (!call) {
        if (!(call = calloc(1, sizeof(*call))))
            return MHD_NO;
        *state = call;
        return begin(web, connection, call, path, method);
    }
    if (*upload_len) {
        if (*upload_len > call->cap - call->len)
            return MHD_NO; /* more than its Content-Length */
        memcpy(call->body + call->len, upload, *upload_len);
        call->len += *upload_len;
        *upload_len = 0;
        return MHD_YES;
    }
    request = (VeilWebRequest){ call->number, call->body, call->len, connection };
    call->route->serve(web->opaque, &request, &reply);
    call->last = reply.last;
    return send_reply(connection, &reply, NULL);
}

static void completed(void *cls, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode why)
{
    VeilWeb *web = cls;
    Call *call = *state;

    (void)connection;
    (void)why;
    if (!call)
        return;
    if (call->last)
        atomic_store(&web->ended, true);
    free(call->body);
    free(call);
    *state = NULL;
}

/* ---- the server --------------------------------------------------------------------- */

/* The socket is made here and looked at again once bound: nothing but loopback, ever. */
static int listen_local(int port, int *bound)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    socklen_t len = sizeof(at);
    const int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int ret = 0;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 32) < 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) < 0)
        ret = -errno;
    else if (at.sin_family != AF_INET || at.sin_addr.s_addr != htonl(INADDR_LOOPBACK))
        ret = -EADDRNOTAVAIL;
    if (ret < 0) {
        close(fd);
        return ret;
    }
    *bound = ntohs(at.sin_port);
    return fd;
}

/* Also true of a socket that listens on loopback; said twice because everything rests on it. */
static enum MHD_Result from_here(void *cls, const struct sockaddr *peer, socklen_t len)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)peer;

    (void)cls;
    return len >= sizeof(*in) && peer->sa_family == AF_INET && ntohl(in->sin_addr.s_addr) >> 24 == 127 ? MHD_YES
                                                                                                       : MHD_NO;
}

static void no_log(void *cls, const char *fmt, va_list ap)
{
    (void)cls, (void)fmt, (void)ap; /* it would name addresses that hold the token */
}

static int start(VeilWeb *web, int fd)
{
    web->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL | MHD_USE_ERROR_LOG, 0,
        from_here, web, answer, web, MHD_OPTION_EXTERNAL_LOGGER, no_log, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)STRANGER_S,
        MHD_OPTION_NOTIFY_COMPLETED, completed, web, MHD_OPTION_NOTIFY_CONNECTION, connection_changed, web, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (web->daemon)
        return 0;
    close(fd);
    return -EIO;
}

int veil_web_open(VeilWeb **out, int port, const VeilWebRoute *routes, void *opaque, const atomic_bool *ready)
{
    VeilWeb *web = calloc(1, sizeof(*web));
    int fd, ret;

    *out = NULL;
    if (!web)
        return -ENOMEM;
    web->routes = routes;
    web->opaque = opaque;
    web->ready = ready;
    pthread_mutex_init(&web->lock, NULL);
    if ((fd = listen_local(port, &web->port)) < 0) {
        veil_error("cannot listen on 127.0.0.1 port %d: %s; choose another --port, or leave it out", port,
                   strerror(-fd));
        ret = fd;
        goto fail;
    }
    if (!(web->address = sodium_malloc(VEIL_GATE_ADDRESS)) || !(web->gate = veil_gate_new(web->port, web->address))) {
        close(fd);
        ret = -ENOMEM;
        goto fail;
    }
    if ((ret = start(web, fd)) < 0) {
        veil_error("cannot start the web server on 127.0.0.1 port %d; see 'ulimit -u' and 'ulimit -n'", web->port);
        goto fail;
    }
    *out = web;
    return 0;
fail:
    veil_web_close(web);
    return ret;
}

const char *veil_web_address(const VeilWeb *web)
{
    return web->address;
}

int veil_web_port(const VeilWeb *web)
{
    return web->port;
}

void veil_web_run(VeilWeb *web, const atomic_bool *cancel, const atomic_bool *failed)
{
    const struct timespec pause = { .tv_nsec = 50000000 }; /* a signal cuts it short */

    while (!atomic_load(&web->ended) && !atomic_load(cancel) && !atomic_load(failed))
        nanosleep(&pause, NULL);
}

void veil_web_close(VeilWeb *web)
{
    if (!web)
        return;
    if (web->daemon)
        MHD_stop_daemon(web->daemon);
    veil_gate_free(web->gate);
    sodium_free(web->address);
    pthread_mutex_destroy(&web->lock);
    free(web);
}
