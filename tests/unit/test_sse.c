/* SPDX-License-Identifier: Apache-2.0
 *
 * Server-sent events: every stream is read whole, cut at every byte and byte by byte, with the same events each time;
 * line ends, byte order mark, comments, empty events, ceilings, what is written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../proxy/buf.h"
#include "../../proxy/sse.h"

struct sink {
    struct buf text;
    int stop_after; /* events; 0 never */
};

/* Each event as name|data; or #comment; */
static int note(void *arg, const struct sse_event *e) {
    struct sink *k = arg;
    if (e->what == SSE_COMMENT) {
        buf_add_char(&k->text, '#');
    } else {
        buf_add(&k->text, e->name);
        buf_add_char(&k->text, '|');
    }
    buf_add(&k->text, e->data);
    buf_add_char(&k->text, ';');
    return k->stop_after && --k->stop_after == 0 ? -1 : 0;
}

/* The events, with "!" at the end when a push failed, "~" when a line was unfinished. */
static struct buf read_stream(struct span s, size_t ceiling, size_t step, size_t cut) {
    struct sink k = {0};
    int result = 0;
    buf_init(&k.text, 1u << 20);
    struct sse *sse = sse_new(ceiling);
    assert_non_null(sse);
    if (step == 0) {
        result = sse_push(sse, span_sub(s, 0, cut), note, &k);
        if (result == 0) result = sse_push(sse, span_sub(s, cut, s.len), note, &k);
    }
    for (size_t i = 0; step && result == 0 && i < s.len; i += step)
        result = sse_push(sse, span_sub(s, i, i + step), note, &k);
    if (result == 0) {
        int end = sse_end(sse, note, &k);
        if (end == 1) buf_add_char(&k.text, '~');
        if (end < 0) result = -1;
    }
    if (result < 0) {
        assert_int_equal(sse_push(sse, span_of("data: x\n\n"), note, &k), -1);
        buf_add_char(&k.text, '!');
    }
    sse_free(sse);
    return k.text;
}

static void expect_in(struct span s, size_t ceiling, const char *expected) {
    for (size_t cut = 0; cut <= s.len + 3; cut++) {
        struct buf x = cut > s.len ? read_stream(s, ceiling, cut - s.len, 0) : read_stream(s, ceiling, 0, cut);
        if (!span_is(buf_span(&x), expected))
            fail_msg("%.*s\n  got  %.*s\n  want %s (cut %zu)", (int)s.len, s.ptr, (int)x.len, x.len ? x.ptr : "", expected, cut);
        buf_free(&x);
    }
}

static void expect(const char *s, const char *expected) {
    expect_in(span_of(s), 4096, expected);
}

static void events_in_every_line_end(void **state) {
    (void)state;
    expect("data: a\n\ndata: b\n\n", "|a;|b;");
    expect("data: a\r\n\r\ndata: b\r\n\r\n", "|a;|b;");
    expect("data: a\r\ndata: b\r\n\r\n", "|a\nb;");
    expect("data: a\r\rdata: b\r\r", "|a;|b;");
    expect("data: a\r\n\ndata: b\n\r\n", "|a;|b;");
    expect("data:a\n\ndata:  b \n\n", "|a;| b ;");
    expect("event: x\ndata: a\n\ndata: b\n\n", "x|a;|b;");
    expect("data: a\nevent: x\nevent: y\n\n", "y|a;");
    expect("data: a\ndata: b\ndata\ndata:c\n\n", "|a\nb\n\nc;");
    expect("data: h\xc3\xa9 \xf0\x9f\x98\x80\n\n", "|h\xc3\xa9 \xf0\x9f\x98\x80;");
    expect("\n\n\ndata: a\n\n\n\n", "|a;");
}

/* A line's end at every place among the eight bytes that are looked at at once, beside bytes that differ from one in a bit. */
static void a_line_ends_at_every_place(void **state) {
    (void)state;
    for (const char *end = "\n\r"; *end; end++) {
        for (size_t at = 6; at < 26; at++) {
            char text[] = "data: \x0b\x0c\xc3\x8a\x0e\x0f\x1a\x09\xc3\x8d\x0b\x0c\x0e\x0f\x1a\x09*-\xc3\x8a\n\n", expected[40] = "|";
            if (text[at] & 0x80) continue;
            text[at] = *end;
            memcpy(expected + 1, text + 6, at - 6);
            strcat(expected, ";");
            struct buf seen = read_stream(span_of(text), 1000, sizeof text, 0);
            assert_true(span_is(buf_span(&seen), at == 6 ? "" : expected));
            buf_free(&seen);
        }
    }
}

static void what_is_dropped(void **state) {
    (void)state;
    expect("id: 1\nretry: 3000\nfoo: x\nbar\nDATA: y\n data: z\ndata: a\n\n", "|a;");
    expect("retry: 3000\n\nid: 1\n\ndata: a\n\n", "|a;");
    expect("event: ping\n\ndata: a\n\n", "|a;");
    expect("data:\n\ndata\n\ndata: a\n\n", "|a;");
    expect("\xef\xbb\xbf" "data: a\n\n", "|a;");
    expect("\xef\xbb\xbf\xef\xbb\xbf" "data: a\n\ndata: b\n\n", "|b;");
}

static void comments_pass(void **state) {
    (void)state;
    expect(": ping\n\ndata: a\n\n:\n\n:x\n", "#ping;|a;#;#x;");
    expect("data: a\n: between\ndata: b\n\n", "#between;|a\nb;");
}

static void ends(void **state) {
    (void)state;
    expect("", "");
    expect("data: a\n", "|a;");
    expect("data: a", "|a;~");
    expect("data: a\n\ndat", "|a;~");
    expect("data: a\r", "|a;");
    expect("\xef\xbb", "!");
}

static void what_is_refused(void **state) {
    (void)state;
    expect("data: a\n\ndata: \xc3(\n\ndata: b\n\n", "|a;!");
    expect("data: \xed\xa0\x80\n\n", "!");
    expect("data: a\n\ndata: \xf0\x9f\x98", "|a;!");
    expect_in(span_of("data: 12\n\ndata: 12345678\n\n"), 14, "|12;|12345678;");
    expect_in(span_of("data: 12\n\ndata: 123456789\n\n"), 14, "|12;!");
    expect_in(span_of("data: 1234567\ndata: 1234567\n\n"), 15, "!");
    /* Keep-alives do not add up. */
    expect_in(span_of(": aaaaaa\n: bbbbbb\n: cccccc\ndata: 1\n\n"), 12, "#aaaaaa;#bbbbbb;#cccccc;|1;");
}

static void a_line_without_end_is_bounded(void **state) {
    (void)state;
    struct sink k = {0};
    buf_init(&k.text, 4096);
    struct sse *s = sse_new(1000);
    int result = 0, pushes = 0;
    while (result == 0 && pushes < 1000) {
        result = sse_push(s, span_of("data: xxxxxxxxxx"), note, &k);
        pushes++;
    }
    assert_int_equal(result, -1);
    assert_in_range(pushes, 60, 64);
    sse_free(s);
    buf_free(&k.text);
}

static void a_handler_stops_the_stream(void **state) {
    (void)state;
    struct sink k = {.stop_after = 2};
    buf_init(&k.text, 4096);
    struct sse *s = sse_new(1000);
    assert_int_equal(sse_push(s, span_of("data: a\n\ndata: b\n\ndata: c\n\n"), note, &k), -1);
    assert_int_equal(sse_end(s, note, &k), -1);
    assert_true(span_is(buf_span(&k.text), "|a;|b;"));
    sse_free(s);
    buf_free(&k.text);
}

static void one_form_is_written(void **state) {
    (void)state;
    struct buf out;
    buf_init(&out, 4096);
    sse_write(&out, (struct span){0}, span_of("{\"a\":1}"));
    sse_write(&out, span_of("error"), span_of("{\n\"a\":1\r\n}"));
    sse_write(&out, span_of("ping"), (struct span){0});
    sse_write_comment(&out, span_of("keep\nalive"));
    assert_true(span_is(buf_span(&out), "data: {\"a\":1}\n\nevent: error\ndata: { \"a\":1  }\n\n: keep alive\n\n"));
    buf_free(&out);
}

static void what_is_written_is_read(void **state) {
    (void)state;
    struct buf out;
    buf_init(&out, 4096);
    sse_write(&out, span_of("x"), span_of(" leading"));
    sse_write_comment(&out, span_of("c"));
    sse_write(&out, (struct span){0}, span_of("[DONE]"));
    expect_in(buf_span(&out), 4096, "x| leading;#c;|[DONE];");
    buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_in_every_line_end),
        cmocka_unit_test(a_line_ends_at_every_place),
        cmocka_unit_test(what_is_dropped),
        cmocka_unit_test(comments_pass),
        cmocka_unit_test(ends),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(a_line_without_end_is_bounded),
        cmocka_unit_test(a_handler_stops_the_stream),
        cmocka_unit_test(one_form_is_written),
        cmocka_unit_test(what_is_written_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
