/* SPDX-License-Identifier: Apache-2.0
 *
 * What the upstream modules share; nobody else includes this. A call is one of two kinds, an exchange over libcurl or an
 * answer of the echo model. Its life is the same:
 *
 *   start -> live -> (ended: by cancel, a deadline, the end of the loop) -> done -> released
 *
 * `ended` is the point of no return: from there on no head and no data are given, and done follows from the loop. A call
 * is woken through its own event, so that nothing ever happens inside the caller's functions.
 */
#ifndef UPSTREAM_INTERNAL_H
#define UPSTREAM_INTERNAL_H

#include "response_head.h"
#include "upstream.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <openssl/ossl_typ.h>
#include <sys/queue.h>

#include "buf.h"

#define UPSTREAM_POOL_BUCKETS 256u
#define UPSTREAM_LINES_MAX 32

struct upstream_kind {
    void (*detach)(struct upstream_call *c);  /* lets go of the connection; may be called more than once */
    void (*wake)(struct upstream_call *c);    /* woken while live */
    void (*release)(struct upstream_call *c); /* the last call */
    bool (*sent)(const struct upstream_call *c); /* NULL: its answer is made of the body */
    /* When the call must end and how, in upstream_now time. */
    int64_t (*deadline)(const struct upstream_call *c, enum upstream_end *how);
};

TAILQ_HEAD(upstream_calls, upstream_call);
struct upstream_call {
    const struct upstream_kind *kind;
    struct upstreams *u;
    const struct upstream_handler *handler;
    void *owner;
    struct event wake;
    TAILQ_ENTRY(upstream_call) link;
    enum upstream_end end;
    bool ended;
};

TAILQ_HEAD(upstream_sockets, upstream_socket);
struct upstream_socket { /* a descriptor that libcurl watches */
    struct upstream_pool *pool;
    struct event event;
    TAILQ_ENTRY(upstream_socket) link;
    int fd;
    short armed;    /* what the event waits for */
    bool connection; /* made by us for a connection; else one of libcurl's own (the resolver's) */
    bool asked;     /* libcurl waits for it */
    bool used;      /* a request was sent on it */
    bool dirty;     /* became readable while nobody waited: a closed connection or a planted answer */
    int port, peer_port; /* port: ours, 0 until asked for */
    char peer[64];
};

TAILQ_HEAD(upstream_exchanges, upstream_exchange);
TAILQ_HEAD(upstream_pools, upstream_pool);
struct upstream_pool { /* connections of one pool number and one trust store */
    struct upstreams *u;
    TAILQ_ENTRY(upstream_pool) link;   /* all, least recently used first */
    TAILQ_ENTRY(upstream_pool) bucket;
    uint64_t number;
    char *ca_file;
    X509_STORE *trust;
    CURLM *multi;
    struct event timer;
    struct upstream_sockets sockets;
    struct upstream_exchanges spare; /* with their easy handles, for the next call */
    unsigned live, busy, n_spare;    /* busy: inside libcurl or reading its results */
    int64_t used;
};

struct upstream_exchange {
    struct upstream_call call; /* first */
    struct upstream_pool *pool;
    TAILQ_ENTRY(upstream_exchange) spare;
    CURL *easy;
    const struct upstream_target *target;
    bool attached, tls, get, stream, flows;
    bool fresh;      /* a fresh connection was demanded */
    bool refused;    /* the guard refused a connection; nothing was sent on it */
    bool head_given;
    bool unlimited;  /* events, or what flows: its length has no limit */
    bool full;       /* the owner wants no more for now */
    bool held;       /* ... and libcurl keeps data back */
    bool failed;     /* `failure` holds why */
    enum upstream_end failure;
    unsigned sends;
    uint64_t body_len;
    int64_t started, sent, heard;
    uint64_t received;
    struct response_head head;
    struct inflate *inflate; /* of an answer that came with a coding */
    CURLU *url;
    struct buf url_text; /* what url was made of */
    struct buf text;     /* header lines */
    struct curl_slist lines[UPSTREAM_LINES_MAX];
};

struct upstream_trust {
    TAILQ_ENTRY(upstream_trust) link;
    char *ca_file;
    X509_STORE *store;
};
TAILQ_HEAD(upstream_trusts, upstream_trust);

struct upstreams {
    struct event_base *base;
    struct upstream_calls live;
    struct event deadline;
    int64_t deadline_at; /* 0: not set */
    struct upstream_pools pools;
    struct upstream_pools buckets[UPSTREAM_POOL_BUCKETS];
    unsigned n_pools;
    struct upstream_socket **sockets; /* by descriptor */
    size_t n_sockets;
    struct upstream_trusts trusts;
};

/* upstream.c */
int64_t upstream_now(void); /* milliseconds, monotonic */
void upstream_call_init(struct upstream_call *c, struct upstreams *u, const struct upstream_kind *kind);
void upstream_call_begin(struct upstream_call *c, const struct upstream_handler *h, void *owner);
void upstream_call_end(struct upstream_call *c, enum upstream_end end); /* done follows from the loop */
void upstream_call_done(struct upstream_call *c);                       /* now; from the loop only */
void upstreams_watch_deadline(struct upstreams *u, int64_t at);

/* upstream_exchange.c */
struct upstream_call *upstream_exchange_start(struct upstreams *u, const struct upstream_target *t,
                                              const struct upstream_request *r, const struct upstream_handler *h,
                                              void *owner);
void upstream_exchange_completed(struct upstream_exchange *x, CURLcode result); /* detached by libcurl's report */
void upstream_exchange_free(struct upstream_exchange *x);

/* upstream_pool.c */
struct upstream_pool *upstream_pool_get(struct upstreams *u, uint64_t number, const char *ca_file, bool tls);
void upstream_pool_free(struct upstream_pool *p);
int64_t upstream_pools_retire(struct upstreams *u, int64_t now); /* when to look again; 0: never */
MUST_CHECK int upstream_pool_attach(struct upstream_pool *p, struct upstream_exchange *x);
void upstream_pool_detach(struct upstream_pool *p, struct upstream_exchange *x);
struct upstream_exchange *upstream_pool_unspare(struct upstream_pool *p); /* NULL: make one */
void upstream_pool_spare(struct upstream_pool *p, struct upstream_exchange *x); /* its call is over */
void upstream_pool_act(struct upstream_pool *p, curl_socket_t fd, int what); /* an event or CURL_SOCKET_TIMEOUT */

/* upstream_socket.c: libcurl's sockets in the event loop */
curl_socket_t upstream_socket_open(void *pool, curlsocktype purpose, struct curl_sockaddr *address);
int upstream_socket_close(void *pool, curl_socket_t fd);
void upstream_sockets_free(struct upstream_pool *p); /* what libcurl left behind */
int upstream_socket_watch(CURL *easy, curl_socket_t fd, int what, void *pool, void *known);
/* Of the connection a request is about to be sent on; NULL when it cannot be told. */
struct upstream_socket *upstream_socket_find(struct upstream_pool *p, const char *peer, int peer_port, int port);
bool upstream_socket_waiting(const struct upstream_socket *s); /* bytes or an end wait to be read */

/* upstream_trust.c */
X509_STORE *upstream_trust_get(struct upstreams *u, const char *ca_file); /* borrowed; NULL: unreadable */
void upstream_trusts_free(struct upstreams *u);

/* echo.c */
struct upstream_call *echo_start(struct upstreams *u, const struct upstream_request *r,
                                 const struct upstream_handler *h, void *owner);

#endif
