/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests and answers over real sockets. `test_socket_server serve PORT` leaves the server running for other clients
 * (the conformance script, a load generator).
 */
#include "server_fixture.h"

#include "../conformance/requests.h"

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

/* The first piece of a stream does not wait for what else the turn brings; each stream of a connection has its own. */
static void test_first_piece_at_once(void **state) {
    struct fixture f;
    struct client c;

    (void)state;
    start(&f, &usual);
    client_open(&c, &f);
    for (unsigned i = 0; i < 2; i++) {
        atomic_store(&f.first_seen, false);
        client_say(&c, "GET /burst HTTP/1.1\r\nHost: a\r\n\r\n");
        while (find_text(buf_span(&c.in), "one") == c.in.len)
            assert_int_equal(client_fill(&c), 1);
        atomic_store(&f.first_seen, true);
        assert_answer(&c, 200, "onetwo");
    }
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

/* A handler whose announced length was wrong must not leave a client with a wrong idea of where the answer ends. */
static void test_wrong_length(void **state) {
    struct fixture f;
    struct client c;

    (void)state;
    start(&f, &usual);
    for (int n = 9; n <= 11; n++) {
        char text[80];
        snprintf(text, sizeof text, "GET /length?%d HTTP/1.1\r\nHost: a\r\n\r\n", n);
        client_open(&c, &f);
        client_say(&c, text);
        assert_int_equal(client_answer(&c, false), n == 10);
        if (n != 10) assert_int_not_equal(client_fill(&c), 1);
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

    client_open(&c, &f); /* unread input must not turn the end into a reset */
    client_say(&c, "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n");
    client_send(&c, span_make(f.filler, 200000));
    sleep_ms(50);
    assert_int_equal(server_connections(f.server), 1); /* still there, so that the answer can be read at leisure */
    assert_answer(&c, 401, "no");
    assert_closed(&c);
    client_close(&c);
    stop(&f);
}

/* Access may take its time: the body waits, in the connection's buffer and in the kernel. */
static void test_body_allowed_later(void **state) {
    static const size_t sizes[] = {0, 5, 16384, 70000, 1000000};
    struct fixture f;
    struct client c;
    char text[100];

    (void)state;
    start(&f, &usual);
    client_open(&c, &f);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        snprintf(text, sizeof text, "POST /decide HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", sizes[i]);
        client_say(&c, text);
        client_send(&c, span_make(f.filler, sizes[i]));
        assert_answer(&c, 200, NULL);
        assert_true(span_equal(buf_span(&c.body), span_make(f.filler, sizes[i])));
    }
    client_say(&c, "POST /decide HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"); /* leaves meanwhile */
    assert_soon(&f.heads, 6);
    client_close(&c);
    assert_soon(&f.aborted, 1);
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

/* The same answers however the network cuts a request. */
static void test_cut_anywhere(void **state) {
    struct requests *r = requests_load();
    struct fixture f;
    struct client c;

    (void)state;
    start(&f, &usual);
    for (size_t i = 0; i < r->n; i++) {
        const struct request *q = &r->v[i];
        struct span all = buf_span(&q->bytes);

        for (size_t cut = 1 + i % 7; q->accept && cut < all.len; cut += 7) {
            client_open(&c, &f);
            client_send(&c, span_sub(all, 0, cut));
            sleep_ms(1);
            client_send(&c, span_sub(all, cut, all.len));
            for (unsigned n = 0; n < q->answers; n++)
                if (!client_answer(&c, false) || c.status != 200) fail_msg("%s cut at %zu", q->name, cut);
            client_close(&c);
        }
    }
    requests_free(r);
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

static int serve(const char *port) {
    struct server_options o = usual;
    struct fixture f;
    char address[40];

    snprintf(address, sizeof address, "127.0.0.1:%s", port);
    o.header_timeout_ms = 1000;
    o.idle_timeout_ms = 20000;
    o.connections_max = 20000;
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
        cmocka_unit_test(test_first_piece_at_once),
        cmocka_unit_test(test_abort),
        cmocka_unit_test(test_wrong_length),
        cmocka_unit_test(test_head_method),
        cmocka_unit_test(test_expect_continue),
        cmocka_unit_test(test_absolute_form_and_hosts),
        cmocka_unit_test(test_early_answer),
        cmocka_unit_test(test_body_allowed_later),
        cmocka_unit_test(test_body_too_large),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_bad_requests),
        cmocka_unit_test(test_conformance),
    };

    signal(SIGPIPE, SIG_IGN);
    evthread_use_pthreads();
    if (argc == 3 && strcmp(argv[1], "serve") == 0) return serve(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
