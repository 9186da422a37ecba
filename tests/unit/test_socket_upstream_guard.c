/* SPDX-License-Identifier: Apache-2.0
 *
 * Upstreams that lie: planted answers, certificates, framing, sizes.
 */
#include "upstream_harness.h"

#include <openssl/x509v3.h>
#include <sys/mman.h>

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

static char ca_path[64]; /* of a file in memory */
static FILE *ca_file;

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

    int fd = memfd_create("certificate", MFD_CLOEXEC);
    FILE *f = fdopen(fd, "w");
    PEM_write_X509(f, cert);
    fflush(f); /* stays open as long as the path is used */
    snprintf(ca_path, sizeof ca_path, "/proc/self/fd/%d", fd);
    ca_file = f;
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

static int set_up(void **state) {
    signal(SIGPIPE, SIG_IGN);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    *state = tls_context();
    return 0;
}

static int tear_down(void **state) {
    SSL_CTX_free(*state);
    fclose(ca_file);
    curl_global_cleanup();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planted_answer_is_not_taken),
        cmocka_unit_test(tls_is_verified),
        cmocka_unit_test(planted_answer_is_not_taken_over_tls),
        cmocka_unit_test(bad_framing_is_broken),
        cmocka_unit_test(endless_heads_are_broken),
        cmocka_unit_test(good_framing_is_taken),
        cmocka_unit_test(cut_body_is_given_and_broken),
        cmocka_unit_test(too_large_is_stopped),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
