/* SPDX-License-Identifier: Apache-2.0
 *
 * Mistakes: order, positions, what is shown, suggestions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../policies/engine/diag.h"

static char *printed(const struct diag *d) {
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    diag_print(d, out);
    fclose(out);
    char *copy = strdup(text);
    free(text);
    assert_non_null(copy);
    return copy;
}

static void test_caret_under_column(void **state) {
    (void)state;
    struct diag *d = diag_new();
    diag_add(d, "a.yaml", "one\ntwo: x\n", 2, 6, "unknown word \"%s\"", "x");
    assert_int_equal(diag_count(d), 1);
    assert_int_equal(diag_line(d, 0), 2);
    assert_int_equal(diag_column(d, 0), 6);
    char *text = printed(d);
    assert_string_equal(text, "a.yaml:2:6: unknown word \"x\"\n    two: x\n         ^\n");
    free(text);
    diag_free(d);
}

static void test_column_counts_characters(void **state) {
    (void)state;
    struct diag *d = diag_new();
    diag_add(d, "a", "\xC3\xA9\xC3\xA9 x\n", 1, 4, "here");
    char *text = printed(d);
    assert_string_equal(text, "a:1:4: here\n    \xC3\xA9\xC3\xA9 x\n       ^\n");
    free(text);
    diag_free(d);
}

static void test_sorted_by_file_then_line(void **state) {
    (void)state;
    struct diag *d = diag_new();
    diag_add(d, "b", NULL, 9, 1, "first file, last line");
    diag_add(d, "a", NULL, 1, 1, "second file");
    diag_add(d, "b", NULL, 2, 5, "first file, column 5");
    diag_add(d, "b", NULL, 2, 3, "first file, column 3");
    assert_string_equal(diag_message(d, 0), "first file, column 3");
    assert_string_equal(diag_message(d, 1), "first file, column 5");
    assert_string_equal(diag_message(d, 2), "first file, last line");
    assert_string_equal(diag_message(d, 3), "second file");
    assert_null(diag_message(d, 4));
    diag_free(d);
}

static void test_no_control_reaches_the_terminal(void **state) {
    (void)state;
    struct diag *d = diag_new();
    diag_add(d, "x\x1b[2J", "a\x1b]0;t\x07 \xE2\x80\xAE \xFF\tz\n", 1, 1, "bad \x1b[31m \xE2\x80\xAE");
    char *text = printed(d);
    assert_null(strchr(text, '\x1b'));
    assert_null(strchr(text, '\x07'));
    assert_null(strstr(text, "\xE2\x80\xAE"));
    free(text);
    diag_free(d);
}

static void test_long_line_is_cut_around_the_column(void **state) {
    (void)state;
    char line[3001];
    memset(line, 'a', 3000);
    line[2000] = 'X';
    line[3000] = '\0';
    struct diag *d = diag_new();
    diag_add(d, "a", line, 1, 2001, "here");
    char *text = printed(d);
    assert_true(strlen(text) < 300);
    const char *x = strchr(text, 'X'), *caret = strchr(text, '^');
    assert_non_null(x);
    assert_non_null(caret);
    const char *line_start = strchr(text, '\n') + 1, *caret_line = strchr(line_start, '\n') + 1;
    assert_int_equal(x - line_start, caret - caret_line);
    free(text);
    diag_free(d);
}

static void test_mistakes_beyond_the_store_still_count(void **state) {
    (void)state;
    struct diag *d = diag_new();
    for (unsigned i = 0; i < 1000; i++) diag_add(d, "a", NULL, i + 1, 1, "mistake %u", i);
    assert_int_equal(diag_count(d), 1000);
    assert_non_null(diag_message(d, 999));
    char *text = printed(d);
    assert_non_null(strstr(text, "800 more mistakes"));
    free(text);
    diag_free(d);
}

static void test_line_beyond_the_source(void **state) {
    (void)state;
    struct diag *d = diag_new();
    diag_add(d, "a", "one line", 7, 3, "cut");
    char *text = printed(d);
    assert_string_equal(text, "a:7:3: cut\n");
    free(text);
    diag_free(d);
}

static void test_nearest(void **state) {
    (void)state;
    static const char *const words[] = {"pattern", "validate", "score", "context", "SSN", "id"};
    size_t n = sizeof words / sizeof *words;
    assert_string_equal(diag_nearest("patern", words, n), "pattern");
    assert_string_equal(diag_nearest("pattren", words, n), "pattern");
    assert_string_equal(diag_nearest("Score", words, n), "score");
    assert_string_equal(diag_nearest("vaildaet", words, n), "validate");
    assert_string_equal(diag_nearest("SNN", words, n), "SSN");
    assert_null(diag_nearest("colour", words, n));
    assert_null(diag_nearest("x", words, n));
    assert_null(diag_nearest("ab", words, n));
    assert_null(diag_nearest("", words, n));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_caret_under_column),
        cmocka_unit_test(test_column_counts_characters),
        cmocka_unit_test(test_sorted_by_file_then_line),
        cmocka_unit_test(test_no_control_reaches_the_terminal),
        cmocka_unit_test(test_long_line_is_cut_around_the_column),
        cmocka_unit_test(test_mistakes_beyond_the_store_still_count),
        cmocka_unit_test(test_line_beyond_the_source),
        cmocka_unit_test(test_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
