/* SPDX-License-Identifier: Apache-2.0
 *
 * What an agreement covers: unknown is not covered, in every way of being unknown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../policies/engine/coverage.h"
#include "../../policies/engine/diag.h"

static const char *const vendors[] = {"openai", "azure-openai", "bedrock", "vertex", "anthropic", "on-prem"};

static struct coverage *load(const char *name) {
    char path[128];
    struct diag *d = diag_new();
    snprintf(path, sizeof path, "policies/coverage/%s.yaml", name);
    struct coverage *c = coverage_load_file(path, d);
    if (!c) diag_print(d, stderr);
    assert_non_null(c);
    diag_free(d);
    return c;
}

static const char *asked(const struct coverage *c, const char *arrangement, const char *endpoint, const char *model) {
    const char *reason = "covered";
    int result = coverage_check(c, arrangement, endpoint, model, model ? strlen(model) : 0, &reason);
    assert_int_equal(result, strcmp(reason, "covered") == 0 ? 0 : -1);
    return reason;
}

static void test_shipped_files_load(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof vendors / sizeof *vendors; i++) {
        struct coverage *c = load(vendors[i]);
        assert_true(coverage_vendor(c)[0] != '\0');
        assert_true(coverage_as_of(c) > 20000);
        coverage_free(c);
    }
}

static void test_openai(void **state) {
    (void)state;
    struct coverage *c = load("openai");
    assert_string_equal(asked(c, "zdr", "/v1/chat/completions", "gpt-4o-mini"), "covered");
    assert_string_equal(asked(c, "zdr", "/v1/embeddings", "text-embedding-3-small"), "covered");
    assert_string_equal(asked(c, "zdr", "/v1/models", NULL), "covered");
    assert_string_equal(asked(c, "zdr", "/v1/files", NULL), "endpoint_not_covered");
    assert_string_equal(asked(c, "modified_retention", "/v1/files", NULL), "covered");
    assert_string_equal(asked(c, "zdr", "/v1/images/generations", "gpt-image-1"), "endpoint_conditional");
    assert_string_equal(asked(c, "zdr", "/v1/chat/completions", "gpt-4o-search-preview"), "model_not_covered");
    assert_string_equal(asked(c, "zdr", "/v1/chat/completions", "claude-x"), "model_not_covered");
    assert_string_equal(asked(c, "zdr", "/v1/chat/completions", ""), "model_not_covered");
    assert_string_equal(asked(c, "none", "/v1/chat/completions", "gpt-4o"), "arrangement_unknown");
    assert_string_equal(asked(c, "", "/v1/chat/completions", "gpt-4o"), "arrangement_unknown");
    assert_string_equal(asked(c, "zdr", "/v1/chat/completions/", "gpt-4o"), "endpoint_not_covered");
    assert_string_equal(asked(c, "zdr", "/v1/new", "gpt-4o"), "endpoint_not_covered");
    coverage_free(c);
}

static void test_features(void **state) {
    (void)state;
    struct coverage *c = load("openai");
    const char *reason = NULL;
    assert_int_equal(coverage_check_feature(c, "modified_retention", "files", &reason), 0);
    assert_int_equal(coverage_check_feature(c, "zdr", "store", &reason), -1);
    assert_string_equal(reason, "feature_not_covered");
    assert_int_equal(coverage_check_feature(c, "zdr", "web_search", &reason), -1);
    assert_string_equal(reason, "feature_conditional");
    assert_int_equal(coverage_check_feature(c, "zdr", "unheard-of", &reason), -1);
    assert_string_equal(reason, "feature_not_covered");
    assert_int_equal(coverage_check_feature(c, "nope", "files", &reason), -1);
    assert_string_equal(reason, "arrangement_unknown");
    coverage_free(c);
}

static void test_guards(void **state) {
    (void)state;
    struct coverage *c = load("openai");
    const char *why = NULL;
    assert_int_equal(coverage_guard(c, "zdr", "store", "/v1/responses", &why), COVERAGE_FORCE_FALSE);
    assert_non_null(strstr(why, "30 days"));
    assert_int_equal(coverage_guard(c, "zdr", "store", "/v1/embeddings", &why), COVERAGE_REFUSE);
    assert_int_equal(coverage_guard(c, "modified_retention", "store", "/v1/responses", &why), COVERAGE_SITE);
    assert_int_equal(coverage_guard(c, "zdr", "unheard-of", "/v1/responses", &why), COVERAGE_REFUSE);
    assert_null(why);
    assert_int_equal(coverage_guard(c, "nope", "store", "/v1/responses", &why), COVERAGE_REFUSE);
    assert_int_equal(coverage_guard(NULL, "zdr", "image", "/v1/responses", &why), COVERAGE_REFUSE);
    coverage_free(c);
    for (size_t v = 0; v < sizeof vendors / sizeof *vendors; v++) {
        if (strcmp(vendors[v], "on-prem") == 0) continue;
        c = load(vendors[v]);
        static const char *const arrangements[] = {"zdr", "modified_retention", "standard", "modified_abuse_monitoring", "none",
                                                   "default", "hipaa_ready"};
        for (size_t i = 0; coverage_guard_name(i); i++)
            for (size_t a = 0; a < sizeof arrangements / sizeof *arrangements; a++)
                assert_int_not_equal(coverage_guard(c, arrangements[a], coverage_guard_name(i), "/v1/responses", &why), COVERAGE_ALLOW);
        coverage_free(c);
    }
}

static void test_models_of_a_route(void **state) {
    (void)state;
    struct coverage *c = load("openai");
    const char *reason = NULL;
    static const char *const covered[] = {"gpt-4o", "gpt-*", "*", "gpt-4*-mini", "*embedding*", "text-*"};
    static const char *const not_covered[] = {"claude-3", "claude-*", "gpt-4o-search-preview", ""};
    for (size_t i = 0; i < sizeof covered / sizeof *covered; i++)
        assert_int_equal(coverage_overlaps(c, "zdr", covered[i], &reason), 0);
    for (size_t i = 0; i < sizeof not_covered / sizeof *not_covered; i++)
        assert_int_equal(coverage_overlaps(c, "zdr", not_covered[i], &reason), -1);
    assert_int_equal(coverage_overlaps(c, "nope", "gpt-4o", &reason), -1);
    assert_string_equal(reason, "arrangement_unknown");
    coverage_free(c);
}

#define HEAD "id: v\nvendor: V\nas_of: 2026-01-02\nsources: [s]\n"

static void refused(const char *text, uint32_t line, uint32_t column, const char *words) {
    struct diag *d = diag_new();
    assert_null(coverage_load_text("v.yaml", text, strlen(text), d));
    for (size_t i = 0; i < diag_count(d); i++) {
        if (diag_line(d, i) != line || diag_column(d, i) != column || !strstr(diag_message(d, i), words)) continue;
        diag_free(d);
        return;
    }
    diag_print(d, stderr);
    fail_msg("no mistake \"%s\" at %u:%u", words, line, column);
}

static void test_mistakes(void **state) {
    (void)state;
    refused(HEAD "arrangements: {a: {endpoints: {/v1/x: coverd}, models: {allow: []}}}\nend: v\n", 5, 39, "did you mean \"covered\"?");
    refused(HEAD "arrangements: {a: {endpoints: {v1: covered}, models: {allow: []}}}\nend: v\n", 5, 32, "begins with '/'");
    refused(HEAD "arrangements: {a: {endpoints: {/x: conditional}, models: {allow: []}}}\nend: v\n", 5, 36, "written down");
    refused(HEAD "arrangements: {a: {endpoints: {}}}\nend: v\n", 5, 19, "\"models\" is missing");
    refused(HEAD "arrangements: {a: {endpoints: {}, models: {alow: []}}}\nend: v\n", 5, 44, "did you mean \"allow\"?");
    refused(HEAD "arrangements: {a: {endpoints: {}, models: {allow: [[x]]}}}\nend: v\n", 5, 52, "expected text");
#define GUARD "arrangements: {a: {endpoints: {}, models: {allow: []}, guards: "
    refused(HEAD GUARD "{sotre: {do: refuse, why: w, source: s}}}}\nend: v\n", 5, 65, "did you mean \"store\"?");
    refused(HEAD GUARD "{image: {do: force_false, why: w, source: s}}}}\nend: v\n", 5, 77, "only \"store\"");
    refused(HEAD GUARD "{image: refuse}}}\nend: v\n", 5, 72, "a guard is");
    refused(HEAD GUARD "{image: {do: refuse, why: w}}}}\nend: v\n", 5, 72, "\"source\" is missing");
    refused(HEAD GUARD "{image: {do: refues, why: w, source: s, read: x}}}}\nend: v\n", 5, 77, "did you mean \"refuse\"?");
    refused("id: v\nvendor: V\nas_of: 2026-02-30\nsources: [s]\narrangements: {}\nend: v\n", 3, 8, "is not a date");
    refused("id: v\nvendor: V\nas_of: 2026-02-03\nsources: []\narrangements: {}\nend: v\n", 4, 10, "empty");
    refused(HEAD "arrangements: {}\n", 1, 1, "\"end\" is missing");
    refused(HEAD "arrangements: {}\nend: w\n", 6, 6, "is the file complete?");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shipped_files_load),
        cmocka_unit_test(test_openai),
        cmocka_unit_test(test_features),
        cmocka_unit_test(test_guards),
        cmocka_unit_test(test_models_of_a_route),
        cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
