/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls to upstreams: what is sent and passed on, pools, deadlines, cancel, back-pressure, the echo model.
 */
#include "upstream_harness.h"

#include <dlfcn.h>
#include <netdb.h>

/* ---- what is sent, what is passed on ---- */

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
    assert_true(answer.sent);
    assert_null(strcasestr(s->last, "expect"));
    caller_free(c);
    server_stop(s);
}

static void serve_early(struct peer *p) {
    if (peer_read(p, p->request, 1) == 1) peer_say(p, OK_HEAD "Content-Length: 5\r\n\r\nhello");
    pause_ms(200);
}

/* A body that is still on its way when the answer comes must stay where it is. */
static void an_early_answer_does_not_free_the_body(void **state) {
    size_t len = 32u << 20;
    char *body = calloc(1, len + 1);
    struct server *s = server_start(serve_early, NULL);
    struct caller *c = caller_new(s->port, "http");
    (void)state;

    memset(body, 'x', len);
    finish(begin(c, &answer, body, false, 1));
    assert_int_equal(answer.heads, 1);
    assert_false(answer.sent);
    caller_free(c);
    server_stop(s);
    free(body);
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
    r.method = "PATCH";
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

/* In place of the system's: a resolver that hangs for a while on some names. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    if (name && strncmp(name, "slow", 4) == 0) {
        pause_ms(1500);
        return EAI_AGAIN;
    }
    void *next = dlsym(RTLD_NEXT, "getaddrinfo");
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    memcpy(&real, &next, sizeof real);
    return real(name, service, hints, found);
}

static void hanging_resolver_does_not_stop_the_loop(void **state) {
    struct caller *c = caller_new(1, "http");
    int64_t before = now_ms();
    (void)state;

    c->target.url = "http://slow.example.com";
    c->target.connect_ms = 200;
    assert_int_equal(ask(c, false), UPSTREAM_UNREACHABLE);
    assert_in_range(now_ms() - before, 150, 900);
    begin(c, &answer, "{}", false, 1);
    run_for(c, 50);
    upstream_cancel(answer.call);
    finish(&answer);
    caller_free(c);
    assert_in_range(now_ms() - before, 150, 1200);
    pause_ms(2000); /* the resolver's threads end */
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
    char block[10000];
    memset(block, 'f', sizeof block);
    if (!peer_hear(p)) return;
    peer_say(p, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 250000\r\n\r\n");
    for (int i = 0; i < 25; i++)
        peer_write(p, block, sizeof block);
    peer_hear(p);
}

static void wait_until_full(struct caller *c) {
    for (int i = 0; i < 100 && !answer.full; i++)
        run_for(c, 20);
    assert_true(answer.full);
}

static void full_owner_gets_no_more(void **state) {
    struct server *s = server_start(serve_flood, NULL);
    struct caller *c = caller_new(s->port, "http");
    (void)state;

    c->target.idle_ms = 150; /* does not run while the owner is full */
    answer.full_at = 2;
    begin(c, &answer, "{}", true, 1);
    wait_until_full(c);
    run_for(c, 400);
    assert_int_equal(answer.pieces, 2);
    assert_int_equal(answer.dones, 0);
    answer.full = false;
    upstream_resume(answer.call);
    assert_int_equal(answer.pieces, 2); /* not from inside */
    finish(&answer);
    assert_int_equal(answer.end, UPSTREAM_OK);
    assert_int_equal(answer.len, 250000);

    begin(c, &answer, "{}", true, 1); /* cancelled while full */
    wait_until_full(c);
    upstream_cancel(answer.call);
    finish(&answer);
    assert_int_equal(answer.end, UPSTREAM_CANCELLED);

    answer.stop_at = 3; /* refused in what follows on resume */
    begin(c, &answer, "{}", true, 1);
    wait_until_full(c);
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
    *state = NULL;
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    curl_global_cleanup();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_is_built_anew),
        cmocka_unit_test(large_body_goes_without_expect),
        cmocka_unit_test(an_early_answer_does_not_free_the_body),
        cmocka_unit_test(lines_cannot_be_injected),
        cmocka_unit_test(connections_are_kept_within_a_pool_only),
        cmocka_unit_test(urls_do_not_stick),
        cmocka_unit_test(each_deadline_ends_a_call),
        cmocka_unit_test(nobody_there_is_unreachable),
        cmocka_unit_test(hanging_resolver_does_not_stop_the_loop),
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
