/* SPDX-License-Identifier: Apache-2.0
 *
 * What a change of policy is said to change, and that nothing which loosens goes unsaid.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../policies/engine/diag.h"
#include "../../policies/engine/policy_diff.h"
#include "../../policies/engine/policy_load.h"

static const struct policy_paths paths = {.share = "."};

struct seen {
    unsigned n[3];
    char last[256];
};

static void note(void *arg, const struct policy_difference *d) {
    struct seen *s = arg;
    s->n[d->change]++;
    snprintf(s->last, sizeof s->last, "%s %s %s %s %s->%s", policy_change_name(d->change), d->what,
             d->purpose ? d->purpose : "-", d->kind ? phi_kind_name(d->kind) : "-", d->before, d->after);
}

static struct policy *from_text(const char *body) {
    char text[2048];
    struct diag *d = diag_new();
    snprintf(text, sizeof text, "id: x\nversion: 1\ndescription: Test.\nextends: minimum-necessary\n%s\nend: x\n", body);
    struct policy *p = policy_load_decisions_text("x.yaml", text, strlen(text), &paths, d);
    if (!p) diag_print(d, stderr);
    assert_non_null(p);
    diag_free(d);
    return p;
}

static struct seen between(const char *before, const char *after, bool looser) {
    struct policy *a = from_text(before), *b = from_text(after);
    struct seen s = {{0}, ""};
    assert_int_equal(policy_diff(a, b, note, &s), looser);
    assert_int_equal(policy_diff(a, b, NULL, NULL), looser);
    policy_unref(a);
    policy_unref(b);
    return s;
}

static void test_nothing_changed(void **state) {
    (void)state;
    struct seen s = between("mode: enforce", "block_style: error", false);
    assert_int_equal(s.n[0] + s.n[1] + s.n[2], 0);
}

static void test_one_cell(void **state) {
    (void)state;
    struct seen s = between("", "purposes: {scheduling: {GEO.CITY: allow}}\nwhy: {GEO.CITY: Near.}", true);
    assert_int_equal(s.n[POLICY_LOOSER], 1);
    assert_string_equal(s.last, "looser action scheduling GEO.CITY tokenize->allow");
    s = between("purposes: {scheduling: {GEO.CITY: allow}}\nwhy: {GEO.CITY: Near.}", "", false);
    assert_int_equal(s.n[POLICY_STRICTER], 1);
}

static void test_switches_and_detection(void **state) {
    (void)state;
    assert_string_equal(between("", "mode: monitor", true).last, "looser mode - - enforce->monitor");
    assert_string_equal(between("unscannable: allow", "", false).last, "stricter unscannable - - allow->block");
    assert_string_equal(between("", "stored: batches", true).last, "looser stored batches - - block->allow");
    assert_string_equal(between("stored: all", "stored: batches", false).last, "stricter stored responses - - allow->block");
    assert_string_equal(between("", "speech: mask", true).last, "looser speech - - block->mask");
    assert_string_equal(between("", "thresholds: {MRN: 70}", true).last, "looser threshold - MRN 50->70");
    assert_string_equal(between("", "detection: strict", false).last, "stricter detection - - balanced->strict");
    assert_string_equal(between("floor: [EMAIL]", "", true).last, "looser floor - EMAIL in->out");
    assert_int_equal(between("", "block_style: assistant_message", false).n[POLICY_OTHERWISE], 1);
}

static void test_bulk_and_routes(void **state) {
    (void)state;
    assert_int_equal(between("bulk: {patients: 1}", "bulk: {patients: 2}", true).n[POLICY_LOOSER], 1);
    assert_int_equal(between("bulk: {patients: 1}", "", true).n[POLICY_LOOSER], 9);
    assert_int_equal(between("", "bulk: {patients: 1}", false).n[POLICY_STRICTER], 9);
    assert_string_equal(between("bulk: {patients: 1}", "bulk: {patients: 1, purposes: {billing: flag}}", true).last,
                        "looser bulk billing - block->flag");
    assert_string_equal(between("sensitive: {HIV: route:a}", "sensitive: {HIV: route:b}", true).last, "looser route - - a->b");
}

static void test_purposes(void **state) {
    (void)state;
    assert_int_equal(between("", "purposes: {audit: {}}\nwhy: {audit: Reads.}", true).n[POLICY_LOOSER], 1);
    assert_string_equal(between("purposes: {audit: {}}\nwhy: {audit: Reads.}", "", false).last,
                        "stricter purpose audit - known->refused");
}

static void test_scopes(void **state) {
    (void)state;
    const char *mask = "scopes: [{name: desk, when: {role: [reception, front]}, actions: {MRN: mask}}]";
    const char *allow = "scopes: [{name: desk, when: {role: reception}, actions: {MRN: allow}}]\nwhy: {MRN: Test.}";
    struct seen seen = between("", allow, true);
    assert_string_equal(seen.last, "looser action it-development MRN block->allow");
    assert_int_equal(seen.n[POLICY_LOOSER], 8); /* seven purposes and none given */
    assert_int_equal(between(mask, mask, false).n[POLICY_OTHERWISE], 0);
    /* Masking loosens what was blocked (without a purpose, and it-development). */
    seen = between("", mask, true);
    assert_int_equal(seen.n[POLICY_LOOSER], 2);
    assert_int_equal(seen.n[POLICY_STRICTER], 4);
    /* Two scopes that meet: only where both fit does their order matter. */
    const char *one = "scopes: [{name: a, when: {role: x}, actions: {MRN: drop}}, {name: b, when: {user: y}, actions: {MRN: mask}}]";
    const char *two = "scopes: [{name: b, when: {user: y}, actions: {MRN: mask}}, {name: a, when: {role: x}, actions: {MRN: drop}}]";
    assert_string_equal(between(one, two, true).last, "looser action it-development MRN drop->mask");
    assert_int_equal(between(two, one, false).n[POLICY_STRICTER], 8);
}

/* Of two actions at most one direction loosens, and a change that shows more is one that does. */
static void test_actions(void **state) {
    (void)state;
    for (int a = 0; a < POLICY_ACTIONS; a++)
        for (int b = 0; b < POLICY_ACTIONS; b++) {
            enum policy_change there = policy_action_change((enum policy_action)a, (enum policy_action)b),
                               back = policy_action_change((enum policy_action)b, (enum policy_action)a);
            bool compared = a != POLICY_ROUTE && b != POLICY_ROUTE; /* where it leads another policy decides */
            assert_true(!compared || there != POLICY_LOOSER || back == POLICY_STRICTER);
            bool shows = b == POLICY_ALLOW || b == POLICY_FLAG, showed = a == POLICY_ALLOW || a == POLICY_FLAG;
            if (shows && !showed) assert_int_equal(there, POLICY_LOOSER);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_changed), cmocka_unit_test(test_one_cell),
        cmocka_unit_test(test_switches_and_detection), cmocka_unit_test(test_purposes), cmocka_unit_test(test_bulk_and_routes), cmocka_unit_test(test_scopes), cmocka_unit_test(test_actions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
