/* SPDX-License-Identifier: Apache-2.0
 *
 * Identifiers of the model's own in an answer: counted, masked, an end put to it; the caller's own never touched; however the text
 * is cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../policies/engine/diag.h"
#include "../../policies/engine/policy.h"
#include "../../policies/engine/policy_diff.h"
#include "../../policies/engine/policy_response.h"
#include "../../proxy/arena.h"
#include "../../proxy/buf.h"
#include "../../proxy/relay.h"
#include "../../proxy/restore.h"
#include "../../proxy/screen.h"
#include "../../proxy/tokens.h"

#define MASKING "response: {\"*\": mask, AGE.*: pass, NAME.PROVIDER: pass, SENS.*: pass}"

static struct phi_scratch *scratch;
static struct arena *arena;
static struct policy *policies[4];
static struct tokens *tokens;

enum { MASK, BLOCK, MONITOR, SILENT };

static struct policy *load(const char *lines) {
    static const struct policy_paths paths = {.share = "."};
    char text[1024], path[] = "/tmp/phigate-screen-XXXXXX.yaml";
    struct diag *d = diag_new();
    int fd = mkstemps(path, 5);

    assert_true(fd >= 0);
    snprintf(text, sizeof text, "id: x\nversion: 1\ndescription: Test.\nextends: minimum-necessary\n%s\nend: x\n", lines);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    struct policy *p = policy_load(path, &paths, d);
    (void)unlink(path);
    if (!p) diag_print(d, stderr);
    assert_non_null(p);
    diag_free(d);
    return p;
}

static int setup(void **state) {
    (void)state;
    scratch = phi_scratch_new();
    arena = arena_new(64u << 20);
    policies[MASK] = load(MASKING);
    policies[BLOCK] = load("response: {\"*\": monitor, SSN: block, AGE.*: pass}");
    policies[MONITOR] = load("response: {\"*\": monitor, AGE.*: pass}");
    policies[SILENT] = load("");
    tokens = tokens_new(arena);
    tokens_put(tokens, PHI_NAME_PATIENT, span_of("Ada Quillfeather"), 0);
    tokens_put(tokens, PHI_NAME_PATIENT, span_of("Jos\xc3\xa9 \"Joe\" Marquez, SSN 987-65-4329"), 0);
    return scratch && arena ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    for (size_t i = 0; i < 4; i++)
        policy_unref(policies[i]);
    phi_scratch_free(scratch);
    arena_free(arena);
    return 0;
}

static struct screen_ground *ground(unsigned policy, const char *known) {
    bool failed;
    struct screen_ground *g = screen_ground_new(arena, policies[policy], scratch, &failed);

    assert_false(failed);
    assert_non_null(g);
    assert_int_equal(screen_ground_reserve(g, arena, 4), 0);
    if (known) screen_ground_know(g, span_of(known));
    screen_ground_know(g, span_of("something else"));
    screen_ground_ready(g);
    return g;
}

/* The answer, in pieces of `step` bytes (0: whole) or cut at `at` alone. */
static struct screen_ground *run(unsigned policy, enum restore_mode mode, const char *known, const char *text, size_t step, size_t at,
                                 struct buf *out) {
    struct screen_ground *g = ground(policy, known);
    struct restore_counts counts = {0};
    struct restore *r = restore_new(tokens, mode, &counts);
    struct span all = span_of(text);

    assert_int_equal(restore_screen(r, g), 0);
    buf_init(out, 1 << 20);
    if (step == 0) step = all.len ? all.len : 1;
    for (size_t i = 0; i < all.len;) {
        size_t end = at && i < at ? at : at ? all.len : i + step < all.len ? i + step : all.len;
        restore_push(r, span_sub(all, i, end), out);
        i = end;
    }
    restore_flush(r, out);
    restore_free(r);
    assert_false(out->failed);
    return g;
}

static void becomes_as(unsigned policy, enum restore_mode mode, const char *known, const char *text, const char *expected) {
    struct buf whole, cut;

    (void)run(policy, mode, known, text, 0, 0, &whole);
    if (!span_is(buf_span(&whole), expected)) fail_msg("\n%.*s\nis not\n%s", (int)whole.len, whole.ptr, expected);
    for (size_t i = 1; i < strlen(text); i++) {
        (void)run(policy, mode, known, text, 0, i, &cut);
        if (!span_equal(buf_span(&whole), buf_span(&cut))) fail_msg("cut at %zu:\n%.*s\nis not\n%s", i, (int)cut.len, cut.ptr, expected);
        buf_free(&cut);
    }
    for (size_t step = 1; step < 9; step++) {
        (void)run(policy, mode, known, text, step, 0, &cut);
        assert_true(span_equal(buf_span(&whole), buf_span(&cut)));
        buf_free(&cut);
    }
    buf_free(&whole);
}

static void becomes(const char *text, const char *expected) {
    becomes_as(MASK, RESTORE_TEXT, NULL, text, expected);
}

static void masks_what_the_model_wrote(void **state) {
    (void)state;
    becomes("", "");
    becomes("nothing of anybody here, all is well.\nYes.", "nothing of anybody here, all is well.\nYes.");
    becomes("Patient: Boris Vanterpool came today.", "Patient: [NAME] came today.");
    becomes("Write to boris.v@example.com please.", "Write to [EMAIL] please.");
    becomes("His SSN 536-22-8741 is on file, his MRN: 00417723.", "His SSN [SSN] is on file, his MRN: [MRN].");
    becomes("SSN 536-22-8741", "SSN [SSN]");
    becomes("caf\xc3\xa9 \xf0\x9f\x98\x80 SSN 536-22-8741 \xc3\xa9t\xc3\xa9", "caf\xc3\xa9 \xf0\x9f\x98\x80 SSN [SSN] \xc3\xa9t\xc3\xa9");
}

static void leaves_what_is_the_callers(void **state) {
    (void)state;
    becomes("Dear [NAME_1], all is well.", "Dear Ada Quillfeather, all is well.");
    becomes("[NAME_2] [NAME_2]", "Jos\xc3\xa9 \"Joe\" Marquez, SSN 987-65-4329 Jos\xc3\xa9 \"Joe\" Marquez, SSN 987-65-4329");
    becomes("Patient: [NAME_1] and SSN 536-22-8741.", "Patient: Ada Quillfeather and SSN [SSN].");
    becomes("SSN 536-22-8741 of [NAME_1]", "SSN [SSN] of Ada Quillfeather");
    becomes("unknown [NAME_7] and [SSN_3] stay", "unknown [NAME_7] and [SSN_3] stay");
    /* What stood in the request is the caller's own, however the model writes it. */
    becomes_as(MASK, RESTORE_TEXT, "536 22 8741", "SSN 536-22-8741 as you said.", "SSN 536-22-8741 as you said.");
}

static void json_stays_json(void **state) {
    (void)state;
    becomes_as(MASK, RESTORE_JSON, NULL, "{\"patient\":\"Boris Vanterpool\",\"ssn\":\"536-22-8741\",\"n\":[NAME_1]}",
               "{\"patient\":\"[NAME]\",\"ssn\":\"[SSN]\",\"n\":Ada Quillfeather}");
    becomes_as(MASK, RESTORE_JSON, NULL, "{\"text\": \"Dear [NAME_2],\\nSSN 536-22-8741\\n\\\"so\\\"\", \"mrn\": 44556677}",
               "{\"text\": \"Dear Jos\xc3\xa9 \\\"Joe\\\" Marquez, SSN 987-65-4329,\\nSSN [SSN]\\n\\\"so\\\"\", \"mrn\": \"[MRN]\"}");
}

static void ends_where_it_must(void **state) {
    static const char text[] = "All is well with Dr. Who. The SSN is 536-22-8741 and that is all there is to say.";
    struct buf out;
    (void)state;
    becomes_as(BLOCK, RESTORE_TEXT, NULL, text, "All is well with Dr. Who. The SSN is ");
    struct screen_ground *g = run(BLOCK, RESTORE_TEXT, NULL, text, 3, 0, &out);
    assert_true(g->blocked && !g->failed);
    assert_int_equal(g->block_kind, PHI_SSN);
    assert_int_equal(g->counts.blocked, 1);
    buf_free(&out);
}

static void only_counts(void **state) {
    static const char text[] = "Patient: Boris Vanterpool, SSN 536-22-8741, of [NAME_1].";
    struct buf out;
    struct restore_counts counts = {0};
    (void)state;
    becomes_as(MONITOR, RESTORE_TEXT, NULL, text, "Patient: Boris Vanterpool, SSN 536-22-8741, of Ada Quillfeather.");
    for (size_t step = 0; step < 5; step++) {
        struct screen_ground *g = run(MONITOR, RESTORE_TEXT, NULL, text, step, 0, &out);
        assert_int_equal(g->counts.found[PHI_SSN], 1);
        assert_true(g->counts.monitored >= 2);
        assert_int_equal(g->counts.masked + g->counts.blocked, 0);
        buf_free(&out);
    }
    /* And holds nothing back. */
    struct restore *r = restore_new(tokens, RESTORE_TEXT, &counts);
    assert_int_equal(restore_screen(r, ground(MONITOR, NULL)), 0);
    buf_init(&out, 1000);
    restore_push(r, span_of("Patient: Boris Van"), &out);
    assert_true(span_is(buf_span(&out), "Patient: Boris Van"));
    assert_false(restore_holds(r));
    restore_free(r);
    buf_free(&out);
}

/* How long the held text gets, over every place in a text. */
static void holds_little(void **state) {
    static const char text[] = "the patient feels better today and may go home with the usual advice. Patient: Boris Vanterpool was told so. "
                               "He takes 5 mg Lisinopril and 20 mg Atorvastatin, BP 120/80, HR 72. Call 911 in an emergency.\n",
        run_on[] = "q_1=\xc3\xa9, ";
    struct restore_counts counts = {0};
    struct restore *r = restore_new(tokens, RESTORE_TEXT, &counts);
    size_t most = 0, sum = 0;
    struct buf out;
    (void)state;
    assert_int_equal(restore_screen(r, ground(MASK, NULL)), 0);
    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < sizeof text - 1; i++) {
        restore_push(r, span_make(text + i, 1), &out);
        size_t held = i + 1 > out.len ? i + 1 - out.len : 0;
        if (held > most) most = held;
        sum += held;
    }
    print_message("held back: %.1f bytes on average, %zu at most\n", (double)sum / (double)(sizeof text - 1), most);
    assert_true(most <= SCREEN_HOLD);
    restore_free(r);
    buf_free(&out);
    /* Without end, too. */
    r = restore_new(tokens, RESTORE_TEXT, &counts);
    assert_int_equal(restore_screen(r, ground(MASK, NULL)), 0);
    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < 5000; i++) {
        restore_push(r, span_make(&run_on[i % 8], 1), &out);
        assert_true(i + 1 - out.len <= SCREEN_HOLD + 1);
    }
    restore_free(r);
    buf_free(&out);
}

static void long_runs_are_divided_with_care(void **state) {
    char text[2000] = "";
    struct buf out;
    (void)state;
    for (size_t i = 0; i < 40; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "SSN 536-22-%04zu; ", 8700 + i);
    (void)run(MASK, RESTORE_TEXT, NULL, text, 0, 0, &out);
    assert_null(memmem(out.ptr, out.len, "536-22", 6));
    char expected[2000];
    snprintf(expected, sizeof expected, "%.*s", (int)out.len, out.ptr);
    buf_free(&out);
    becomes(text, expected);
}

static void places_move_along(void **state) {
    static const char text[] = "SSN 536-22-8741 of [NAME_1] \xc3\xa9 end";
    struct restore_counts counts = {0};
    struct restore *r = restore_new(tokens, RESTORE_TEXT, &counts);
    struct buf out;
    (void)state;
    assert_int_equal(restore_screen(r, ground(MASK, NULL)), 0);
    buf_init(&out, 1000);
    restore_push(r, span_of(text), &out);
    restore_flush(r, &out);
    assert_true(span_is(buf_span(&out), "SSN [SSN] of Ada Quillfeather \xc3\xa9 end"));
    assert_int_equal(restore_index(r, 0), 0);
    assert_int_equal(restore_index(r, 4), 4);
    assert_int_equal(restore_index(r, 10), 9);
    assert_int_equal(restore_index(r, 15), 9);
    assert_int_equal(restore_index(r, 19), 13);
    assert_int_equal(restore_index(r, 27), 29);
    assert_int_equal(restore_index(r, 30), 32);
    restore_free(r);
    buf_free(&out);
}

static void the_policy_says_what(void **state) {
    (void)state;
    assert_true(policy_response_is_silent(policies[SILENT]));
    assert_true(policy_response_holds(policies[MASK]) && policy_response_holds(policies[BLOCK]));
    assert_false(policy_response_holds(policies[MONITOR]) || policy_response_is_silent(policies[MONITOR]));
    assert_int_equal(policy_response(policies[MASK], PHI_NAME_PROVIDER), POLICY_RESPONSE_PASS);
    assert_int_equal(policy_response(policies[MASK], PHI_NAME_PATIENT), POLICY_RESPONSE_MASK);
    assert_int_equal(policy_response(policies[MASK], PHI_TOKEN_TEXT), POLICY_RESPONSE_PASS);
    assert_int_equal(policy_response(policies[BLOCK], PHI_SSN), POLICY_RESPONSE_BLOCK);
    /* A trial changes nothing. */
    struct policy *trial = load("mode: monitor\nmonitor_until: 2199-01-01\nresponse: {SSN: block, MRN: mask}");
    assert_int_equal(policy_response(trial, PHI_SSN), POLICY_RESPONSE_MONITOR);
    assert_false(policy_response_holds(trial));
    policy_unref(trial);
    assert_true(policy_diff(policies[MASK], policies[MONITOR], NULL, NULL));
    assert_false(policy_diff(policies[SILENT], policies[MONITOR], NULL, NULL));
}

/* ---- whole answers and streams ---- */

static enum relay_end relayed(enum shape_endpoint e, unsigned policy, const char *type, const char *bytes, size_t step, struct buf *out,
                              struct screen_counts *counts) {
    struct relay *r = relay_new(e, tokens, false, 1 << 16, 1 << 20);
    struct screen_ground *g = ground(policy, NULL);
    struct span all = span_of(bytes);
    int rc = 0;

    relay_screen(r, g);
    buf_init(out, 1 << 20);
    (void)relay_begin(r, 200, span_of(type));
    if (step == 0) step = all.len;
    for (size_t i = 0; i < all.len && rc == 0; i += step)
        rc = relay_push(r, span_sub(all, i, i + step < all.len ? i + step : all.len), out);
    enum relay_end end = relay_end(r, rc == 0, span_of("req-1"), out);
    *counts = g->counts;
    relay_free(r);
    return end;
}

/* Everything that a client would put together: the texts of the deltas, one after another. */
static void texts_of(struct span bytes, const char *key, char *out, size_t size) {
    char mark[32];
    size_t n = 0;
    int len = snprintf(mark, sizeof mark, "\"%s\":\"", key);

    for (size_t at = 0; at < bytes.len;) {
        const char *hit = memmem(bytes.ptr + at, bytes.len - at, mark, (size_t)len);
        if (!hit) break;
        for (at = (size_t)(hit - bytes.ptr) + (size_t)len; at < bytes.len && bytes.ptr[at] != '"'; at++)
            if (n + 1 < size) out[n++] = bytes.ptr[at];
    }
    out[n] = '\0';
}

#define CHUNK(text) "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text "\"},\"finish_reason\":null}]}\n\n"
#define LAST "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"

static void in_a_stream_of_chunks(void **state) {
    static const char in[] = CHUNK("Dear [NA") CHUNK("ME_1], the SSN ") CHUNK("536-2") CHUNK("2-8741 is on file. Ca") CHUNK("ll 536-22-8742") LAST;
    struct screen_counts counts;
    struct buf out;
    char text[256];
    (void)state;
    for (size_t step = 0; step < 40; step++) {
        assert_int_equal(relayed(SHAPE_CHAT, MASK, "text/event-stream", in, step, &out, &counts), RELAY_COMPLETE);
        texts_of(buf_span(&out), "content", text, sizeof text);
        assert_string_equal(text, "Dear Ada Quillfeather, the SSN [SSN] is on file. Call [SSN]");
        assert_int_equal(counts.masked, 2);
        buf_free(&out);
        assert_int_equal(relayed(SHAPE_CHAT, BLOCK, "text/event-stream", in, step, &out, &counts), RELAY_BLOCKED);
        texts_of(buf_span(&out), "content", text, sizeof text);
        assert_string_equal(text, ""); /* all of it was held back until then */
        assert_non_null(memmem(out.ptr, out.len, "\"code\":\"phi_in_answer\"", 22));
        assert_null(memmem(out.ptr, out.len, "[DONE]", 6));
        buf_free(&out);
        assert_int_equal(relayed(SHAPE_CHAT, MONITOR, "text/event-stream", in, step, &out, &counts), RELAY_COMPLETE);
        assert_int_equal(counts.found[PHI_SSN], 2);
        buf_free(&out);
    }
}

#define DELTA(n, text) "data: {\"type\":\"response.output_text.delta\",\"sequence_number\":" #n ",\"item_id\":\"m\",\"output_index\":0,\"content_index\":0,\"delta\":\"" text "\"}\n\n"
#define TEXT "Dear [NAME_1], SSN 536-22-8741 it is"

static void all_copies_agree(void **state) {
    static const char in[] = DELTA(1, "Dear [NAME_1], SSN 53") DELTA(2, "6-22-8741 it is")
        "data: {\"type\":\"response.output_text.done\",\"sequence_number\":3,\"item_id\":\"m\",\"output_index\":0,\"content_index\":0,\"text\":\"" TEXT "\"}\n\n"
        "data: {\"type\":\"response.completed\",\"sequence_number\":4,\"response\":{\"output\":[{\"type\":\"message\",\"id\":\"m\",\"content\":[{\"type\":\"output_text\",\"text\":\"" TEXT "\"}]}]}}\n\n";
    struct screen_counts counts;
    struct buf out;
    char text[512];
    (void)state;
    for (size_t step = 0; step < 40; step++) {
        assert_int_equal(relayed(SHAPE_RESPONSES, MASK, "text/event-stream", in, step, &out, &counts), RELAY_COMPLETE);
        texts_of(buf_span(&out), "delta", text, sizeof text);
        assert_string_equal(text, "Dear Ada Quillfeather, SSN [SSN] it is");
        texts_of(buf_span(&out), "text", text, sizeof text);
        assert_string_equal(text, "Dear Ada Quillfeather, SSN [SSN] it isDear Ada Quillfeather, SSN [SSN] it is");
        assert_int_equal(counts.masked, 1);
        buf_free(&out);
        assert_int_equal(relayed(SHAPE_RESPONSES, BLOCK, "text/event-stream", in, step, &out, &counts), RELAY_BLOCKED);
        assert_null(memmem(out.ptr, out.len, "8741", 4));
        assert_non_null(memmem(out.ptr, out.len, "phi_in_answer", 13));
        buf_free(&out);
    }
}

/* Log probabilities spell the text again. */
static void what_repeats_the_text_goes(void **state) {
    static const char chunk[] = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"SSN 536-22-8741\"},\"logprobs\":{\"content\":[{\"token\":\"536\"}]},\"finish_reason\":null}]}\n\n" LAST,
        whole[] = "{\"choices\":[{\"index\":0,\"message\":{\"content\":\"SSN 536-22-8741\"},\"logprobs\":{\"content\":[{\"token\":\"536\"}]},\"token_ids\":[1,2]}]}";
    struct screen_counts counts;
    struct buf out;
    (void)state;
    assert_int_equal(relayed(SHAPE_CHAT, MASK, "text/event-stream", chunk, 0, &out, &counts), RELAY_COMPLETE);
    assert_null(memmem(out.ptr, out.len, "536", 3));
    assert_non_null(memmem(out.ptr, out.len, "\"logprobs\":null", 15));
    buf_free(&out);
    assert_int_equal(relayed(SHAPE_CHAT, MASK, "application/json", whole, 0, &out, &counts), RELAY_COMPLETE);
    assert_true(span_is(buf_span(&out), "{\"choices\":[{\"index\":0,\"message\":{\"content\":\"SSN [SSN]\"},\"logprobs\":null,\"token_ids\":[]}]}"));
    buf_free(&out);
    assert_int_equal(relayed(SHAPE_CHAT, MONITOR, "application/json", whole, 0, &out, &counts), RELAY_COMPLETE);
    assert_true(span_is(buf_span(&out), whole));
    buf_free(&out);
}

static void in_whole_answers(void **state) {
    static const char in[] = "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"" TEXT "\"},\"finish_reason\":\"stop\"}]}";
    struct screen_counts counts;
    struct buf out;
    char text[256];
    (void)state;
    assert_int_equal(relayed(SHAPE_CHAT, MASK, "application/json", in, 0, &out, &counts), RELAY_COMPLETE);
    texts_of(buf_span(&out), "content", text, sizeof text);
    assert_string_equal(text, "Dear Ada Quillfeather, SSN [SSN] it is");
    buf_free(&out);
    assert_int_equal(relayed(SHAPE_CHAT, BLOCK, "application/json", in, 0, &out, &counts), RELAY_BLOCKED);
    assert_int_equal(out.len, 0);
    buf_free(&out);
}

/* What a word of an answer costs where it is screened. */
static void costs_little(void **state) {
    static const char text[] = "the patient feels better today and may go home with the usual advice. Patient: Boris Vanterpool was told so. "
                               "He takes 5 mg Lisinopril and 20 mg Atorvastatin, BP 120/80, HR 72. Call 911 in an emergency.\n";
    struct timespec a, b;
    struct buf out;
    (void)state;
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (unsigned i = 0; i < 50; i++) {
        (void)run(MASK, RESTORE_TEXT, NULL, text, 4, 0, &out);
        buf_free(&out);
    }
    clock_gettime(CLOCK_MONOTONIC, &b);
    double us = ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / 1e3 / 50;
    print_message("a screened answer of %zu bytes: %.0f us, %.1f us a delta of four\n", sizeof text - 1, us, us * 4 / (double)(sizeof text - 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_what_the_model_wrote),
        cmocka_unit_test(leaves_what_is_the_callers),
        cmocka_unit_test(json_stays_json),
        cmocka_unit_test(ends_where_it_must),
        cmocka_unit_test(only_counts),
        cmocka_unit_test(holds_little),
        cmocka_unit_test(long_runs_are_divided_with_care),
        cmocka_unit_test(places_move_along),
        cmocka_unit_test(the_policy_says_what),
        cmocka_unit_test(in_a_stream_of_chunks),
        cmocka_unit_test(all_copies_agree),
        cmocka_unit_test(what_repeats_the_text_goes),
        cmocka_unit_test(in_whole_answers),
        cmocka_unit_test(costs_little),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
