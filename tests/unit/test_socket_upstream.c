/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls to upstreams against small servers that misbehave on purpose, over loopback. Each server is a function that
 * is given a connection; whatever it does is what the upstream does.
 */
#include "../../proxy/upstream.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- servers ---- */

#define PEERS_MAX 16
#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

struct server;
struct peer {
    struct server *server;
    int fd, nth; /* nth connection, from 0 */
    SSL *ssl;
    char request[70000];
    size_t len;
    pthread_t thread;
};

struct server {
    int listener, port;
    void (*serve)(struct peer *p);
    SSL_CTX *tls;
    pthread_t thread;
    struct peer *peers[PEERS_MAX];
    atomic_int connections, requests, closed; /* closed: connections whose end was seen */
    char last[70000];
};

static void peer_write(struct peer *p, const char *bytes, size_t len) {
    if (p->ssl)
        SSL_write(p->ssl, bytes, (int)len);
    else
        send(p->fd, bytes, len, MSG_NOSIGNAL);
}

static void peer_say(struct peer *p, const char *text) {
    peer_write(p, text, strlen(text));
}

static ssize_t peer_read(struct peer *p, char *to, size_t room) {
    if (p->ssl) return SSL_read(p->ssl, to, (int)room);
    return recv(p->fd, to, room, 0);
}

/* A whole request with its body. false: the connection ended. */
static bool peer_hear(struct peer *p) {
    p->len = 0;
    for (;;) {
        p->request[p->len] = '\0';
        const char *end = strstr(p->request, "\r\n\r\n");
        if (end) {
            const char *field = strcasestr(p->request, "content-length:");
            size_t body = field ? strtoul(field + 15, NULL, 10) : 0;
            if (p->len >= (size_t)(end - p->request) + 4 + body) break;
        }
        ssize_t n = peer_read(p, p->request + p->len, sizeof p->request - 1 - p->len);
        if (n <= 0) {
            p->server->closed++;
            return false;
        }
        p->len += (size_t)n;
    }
    memcpy(p->server->last, p->request, p->len + 1);
    p->server->requests++;
    return true;
}

static void pause_ms(int ms) {
    poll(NULL, 0, ms);
}

static void *peer_run(void *arg) {
    struct peer *p = arg;
    if (p->server->tls) {
        p->ssl = SSL_new(p->server->tls);
        SSL_set_fd(p->ssl, p->fd);
        if (SSL_accept(p->ssl) <= 0) goto out;
    }
    p->server->serve(p);
out:
    SSL_free(p->ssl);
    p->ssl = NULL;
    shutdown(p->fd, SHUT_RDWR);
    return NULL;
}

static void *server_run(void *arg) {
    struct server *s = arg;
    for (int i = 0; i < PEERS_MAX; i++) {
        int fd = accept(s->listener, NULL, NULL);
        if (fd < 0) break;
        struct peer *p = calloc(1, sizeof *p);
        p->server = s;
        p->fd = fd;
        p->nth = i;
        s->peers[i] = p;
        s->connections++;
        pthread_create(&p->thread, NULL, peer_run, p);
    }
    return NULL;
}

static struct server *server_start(void (*serve)(struct peer *p), SSL_CTX *tls) {
    struct server *s = calloc(1, sizeof *s);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;

    s->serve = serve;
    s->tls = tls;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listener, (void *)&a, sizeof a), 0);
    assert_int_equal(listen(s->listener, 16), 0);
    assert_int_equal(getsockname(s->listener, (void *)&a, &n), 0);
    s->port = ntohs(a.sin_port);
    pthread_create(&s->thread, NULL, server_run, s);
    return s;
}

static void server_stop(struct server *s) {
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    for (int i = 0; i < PEERS_MAX && s->peers[i]; i++) {
        shutdown(s->peers[i]->fd, SHUT_RDWR);
        pthread_join(s->peers[i]->thread, NULL);
        close(s->peers[i]->fd);
        free(s->peers[i]);
    }
    close(s->listener);
    free(s);
}

/* ---- the caller ---- */

struct caller {
    struct event_base *base;
    struct upstreams *u;
    struct upstream_target target;
    char url[128];
};

struct answer {
    struct upstream_call *call;
    struct caller *caller;
    enum upstream_end end;
    int dones, heads, status;
    char type[128], fields[2048], body[300000];
    size_t len;
    int pieces;
    int stop_at;              /* the data call that returns -1, from 1 */
    int full_at;              /* the data call that returns 1 */
    bool refuse_head, cancel_inside, full;
};

static int on_head(void *owner, const struct upstream_head *h) {
    struct answer *a = owner;
    assert_int_equal(a->heads, 0);
    a->heads++;
    a->status = h->status;
    snprintf(a->type, sizeof a->type, "%.*s", (int)h->content_type.len, h->content_type.ptr);
    for (size_t i = 0; i < h->n; i++) {
        size_t at = strlen(a->fields);
        snprintf(a->fields + at, sizeof a->fields - at, "%.*s=%.*s\n", (int)h->headers[i].name.len,
                 h->headers[i].name.ptr, (int)h->headers[i].value.len, h->headers[i].value.ptr);
    }
    return a->refuse_head ? -1 : 0;
}

static int on_data(void *owner, struct span bytes) {
    struct answer *a = owner;
    assert_int_equal(a->heads, 1);
    assert_int_equal(a->dones, 0);
    assert_false(a->full);
    assert_true(a->len + bytes.len < sizeof a->body);
    memcpy(a->body + a->len, bytes.ptr, bytes.len);
    a->len += bytes.len;
    a->body[a->len] = '\0';
    a->pieces++;
    if (a->cancel_inside) upstream_cancel(a->call);
    if (a->pieces == a->stop_at) return -1;
    a->full = a->pieces == a->full_at;
    return a->full ? 1 : 0;
}

static void on_done(void *owner, enum upstream_end end) {
    struct answer *a = owner;
    a->end = end;
    a->dones++;
    event_base_loopbreak(a->caller->base);
}

static const struct upstream_handler handler = {on_head, on_data, on_done};

static struct caller *caller_new(int port, const char *scheme) {
    struct caller *c = calloc(1, sizeof *c);
    c->base = event_base_new();
    c->u = upstreams_new(c->base);
    snprintf(c->url, sizeof c->url, "%s://127.0.0.1:%d/v1/", scheme, port);
    c->target = (struct upstream_target){.name = "test", .url = c->url, .credential = "sk-up",
                                         .connect_ms = 2000, .first_byte_ms = 3000, .idle_ms = 3000,
                                         .total_ms = 8000, .response_max = 200000};
    return c;
}

static void caller_free(struct caller *c) {
    upstreams_free(c->u);
    event_base_free(c->base);
    free(c);
}

static const char *const extra[] = {"openai-organization: org-1", NULL};

static struct answer *begin(struct caller *c, struct answer *a, const char *body, bool stream, uint64_t pool) {
    struct upstream_request r = {.method = "POST", .path = "/chat/completions", .body = span_of(body),
                                 .stream = stream, .user_agent = "phigate/test", .headers = extra, .pool = pool};
    int full_at = a->full_at, stop_at = a->stop_at;
    bool refuse_head = a->refuse_head, cancel_inside = a->cancel_inside;

    memset(a, 0, sizeof *a);
    a->full_at = full_at;
    a->stop_at = stop_at;
    a->refuse_head = refuse_head;
    a->cancel_inside = cancel_inside;
    a->caller = c;
    a->call = upstream_start(c->u, &c->target, &r, &handler, a);
    assert_non_null(a->call);
    assert_int_equal(a->dones + a->heads, 0); /* nothing from inside start */
    return a;
}

static void run_for(struct caller *c, int ms) {
    struct timeval t = {ms / 1000, ms % 1000 * 1000};
    event_base_loopexit(c->base, &t);
    event_base_dispatch(c->base);
}

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void finish(struct answer *a) {
    int64_t give_up = now_ms() + 10000;
    while (a->dones == 0 && now_ms() < give_up)
        run_for(a->caller, 500);
    assert_int_equal(a->dones, 1);
}

static struct answer answer; /* large; one at a time */

static enum upstream_end ask(struct caller *c, bool stream) {
    finish(begin(c, &answer, "{\"model\":\"m\"}", stream, 1));
    return answer.end;
}

/* ---- what is sent, what is passed on ---- */

static void serve_hello(struct peer *p) {
    while (peer_hear(p))
        peer_say(p, OK_HEAD "Content-Length: 5\r\nX-Request-ID: r-1\r\nSet-Cookie: a=b\r\nAlt-Svc: h3\r\n"
                            "X-RateLimit-Remaining-Tokens: 7\r\nLocation: /x\r\n\r\nhello");
}

static void request_is_built_anew(void **state) {
    struct server *s = server_start(serve_hello, NULL);
    struct caller *c = caller_new(s->port, "http");
    (void)state;

    assert_int_equal(ask(c, false), UPSTREAM_OK);
    assert_string_equal(answer.body, "hello");
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.type, "application/json");
    assert_string_equal(answer.fields, "x-request-id=r-1\nx-ratelimit-remaining-tokens=7\n");
    assert_int_equal(strncmp(s->last, "POST /v1/chat/completions HTTP/1.1\r\n", 36), 0);
    assert_non_null(strstr(s->last, "\r\nauthorization: Bearer sk-up\r\n"));
    assert_non_null(strstr(s->last, "\r\ncontent-type: application/json\r\n"));
    assert_non_null(strstr(s->last, "\r\naccept-encoding: identity\r\n"));
    assert_non_null(strstr(s->last, "\r\nopenai-organization: org-1\r\n"));
    assert_non_null(strstr(s->last, "\r\n\r\n{\"model\":\"m\"}"));
    assert_null(strcasestr(s->last, "expect"));
    caller_free(c);
    server_stop(s);
}

static void large_body_goes_without_expect(void **state) {
    static char body[60001];
    struct server *s = server_start(serve_hello, NULL);
    struct caller *c = caller_new(s->port, "http");
    (void)state;

    memset(body, 'x', sizeof body - 1);
    finish(begin(c, &answer, body, false, 1));
    assert_int_equal(answer.end, UPSTREAM_OK);
    assert_null(strcasestr(s->last, "expect"));
    caller_free(c);
    server_stop(s);
}

static void lines_cannot_be_injected(void **state) {
    static const char *const bad[] = {"x: a\r\nhost: evil", NULL};
    struct caller *c = caller_new(1, "http");
    struct upstream_request r = {.method = "POST", .path = "/x", .headers = bad};
    (void)state;

    assert_null(upstream_start(c->u, &c->target, &r, &handler, &answer));
    r.headers = NULL;
    r.path = "/x HTTP/1.1\r\n";
    assert_null(upstream_start(c->u, &c->target, &r, &handler, &answer));
    r.path = "x";
    assert_null(upstream_start(c->u, &c->target, &r, &handler, &answer));
    r.path = "/x";
    r.method = "DELETE";
    assert_null(upstream_start(c->u, &c->target, &r, &handler, &answer));
    r.method = "GET";
    c->target.credential = "a\nb";
    assert_null(upstream_start(c->u, &c->target, &r, &handler, &answer));
    c->target.credential = NULL;
    c->target.url = "file:///etc";
    assert_null(upstream_start(c->u, &c->target, &r, &handler, &answer));
    caller_free(c);
}

static void connections_are_kept_within_a_pool_only(void **state) {
    struct server *s = server_start(serve_hello, NULL);
    struct caller *c = caller_new(s->port, "http");
    (void)state;

    for (int i = 0; i < 3; i++)
        assert_int_equal(ask(c, false), UPSTREAM_OK);
    assert_int_equal(s->connections, 1);
    finish(begin(c, &answer, "{}", false, 2));
    assert_int_equal(answer.end, UPSTREAM_OK);
    assert_int_equal(s->connections, 2);
    assert_int_equal(ask(c, false), UPSTREAM_OK);
    assert_int_equal(s->connections, 2);
    caller_free(c);
    server_stop(s);
}

/* A handle that called one URL is used for another. */
static void urls_do_not_stick(void **state) {
    static const char *const paths[] = {"/models", "/models", "/models/a?b=c", "/a/../b", "/models"};
    struct server *s = server_start(serve_hello, NULL), *other = server_start(serve_hello, NULL);
    struct caller *c = caller_new(s->port, "http");
    (void)state;

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct upstream_request r = {.method = i % 2 ? "POST" : "GET", .path = paths[i], .pool = 1};
        char line[128];
        memset(&answer, 0, sizeof answer);
        answer.caller = c;
        assert_non_null(upstream_start(c->u, &c->target, &r, &handler, &answer));
        finish(&answer);
        assert_int_equal(answer.end, UPSTREAM_OK);
        snprintf(line, sizeof line, "%s /v1%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n", r.method, r.path, s->port);
        assert_int_equal(strncmp(s->last, line, strlen(line)), 0);
        if (i % 2 == 0) assert_null(strcasestr(s->last, "content-"));
    }
    snprintf(c->url, sizeof c->url, "http://127.0.0.1:%d", other->port);
    assert_int_equal(ask(c, false), UPSTREAM_OK);
    assert_int_equal(other->requests, 1);
    assert_int_equal(strncmp(other->last, "POST /chat/completions HTTP/1.1\r\n", 33), 0);
    snprintf(c->url, sizeof c->url, "http://user:secret@127.0.0.1:%d", other->port);
    struct upstream_request r = {.method = "GET", .path = "/models", .pool = 1};
    assert_null(upstream_start(c->u, &c->target, &r, &handler, &answer));
    caller_free(c);
    server_stop(s);
    server_stop(other);
}

/* ---- planted answers ---- */

static void serve_planted(struct peer *p) {
    if (p->nth == 0 && peer_hear(p)) {
        peer_say(p, OK_HEAD "Content-Length: 4\r\n\r\ngood");
        pause_ms(50);
        peer_say(p, OK_HEAD "Content-Length: 6\r\n\r\nFORGED");
    }
    while (peer_hear(p))
        peer_say(p, OK_HEAD "Content-Length: 5\r\n\r\nagain");
}

/* The planted answer directly behind the good one, in the same write: libcurl reads the first and leaves the rest. */
static void serve_planted_at_once(struct peer *p) {
    while (peer_hear(p))
        peer_say(p, p->nth == 0 ? OK_HEAD "Content-Length: 4\r\n\r\ngood" OK_HEAD "Content-Length: 6\r\n\r\nFORGED"
                                : OK_HEAD "Content-Length: 5\r\n\r\nagain");
}

/* Long enough that the end of the body is read apart from the head, with exactly the bytes that are missing. */
static void serve_planted_behind_long(struct peer *p) {
    static const char planted[] = OK_HEAD "Content-Length: 6\r\n\r\nFORGED";
    static char body[40000];
    while (peer_hear(p)) {
        if (p->nth > 0) {
            peer_say(p, OK_HEAD "Content-Length: 5\r\n\r\nagain");
            continue;
        }
        size_t n = (size_t)snprintf(body, sizeof body, OK_HEAD "Content-Length: 20000\r\n\r\n");
        memset(body + n, 'g', 20000);
        memcpy(body + n + 20000, planted, sizeof planted - 1);
        peer_write(p, body, n + 10000);
        pause_ms(50);
        peer_write(p, body + n + 10000, 10000 + sizeof planted - 1);
    }
}

static void expect_nothing_planted(void (*serve)(struct peer *), SSL_CTX *tls, const char *ca, int wait) {
    struct server *s = server_start(serve, tls);
    struct caller *c = caller_new(s->port, tls ? "https" : "http");

    c->target.ca_file = ca;
    assert_int_equal(ask(c, false), UPSTREAM_OK);
    assert_int_equal(answer.body[0], 'g');
    if (wait >= 0) run_for(c, wait);
    else pause_ms(-wait); /* the loop sees nothing meanwhile */
    assert_int_equal(ask(c, false), UPSTREAM_OK);
    assert_string_equal(answer.body, "again");
    assert_int_equal(s->connections, 2);
    assert_int_equal(ask(c, false), UPSTREAM_OK);
    assert_string_equal(answer.body, "again");
    assert_int_equal(s->connections, 2);
    pause_ms(20);
    assert_int_equal(s->closed, 1); /* the one with the planted answer */
    caller_free(c);
    server_stop(s);
}

static void planted_answer_is_not_taken(void **state) {
    (void)state;
    expect_nothing_planted(serve_planted, NULL, NULL, 150);
    expect_nothing_planted(serve_planted, NULL, NULL, -150);
    expect_nothing_planted(serve_planted_at_once, NULL, NULL, 100);
    expect_nothing_planted(serve_planted_behind_long, NULL, NULL, 0);
}

/* ---- TLS ---- */

static char ca_path[] = "test-upstream-ca-XXXXXX";

static SSL_CTX *tls_context(void) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    X509V3_CTX v3;

    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC, (const void *)"test", -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    X509V3_set_ctx(&v3, cert, cert, NULL, NULL, 0);
    X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, &v3, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(cert, san, -1);
    X509_EXTENSION_free(san);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    assert_int_equal(SSL_CTX_use_certificate(tls, cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(tls, key), 1);

    int fd = mkstemp(ca_path);
    FILE *f = fdopen(fd, "w");
    PEM_write_X509(f, cert);
    fclose(f);
    X509_free(cert);
    EVP_PKEY_free(key);
    return tls;
}

static void tls_is_verified(void **state) {
    SSL_CTX *tls = *state;
    struct server *s = server_start(serve_hello, tls);
    struct caller *c = caller_new(s->port, "https");

    assert_int_equal(ask(c, false), UPSTREAM_UNREACHABLE); /* the system does not know this certificate */
    assert_int_equal(s->requests, 0);
    c->target.ca_file = ca_path;
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask(c, false), UPSTREAM_OK);
    assert_int_equal(s->connections, 2); /* the refused one, and one kept */
    snprintf(c->url, sizeof c->url, "https://localhost:%d", s->port);
    assert_int_equal(ask(c, false), UPSTREAM_UNREACHABLE); /* another name than the certificate's */
    c->target.ca_file = "no-such-file";
    struct upstream_request r = {.method = "GET", .path = "/models"};
    assert_null(upstream_start(c->u, &c->target, &r, &handler, &answer));
    caller_free(c);
    server_stop(s);
}

static void planted_answer_is_not_taken_over_tls(void **state) {
    expect_nothing_planted(serve_planted, *state, ca_path, 150);
    expect_nothing_planted(serve_planted, *state, ca_path, -150);
    expect_nothing_planted(serve_planted_at_once, *state, ca_path, 100);
    expect_nothing_planted(serve_planted_behind_long, *state, ca_path, 0);
}

/* ---- framing ---- */

static const char *raw; /* what serve_raw answers */

static void serve_raw(struct peer *p) {
    if (!peer_hear(p)) return;
    peer_say(p, raw);
}

static enum upstream_end ask_raw(const char *bytes) {
    raw = bytes;
    struct server *s = server_start(serve_raw, NULL);
    struct caller *c = caller_new(s->port, "http");
    enum upstream_end end = ask(c, false);
    int requests = s->requests;
    caller_free(c);
    server_stop(s);
    assert_int_equal(requests, 1); /* a request that may have arrived is not repeated */
    return end;
}

static void bad_framing_is_broken(void **state) {
    static const char *const bad[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\n\r\n",
        "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\r\n folded\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
        "HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 20 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/3.7 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "hello, this is no HTTP at all",
        "",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        enum upstream_end end = ask_raw(bad[i]);
        if (end != UPSTREAM_BROKEN) print_error("case %zu\n", i);
        assert_int_equal(end, UPSTREAM_BROKEN);
    }
}

static void endless_heads_are_broken(void **state) {
    static char text[200000];
    (void)state;

    size_t n = 0;
    for (int i = 0; i < 40; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "HTTP/1.1 103 Early Hints\r\n\r\n");
    snprintf(text + n, sizeof text - n, OK_HEAD "Content-Length: 5\r\n\r\nhello");
    assert_int_equal(ask_raw(text), UPSTREAM_BROKEN);

    n = (size_t)snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 300; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "X-%d: y\r\n", i);
    snprintf(text + n, sizeof text - n, "Content-Length: 5\r\n\r\nhello");
    assert_int_equal(ask_raw(text), UPSTREAM_BROKEN);

    n = (size_t)snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nX: ");
    memset(text + n, 'x', 40000);
    snprintf(text + n + 40000, 100, "\r\nContent-Length: 5\r\n\r\nhello");
    assert_int_equal(ask_raw(text), UPSTREAM_BROKEN);
}

static void good_framing_is_taken(void **state) {
    static const char *const good[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Trailer: a\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\nhello",
        "HTTP/1.1 200\r\nContent-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nhello",
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(ask_raw(good[i]), UPSTREAM_OK);
        assert_string_equal(answer.body, "hello");
    }
    assert_int_equal(answer.status, 500);
}

static void cut_body_is_given_and_broken(void **state) {
    (void)state;
    assert_int_equal(ask_raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"), UPSTREAM_BROKEN);
    assert_int_equal(answer.heads, 1);
    assert_string_equal(answer.body, "hello");
}

static void too_large_is_stopped(void **state) {
    static char text[250000];
    (void)state;

    assert_int_equal(ask_raw("HTTP/1.1 200 OK\r\nContent-Length: 200001\r\n\r\nhello"), UPSTREAM_TOO_LARGE);
    assert_int_equal(answer.heads, 0);
    size_t n = (size_t)snprintf(text, sizeof text, "HTTP/1.0 200 OK\r\n\r\n");
    memset(text + n, 'x', 220000);
    assert_int_equal(ask_raw(text), UPSTREAM_TOO_LARGE);
    assert_true(answer.len <= 200000);
    /* An event stream that nobody asked for is no way around. */
    n = (size_t)snprintf(text, sizeof text, "HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
    memset(text + n, 'x', 220000);
    assert_int_equal(ask_raw(text), UPSTREAM_TOO_LARGE);
}

/* ---- time ---- */

static void serve_silence(struct peer *p) {
    while (peer_hear(p))
        ;
}

static void serve_stall(struct peer *p) {
    if (!peer_hear(p)) return;
    peer_say(p, OK_HEAD "Content-Length: 10\r\n\r\nhello");
    peer_hear(p);
}

static void serve_drip(struct peer *p) {
    if (!peer_hear(p)) return;
    peer_say(p, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
    for (int i = 0; i < 100; i++) {
        peer_say(p, ": x\n\n");
        pause_ms(50);
    }
}

static void expect_timeout(void (*serve)(struct peer *), unsigned first, unsigned idle, unsigned total) {
    struct server *s = server_start(serve, NULL);
    struct caller *c = caller_new(s->port, "http");
    int64_t before = now_ms();

    c->target.first_byte_ms = first;
    c->target.idle_ms = idle;
    c->target.total_ms = total;
    assert_int_equal(ask(c, true), UPSTREAM_TIMEOUT);
    assert_in_range(now_ms() - before, 150, 900);
    pause_ms(100);
    assert_int_equal(s->requests, 1);
    if (serve != serve_drip) assert_int_equal(s->closed, 1); /* the connection is gone */
    caller_free(c);
    server_stop(s);
}

static void each_deadline_ends_a_call(void **state) {
    (void)state;
    expect_timeout(serve_silence, 200, 5000, 5000);
    expect_timeout(serve_stall, 5000, 200, 5000);
    expect_timeout(serve_drip, 5000, 5000, 400);
    expect_timeout(serve_silence, 5000, 5000, 200);
}

static void nobody_there_is_unreachable(void **state) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0); /* bound, not listening */
    (void)state;

    assert_int_equal(bind(fd, (void *)&a, sizeof a), 0);
    assert_int_equal(getsockname(fd, (void *)&a, &n), 0);
    struct caller *c = caller_new(ntohs(a.sin_port), "http");
    assert_int_equal(ask(c, false), UPSTREAM_UNREACHABLE);
    assert_int_equal(answer.heads, 0);

    /* A listener whose queue is full lets nobody in: the connection neither comes nor fails. */
    listen(fd, 0);
    int fill[8];
    for (int i = 0; i < 8; i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(fill[i], (void *)&a, sizeof a);
    }
    c->target.connect_ms = 200;
    int64_t before = now_ms();
    assert_int_equal(ask(c, false), UPSTREAM_UNREACHABLE);
    assert_in_range(now_ms() - before, 150, 900);
    for (int i = 0; i < 8; i++)
        close(fill[i]);
    caller_free(c);
    close(fd);
}

static void names_are_resolved(void **state) {
    struct server *s = server_start(serve_hello, NULL);
    struct caller *c = caller_new(s->port, "http");
    (void)state;

    snprintf(c->url, sizeof c->url, "http://localhost:%d", s->port);
    for (int i = 0; i < 2; i++)
        assert_int_equal(ask(c, false), UPSTREAM_OK);
    assert_int_equal(s->connections, 1);
    snprintf(c->url, sizeof c->url, "http://no-such-host.invalid:%d", s->port);
    c->target.connect_ms = 1000; /* whatever the resolver does */
    assert_int_equal(ask(c, false), UPSTREAM_UNREACHABLE);
    caller_free(c);
    server_stop(s);
}

/* ---- cancel, back-pressure, reuse ---- */

static void cancel_closes_at_once(void **state) {
    struct server *s = server_start(serve_stall, NULL);
    struct caller *c = caller_new(s->port, "http");
    (void)state;

    begin(c, &answer, "{}", false, 1);
    while (answer.len < 5)
        run_for(c, 20);
    upstream_cancel(answer.call);
    assert_int_equal(answer.dones, 0); /* not from inside */
    finish(&answer);
    assert_int_equal(answer.end, UPSTREAM_CANCELLED);
    pause_ms(50);
    assert_int_equal(s->closed, 1);

    begin(c, &answer, "{}", false, 1); /* before anything happened */
    upstream_cancel(answer.call);
    upstream_cancel(answer.call);
    finish(&answer);
    assert_int_equal(answer.end, UPSTREAM_CANCELLED);
    caller_free(c);
    server_stop(s);
}

static void handler_may_stop_or_cancel(void **state) {
    struct server *s = server_start(serve_drip, NULL);
    struct caller *c = caller_new(s->port, "http");
    (void)state;

    answer.stop_at = 3;
    assert_int_equal(ask(c, true), UPSTREAM_CANCELLED);
    assert_int_equal(answer.pieces, 3);
    answer.stop_at = 0;
    answer.refuse_head = true;
    assert_int_equal(ask(c, true), UPSTREAM_CANCELLED);
    assert_int_equal(answer.pieces, 0);
    answer.refuse_head = false;
    answer.cancel_inside = true;
    assert_int_equal(ask(c, true), UPSTREAM_CANCELLED);
    assert_int_equal(answer.pieces, 1);
    answer.cancel_inside = false;
    caller_free(c);
    server_stop(s);
}

static void open_calls_end_with_the_loop(void **state) {
    struct server *s = server_start(serve_silence, NULL);
    struct caller *c = caller_new(s->port, "http");
    (void)state;

    begin(c, &answer, "{}", false, 1);
    run_for(c, 50);
    upstreams_free(c->u);
    c->u = NULL;
    assert_int_equal(answer.dones, 1);
    assert_int_equal(answer.end, UPSTREAM_CANCELLED);
    caller_free(c);
    server_stop(s);
}

static void serve_flood(struct peer *p) {
    static char block[10000];
    memset(block, 'f', sizeof block);
    if (!peer_hear(p)) return;
    peer_say(p, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 250000\r\n\r\n");
    for (int i = 0; i < 25; i++)
        peer_write(p, block, sizeof block);
    peer_hear(p);
}

static void full_owner_gets_no_more(void **state) {
    struct server *s = server_start(serve_flood, NULL);
    struct caller *c = caller_new(s->port, "http");
    (void)state;

    c->target.idle_ms = 150; /* does not run while the owner is full */
    answer.full_at = 2;
    begin(c, &answer, "{}", true, 1);
    run_for(c, 400);
    assert_true(answer.full);
    assert_int_equal(answer.pieces, 2);
    assert_int_equal(answer.dones, 0);
    answer.full = false;
    upstream_resume(answer.call);
    assert_int_equal(answer.pieces, 2); /* not from inside */
    finish(&answer);
    assert_int_equal(answer.end, UPSTREAM_OK);
    assert_int_equal(answer.len, 250000);

    begin(c, &answer, "{}", true, 1); /* cancelled while full */
    run_for(c, 50);
    assert_true(answer.full);
    upstream_cancel(answer.call);
    finish(&answer);
    assert_int_equal(answer.end, UPSTREAM_CANCELLED);

    answer.stop_at = 3; /* refused in what follows on resume */
    begin(c, &answer, "{}", true, 1);
    run_for(c, 50);
    answer.full = false;
    upstream_resume(answer.call);
    finish(&answer);
    assert_int_equal(answer.end, UPSTREAM_CANCELLED);
    answer.stop_at = answer.full_at = 0;
    caller_free(c);
    server_stop(s);
}

/* Closes after the first answer; a pooled connection that turns out closed is no error. */
static void serve_once(struct peer *p) {
    if (peer_hear(p)) peer_say(p, OK_HEAD "Content-Length: 5\r\n\r\nhello");
}

/* Takes the second request of each connection and closes without a word. */
static void serve_drop_second(struct peer *p) {
    if (peer_hear(p)) peer_say(p, OK_HEAD "Content-Length: 5\r\n\r\nhello");
    peer_hear(p);
}

static void closed_connection_is_replaced(void **state) {
    struct server *s = server_start(serve_once, NULL);
    struct caller *c = caller_new(s->port, "http");
    (void)state;

    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(c, false), UPSTREAM_OK);
        run_for(c, 50);
    }
    assert_int_equal(s->requests, 3);
    caller_free(c);
    server_stop(s);

    s = server_start(serve_drop_second, NULL);
    c = caller_new(s->port, "http");
    assert_int_equal(ask(c, false), UPSTREAM_OK);
    assert_int_equal(ask(c, false), UPSTREAM_OK); /* repeated once, on a fresh connection */
    assert_int_equal(s->requests, 3);
    assert_int_equal(s->connections, 2);
    caller_free(c);
    server_stop(s);
}

static void many_calls_at_once(void **state) {
    static struct answer many[8];
    struct server *s = server_start(serve_hello, NULL);
    struct caller *c = caller_new(s->port, "http");
    (void)state;

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 8; i++)
            begin(c, &many[i], "{}", false, 1 + (uint64_t)i % 2);
        for (int i = 0; i < 8; i++) {
            finish(&many[i]);
            assert_int_equal(many[i].end, UPSTREAM_OK);
            assert_string_equal(many[i].body, "hello");
        }
    }
    assert_int_equal(s->connections, 8);
    caller_free(c);
    server_stop(s);
}

/* ---- the echo model ---- */

#define ECHO_BODY(more) "{\"model\":\"echo\"," more "\"messages\":[{\"role\":\"user\",\"content\":\"Call [NAME_1] now\"}]}"

static void echo_answers_from_the_loop(void **state) {
    struct caller *c = caller_new(1, "http");
    (void)state;

    c->target.url = "builtin:echo";
    finish(begin(c, &answer, ECHO_BODY(""), false, 1));
    assert_int_equal(answer.end, UPSTREAM_OK);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.type, "application/json");
    assert_non_null(strstr(answer.body, "The model received: Call \u2039NAME_1\u203a now"));
    assert_non_null(strstr(answer.body, "values: Call [NAME_1] now\""));

    finish(begin(c, &answer, "no json", false, 1));
    assert_int_equal(answer.end, UPSTREAM_OK);
    assert_int_equal(answer.status, 400);
    caller_free(c);
}

static void echo_streams_as_fast_as_taken(void **state) {
    struct caller *c = caller_new(1, "http");
    (void)state;

    c->target.url = "builtin:echo";
    finish(begin(c, &answer, ECHO_BODY("\"stream\":true,"), true, 1));
    assert_int_equal(answer.end, UPSTREAM_OK);
    assert_string_equal(answer.type, "text/event-stream");
    assert_true(answer.pieces > 10);
    assert_string_equal(answer.body + answer.len - 14, "data: [DONE]\n\n");
    int pieces = answer.pieces;

    answer.full_at = 4;
    begin(c, &answer, ECHO_BODY("\"stream\":true,"), true, 1);
    run_for(c, 50);
    assert_int_equal(answer.pieces, 4);
    answer.full = false;
    upstream_resume(answer.call);
    assert_int_equal(answer.pieces, 4);
    finish(&answer);
    assert_int_equal(answer.pieces, pieces);
    answer.full_at = 0;

    answer.cancel_inside = true;
    finish(begin(c, &answer, ECHO_BODY("\"stream\":true,"), true, 1));
    assert_int_equal(answer.end, UPSTREAM_CANCELLED);
    assert_int_equal(answer.pieces, 1);
    answer.cancel_inside = false;
    begin(c, &answer, ECHO_BODY(""), false, 1);
    upstream_cancel(answer.call);
    finish(&answer);
    assert_int_equal(answer.heads, 0);
    begin(c, &answer, ECHO_BODY(""), false, 1); /* still open when the loop goes */
    caller_free(c);
    assert_int_equal(answer.end, UPSTREAM_CANCELLED);
}

static int set_up(void **state) {
    signal(SIGPIPE, SIG_IGN);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    *state = tls_context();
    return 0;
}

static int tear_down(void **state) {
    SSL_CTX_free(*state);
    unlink(ca_path);
    curl_global_cleanup();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_is_built_anew),
        cmocka_unit_test(large_body_goes_without_expect),
        cmocka_unit_test(lines_cannot_be_injected),
        cmocka_unit_test(connections_are_kept_within_a_pool_only),
        cmocka_unit_test(urls_do_not_stick),
        cmocka_unit_test(planted_answer_is_not_taken),
        cmocka_unit_test(tls_is_verified),
        cmocka_unit_test(planted_answer_is_not_taken_over_tls),
        cmocka_unit_test(bad_framing_is_broken),
        cmocka_unit_test(endless_heads_are_broken),
        cmocka_unit_test(good_framing_is_taken),
        cmocka_unit_test(cut_body_is_given_and_broken),
        cmocka_unit_test(too_large_is_stopped),
        cmocka_unit_test(each_deadline_ends_a_call),
        cmocka_unit_test(nobody_there_is_unreachable),
        cmocka_unit_test(names_are_resolved),
        cmocka_unit_test(cancel_closes_at_once),
        cmocka_unit_test(handler_may_stop_or_cancel),
        cmocka_unit_test(open_calls_end_with_the_loop),
        cmocka_unit_test(full_owner_gets_no_more),
        cmocka_unit_test(closed_connection_is_replaced),
        cmocka_unit_test(many_calls_at_once),
        cmocka_unit_test(echo_answers_from_the_loop),
        cmocka_unit_test(echo_streams_as_fast_as_taken),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
