/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "../../proxy/buf.h"

#define TEXT 24u

/* One byte after the other, as RFC 8259 section 7 has it. */
static void add_one(char *out, unsigned char c) {
    static const char *const names[] = {['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r"};

    out += strlen(out);
    if (c < sizeof names / sizeof *names && names[c]) strcpy(out, names[c]);
    else if (c < 0x20) sprintf(out, "\\u%04x", c);
    else if (c == '"' || c == '\\') sprintf(out, "\\%c", c);
    else sprintf(out, "%c", c);
}

/* Every byte at every place of a text, so that none hides among the eight that are looked at at once. */
static void test_every_byte_at_every_place(void **state) {
    (void)state;
    for (unsigned c = 1; c < 256; c++) {
        for (size_t at = 0; at < TEXT; at++) {
            char text[TEXT + 1] = "abcdefghijklmnopqrstuvwx", expected[8 * TEXT] = "";
            struct buf b;
            text[at] = (char)c;
            for (size_t i = 0; i < TEXT; i++)
                add_one(expected, (unsigned char)text[i]);
            buf_init(&b, 1024);
            buf_add_json_escaped(&b, span_make(text, TEXT));
            assert_true(span_is(buf_span(&b), expected));
            buf_free(&b);
        }
    }
}

static void test_zero_bytes(void **state) {
    struct buf b;

    (void)state;
    buf_init(&b, 1024);
    buf_add_json_escaped(&b, span_make("abcdefg\0abcdefgh\0", 17));
    assert_true(span_is(buf_span(&b), "abcdefg\\u0000abcdefgh\\u0000"));
    buf_free(&b);
}

/* A byte that does not fit makes the buffer fail, and so it stays. */
static void test_ceiling(void **state) {
    struct buf b;

    (void)state;
    buf_init(&b, 3);
    for (const char *c = "abc"; *c; c++)
        buf_add_char(&b, *c);
    assert_false(b.failed);
    buf_add_char(&b, 'd');
    assert_true(b.failed);
    buf_add_c(&b, "");
    buf_add_c(&b, "x");
    assert_true(b.failed);
    assert_true(span_is(buf_span(&b), "abc"));
    buf_free(&b);
}

static void test_sub_is_clamped(void **state) {
    struct span s = span_of("abc");

    (void)state;
    assert_true(span_is(span_sub(s, 1, 9), "bc"));
    assert_int_equal(span_sub(s, 7, 9).len, 0);
    assert_int_equal(span_sub(s, 2, 1).len, 0);
    assert_int_equal(span_sub(span_make(NULL, 0), 1, 2).len, 0);
    assert_int_equal(span_of(NULL).len, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte_at_every_place),
        cmocka_unit_test(test_zero_bytes),
        cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_sub_is_clamped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
