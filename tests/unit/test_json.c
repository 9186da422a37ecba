/* SPDX-License-Identifier: Apache-2.0
 *
 * Strict JSON: what must be accepted, what must be refused and why, tokens by position, decoding and its map,
 * splicing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../proxy/arena.h"
#include "../../proxy/buf.h"
#include "../../proxy/json.h"

#define DEPTH 96

/* NULL when the text is JSON, else the code of the refusal. */
static const char *refusal_n(const char *text, size_t len) {
    static const char *const codes[] = {"invalid_json", "duplicate_key", "too_deep", "too_large"};
    struct arena *a = arena_new(64u << 20);
    char *exact = malloc(len ? len : 1); /* its own block: a read beyond the end is seen */
    struct json_token t = {.type = JSON_NULL};
    const char *found = NULL;

    if (len) memcpy(exact, text, len);
    struct json_scanner *s = json_scanner_new(a, span_make(exact, len), DEPTH);
    assert_non_null(s);
    int rc;
    do
        rc = json_next(s, &t);
    while (rc == 0 && t.type != JSON_END);
    if (rc < 0) {
        assert_non_null(json_error(s));
        assert_true(json_error_offset(s) <= len);
        for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
            if (strcmp(codes[i], json_error_code(s)) == 0) found = codes[i];
        assert_non_null(found);
        assert_int_equal(json_next(s, &t), -1); /* an error stays */
    }
    arena_free(a);
    free(exact);
    return found;
}

static const char *refusal(const char *text) {
    return refusal_n(text, strlen(text));
}

static void accepts_json(void **state) {
    static const char *const texts[] = {
        "null", "true", "false", "0", "-0", "\"\"", "{}", "[]", " [ ] ", "\t{\n}\r\n", "[[],{}]",
        "[null,true,false]", "[1]", "[10]", "[-1]", "[0.5]", "[-0.0]", "[1e5]", "[1E5]", "[1e+5]", "[1e-5]",
        "[1.5e300]", "[0e1]", "[0e+1]", "[123456789012345678901234567890]", "[1E400]", "[20e1]", "[1.0]",
        "{\"\":0}", "{\"a\":1,\"b\":2}", "{\"a\":{\"a\":{\"a\":1}}}", "[{\"a\":1},{\"a\":1}]", "{\"a\":1,\"A\":2}",
        "{\"a\" : \"b\"}", "{\"a\":[]}", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[\"\\u0041\"]", "[\"\\u00e9\\u00E9\"]",
        "[\"\\uD83D\\uDE00\"]", "[\"\\ud83d\\ude00\"]", "[\"\\uDBFF\\uDFFF\"]", "[\"\\uFFFF\"]", "[\"\\u001f\"]", "[\"\\u007f\"]",
        "[\"\x7f\"]", "[\"\xC3\xA9\"]", "[\"\xE2\x82\xAC\"]", "[\"\xF0\x9F\x98\x80\"]", "[\"\xF4\x8F\xBF\xBF\"]",
        "[\"\xEF\xBF\xBF\"]", "[\"\xEF\xBB\xBF\"]", "[\"\xED\x9F\xBF\"]", "[\"\xEE\x80\x80\"]", "[\"\xC2\x80\"]",
        "[\"\xE0\xA0\x80\"]", "[\"\xF0\x90\x80\x80\"]", "[\"/\"]", "[\"// no comment\"]", "[\"\\\\u0000\"]",
        "[\"012345678901234567890123456789012345678901234567890123456789\"]",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (refusal(texts[i])) fail_msg("refused: %s", texts[i]);
}

static void refuses_what_is_not_json(void **state) {
    static const char *const texts[] = {
        "", " ", "\n", "{", "[", "\"", "}", "]", ":", ",", "\\", "'", "a", "nul", "nulll", "tru", "True", "FALSE", "NaN",
        "Infinity", "-Infinity", "undefined", "[NaN]", "[-NaN]", "[nan]", "[1,]", "[,1]", "[1,,2]", "[1 2]", "[1", "[1,", "[\"a\"",
        "[\"a", "[\"a]", "[1}", "{1}", "{]", "[}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,\"a\":1}", "{\"a\":1 \"b\":2}",
        "{\"a\" 1}", "{\"a\"::1}", "{\"a\":1,,\"b\":2}", "{a:1}", "{'a':1}", "{\"a\":'b'}", "{1:1}", "{null:1}", "{[]:1}",
        "{\"a\":1", "{\"a\":1,", "{\"a\":1,\"b\"", "{\"a\":1]", "{\"a\":1}}", "[1]]", "[1]x", "[1] x", "{} {}", "[][]", "1 2", "\"a\" \"b\"",
        "[1]/", "/* c */[1]", "[1]// c", "[1]# c", "[/**/]", "{\"a\":/*c*/1}",
        "[+1]", "[01]", "[-01]", "[00]", "[1.]", "[.1]", "[-.1]", "[-]", "[--1]", "[+]", "[1e]", "[1e+]", "[1e-]", "[1E]", "[1.e1]", "[1e1.5]",
        "[0x1]", "[1_000]", "[1a]", "[-1a]", "[1.2.3]", "[0e]", "[0.e1]", "[1-]", "[1+2]", "[0.1.2]", "[2.e3]", "[1eE2]", "[- 1]", "[1 000]",
        "-", "-a", "0.", "00", "1e", ".", "[\xEF\xBC\x91]",
        "[\"\n\"]", "[\"\t\"]", "[\"\x01\"]", "[\"\x1f\"]", "[\"\r\"]", "[\"\\\n\"]",
        "[\"\\x41\"]", "[\"\\a\"]", "[\"\\'\"]", "[\"\\0\"]", "[\"\\\"]", "[\"\\\\\\\"]", "[\"\\u\"]", "[\"\\u1\"]", "[\"\\u12\"]", "[\"\\u123\"]",
        "[\"\\u123g\"]", "[\"\\uZZZZ\"]", "[\"\\U0041\"]", "[\"\\u 041\"]", "[\"\\u+041\"]", "[\"\\u0000\"]", "[\"a\\u0000b\"]", "{\"\\u0000\":1}",
        "[\"\\uD800\"]", "[\"\\uDC00\"]", "[\"\\uD800\\uD800\"]", "[\"\\uDC00\\uD800\"]", "[\"\\uD800\\u0041\"]", "[\"\\uD800a\"]",
        "[\"\\uD800\\n\"]", "[\"\\uD800\\u\"]", "[\"\\uD800\\\"]", "[\"\\uDFFF\\uDFFF\"]", "[\"\\uD83D\\uDE0\"]", "{\"\\uD800\":1}",
        "[\"\x80\"]", "[\"\xBF\"]", "[\"\xC0\x80\"]", "[\"\xC1\xBF\"]", "[\"\xC2\"]", "[\"\xC2\x20\"]", "[\"\xE0\x80\x80\"]", "[\"\xE0\x9F\xBF\"]",
        "[\"\xE2\x82\"]", "[\"\xED\xA0\x80\"]", "[\"\xED\xBF\xBF\"]", "[\"\xF0\x80\x80\x80\"]", "[\"\xF0\x8F\xBF\xBF\"]", "[\"\xF0\x9F\x98\"]",
        "[\"\xF4\x90\x80\x80\"]", "[\"\xF5\x80\x80\x80\"]", "[\"\xF8\x88\x80\x80\x80\"]", "[\"\xFE\"]", "[\"\xFF\"]", "{\"\xFF\":1}", "[\xC3\xA9]",
        "\xEF\xBB\xBF{}", "\xEF\xBB\xBF", "\xFE\xFF", "[\xC2\xA0]", "[\x0B]", "[\x0C]", "\x0C[]", "[]\x0B", "[\xE2\x80\xA8]",
        "*", "<null>", "[<x>]", "{\"a\":true\"b\"}", "[truefalse]", "[\"a\"\"b\"]", "[\"a\":1]", "{\"a\",\"b\"}", "{:1}", "[:]", "[{]", "{\"a\":[}",
        "[true,\"", "{\"a", "[\\u0041]", "\\u0022a\\u0022", "{\"a\":\"b\"}#", "{\"a\":\"b\"}/**/", "{{}}", "{[]}", "[\"\",\n4\n,1,", "@", "\"\\", "\"\\u00",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *code = refusal(texts[i]);
        if (!code || strcmp(code, "invalid_json") != 0) fail_msg("case %zu: %s", i, texts[i]);
    }
}

static void refuses_zero_bytes_and_wide_encodings(void **state) {
    (void)state;
    assert_string_equal(refusal_n("[\"a\0b\"]", 7), "invalid_json");
    assert_string_equal(refusal_n("[1]\0", 4), "invalid_json");
    assert_string_equal(refusal_n("\0[1]", 4), "invalid_json");
    assert_string_equal(refusal_n("[1,\0]", 5), "invalid_json");
    assert_string_equal(refusal_n("[\"\\\0\"]", 6), "invalid_json");
    assert_string_equal(refusal_n("[\0]\0", 4), "invalid_json");           /* UTF-16LE */
    assert_string_equal(refusal_n("\xFF\xFE[\0]\0", 6), "invalid_json");
    assert_string_equal(refusal_n("\0\0\0[\0\0\0]", 8), "invalid_json");   /* UTF-32BE */
}

static void refuses_every_prefix(void **state) {
    static const char text[] = "{\"a\":[1.5e+3,\"\\uD83D\\uDE00\xE2\x82\xAC\",true,false,null,{\"b\":-0}],\"c\":\"\"}";
    (void)state;
    for (size_t n = 0; n < sizeof text - 1; n++)
        assert_string_equal(refusal_n(text, n), "invalid_json");
    assert_null(refusal(text));
}

static void refuses_duplicate_keys(void **state) {
    (void)state;
    assert_string_equal(refusal("{\"a\":1,\"a\":2}"), "duplicate_key");
    assert_string_equal(refusal("{\"a\":1,\"\\u0061\":2}"), "duplicate_key");
    assert_string_equal(refusal("{\"\\u0061\":1,\"a\":2}"), "duplicate_key");
    assert_string_equal(refusal("{\"\":1,\"\":2}"), "duplicate_key");
    assert_string_equal(refusal("{\"a/b\":1,\"a\\/b\":2}"), "duplicate_key");
    assert_string_equal(refusal("[{\"x\":{\"k\":1,\"l\":{},\"k\":2}}]"), "duplicate_key");
    assert_string_equal(refusal("{\"a\":{\"b\":1},\"c\":{\"b\":1},\"a\":0}"), "duplicate_key");
    assert_string_equal(refusal("{\"\xC3\xA9\":1,\"\\u00E9\":2}"), "duplicate_key");
    assert_null(refusal("{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]},\"b\":{\"a\":1}}"));
    assert_null(refusal("{\"ab\":1,\"a\":2,\"abc\":3,\"b\":4}"));
}

/* 100,000 keys, then one of them again: found, and in time. */
static void many_keys_stay_fast(void **state) {
    struct buf b;
    (void)state;
    buf_init(&b, 8u << 20);
    buf_add_c(&b, "{\"k0\":0");
    for (int i = 1; i < 100000; i++)
        buf_add_format(&b, ",\"k%d\":0", i);
    size_t n = b.len;
    buf_add_c(&b, "}");
    clock_t begin = clock();
    assert_null(refusal_n(b.ptr, b.len));
    b.len = n;
    buf_add_c(&b, ",\"k7\":0}");
    assert_string_equal(refusal_n(b.ptr, b.len), "duplicate_key");
    assert_true(clock() - begin < CLOCKS_PER_SEC);
    buf_free(&b);
}

/* The table grows while outer objects are open, and forgets inner ones exactly. */
static void keys_of_outer_objects_survive_growth(void **state) {
    struct buf b;
    (void)state;
    buf_init(&b, 1u << 20);
    buf_add_c(&b, "{\"a\":{\"b\":{");
    for (int i = 0; i < 500; i++)
        buf_add_format(&b, "%s\"k%d\":{\"k%d\":1,\"a\":2}", i ? "," : "", i, i);
    buf_add_c(&b, "},\"k1\":0,\"c\":1},\"k2\":0,\"b\":3,");
    size_t n = b.len;
    buf_add_c(&b, "\"d\":4}");
    assert_null(refusal_n(b.ptr, b.len));
    b.len = n;
    buf_add_c(&b, "\"a\":4}");
    assert_string_equal(refusal_n(b.ptr, b.len), "duplicate_key");
    buf_free(&b);
}

static void depth_is_limited(void **state) {
    char text[2 * DEPTH + 3];
    (void)state;
    memset(text, '[', DEPTH + 1);
    memset(text + DEPTH + 1, ']', DEPTH + 1);
    assert_string_equal(refusal_n(text, 2 * DEPTH + 2), "too_deep");
    assert_null(refusal_n(text + 1, 2 * DEPTH));
    memset(text, '[', sizeof text);
    assert_string_equal(refusal_n(text, sizeof text), "too_deep");
}

static void a_full_arena_is_an_error(void **state) {
    struct arena *a = arena_new(2048);
    struct json_token t;
    struct buf b;
    (void)state;
    buf_init(&b, 1u << 20);
    buf_add_c(&b, "{\"k\":0");
    for (int i = 0; i < 1000; i++)
        buf_add_format(&b, ",\"k%d\":0", i);
    buf_add_c(&b, "}");
    struct json_scanner *s = json_scanner_new(a, buf_span(&b), DEPTH);
    assert_non_null(s);
    int rc;
    do
        rc = json_next(s, &t);
    while (rc == 0 && t.type != JSON_END);
    assert_int_equal(rc, -1);
    assert_string_equal(json_error_code(s), "out_of_memory");
    arena_free(a);
    buf_free(&b);
}

static void tokens_name_their_bytes(void **state) {
    static const char text[] = " {\"k\\u0065y\": [-1.50e+2, \"v\", null, true, false, {}]} ";
    static const struct { enum json_type type; const char *raw; uint32_t depth; bool escaped; } want[] = {
        {JSON_OBJECT_BEGIN, "{", 0, false}, {JSON_KEY, "k\\u0065y", 1, true}, {JSON_ARRAY_BEGIN, "[", 1, false},
        {JSON_NUMBER, "-1.50e+2", 2, false}, {JSON_STRING, "v", 2, false}, {JSON_NULL, "null", 2, false},
        {JSON_TRUE, "true", 2, false}, {JSON_FALSE, "false", 2, false}, {JSON_OBJECT_BEGIN, "{", 2, false},
        {JSON_OBJECT_END, "}", 2, false}, {JSON_ARRAY_END, "]", 1, false}, {JSON_OBJECT_END, "}", 0, false}, {JSON_END, "", 0, false},
    };
    struct arena *a = arena_new(1u << 20);
    struct json_token t;
    (void)state;
    struct json_scanner *s = json_scanner_new(a, span_of(text), DEPTH);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        assert_int_equal(json_next(s, &t), 0);
        assert_int_equal(t.type, want[i].type);
        assert_true(span_is(t.raw, want[i].raw));
        assert_int_equal(t.depth, want[i].depth);
        assert_int_equal(t.escaped, want[i].escaped);
        if (t.raw.len) assert_ptr_equal(t.raw.ptr, text + t.begin);
    }
    assert_int_equal(json_next(s, &t), 0); /* the end stays the end */
    assert_int_equal(t.type, JSON_END);

    json_scanner_restart(s, span_of("[[1,{\"a\":[2]}],3]"));
    assert_int_equal(json_next(s, &t), 0);
    assert_int_equal(json_next(s, &t), 0);
    assert_int_equal(json_skip(s), 0);
    assert_int_equal(json_next(s, &t), 0);
    assert_true(span_is(t.raw, "3"));

    json_scanner_restart(s, span_of("{\"a\":1}"));
    while (json_next(s, &t) == 0 && t.type != JSON_NUMBER) {}
    json_scanner_restart(s, span_of("{\"a\":1}")); /* a key left open must not count as a duplicate */
    do
        assert_int_equal(json_next(s, &t), 0);
    while (t.type != JSON_END);
    json_scanner_restart(s, span_of("[[1,{\"a\":[2}],3]"));
    assert_int_equal(json_next(s, &t), 0);
    assert_int_equal(json_skip(s), -1);
    arena_free(a);
}

static void unescape_decodes_and_maps(void **state) {
    static const char raw[] = "ab\\n\\tc\\u00e9d\\uD83D\\uDE00\\/\xC3\xA9";
    struct arena *a = arena_new(1u << 20);
    struct json_map m;
    struct span out;
    (void)state;
    assert_int_equal(json_unescape(a, span_of(raw), &out, &m), 0);
    assert_true(span_is(out, "ab\n\tc\xC3\xA9""d\xF0\x9F\x98\x80/\xC3\xA9"));
    static const struct { uint32_t decoded, raw, raw_end; } want[] = {
        {0, 0, 0}, {1, 1, 1}, {2, 2, 2}, {3, 4, 4}, {4, 6, 6}, {5, 7, 7}, {6, 7, 13}, {7, 13, 13}, {8, 14, 14},
        {9, 14, 26}, {10, 14, 26}, {11, 14, 26}, {12, 26, 26}, {13, 28, 28}, {14, 29, 29}, {15, 30, 30},
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        assert_int_equal(json_map_raw(&m, want[i].decoded), want[i].raw);
        assert_int_equal(json_map_raw_end(&m, want[i].decoded), want[i].raw_end);
    }

    struct span plain = span_of("plain");
    assert_int_equal(json_unescape(a, plain, &out, &m), 0);
    assert_ptr_equal(out.ptr, plain.ptr);
    assert_int_equal(m.n, 0);
    assert_int_equal(json_map_raw(&m, 3), 3);
    assert_int_equal(json_map_raw_end(&m, 3), 3);
    arena_free(a);

    a = arena_new(16);
    assert_int_equal(json_unescape(a, span_of("\\n a text that is longer than the arena"), &out, NULL), -1);
    arena_free(a);
}

static void splice_replaces_ranges_only(void **state) {
    struct span text = span_of("0123456789");
    struct json_edit good[] = {{0, 1, {"a", 1}}, {1, 1, {"bb", 2}}, {4, 6, {NULL, 0}}, {9, 10, {"c", 1}}};
    struct json_edit overlap[] = {{2, 5, {"x", 1}}, {4, 6, {"x", 1}}};
    struct json_edit outside = {8, 11, {"x", 1}}, reversed = {5, 4, {"x", 1}};
    struct buf b;
    (void)state;
    buf_init(&b, 64);
    assert_int_equal(json_splice(text, good, 4, &b), 0);
    assert_true(span_is(buf_span(&b), "abb123678c"));
    buf_clear(&b);
    assert_int_equal(json_splice(text, NULL, 0, &b), 0);
    assert_true(span_equal(buf_span(&b), text));
    assert_int_equal(json_splice(text, overlap, 2, &b), -1);
    assert_int_equal(json_splice(text, &outside, 1, &b), -1);
    assert_int_equal(json_splice(text, &reversed, 1, &b), -1);
    buf_free(&b);
    buf_init(&b, 5);
    assert_int_equal(json_splice(text, NULL, 0, &b), -1);
    buf_free(&b);
}

static void utf8_names_the_first_bad_byte(void **state) {
    (void)state;
    assert_int_equal(utf8_check(span_of("")), 0);
    assert_int_equal(utf8_check(span_of("abcdefgh\xC3\xA9ijklmnopq")), 19);
    assert_int_equal(utf8_check(span_of("abcdefghij\x80klm")), 10);
    assert_int_equal(utf8_check(span_of("ab\xED\xA0\x80")), 2);
    assert_int_equal(utf8_check(span_of("ab\xF4\x90\x80\x80")), 2);
    assert_int_equal(utf8_check(span_of("ab\xC3")), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_json),
        cmocka_unit_test(refuses_what_is_not_json),
        cmocka_unit_test(refuses_zero_bytes_and_wide_encodings),
        cmocka_unit_test(refuses_every_prefix),
        cmocka_unit_test(refuses_duplicate_keys),
        cmocka_unit_test(many_keys_stay_fast),
        cmocka_unit_test(keys_of_outer_objects_survive_growth),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(a_full_arena_is_an_error),
        cmocka_unit_test(tokens_name_their_bytes),
        cmocka_unit_test(unescape_decodes_and_maps),
        cmocka_unit_test(splice_replaces_ranges_only),
        cmocka_unit_test(utf8_names_the_first_bad_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
