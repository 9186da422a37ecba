/* SPDX-License-Identifier: Apache-2.0
 *
 * "store" of /v1/responses is false in what leaves, however the body has it; nothing else changes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../proxy/arena.h"
#include "../../proxy/buf.h"
#include "../../proxy/force.h"

static void becomes(enum shape_endpoint e, bool store_false, const char *body, const char *want, size_t changes) {
    struct arena *a = arena_new(1u << 20);
    struct force f;
    struct walk w;
    struct buf out;

    buf_init(&out, 4096);
    assert_int_equal(walk_body(a, e, span_of(body), 64, &w), 0);
    assert_int_equal(force_plan(a, &w, span_of(body), &(struct force_wish){.store_false = store_false}, &f), 0);
    assert_int_equal(f.n, changes);
    assert_int_equal(json_splice(span_of(body), f.edits, f.n, &out), 0);
    if (!span_is(buf_span(&out), want)) fail_msg("%.*s, not %s", (int)out.len, out.ptr, want);
    if (changes == 1) assert_string_equal(f.names[0], "store=false");
    buf_free(&out);
    arena_free(a);
}

static void store_is_false_in_what_leaves(void **state) {
    (void)state;
    becomes(SHAPE_RESPONSES, true, "{}", "{\"store\":false}", 1);
    becomes(SHAPE_RESPONSES, true, " { } ", " {\"store\":false } ", 1);
    becomes(SHAPE_RESPONSES, true, "{\"a\":1}", "{\"store\":false,\"a\":1}", 1);
    becomes(SHAPE_RESPONSES, true, "{\"store\" : true ,\"a\":1}", "{\"store\" : false ,\"a\":1}", 1);
    becomes(SHAPE_RESPONSES, true, "{\"a\":1,\"store\":null}", "{\"a\":1,\"store\":false}", 1);
    becomes(SHAPE_RESPONSES, true, "{\"\\u0073tore\":true}", "{\"\\u0073tore\":false}", 1);
    becomes(SHAPE_RESPONSES, true, "{\"a\":1,\"store\":false}", "{\"a\":1,\"store\":false}", 0);
    becomes(SHAPE_RESPONSES, true, "{\"metadata\":{\"store\":\"false\"}}", "{\"store\":false,\"metadata\":{\"store\":\"false\"}}", 1);
}

static void only_where_it_is_asked_for(void **state) {
    (void)state;
    becomes(SHAPE_CHAT, false, "{\"a\":1}", "{\"a\":1}", 0);
    becomes(SHAPE_CHAT, true, "{\"a\":1,\"store\":true}", "{\"a\":1,\"store\":false}", 1);
    becomes(SHAPE_RESPONSES_TOKENS, false, "{\"a\":1}", "{\"a\":1}", 0);
    becomes(SHAPE_RESPONSES, false, "{\"store\":true}", "{\"store\":true}", 0);
    becomes(SHAPE_RESPONSES, false, "{\"a\":1}", "{\"a\":1}", 0);
}

static void a_model_of_the_path_is_named(void **state) {
    static const struct { const char *body, *want; } rows[] = {
        {"{}", "{\"model\":\"a\"}"},
        {"{\"x\":1}", "{\"model\":\"a\",\"x\":1}"},
        {"{\"x\":1,\"model\":\"b\"}", "{\"x\":1,\"model\":\"b\"}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *a = arena_new(1u << 20);
        struct force f;
        struct walk w;
        struct buf out;
        buf_init(&out, 4096);
        assert_int_equal(walk_body(a, SHAPE_CHAT, span_of(rows[i].body), 64, &w), 0);
        assert_int_equal(force_plan(a, &w, span_of(rows[i].body), &(struct force_wish){.model = span_of("a")}, &f), 0);
        assert_int_equal(json_splice(span_of(rows[i].body), f.edits, f.n, &out), 0);
        if (!span_is(buf_span(&out), rows[i].want)) fail_msg("%.*s", (int)out.len, out.ptr);
        buf_free(&out);
        arena_free(a);
    }
}

/* What the model said cut into its tokens, with the numbers of their bytes, is not searched but taken out. */
static void log_probabilities_are_taken_out(void **state) {
    static const char body[] = "{\"input\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"ab\","
                               "\"logprobs\":[{\"token\":\"a\",\"bytes\":[97]},[]]},{\"text\":\"c\",\"logprobs\": [ ]}]},"
                               "{\"content\":[{\"type\":\"output_text\",\"text\":\"\",\"logprobs\":[1]}]}],\"store\":false}";
    static const char want[] = "{\"input\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"ab\","
                               "\"logprobs\":[]},{\"text\":\"c\",\"logprobs\": [ ]}]},"
                               "{\"content\":[{\"type\":\"output_text\",\"text\":\"\",\"logprobs\":[]}]}],\"store\":false}";
    (void)state;
    becomes(SHAPE_RESPONSES, true, body, want, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(store_is_false_in_what_leaves),
        cmocka_unit_test(only_where_it_is_asked_for),
        cmocka_unit_test(a_model_of_the_path_is_named),
        cmocka_unit_test(log_probabilities_are_taken_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
