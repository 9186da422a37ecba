/* SPDX-License-Identifier: Apache-2.0
 *
 * The client side of the gateway over real sockets: a server with a small handler runs in a thread, blocking clients
 * in the test. `test_socket_server serve PORT` leaves it running for other clients (the conformance script, a load).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/thread.h>
#include <openssl/ssl.h>

#include "../../proxy/acceptor.h"
#include "../../proxy/buf.h"
#include "../../proxy/server.h"
#include "../../proxy/tls.h"
#include "../conformance/requests.h"

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
};

struct call {
    struct fixture *f;
    struct server_exchange *x;
    struct buf body;
    struct event *timer;
    size_t to_write;
    enum { CALL_ECHO, CALL_LATER, CALL_BIG, CALL_FLOOD, CALL_WAIT, CALL_ABORT, CALL_STREAM, CALL_EARLY } kind;
};

static struct span filler(struct fixture *f, size_t n) {
    return span_make(f->filler, n);
}

static void flood(struct call *c) {
    while (c->to_write) {
        size_t n = c->to_write < CHUNK ? c->to_write : CHUNK;
        c->to_write -= n;
        if (!server_write(c->x, filler(c->f, n)) && c->to_write) return;
    }
    server_end(c->x);
}

static void echo_later(evutil_socket_t fd, short what, void *arg) {
    struct call *c = arg;
    (void)fd;
    (void)what;
    server_reply(c->x, 200, NULL, 0, buf_span(&c->body));
}

static void later(struct call *c, unsigned ms) {
    const struct timeval tv = {ms / 1000, (int)(ms % 1000) * 1000};
    c->timer = evtimer_new(c->f->base, echo_later, c);
    evtimer_add(c->timer, &tv);
}

static void stream(struct call *c) {
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

static void *on_head(void *arg, struct server_exchange *x, const struct http1_head *h) {
    static const char *const paths[] = {"/echo", "/later", "/big", "/flood", "/wait", "/abort", "/stream", "/early"};
    struct fixture *f = arg;
    unsigned long long n = 0;

    atomic_fetch_add(&f->heads, 1);
    if (span_is(h->path, "/small") || span_is(h->path, "/v1/models")) {
        server_reply(x, 200, NULL, 0, span_of("small"));
        return NULL;
    }
    if (span_is(h->path, "/whoami")) {
        char text[160];
        const struct server_header bad = {"X-Bad", span_of("a\r\nX-Injected: b")};
        snprintf(text, sizeof text, "%s %s", server_peer(x), server_fingerprint(x));
        server_reply(x, 200, &bad, 1, span_of(text));
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
    else
        server_accept_body(x, BODY_MAX);
    return c;
}

static int on_body(void *owner, struct span bytes) {
    struct call *c = owner;
    buf_add(&c->body, bytes);
    return 0;
}

static void on_complete(void *owner) {
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
    }
}

static void on_drained(void *owner) {
    struct call *c = owner;
    atomic_fetch_add(&c->f->drained, 1);
    flood(c);
}

static void on_gone(void *owner, bool aborted) {
    struct call *c = owner;
    struct fixture *f = c->f;

    if (c->timer) event_free(c->timer);
    buf_free(&c->body);
    memset(c, 0xEE, sizeof *c);
    free(c);
    atomic_fetch_add(&f->gone, 1);
    if (aborted) atomic_fetch_add(&f->aborted, 1);
}

static void on_connection(void *arg, int fd) {
    struct fixture *f = arg;
    atomic_fetch_add(&f->accepted, 1);
    server_adopt(f->server, fd);
}

/* 'd' drains, a closed pipe stops. */
static void on_wake(evutil_socket_t fd, short what, void *arg) {
    struct fixture *f = arg;
    char c;

    (void)what;
    if (read((int)fd, &c, 1) == 1 && c == 'd')
        server_drain(f->server);
    else
        event_base_loopbreak(f->base);
}

static void *run_loop(void *arg) {
    event_base_dispatch(((struct fixture *)arg)->base);
    return NULL;
}

static const struct server_options usual = {
    .header_max = 16384,       .connections_max = 64, .header_timeout_ms = 2000, .idle_timeout_ms = 2000,
    .body_grace_ms = 2000,     .body_min_rate = 100,  .write_timeout_ms = 2000,  .write_high = 65536,
    .write_low = 16384,
};

static void prepare(struct fixture *f, const struct server_options *o, const char *address) {
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

static void start(struct fixture *f, const struct server_options *o) {
    prepare(f, o, "127.0.0.1:0");
    assert_int_equal(pthread_create(&f->thread, NULL, run_loop, f), 0);
}

static void stop(struct fixture *f) {
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
};

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void sleep_ms(unsigned ms) {
    const struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

static int connect_to(unsigned port) {
    const struct timeval patience = {10, 0};
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void client_open(struct client *c, const struct fixture *f) {
    memset(c, 0, sizeof *c);
    buf_init(&c->in, 64u << 20);
    buf_init(&c->body, 64u << 20);
    c->fd = connect_to(f->port);
    assert_true(c->fd >= 0);
}

static void client_close(struct client *c) {
    if (c->ssl) SSL_free(c->ssl);
    close(c->fd);
    buf_free(&c->in);
    buf_free(&c->body);
}

static void client_send(struct client *c, struct span s) {
    while (s.len) {
        ssize_t n = c->ssl ? SSL_write(c->ssl, s.ptr, (int)s.len) : send(c->fd, s.ptr, s.len, MSG_NOSIGNAL);
        if (n <= 0) return; /* the server may have closed: the answer tells */
        s = span_sub(s, (size_t)n, s.len);
    }
}

static void client_say(struct client *c, const char *text) {
    client_send(c, span_of(text));
}

/* 1 bytes came, 0 end, -1 error or patience is over. */
static int client_fill(struct client *c) {
    char part[65536];
    ssize_t n = c->ssl ? SSL_read(c->ssl, part, sizeof part) : recv(c->fd, part, sizeof part, 0);

    if (n > 0) buf_add(&c->in, span_make(part, (size_t)n));
    return n > 0 ? 1 : n == 0 ? 0 : -1;
}

static size_t find_text(struct span s, const char *text) {
    const char *hit = s.len ? memmem(s.ptr, s.len, text, strlen(text)) : NULL;
    return hit ? (size_t)(hit - s.ptr) : s.len;
}

static bool client_chunks(struct client *c) {
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
static bool client_answer(struct client *c, bool head_only) {
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

static void assert_answer(struct client *c, int status, const char *body) {
    if (!client_answer(c, false)) fail_msg("no answer where %d was expected", status);
    assert_int_equal(c->status, status);
    if (body && !span_is(buf_span(&c->body), body))
        fail_msg("expected %s, got %.*s", body, (int)c->body.len, c->body.ptr);
}

static void assert_closed(struct client *c) {
    assert_int_equal(client_fill(c), 0);
    assert_int_equal(c->in.len, 0);
}

static void assert_error(struct client *c, int status, const char *code) {
    char text[80];

    assert_answer(c, status, NULL);
    snprintf(text, sizeof text, "\"param\":null,\"code\":\"%s\"}}", code);
    assert_true(find_text(buf_span(&c->body), text) < c->body.len);
    assert_true(find_text(buf_span(&c->body), "{\"error\":{\"message\":\"") == 0);
    assert_true(c->closing);
    assert_closed(c);
}

/* Waits for what the other thread will have done soon. */
static void assert_soon(atomic_uint *counter, unsigned value) {
    for (int i = 0; i < 500 && atomic_load(counter) != value; i++)
        sleep_ms(10);
    assert_int_equal(atomic_load(counter), value);
}

static void assert_no_connections(struct fixture *f) {
    for (int i = 0; i < 500 && server_connections(f->server) != 0; i++)
        sleep_ms(10);
    assert_int_equal(server_connections(f->server), 0);
}

/* ---- requests and answers ---- */

static void test_keep_alive(void **state) {
    struct fixture f;
    struct client c;

    (void)state;
    start(&f, &usual);
    client_open(&c, &f);
    for (int i = 0; i < 50; i++) {
        client_say(&c, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        assert_answer(&c, 200, "hello");
        assert_false(c.closing);
        client_say(&c, "GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_answer(&c, 200, "small");
    }
    client_say(&c, "GET /whoami HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_answer(&c, 200, "127.0.0.1 ");
    assert_true(c.closing);
    assert_closed(&c);
    client_close(&c);
    assert_soon(&f.gone, 50);
    assert_int_equal(atomic_load(&f.aborted), 0);
    assert_int_equal(atomic_load(&f.accepted), 1);
    assert_no_connections(&f);
    stop(&f);
}

static void test_single_bytes(void **state) {
    static const char text[] = "\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                               "3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: u\r\n\r\nGET /small HTTP/1.1\r\nHost: a\r\n\r\n";
    struct fixture f;
    struct client c;
    int on = 1;

    (void)state;
    start(&f, &usual);
    client_open(&c, &f);
    setsockopt(c.fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof on);
    for (size_t i = 0; i < sizeof text - 1; i++) {
        client_send(&c, span_make(text + i, 1));
        if (i % 8 == 0) sleep_ms(1);
    }
    assert_answer(&c, 200, "abcde");
    assert_answer(&c, 200, "small");
    client_close(&c);
    stop(&f);
}

static void test_pipelining(void **state) {
    struct fixture f;
    struct client c;
    struct buf all;
    char text[160];

    (void)state;
    start(&f, &usual);
    client_open(&c, &f);
    buf_init(&all, 1 << 20);
    for (int i = 0; i < 600; i++) { /* more than is held, so reading pauses */
        snprintf(text, sizeof text, "POST /%s HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n%04d",
                 i % 50 == 0 ? "later?20" : "echo", i);
        buf_add_c(&all, text);
    }
    client_send(&c, buf_span(&all));
    for (int i = 0; i < 600; i++) {
        snprintf(text, sizeof text, "%04d", i);
        assert_answer(&c, 200, text);
    }
    buf_free(&all);
    client_close(&c);
    stop(&f);
}

static void test_stream(void **state) {
    struct fixture f;
    struct client c;

    (void)state;
    start(&f, &usual);
    client_open(&c, &f);
    client_say(&c, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_answer(&c, 200, "onetwo");
    assert_true(c.chunked && !c.closing);
    client_say(&c, "GET /stream HTTP/1.0\r\nHost: a\r\n\r\n");
    assert_answer(&c, 200, "onetwo");
    assert_true(!c.chunked && c.closing);
    client_close(&c);
    stop(&f);
}

/* What was cut must not look whole: neither as chunks nor when the connection's end is the end. */
static void test_abort(void **state) {
    struct fixture f;
    struct client c;

    (void)state;
    start(&f, &usual);
    for (int minor = 0; minor < 2; minor++) {
        client_open(&c, &f);
        client_say(&c, minor ? "GET /abort HTTP/1.1\r\nHost: a\r\n\r\n" : "GET /abort HTTP/1.0\r\nHost: a\r\n\r\n");
        assert_false(client_answer(&c, false));
        client_close(&c);
    }
    assert_soon(&f.aborted, 2);
    stop(&f);
}

static void test_head_method(void **state) {
    struct fixture f;
    struct client c;

    (void)state;
    start(&f, &usual);
    client_open(&c, &f);
    client_say(&c, "HEAD /small HTTP/1.1\r\nHost: a\r\n\r\nHEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n"
                   "HEAD /flood?200000 HTTP/1.1\r\nHost: a\r\n\r\nGET /small HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(client_answer(&c, true));
    assert_true(client_answer(&c, true));
    assert_true(client_answer(&c, true));
    assert_answer(&c, 200, "small");
    client_close(&c);
    stop(&f);
}

static void test_expect_continue(void **state) {
    struct fixture f;
    struct client c;

    (void)state;
    start(&f, &usual);
    client_open(&c, &f);
    client_say(&c, "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    assert_int_equal(client_fill(&c), 1);
    assert_true(span_is(buf_span(&c.in), "HTTP/1.1 100 Continue\r\n\r\n"));
    client_say(&c, "abc");
    assert_answer(&c, 200, "abc");
    assert_true(c.continued && !c.closing);
    client_say(&c, "POST /early HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    c.continued = false;
    assert_answer(&c, 401, "no");
    assert_true(!c.continued && c.closing);
    client_close(&c);
    stop(&f);
}

static void test_absolute_form_and_hosts(void **state) {
    static const char *const hosts[] = {"gw.example", "gw.example:8080", NULL};
    struct server_options o = usual;
    struct fixture f;
    struct client c;

    (void)state;
    o.hosts = hosts;
    start(&f, &o);
    client_open(&c, &f);
    client_say(&c, "GET http://GW.example/small HTTP/1.1\r\nHost: gw.example\r\n\r\n"
                   "GET /small HTTP/1.1\r\nHost: gw.example:8080\r\n\r\n"
                   "GET /small HTTP/1.1\r\nHost: other.example\r\n\r\n");
    assert_answer(&c, 200, "small");
    assert_answer(&c, 200, "small");
    assert_error(&c, 421, "misdirected_request");
    client_close(&c);
    stop(&f);
}

/* An answer before the body has come: the rest is dropped, the client still gets to read the answer. */
static void test_early_answer(void **state) {
    struct fixture f;
    struct client c;

    (void)state;
    start(&f, &usual);
    client_open(&c, &f);
    client_say(&c, "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n");
    client_send(&c, span_make(f.filler, 3000000));
    assert_answer(&c, 401, "no");
    assert_true(c.closing);
    assert_closed(&c);
    client_close(&c);
    stop(&f);
}

static void test_body_too_large(void **state) {
    struct fixture f;
    struct client c;

    (void)state;
    start(&f, &usual);
    client_open(&c, &f);
    client_say(&c, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4194305\r\n\r\n");
    client_send(&c, span_make(f.filler, 4194304));
    assert_error(&c, 413, "request_too_large");
    client_close(&c);
    client_open(&c, &f);
    client_say(&c, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n400001\r\n");
    client_send(&c, span_make(f.filler, 4194304));
    client_say(&c, "a\r\n0\r\n\r\n");
    assert_error(&c, 413, "request_too_large");
    client_close(&c);
    assert_soon(&f.gone, 2);
    assert_int_equal(atomic_load(&f.completes), 0);
    stop(&f);
}

static void test_bad_requests(void **state) {
    struct fixture f;
    struct client c;

    (void)state;
    start(&f, &usual);
    client_open(&c, &f);
    client_say(&c, "GET /small HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost : a\r\n\r\nGET /small HTTP/1.1\r\n\r\n");
    assert_answer(&c, 200, "small");
    assert_error(&c, 400, "bad_request");
    client_close(&c);
    client_open(&c, &f);
    client_say(&c, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX");
    assert_error(&c, 400, "bad_request");
    client_close(&c);
    client_open(&c, &f);
    client_say(&c, "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_error(&c, 500, "internal_error");
    client_close(&c);
    assert_soon(&f.aborted, 1);
    stop(&f);
}

/* Every request of the conformance list, over a socket. */
static void test_conformance(void **state) {
    struct requests *r = requests_load();
    struct fixture f;
    struct client c;

    (void)state;
    start(&f, &usual);
    for (size_t i = 0; i < r->n; i++) {
        const struct request *q = &r->v[i];
        client_open(&c, &f);
        client_send(&c, buf_span(&q->bytes));
        for (unsigned n = 0; n < q->answers; n++) {
            if (!client_answer(&c, false)) fail_msg("%s: no answer", q->name);
            if (q->accept != (c.status == 200)) fail_msg("%s: %d", q->name, c.status);
        }
        if (!q->accept) assert_closed(&c);
        client_close(&c);
    }
    requests_free(r);
    stop(&f);
}

/* ---- time ---- */

static void test_header_timeout(void **state) {
    struct server_options o = usual;
    struct fixture f;
    struct client c;

    (void)state;
    o.header_timeout_ms = 200;
    start(&f, &o);
    client_open(&c, &f); /* says nothing */
    double began = now_ms();
    assert_closed(&c);
    assert_true(now_ms() - began > 150 && now_ms() - began < 1500);
    client_close(&c);

    client_open(&c, &f); /* drips: each byte must not start the time anew */
    began = now_ms();
    client_say(&c, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    struct pollfd p = {c.fd, POLLIN, 0};
    for (int i = 0; i < 300 && poll(&p, 1, 5) == 0; i++)
        client_say(&c, "x");
    assert_true(now_ms() - began < 1400);
    assert_error(&c, 408, "request_timeout");
    client_close(&c);
    stop(&f);
}

static void test_idle_timeout(void **state) {
    struct server_options o = usual;
    struct fixture f;
    struct client c;

    (void)state;
    o.idle_timeout_ms = 200;
    start(&f, &o);
    client_open(&c, &f);
    client_say(&c, "GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_answer(&c, 200, "small");
    double began = now_ms();
    assert_closed(&c);
    assert_true(now_ms() - began > 100 && now_ms() - began < 1500);
    client_close(&c);
    client_open(&c, &f); /* waiting for an answer is not idling */
    client_say(&c, "GET /later?600 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_answer(&c, 200, "");
    client_close(&c);
    stop(&f);
}

static void test_slow_body(void **state) {
    struct server_options o = usual;
    struct fixture f;
    struct client c;

    (void)state;
    o.body_grace_ms = 200;
    o.body_min_rate = 1000;
    start(&f, &o);
    client_open(&c, &f);
    client_say(&c, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    client_send(&c, span_make(f.filler, 90000)); /* a fast start buys no rest */
    struct pollfd p = {c.fd, POLLIN, 0};
    double began = now_ms();
    while (poll(&p, 1, 20) == 0 && now_ms() - began < 3000)
        client_say(&c, "x");
    assert_true(now_ms() - began < 1500);
    assert_error(&c, 408, "request_timeout");
    client_close(&c);
    assert_soon(&f.aborted, 1);
    client_open(&c, &f); /* slow, but fast enough */
    client_say(&c, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n");
    for (int i = 0; i < 20; i++) {
        client_send(&c, span_make(f.filler, 200));
        sleep_ms(40);
    }
    assert_answer(&c, 200, NULL);
    assert_int_equal(c.body.len, 4000);
    client_close(&c);
    stop(&f);
}

/* A large answer must leave without waiting for an acknowledgement (Nagle's 40 ms). */
static void test_large_answers_do_not_stall(void **state) {
    static const size_t sizes[] = {15000, 17000, 20000, 40000, 1000000};
    struct fixture f;
    struct client c;
    char text[100];

    (void)state;
    start(&f, &usual);
    client_open(&c, &f);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        double best = 1e9;
        for (int n = 0; n < 5; n++) {
            double began = now_ms();
            snprintf(text, sizeof text, "GET /big?%zu HTTP/1.1\r\nHost: a\r\n\r\n", sizes[i]);
            client_say(&c, text);
            assert_answer(&c, 200, NULL);
            assert_int_equal(c.body.len, sizes[i]);
            assert_memory_equal(c.body.ptr, f.filler, sizes[i]);
            if (now_ms() - began < best) best = now_ms() - began;
        }
        if (best > 20) fail_msg("%zu bytes took %.1f ms", sizes[i], best);
    }
    client_close(&c);
    stop(&f);
}

/* ---- pressure ---- */

static void read_slowly(struct client *c, size_t expected, const char *pattern) {
    sleep_ms(200);
    assert_answer(c, 200, NULL);
    assert_int_equal(c->body.len, expected);
    for (size_t i = 0; i < expected; i++)
        if (c->body.ptr[i] != pattern[i % CHUNK]) fail_msg("byte %zu differs", i);
}

static void test_slow_reader(void **state) {
    struct fixture f;
    struct client c;

    (void)state;
    start(&f, &usual);
    client_open(&c, &f);
    client_say(&c, "GET /flood?20000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    read_slowly(&c, 20000000, f.filler);
    assert_true(atomic_load(&f.drained) > 5);
    client_say(&c, "GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_answer(&c, 200, "small");
    client_close(&c);
    assert_soon(&f.gone, 1);
    assert_int_equal(atomic_load(&f.aborted), 0);
    stop(&f);
}

static void test_reader_that_stops(void **state) {
    struct server_options o = usual;
    struct fixture f;
    struct client c;

    (void)state;
    o.write_timeout_ms = 200;
    start(&f, &o);
    client_open(&c, &f);
    client_say(&c, "GET /flood?20000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_soon(&f.aborted, 1);
    assert_int_equal(atomic_load(&f.gone), 1);
    client_close(&c);
    stop(&f);
}

static void test_client_leaves(void **state) {
    struct fixture f;
    struct client c;

    (void)state;
    start(&f, &usual);
    client_open(&c, &f); /* while the exchange waits for an upstream */
    client_say(&c, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_soon(&f.completes, 1);
    client_close(&c);
    assert_soon(&f.aborted, 1);

    client_open(&c, &f); /* in the middle of its body */
    client_say(&c, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    assert_soon(&f.heads, 2);
    client_close(&c);
    assert_soon(&f.aborted, 2);

    client_open(&c, &f); /* in the middle of the answer, with a reset */
    client_say(&c, "GET /flood?20000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(client_fill(&c), 1);
    const struct linger hard = {1, 0};
    setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    client_close(&c);
    assert_soon(&f.aborted, 3);
    assert_int_equal(atomic_load(&f.gone), 3);
    assert_no_connections(&f);
    stop(&f);
}

static void test_too_many_connections(void **state) {
    struct server_options o = usual;
    struct fixture f;
    struct client c[4];

    (void)state;
    o.connections_max = 3;
    start(&f, &o);
    for (int i = 0; i < 3; i++) {
        client_open(&c[i], &f);
        client_say(&c[i], "GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_answer(&c[i], 200, "small");
    }
    client_open(&c[3], &f);
    client_say(&c[3], "GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_error(&c[3], 503, "overloaded");
    client_close(&c[3]);
    client_close(&c[0]);
    for (int i = 0; i < 500 && server_connections(f.server) > 2; i++)
        sleep_ms(10);
    client_open(&c[0], &f);
    client_say(&c[0], "GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_answer(&c[0], 200, "small");
    for (int i = 0; i < 3; i++)
        client_close(&c[i]);
    stop(&f);
}

static void test_drain(void **state) {
    struct fixture f;
    struct client idle, busy;

    (void)state;
    start(&f, &usual);
    client_open(&idle, &f);
    client_say(&idle, "GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_answer(&idle, 200, "small");
    client_open(&busy, &f);
    client_say(&busy, "GET /later?300 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_soon(&f.completes, 1);
    assert_int_equal(write(f.wake[1], "d", 1), 1);
    assert_closed(&idle);
    assert_answer(&busy, 200, "");
    assert_closed(&busy);
    client_close(&idle);
    client_close(&busy);
    assert_no_connections(&f);
    stop(&f);
}

/* Stopping in the middle of everything tells each owner once. */
static void test_stop_under_load(void **state) {
    struct fixture f;
    struct client c[8];

    (void)state;
    start(&f, &usual);
    for (int i = 0; i < 8; i++) {
        client_open(&c[i], &f);
        client_say(&c[i], i % 2 ? "GET /flood?20000000 HTTP/1.1\r\nHost: a\r\n\r\n" : "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    assert_soon(&f.completes, 8);
    stop(&f);
    assert_int_equal(atomic_load(&f.gone), 8);
    assert_int_equal(atomic_load(&f.aborted), 8);
    for (int i = 0; i < 8; i++)
        client_close(&c[i]);
}

/* ---- descriptors run out ---- */

static double cpu_ms(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

/* In a child, whose limit on descriptors is lowered: no spinning, and service again once there is room. */
static int exhaust(void) {
    struct fixture f;
    struct client c;
    int held[64], n = 0;
    struct rlimit limit;

    start(&f, &usual);
    client_open(&c, &f);
    client_say(&c, "GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
    if (!client_answer(&c, false)) return 10;
    client_close(&c);
    int top = dup(0);
    close(top);
    limit.rlim_cur = limit.rlim_max = (rlim_t)top + 24;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0) return 11;
    while (n < 64 && (held[n] = connect_to(f.port)) >= 0)
        n++;
    if (n < 8) return 12;
    double before = cpu_ms();
    sleep_ms(1000);
    if (cpu_ms() - before > 200) return 13; /* spins */
    for (int i = 0; i < n; i++)
        close(held[i]);
    sleep_ms(300);
    client_open(&c, &f);
    client_say(&c, "GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
    if (!client_answer(&c, false) || c.status != 200) return 14;
    client_close(&c);
    stop(&f);
    return 0;
}

static void test_descriptors_run_out(void **state) {
    int status = 0;

    (void)state;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(exhaust());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_addresses(void **state) {
    static const char *const bad[] = {"", "8080", "localhost:8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000",
                                      "127.0.0.1:8080x", "::1:8080", "[::1]", "[::1]8080", "[127.0.0.1]:80", "1.2.3:80"};
    struct event_base *base = event_base_new();
    char err[200];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err[0] = '\0';
        assert_null(acceptor_new(base, bad[i], on_connection, NULL, err, sizeof err));
        assert_true(err[0] != '\0');
    }
    struct acceptor *first = acceptor_new(base, "127.0.0.1:0", on_connection, NULL, err, sizeof err);
    assert_non_null(first);
    char again[40];
    snprintf(again, sizeof again, "127.0.0.1:%u", acceptor_port(first));
    assert_null(acceptor_new(base, again, on_connection, NULL, err, sizeof err));
    assert_non_null(strstr(err, "cannot listen"));
    acceptor_free(first);
    event_base_free(base);
}

static int serve(const char *port) {
    struct server_options o = usual;
    struct fixture f;
    char address[40];

    snprintf(address, sizeof address, "127.0.0.1:%s", port);
    o.header_timeout_ms = 1000;
    prepare(&f, &o, address);
    printf("%u\n", f.port);
    fflush(stdout);
    return event_base_dispatch(f.base);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_single_bytes),
        cmocka_unit_test(test_pipelining),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_abort),
        cmocka_unit_test(test_head_method),
        cmocka_unit_test(test_expect_continue),
        cmocka_unit_test(test_absolute_form_and_hosts),
        cmocka_unit_test(test_early_answer),
        cmocka_unit_test(test_body_too_large),
        cmocka_unit_test(test_bad_requests),
        cmocka_unit_test(test_conformance),
        cmocka_unit_test(test_header_timeout),
        cmocka_unit_test(test_idle_timeout),
        cmocka_unit_test(test_slow_body),
        cmocka_unit_test(test_large_answers_do_not_stall),
        cmocka_unit_test(test_slow_reader),
        cmocka_unit_test(test_reader_that_stops),
        cmocka_unit_test(test_client_leaves),
        cmocka_unit_test(test_too_many_connections),
        cmocka_unit_test(test_drain),
        cmocka_unit_test(test_stop_under_load),
        cmocka_unit_test(test_descriptors_run_out),
        cmocka_unit_test(test_addresses),
    };

    evthread_use_pthreads();
    if (argc == 3 && strcmp(argv[1], "serve") == 0) return serve(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
