/* SPDX-License-Identifier: Apache-2.0
 *
 * The fast scan finds what every rule finds when it is run over every text in turn: over the examples of all built-in rules,
 * alone, inside other words and one behind the other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "../../policies/engine/diag.h"
#include "../../policies/engine/policy.h"
#include "../../policies/engine/yaml_node.h"

static const char *const files[] = {"numbers", "records", "contact", "dates", "secrets", "people", "sensitive"};
static const char *const frames[][2] = {{"", ""}, {"see ", " here"}, {"(", ")"}, {"the patient's ", ", then"}, {"x\n", "\ny"},
                                        {"Zo\xC3\xAB: ", "."}, {"process of psychotherapy 12 ", " 34 and so on"}};

struct pair {
    const struct phi_engine *engine;
    struct phi_scratch *fast, *slow;
    char text[4096], last[1024];
    unsigned n;
};

static void compare(struct pair *p, const char *text) {
    struct phi_leaf leaf = {.text = text, .len = (uint32_t)strlen(text)};
    struct phi_result a, b;

    assert_int_equal(phi_scan(p->engine, p->fast, &leaf, 1, &a), 0);
    assert_int_equal(phi_scan_slow(p->engine, p->slow, &leaf, 1, &b), 0);
    if (a.n != b.n || (a.n && memcmp(a.v, b.v, a.n * sizeof *a.v) != 0)) print_message("differs on: %s\n", text);
    assert_int_equal(a.n, b.n);
    if (a.n) assert_memory_equal(a.v, b.v, a.n * sizeof *a.v);
    p->n++;
}

static void compare_example(struct pair *p, const char *example) {
    if (strlen(example) > sizeof p->last - 1) return;
    for (size_t f = 0; f < sizeof frames / sizeof *frames; f++) {
        snprintf(p->text, sizeof p->text, "%s%s%s", frames[f][0], example, frames[f][1]);
        compare(p, p->text);
    }
    snprintf(p->text, sizeof p->text, "%s %s", p->last, example);
    compare(p, p->text);
    snprintf(p->last, sizeof p->last, "%s", example);
}

static void compare_list(struct pair *p, const struct yaml_node *list) {
    for (size_t i = 0; list && i < list->n; i++)
        if (list->items[i]->type == YAML_NODE_SCALAR) compare_example(p, list->items[i]->text);
}

static void compare_file(struct pair *p, const char *name) {
    char path[256];
    struct diag *d = diag_new();

    snprintf(path, sizeof path, "policies/rules/%s.yaml", name);
    struct yaml_doc *doc = yaml_load_file(path, d);
    assert_non_null(doc);
    const struct yaml_node *rules = yaml_get(yaml_root(doc), "rules");
    for (size_t i = 0; i < rules->n; i++) {
        const struct yaml_node *examples = yaml_get(rules->items[i], "examples");
        compare_list(p, yaml_get(examples, "match"));
        compare_list(p, yaml_get(examples, "not"));
    }
    yaml_doc_free(doc);
    diag_free(d);
}

static void every_example(void **state) {
    const struct policy_paths paths = {.share = "."};
    struct diag *d = diag_new();
    struct policy *policy = policy_load("minimum-necessary", &paths, d);
    static struct pair p;

    (void)state;
    if (!policy) diag_print(d, stderr);
    assert_non_null(policy);
    p.engine = policy_engine(policy);
    p.fast = phi_scratch_new();
    p.slow = phi_scratch_new();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        compare_file(&p, files[i]);
    assert_true(p.n > 5000);
    phi_scratch_free(p.fast);
    phi_scratch_free(p.slow);
    policy_unref(policy);
    diag_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_example)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
