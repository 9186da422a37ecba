/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens in a vault: for a client that is new the same as those of a request; from then on the same in every request.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../policies/engine/diag.h"
#include "../../policies/engine/policy.h"
#include "../../policies/engine/policy_load.h"
#include "../../proxy/arena.h"
#include "../../proxy/buf.h"
#include "../../proxy/token_date.h"
#include "../../proxy/tokens.h"
#include "../../proxy/transform.h"
#include "../../proxy/vault.h"
#include "../../proxy/walk_scan.h"

static const unsigned char key[32] = "a key of a test, of 32 bytes....";

struct place {
    char directory[64], path[96];
    struct vault *vault;
    struct arena *arena;
};

static int setup(void **state) {
    struct place *p = calloc(1, sizeof *p);
    char err[256];

    snprintf(p->directory, sizeof p->directory, "/tmp/phigate-kept-XXXXXX");
    assert_non_null(mkdtemp(p->directory));
    snprintf(p->path, sizeof p->path, "%s/vault.db", p->directory);
    const struct vault_options o = {.path = p->path, .key = key, .ttl_s = 1000};
    p->vault = vault_open(&o, err, sizeof err);
    p->arena = arena_new(256u << 20);
    *state = p;
    return p->vault && p->arena ? 0 : -1;
}

static int teardown(void **state) {
    static const char *const ends[] = {"", "-wal", "-shm", ".anchor", ".away"};
    struct place *p = *state;
    char path[128];

    vault_close(p->vault);
    arena_free(p->arena);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(path, sizeof path, "%s%s", p->path, ends[i]);
        (void)unlink(path);
    }
    int rc = rmdir(p->directory);
    free(p);
    return rc;
}

static struct tokens *kept(const struct place *p, const char *principal, bool earlier) {
    struct tokens *t = tokens_new_kept(p->arena, p->vault, principal, earlier);
    assert_non_null(t);
    return t;
}

static void is(struct span s, const char *expected) {
    if (!span_is(s, expected)) fail_msg("%.*s is not %s", (int)s.len, s.ptr ? s.ptr : "", expected);
}

static struct span put(struct tokens *t, const char *value, unsigned subject) {
    return tokens_put(t, PHI_NAME_PATIENT, span_of(value), subject);
}

static void claim(struct tokens *t, const char *value, unsigned subject) {
    assert_int_equal(tokens_claim(t, PHI_NAME_PATIENT, span_of(value), subject), 0);
}

static void a_new_client_sees_the_tokens_of_a_request(void **state) {
    struct place *p = *state;
    char name[32];
    unsigned seed = 3;

    for (unsigned round = 0; round < 60; round++) {
        struct tokens *plain = tokens_new(p->arena), *t;
        struct {
            char value[24];
            unsigned subject;
        } v[40];
        snprintf(name, sizeof name, "client%u", round);
        t = kept(p, name, false);
        for (size_t i = 0; i < 40; i++) {
            seed = seed * 1103515245u + 12345u;
            unsigned who = (seed >> 16) % 9;
            snprintf(v[i].value, sizeof v[i].value, "P%u form %u", who, (seed >> 20) % 4);
            v[i].subject = who % 3 ? who : 0;
            claim(t, v[i].value, v[i].subject);
        }
        assert_int_equal(tokens_assign(t), 0);
        for (size_t i = 0; i < 40; i++) {
            struct span a = put(plain, v[i].value, v[i].subject), b = put(t, v[i].value, v[i].subject), back;
            assert_true(a.len && span_equal(a, b));
            assert_true(tokens_find(t, b, &back));
            is(back, v[i].value);
        }
        assert_int_equal(tokens_count(t), tokens_count(plain));
    }
}

static void only_what_was_claimed(void **state) {
    struct tokens *t = kept(*state, "a", false);
    claim(t, "Ada Quill", 0);
    assert_int_equal(put(t, "Ada Quill", 0).len, 0); /* not settled yet */
    assert_int_equal(tokens_assign(t), 0);
    is(put(t, "Ada Quill", 0), "[NAME_1]");
    assert_int_equal(put(t, "Bo Vance", 0).len, 0);
    assert_int_equal(tokens_claim(t, PHI_NAME_PATIENT, span_of("Bo Vance"), 0), 0); /* another round, as the lines of a file have */
    assert_int_equal(put(t, "Bo Vance", 0).len, 0);
    assert_int_equal(tokens_assign(t), 0);
    is(put(t, "Bo Vance", 0), "[NAME_2]");
    is(put(t, "Ada Quill", 0), "[NAME_1]");
    assert_int_equal(tokens_assign(t), 0); /* nothing was claimed */
    assert_int_equal(tokens_claim(tokens_new(((struct place *)*state)->arena), PHI_NAME_PATIENT, span_of("Bo"), 0), -1);
}

static void numbers_that_stay_are_not_given(void **state) {
    struct tokens *t = kept(*state, "a", true);
    struct span value;
    claim(t, "Ada Quill", 0);
    assert_int_equal(tokens_assign(t), 0);
    t = kept(*state, "a", true);
    assert_int_equal(tokens_reserve(t, span_of("[NAME_1]")), 0);
    claim(t, "Ada Quill", 0);
    assert_int_equal(tokens_assign(t), 0);
    is(put(t, "Ada Quill", 0), "[NAME_2]");
    /* What the caller wrote there is no value of anybody's. */
    assert_false(tokens_find(t, span_of("[NAME_1]"), &value));
    t = kept(*state, "a", false);
    claim(t, "Ada Quill", 0);
    assert_int_equal(tokens_assign(t), 0);
    is(put(t, "Ada Quill", 0), "[NAME_1]");
}

static void earlier_tokens(void **state) {
    struct tokens *first = kept(*state, "a", false);
    struct span value;
    claim(first, "Ada Quill", 0);
    assert_int_equal(tokens_assign(first), 0);
    assert_false(tokens_find(kept(*state, "a", false), span_of("[NAME_1]"), &value));
    assert_false(tokens_find(kept(*state, "b", true), span_of("[NAME_1]"), &value));
    struct tokens *t = kept(*state, "a", true);
    assert_true(tokens_find(t, span_of("[NAME_1]"), &value));
    is(value, "Ada Quill");
    for (unsigned i = 2; i < 1500; i++) { /* a model that writes many does not ask for ever */
        char token[24];
        snprintf(token, sizeof token, "[NAME_%u]", i);
        assert_false(tokens_find(t, span_of(token), &value));
    }
    assert_true(tokens_find(t, span_of("[NAME_1]"), &value));
}

static void objects(void **state) {
    struct tokens *t = kept(*state, "a", false), *next = kept(*state, "a", false);
    struct span value;
    claim(t, "Ada Quill", 0);
    claim(t, "Bo Vance", 0);
    assert_int_equal(tokens_assign(t), 0);
    assert_int_equal(tokens_remember(t, span_of("resp_1")), 0);
    assert_int_equal(tokens_recall(kept(*state, "b", false), span_of("resp_1")), 0);
    assert_int_equal(tokens_remember(kept(*state, "b", false), span_of("resp_1")), -1);
    assert_int_equal(tokens_recall(next, span_of("resp_2")), 0);
    claim(next, "Cy Dorn", 0);
    assert_int_equal(tokens_assign(next), 0);
    assert_false(tokens_find(next, span_of("[NAME_2]"), &value));
    assert_int_equal(tokens_recall(next, span_of("resp_1")), 1);
    assert_true(tokens_find(next, span_of("[NAME_2]"), &value));
    is(value, "Bo Vance");
    /* What continues it holds its tokens, too. */
    assert_int_equal(tokens_remember(next, span_of("resp_2")), 0);
    t = kept(*state, "a", false);
    assert_int_equal(tokens_recall(t, span_of("resp_2")), 1);
    assert_true(tokens_find(t, span_of("[NAME_1]"), &value));
    assert_true(tokens_find(t, span_of("[NAME_3]"), &value));
    assert_int_equal(tokens_recall(tokens_new(((struct place *)*state)->arena), span_of("resp_2")), -1);
}

static struct span put_date(struct tokens *t, const char *text, bool claiming) {
    struct token_date d;
    assert_int_equal(token_date_read(span_of(text), false, 20000, &d), 0);
    if (!claiming) return tokens_put_date(t, PHI_DATE_SERVICE, span_of(text), &d);
    assert_int_equal(tokens_claim_date(t, PHI_DATE_SERVICE, span_of(text), &d), 0);
    return span_make(NULL, 0);
}

static void dates_by_distance(void **state) {
    for (unsigned round = 1; round < 3; round++) {
        struct tokens *t = kept(*state, "a", false);
        char token[32];
        struct span value;
        claim(t, "Ada Quill", 0);
        put_date(t, "01/02/2024", true);
        put_date(t, "01/14/2024", true);
        assert_int_equal(tokens_assign(t), 0);
        snprintf(token, sizeof token, "[DATE_%u]", round); /* distances are those of one request */
        is(put_date(t, "01/02/2024", false), token);
        snprintf(token, sizeof token, "[DATE_%u+12d]", round);
        is(put_date(t, "01/14/2024", false), token);
        assert_int_equal(tokens_remember(t, span_of(round == 1 ? "resp_1" : "resp_2")), 0);
        struct tokens *next = kept(*state, "a", false);
        assert_int_equal(tokens_recall(next, span_of(round == 1 ? "resp_1" : "resp_2")), 1);
        assert_true(tokens_find(next, span_of(token), &value));
        is(value, "01/14/2024");
    }
}

static void no_vault_no_token(void **state) {
    struct place *p = *state;
    char away[128];
    struct tokens *t = kept(p, "a", false);
    claim(t, "Ada Quill", 0);
    snprintf(away, sizeof away, "%s.away", p->path);
    assert_int_equal(rename(p->path, away), 0);
    assert_int_equal(tokens_assign(t), -1);
    assert_true(tokens_vault_failed(t));
    assert_int_equal(put(t, "Ada Quill", 0).len, 0);
    assert_int_equal(rename(away, p->path), 0);
}

/* The whole transformation, with ranges that are joined, token-shaped text and numbers: kept or not, the same body. */
static void bodies_become_the_same(void **state) {
    static const char *const bodies[] = {
        "{\"messages\":[{\"role\":\"user\",\"content\":\"Ada Quillfeather, MRN 00417723, born 03/04/1951, [NAME_1] [NAME_2B]\"}]}",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"Patient: Bo Vance\\nBo Vance came on 1/2/2024, b@example.com\",\"x\":\"{\\\"mrn\\\": 44556677}\"}]}",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"nothing\"}],\"[SSN_1]\":\"987-65-4320 and 987-65-4321\"}"};
    const struct policy_paths paths = {.share = "."};
    const struct policy_request request = {.purpose = 0};
    struct place *p = *state;
    struct diag *d = diag_new();
    struct policy *policy = policy_load("minimum-necessary", &paths, d);
    struct phi_scratch *scratch = phi_scratch_new();
    struct policy_view view;

    if (!policy) diag_print(d, stderr);
    assert_non_null(policy);
    struct policy_request as = request;
    as.purpose = policy_purpose(policy, "treatment", 9);
    policy_view(policy, &as, &view);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct buf out[2];
        char name[16];
        snprintf(name, sizeof name, "c%zu", i);
        for (unsigned k = 0; k < 2; k++) {
            struct tokens *t = k ? kept(p, name, false) : tokens_new(p->arena);
            struct transform done;
            struct phi_result found;
            struct walk w;
            buf_init(&out[k], 1 << 20);
            assert_int_equal(walk_body(p->arena, SHAPE_CHAT, span_of(bodies[i]), 96, &w), 0);
            assert_int_equal(walk_scan(p->arena, &w, policy_engine(policy), scratch, &found), WALK_SCAN_DONE);
            assert_int_equal(transform_body(p->arena, &w, span_of(bodies[i]), &found, &view, NULL, t, &out[k], &done), 0);
            assert_true(done.edits > 0 && !done.blocked);
        }
        if (!span_equal(buf_span(&out[0]), buf_span(&out[1])))
            fail_msg("%.*s\nnot\n%.*s", (int)out[1].len, out[1].ptr, (int)out[0].len, out[0].ptr);
        buf_free(&out[0]);
        buf_free(&out[1]);
    }
    phi_scratch_free(scratch);
    policy_unref(policy);
    diag_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_client_sees_the_tokens_of_a_request, setup, teardown),
        cmocka_unit_test_setup_teardown(only_what_was_claimed, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers_that_stay_are_not_given, setup, teardown),
        cmocka_unit_test_setup_teardown(earlier_tokens, setup, teardown),
        cmocka_unit_test_setup_teardown(objects, setup, teardown),
        cmocka_unit_test_setup_teardown(dates_by_distance, setup, teardown),
        cmocka_unit_test_setup_teardown(no_vault_no_token, setup, teardown),
        cmocka_unit_test_setup_teardown(bodies_become_the_same, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
