/* SPDX-License-Identifier: Apache-2.0
 *
 * Ids of stored objects in answers, and lists without what is another's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../proxy/arena.h"
#include "../../proxy/buf.h"
#include "../../proxy/stored.h"

static void keys(void **state) {
    static const char *const bad[] = {"", "a b", "a/b", "a\nb", "a.b", "\"", "\xc3\xa9"};
    struct buf b;
    char longest[256];
    (void)state;
    buf_init(&b, 512);
    assert_int_equal(stored_key("openai", span_of("file-abc_1"), &b), 0);
    assert_true(span_is(buf_span(&b), "openai\nfile-abc_1"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(stored_key("openai", span_of(bad[i]), &b), -1);
    memset(longest, 'a', sizeof longest);
    assert_int_equal(stored_key("openai", span_make(longest, STORED_KEY_MAX), &b), -1);
    buf_free(&b);
}

static void ids(void **state) {
    static const struct { enum shape_endpoint e; const char *answer; int n; const char *first; } rows[] = {
        {SHAPE_FILES, "{\"object\":\"file\",\"id\":\"file-1\",\"x\":{\"id\":\"no\"}}", 1, "file-1"},
        {SHAPE_BATCH, "{\"id\":\"batch_1\",\"input_file_id\":\"file-1\",\"output_file_id\":\"file-2\",\"error_file_id\":null}", 2, "batch_1"},
        {SHAPE_RESPONSE, "{\"previous_response_id\":\"resp_0\",\"id\":\"resp_1\"}", 1, "resp_1"},
        {SHAPE_FILES, "{\"error\":{\"id\":\"x\"}}", 0, NULL},
        {SHAPE_FILES, "{\"id\":\"a b\"}", 0, NULL},
        {SHAPE_FILES, "[]", -1, NULL}, {SHAPE_FILES, "{\"id\":\"a\"", -1, NULL}, {SHAPE_FILES, "", -1, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *a = arena_new(1u << 20);
        struct span found[STORED_IDS_MAX];
        size_t n;
        int result = stored_ids(a, rows[i].e, span_of(rows[i].answer), found, &n);
        assert_int_equal(result < 0 ? -1 : (int)n, rows[i].n);
        if (rows[i].first) assert_true(span_is(found[0], rows[i].first));
        arena_free(a);
    }
}

static int knows(void *arg, struct span id) {
    (void)arg;
    if (span_is(id, "broken")) return -1;
    return span_starts(id, "mine");
}

static void lists(void **state) {
    static const struct { const char *answer, *want; } rows[] = {
        {"{\"object\":\"list\",\"data\":[{\"id\":\"mine1\",\"x\":{\"id\":\"other\"}}, {\"id\":\"other\"} ,{\"a\":[1],\"id\":\"mine2\"}],\"first_id\":\"mine1\",\"last_id\":\"mine2\",\"has_more\":true}",
         "{\"object\":\"list\",\"data\":[{\"id\":\"mine1\",\"x\":{\"id\":\"other\"}},{\"a\":[1],\"id\":\"mine2\"}],\"first_id\":\"mine1\",\"last_id\":\"mine2\",\"has_more\":true}"},
        {"{\"data\":[{\"id\":\"other\"},{\"id\":\"mine\"}],\"first_id\":\"other\"}", "{\"data\":[{\"id\":\"mine\"}],\"first_id\":\"mine\"}"},
        {"{\"data\":[{\"id\":\"a\"},{\"id\":\"b\"},{}],\"has_more\":false}", "{\"data\":[],\"has_more\":false}"},
        {"{\"data\":[]}", "{\"data\":[]}"}, {" {} ", "{}"},
        {"{\"data\":[{\"id\":\"broken\"}]}", NULL}, {"{\"data\":[1]}", NULL}, {"{\"data\":{}}", NULL}, {"[]", NULL},
        {"{\"data\":[{\"id\":\"mine\"}],\"more\":[{\"id\":\"other\"}]}", NULL}, {"{\"data\":[{\"id\":\"mine\"}", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *a = arena_new(1u << 20);
        struct buf out;
        buf_init(&out, 4096);
        int result = stored_filter(a, span_of(rows[i].answer), knows, NULL, &out);
        assert_int_equal(result, rows[i].want ? 0 : -1);
        if (rows[i].want && !span_is(buf_span(&out), rows[i].want)) fail_msg("%.*s", (int)out.len, out.ptr);
        buf_free(&out);
        arena_free(a);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(keys), cmocka_unit_test(ids), cmocka_unit_test(lists)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
