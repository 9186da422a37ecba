/* SPDX-License-Identifier: Apache-2.0
 *
 * From the socket to the handler. All connections of a worker read into one scratch buffer; only what cannot be
 * understood yet (half a head, a pipelined request) is copied to the connection's own `in`, so that an idle connection
 * holds no buffer and the text of a body stays in one place, which is wiped after each read.
 */
#include "server_connection.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define DISCARD_MAX (64u << 20)

/* ---- heads ---- */

static bool host_is_allowed(const struct server *s, struct span host) {
    if (!s->o.hosts) return true;
    for (const char *const *h = s->o.hosts; *h; h++)
        if (span_is_nocase(host, *h)) return true;
    return false;
}

static void begin_exchange(struct connection *c, const struct http1_head *h) {
    struct server *s = c->server;
    struct server_exchange *x = &c->x;

    *x = (struct server_exchange){.close = h->close || s->draining, .old = h->minor == 0,
                                  .expect = h->expect_continue, .head_only = h->method == HTTP1_HEAD};
    http1_body_init(&x->body, h);
    c->phase = PHASE_EXCHANGE;
    if (!host_is_allowed(s, h->host)) {
        connection_refuse(c, 421, "Host is none of this gateway's names");
        return;
    }
    x->owner = s->h.head(s->h.arg, x, h);
    x->live = x->owner != NULL;
    if (!x->live && x->answer == ANSWER_NONE) connection_refuse(c, 500, "the request could not be taken up");
}

static size_t read_head(struct connection *c, struct span bytes) {
    struct server *s = c->server;
    const char *reason = NULL;
    size_t used = 0;
    int status = 0;

    if (bytes.len && c->phase == PHASE_IDLE) {
        c->phase = PHASE_HEAD;
        c->since = server_now();
    }
    int rc = http1_read_head(bytes, s->o.header_max, &s->head, &used, &status, &reason);
    if (rc < 0) connection_refuse(c, status, reason);
    if (rc > 0) begin_exchange(c, &s->head);
    return used;
}

/* ---- bodies ---- */

static bool handler_listens(const struct connection *c) {
    const struct server_exchange *x = &c->x;

    return c->phase == PHASE_EXCHANGE && x->live && x->body_wanted && x->answer != ANSWER_ENDED && !c->refusal &&
           !c->broken;
}

bool connection_takes_body(const struct connection *c) {
    return handler_listens(c) && !c->x.body.ended;
}

static size_t read_body(struct connection *c, struct span bytes) {
    struct server_exchange *x = &c->x;
    struct span data;
    size_t used;

    if (http1_body_read(&x->body, bytes, &used, &data) < 0) {
        connection_refuse(c, 400, "the body is not framed as HTTP says");
        return 0;
    }
    if (data.len == 0) return used;
    if (x->body.total > x->body_max) {
        connection_refuse(c, 413, "the body is too large");
        return 0;
    }
    if (c->server->h.body(x->owner, data) < 0) x->body_wanted = false;
    return used;
}

static void tell_complete(struct connection *c) {
    struct server_exchange *x = &c->x;

    if (!handler_listens(c) || !x->body.ended || x->completed) return;
    x->completed = true;
    c->server->h.complete(x->owner);
}

/* ---- runs of bytes ---- */

static size_t understand_some(struct connection *c, struct span bytes) {
    if (c->broken || c->refusal) return 0;
    if (c->phase == PHASE_HEAD || c->phase == PHASE_IDLE) return read_head(c, bytes);
    return connection_takes_body(c) ? read_body(c, bytes) : 0;
}

/* Returns how many bytes are done with. Stops behind a request whose exchange is not over. */
static size_t understand(struct connection *c, struct span bytes) {
    size_t at = 0, used;

    do {
        used = understand_some(c, span_sub(bytes, at, bytes.len));
        at += used;
        tell_complete(c);
    } while (used);
    return at;
}

void connection_process(struct connection *c) {
    buf_consume(&c->in, understand(c, buf_span(&c->in)));
    if (c->in.len == 0) buf_free(&c->in);
}

static void take(struct connection *c, struct span bytes) {
    if (c->in.len == 0) {
        size_t used = understand(c, bytes);
        buf_add(&c->in, span_sub(bytes, used, bytes.len));
    } else {
        buf_add(&c->in, bytes);
        connection_process(c);
    }
    if (c->in.failed) c->broken = true;
}

/* ---- the socket ---- */

static void discard(struct connection *c) {
    ssize_t n = recv(c->fd, c->server->scratch, SCRATCH_SIZE, MSG_DONTWAIT);

    if (n > 0) {
        c->discarded += (size_t)n;
        explicit_bzero(c->server->scratch, (size_t)n);
    }
    if (n == 0 || c->discarded > DISCARD_MAX) c->broken = true;
    if (n < 0 && errno != EAGAIN && errno != EINTR) c->broken = true;
}

static bool greet(struct connection *c) {
    int rc = socket_handshake(c);

    if (rc < 0) c->broken = true;
    if (rc <= 0) return false;
    tls_peer_fingerprint(c->ssl, c->fingerprint);
    c->phase = PHASE_HEAD;
    return true;
}

/* While a body flows all of the scratch; otherwise no more than may be held. */
static size_t room(const struct connection *c) {
    if (c->fresh) return 0;
    if (c->phase != PHASE_EXCHANGE || connection_takes_body(c)) return SCRATCH_SIZE;
    return c->in.len < c->server->o.header_max ? c->server->o.header_max - c->in.len : 0;
}

void connection_read(struct connection *c) {
    if (c->phase == PHASE_CLOSED) return;
    if (c->phase == PHASE_LINGER) {
        discard(c);
        return;
    }
    if (c->phase == PHASE_HANDSHAKE && !greet(c)) return;
    do {
        size_t size = room(c);
        ssize_t n = size ? socket_read(c, c->server->scratch, size < SCRATCH_SIZE ? size : SCRATCH_SIZE) : 0;
        if (n < 0) c->broken = true; /* a client that shuts down its sending side is taken to be gone */
        if (n <= 0) return;
        take(c, span_make(c->server->scratch, (size_t)n));
        explicit_bzero(c->server->scratch, (size_t)n);
    } while (!c->broken && socket_holds_input(c));
}
