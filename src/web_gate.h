/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Who may talk to the web server: the token, the session it is exchanged for,
 * and the headers by which a browser says on whose behalf it asks. Split from
 * web.c so that every rule of admission is on one page.
 */
#ifndef VEIL_SRC_WEB_GATE_H
#define VEIL_SRC_WEB_GATE_H

#include <stdbool.h>

#define VEIL_GATE_ADDRESS 128 ///< room for the address with its token
#define VEIL_GATE_COOKIE  192 ///< room for a Set-Cookie line

struct MHD_Connection;
typedef struct VeilGate VeilGate;

/**
 * Draw token and session, 256 bits each, in protected memory. Needs sodium_init() first.
 * @param address receives "http://127.0.0.1:PORT/?t=TOKEN"
 * @return NULL without memory
 */
VeilGate *veil_gate_new(int port, char address[VEIL_GATE_ADDRESS]);

/**
 * The way in: GET /?t=TOKEN, from any page, but with our Host. The first time
 * with the right token it sets the session's cookie; later the token is worth
 * nothing, but a browser that has the cookie may load the address again.
 * @param cookie receives the Set-Cookie line, or stays as it is
 * @return the page that leads on to "/", or NULL: this is no way in
 */
const char *veil_gate_exchange(VeilGate *gate, struct MHD_Connection *connection, const char *method,
                               const char *path, char cookie[VEIL_GATE_COOKIE]);

/** True for a request of our own page in the browser that has the session. */
bool veil_gate_admits(const VeilGate *gate, struct MHD_Connection *connection, const char *method);

void veil_gate_free(VeilGate *gate); ///< accepts NULL

#endif /* VEIL_SRC_WEB_GATE_H */
