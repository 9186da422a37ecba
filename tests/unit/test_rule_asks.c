/* SPDX-License-Identifier: Apache-2.0
 *
 * How often a built-in rule asks PCRE2, over the texts of tests/corpus/rounds.jsonl. What stands in front of a word is not
 * looked at before a rule's first bytes are, so a rule may ask at every short word and be right in all its examples; all
 * texts pay for it. Counted, not timed: the linker leads phi_pattern_at here (Makefile).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../detectors/engine.h"
#include "../../policies/engine/diag.h"
#include "../../policies/engine/policy.h"
#include "../../proxy/arena.h"
#include "../../proxy/phi_tool.h"

/* Of 1,000 words: PCRE2 by one rule, and by all. */
enum { ONE_MOST = 30, ALL_MOST = 220, RULES_MOST = 2000, ARENA_BYTES = 1 << 20 };

/* The linker's hook has no other way in. */
static struct asks {
    const struct phi_engine *engine;
    unsigned long of[RULES_MOST];
} asks;

int __real_phi_pattern_at(const struct phi_pattern *p, struct phi_matcher *m, const char *text, uint32_t len, uint32_t at, struct phi_match *match);
int __wrap_phi_pattern_at(const struct phi_pattern *p, struct phi_matcher *m, const char *text, uint32_t len, uint32_t at, struct phi_match *match);

int __wrap_phi_pattern_at(const struct phi_pattern *p, struct phi_matcher *m, const char *text, uint32_t len, uint32_t at, struct phi_match *match) {
    for (uint32_t i = 0; asks.engine && i < asks.engine->n; i++)
        if (asks.engine->patterns[i] == p) asks.of[i]++;
    return __real_phi_pattern_at(p, m, text, len, at, match);
}

static unsigned long words_of(const char *text, size_t len) {
    unsigned long n = 0;
    for (size_t i = 0; i < len; i++) n += text[i] == ' ' || text[i] == '\n';
    return n;
}

/* Scans the texts. Returns how many words they have. */
static unsigned long scan_all(const struct phi_engine *e) {
    struct phi_scratch *scratch = phi_scratch_new();
    FILE *f = fopen("tests/corpus/rounds.jsonl", "r");
    char *line = NULL;
    size_t room = 0;
    unsigned long words = 0;
    assert_non_null(f);
    for (ssize_t n; (n = getline(&line, &room, f)) > 0;) {
        struct arena *a = arena_new(ARENA_BYTES);
        struct phi_line record;
        struct phi_result found;
        assert_int_equal(phi_read_line(a, span_make(line, (size_t)n), &record), 0);
        struct phi_leaf leaf = {.text = record.text.ptr, .len = (uint32_t)record.text.len};
        assert_int_equal(phi_scan(e, scratch, &leaf, 1, &found), 0);
        words += words_of(leaf.text, leaf.len);
        arena_free(a);
    }
    free(line);
    fclose(f);
    phi_scratch_free(scratch);
    return words;
}

static void test_no_rule_asks_at_every_word(void **state) {
    const struct policy_paths paths = {.share = "."};
    struct diag *d = diag_new();
    struct policy *policy = policy_load("minimum-necessary", &paths, d);
    (void)state;
    if (!policy) diag_print(d, stderr);
    assert_non_null(policy);
    const struct phi_engine *e = asks.engine = policy_engine(policy);
    assert_true(e->n <= RULES_MOST);
    unsigned long words = scan_all(e), all = 0;
    unsigned over = 0;
    asks.engine = NULL;
    for (uint32_t i = 0; i < e->n; i++) {
        all += asks.of[i];
        if (asks.of[i] * 1000 <= ONE_MOST * words) continue;
        print_message("%s asks PCRE2 %.1f times in 1,000 words\n", phi_rule_id(e, i), (double)asks.of[i] * 1e3 / (double)words);
        over++;
    }
    print_message("%lu words, %.1f in 1,000 by all rules\n", words, (double)all * 1e3 / (double)words);
    policy_unref(policy);
    diag_free(d);
    assert_true(words > 100000 && all > 0);
    assert_int_equal(over, 0);
    assert_true(all * 1000 <= ALL_MOST * words);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_rule_asks_at_every_word)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
