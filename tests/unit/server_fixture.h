/* SPDX-License-Identifier: Apache-2.0
 *
 * For tests over real sockets: a server with a small handler in a thread, and blocking clients.
 */
#ifndef SERVER_FIXTURE_H
#define SERVER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/thread.h>
#include <openssl/ssl.h>

#include "../../proxy/acceptor.h"
#include "../../proxy/buf.h"
#include "../../proxy/server.h"
#include "../../proxy/tls.h"

#define BODY_MAX (4u << 20)
#define CHUNK 40000u

/* ---- the server under test ---- */

struct fixture {
    struct event_base *base;
    struct server *server;
    struct acceptor *acceptor;
    struct event *stop;
    pthread_t thread;
    int wake[2];
    unsigned port;
    char *filler;
    atomic_uint heads, completes, gone, aborted, drained, accepted;
    atomic_bool first_seen; /* by the client, while the handler still writes */
};

struct call {
    struct fixture *f;
    struct server_exchange *x;
    struct buf body;
    struct event *timer;
    size_t to_write;
    enum { CALL_ECHO, CALL_LATER, CALL_BIG, CALL_FLOOD, CALL_WAIT, CALL_ABORT, CALL_STREAM, CALL_EARLY,
           CALL_LENGTH, CALL_DECIDE, CALL_BURST } kind;
};

static inline struct span filler(struct fixture *f, size_t n) {
    return span_make(f->filler, n);
}

static inline void flood(struct call *c) {
    while (c->to_write) {
        size_t n = c->to_write < CHUNK ? c->to_write : CHUNK;
        c->to_write -= n;
        if (!server_write(c->x, filler(c->f, n)) && c->to_write) return;
    }
    server_end(c->x);
}

static inline void echo_later(evutil_socket_t fd, short what, void *arg) {
    struct call *c = arg;
    (void)fd;
    (void)what;
    if (c->kind == CALL_DECIDE)
        server_accept_body(c->x, BODY_MAX);
    else
        server_reply(c->x, 200, NULL, 0, buf_span(&c->body));
}

static inline void later(struct call *c, unsigned ms) {
    const struct timeval tv = {ms / 1000, (int)(ms % 1000) * 1000};
    c->timer = evtimer_new(c->f->base, echo_later, c);
    evtimer_add(c->timer, &tv);
}

static inline void stream(struct call *c) {
    const struct server_header h = {"Content-Type", span_of("text/event-stream")};
    server_begin(c->x, 200, &h, 1, -1);
    server_write(c->x, span_of("one"));
    server_write(c->x, span_of(""));
    server_write(c->x, span_of("two"));
    if (c->kind == CALL_ABORT)
        server_abort(c->x);
    else
        server_end(c->x);
}

/* One turn of the loop that does not end before the client has seen the first piece. */
static inline void burst(struct call *c) {
    const struct timespec step = {0, 5000000};

    server_begin(c->x, 200, NULL, 0, -1);
    server_write(c->x, span_of(""));
    server_write(c->x, span_of("one"));
    for (unsigned i = 0; i < 1000 && !atomic_load(&c->f->first_seen); i++)
        nanosleep(&step, NULL);
    server_write(c->x, span_of(atomic_load(&c->f->first_seen) ? "two" : "late"));
    server_end(c->x);
}

/* Announces 10 bytes and writes as many as asked for. */
static inline void announce(struct call *c) {
    server_begin(c->x, 200, NULL, 0, 10);
    server_write(c->x, filler(c->f, c->to_write));
    server_end(c->x);
}

static inline void *on_head(void *arg, struct server_exchange *x, const struct http1_head *h) {
    static const char *const paths[] = {"/echo", "/later", "/big", "/flood", "/wait", "/abort", "/stream", "/early",
                                        "/length", "/decide", "/burst"};
    struct fixture *f = arg;
    unsigned long long n = 0;

    atomic_fetch_add(&f->heads, 1);
    if (span_is(h->path, "/small") || span_is(h->path, "/v1/models")) {
        server_reply(x, 200, NULL, 0, span_of("small"));
        return NULL;
    }
    if (span_is(h->path, "/whoami")) {
        char text[160];
        const struct server_header bad[] = {{"X-Bad", span_of("a\r\nX-Injected: b")},
                                            {"content-length", span_of("9")}, {"Transfer-Encoding", span_of("gzip")}};
        snprintf(text, sizeof text, "%s %s", server_peer(x), server_fingerprint(x));
        server_reply(x, 200, bad, 3, span_of(text));
        return NULL;
    }
    if (span_is(h->path, "/nothing")) return NULL;

    struct call *c = calloc(1, sizeof *c);
    c->f = f;
    c->x = x;
    buf_init(&c->body, BODY_MAX);
    for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++)
        if (span_is(h->path, paths[i])) c->kind = i;
    if (h->query.len && span_decimal(h->query, &n) < 0) n = 0;
    c->to_write = (size_t)n;
    if (c->kind == CALL_EARLY)
        server_reply(x, 401, NULL, 0, span_of("no"));
    else if (c->kind == CALL_DECIDE)
        later(c, 100);
    else
        server_accept_body(x, BODY_MAX);
    return c;
}

static inline int on_body(void *owner, struct span bytes) {
    struct call *c = owner;
    buf_add(&c->body, bytes);
    return 0;
}

static inline void on_complete(void *owner) {
    struct call *c = owner;

    atomic_fetch_add(&c->f->completes, 1);
    switch (c->kind) {
    case CALL_ECHO: server_reply(c->x, 200, NULL, 0, buf_span(&c->body)); break;
    case CALL_LATER: later(c, c->to_write ? (unsigned)c->to_write : 1); break;
    case CALL_BIG: server_reply(c->x, 200, NULL, 0, filler(c->f, c->to_write)); break;
    case CALL_FLOOD: server_begin(c->x, 200, NULL, 0, -1); flood(c); break;
    case CALL_WAIT: break;
    case CALL_ABORT:
    case CALL_STREAM: stream(c); break;
    case CALL_EARLY: break;
    case CALL_LENGTH: announce(c); break;
    case CALL_DECIDE: server_reply(c->x, 200, NULL, 0, buf_span(&c->body)); break;
    case CALL_BURST: burst(c); break;
    }
}

static inline void on_drained(void *owner) {
    struct call *c = owner;
    atomic_fetch_add(&c->f->drained, 1);
    flood(c);
}

static inline void on_gone(void *owner, bool aborted) {
    struct call *c = owner;
    struct fixture *f = c->f;

    if (c->timer) event_free(c->timer);
    buf_free(&c->body);
    memset(c, 0xEE, sizeof *c);
    free(c);
    atomic_fetch_add(&f->gone, 1);
    if (aborted) atomic_fetch_add(&f->aborted, 1);
}

static inline void on_connection(void *arg, int fd) {
    struct fixture *f = arg;
    atomic_fetch_add(&f->accepted, 1);
    server_adopt(f->server, fd);
}

/* 'd' drains, a closed pipe stops. */
static inline void on_wake(evutil_socket_t fd, short what, void *arg) {
    struct fixture *f = arg;
    char c;

    (void)what;
    if (read((int)fd, &c, 1) == 1 && c == 'd')
        server_drain(f->server);
    else
        event_base_loopbreak(f->base);
}

static inline void *run_loop(void *arg) {
    event_base_dispatch(((struct fixture *)arg)->base);
    return NULL;
}

static const struct server_options usual = {
    .header_max = 16384,       .connections_max = 64, .header_timeout_ms = 2000, .idle_timeout_ms = 2000,
    .body_grace_ms = 2000,     .body_min_rate = 100,  .write_timeout_ms = 2000,  .write_high = 65536,
    .write_low = 16384,
};

static inline void prepare(struct fixture *f, const struct server_options *o, const char *address) {
    const struct server_handler h = {on_head, on_body, on_complete, on_drained, on_gone, f};
    char err[200] = "";

    memset(f, 0, sizeof *f);
    f->filler = malloc(BODY_MAX);
    for (size_t i = 0; i < BODY_MAX; i++)
        f->filler[i] = (char)('a' + i % 23);
    f->base = event_base_new();
    f->server = server_new(f->base, o, &h);
    f->acceptor = acceptor_new(f->base, address, on_connection, f, err, sizeof err);
    if (!f->acceptor) fail_msg("%s", err);
    f->port = acceptor_port(f->acceptor);
    assert_int_equal(pipe(f->wake), 0);
    f->stop = event_new(f->base, f->wake[0], EV_READ | EV_PERSIST, on_wake, f);
    event_add(f->stop, NULL);
}

static inline void start(struct fixture *f, const struct server_options *o) {
    prepare(f, o, "127.0.0.1:0");
    assert_int_equal(pthread_create(&f->thread, NULL, run_loop, f), 0);
}

static inline void stop(struct fixture *f) {
    close(f->wake[1]);
    pthread_join(f->thread, NULL);
    acceptor_free(f->acceptor);
    server_free(f->server);
    event_free(f->stop);
    event_base_free(f->base);
    close(f->wake[0]);
    free(f->filler);
}

/* ---- clients ---- */

struct client {
    int fd;
    SSL *ssl;
    struct buf in;
    struct buf body; /* of the last answer */
    int status;
    bool chunked, closing, continued;
    size_t pause_at; /* bytes until the next pause of a slow reader; 0: no pauses */
};

static inline double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static inline void sleep_ms(unsigned ms) {
    const struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

/* narrow: a small window, so that a server meets a full socket whatever the machine allows. */
static inline int connect_to(unsigned port, bool narrow) {
    const struct timeval patience = {10, 0};
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), window = 32768;

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (narrow) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static inline void client_open_window(struct client *c, const struct fixture *f, bool narrow) {
    memset(c, 0, sizeof *c);
    buf_init(&c->in, 64u << 20);
    buf_init(&c->body, 64u << 20);
    c->fd = connect_to(f->port, narrow);
    assert_true(c->fd >= 0);
}

static inline void client_open(struct client *c, const struct fixture *f) {
    client_open_window(c, f, false);
}

static inline void client_close(struct client *c) {
    if (c->ssl) SSL_free(c->ssl);
    close(c->fd);
    buf_free(&c->in);
    buf_free(&c->body);
}

static inline void client_send(struct client *c, struct span s) {
    while (s.len) {
        ssize_t n = c->ssl ? SSL_write(c->ssl, s.ptr, (int)s.len) : send(c->fd, s.ptr, s.len, MSG_NOSIGNAL);
        if (n <= 0) return; /* the server may have closed: the answer tells */
        s = span_sub(s, (size_t)n, s.len);
    }
}

static inline void client_say(struct client *c, const char *text) {
    client_send(c, span_of(text));
}

/* 1 bytes came, 0 end, -1 error or patience is over. */
static inline int client_fill(struct client *c) {
    char part[65536];
    ssize_t n = c->ssl ? SSL_read(c->ssl, part, sizeof part) : recv(c->fd, part, sizeof part, 0);

    if (n > 0) buf_add(&c->in, span_make(part, (size_t)n));
    if (n > 0 && c->pause_at && (c->pause_at -= (size_t)n < c->pause_at ? (size_t)n : c->pause_at) == 0) {
        sleep_ms(30);
        c->pause_at = 1u << 20;
    }
    return n > 0 ? 1 : n == 0 ? 0 : -1;
}

static inline size_t find_text(struct span s, const char *text) {
    const char *hit = s.len ? memmem(s.ptr, s.len, text, strlen(text)) : NULL;
    return hit ? (size_t)(hit - s.ptr) : s.len;
}

static inline bool client_chunks(struct client *c) {
    for (;;) {
        size_t eol;
        while ((eol = find_text(buf_span(&c->in), "\r\n")) == c->in.len)
            if (client_fill(c) <= 0) return false;
        size_t n = strtoul(c->in.ptr, NULL, 16);
        while (c->in.len < eol + 2 + n + 2)
            if (client_fill(c) <= 0) return false;
        buf_add(&c->body, span_make(c->in.ptr + eol + 2, n));
        if (memcmp(c->in.ptr + eol + 2 + n, "\r\n", 2) != 0) return false;
        buf_consume(&c->in, eol + 2 + n + 2);
        if (n == 0) return true;
    }
}

/* Reads one final answer. false: the connection ended before it was complete. */
static inline bool client_answer(struct client *c, bool head_only) {
    size_t end, length = 0;
    char head[4096];

again:
    buf_clear(&c->body);
    while ((end = find_text(buf_span(&c->in), "\r\n\r\n")) == c->in.len)
        if (client_fill(c) <= 0) return false;
    assert_true(end < sizeof head);
    memcpy(head, c->in.ptr, end);
    head[end] = '\0';
    buf_consume(&c->in, end + 4);
    assert_int_equal(strncmp(head, "HTTP/1.1 ", 9), 0);
    c->status = (int)strtol(head + 9, NULL, 10);
    if (c->status == 100) {
        c->continued = true;
        goto again;
    }
    assert_non_null(strstr(head, "\r\nDate: "));
    assert_null(strstr(head, "X-Injected"));
    assert_null(strstr(head, "content-length"));
    assert_null(strstr(head, "gzip"));
    c->closing = strstr(head, "\r\nConnection: close") != NULL;
    c->chunked = strstr(head, "\r\nTransfer-Encoding: chunked") != NULL;
    const char *field = strstr(head, "\r\nContent-Length: ");
    assert_true((field != NULL) + c->chunked <= 1);
    if (head_only) return true;
    if (c->chunked) return client_chunks(c);
    if (!field) { /* up to the end of the connection */
        int rc;
        while ((rc = client_fill(c)) > 0)
            ;
        buf_add(&c->body, buf_span(&c->in));
        buf_clear(&c->in);
        return rc == 0;
    }
    length = strtoul(field + 18, NULL, 10);
    while (c->in.len < length)
        if (client_fill(c) <= 0) return false;
    buf_add(&c->body, span_make(c->in.ptr, length));
    buf_consume(&c->in, length);
    return true;
}

static inline void assert_answer(struct client *c, int status, const char *body) {
    if (!client_answer(c, false)) fail_msg("no answer where %d was expected", status);
    assert_int_equal(c->status, status);
    if (body && !span_is(buf_span(&c->body), body))
        fail_msg("expected %s, got %.*s", body, (int)c->body.len, c->body.ptr);
}

static inline void assert_closed(struct client *c) {
    assert_int_equal(client_fill(c), 0);
    assert_int_equal(c->in.len, 0);
}

static inline void assert_error(struct client *c, int status, const char *code) {
    char text[80];

    assert_answer(c, status, NULL);
    snprintf(text, sizeof text, "\"param\":null,\"code\":\"%s\"}}", code);
    assert_true(find_text(buf_span(&c->body), text) < c->body.len);
    assert_true(find_text(buf_span(&c->body), "{\"error\":{\"message\":\"") == 0);
    assert_true(c->closing);
    assert_closed(c);
}

/* Waits for what the other thread will have done soon. */
static inline void assert_soon(atomic_uint *counter, unsigned value) {
    for (int i = 0; i < 500 && atomic_load(counter) != value; i++)
        sleep_ms(10);
    assert_int_equal(atomic_load(counter), value);
}

static inline void assert_no_connections(struct fixture *f) {
    for (int i = 0; i < 500 && server_connections(f->server) != 0; i++)
        sleep_ms(10);
    assert_int_equal(server_connections(f->server), 0);
}

#endif
