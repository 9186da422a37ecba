/* SPDX-License-Identifier: Apache-2.0
 *
 * What a server does at its limits: slow and vanishing clients, full sockets, too many connections, no descriptors.
 */
#include "server_fixture.h"

#include <sys/resource.h>
#include <sys/wait.h>

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
    c->pause_at = 1;
    assert_answer(c, 200, NULL);
    c->pause_at = 0;
    assert_int_equal(c->body.len, expected);
    for (size_t i = 0; i < expected; i++)
        if (c->body.ptr[i] != pattern[i % CHUNK]) fail_msg("byte %zu differs", i);
}

static void test_slow_reader(void **state) {
    struct fixture f;
    struct client c;

    (void)state;
    start(&f, &usual);
    client_open_window(&c, &f, true);
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

/* ---- no spinning ---- */

static double cpu_ms(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

/* More is pipelined than is held: the rest waits in the kernel, and the loop does not turn around it. */
static void test_full_pipeline_waits(void **state) {
    struct fixture f;
    struct client c;

    (void)state;
    start(&f, &usual);
    client_open(&c, &f);
    client_say(&c, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    client_send(&c, span_make(f.filler, 200000));
    assert_soon(&f.completes, 1);
    sleep_ms(50);
    double before = cpu_ms();
    sleep_ms(500);
    assert_true(cpu_ms() - before < 150);
    assert_int_equal(atomic_load(&f.gone), 0);
    stop(&f);
    client_close(&c);
}

/* In a child, whose limit on descriptors is lowered: connections wait that cannot be accepted. */
static int exhaust(void) {
    struct fixture f;
    struct rlimit limit, none;
    struct sockaddr_in a = {.sin_family = AF_INET};
    int waiting[20], closed = 0;
    char byte;

    start(&f, &usual);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.sin_port = htons((uint16_t)f.port);
    for (int i = 0; i < 20; i++)
        waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return 10;
    none = limit;
    none.rlim_cur = (rlim_t)waiting[19] + 1;
    if (setrlimit(RLIMIT_NOFILE, &none) < 0) return 11;
    for (int i = 0; i < 20; i++)
        if (connect(waiting[i], (struct sockaddr *)&a, sizeof a) < 0) return 12;
    double before = cpu_ms();
    sleep_ms(1000);
    if (cpu_ms() - before > 200) return 13; /* spins */
    if (atomic_load(&f.accepted) != 0) return 14;
    for (int i = 0; i < 20; i++)
        closed += recv(waiting[i], &byte, 1, MSG_DONTWAIT) == 0;
    if (closed < 3 || closed > 15) return 15; /* one for each pause */
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0) return 16;
    sleep_ms(500);
    if (atomic_load(&f.accepted) != 20u - (unsigned)closed && atomic_load(&f.accepted) != 19u - (unsigned)closed) return 17;
    struct client c = {.fd = waiting[19]};
    buf_init(&c.in, 1 << 20);
    buf_init(&c.body, 1 << 20);
    client_say(&c, "GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
    if (!client_answer(&c, false) || c.status != 200) return 18;
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

int main(void) {
    const struct CMUnitTest tests[] = {
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
        cmocka_unit_test(test_full_pipeline_waits),
        cmocka_unit_test(test_descriptors_run_out),
        cmocka_unit_test(test_addresses),
    };

    signal(SIGPIPE, SIG_IGN);
    evthread_use_pthreads();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
