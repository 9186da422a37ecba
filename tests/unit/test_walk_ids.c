/* SPDX-License-Identifier: Apache-2.0
 *
 * Token numbers become their text, in their place alone; what is not wholly of that form stays as it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../proxy/arena.h"
#include "../../proxy/buf.h"
#include "../../proxy/vocabulary.h"
#include "../../proxy/walk_ids.h"

static struct vocabulary *vocabulary;
static struct arena *arena;

static int setup(void **state) {
    (void)state;
    vocabulary = vocabulary_load("proxy/vocabularies/cl100k_base.vocabulary.zst");
    arena = arena_new(1u << 20);
    return vocabulary && arena ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    vocabulary_free(vocabulary);
    arena_free(arena);
    return 0;
}

static void becomes(enum shape_endpoint e, const char *body, const char *want) {
    struct buf out;

    buf_init(&out, 1u << 16);
    int result = walk_ids_to_text(arena, e, span_of(body), vocabulary, &out);
    if (!want) assert_int_equal(result, -1);
    else if (result < 0 || !span_is(buf_span(&out), want)) fail_msg("%.*s, not %s", (int)out.len, out.ptr, want);
    buf_free(&out);
}

static void numbers_become_text(void **state) {
    (void)state;
    assert_true(span_is(vocabulary_token(vocabulary, 15339), "hello"));
    becomes(SHAPE_EMBEDDINGS, "{\"input\":[15339, 1917]}", "{\"input\":\"hello world\"}");
    becomes(SHAPE_EMBEDDINGS, "{\"a\":{\"input\":[1]},\"in\\u0070ut\" : [ [15339],[1917 , 1] ] ,\"n\":1}",
            "{\"a\":{\"input\":[1]},\"in\\u0070ut\" : [\"hello\",\" world\\\"\"] ,\"n\":1}");
    becomes(SHAPE_COMPLETIONS, "{\"prompt\":[15339]}", "{\"prompt\":\"hello\"}");
    becomes(SHAPE_COMPLETIONS, "{\"prompt\":[59, 198]}", "{\"prompt\":\"\\\\\\n\"}");
}

static void anything_else_does_not(void **state) {
    static const char *const bodies[] = {
        "{\"input\":\"x\"}", "{\"input\":[]}", "{\"input\":[\"x\"]}", "{\"input\":[1,\"x\"]}", "{\"input\":[[1],2]}",
        "{\"input\":[[]]}", "{\"input\":[[1],[]]}", "{\"input\":[1.0]}", "{\"input\":[-1]}", "{\"input\":[1e3]}",
        "{\"input\":[100256]}", "{\"input\":[100257]}", "{\"input\":[18446744073709551616]}", "{\"input\":[[[1]]]}",
        "{\"input\":[{\"a\":1}]}", "{\"prompt\":[15339]}", "{}", "{\"input\":[188]}", "{\"input\":[222]}",
        "{\"x\":{\"input\":[15339]}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        becomes(SHAPE_EMBEDDINGS, bodies[i], NULL);
    becomes(SHAPE_CHAT, "{\"prompt\":[15339]}", NULL);
}

static void models(void **state) {
    (void)state;
    assert_true(vocabulary_is_of(vocabulary, span_of("text-embedding-3-large")));
    assert_false(vocabulary_is_of(vocabulary, span_of("gpt-4o")));
    assert_false(vocabulary_is_of(vocabulary, span_of("llama3")));
    assert_false(vocabulary_is_of(NULL, span_of("text-embedding-3-large")));
}

static void a_broken_table_is_none(void **state) {
    static const char *const contents[] = {"", "PGVOC1\n", "x"};
    char path[] = "build/vocabulary-XXXXXX";
    (void)state;
    assert_null(vocabulary_load("proxy/vocabularies/none"));
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fputs(contents[i], f);
        fclose(f);
        assert_null(vocabulary_load(path));
    }
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_become_text),
        cmocka_unit_test(anything_else_does_not),
        cmocka_unit_test(models),
        cmocka_unit_test(a_broken_table_is_none),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
