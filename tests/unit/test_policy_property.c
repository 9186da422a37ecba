/* SPDX-License-Identifier: Apache-2.0
 *
 * A stricter policy never forwards more: random policies, each with one that is nowhere looser, on random findings.
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
#include "../../proxy/arena.h"
#include "../../proxy/buf.h"
#include "../../proxy/tokens.h"
#include "../../proxy/transform.h"

#define ROUNDS 150
#define FINDINGS 8

static const struct policy_paths paths = {.share = "."};
static uint64_t seed = 88172645463325252u;

static unsigned any(unsigned n) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % n);
}

/* From open to strict; what stands in one line of both policies. */
static const char *const ladder[] = {"allow", "generalize", "tokenize", "mask", "drop", "block"};
static const char *const kinds[] = {"MRN", "PHONE", "EMAIL", "DATE.SERVICE", "GEO.ZIP", "GEO.CITY", "NAME.PATIENT", "URL"};
static const char *const values[] = {"00417723", "212-555-0147", "a@example.com", "03/14/2024", "62704", "Springfield, IL",
                                     "Ada Quill", "https://x.example"};
#define KINDS (sizeof kinds / sizeof *kinds)

static struct policy *policy_of(const unsigned rungs[KINDS], const unsigned tool[KINDS], bool monitor) {
    char text[4096];
    struct diag *d = diag_new();
    int n = snprintf(text, sizeof text, "id: x\nversion: 1\ndescription: Test.\nextends: minimum-necessary\n%sactions:\n",
                     monitor ? "mode: monitor\nmonitor_until: 2199-01-01\n" : "");
    for (size_t k = 0; k < KINDS; k++)
        n += snprintf(text + n, sizeof text - (size_t)n, "  %s: %s\n", kinds[k], ladder[rungs[k]]);
    n += snprintf(text + n, sizeof text - (size_t)n, "parts:\n  tool:\n");
    for (size_t k = 0; k < KINDS; k++)
        n += snprintf(text + n, sizeof text - (size_t)n, "    %s: %s\n", kinds[k], ladder[tool[k]]);
    n += snprintf(text + n, sizeof text - (size_t)n, "why:\n");
    for (size_t k = 0; k < KINDS; k++)
        n += snprintf(text + n, sizeof text - (size_t)n, "  %s: Test.\n", kinds[k]);
    n += snprintf(text + n, sizeof text - (size_t)n, "end: x\n");
    struct policy *p = policy_load_decisions_text("x.yaml", text, (size_t)n, &paths, d);
    if (!p) diag_print(d, stderr);
    assert_non_null(p);
    diag_free(d);
    return p;
}

struct outcome {
    struct transform t;
    struct buf out;
};

static void send(const struct policy *p, enum walk_part part, int purpose, struct span text, const struct phi_result *found,
                 struct outcome *o) {
    struct policy_request request = {.purpose = purpose};
    struct policy_view view;
    struct arena *a = arena_new(16u << 20);
    policy_view(p, &request, &view);
    buf_init(&o->out, 1u << 20);
    assert_int_equal(transform_text(a, text, part, found, &view, tokens_new(a), &o->out, &o->t), 0);
    o->t.rows = NULL;
    arena_free(a);
}

static bool holds(const struct outcome *o, const char *value) {
    return !o->t.blocked && memmem(o->out.ptr ? o->out.ptr : "", o->out.len, value, strlen(value));
}

static void compare(const struct policy *loose, const struct policy *strict) {
    struct phi_finding v[FINDINGS];
    char text[512] = "";
    unsigned which[FINDINGS];
    size_t n = 0;

    for (size_t i = 0; i < FINDINGS; i++) {
        which[i] = any(KINDS);
        n += (size_t)snprintf(text + n, sizeof text - n, "word ");
        v[i] = (struct phi_finding){.begin = (uint32_t)n, .end = (uint32_t)(n + strlen(values[which[i]])), .score = 90,
                                    .kind = (uint16_t)phi_kind_find(kinds[which[i]], strlen(kinds[which[i]]))};
        n += (size_t)snprintf(text + n, sizeof text - n, "%s, ", values[which[i]]);
    }
    const struct phi_result found = {v, FINDINGS};
    enum walk_part part = any(2) ? WALK_TOOL : WALK_USER;
    for (int purpose = 0; purpose < policy_purpose_count(loose); purpose++) {
        struct outcome a, b;
        send(loose, part, purpose, span_make(text, n), &found, &a);
        send(strict, part, purpose, span_make(text, n), &found, &b);
        if (a.t.blocked) assert_true(b.t.blocked);
        for (int k = 1; k < PHI_KINDS; k++)
            assert_true(b.t.disclosed[k] <= a.t.disclosed[k]);
        for (size_t i = 0; i < FINDINGS; i++)
            if (holds(&b, values[which[i]])) assert_true(holds(&a, values[which[i]]));
        buf_free(&a.out);
        buf_free(&b.out);
    }
}

static void stricter_never_forwards_more(void **state) {
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        unsigned loose[2][KINDS], strict[2][KINDS];
        for (size_t i = 0; i < 2 * KINDS; i++) {
            loose[i / KINDS][i % KINDS] = any(6);
            strict[i / KINDS][i % KINDS] = loose[i / KINDS][i % KINDS] + any(6 - loose[i / KINDS][i % KINDS]);
        }
        bool monitor = any(4) == 0;
        struct policy *a = policy_of(loose[0], loose[1], monitor), *b = policy_of(strict[0], strict[1], monitor && any(2));
        assert_false(policy_diff(a, b, NULL, NULL));
        compare(a, b);
        policy_unref(a);
        policy_unref(b);
    }
}

/* And the other way round: what is said not to loosen forwards no more, whatever it is. */
static void what_is_said_not_to_loosen_does_not(void **state) {
    (void)state;
    unsigned compared = 0;
    for (int round = 0; round < 4 * ROUNDS; round++) {
        unsigned a[2][KINDS], b[2][KINDS];
        for (size_t i = 0; i < 2 * KINDS; i++) {
            a[i / KINDS][i % KINDS] = any(3);
            b[i / KINDS][i % KINDS] = any(8) ? a[i / KINDS][i % KINDS] : any(6);
        }
        struct policy *p = policy_of(a[0], a[1], false), *q = policy_of(b[0], b[1], false);
        if (!policy_diff(p, q, NULL, NULL)) {
            compare(p, q);
            compared++;
        }
        policy_unref(p);
        policy_unref(q);
    }
    assert_true(compared > 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(stricter_never_forwards_more),
                                       cmocka_unit_test(what_is_said_not_to_loosen_does_not)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
