/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines of a batch: what they are for, and what is no line of one. The walk of a line is that of its endpoint.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../proxy/arena.h"
#include "../../proxy/buf.h"
#include "../../proxy/force.h"
#include "../../proxy/lines.h"
#include "../../proxy/walk.h"

#define LINE(url, body) "{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"" url "\",\"body\":" body "}"

static void lines_end_with_line_feeds(void **state) {
    struct lines l = {.rest = span_of("{}\n\r\n  \n{\"a\":1}\r\n{}")};
    struct span line;
    (void)state;
    assert_true(lines_next(&l, &line) && span_is(line, "{}") && l.number == 1);
    assert_true(lines_next(&l, &line) && span_is(line, "{\"a\":1}") && l.number == 4);
    assert_true(lines_next(&l, &line) && span_is(line, "{}") && l.number == 5);
    assert_false(lines_next(&l, &line));
}

static void a_line_says_what_it_is_for(void **state) {
    static const struct { const char *line; enum shape_endpoint e; const char *model; } rows[] = {
        {LINE("/v1/chat/completions", "{\"model\":\"m\",\"messages\":[{\"model\":\"x\"}]}"), SHAPE_CHAT, "m"},
        {LINE("/v1/responses", "{\"input\":{\"model\":\"x\"},\"mode\\u006c\":\"y\"}"), SHAPE_RESPONSES, "y"},
        {LINE("/v1/embeddings", "{}"), SHAPE_EMBEDDINGS, ""},
        {"{\"body\":{\"model\":\"m\"},\"url\":\"/v1/moderations\",\"method\":\"POST\",\"custom_id\":\"\"}", SHAPE_MODERATIONS, "m"},
    };
    struct line_head h;
    const char *why;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *a = arena_new(1u << 20);
        if (line_read(a, span_of(rows[i].line), &h, &why) < 0) fail_msg("%s: %s", why, rows[i].line);
        assert_int_equal(h.endpoint, rows[i].e);
        assert_true(span_is(h.model, rows[i].model));
        arena_free(a);
    }
}

static void what_is_no_line(void **state) {
    static const struct { const char *line, *why; } rows[] = {
        {"[]", "invalid_json"}, {"{", "invalid_json"}, {"{}", "missing_field"}, {"{} x", "invalid_json"}, {"1", "invalid_json"},
        {LINE("/v1/files", "{}"), "url"}, {LINE("/v1/chat/completions/", "{}"), "url"}, {LINE("/v1/images/edits", "{}"), "url"},
        {LINE("/v1/chat/completions", "[]"), "invalid_json"}, {LINE("/v1/chat/completions", "{\"model\":1}"), "invalid_json"},
        {"{\"custom_id\":1,\"method\":\"POST\",\"url\":\"/v1/responses\",\"body\":{}}", "invalid_json"},
        {"{\"custom_id\":\"a\",\"method\":\"GET\",\"url\":\"/v1/responses\",\"body\":{}}", "method"},
        {"{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/responses\",\"body\":{},\"note\":\"Jane\"}", "unknown_field"},
        {"{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/responses\",\"body\":{},\"body\":{}}", "invalid_json"},
        {"{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/responses\"}", "missing_field"},
    };
    struct line_head h;
    const char *why = "";
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *a = arena_new(1u << 20);
        if (line_read(a, span_of(rows[i].line), &h, &why) == 0) fail_msg("taken: %s", rows[i].line);
        assert_string_equal(why, rows[i].why);
        arena_free(a);
    }
}

/* Facts, numbers at their places, parts that cannot be read, and what the gateway changes: as in a body of its own. */
static void a_line_is_walked_as_its_endpoint(void **state) {
    static const char line[] = "{\"custom_id\":\"Jane Doe\",\"method\":\"POST\",\"url\":\"/v1/responses\",\"body\":{\"model\":\"m\",\"temperature\":0.5,"
                               "\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_image\"},{\"type\":\"input_text\",\"text\":\"x\"}]}]}}";
    struct arena *a = arena_new(1u << 20);
    struct force f;
    struct walk w;
    struct buf path, out;
    bool id = false, number = false;
    (void)state;
    assert_int_equal(walk_line(a, SHAPE_RESPONSES, span_of(line), 64, &w), 0);
    assert_true(span_is(w.model, "m") && w.unreadable == WALK_IMAGE);
    buf_init(&path, 256);
    buf_init(&out, 4096);
    walk_path(&w, w.unreadable_path, &path);
    assert_true(span_starts(buf_span(&path), "body.input[0].content[0]"));
    for (size_t i = 0; i < w.n; i++) {
        id |= w.v[i].what == WALK_STRING && span_is(w.v[i].text, "Jane Doe") && !w.v[i].parameter && w.v[i].part == WALK_METADATA;
        number |= w.v[i].what == WALK_NUMBER && w.v[i].parameter;
    }
    assert_true(id && number);
    assert_int_equal(force_plan(a, &w, span_of(line), &(struct force_wish){.store_false = true}, &f), 0);
    assert_int_equal(json_splice(span_of(line), f.edits, f.n, &out), 0);
    assert_non_null(memmem(out.ptr, out.len, "\"body\":{\"store\":false,\"model\"", 28));
    buf_free(&path);
    buf_free(&out);
    arena_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_with_line_feeds),
        cmocka_unit_test(a_line_says_what_it_is_for),
        cmocka_unit_test(what_is_no_line),
        cmocka_unit_test(a_line_is_walked_as_its_endpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
