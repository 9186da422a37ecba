/* SPDX-License-Identifier: Apache-2.0
 *
 * What policies decide: presets and their claims, the floor, precedence, and every mistake with its place.
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
#include "../../policies/engine/policy.h"
#include "../../policies/engine/policy_load.h"
#include "../../policies/engine/yaml_node.h"

static const struct policy_paths paths = {.share = "."};

static const char *const presets[] = {"minimum-necessary", "safe-harbor",   "block-all",
                                      "monitor-only",      "on-prem-model", "limited-data-set"};
#define PRESETS (sizeof presets / sizeof *presets)

static const enum phi_kind hard_floor[] = {PHI_SSN,          PHI_SSN_LAST4,      PHI_ITIN,      PHI_ACCOUNT_BANK,
                                           PHI_ACCOUNT_CARD, PHI_LICENSE_PERSON, PHI_BIOMETRIC, PHI_SECRET};

static struct policy *decisions(const char *name) {
    struct diag *d = diag_new();
    struct policy *p = policy_load_decisions(name, &paths, d);
    if (!p) diag_print(d, stderr);
    assert_non_null(p);
    assert_int_equal(diag_count(d), 0);
    diag_free(d);
    return p;
}

static struct policy *from_text(const char *text, struct diag *d) {
    return policy_load_decisions_text("site.yaml", text, strlen(text), &paths, d);
}

static struct policy *good(const char *text) {
    struct diag *d = diag_new();
    struct policy *p = from_text(text, d);
    if (!p) diag_print(d, stderr);
    assert_non_null(p);
    diag_free(d);
    return p;
}

static void refused(const char *text, uint32_t line, uint32_t column, const char *words) {
    struct diag *d = diag_new();
    struct policy *p = from_text(text, d);
    assert_null(p);
    for (size_t i = 0; i < diag_count(d); i++) {
        if (diag_line(d, i) != line || diag_column(d, i) != column || !strstr(diag_message(d, i), words)) continue;
        diag_free(d);
        return;
    }
    diag_print(d, stderr);
    fail_msg("no mistake \"%s\" at %u:%u", words, line, column);
}

static enum policy_action action(const struct policy *p, const char *purpose, enum phi_kind kind) {
    int u = policy_purpose(p, purpose, strlen(purpose));
    assert_true(u > 0);
    return policy_action(p, u, kind);
}

/* ---- presets ---- */

static void test_zero_is_block(void **state) {
    (void)state;
    enum policy_action a = {0};
    enum policy_claim c = {0};
    assert_int_equal(a, POLICY_BLOCK);
    assert_string_equal(policy_action_name(a), "block");
    assert_string_equal(policy_claim_name(c), "not_forwardable");
}

static void test_presets_decide_everything(void **state) {
    (void)state;
    for (size_t i = 0; i < PRESETS; i++) {
        struct policy *p = decisions(presets[i]);
        assert_string_equal(policy_id(p), presets[i]);
        for (int u = 0; u < policy_purpose_count(p); u++) {
            for (int k = 1; k < PHI_KINDS; k++) {
                uint32_t line = 0;
                if (k == PHI_TOKEN_TEXT) continue;
                const char *file = policy_source(p, u, (enum phi_kind)k, &line);
                assert_non_null(file);
                assert_true(line > 0);
            }
            assert_int_equal(policy_action(p, u, PHI_TOKEN_TEXT), POLICY_TOKENIZE);
            assert_int_equal(policy_action(p, u, PHI_NONE), POLICY_BLOCK);
        }
        policy_unref(p);
    }
}

static void test_floor_holds_in_every_preset(void **state) {
    (void)state;
    for (size_t i = 0; i < PRESETS; i++) {
        struct policy *p = decisions(presets[i]);
        for (int u = 0; u < policy_purpose_count(p); u++)
            for (size_t f = 0; f < sizeof hard_floor / sizeof *hard_floor; f++) {
                enum policy_action a = policy_action(p, u, hard_floor[f]);
                assert_true(a != POLICY_ALLOW && a != POLICY_FLAG && a != POLICY_GENERALIZE);
                assert_true(policy_in_floor(p, hard_floor[f]));
            }
        assert_int_equal(policy_action(p, 0, PHI_SECRET), POLICY_BLOCK);
        assert_false(policy_in_floor(p, PHI_NAME_PATIENT));
        policy_unref(p);
    }
}

static void test_claims(void **state) {
    (void)state;
    static const enum policy_claim claims[PRESETS] = {
        POLICY_EXPERT_DETERMINATION, POLICY_SAFE_HARBOR_CANDIDATE, POLICY_SAFE_HARBOR_CANDIDATE,
        POLICY_PHI_UNDER_BAA,        POLICY_PHI_UNDER_BAA,         POLICY_LIMITED_DATA_SET};
    for (size_t i = 0; i < PRESETS; i++) {
        struct policy *p = decisions(presets[i]);
        assert_string_equal(policy_claim_name(policy_claim(p)), policy_claim_name(claims[i]));
        policy_unref(p);
    }
}

static void test_minimum_necessary_table(void **state) {
    (void)state;
    struct policy *p = decisions("minimum-necessary");
    assert_int_equal(policy_mode(p), POLICY_ENFORCE);
    assert_int_equal(policy_unscannable(p), POLICY_UNSCANNABLE_BLOCK);
    assert_int_equal(policy_speech(p), POLICY_SPEECH_BLOCK);
    assert_false(policy_stores(p, POLICY_STORED_BATCHES) || policy_stores(p, POLICY_STORED_RESPONSES) || policy_stores(p, POLICY_STORED_BLOCK));
    assert_int_equal(policy_purpose_count(p), 8);
    assert_int_equal(action(p, "treatment", PHI_NAME_PATIENT), POLICY_TOKENIZE);
    assert_int_equal(action(p, "treatment", PHI_DATE_DOB), POLICY_TOKENIZE);
    assert_int_equal(action(p, "treatment", PHI_DATE_SERVICE), POLICY_OFFSET);
    assert_int_equal(action(p, "treatment", PHI_PHONE), POLICY_TOKENIZE);
    assert_int_equal(action(p, "treatment", PHI_MRN), POLICY_TOKENIZE);
    assert_int_equal(action(p, "treatment", PHI_SSN), POLICY_MASK);
    assert_int_equal(action(p, "treatment", PHI_PLAN_ID), POLICY_MASK);
    assert_int_equal(action(p, "prior-auth", PHI_PLAN_ID), POLICY_TOKENIZE);
    assert_int_equal(action(p, "prior-auth", PHI_SENS_SUD), POLICY_BLOCK);
    assert_int_equal(action(p, "billing", PHI_GEO_ZIP), POLICY_TOKENIZE);
    assert_int_equal(action(p, "billing", PHI_ACCOUNT_PATIENT), POLICY_TOKENIZE);
    assert_int_equal(action(p, "billing", PHI_ACCOUNT_BANK), POLICY_MASK);
    assert_int_equal(action(p, "scheduling", PHI_SENS_HIV), POLICY_BLOCK);
    assert_int_equal(action(p, "scheduling", PHI_AGE_LE89), POLICY_MASK);
    assert_int_equal(action(p, "patient-letter", PHI_MRN), POLICY_MASK);
    assert_int_equal(action(p, "research", PHI_DATE_DOB), POLICY_GENERALIZE);
    assert_int_equal(action(p, "it-development", PHI_NAME_PATIENT), POLICY_BLOCK);
    assert_int_equal(action(p, "it-development", PHI_NAME_PROVIDER), POLICY_MASK);
    assert_int_equal(policy_action(p, 0, PHI_NAME_PATIENT), POLICY_BLOCK);
    assert_int_equal(policy_action(p, 0, PHI_NAME_PROVIDER), POLICY_MASK);
    assert_int_equal(policy_action(p, 0, PHI_AGE_LE89), POLICY_MASK);
    policy_unref(p);
}

static void test_monitor_takes_the_decisions_of_what_it_extends(void **state) {
    (void)state;
    struct policy *monitor = decisions("monitor-only"), *base = decisions("minimum-necessary");
    assert_int_equal(policy_mode(monitor), POLICY_ENFORCE); /* without an end it never begins */
    assert_true(policy_monitors_without_end(monitor));
    assert_int_equal(policy_purpose_count(monitor), policy_purpose_count(base));
    for (int u = 0; u < policy_purpose_count(base); u++)
        for (int k = 1; k < PHI_KINDS; k++)
            assert_int_equal(policy_action(monitor, u, (enum phi_kind)k), policy_action(base, u, (enum phi_kind)k));
    uint32_t line = 0;
    assert_non_null(strstr(policy_source(monitor, 1, PHI_SSN, &line), "minimum-necessary.yaml"));
    policy_unref(monitor);
    policy_unref(base);
}

static void test_out_of_range_is_block(void **state) {
    (void)state;
    struct policy *p = decisions("on-prem-model");
    uint32_t line = 0;
    assert_int_equal(policy_action(p, -1, PHI_NAME_PATIENT), POLICY_BLOCK);
    assert_int_equal(policy_action(p, 99, PHI_NAME_PATIENT), POLICY_BLOCK);
    assert_int_equal(policy_action(p, 1, PHI_KINDS), POLICY_BLOCK);
    assert_int_equal(policy_purpose(p, "nothing", 7), -1);
    assert_int_equal(policy_purpose(p, "", 0), -1);
    assert_int_equal(policy_purpose(p, "treatment-2", 11), -1);
    assert_int_equal(policy_purpose(p, "treatment\0", 10), -1);
    assert_null(policy_source(p, 99, PHI_SSN, &line));
    assert_null(policy_purpose_name(p, 99));
    policy_unref(policy_ref(p));
    policy_unref(p);
}

/* ---- precedence ---- */

#define HEAD "id: site\nversion: 1\ndescription: x\n"

static void test_nearer_word_and_nearer_file_win(void **state) {
    (void)state;
    struct policy *p = good(HEAD "extends: minimum-necessary\n"
                                 "actions:\n  NAME.*: mask\n  NAME.RELATIVE: drop\n  PHONE: drop\n"
                                 "purposes:\n  treatment:\n    NAME: tokenize\n    \"SSN.*\": block\n"
                                 "end: site\n");
    assert_int_equal(action(p, "treatment", PHI_NAME_PATIENT), POLICY_TOKENIZE); /* purpose before actions */
    assert_int_equal(action(p, "treatment", PHI_NAME_RELATIVE), POLICY_TOKENIZE);
    assert_int_equal(action(p, "treatment", PHI_SSN), POLICY_BLOCK);
    assert_int_equal(action(p, "treatment", PHI_SSN_LAST4), POLICY_BLOCK);
    assert_int_equal(action(p, "research", PHI_NAME_PATIENT), POLICY_MASK);
    assert_int_equal(action(p, "research", PHI_NAME_RELATIVE), POLICY_DROP); /* kind before group */
    assert_int_equal(action(p, "billing", PHI_PHONE), POLICY_DROP); /* nearer file before the extended purpose */
    assert_int_equal(action(p, "billing", PHI_EMAIL), POLICY_MASK); /* silent: what is extended */
    uint32_t line = 0;
    assert_string_equal(policy_source(p, policy_purpose(p, "treatment", 9), PHI_NAME_PATIENT, &line), "site.yaml");
    assert_int_equal(line, 11);
    policy_unref(p);
}

static void test_no_purpose_is_the_strictest(void **state) {
    (void)state;
    struct policy *p = good(HEAD "actions: {\"*\": tokenize}\n"
                                 "purposes:\n  one: {PHONE: mask, FAX: flag, EMAIL: allow}\n"
                                 "  two: {FAX: drop, EMAIL: generalize}\n"
                                 "why: {one: x, two: y, FAX: z, EMAIL: z}\nend: site\n");
    assert_int_equal(policy_action(p, 0, PHI_PHONE), POLICY_MASK);
    assert_int_equal(policy_action(p, 0, PHI_FAX), POLICY_DROP);
    assert_int_equal(policy_action(p, 0, PHI_EMAIL), POLICY_GENERALIZE);
    assert_int_equal(policy_action(p, 0, PHI_URL), POLICY_TOKENIZE);
    policy_unref(p);
}

static void test_policy_without_purposes(void **state) {
    (void)state;
    struct policy *p = good(HEAD "actions: {\"*\": mask}\nend: site\n");
    assert_int_equal(policy_purpose_count(p), 1);
    assert_int_equal(policy_action(p, 0, PHI_URL), POLICY_MASK);
    assert_int_equal(policy_claim(p), POLICY_SAFE_HARBOR_CANDIDATE);
    policy_unref(p);
}

/* ---- claims of small changes ---- */

static enum policy_claim claim_with(const char *lines) {
    char text[1024];
    snprintf(text, sizeof text, HEAD "extends: safe-harbor\n%send: site\n", lines);
    struct policy *p = good(text);
    enum policy_claim claim = policy_claim(p);
    policy_unref(p);
    return claim;
}

static void test_claim_follows_the_decisions(void **state) {
    (void)state;
    assert_int_equal(claim_with(""), POLICY_SAFE_HARBOR_CANDIDATE);
    assert_int_equal(claim_with("actions: {NAME.PROVIDER: allow}\nwhy: {NAME.PROVIDER: x}\n"),
                     POLICY_SAFE_HARBOR_CANDIDATE);
    assert_int_equal(claim_with("actions: {DATE.*: generalize, GEO.ZIP: generalize}\n"), POLICY_SAFE_HARBOR_CANDIDATE);
    assert_int_equal(claim_with("purposes: {research: {GEO.CITY: allow}}\nwhy: {GEO.CITY: x}\n"),
                     POLICY_LIMITED_DATA_SET);
    assert_int_equal(claim_with("actions: {DATE.DOB: flag}\nwhy: {DATE.DOB: x}\n"), POLICY_LIMITED_DATA_SET);
    assert_int_equal(claim_with("actions: {TRAIT: flag}\nwhy: {TRAIT: x}\n"), POLICY_EXPERT_DETERMINATION);
    assert_int_equal(claim_with("purposes: {billing: {NAME.PATIENT: allow}}\nwhy: {NAME: x}\n"), POLICY_PHI_UNDER_BAA);
    assert_int_equal(claim_with("actions: {GEO.STREET: flag}\nwhy: {GEO.STREET: x}\n"), POLICY_PHI_UNDER_BAA);
    assert_int_equal(claim_with("mode: monitor\n"), POLICY_PHI_UNDER_BAA);
    assert_int_equal(claim_with("unscannable: allow\n"), POLICY_PHI_UNDER_BAA);
    assert_int_equal(claim_with("thresholds: {PHONE: 90}\n"), POLICY_PHI_UNDER_BAA);
    assert_int_equal(claim_with("thresholds: {PHONE: 20}\n"), POLICY_SAFE_HARBOR_CANDIDATE);
}

/* ---- mistakes ---- */

static void test_floor_violations(void **state) {
    (void)state;
    static const char *const words[] = {"allow", "flag", "generalize"};
    for (size_t f = 0; f < sizeof hard_floor / sizeof *hard_floor; f++)
        for (size_t w = 0; w < 3; w++) {
            char text[512], expected[96];
            const char *kind = phi_kind_name(hard_floor[f]);
            snprintf(text, sizeof text, HEAD "extends: minimum-necessary\nmode: monitor\nactions:\n  %s: %s\nend: site\n",
                     kind, words[w]);
            snprintf(expected, sizeof expected, "%s may not leave in clear in any policy", kind);
            refused(text, 7, (uint32_t)strlen(kind) + 5, expected);
        }
    refused(HEAD "extends: minimum-necessary\npurposes:\n  research:\n    LICENSE.*: allow\nend: site\n", 7, 16,
            "LICENSE.PERSON may not leave");
    refused(HEAD "extends: minimum-necessary\nfloor: [PHONE]\nactions: {PHONE: allow}\nend: site\n", 6, 18,
            "because of \"floor\"");
    refused(HEAD "extends: minimum-necessary\nthresholds: {SSN: 80}\nend: site\n", 5, 19, "may be lowered, not raised");
}

static void test_mistakes_point_at_their_place(void **state) {
    (void)state;
    refused(HEAD "extends: safe-harbor\nacions: {}\nend: site\n", 5, 1, "did you mean \"actions\"?");
    refused(HEAD "extends: safe-harbor\nactions: {SNN: mask}\nend: site\n", 5, 11, "did you mean \"SSN\"?");
    refused(HEAD "extends: safe-harbor\nactions: {NAM.*: mask}\nend: site\n", 5, 11, "did you mean \"NAME.*\"?");
    refused(HEAD "extends: safe-harbor\nactions: {GEO.STATE: mask}\nend: site\n", 5, 11, "unknown kind \"GEO.STATE\"");
    refused(HEAD "extends: safe-harbor\nactions: {SSN: maks}\nend: site\n", 5, 16, "did you mean \"mask\"?");
    refused(HEAD "extends: safe-harbor\nactions: {SSN: bl}\nend: site\n", 5, 16, "\"bl\" is unknown");
    refused(HEAD "extends: safe-harbor\nactions: {SSN: [mask]}\nend: site\n", 5, 16, "not a list");
    refused(HEAD "extends: safe-harbor\nactions:\n  SSN:\nend: site\n", 6, 7, "the value is missing");
    refused(HEAD "extends: safe-harbor\nactions: {MRN: offset}\nend: site\n", 5, 16, "is for dates");
    refused(HEAD "extends: safe-harbor\nactions: {MRN: surrogate}\nend: site\n", 5, 16, "no MRN that belongs to nobody; use tokenize");
    refused(HEAD "extends: safe-harbor\nactions: {DATE.*: surrogate}\nend: site\n", 5, 19, "use offset or tokenize");
    refused(HEAD "extends: safe-harbor\nactions: {SENS.SUD: \"route:\"}\nend: site\n", 5, 21, "needs the name of an upstream");
    refused(HEAD "extends: safe-harbor\nactions: {SENS.SUD: route}\nend: site\n", 5, 21, "must be block, route:NAME");
    refused(HEAD "extends: safe-harbor\nactions: {\"*\": allow}\nend: site\n", 5, 16, "may only hide");
    refused(HEAD "extends: safe-harbor\nactions: {TOKEN.TEXT: mask}\nend: site\n", 5, 11, "always tokenized");
    refused(HEAD "extends: safe-harbor\nactions: {NAME: mask, NAME.*: drop}\nend: site\n", 5, 23, "already decided in line 5");
    refused(HEAD "extends: safe-harbor\nactions: [SSN]\nend: site\n", 5, 10, "not a list");
    refused(HEAD "extends: safe-harbor\nmode: monitr\nend: site\n", 5, 7, "did you mean \"monitor\"?");
    refused(HEAD "extends: safe-harbor\npurposes: {Billing: {}}\nend: site\n", 5, 12, "a purpose is");
    refused(HEAD "extends: safe-harbor\npurposes: {billing: mask}\nend: site\n", 5, 21, "a purpose needs");
    refused(HEAD "extends: safe-harbor\npurposes: {triage: {}}\nend: site\n", 1, 1, "what the purpose \"triage\" needs");
    refused(HEAD "extends: safe-harbor\nthresholds: {PHONE: 101}\nend: site\n", 5, 21, "out of range");
    refused(HEAD "extends: safe-harbor\nfloor: [PHNE]\nend: site\n", 5, 9, "did you mean \"PHONE\"?");
    refused(HEAD "extends: safe-harbor\nwhy: {bilin: x}\nend: site\n", 5, 7, "neither a purpose nor a kind");
    refused(HEAD "extends: safe-harbor\nactions: {URL: flag}\nend: site\n", 1, 1, "why URL may leave");
    refused(HEAD "extends: no-such-preset\nend: site\n", 0, 0, "cannot be read");
    refused(HEAD "extends: [a]\nend: site\n", 4, 10, "\"extends\" must be");
    refused("id: site\nversion: one\ndescription: x\nactions: {\"*\": mask}\nend: site\n", 2, 10, "not a whole number");
    refused("id: Site\nversion: 1\ndescription: x\nactions: {\"*\": mask}\nend: Site\n", 1, 5, "an id is");
    refused(HEAD "actions: {NAME: mask}\nend: site\n", 4, 10, "no action for GEO.STREET and others");
    refused(HEAD "actions: {\"*\": mask}\nactions: {}\nend: site\n", 5, 1, "duplicate key");
    refused(HEAD "actions: &a {\"*\": mask}\nend: site\n", 4, 10, "anchors");
    refused(HEAD "actions: !x {\"*\": mask}\nend: site\n", 4, 10, "tags");
    refused(HEAD "actions: {\"*\": mask}\nend: site\n---\na: 1\n", 6, 1, "second document");
}

static void test_end_line(void **state) {
    (void)state;
    refused(HEAD "actions: {\"*\": mask}\n", 1, 1, "\"end\" is missing");
    refused(HEAD "actions: {\"*\": mask}\nend: sit\n", 5, 6, "is the file complete?");
    refused(HEAD "end: site\nactions: {\"*\": mask}\n", 5, 1, "must be the last key");
}

static void test_all_mistakes_in_one_pass(void **state) {
    (void)state;
    struct diag *d = diag_new();
    assert_null(from_text(HEAD "extends: safe-harbor\nactions:\n  SNN: mask\n  PHONE: hide\n  SSN: allow\n"
                               "thresholds: {X: 1}\nmode: off\nend: site\n", d));
    assert_int_equal(diag_count(d), 5);
    diag_free(d);
}

static void test_floor_is_reported_once_for_all_purposes(void **state) {
    (void)state;
    struct diag *d = diag_new();
    assert_null(from_text(HEAD "extends: safe-harbor\nactions: {SSN: allow}\nend: site\n", d));
    assert_int_equal(diag_count(d), 1);
    diag_free(d);
}

/* ---- with detectors ---- */

static struct policy *load_file_of(const char *text, struct diag *d) {
    char path[] = "policy_test_XXXXXX.yaml";
    int fd = mkstemps(path, 5);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    struct policy *p = policy_load(path, &paths, d);
    unlink(path);
    return p;
}

static void detectors_refused(const char *text, uint32_t line, uint32_t column, const char *words) {
    struct diag *d = diag_new();
    assert_null(load_file_of(text, d));
    for (size_t i = 0; i < diag_count(d); i++) {
        if (diag_line(d, i) != line || diag_column(d, i) != column || !strstr(diag_message(d, i), words)) continue;
        diag_free(d);
        return;
    }
    diag_print(d, stderr);
    fail_msg("no mistake \"%s\" at %u:%u", words, line, column);
}

static bool finds(const struct policy *p, const char *text, enum phi_kind kind) {
    struct phi_scratch *s = phi_scratch_new();
    struct phi_leaf leaf = {.text = text, .len = (uint32_t)strlen(text)};
    struct phi_result found;
    bool hit = false;
    assert_int_equal(phi_scan(policy_engine(p), s, &leaf, 1, &found), 0);
    for (size_t i = 0; i < found.n; i++) hit |= found.v[i].kind == kind;
    phi_scratch_free(s);
    return hit;
}

static void test_every_preset_loads_with_its_detectors(void **state) {
    (void)state;
    for (size_t i = 0; i < PRESETS; i++) {
        struct diag *d = diag_new();
        struct policy *p = policy_load(presets[i], &paths, d);
        if (!p) diag_print(d, stderr);
        assert_non_null(p);
        assert_int_equal(strlen(policy_digest(p)), 64);
        assert_int_equal(strspn(policy_digest(p), "0123456789abcdef"), 64);
        assert_true(finds(p, "SSN 536-22-8741", PHI_SSN));
        assert_true(finds(p, "call 617-555-0143", PHI_PHONE));
        policy_unref(p);
        diag_free(d);
    }
}

static char *digest_of(const char *text) {
    struct diag *d = diag_new();
    struct policy *p = load_file_of(text, d);
    if (!p) diag_print(d, stderr);
    assert_non_null(p);
    char *digest = strdup(policy_digest(p));
    policy_unref(p);
    diag_free(d);
    return digest;
}

static void test_digest_covers_every_byte(void **state) {
    (void)state;
    char *one = digest_of(HEAD "extends: safe-harbor\nend: site\n"),
         *again = digest_of(HEAD "extends: safe-harbor\nend: site\n"),
         *comment = digest_of(HEAD "extends: safe-harbor\n# x\nend: site\n"),
         *other = digest_of(HEAD "extends: block-all\nend: site\n");
    assert_string_equal(one, again);
    assert_string_not_equal(one, comment);
    assert_string_not_equal(one, other);
    free(one);
    free(again);
    free(comment);
    free(other);
}

#define SITE_RULE "rules:\n  - id: clinic-mrn\n    kind: MRN\n    pattern: '(?<![A-Z])CL\\d{6}(?!\\d)'\n    score: 80\n" \
                  "    examples: {match: ['CL123456'], not: ['CL12345']}\n"

static void test_site_adds_and_changes_rules(void **state) {
    (void)state;
    struct diag *d = diag_new();
    struct policy *p = load_file_of(HEAD "extends: safe-harbor\n" SITE_RULE
                                         "allow: ['617-555-0100']\n"
                                         "detectors: {disable: [phone-vanity], scores: {url-bare: 10}}\nend: site\n", d);
    if (!p) diag_print(d, stderr);
    assert_non_null(p);
    assert_true(finds(p, "chart of CL123456", PHI_MRN));
    assert_false(finds(p, "call 1-800-FLOWERS", PHI_PHONE));
    assert_false(finds(p, "see facebook.com/jane.doe.123", PHI_URL));
    assert_false(finds(p, "the desk: 617-555-0100", PHI_PHONE));
    assert_int_equal(policy_claim(p), POLICY_PHI_UNDER_BAA); /* identifiers are no longer found */
    policy_unref(p);
    p = load_file_of(HEAD "extends: safe-harbor\n" SITE_RULE "end: site\n", d);
    assert_non_null(p);
    assert_int_equal(policy_claim(p), POLICY_SAFE_HARBOR_CANDIDATE);
    policy_unref(p);
    diag_free(d);
}

static void test_detector_mistakes(void **state) {
    (void)state;
    detectors_refused(HEAD "extends: safe-harbor\ndetectors: {disable: [us-ssn]}\nend: site\n", 5, 23, "cannot be disabled");
    detectors_refused(HEAD "extends: safe-harbor\ndetectors: {scores: {secret-aws: 10}}\nend: site\n", 5, 22,
                      "cannot be lowered");
    detectors_refused(HEAD "extends: safe-harbor\ndetectors: {disable: [phone-vanty]}\nend: site\n", 5, 23,
                      "did you mean \"phone-vanity\"?");
    detectors_refused(HEAD "extends: safe-harbor\ndetectors: {rule: []}\nend: site\n", 5, 13, "did you mean \"rules\"?");
    detectors_refused(HEAD "extends: safe-harbor\ndetectors: {rules: [none.yaml]}\nend: site\n", 0, 0, "cannot be read");
    detectors_refused(HEAD "extends: safe-harbor\nallow: [ab]\nend: site\n", 5, 9, "at least 3 characters");
    detectors_refused(HEAD "extends: safe-harbor\nrules:\n  - id: us-ssn\n    kind: MRN\n    pattern: x\n    score: 1\n"
                           "    examples: {match: [x], not: [y]}\nend: site\n", 6, 9, "already taken");
    detectors_refused(HEAD "extends: safe-harbor\nrules:\n  - id: slow\n    kind: MRN\n    pattern: '(?:X+Y?)+Z'\n"
                           "    score: 60\n    examples: {match: [XZ], not: [y]}\nend: site\n", 8, 14, "costs too much");
}

/* The first block of YAML in the manual is a policy that loads and does what the text says. */
static void test_the_manual_is_right(void **state) {
    (void)state;
    FILE *f = fopen("docs/POLICY.md", "r");
    assert_non_null(f);
    char text[16384];
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    char *begin = strstr(text, "```yaml\n"), *end = begin ? strstr(begin + 8, "```") : NULL;
    assert_non_null(end);
    *end = '\0';
    struct policy *p = good(begin + 8);
    assert_int_equal(action(p, "scheduling", PHI_GEO_CITY), POLICY_ALLOW);
    assert_int_equal(action(p, "treatment", PHI_GEO_CITY), POLICY_TOKENIZE);
    assert_true(policy_in_floor(p, PHI_EMAIL));
    policy_unref(p);
}

/* ---- damage ---- */

static bool same_decisions(const struct policy *a, const struct policy *b) {
    if (policy_mode(a) != policy_mode(b) || policy_unscannable(a) != policy_unscannable(b) ||
        policy_claim(a) != policy_claim(b) || policy_block_as_message(a) != policy_block_as_message(b) ||
        policy_purpose_count(a) != policy_purpose_count(b))
        return false;
    for (int u = 0; u < policy_purpose_count(a); u++) {
        if (strcmp(policy_purpose_name(a, u), policy_purpose_name(b, u)) != 0) return false;
        for (int k = 1; k < PHI_KINDS; k++)
            if (policy_action(a, u, (enum phi_kind)k) != policy_action(b, u, (enum phi_kind)k)) return false;
    }
    return true;
}

/* -1 refused, 0 means the same, 1 means something else. */
static int effect_of(const char *text, size_t len, const struct policy *whole) {
    struct diag *d = diag_new();
    struct policy *p = policy_load_decisions_text("damaged.yaml", text, len, &paths, d);
    assert_true((p == NULL) == (diag_count(d) > 0));
    int effect = p ? !same_decisions(p, whole) : -1;
    policy_unref(p);
    diag_free(d);
    return effect;
}

static void test_damaged_presets_are_refused_or_mean_the_same(void **state) {
    (void)state;
    for (size_t i = 0; i < PRESETS; i++) {
        char path[128];
        size_t len = 0;
        snprintf(path, sizeof path, "policies/presets/%s.yaml", presets[i]);
        struct diag *d = diag_new();
        struct yaml_doc *doc = yaml_load_file(path, d);
        assert_non_null(doc);
        const char *source = yaml_source(doc, &len);
        struct policy *whole = decisions(presets[i]);
        char *damaged = malloc(len);
        assert_non_null(damaged);
        for (size_t cut = 0; cut < len; cut++) {
            if (effect_of(source, cut, whole) > 0) fail_msg("%s cut after %zu bytes means something else", path, cut);
            memcpy(damaged, source, cut);
            memcpy(damaged + cut, source + cut + 1, len - cut - 1);
            if (effect_of(damaged, len - 1, whole) > 0) fail_msg("%s without byte %zu means something else", path, cut);
        }
        free(damaged);
        policy_unref(whole);
        yaml_doc_free(doc);
        diag_free(d);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zero_is_block),
        cmocka_unit_test(test_presets_decide_everything),
        cmocka_unit_test(test_floor_holds_in_every_preset),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_minimum_necessary_table),
        cmocka_unit_test(test_monitor_takes_the_decisions_of_what_it_extends),
        cmocka_unit_test(test_out_of_range_is_block),
        cmocka_unit_test(test_nearer_word_and_nearer_file_win),
        cmocka_unit_test(test_no_purpose_is_the_strictest),
        cmocka_unit_test(test_policy_without_purposes),
        cmocka_unit_test(test_claim_follows_the_decisions),
        cmocka_unit_test(test_floor_violations),
        cmocka_unit_test(test_mistakes_point_at_their_place),
        cmocka_unit_test(test_end_line),
        cmocka_unit_test(test_all_mistakes_in_one_pass),
        cmocka_unit_test(test_floor_is_reported_once_for_all_purposes),
        cmocka_unit_test(test_the_manual_is_right),
        cmocka_unit_test(test_every_preset_loads_with_its_detectors),
        cmocka_unit_test(test_digest_covers_every_byte),
        cmocka_unit_test(test_site_adds_and_changes_rules),
        cmocka_unit_test(test_detector_mistakes),
        cmocka_unit_test(test_damaged_presets_are_refused_or_mean_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
