/* SPDX-License-Identifier: Apache-2.0
 *
 * For tests of calls to upstreams: small servers that misbehave on purpose, and a caller. Each server is a function
 * that is given a connection; whatever it does is what the upstream does.
 */
#ifndef UPSTREAM_HARNESS_H
#define UPSTREAM_HARNESS_H

#include "../../proxy/upstream.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
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

#define USED __attribute__((unused)) /* not by every test program */

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
    pthread_mutex_t lock; /* of last */
    char last[70000];
};

USED static void peer_write(struct peer *p, const char *bytes, size_t len) {
    if (p->ssl)
        SSL_write(p->ssl, bytes, (int)len);
    else
        send(p->fd, bytes, len, MSG_NOSIGNAL);
}

USED static void peer_say(struct peer *p, const char *text) {
    peer_write(p, text, strlen(text));
}

USED static ssize_t peer_read(struct peer *p, char *to, size_t room) {
    if (p->ssl) return SSL_read(p->ssl, to, (int)room);
    return recv(p->fd, to, room, 0);
}

/* A whole request with its body. false: the connection ended. */
USED static bool peer_hear(struct peer *p) {
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
    pthread_mutex_lock(&p->server->lock);
    memcpy(p->server->last, p->request, p->len + 1);
    pthread_mutex_unlock(&p->server->lock);
    p->server->requests++;
    return true;
}

USED static void pause_ms(int ms) {
    poll(NULL, 0, ms);
}

USED static void *peer_run(void *arg) {
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

USED static void *server_run(void *arg) {
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

USED static struct server *server_start(void (*serve)(struct peer *p), SSL_CTX *tls) {
    struct server *s = calloc(1, sizeof *s);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;

    s->serve = serve;
    pthread_mutex_init(&s->lock, NULL);
    s->tls = tls;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listener, (void *)&a, sizeof a), 0);
    assert_int_equal(listen(s->listener, 16), 0);
    assert_int_equal(getsockname(s->listener, (void *)&a, &n), 0);
    s->port = ntohs(a.sin_port);
    pthread_create(&s->thread, NULL, server_run, s);
    return s;
}

USED static void server_stop(struct server *s) {
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
    bool sent; /* when the head came, the body had gone */
};

USED static int on_head(void *owner, const struct upstream_head *h) {
    struct answer *a = owner;
    assert_int_equal(a->heads, 0);
    a->heads++;
    a->sent = a->call && upstream_sent(a->call);
    a->status = h->status;
    snprintf(a->type, sizeof a->type, "%.*s", (int)h->content_type.len, h->content_type.ptr);
    for (size_t i = 0; i < h->n; i++) {
        size_t at = strlen(a->fields);
        snprintf(a->fields + at, sizeof a->fields - at, "%.*s=%.*s\n", (int)h->headers[i].name.len,
                 h->headers[i].name.ptr, (int)h->headers[i].value.len, h->headers[i].value.ptr);
    }
    return a->refuse_head ? -1 : 0;
}

USED static int on_data(void *owner, struct span bytes) {
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

USED static void on_done(void *owner, enum upstream_end end) {
    struct answer *a = owner;
    a->end = end;
    a->dones++;
    event_base_loopbreak(a->caller->base);
}

USED static const struct upstream_handler handler = {on_head, on_data, on_done};

USED static struct caller *caller_new(int port, const char *scheme) {
    struct caller *c = calloc(1, sizeof *c);
    c->base = event_base_new();
    c->u = upstreams_new(c->base);
    snprintf(c->url, sizeof c->url, "%s://127.0.0.1:%d/v1/", scheme, port);
    c->target = (struct upstream_target){.name = "test", .url = c->url, .credential = "sk-up",
                                         .connect_ms = 2000, .first_byte_ms = 3000, .idle_ms = 3000,
                                         .total_ms = 8000, .response_max = 200000};
    return c;
}

USED static void caller_free(struct caller *c) {
    upstreams_free(c->u);
    event_base_free(c->base);
    free(c);
}

USED static const char *const extra[] = {"openai-organization: org-1", NULL};

USED static struct answer *begin(struct caller *c, struct answer *a, const char *body, bool stream, uint64_t pool) {
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

USED static void run_for(struct caller *c, int ms) {
    struct timeval t = {ms / 1000, ms % 1000 * 1000};
    event_base_loopexit(c->base, &t);
    event_base_dispatch(c->base);
}

USED static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

USED static void finish(struct answer *a) {
    int64_t give_up = now_ms() + 10000;
    while (a->dones == 0 && now_ms() < give_up)
        run_for(a->caller, 500);
    assert_int_equal(a->dones, 1);
}

USED static struct answer answer; /* large; one at a time */

USED static enum upstream_end ask(struct caller *c, bool stream) {
    finish(begin(c, &answer, "{\"model\":\"m\"}", stream, 1));
    return answer.end;
}

/* Answers every request with "hello" and with headers that may and may not be passed on. */
USED static void serve_hello(struct peer *p) {
    while (peer_hear(p))
        peer_say(p, OK_HEAD "Content-Length: 5\r\nX-Request-ID: r-1\r\nSet-Cookie: a=b\r\nAlt-Svc: h3\r\n"
                            "X-RateLimit-Remaining-Tokens: 7\r\nLocation: /x\r\n\r\nhello");
}

#endif
