/* SPDX-License-Identifier: Apache-2.0
 *
 * The tree, and above all what is refused and where the finger points.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../policies/engine/diag.h"
#include "../../policies/engine/yaml_node.h"

static struct yaml_doc *load(const char *text, struct diag *d) {
    return yaml_load_text("t.yaml", text, strlen(text), d);
}

static void refused_bytes(const char *text, size_t len, uint32_t line, uint32_t column, const char *words) {
    struct diag *d = diag_new();
    struct yaml_doc *doc = yaml_load_text("t.yaml", text, len, d);
    assert_null(doc);
    assert_true(diag_count(d) > 0);
    if (!strstr(diag_message(d, 0), words)) fail_msg("\"%s\" lacks \"%s\"", diag_message(d, 0), words);
    assert_int_equal(diag_line(d, 0), line);
    assert_int_equal(diag_column(d, 0), column);
    diag_free(d);
}

static void refused(const char *text, uint32_t line, uint32_t column, const char *words) {
    refused_bytes(text, strlen(text), line, column, words);
}

static void test_tree(void **state) {
    (void)state;
    struct diag *d = diag_new();
    struct yaml_doc *doc = load("# note\na: 1\nb: [x, 'y z']\nc:\n  d: \"q\"\n", d);
    assert_non_null(doc);
    const struct yaml_node *root = yaml_root(doc), *b = yaml_get(root, "b"), *c = yaml_get(root, "c");
    assert_int_equal(root->type, YAML_NODE_MAP);
    assert_int_equal(root->n, 3);
    assert_string_equal(yaml_get(root, "a")->text, "1");
    assert_int_equal(b->type, YAML_NODE_LIST);
    assert_int_equal(b->n, 2);
    assert_string_equal(b->items[1]->text, "y z");
    assert_true(b->items[1]->quoted);
    assert_int_equal(b->items[1]->line, 3);
    assert_int_equal(b->items[1]->column, 8);
    assert_string_equal(yaml_get(c, "d")->text, "q");
    assert_int_equal(c->keys[0]->line, 5);
    assert_null(yaml_get(root, "z"));
    size_t len = 0;
    assert_true(strncmp(yaml_source(doc, &len), "# note", 6) == 0);
    yaml_doc_free(doc);
    diag_free(d);
}

static void test_words_stay_words(void **state) {
    (void)state;
    struct diag *d = diag_new();
    struct yaml_doc *doc = load("a: no\nb: 0o17\nc: 1e3\nd: 12:30\ne: ~\n", d);
    assert_non_null(doc);
    long long number = 7;
    bool yes = true;
    assert_string_equal(yaml_get(yaml_root(doc), "a")->text, "no");
    assert_int_equal(yaml_bool(yaml_get(yaml_root(doc), "a"), &yes, d), -1);
    assert_int_equal(yaml_int(yaml_get(yaml_root(doc), "b"), 0, 100, &number, d), -1);
    assert_int_equal(yaml_int(yaml_get(yaml_root(doc), "c"), 0, 100, &number, d), -1);
    assert_string_equal(yaml_get(yaml_root(doc), "e")->text, "~");
    assert_int_equal(number, 7);
    yaml_doc_free(doc);
    diag_free(d);
}

static void test_refused_constructs(void **state) {
    (void)state;
    refused("a: &x 1\nb: 2\n", 1, 4, "anchors");
    refused("a: 1\nb: *x\n", 2, 4, "aliases");
    refused("a: &x [1]\n", 1, 4, "anchors");
    refused("a: &x {b: 1}\n", 1, 4, "anchors");
    refused("a: !!str 1\n", 1, 4, "tags");
    refused("a: !!python/object/apply:os.system [x]\n", 1, 4, "tags");
    refused("a: ! 1\n", 1, 4, "tags");
    refused("a: 1\n<<: {b: 2}\n", 2, 1, "merge keys");
    refused("a: 1\n---\nb: 2\n", 2, 1, "second document");
    refused("a: 1\n...\n---\nb: 2\n", 3, 1, "second document");
    refused("%YAML 1.1\n---\na: 1\n", 1, 1, "directives");
    refused("a: 1\nb: 2\na: 3\n", 3, 1, "duplicate key \"a\"; it is already in line 1");
    refused("x: {a: 1, 'a': 2}\n", 1, 11, "duplicate key");
    refused("? [a]\n: 1\n", 1, 3, "a key must be a word");
    refused("- a\n", 1, 1, "key: value");
    refused("just words\n", 1, 1, "key: value");
    refused("", 1, 1, "empty");
    refused("# nothing\n", 1, 1, "empty");
    refused("a: [1\n", 2, 1, "not YAML");
    refused("a: \"cut", 1, 8, "not YAML");
    refused("a: b: c\n", 1, 5, "not YAML");
    refused("a:\n\t- b\n", 2, 1, "not YAML");
}

static void test_refused_characters(void **state) {
    (void)state;
    refused("\xEF\xBB\xBF" "a: 1\n", 1, 1, "byte order mark");
    refused("a: b\xE2\x80\xAE" "c\n", 1, 5, "U+202E");
    refused("a: 1\nb\xE2\x80\x8B: 2\n", 2, 2, "U+200B");
    refused("a: \xC2\xA0x\n", 1, 4, "U+00A0");
    refused("a: \xE2\x80\xA8x\n", 1, 4, "U+2028");
    refused("a: x\rb: y\n", 1, 5, "U+000D");
    refused("a: \x07\n", 1, 4, "U+0007");
    refused("a: \xC3\n", 1, 4, "not UTF-8");
    refused("a: \xC0\xAF\n", 1, 4, "not UTF-8");
    refused("a: \xED\xA0\x80\n", 1, 4, "not UTF-8");
    refused("a: \"x\\u202ey\"\n", 1, 4, "escape");
    refused("a: \"x\\0y\"\n", 1, 4, "escape");
    refused_bytes("a: x\0y\n", 7, 1, 5, "U+0000");
    refused_bytes("\xFF\xFE" "a\0:\0", 6, 1, 1, "not UTF-8");
}

static void test_crlf_is_accepted(void **state) {
    (void)state;
    struct diag *d = diag_new();
    struct yaml_doc *doc = load("a: 1\r\nb: 2\r\n", d);
    assert_non_null(doc);
    assert_int_equal(yaml_get(yaml_root(doc), "b")->line, 2);
    yaml_doc_free(doc);
    diag_free(d);
}

static void test_all_mistakes_in_one_pass(void **state) {
    (void)state;
    struct diag *d = diag_new();
    assert_null(load("a: &x 1\nb: *x\nc: !t 2\nc: 3\n", d));
    assert_int_equal(diag_count(d), 4);
    diag_free(d);
}

static double seconds_since(const struct timespec *start) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void refused_fast(const char *piece, size_t times, const char *words) {
    size_t piece_len = strlen(piece);
    char *text = malloc(piece_len * times + 4);
    assert_non_null(text);
    memcpy(text, "a: ", 3);
    for (size_t i = 0; i < times; i++) memcpy(text + 3 + i * piece_len, piece, piece_len);
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    struct diag *d = diag_new();
    assert_null(yaml_load_text("t", text, 3 + piece_len * times, d));
    assert_true(seconds_since(&start) < 2.0);
    if (!strstr(diag_message(d, 0), words)) fail_msg("\"%s\" lacks \"%s\"", diag_message(d, 0), words);
    diag_free(d);
    free(text);
}

static void test_depth_is_refused_fast(void **state) {
    (void)state;
    refused_fast("[", 500000, "too deep");
    refused_fast("[\n ", 300000, "too deep");
    refused_fast("{a: ", 250000, "too deep");
    refused_fast("{", 500000, "");
    refused_fast("[x, ", 250000, "too deep");
    refused_fast("\n- ", 60000, "too many");
}

static void test_depth_limit_is_sixteen(void **state) {
    (void)state;
    struct diag *d = diag_new();
    struct yaml_doc *doc = load("a: [[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]\n", d); /* the map and 15 lists */
    assert_non_null(doc);
    yaml_doc_free(doc);
    assert_null(load("a: [[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]\n", d));
    assert_int_equal(diag_column(d, 0), 19);
    diag_free(d);
}

static void test_size_limit(void **state) {
    (void)state;
    size_t len = 1024 * 1024 + 1;
    char *text = malloc(len);
    assert_non_null(text);
    memset(text, 'x', len);
    memcpy(text, "a: ", 3);
    struct diag *d = diag_new();
    assert_null(yaml_load_text("t", text, len, d));
    struct yaml_doc *doc = yaml_load_text("t", text, len - 1, d);
    assert_non_null(doc);
    assert_int_equal(diag_count(d), 1);
    yaml_doc_free(doc);
    diag_free(d);
    free(text);
}

static void test_many_keys_are_compared_fast(void **state) {
    (void)state;
    char *text = malloc(24000 * 12);
    assert_non_null(text);
    size_t used = 0;
    for (int i = 0; i < 24000; i++) used += (size_t)snprintf(text + used, 12, "k%05d: v\n", i);
    struct diag *d = diag_new();
    struct yaml_doc *doc = yaml_load_text("t", text, used, d);
    assert_non_null(doc);
    assert_int_equal(yaml_root(doc)->n, 24000);
    yaml_doc_free(doc);
    diag_free(d);
    free(text);
}

static void test_files(void **state) {
    (void)state;
    struct diag *d = diag_new();
    assert_null(yaml_load_file("no/such/file.yaml", d));
    assert_non_null(strstr(diag_message(d, 0), "cannot be read"));
    assert_null(yaml_load_file("/", d));
    assert_null(yaml_load_file("/dev/null", d));
    assert_int_equal(diag_count(d), 3);

    char path[] = "yaml_node_test_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "a: 1\n", 5), 5);
    close(fd);
    struct yaml_doc *doc = yaml_load_file(path, d);
    unlink(path);
    assert_non_null(doc);
    assert_string_equal(yaml_root(doc)->file, path);
    yaml_doc_free(doc);
    diag_free(d);
}

static void test_schema(void **state) {
    (void)state;
    static const struct yaml_key keys[] = {{.name = "pattern", .type = YAML_NODE_SCALAR, .required = true},
                                           {.name = "words", .type = YAML_NODE_LIST},
                                           {.name = "either", .any_type = true}};
    struct diag *d = diag_new();
    struct yaml_doc *doc = load("patern: x\nwords: y\neither: {a: 1}\n", d);
    assert_non_null(doc);
    assert_int_equal(yaml_check(yaml_root(doc), keys, 3, d), -1);
    assert_int_equal(diag_count(d), 3);
    assert_string_equal(diag_message(d, 0), "unknown key \"patern\"; did you mean \"pattern\"?");
    assert_string_equal(diag_message(d, 1), "the key \"pattern\" is missing");
    assert_string_equal(diag_message(d, 2), "\"words\" must be a list, not a single value");
    assert_int_equal(diag_line(d, 2), 2);
    assert_int_equal(diag_column(d, 2), 8);
    yaml_doc_free(doc);
    diag_free(d);
}

static int size_of(const char *text, uint64_t *out) {
    struct diag *d = diag_new();
    char line[64];
    snprintf(line, sizeof line, "a: %s\n", text);
    struct yaml_doc *doc = load(line, d);
    assert_non_null(doc);
    int result = yaml_size(yaml_get(yaml_root(doc), "a"), out, d);
    assert_int_equal(diag_count(d), result == 0 ? 0 : 1);
    yaml_doc_free(doc);
    diag_free(d);
    return result;
}

static void test_sizes(void **state) {
    (void)state;
    uint64_t v = 0;
    assert_int_equal(size_of("4096", &v), 0);
    assert_int_equal(v, 4096);
    assert_int_equal(size_of("16KiB", &v), 0);
    assert_int_equal(v, 16384);
    assert_int_equal(size_of("32MiB", &v), 0);
    assert_int_equal(v, 32u << 20);
    assert_int_equal(size_of("16kb", &v), -1);
    assert_int_equal(size_of("-1", &v), -1);
    assert_int_equal(size_of("010", &v), -1);
    assert_int_equal(size_of("99999999999999999GiB", &v), -1);
    assert_int_equal(size_of("", &v), -1);
    assert_int_equal(size_of("[1]", &v), -1);
}

static int duration_of(const char *text, uint64_t *out) {
    struct diag *d = diag_new();
    char line[64];
    snprintf(line, sizeof line, "a: %s\n", text);
    struct yaml_doc *doc = load(line, d);
    assert_non_null(doc);
    int result = yaml_duration_ms(yaml_get(yaml_root(doc), "a"), out, d);
    yaml_doc_free(doc);
    diag_free(d);
    return result;
}

static void test_durations(void **state) {
    (void)state;
    uint64_t v = 0;
    assert_int_equal(duration_of("500ms", &v), 0);
    assert_int_equal(v, 500);
    assert_int_equal(duration_of("30d", &v), 0);
    assert_int_equal(v, 30ull * 86400000);
    assert_int_equal(duration_of("24h", &v), 0);
    assert_int_equal(duration_of("10", &v), -1);
    assert_int_equal(duration_of("1 s", &v), -1);
    assert_int_equal(duration_of("1w", &v), -1);
}

static int date_of(const char *text, int *out) {
    struct diag *d = diag_new();
    char line[64];
    snprintf(line, sizeof line, "a: %s\n", text);
    struct yaml_doc *doc = load(line, d);
    assert_non_null(doc);
    int result = yaml_date(yaml_get(yaml_root(doc), "a"), out, d);
    yaml_doc_free(doc);
    diag_free(d);
    return result;
}

static void test_dates(void **state) {
    (void)state;
    int days = -1;
    assert_int_equal(date_of("1970-01-01", &days), 0);
    assert_int_equal(days, 0);
    assert_int_equal(date_of("2000-03-01", &days), 0);
    assert_int_equal(days, 11017);
    assert_int_equal(date_of("2026-01-15", &days), 0);
    assert_int_equal(days, 20468);
    assert_int_equal(date_of("2024-02-29", &days), 0);
    assert_int_equal(date_of("2026-02-29", &days), -1);
    assert_int_equal(date_of("1900-02-29", &days), -1);
    assert_int_equal(date_of("2026-1-15", &days), -1);
    assert_int_equal(date_of("2026-13-01", &days), -1);
    assert_int_equal(date_of("2026-01-00", &days), -1);
    assert_int_equal(date_of("15.01.2026", &days), -1);
}

static void test_numbers_and_words(void **state) {
    (void)state;
    static const char *const words[] = {"enforce", "monitor"};
    struct diag *d = diag_new();
    struct yaml_doc *doc = load("a: -5\nb: 101\nc: monitr\nd: monitor\ne: x\nf:\ng: ''\n", d);
    assert_non_null(doc);
    const struct yaml_node *root = yaml_root(doc);
    long long v = 0;
    int word = -1;
    const char *text = NULL;
    assert_int_equal(yaml_int(yaml_get(root, "a"), -10, 10, &v, d), 0);
    assert_int_equal(v, -5);
    assert_int_equal(yaml_int(yaml_get(root, "b"), 0, 100, &v, d), -1);
    assert_int_equal(yaml_enum(yaml_get(root, "c"), words, 2, &word, d), -1);
    assert_string_equal(diag_message(d, 1), "\"monitr\" is unknown; did you mean \"monitor\"?");
    assert_int_equal(yaml_enum(yaml_get(root, "d"), words, 2, &word, d), 0);
    assert_int_equal(word, 1);
    assert_int_equal(yaml_enum(yaml_get(root, "e"), words, 2, &word, d), -1);
    assert_string_equal(diag_message(d, 2), "\"x\" is unknown; it must be enforce or monitor");
    assert_int_equal(yaml_string(yaml_get(root, "f"), &text, d), -1);
    assert_int_equal(yaml_string(yaml_get(root, "g"), &text, d), 0);
    assert_string_equal(text, "");
    yaml_doc_free(doc);
    diag_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_words_stay_words),
        cmocka_unit_test(test_refused_constructs),
        cmocka_unit_test(test_refused_characters),
        cmocka_unit_test(test_crlf_is_accepted),
        cmocka_unit_test(test_all_mistakes_in_one_pass),
        cmocka_unit_test(test_depth_is_refused_fast),
        cmocka_unit_test(test_depth_limit_is_sixteen),
        cmocka_unit_test(test_size_limit),
        cmocka_unit_test(test_many_keys_are_compared_fast),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_schema),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_numbers_and_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
