/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the server share: one client connection. For server*.c only.
 *
 *   HANDSHAKE ──> HEAD ──> EXCHANGE ──> IDLE ──> HEAD ...
 *                   \__________\──> LINGER ──> CLOSED
 *
 * Rule of order: the verbs and the readers only set flags and fill buffers. connection_settle, called at the end of
 * every event callback (and by one deferred event for what verbs did elsewhere), draws the consequences: it flushes,
 * tells the handler, ends the exchange, closes. So nothing is freed under a caller's feet.
 */
#ifndef SERVER_CONNECTION_H
#define SERVER_CONNECTION_H

#include "buf.h"
#include "server.h"
#include "tls.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/queue.h>
#include <sys/types.h>

#define SCRATCH_SIZE 65536u
#define BACKLOG_MAX (128u << 20) /* a handler that does not heed the high mark loses its client */

enum phase { PHASE_CLOSED = 0, PHASE_HANDSHAKE, PHASE_HEAD, PHASE_EXCHANGE, PHASE_IDLE, PHASE_LINGER };
enum answer { ANSWER_NONE = 0, ANSWER_BEGUN, ANSWER_ENDED };

/* The request being served. It lives inside its connection and is zeroed for the next. */
struct server_exchange {
    void *owner;
    struct http1_body body;
    uint64_t body_max;
    uint64_t left; /* of the declared length of the answer */
    enum answer answer;
    bool live;        /* the owner has still to be told that it is gone */
    bool body_wanted; /* the handler has allowed the body */
    bool completed;   /* and was told that all of it is there */
    bool close;       /* the connection ends after this exchange */
    bool old;         /* HTTP/1.0 */
    bool expect;      /* 100-continue is awaited */
    bool head_only;   /* the request was HEAD */
    bool bodiless;    /* the answer has no body bytes */
    bool counted, chunked; /* framing of the answer; neither: it ends with the connection */
    bool blocked;     /* the handler waits for drained */
    bool opened;      /* bytes of the answer's body have been handed to the socket */
};

TAILQ_HEAD(connection_list, connection);

struct connection {
    TAILQ_ENTRY(connection) all, due; /* a closed one waits on server->dead, linked by `all` */
    struct server *server;
    struct server_exchange x;
    struct event readable, writable;
    struct buf in, out;
    size_t sent;      /* bytes of out that have left */
    SSL *ssl;
    int fd;
    enum phase phase;
    bool is_due;      /* on server->due */
    bool fresh;       /* bytes of in may now be understood further */
    bool paused;      /* reading is switched off */
    bool writing;     /* the socket is full, writable is armed */
    bool broken;      /* to be closed without a clean end */
    int refusal;      /* status to answer with, in place of the handler; 0: none */
    const char *reason;
    int64_t since;    /* ms: entry into the phase, or the start of the body's window */
    int64_t progress; /* ms: last byte that left */
    uint64_t window_total; /* body bytes at the start of the window */
    size_t discarded;
    char peer[INET6_ADDRSTRLEN];
    char fingerprint[65];
};

struct server {
    struct event_base *base;
    struct server_options o;
    struct server_handler h;
    struct tls_context *tls;
    struct event *tick, *settle_due;
    struct connection_list all, due, dead;
    struct connection *current; /* being settled: needs no reminder */
    atomic_uint n;
    bool draining;
    struct http1_head head;
    time_t date_at;
    char date[48];
    char scratch[SCRATCH_SIZE];
};

int64_t server_now(void); /* ms, monotonic */

/* server.c */
struct connection *connection_of(struct server_exchange *x);
void connection_settle(struct connection *c);
void connection_set_due(struct connection *c); /* settle it later in this turn of the loop */
void connection_refuse(struct connection *c, int status, const char *reason);
void connection_sweep(struct connection *c, int64_t now); /* timeouts */

/* server_read.c */
void connection_read(struct connection *c);    /* the socket is readable */
void connection_process(struct connection *c); /* goes on with the bytes in `in` */
bool connection_takes_body(const struct connection *c); /* more of it is to come, and wanted */

/* server_write.c */
void connection_flush(struct connection *c);
size_t connection_backlog(const struct connection *c);
void connection_answer_refusal(struct connection *c);

/* server_socket.c: bytes, 0 when the socket would block, -1 when the client is gone. */
ssize_t socket_read(struct connection *c, char *to, size_t size);
ssize_t socket_write(struct connection *c, struct span first, struct span second);
int socket_handshake(struct connection *c); /* 1 done, 0 would block, -1 failed */
bool socket_holds_input(const struct connection *c); /* bytes that no event will announce */
void socket_end_writing(struct connection *c);
void socket_close(struct connection *c, bool reset);

#endif
