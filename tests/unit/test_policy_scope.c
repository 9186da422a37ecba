/* SPDX-License-Identifier: Apache-2.0
 *
 * Decisions for a role, a user, an upstream, a model or a part: which of them holds, and the mistakes of their files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../policies/engine/diag.h"
#include "../../policies/engine/policy_load.h"

static const struct policy_paths paths = {.share = "."};

static struct policy *load(const char *body, struct diag *d) {
    char text[4096];
    snprintf(text, sizeof text, "id: x\nversion: 1\ndescription: Test.\nextends: minimum-necessary\n%s\nend: x\n", body);
    return policy_load_decisions_text("x.yaml", text, strlen(text), &paths, d);
}

static struct policy *good(const char *body) {
    struct diag *d = diag_new();
    struct policy *p = load(body, d);
    if (!p) diag_print(d, stderr);
    assert_non_null(p);
    diag_free(d);
    return p;
}

static void refused(const char *body, const char *words) {
    struct diag *d = diag_new();
    assert_null(load(body, d));
    assert_true(diag_count(d) > 0);
    if (!strstr(diag_message(d, 0), words)) fail_msg("\"%s\" is not \"%s\"", diag_message(d, 0), words);
    assert_true(diag_line(d, 0) > 0);
    diag_free(d);
}

static enum policy_action decided(const struct policy *p, struct policy_request r, const char *purpose,
                                  enum policy_part part, enum phi_kind kind) {
    struct policy_view v;
    r.purpose = purpose ? policy_purpose(p, purpose, strlen(purpose)) : 0;
    r.model_len = r.model ? strlen(r.model) : 0;
    policy_view(p, &r, &v);
    return policy_view_action(&v, part, kind);
}

#define R(...) ((struct policy_request){__VA_ARGS__})

/* An unknown language could be any. */
static void language_of_a_text(void **state) {
    (void)state;
    struct policy *p = good("scopes:\n"
                            "  - {name: a, when: {language: [es, pt]}, actions: {NAME.*: mask}}\n"
                            "  - {name: b, when: {language: fr, part: tool}, actions: {NAME.*: block, MRN: allow}}\nwhy: {MRN: Test.}");
    const struct { enum language language; enum policy_part part; enum policy_action name, mrn; } cases[] = {
        {LANGUAGE_EN, POLICY_PART_USER, POLICY_TOKENIZE, POLICY_TOKENIZE},
        {LANGUAGE_ES, POLICY_PART_USER, POLICY_MASK, POLICY_TOKENIZE},
        {LANGUAGE_PT, POLICY_PART_TOOL, POLICY_MASK, POLICY_TOKENIZE},
        {LANGUAGE_FR, POLICY_PART_USER, POLICY_TOKENIZE, POLICY_TOKENIZE},
        {LANGUAGE_FR, POLICY_PART_TOOL, POLICY_BLOCK, POLICY_ALLOW},
        {LANGUAGE_UNKNOWN, POLICY_PART_USER, POLICY_MASK, POLICY_TOKENIZE},
        {LANGUAGE_UNKNOWN, POLICY_PART_TOOL, POLICY_BLOCK, POLICY_TOKENIZE},
    };
    assert_true(policy_asks_language(p));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct policy_request r = R(.language = cases[i].language);
        assert_int_equal(decided(p, r, "treatment", cases[i].part, PHI_NAME_PATIENT), cases[i].name);
        assert_int_equal(decided(p, r, "treatment", cases[i].part, PHI_MRN), cases[i].mrn);
    }
    policy_unref(p);
    p = good("");
    assert_false(policy_asks_language(p));
    policy_unref(p);
    refused("scopes: [{name: a, when: {language: sp}, actions: {MRN: mask}}]", "\"sp\" is unknown");
    refused("scopes: [{name: a, when: {language: []}, actions: {MRN: mask}}]", "empty list");
}

static void each_condition(void **state) {
    (void)state;
    struct policy *p = good("scopes:\n"
                            "  - {name: a, when: {role: reception}, actions: {MRN: mask}}\n"
                            "  - {name: b, when: {user: [dr-a, dr-b]}, actions: {MRN: drop}}\n"
                            "  - {name: c, when: {upstream: far}, actions: {MRN: block}}\n"
                            "  - {name: d, when: {model: [\"gpt-*\"]}, actions: {PHONE: block}}\n"
                            "  - {name: e, when: {part: [tool, schema], purpose: billing}, actions: {EMAIL: drop}}");
    enum policy_part user = POLICY_PART_USER;
    assert_int_equal(decided(p, R(0), "treatment", user, PHI_MRN), POLICY_TOKENIZE);
    assert_int_equal(decided(p, R(.role = "reception"), "treatment", user, PHI_MRN), POLICY_MASK);
    assert_int_equal(decided(p, R(.role = "Reception"), "treatment", user, PHI_MRN), POLICY_TOKENIZE);
    assert_int_equal(decided(p, R(.user = "dr-b"), "treatment", user, PHI_MRN), POLICY_DROP);
    assert_int_equal(decided(p, R(.role = "reception", .user = "dr-b"), "treatment", user, PHI_MRN), POLICY_MASK);
    assert_int_equal(decided(p, R(.upstream = "far"), "treatment", user, PHI_MRN), POLICY_BLOCK);
    assert_int_equal(decided(p, R(.model = "gpt-4"), "treatment", user, PHI_PHONE), POLICY_BLOCK);
    assert_int_equal(decided(p, R(.model = "llama"), "treatment", user, PHI_PHONE), POLICY_TOKENIZE);
    assert_int_equal(decided(p, R(0), "billing", POLICY_PART_TOOL, PHI_EMAIL), POLICY_DROP);
    assert_int_equal(decided(p, R(0), "billing", user, PHI_EMAIL), POLICY_MASK);
    assert_int_equal(decided(p, R(0), "treatment", POLICY_PART_TOOL, PHI_EMAIL), POLICY_TOKENIZE);
    policy_unref(p);
}

/* A scope of the file goes before its purposes; a purpose of a nearer file goes before the scopes of a farther one. */
static void the_nearer_file_first(void **state) {
    char file[] = "/tmp/phigate-scope-XXXXXX.yaml";
    int fd = mkstemps(file, 5);
    static const char far[] = "id: far\nversion: 1\ndescription: Test.\nextends: minimum-necessary\n"
                              "parts: {tool: {MRN: block, PHONE: block}}\nend: far\n";
    char text[512];
    (void)state;
    assert_true(fd >= 0 && write(fd, far, sizeof far - 1) == (ssize_t)sizeof far - 1);
    close(fd);
    snprintf(text, sizeof text, "id: x\nversion: 1\ndescription: Test.\nextends: %s\nactions: {MRN: mask}\n"
                                "parts: {schema: {MRN: drop}}\nend: x\n", file);
    struct diag *d = diag_new();
    struct policy *p = policy_load_decisions_text("x.yaml", text, strlen(text), &paths, d);
    if (!p) diag_print(d, stderr);
    assert_non_null(p);
    assert_int_equal(decided(p, R(0), "treatment", POLICY_PART_TOOL, PHI_MRN), POLICY_MASK);
    assert_int_equal(decided(p, R(0), "treatment", POLICY_PART_SCHEMA, PHI_MRN), POLICY_DROP);
    assert_int_equal(decided(p, R(0), "treatment", POLICY_PART_TOOL, PHI_PHONE), POLICY_BLOCK);
    policy_unref(p);
    diag_free(d);
    unlink(file);
}

static void without_a_purpose_the_strictest(void **state) {
    (void)state;
    struct policy *p = good("scopes: [{name: a, when: {purpose: treatment, role: nurse}, actions: {AGE.LE89: drop}},"
                            "{name: b, when: {role: nurse}, actions: {MRN: allow}}]\nwhy: {MRN: Test.}");
    assert_int_equal(decided(p, R(.role = "nurse"), NULL, POLICY_PART_USER, PHI_AGE_LE89), POLICY_DROP);
    assert_int_equal(decided(p, R(.role = "nurse"), NULL, POLICY_PART_USER, PHI_MRN), POLICY_ALLOW);
    assert_int_equal(decided(p, R(.role = "x"), NULL, POLICY_PART_USER, PHI_MRN), POLICY_BLOCK);
    assert_int_equal(decided(p, R(.purpose = 0), "none-such", POLICY_PART_USER, PHI_AGE_LE89), POLICY_BLOCK);
    policy_unref(p);
}

static void claims_and_reasons_see_scopes(void **state) {
    (void)state;
    struct policy *p = good("scopes: [{name: a, when: {role: nurse}, actions: {MRN: allow}}]\nwhy: {MRN: Test.}");
    assert_int_equal(policy_claim(p), POLICY_PHI_UNDER_BAA);
    policy_unref(p);
    refused("scopes: [{name: a, when: {role: nurse}, actions: {MRN: allow}}]", "must say why MRN may leave");
    refused("scopes: [{name: a, when: {role: nurse}, actions: {SSN: allow}}]", "SSN may not leave in clear");
    refused("parts: {tool: {SECRET: flag}}", "SECRET may not leave in clear");
    refused("parts: {tool: {\"*\": allow}}", "may only hide");
}

static void mistakes(void **state) {
    (void)state;
    refused("scopes: [{name: a, when: {}, actions: {MRN: mask}}]", "needs a condition");
    refused("scopes: [{name: a, when: {roles: x}, actions: {MRN: mask}}]", "role");
    refused("scopes: [{name: a, when: {purpose: treatmnt}, actions: {MRN: mask}}]", "did you mean \"treatment\"");
    refused("scopes: [{name: a, when: {part: tols}, actions: {MRN: mask}}]", "tool");
    refused("scopes: [{name: a, when: {role: []}, actions: {MRN: mask}}]", "fits nothing");
    refused("scopes: [{name: a, when: {role: x}, actions: {MNR: mask}}]", "did you mean \"MRN\"");
    refused("scopes: [{name: A, when: {role: x}, actions: {MRN: mask}}]", "a name is");
    refused("scopes: [{name: a, when: {role: x}, actions: {MRN: mask}}, {name: a, when: {role: x}, actions: {MRN: mask}}]",
            "stands already");
    refused("scopes: [a]", "expected a scope");
    refused("scopes: [{when: {role: x}, actions: {MRN: mask}}]", "name");
    refused("parts: {tool: mask}", "a part needs");
    refused("parts: {tols: {MRN: mask}}", "tool");
    refused("response: {NAME.*: tokenize}", "mask");
    refused("response: {NAMES: mask}", "NAME");
    refused("response: mask", "response");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(language_of_a_text),
        cmocka_unit_test(each_condition), cmocka_unit_test(the_nearer_file_first),
        cmocka_unit_test(without_a_purpose_the_strictest), cmocka_unit_test(claims_and_reasons_see_scopes),
        cmocka_unit_test(mistakes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
