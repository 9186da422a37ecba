/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules: what is refused and where the finger points, the built-in rules one by one and all together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../../detectors/phi.h"
#include "../../policies/engine/diag.h"
#include "../../policies/engine/rules_cost.h"
#include "../../policies/engine/rules_load.h"
#include "../../policies/engine/yaml_node.h"

static const char *const files[] = {"numbers", "records", "contact", "dates", "secrets", "people", "sensitive"};
#define FILES (sizeof files / sizeof *files)

static int load_text(const char *text, struct diag *d) {
    struct yaml_doc *doc = yaml_load_text("r.yaml", text, strlen(text), d);
    if (!doc) return -1;
    struct phi_engine *e = phi_engine_new();
    const struct yaml_node *list = rules_file_list(yaml_root(doc), d);
    int result = list ? rules_load(list, e, d) : -1;
    if (diag_count(d) > 0) result = -1;
    phi_engine_unref(e);
    yaml_doc_free(doc);
    return result;
}

static void refused(const char *text, uint32_t line, uint32_t column, const char *words) {
    struct diag *d = diag_new();
    assert_int_equal(load_text(text, d), -1);
    for (size_t i = 0; i < diag_count(d); i++) {
        if (diag_line(d, i) != line || diag_column(d, i) != column || !strstr(diag_message(d, i), words)) continue;
        diag_free(d);
        return;
    }
    diag_print(d, stderr);
    fail_msg("no mistake \"%s\" at %u:%u", words, line, column);
}

#define HEAD "id: r\ndescription: x\nrules:\n"
#define RULE(lines) HEAD "  - id: a-rule\n" lines "end: r\n"
#define KIND "    kind: MRN\n"
#define SCORE "    score: 60\n"
#define EXAMPLES "    examples: {match: ['MRN 12345'], not: ['MRN']}\n"
#define PATTERN "    pattern: 'MRN \\d{5}'\n"

static void test_good_rule(void **state) {
    (void)state;
    struct diag *d = diag_new();
    assert_int_equal(load_text(RULE(KIND PATTERN SCORE EXAMPLES), d), 0);
    assert_int_equal(load_text(RULE(KIND PATTERN SCORE EXAMPLES "    validate: luhn\n    why: since\n"
                                         "    context: {words: [mrn], within: 30, raise: 20}\n"), d), 0);
    assert_int_equal(diag_count(d), 0);
    diag_free(d);
}

static void test_mistakes(void **state) {
    (void)state;
    refused(RULE(KIND PATTERN SCORE), 4, 5, "\"examples\" is missing");
    refused(RULE(KIND PATTERN SCORE "    examples: {match: ['MRN 12345']}\n"), 8, 15, "\"not\" is missing");
    refused(RULE(KIND PATTERN SCORE "    examples: {match: [], not: ['x']}\n"), 8, 23, "at least one example");
    refused(RULE(KIND PATTERN SCORE "    examples: {match: ['MRN 12345'], not: []}\n"), 8, 43, "at least one example");
    refused(RULE(KIND "    patern: x\n" SCORE EXAMPLES), 6, 5, "did you mean \"pattern\"?");
    refused(RULE("    kind: MRNN\n" PATTERN SCORE EXAMPLES), 5, 11, "did you mean \"MRN\"?");
    refused(RULE("    kind: NAME\n" PATTERN SCORE EXAMPLES), 5, 11, "unknown kind \"NAME\"");
    refused(RULE(KIND PATTERN "    score: 101\n" EXAMPLES), 7, 12, "out of range");
    refused(RULE(KIND PATTERN "    score: high\n" EXAMPLES), 7, 12, "not a whole number");
    refused(RULE(KIND PATTERN SCORE "    validate: lhun\n" EXAMPLES), 8, 15, "unknown validator");
    refused(RULE(KIND PATTERN SCORE EXAMPLES "    context: {words: []}\n"), 9, 22, "1 to 64 words");
    refused(RULE(KIND PATTERN SCORE EXAMPLES "    context: {words: [MRN], raise: 5}\n"), 9, 23, "lower case");
    refused(RULE(KIND PATTERN SCORE EXAMPLES "    context: {words: [mrn]}\n"), 9, 14, "changes nothing");
    refused(RULE(KIND PATTERN SCORE EXAMPLES "    context: {word: [mrn], raise: 1}\n"), 9, 15, "did you mean \"words\"?");
    refused(HEAD "  - id: A_Rule\n" KIND PATTERN SCORE EXAMPLES "end: r\n", 4, 9, "an id is");
    refused(HEAD "  - just words\nend: r\n", 4, 5, "expected");
    refused("id: r\ndescription: x\nrules: {}\nend: r\n", 3, 8, "\"rules\" must be a list");
    refused(HEAD "  - id: a-rule\n" KIND PATTERN SCORE EXAMPLES, 1, 1, "\"end\" is missing");
    refused(HEAD "  - id: a-rule\n" KIND PATTERN SCORE EXAMPLES "  - id: a-rule\n" KIND PATTERN SCORE EXAMPLES "end: r\n",
            9, 9, "already taken");
}

static void test_pattern_mistakes_point_into_the_pattern(void **state) {
    (void)state;
    refused(RULE(KIND "    pattern: 'ab(c'\n" SCORE EXAMPLES), 6, 19, "");
    refused(RULE(KIND "    pattern: 'a''b(c'\n" SCORE EXAMPLES), 6, 21, "");
    refused(RULE(KIND "    pattern: \"a\\\\d(c\"\n" SCORE EXAMPLES), 6, 21, "");
    refused(RULE(KIND "    pattern: a[b\n" SCORE EXAMPLES), 6, 17, "");
    refused(RULE(KIND "    pattern: '\xC3\xA9\xC3\xA9x{3,2}'\n" SCORE EXAMPLES), 6, 22, "out of order");
    refused(RULE(KIND "    pattern: ''\n" SCORE EXAMPLES), 6, 14, "empty");
}

static void test_costly_patterns_are_refused(void **state) {
    (void)state;
    static const char *const costly[] = {"(a+)+$", "(a|aa)+$", "(?:[a-z]+ ?)+:", "(\\w+\\s?){1,20}:$",
                                         "(?:a?){30}a{30}b", "(\\d+-?)+x"};
    for (size_t i = 0; i < sizeof costly / sizeof *costly; i++) {
        char err[128] = "";
        struct timespec t0, t1;
        clock_gettime(CLOCK_MONOTONIC, &t0);
        if (rules_cost_check(costly[i], NULL, 0, err, sizeof err) == 0) fail_msg("%s is not refused", costly[i]);
        clock_gettime(CLOCK_MONOTONIC, &t1);
        assert_true(err[0] != '\0');
        assert_true(t1.tv_sec - t0.tv_sec < 5);
    }
    refused(RULE(KIND "    pattern: '(?:M+R?)+N \\d+'\n" SCORE EXAMPLES), 6, 14, "costs too much");
}

/* ---- built-in rules ---- */

static struct yaml_doc *built_in(const char *name, struct diag *d) {
    char path[128];
    snprintf(path, sizeof path, "policies/rules/%s.yaml", name);
    struct yaml_doc *doc = yaml_load_file(path, d);
    if (!doc) diag_print(d, stderr);
    assert_non_null(doc);
    return doc;
}

struct tally {
    unsigned n, failed;
};

static void count(void *arg, int ok, const char *id, const char *what, const char *file, unsigned line) {
    struct tally *t = arg;
    t->n++;
    if (ok) return;
    t->failed++;
    print_message("%s:%u: %s: \"%s\" example fails\n", file, line, id, what);
}

/* A list of one rule, so that nothing but that rule can explain an outcome. */
static void run_alone(const struct yaml_node *rule, struct tally *t, struct diag *d) {
    struct yaml_node *items[1] = {(struct yaml_node *)(uintptr_t)rule};
    struct yaml_node list = *rule;
    list.type = YAML_NODE_LIST;
    list.n = 1;
    list.items = items;
    struct phi_engine *e = phi_engine_new();
    char err[160];
    if (rules_load(&list, e, d) != 0) {
        t->failed++;
        phi_engine_unref(e);
        return;
    }
    assert_int_equal(phi_engine_seal(e, err, sizeof err), 0);
    assert_int_equal(rules_test(&list, e, count, t), 0);
    phi_engine_unref(e);
}

static void test_each_built_in_rule_alone(void **state) {
    (void)state;
    struct diag *d = diag_new();
    struct tally t = {0, 0};
    for (size_t f = 0; f < FILES; f++) {
        struct yaml_doc *doc = built_in(files[f], d);
        const struct yaml_node *list = rules_file_list(yaml_root(doc), d);
        assert_non_null(list);
        for (size_t i = 0; i < list->n; i++) {
            const struct yaml_node *examples = yaml_get(list->items[i], "examples");
            if (yaml_get(examples, "match")->n < 2 || yaml_get(examples, "not")->n < 2)
                yaml_error(list->items[i], d, "a built-in rule has two examples of each sort");
            run_alone(list->items[i], &t, d);
        }
        yaml_doc_free(doc);
    }
    diag_print(d, stderr);
    assert_int_equal(diag_count(d), 0);
    assert_int_equal(t.failed, 0);
    assert_true(t.n > 500);
    diag_free(d);
}

static struct phi_engine *all_rules(struct yaml_doc **docs, struct diag *d) {
    struct phi_engine *e = phi_engine_new();
    struct rules_options options = {.skip_cost = true};
    char err[160];
    for (size_t f = 0; f < FILES; f++) {
        docs[f] = built_in(files[f], d);
        assert_int_equal(rules_load_with(rules_file_list(yaml_root(docs[f]), d), &options, e, d), 0);
    }
    assert_int_equal(phi_engine_seal(e, err, sizeof err), 0);
    return e;
}

/* What clinical text is full of, and what must stay readable. */
static void test_decoys(void **state) {
    (void)state;
    static const char *const decoys[] = {
        "pain 3/10, now 2/10", "strength 5/5 throughout, DTR 2+", "L4/5 disc bulge with S1 radiculopathy",
        "1/2 NS at 75 mL/hr", "Lisinopril-HCTZ 20/25 mg daily", "HD 2, tolerating diet", "firmware version 1.2.3.4",
        "BP 120/80, HR 72, RR 18, SpO2 98%", "2/6 systolic murmur", "Hgb 12.1, WBC 7.5, Plt 250",
        "64 Slice CT scan of the abdomen", "12 Lead EKG with ST elevation", "Christmas disease", "titer 1:160",
        "locking plate 6 holes", "skin tag 3 mm", "glucose 110 mg/dL", "vision 20/40 OD", "GCS 15, NIHSS 4",
        "metformin 500 mg BID #60", "EF 55-60%", "T 98.6, wt 70 kg", "20 mg daily for Pt", "MRN pending"};
    struct diag *d = diag_new();
    struct yaml_doc *docs[FILES];
    struct phi_engine *e = all_rules(docs, d);
    struct phi_scratch *s = phi_scratch_new();
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof decoys / sizeof *decoys; i++) {
        struct phi_leaf leaf = {.text = decoys[i], .len = (uint32_t)strlen(decoys[i])};
        struct phi_result found;
        assert_int_equal(phi_scan(e, s, &leaf, 1, &found), 0);
        for (size_t k = 0; k < found.n; k++, wrong++)
            print_message("\"%s\": %s by %s\n", decoys[i], phi_kind_name(found.v[k].kind), phi_rule_id(e, found.v[k].rule));
    }
    phi_scratch_free(s);
    phi_engine_unref(e);
    for (size_t f = 0; f < FILES; f++) yaml_doc_free(docs[f]);
    diag_free(d);
    assert_int_equal(wrong, 0);
}

static void test_built_in_rules_together(void **state) {
    (void)state;
    struct diag *d = diag_new();
    struct yaml_doc *docs[FILES];
    struct phi_engine *e = all_rules(docs, d);
    struct tally t = {0, 0};
    for (size_t f = 0; f < FILES; f++) {
        assert_int_equal(rules_test(yaml_get(yaml_root(docs[f]), "rules"), e, count, &t), 0);
        yaml_doc_free(docs[f]);
    }
    phi_engine_unref(e);
    diag_free(d);
    assert_int_equal(t.failed, 0);
}

/* A rule that is tried nearly everywhere costs every text more than all others together. */
static void test_built_in_rules_have_triggers(void **state) {
    (void)state;
    struct diag *d = diag_new();
    struct yaml_doc *docs[FILES];
    struct phi_engine *e = all_rules(docs, d);
    unsigned slow = 0;
    for (unsigned i = 0; i < phi_rule_count(e); i++) {
        const char *what = phi_rule_trigger(e, i);
        if (!strstr(what, "full scan") && !strstr(what, "(slow)"))
            continue;
        print_message("%s: %s\n", phi_rule_id(e, i), what);
        slow++;
    }
    for (size_t f = 0; f < FILES; f++)
        yaml_doc_free(docs[f]);
    phi_engine_unref(e);
    diag_free(d);
    assert_int_equal(slow, 0);
}

static void test_failing_example_is_reported(void **state) {
    (void)state;
    static const char text[] = RULE(KIND "    pattern: 'BOX \\d{5}'\n" SCORE
                                    "    examples: {match: ['box 1234'], not: ['BOX 12345']}\n");
    struct diag *d = diag_new();
    struct yaml_doc *doc = yaml_load_text("r.yaml", text, sizeof text - 1, d);
    const struct yaml_node *list = rules_file_list(yaml_root(doc), d);
    struct phi_engine *e = phi_engine_new();
    struct tally t = {0, 0};
    char err[160];
    assert_int_equal(rules_load(list, e, d), 0);
    assert_int_equal(phi_engine_seal(e, err, sizeof err), 0);
    assert_int_equal(rules_test(list, e, count, &t), 0);
    assert_int_equal(t.n, 2);
    assert_int_equal(t.failed, 2);
    phi_engine_unref(e);
    yaml_doc_free(doc);
    diag_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_rule),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_pattern_mistakes_point_into_the_pattern),
        cmocka_unit_test(test_costly_patterns_are_refused),
        cmocka_unit_test(test_failing_example_is_reported),
        cmocka_unit_test(test_each_built_in_rule_alone),
        cmocka_unit_test(test_built_in_rules_together),
        cmocka_unit_test(test_built_in_rules_have_triggers),
        cmocka_unit_test(test_decoys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
