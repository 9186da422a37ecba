/* SPDX-License-Identifier: Apache-2.0
 *
 * Client connections of one worker: sockets, TLS, the HTTP/1.1 reader, timeouts, back-pressure. One exchange at a
 * time per connection; a pipelined request waits in the kernel or the read buffer. Everything happens on the
 * worker's thread. The handler is told about an exchange and answers by the verbs below, now or later; a verb never
 * calls the handler back, what follows from it comes later in the same turn of the event loop.
 *
 * A client that shuts down its sending side (half-close) is taken to be gone: HTTP libraries do not do that, and it
 * cannot be told from one that left. The process must ignore SIGPIPE when TLS is used.
 *
 *   head ──> (server_reply | server_accept_body) ──> body* ──> complete
 *        ──> server_begin, server_write*, server_end
 *                                             gone: at any time after head, once; then the exchange is dead
 */
#ifndef SERVER_H
#define SERVER_H

#include "http1.h"
#include "span.h"

struct event_base;
struct server;
struct server_exchange;
struct tls_context;

struct server_handler {
    /* A complete head; spans are valid during the call only. The handler answers at once (server_reply), or allows
     * the body (server_accept_body). The returned pointer is the exchange's owner for the other calls; NULL is for
     * an exchange that was answered completely and needs no more of them. */
    void *(*head)(void *arg, struct server_exchange *x, const struct http1_head *h);
    /* Some bytes of the body, borrowed. -1 after having answered. */
    int (*body)(void *owner, struct span bytes);
    void (*complete)(void *owner); /* the whole body is there */
    void (*drained)(void *owner);  /* what was written has gone below the low mark: write on */
    /* The client is gone, or the exchange ended (after server_end and the last byte left, or an error). Called exactly
     * once per exchange for which head returned an owner, last of all; x is dead afterwards. aborted: the answer did
     * not leave completely: the client left or stalled, server_abort, or the server itself refused the rest of the
     * request (400 bad framing, 408 too slow, 413 too large). */
    void (*gone)(void *owner, bool aborted);
    void *arg;
};

/* Zero means the default: 16 KiB, 4096 connections, 10 s, 60 s, 10 s, 1024 bytes/s, 60 s, 256 KiB, a quarter. */
struct server_options {
    size_t header_max;              /* bytes of a head */
    unsigned connections_max;       /* of this worker; beyond it: 503 and close */
    unsigned header_timeout_ms;     /* whole head, from its first byte (or from accept) */
    unsigned idle_timeout_ms;       /* keep-alive between requests */
    unsigned body_grace_ms;         /* in each such span a body must bring body_min_rate bytes per second */
    unsigned body_min_rate;
    unsigned write_timeout_ms;      /* no progress on writing */
    size_t write_high, write_low;   /* back-pressure marks */
    const char *const *hosts;       /* allowed authorities for Host and absolute form, NULL-terminated, or NULL: any
                                       well-formed one. Borrowed for the server's life */
    struct tls_context *tls;        /* NULL: plain */
};

struct server *server_new(struct event_base *base, const struct server_options *o, const struct server_handler *h);
void server_adopt(struct server *s, int fd); /* takes a connected socket; worker thread only */
void server_drain(struct server *s);         /* no new requests; idle connections close; calls go on */
unsigned server_connections(const struct server *s); /* any thread may read it (atomic) */
void server_free(struct server *s);          /* closes everything; gone is called for live exchanges */
void server_set_tls(struct server *s, struct tls_context *c); /* for new connections */

/* ---- verbs ---- */

void server_accept_body(struct server_exchange *x, uint64_t body_max); /* more: 413 by server_reply inside, gone */
/* Client address as text without the port, and the certificate fingerprint when one was verified (else empty). */
const char *server_peer(const struct server_exchange *x);
const char *server_fingerprint(const struct server_exchange *x);

struct server_header {
    const char *name;
    struct span value; /* CR, LF and NUL inside are refused: the header is left out; so are names that frame a message */
};

/* A whole answer with Content-Length. The rest of an unread body is dropped and the connection closed. */
void server_reply(struct server_exchange *x, int status, const struct server_header *headers, size_t n,
                  struct span body);
/* length < 0: chunked (HTTP/1.1) or closing (HTTP/1.0). Begun before the request's body is complete, the connection
 * ends with the answer. Writing more or ending with less than length breaks the connection. */
void server_begin(struct server_exchange *x, int status, const struct server_header *headers, size_t n,
                  long long length);
/* false: above the high mark, wait for drained. The bytes are taken in either case (copied or written at once). */
bool server_write(struct server_exchange *x, struct span bytes);
void server_end(struct server_exchange *x);   /* last chunk; keep-alive where allowed */
void server_abort(struct server_exchange *x); /* breaks the connection without a clean end, so that a cut answer cannot
                                                 look complete */
#endif
