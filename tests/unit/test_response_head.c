/* SPDX-License-Identifier: Apache-2.0
 *
 * Heads of answers, as text; cut into lines as the HTTP library does.
 */
#include "../../proxy/response_head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct response_head head;

static enum response_step read_head(const char *text) {
    struct span s = span_of(text);
    enum response_step step = RESPONSE_MORE;

    response_head_wipe(&head);
    response_head_init(&head);
    for (size_t at = 0, end; at < s.len && step == RESPONSE_MORE; at = end) {
        end = span_find(s, '\n', at);
        if (end < s.len) end++;
        step = response_head_line(&head, span_sub(s, at, end));
    }
    return step;
}

static void takes_what_is_allowed(void **state) {
    (void)state;
    assert_int_equal(read_head("HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nX-RateLimit-Limit-Requests:  9 \r\nOpenAI-Version: v\r\n"
                               "Anthropic-RateLimit-X: 1\r\nRetry-After: 3\r\nX-RateLimi: no\r\nVia: p\r\n"
                               "Content-Type: text/event-stream; charset=utf-8\r\nServer: x\r\n\r\n"),
                     RESPONSE_FINAL);
    assert_int_equal(head.status, 200);
    assert_true(span_is(head.content_type, "text/event-stream; charset=utf-8"));
    assert_int_equal(head.n_fields, 4);
    assert_true(span_is(head.fields[0].name, "x-ratelimit-limit-requests"));
    assert_true(span_is(head.fields[0].value, "9"));
    assert_true(span_is(head.fields[3].name, "retry-after"));
}

static void interim_heads_leave_nothing(void **state) {
    (void)state;
    assert_int_equal(read_head("HTTP/1.1 103 Hints\r\nRetry-After: 3\r\n\r\nHTTP/1.1 204 No\r\nRequest-Id: b\r\n\r\n"),
                     RESPONSE_FINAL);
    assert_int_equal(head.status, 204);
    assert_int_equal(head.n_fields, 1);
    assert_true(span_is(head.fields[0].name, "request-id"));
}

static void framing_is_told_once(void **state) {
    (void)state;
    assert_int_equal(read_head("HTTP/2 200 \r\ncontent-length: 12\r\n\r\n"), RESPONSE_FINAL);
    assert_true(head.has_length);
    assert_int_equal(head.length, 12);
    assert_int_equal(read_head("HTTP/2 200 \r\ntransfer-encoding: chunked\r\n\r\n"), RESPONSE_BAD);
    assert_int_equal(read_head("HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n"), RESPONSE_FINAL);
    assert_int_equal(read_head("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 1\r\n\r\n"), RESPONSE_BAD);
    assert_int_equal(read_head("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\n"), RESPONSE_BAD);
    assert_int_equal(read_head("HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n"), RESPONSE_BAD);
    assert_int_equal(read_head("HTTP/1.1 100 Go\r\ncontent-length: 1\r\n\r\n"), RESPONSE_BAD);
    assert_int_equal(read_head("HTTP/1.1 200 OK\r\ncontent-type: a\r\ncontent-type: b\r\n\r\n"), RESPONSE_BAD);
}

static void bad_stays_bad(void **state) {
    (void)state;
    assert_int_equal(read_head("HTTP/1.1 302 Found\r\n\r\n"), RESPONSE_BAD);
    assert_int_equal(response_head_line(&head, span_of("HTTP/1.1 200 OK\r\n")), RESPONSE_BAD);
    memset(&head, 0, sizeof head); /* zeroed memory refuses */
    assert_int_equal(response_head_line(&head, span_of("HTTP/1.1 200 OK\r\n")), RESPONSE_BAD);
}

static void trailers_are_dropped_and_counted(void **state) {
    enum response_step step = RESPONSE_MORE;
    (void)state;

    assert_int_equal(read_head("HTTP/1.1 200 OK\r\n\r\n"), RESPONSE_FINAL);
    for (int i = 0; i < 1000 && step == RESPONSE_MORE; i++)
        step = response_head_line(&head, span_of("Retry-After: 1\r\n"));
    assert_int_equal(step, RESPONSE_BAD);
    assert_int_equal(head.n_fields, 0);
}

static void many_fields_leave_room_for_the_type(void **state) {
    static char text[20000];
    size_t n = (size_t)snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\n");
    (void)state;

    for (int i = 0; i < 40; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "X-RateLimit-%d: %0200d\r\n", i, i);
    snprintf(text + n, sizeof text - n, "Content-Type: application/json\r\n\r\n");
    assert_int_equal(read_head(text), RESPONSE_FINAL);
    assert_true(span_is(head.content_type, "application/json"));
    assert_in_range(head.n_fields, 10, RESPONSE_HEAD_FIELDS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_is_allowed),
        cmocka_unit_test(interim_heads_leave_nothing),
        cmocka_unit_test(framing_is_told_once),
        cmocka_unit_test(bad_stays_bad),
        cmocka_unit_test(trailers_are_dropped_and_counted),
        cmocka_unit_test(many_fields_leave_room_for_the_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
