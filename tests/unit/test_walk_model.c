/* SPDX-License-Identifier: Apache-2.0
 *
 * What of a model's name is no identifier: its makers' words, days of releases, what a route spells out. Nothing else, and
 * nowhere else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../../detectors/phi.h"
#include "../../proxy/arena.h"
#include "../../proxy/walk_model.h"

static enum phi_kind kind(const char *name) {
    return phi_kind_find(name, strlen(name));
}

/* Whether a finding of this kind over that part of the model's name stays one. */
static bool stays(const char *model, const char *part, const char *kind_name, const char *glob, bool elsewhere) {
    struct arena *a = arena_new(1u << 20);
    const char *globs[] = {glob, NULL};
    char body[256];
    struct walk w;

    snprintf(body, sizeof body, "{\"model\":\"%s\",\"user\":\"%s\"}", model, model);
    assert_int_equal(walk_body(a, SHAPE_CHAT, span_of(body), 64, &w), 0);
    assert_int_equal(w.n, 4);
    uint32_t begin = (uint32_t)(strstr(model, part) - model);
    struct phi_finding f = {.leaf = elsewhere ? 3 : 1, .begin = begin, .end = begin + (uint32_t)strlen(part), .kind = (uint16_t)kind(kind_name)};
    struct phi_result found = {&f, 1};
    assert_int_equal(walk_model_release(a, &w, glob ? globs : NULL, &found), 0);
    arena_free(a);
    return found.n == 1;
}

static void makers_words_are_let_go(void **state) {
    (void)state;
    assert_false(stays("claude-sonnet-4-20250514", "claude-sonnet", "NAME.PATIENT", NULL, false));
    assert_false(stays("gpt-4o-2024-08-06", "2024-08-06", "DATE.OTHER", NULL, false));
    assert_false(stays("x-20250514", "20250514", "DATE.OTHER", NULL, false));
    assert_false(stays("llama3:8b", "llama", "NAME.UNKNOWN", NULL, false));
}

static void the_rest_stays(void **state) {
    (void)state;
    assert_true(stays("claude-smith", "claude-smith", "NAME.PATIENT", NULL, false));
    assert_true(stays("gpt-1951-04-17", "1951-04-17", "DATE.DOB", NULL, false));
    assert_true(stays("gpt-2024-13-06", "2024-13-06", "DATE.OTHER", NULL, false));
    assert_true(stays("mrn-00417723", "mrn-00417723", "MRN", NULL, false));
    assert_true(stays("claude-sonnet", "claude", "MRN", NULL, false));
    assert_true(stays("2024", "2024", "NAME.UNKNOWN", NULL, false)); /* no word at all */
}

static void only_in_the_model(void **state) {
    (void)state;
    assert_true(stays("claude-sonnet-4", "claude-sonnet", "NAME.PATIENT", NULL, true));
    assert_true(stays("gpt-4o-2024-08-06", "2024-08-06", "DATE.OTHER", "*", true));
}

static void what_a_route_spells_out(void **state) {
    (void)state;
    assert_false(stays("dr-smith", "dr-smith", "NAME.STAFF", "dr-smith", false));
    assert_false(stays("dr-smith-4", "dr-smith", "NAME.STAFF", "dr-smith-*", false));
    assert_true(stays("dr-smith-4", "dr-smith", "NAME.STAFF", "dr-*", false));
    assert_true(stays("dr-smith", "dr-smith", "NAME.STAFF", "*", false));
    assert_true(stays("dr-smith", "dr-smith", "NAME.STAFF", "dr-jones", false));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makers_words_are_let_go),
        cmocka_unit_test(the_rest_stays),
        cmocka_unit_test(only_in_the_model),
        cmocka_unit_test(what_a_route_spells_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
