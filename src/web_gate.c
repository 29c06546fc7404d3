/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web_gate.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <microhttpd.h>
#include <sodium.h>

#define SECRET_BYTES 32 ///< 256 bits
#define SECRET_HEX   (2 * SECRET_BYTES + 1)

/* In protected memory as a whole. */
struct VeilGate {
    char token[SECRET_HEX], session[SECRET_HEX];
    bool token_used;
    pthread_mutex_t lock;
    char host[32];        ///< "127.0.0.1:PORT"
    char origin[40];      ///< "http://127.0.0.1:PORT"
    char cookie_name[24]; ///< cookies do not tell ports apart, so the name does
};

static void draw(char hex[SECRET_HEX])
{
    unsigned char secret[SECRET_BYTES];

    randombytes_buf(secret, sizeof(secret));
    sodium_bin2hex(hex, SECRET_HEX, secret, sizeof(secret));
    sodium_memzero(secret, sizeof(secret));
}

VeilGate *veil_gate_new(int port, char address[VEIL_GATE_ADDRESS])
{
    VeilGate *g = sodium_malloc(sizeof(*g));

    if (!g)
        return NULL;
    memset(g, 0, sizeof(*g));
    pthread_mutex_init(&g->lock, NULL);
    draw(g->token);
    draw(g->session);
    snprintf(g->host, sizeof(g->host), "127.0.0.1:%d", port);
    snprintf(g->origin, sizeof(g->origin), "http://%s", g->host);
    snprintf(g->cookie_name, sizeof(g->cookie_name), "veil-%d", port);
    snprintf(address, VEIL_GATE_ADDRESS, "%s/?t=%s", g->origin, g->token);
    return g;
}

void veil_gate_free(VeilGate *gate)
{
    if (gate)
        pthread_mutex_destroy(&gate->lock);
    sodium_free(gate); /* wipes */
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static bool is_secret(const char *given, const char *secret)
{
    return given && strlen(given) == SECRET_HEX - 1 && !sodium_memcmp(given, secret, SECRET_HEX - 1);
}

/* A page of a name that was made to point here sends that name. */
static bool is_our_host(const VeilGate *g, struct MHD_Connection *connection)
{
    const char *host = header(connection, "Host");

    return host && !strcmp(host, g->host);
}

static bool has_session(const VeilGate *g, struct MHD_Connection *connection)
{
    return is_secret(MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, g->cookie_name), g->session);
}

/* True once, for the first who brings it. */
static bool spend_token(VeilGate *g, const char *given)
{
    bool right;

    pthread_mutex_lock(&g->lock);
    right = !g->token_used && is_secret(given, g->token);
    g->token_used |= right;
    if (right)
        sodium_memzero(g->token, sizeof(g->token));
    pthread_mutex_unlock(&g->lock);
    return right;
}

const char *veil_gate_exchange(VeilGate *gate, struct MHD_Connection *connection, const char *method,
                               const char *path, char cookie[VEIL_GATE_COOKIE])
{
    /* Not a redirect: a browser that was sent here by a page of another origin
     * (the file that xdg-open was given) keeps back a Strict cookie all along
     * a chain of redirects. A page that leads on is an origin of our own. */
    static const char page[] = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>veil review</title>"
                               "<meta http-equiv=\"refresh\" content=\"0; url=/\"><p><a href=\"/\">Open the review</a>";
    const char *given = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "t");

    if (!given || strcmp(method, "GET") != 0 || strcmp(path, "/") != 0 || !is_our_host(gate, connection))
        return NULL;
    if (has_session(gate, connection))
        return page;
    if (!spend_token(gate, given))
        return NULL;
    snprintf(cookie, VEIL_GATE_COOKIE, "%s=%s; Path=/; HttpOnly; SameSite=Strict", gate->cookie_name, gate->session);
    return page;
}

bool veil_gate_admits(const VeilGate *gate, struct MHD_Connection *connection, const char *method)
{
    const char *origin = header(connection, "Origin"), *site = header(connection, "Sec-Fetch-Site");

    if (!is_our_host(gate, connection) || !has_session(gate, connection))
        return false;
    if (origin ? strcmp(origin, gate->origin) != 0 : strcmp(method, "GET") != 0)
        return false;
    /* Other ports of 127.0.0.1 are the "same site", so the cookie alone would let their pages in. */
    return !site || !strcmp(site, "same-origin") || !strcmp(site, "none");
}
