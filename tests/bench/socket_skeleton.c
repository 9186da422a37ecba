/* SPDX-License-Identifier: Apache-2.0
 *
 * The gateway's connections without the gateway: the client side (server.h) and the upstream side (upstream.h), and
 * between them nothing but a buffer each way. No access, no inspection, no audit log. What a request costs here is what
 * moving it costs; the rest of the gateway's cost is what it does with it.
 *
 *   socket_skeleton PORT URL      ends with SIGTERM
 */
#include "../../proxy/acceptor.h"
#include "../../proxy/buf.h"
#include "../../proxy/http1.h"
#include "../../proxy/memory.h"
#include "../../proxy/server.h"
#include "../../proxy/upstream.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define BODY_MAX (1u << 20)

struct skeleton {
    struct event_base *base;
    struct server *server;
    struct upstreams *upstreams;
    struct upstream_target target;
};

struct passage {
    struct skeleton *s;
    struct server_exchange *client;
    struct upstream_call *call;
    struct buf in, out;
    int status;
};

static void let_go(struct passage *p) {
    if (p->client || p->call) return;
    buf_free(&p->in);
    buf_free(&p->out);
    free(p);
}

/* ---- upstream ---- */

static int on_upstream_head(void *owner, const struct upstream_head *h) {
    struct passage *p = owner;
    p->status = h->status;
    return 0;
}

static int on_upstream_data(void *owner, struct span bytes) {
    struct passage *p = owner;
    buf_add(&p->out, bytes);
    return p->out.failed ? -1 : 0;
}

static void on_upstream_done(void *owner, enum upstream_end end) {
    const struct server_header type = {"content-type", span_of("application/json")};
    struct passage *p = owner;

    p->call = NULL;
    if (p->client) server_reply(p->client, end == UPSTREAM_OK ? p->status : 502, &type, 1, buf_span(&p->out));
    let_go(p);
}

static void pass_on(struct passage *p, bool get) {
    static const struct upstream_handler handler = {on_upstream_head, on_upstream_data, on_upstream_done};
    const struct upstream_request r = {.method = get ? "GET" : "POST",
                                       .path = get ? "/models" : "/chat/completions",
                                       .body = buf_span(&p->in),
                                       .user_agent = "phigate",
                                       .pool = 1};

    p->call = upstream_start(p->s->upstreams, &p->s->target, &r, &handler, p);
    if (!p->call) server_abort(p->client);
}

/* ---- clients ---- */

static void *on_head(void *arg, struct server_exchange *x, const struct http1_head *h) {
    struct passage *p = calloc(1, sizeof *p);

    if (!p) {
        server_abort(x);
        return NULL;
    }
    p->s = arg;
    p->client = x;
    buf_init(&p->in, BODY_MAX);
    buf_init(&p->out, BODY_MAX);
    p->status = h->method == HTTP1_GET; /* until the answer's own is known */
    server_accept_body(x, BODY_MAX);
    return p;
}

static int on_body(void *owner, struct span bytes) {
    struct passage *p = owner;
    buf_add(&p->in, bytes);
    return 0;
}

static void on_complete(void *owner) {
    struct passage *p = owner;
    pass_on(p, p->status == 1);
}

static void on_drained(void *owner) {
    (void)owner;
}

static void on_gone(void *owner, bool aborted) {
    struct passage *p = owner;

    p->client = NULL;
    if (aborted && p->call) upstream_cancel(p->call);
    let_go(p);
}

/* ---- life ---- */

static void hand_over(void *arg, int fd) {
    struct skeleton *s = arg;
    server_adopt(s->server, fd);
}

static void on_end(evutil_socket_t fd, short what, void *arg) {
    (void)fd, (void)what;
    event_base_loopbreak(arg);
}

int main(int argc, char **argv) {
    struct skeleton s = {.target = {.name = "stub", .url = argc > 2 ? argv[2] : ""}};
    const struct server_options options = {0};
    const struct server_handler handler = {on_head, on_body, on_complete, on_drained, on_gone, &s};
    char address[32], err[256];

    if (argc != 3 || memory_guard_libraries() < 0) return 2;
    signal(SIGPIPE, SIG_IGN);
    s.base = event_base_new();
    s.server = server_new(s.base, &options, &handler);
    s.upstreams = upstreams_new(s.base);
    snprintf(address, sizeof address, "127.0.0.1:%s", argv[1]);
    struct acceptor *a = acceptor_new(s.base, address, hand_over, &s, err, sizeof err);
    struct event *end = evsignal_new(s.base, SIGTERM, on_end, s.base);
    if (!a || !s.server || !s.upstreams || !end || event_add(end, NULL) < 0) return 1;
    event_base_loop(s.base, 0);
    acceptor_free(a);
    server_free(s.server);
    upstreams_free(s.upstreams);
    event_free(end);
    event_base_free(s.base);
    return 0;
}
