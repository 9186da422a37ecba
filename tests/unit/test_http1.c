/* SPDX-License-Identifier: Apache-2.0
 *
 * The request reader: the conformance list, heads and bodies cut at every byte, limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../proxy/buf.h"
#include "../../proxy/http1.h"
#include "../../proxy/span.h"

#define HEADER_MAX 16384u

#include "../conformance/requests.h"

static struct http1_head head;
static int status;
static const char *reason;

static int read_text(const char *text, size_t *used) {
    return http1_read_head(span_of(text), HEADER_MAX, &head, used, &status, &reason);
}

static void assert_refused(const char *text, int expected) {
    size_t used;

    status = 0;
    assert_int_equal(read_text(text, &used), -1);
    assert_int_equal(status, expected);
    assert_non_null(reason);
}

static void assert_read(const char *text) {
    size_t used;

    assert_int_equal(read_text(text, &used), 1);
    assert_int_equal(used, strlen(text));
}

/* Reads a body given `step` bytes at a time. -1 refused, 0 unfinished, 1 ended with *used bytes. */
static int read_body(struct span bytes, size_t step, size_t *used, struct buf *data) {
    struct http1_body b;

    http1_body_init(&b, &head);
    *used = 0;
    for (size_t given = 0; !b.ended && *used < bytes.len;) {
        given = given + step < bytes.len ? given + step : bytes.len;
        for (size_t n = 1; n && !b.ended;) {
            struct span run;
            if (http1_body_read(&b, span_sub(bytes, *used, given), &n, &run) < 0) return -1;
            buf_add(data, run);
            *used += n;
        }
    }
    assert_int_equal(b.total, data->len);
    return b.ended;
}

/* Requests read from one run of bytes; -1: one of them was refused or is unfinished. */
static int count_requests(struct span bytes, size_t step) {
    int n = 0;

    for (size_t at = 0; at < bytes.len; n++) {
        size_t used;
        struct buf data;

        if (http1_read_head(span_sub(bytes, at, bytes.len), HEADER_MAX, &head, &used, &status, &reason) != 1)
            return -1;
        at += used;
        buf_init(&data, 1 << 20);
        int rc = read_body(span_sub(bytes, at, bytes.len), step, &used, &data);
        buf_free(&data);
        if (rc != 1 && !(rc == 0 && at == bytes.len && head.length == 0 && !head.chunked)) return -1;
        at += used;
    }
    return n;
}

static void test_conformance(void **state) {
    struct requests *r = requests_load();
    size_t refused = 0, accepted = 0;

    (void)state;
    for (size_t i = 0; i < r->n; i++) {
        const struct request *q = &r->v[i];
        for (size_t step = 1; step < 4000; step *= 3) {
            int n = count_requests(buf_span(&q->bytes), step);
            if (n != (q->accept ? (int)q->answers : -1)) fail_msg("%s: read as %d requests", q->name, n);
        }
        if (q->accept)
            accepted++;
        else
            refused++;
    }
    assert_int_equal(refused, 68);
    assert_true(accepted >= 8);
    requests_free(r);
}

/* A refused request must be refused by -1, not by waiting for more: a peer that waits forever is no answer. */
static void test_refusals_are_prompt(void **state) {
    struct requests *r = requests_load();

    (void)state;
    for (size_t i = 0; i < r->n; i++) {
        const struct request *q = &r->v[i];
        size_t used;
        struct buf data;

        if (q->accept) continue;
        int rc = http1_read_head(buf_span(&q->bytes), HEADER_MAX, &head, &used, &status, &reason);
        if (rc == 0) fail_msg("%s: waits for more", q->name);
        if (rc < 0) {
            assert_true(status >= 400 && status < 600 && strcmp(http1_reason(status), "Unknown") != 0);
            continue;
        }
        buf_init(&data, 1 << 20);
        rc = read_body(span_sub(buf_span(&q->bytes), used, q->bytes.len), 4096, &used, &data);
        buf_free(&data);
        if (rc != -1) fail_msg("%s: the body was not refused", q->name);
    }
    requests_free(r);
}

static void test_head(void **state) {
    (void)state;
    assert_read("POST /v1/chat?x=1&y HTTP/1.1\r\nHost: a.example:80\r\nX-A:  b c\t\r\ncontent-length: 12\r\n"
                "Expect: 100-Continue\r\n\r\n");
    assert_int_equal(head.method, HTTP1_POST);
    assert_true(span_is(head.target, "/v1/chat?x=1&y"));
    assert_true(span_is(head.path, "/v1/chat"));
    assert_true(span_is(head.query, "x=1&y"));
    assert_true(span_is(head.host, "a.example:80"));
    assert_true(span_is(http1_field(&head, "x-a"), "b c"));
    assert_int_equal(http1_field(&head, "x-b").len, 0);
    assert_int_equal(http1_field_count(&head, "X-A"), 1);
    assert_int_equal(head.n_fields, 4);
    assert_true(head.has_length && head.length == 12 && !head.chunked && head.expect_continue && !head.close);
    assert_int_equal(head.minor, 1);
}

static void test_connection(void **state) {
    (void)state;
    assert_read("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
    assert_false(head.close);
    assert_read("GET / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: a,\tCLOSE ,\r\n\r\n");
    assert_true(head.close);
    assert_read("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
    assert_true(head.close);
    assert_read("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    assert_false(head.close);
}

static void test_target(void **state) {
    (void)state;
    assert_read("GET http://A.example:1/p?q HTTP/1.1\r\nHost: a.EXAMPLE:1\r\n\r\n");
    assert_true(span_is(head.path, "/p") && span_is(head.query, "q") && span_is(head.host, "a.EXAMPLE:1"));
    assert_read("GET HTTPS://a?q HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(span_is(head.path, "/") && span_is(head.query, "q"));
    assert_read("GET http://[::1]:8080 HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n");
    assert_true(span_is(head.path, "/") && head.query.len == 0);
    assert_read("GET //a/../b?? HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(span_is(head.path, "//a/../b") && span_is(head.query, "?"));

    assert_refused("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    assert_refused("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    assert_refused("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    assert_refused("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    assert_refused("GET http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    assert_refused("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    assert_refused("GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    assert_refused(" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    assert_refused("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400);
    assert_refused("PRI * HTTP/2.0\r\n\r\n", 505);
}

static void test_host(void **state) {
    static const char *const bad[] = {"", "a b", "a/b", "u@a", "a:", "a:x", "a:123456", "[::1", "[]", "[x]", "::1",
                                      ":80", "a,b", "a\xc3\xa9", "a%41", "[::1]x", "a\\b"};
    static const char *const good[] = {"a", "A-1.b_c:65535", "192.0.2.1", "[2001:db8::1]", "[::ffff:192.0.2.1]:1"};
    char text[256];
    size_t used;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", bad[i]);
        if (read_text(text, &used) != -1) fail_msg("Host: %s", bad[i]);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", good[i]);
        if (read_text(text, &used) != 1) fail_msg("Host: %s", good[i]);
    }
}

static void test_every_byte_in_a_name(void **state) {
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char text[] = "GET / HTTP/1.1\r\nHost: a\r\nX?Y: b\r\n\r\n";
        size_t used;
        bool token = byte && byte < 128 && strchr("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ", byte);

        *strchr(text, '?') = (char)byte;
        int rc = http1_read_head(span_make(text, sizeof text - 1), HEADER_MAX, &head, &used, &status, &reason);
        /* A colon ends the name and leaves a proper header. */
        if (rc != (token || byte == ':' ? 1 : -1)) fail_msg("byte 0x%02x: %d", byte, rc);
    }
}

static void test_statuses(void **state) {
    (void)state;
    assert_refused("BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501);
    assert_refused("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 501);
    assert_refused("get / HTTP/1.1\r\nHost: a\r\n\r\n", 501);
    assert_refused("GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505);
    assert_refused("GET /\r\n", 400);
    assert_refused("GET / HTTP/2\r\n", 505);
    assert_refused("POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n", 417);
    assert_refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: br\r\n\r\n", 501);
    assert_refused("HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
    assert_refused("\x16\x03\x01", 400);
    assert_refused("\r\r", 400);
    assert_refused("{\"not\":\"http\"}", 400);
}

static void test_limits(void **state) {
    struct buf b;
    size_t used;

    (void)state;
    buf_init(&b, 1 << 20);
    buf_add_c(&b, "GET /");
    while (b.len <= HTTP1_LINE_MAX)
        buf_add_char(&b, 'a');
    assert_int_equal(http1_read_head(buf_span(&b), HEADER_MAX, &head, &used, &status, &reason), -1);
    assert_int_equal(status, 414);

    for (unsigned n = 98; n <= 100; n++) { /* with Host: 99, 100 and 101 */
        buf_clear(&b);
        buf_add_c(&b, "GET / HTTP/1.1\r\nHost: a\r\n");
        for (unsigned i = 0; i < n; i++)
            buf_add_c(&b, "a:\r\n");
        buf_add_c(&b, "\r\n");
        int rc = http1_read_head(buf_span(&b), HEADER_MAX, &head, &used, &status, &reason);
        assert_int_equal(rc, n < 100 ? 1 : -1);
    }
    assert_int_equal(status, 431);

    buf_clear(&b);
    buf_add_c(&b, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    while (b.len < HEADER_MAX - 4)
        buf_add_char(&b, 'x');
    assert_int_equal(http1_read_head(buf_span(&b), HEADER_MAX, &head, &used, &status, &reason), 0);
    buf_add_c(&b, "\r\n\r\n");
    assert_int_equal(http1_read_head(buf_span(&b), HEADER_MAX, &head, &used, &status, &reason), 1);
    assert_int_equal(http1_read_head(buf_span(&b), HEADER_MAX - 1, &head, &used, &status, &reason), -1);
    assert_int_equal(status, 431);
    buf_free(&b);
}

/* Every prefix waits; no prefix is taken for a whole head. */
static void test_head_in_pieces(void **state) {
    static const char text[] = "\r\nPOST /a HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
    size_t used;

    (void)state;
    for (size_t n = 0; n < sizeof text - 1; n++)
        assert_int_equal(http1_read_head(span_make(text, n), HEADER_MAX, &head, &used, &status, &reason), 0);
    assert_read(text);
}

static void test_body_in_pieces(void **state) {
    static const char text[] = "3;x=\"y\"\r\nabc\r\n00A\r\n0123456789\r\n0\r\nX-Trailer: a\r\nY: \r\n\r\nGET /next";
    size_t used;

    (void)state;
    assert_read("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (size_t step = 1; step < sizeof text; step++) {
        struct buf data;
        buf_init(&data, 1 << 20);
        assert_int_equal(read_body(span_of(text), step, &used, &data), 1);
        assert_true(span_is(buf_span(&data), "abc0123456789"));
        assert_int_equal(used, sizeof text - 1 - 9);
        buf_free(&data);
    }
    for (size_t n = 0; n < sizeof text - 1 - 9; n++) {
        struct buf data;
        buf_init(&data, 1 << 20);
        assert_int_equal(read_body(span_make(text, n), n + 1, &used, &data), 0);
        buf_free(&data);
    }
}

static void test_body_refused(void **state) {
    static const char *const bad[] = {
        "g\r\n", ";\r\n", "\r\n", " 1\r\n", "1 \r\n", "123456789\r\n", "1\n", "1\r\r", "1;a\x01\r\n", "1;a\nb",
        "1\r\nab", "1\r\na\n", "1\r\na\r\r", "0\r\n\n", "0\r\na\r\n", "0\r\n: x\r\n", "0\r\na: \x01\r\n",
        "0\r\na: b\r\n c\r\n", "0\r\na : b\r\n",
        "0\r\na: b\n", "0\r\n\rx", "-1\r\n", "0x1\r\n",
    };
    size_t used;

    (void)state;
    assert_read("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct buf data;
        buf_init(&data, 1 << 20);
        if (read_body(span_of(bad[i]), 3, &used, &data) != -1) fail_msg("chunk %zu was not refused", i);
        buf_free(&data);
    }
}

static void test_trailers_have_an_end(void **state) {
    struct buf text, data;
    size_t used;

    (void)state;
    assert_read("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    buf_init(&text, 1 << 20);
    buf_init(&data, 1 << 20);
    buf_add_c(&text, "0\r\n");
    while (text.len < 20000)
        buf_add_c(&text, "a: b\r\n");
    assert_int_equal(read_body(buf_span(&text), 1000, &used, &data), -1);
    buf_free(&text);
    buf_free(&data);
}

static void test_zeroed_body_takes_nothing(void **state) {
    struct http1_body b = {0};
    struct span data;
    size_t used;

    (void)state;
    assert_int_equal(http1_body_read(&b, span_of("abc"), &used, &data), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conformance),       cmocka_unit_test(test_refusals_are_prompt),
        cmocka_unit_test(test_head),              cmocka_unit_test(test_connection),
        cmocka_unit_test(test_target),            cmocka_unit_test(test_host),
        cmocka_unit_test(test_statuses),          cmocka_unit_test(test_limits),
        cmocka_unit_test(test_head_in_pieces),    cmocka_unit_test(test_body_in_pieces),
        cmocka_unit_test(test_body_refused),      cmocka_unit_test(test_trailers_have_an_end),
        cmocka_unit_test(test_zeroed_body_takes_nothing), cmocka_unit_test(test_every_byte_in_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
