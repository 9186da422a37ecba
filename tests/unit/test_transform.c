/* SPDX-License-Identifier: Apache-2.0
 *
 * What leaves: each action at each place, token-shaped text, what is refused, what is counted; and the general forms
 * of dates, ZIP codes and ages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../policies/engine/diag.h"
#include "../../policies/engine/policy_load.h"
#include "../../proxy/arena.h"
#include "../../proxy/buf.h"
#include "../../proxy/tokens.h"
#include "../../proxy/transform.h"

static const char enforcing[] =
    "id: test\nversion: 1\ndescription: Each action once.\nextends: minimum-necessary\nmode: enforce\n"
    "purposes:\n  treatment:\n    NAME.*: tokenize\n    GEO.ZIP: generalize\n    DATE.DOB: generalize\n    DATE.OTHER: drop\n"
    "    MRN: block\n    PHONE: tokenize\n    EMAIL: mask\n    TRAIT: flag\n    TIME: allow\nend: test\n";

static struct arena *arena;
static struct policy *policy;
static struct tokens *tokens;
static struct walk walk;
static struct transform done;
static struct buf out;
static struct phi_finding findings[64];
static size_t n_findings;

static struct policy *load(const char *text) {
    static const struct policy_paths paths = {.share = "."};
    struct diag *d = diag_new();
    struct policy *p = policy_load_decisions_text("test.yaml", text, strlen(text), &paths, d);
    if (!p) diag_print(d, stderr);
    diag_free(d);
    return p;
}

static int setup(void **state) {
    (void)state;
    arena = arena_new(64u << 20);
    policy = load(enforcing);
    tokens = arena ? tokens_new(arena) : NULL;
    buf_init(&out, 16u << 20);
    n_findings = 0;
    return tokens && policy ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    buf_free(&out);
    policy_unref(policy);
    arena_free(arena);
    return 0;
}

static void body_is(const char *body) {
    if (walk_body(arena, SHAPE_CHAT, span_of(body), 96, &walk) < 0) fail_msg("%s", walk.error);
}

/* A finding of every leaf text that holds it, once each, in order: call in document order. */
static void found_as(const char *text, enum phi_kind kind, unsigned subject) {
    for (uint32_t i = 0; i < walk.n; i++) {
        const struct walk_leaf *l = &walk.v[i];
        if (l->container) continue;
        const char *hit = memmem(l->text.ptr, l->text.len, text, strlen(text));
        if (!hit) continue;
        uint32_t begin = (uint32_t)(hit - l->text.ptr);
        findings[n_findings++] = (struct phi_finding){.leaf = i, .begin = begin, .end = begin + (uint32_t)strlen(text),
                                                      .kind = (uint16_t)kind, .rule = 7, .score = 90, .subject = (uint16_t)subject};
        return;
    }
    fail_msg("not in the body: %s", text);
}

static const struct policy_view *viewed(int purpose) {
    static struct policy_view view;
    const struct policy_request request = {.purpose = purpose};
    policy_view(policy, &request, &view);
    return &view;
}

static int transform(const char *body) {
    const struct phi_result found = {findings, n_findings};
    int purpose = policy_purpose(policy, "treatment", 9);
    assert_true(purpose > 0);
    return transform_body(arena, &walk, span_of(body), &found, viewed(purpose), NULL, tokens, &out, &done);
}

static void becomes(const char *body, const char *want) {
    assert_int_equal(transform(body), 0);
    assert_false(done.blocked);
    if (!span_is(buf_span(&out), want)) fail_msg("\n%.*s\nnot\n%s", (int)out.len, out.ptr, want);
}

static void each_action_at_its_place(void **state) {
    static const char body[] = "{\"messages\":[{\"role\":\"user\",\"content\":\"John Smith, born 03/14/1961, 02139, j@example.com, on 1/2/2024 at 9:00, twin\"}]}";
    (void)state;
    body_is(body);
    found_as("John Smith", PHI_NAME_PATIENT, 1);
    found_as("03/14/1961", PHI_DATE_DOB, 0);
    found_as("02139", PHI_GEO_ZIP, 0);
    found_as("j@example.com", PHI_EMAIL, 0);
    found_as("1/2/2024", PHI_DATE_OTHER, 0);
    found_as("9:00", PHI_TIME, 0);
    found_as("twin", PHI_TRAIT, 0);
    becomes(body, "{\"messages\":[{\"role\":\"user\",\"content\":\"[NAME_1], born 1961, 021, [EMAIL], on  at 9:00, twin\"}]}");
    assert_int_equal(done.findings, 7);
    assert_int_equal(done.edits, 5);
    assert_int_equal(done.n_rows, 7);
    assert_int_equal(done.disclosed[PHI_TIME], 1);
    assert_int_equal(done.disclosed[PHI_TRAIT], 1);
    assert_int_equal(done.disclosed[PHI_NAME_PATIENT], 0);
    struct span value;
    assert_true(tokens_find(tokens, span_of("[NAME_1]"), &value));
    assert_true(span_is(value, "John Smith"));
}

static void no_finding_changes_no_byte(void **state) {
    static const char body[] = " {\"a\" : [ 1.0 , \"\\u0041\\/\" ] , \"messages\":[{\"content\":\"[ \\n\"}]} ";
    (void)state;
    body_is(body);
    becomes(body, body);
    assert_int_equal(done.edits, 0);
    assert_int_equal(done.n_rows, 0);
}

static void nested_json_is_edited_at_its_level(void **state) {
    static const char body[] =
        "{\"messages\":[{\"role\":\"tool\",\"content\":\"{\\\"name\\\":\\\"J\\\\u00f6rg \\\\\\\"Jo\\\\\\\" M\\\",\\\"in\\\":\\\"[\\\\\\\"Ann\\\\\\\"]\\\"}\"}]}";
    (void)state;
    body_is(body);
    found_as("J\xC3\xB6rg \"Jo\" M", PHI_NAME_PATIENT, 1);
    found_as("Ann", PHI_NAME_PATIENT, 2);
    becomes(body, "{\"messages\":[{\"role\":\"tool\",\"content\":\"{\\\"name\\\":\\\"[NAME_1]\\\",\\\"in\\\":\\\"[\\\\\\\"[NAME_2]\\\\\\\"]\\\"}\"}]}");
}

static void order_of_numbers_is_that_of_the_document(void **state) {
    static const char body[] = "{\"messages\":[{\"content\":\"Ann, Bob\"},{\"content\":\"Cid, Ann\"}]}";
    (void)state;
    body_is(body);
    found_as("Ann", PHI_NAME_PATIENT, 0);
    found_as("Bob", PHI_NAME_PATIENT, 0);
    found_as("Cid", PHI_NAME_PATIENT, 0);
    findings[n_findings] = findings[n_findings - 1];
    findings[n_findings].begin = 5;
    findings[n_findings++].end = 8;
    becomes(body, "{\"messages\":[{\"content\":\"[NAME_1], [NAME_2]\"},{\"content\":\"[NAME_3], [NAME_1]\"}]}");
    assert_int_equal(done.n_rows, 2);
    assert_int_equal(done.rows[0].count, 2);
    assert_int_equal(done.rows[0].rule, 7);
    assert_int_equal(done.rows[0].score, 90);
}

static void blocked(const char *reason, enum phi_kind kind, const char *path) {
    struct buf b;
    assert_true(done.blocked);
    assert_string_equal(done.block_reason, reason);
    assert_int_equal(done.block_kind, kind);
    assert_int_equal(out.len, 0);
    assert_int_equal(tokens_count(tokens), 0);
    assert_int_equal(done.edits, 0);
    for (size_t i = 0; i < PHI_KINDS; i++)
        assert_int_equal(done.disclosed[i], 0);
    buf_init(&b, 256);
    walk_path(&walk, done.block_path, &b);
    assert_true(span_is(buf_span(&b), path));
    buf_free(&b);
}

static void a_block_writes_nothing(void **state) {
    static const char body[] = "{\"messages\":[{\"content\":\"Ann at 9:00, MRN 1234567\"}]}";
    (void)state;
    body_is(body);
    found_as("Ann", PHI_NAME_PATIENT, 0);
    found_as("9:00", PHI_TIME, 0);
    found_as("1234567", PHI_MRN, 0);
    assert_int_equal(transform(body), 0);
    blocked("policy_block", PHI_MRN, "messages[0].content");
    assert_int_equal(done.n_rows, 3);
}

static void keys_and_numbers_cannot_be_edited(void **state) {
    static const char body[] = "{\"metadata\":{\"Ann\":5551234567,\"twin\":900}}";
    (void)state;
    body_is(body);
    found_as("Ann", PHI_NAME_PATIENT, 0);
    assert_int_equal(transform(body), 0);
    blocked("phi_in_key", PHI_NAME_PATIENT, "metadata.*");
    assert_int_equal(done.rows[0].action, POLICY_BLOCK);
    n_findings = 0;
    found_as("5551234567", PHI_PHONE, 0);
    assert_int_equal(transform(body), 0);
    blocked("phi_in_number", PHI_PHONE, "metadata.*");
    n_findings = 0;
    found_as("twin", PHI_TRAIT, 0);
    found_as("900", PHI_TIME, 0);
    becomes(body, body);
    assert_int_equal(done.disclosed[PHI_TRAIT], 1);
}

static void sensitive_findings_block_or_count(void **state) {
    static const char body[] = "{\"messages\":[{\"content\":\"Ann has HIV\"}]}";
    (void)state;
    body_is(body);
    found_as("Ann", PHI_NAME_PATIENT, 0);
    found_as("has HIV", PHI_SENS_HIV, 0);
    becomes(body, "{\"messages\":[{\"content\":\"[NAME_1] has HIV\"}]}");
    assert_int_equal(done.disclosed[PHI_SENS_HIV], 1);
    tokens = tokens_new(arena);
    buf_clear(&out);
    findings[1].kind = PHI_SENS_SUD;
    assert_int_equal(transform(body), 0);
    blocked("policy_block", PHI_SENS_SUD, "messages[0].content");
}

/* A sensitive finding may lie over others. */
static void sensitive_findings_overlap_without_harm(void **state) {
    static const char body[] = "{\"messages\":[{\"content\":\"Ann has HIV\"}]}";
    (void)state;
    body_is(body);
    found_as("Ann has HIV", PHI_SENS_HIV, 0);
    found_as("Ann", PHI_NAME_PATIENT, 0);
    becomes(body, "{\"messages\":[{\"content\":\"[NAME_1] has HIV\"}]}");
}

/* ---- token-shaped text ---- */

static void token_shaped_text_is_tokenized(void **state) {
    static const char body[] = "{\"messages\":[{\"content\":\"say \\u005bNAME_1] to Ann\"}],\"metadata\":{\"[NAME_2]\":\"x [SSN_9C]\"}}";
    struct span value;
    (void)state;
    body_is(body);
    found_as("Ann", PHI_NAME_PATIENT, 0);
    becomes(body, "{\"messages\":[{\"content\":\"say [TEXT_1] to [NAME_1]\"}],\"metadata\":{\"[NAME_2]\":\"x [TEXT_2]\"}}");
    assert_true(tokens_find(tokens, span_of("[TEXT_1]"), &value));
    assert_true(span_is(value, "[NAME_1]"));
    assert_false(tokens_find(tokens, span_of("[NAME_2]"), &value));
    assert_int_equal(done.findings, 1);
    assert_int_equal(done.edits, 3);
    assert_int_equal(done.rows[1].kind, PHI_TOKEN_TEXT);
    assert_int_equal(done.rows[1].rule, TRANSFORM_NO_RULE);
}

/* A token would be said aloud, and nothing puts the value back. */
static void nothing_comes_back_from_sound(void **state) {
    static const char body[] = "{\"input\":\"John Smith and [NAME_4] of 02139\",\"instructions\":\"555-0100\"}";
    (void)state;
    assert_int_equal(walk_body(arena, SHAPE_SPEECH, span_of(body), 96, &walk), 0);
    found_as("John Smith", PHI_NAME_PATIENT, 1);
    found_as("02139", PHI_GEO_ZIP, 0);
    found_as("555-0100", PHI_PHONE, 0);
    becomes(body, "{\"input\":\"[NAME] and [TEXT] of 021\",\"instructions\":\"[PHONE]\"}");
    assert_int_equal(tokens_count(tokens), 0);
    assert_int_equal(done.rows[0].action, POLICY_MASK);
}

/* In JSON text inside a string a number becomes a string; what is around it stays. */
static void numbers_inside_of_strings_become_strings(void **state) {
    static const char body[] =
        "{\"messages\":[{\"role\":\"tool\",\"content\":\"{\\\"tel\\\": 6175550142 ,\\\"in\\\":\\\"{\\\\\\\"tel\\\\\\\":[6175550143,1]}\\\"}\"}]}";
    (void)state;
    body_is(body);
    found_as("6175550142", PHI_PHONE, 0);
    found_as("6175550143", PHI_PHONE, 0);
    becomes(body, "{\"messages\":[{\"role\":\"tool\",\"content\":\"{\\\"tel\\\": \\\"[PHONE_1]\\\" ,\\\"in\\\":\\\"{\\\\\\\"tel\\\\\\\":[\\\\\\\"[PHONE_2]\\\\\\\",1]}\\\"}\"}]}");
    assert_int_equal(done.edits, 2);
    struct span value;
    assert_true(tokens_find(tokens, span_of("[PHONE_2]"), &value));
    assert_true(span_is(value, "6175550143"));
}

static void numbers_in_keys_are_not_given_out(void **state) {
    static const char body[] = "{\"messages\":[{\"content\":\"Ann\"}],\"metadata\":{\"[NAME_1]\":\"\"}}";
    (void)state;
    body_is(body);
    found_as("Ann", PHI_NAME_PATIENT, 0);
    becomes(body, "{\"messages\":[{\"content\":\"[NAME_2]\"}],\"metadata\":{\"[NAME_1]\":\"\"}}");
}

static void a_finding_never_cuts_token_text(void **state) {
    static const char body[] = "{\"messages\":[{\"content\":\"Ann [NAME_1] Bob\"},{\"content\":\"[DATE_1]\"},{\"content\":\"[A_1][B_2]\"}]}";
    struct span value;
    (void)state;
    body_is(body);
    found_as("Ann [NA", PHI_NAME_PATIENT, 0);
    found_as("_1] Bob", PHI_NAME_PATIENT, 0);
    found_as("DATE", PHI_EMAIL, 0);
    found_as("1][B", PHI_NAME_PATIENT, 0);
    becomes(body, "{\"messages\":[{\"content\":\"[NAME_1]\"},{\"content\":\"[EMAIL]\"},{\"content\":\"[NAME_2]\"}]}");
    assert_true(tokens_find(tokens, span_of("[NAME_1]"), &value));
    assert_true(span_is(value, "Ann [NAME_1] Bob"));
    assert_true(tokens_find(tokens, span_of("[NAME_2]"), &value));
    assert_true(span_is(value, "[A_1][B_2]"));
}

/* Taking text out must not leave a token behind that is then believed to be ours. */
static void what_is_dropped_forges_no_token(void **state) {
    static const char body[] = "{\"messages\":[{\"content\":\"Ann [NAME_1/2/2024 1] [NAME_ 03/14/1961]\"}]}";
    (void)state;
    body_is(body);
    found_as("Ann", PHI_NAME_PATIENT, 0);
    found_as("1/2/2024 ", PHI_DATE_OTHER, 0);
    found_as(" 03/14/1961", PHI_DATE_DOB, 0);
    becomes(body, "{\"messages\":[{\"content\":\"[NAME_1] [NAME_[DATE]1] [NAME_[DATE]]\"}]}");
}

/* ---- any body ---- */

static uint32_t seed;

static uint32_t next(uint32_t n) {
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static void random_text(struct buf *b) {
    static const char *const pieces[] = {"Ann ", "\"", "\\", "\n", "/", "\xC3\xA9", "\xF0\x9F\x98\x80", "[NAME_1]", "[NAME_", "1]", "[", "]", "{\"a\":\"b\"}", "x", "\t"};
    for (uint32_t n = next(8); n; n--)
        buf_add_c(b, pieces[next(sizeof pieces / sizeof *pieces)]);
}

/* A document whose strings are text or, half of the time, documents. */
static void random_document(struct buf *b, int level) {
    uint32_t n = 1 + next(3);
    buf_add_c(b, "{");
    for (uint32_t i = 0; i < n; i++) {
        struct buf inner;
        buf_init(&inner, 1u << 20);
        if (level < 4 && next(2)) random_document(&inner, level + 1);
        else random_text(&inner);
        buf_add_format(b, "%s\"k%u\":[%u,\"", i ? "," : "", i, next(100));
        buf_add_json_escaped(b, buf_span(&inner));
        buf_add_c(b, "\"]");
        buf_free(&inner);
    }
    buf_add_c(b, "}");
}

static uint32_t border(struct span s, uint32_t at) {
    while (at < s.len && ((unsigned char)s.ptr[at] & 0xC0) == 0x80)
        at++;
    return at;
}

static void random_findings(void) {
    n_findings = 0;
    for (uint32_t i = 0; i < walk.n && n_findings + 2 < sizeof findings / sizeof *findings; i++) {
        const struct walk_leaf *l = &walk.v[i];
        if (l->what != WALK_STRING || l->container) continue;
        for (uint32_t at = 0; at < l->text.len && next(3);) {
            uint32_t begin = border(l->text, at + next(4)), end = border(l->text, begin + 1 + next(6));
            if (end > l->text.len || begin >= end || n_findings == sizeof findings / sizeof *findings) break;
            findings[n_findings++] = (struct phi_finding){.leaf = i, .begin = begin, .end = end, .kind = PHI_NAME_PATIENT};
            at = end;
        }
    }
}

/* The text with every token of this request put back. */
static void restore(struct span s, struct buf *b) {
    size_t at = 0, begin, end;
    for (size_t from = 0; token_next(s, from, &begin, &end); from = end) {
        struct span value;
        assert_true(tokens_find(tokens, span_sub(s, begin, end), &value)); /* none that is not ours */
        buf_add(b, span_sub(s, at, begin));
        buf_add(b, value);
        at = end;
    }
    buf_add(b, span_sub(s, at, s.len));
}

/* What was tokenized comes back exactly, leaf by leaf, through every level. */
static void tokenized_bodies_come_back(void **state) {
    size_t edits = 0, deep = 0;
    (void)state;
    for (uint32_t round = 0; round < 3000; round++) {
        struct buf body;
        struct walk after;
        seed = round;
        buf_init(&body, 1u << 20);
        random_document(&body, 0);
        buf_add_char(&body, '\0');
        body.len--;
        tokens = tokens_new(arena);
        body_is(body.ptr);
        random_findings();
        buf_clear(&out);
        assert_int_equal(transform(body.ptr), 0);
        edits += done.edits;
        for (size_t i = 0; i < n_findings; i++)
            deep += walk.v[findings[i].leaf].level > 2;
        assert_int_equal(walk_body(arena, SHAPE_CHAT, buf_span(&out), 96, &after), 0);
        for (size_t i = 0, j = 0; i < walk.n; i++, j++) {
            struct buf b;
            while (j < after.n && after.v[j].container) /* a text that became a document would be a leaf too many */
                j++;
            while (i < walk.n && walk.v[i].container)
                i++;
            if (i == walk.n) break;
            assert_true(j < after.n);
            buf_init(&b, 1u << 20);
            restore(after.v[j].text, &b);
            if (!span_equal(buf_span(&b), walk.v[i].text)) fail_msg("round %u: %.*s", round, (int)body.len, body.ptr);
            buf_free(&b);
        }
        buf_free(&body);
        arena_reset(arena);
    }
    assert_true(edits > 3000 && deep > 300); /* it was about something */
}

/* ---- refusals ---- */

static void findings_that_do_not_fit_are_errors(void **state) {
    static const char body[] = "{\"messages\":[{\"content\":\"[\\\"Ann\\\"]\"}],\"user\":\"Bob\"}";
    (void)state;
    body_is(body);
    found_as("Ann", PHI_NAME_PATIENT, 0);
    struct phi_finding good = findings[0];
    findings[0].end = 4;
    assert_int_equal(transform(body), -1);
    findings[0] = good;
    findings[0].leaf = (uint32_t)walk.n;
    assert_int_equal(transform(body), -1);
    findings[0] = good;
    findings[0].leaf--; /* the string around it */
    assert_int_equal(transform(body), -1);
    findings[0] = good;
    findings[0].kind = PHI_NONE;
    assert_int_equal(transform(body), -1);
    findings[0] = good;
    found_as("Bob", PHI_NAME_PATIENT, 0);
    findings[0] = findings[1];
    findings[1] = good;
    assert_int_equal(transform(body), -1);
    assert_int_equal(out.len, 0);
}

static void too_little_room_is_an_error(void **state) {
    static const char body[] = "{\"user\":\"Ann\"}";
    (void)state;
    body_is(body);
    found_as("Ann", PHI_NAME_PATIENT, 0);
    buf_free(&out);
    buf_init(&out, 8);
    assert_int_equal(transform(body), -1);
    struct arena *small = arena_new(64);
    const struct phi_result found = {findings, n_findings};
    buf_clear(&out);
    assert_int_equal(transform_body(small, &walk, span_of(body), &found, viewed(1), NULL, tokens, &out, &done), -1);
    arena_free(small);
}

/* ---- monitor ---- */

static void monitor_changes_only_the_floor(void **state) {
    static const char body[] = "{\"messages\":[{\"content\":\"Ann, MRN 1234567, [NAME_1], 987-65-4320\"}],\"metadata\":{\"Bob\":1}}";
    (void)state;
    policy_unref(policy);
    policy = load("id: watch\nversion: 1\ndescription: Looks on.\nextends: minimum-necessary\nmode: monitor\nmonitor_until: 2199-01-01\n"
                  "purposes:\n  treatment:\n    MRN: block\nend: watch\n");
    assert_non_null(policy);
    body_is(body);
    found_as("Ann", PHI_NAME_PATIENT, 0);
    found_as("1234567", PHI_MRN, 0);
    found_as("987-65-4320", PHI_SSN, 0);
    found_as("Bob", PHI_NAME_PATIENT, 0);
    becomes(body, "{\"messages\":[{\"content\":\"Ann, MRN 1234567, [NAME_1], [SSN]\"}],\"metadata\":{\"Bob\":1}}");
    assert_int_equal(done.disclosed[PHI_NAME_PATIENT], 2);
    assert_int_equal(done.disclosed[PHI_MRN], 1);
    assert_int_equal(done.disclosed[PHI_SSN], 0);
    assert_int_equal(done.rows[0].action, POLICY_TOKENIZE);
    assert_int_equal(done.rows[1].action, POLICY_BLOCK);
    assert_int_equal(done.n_rows, 5);
}

/* ---- text ---- */

static void plain_text_is_decided_the_same(void **state) {
    const struct span text = span_of("Ann \"said\"\n[NAME_1] 02139-1234");
    struct phi_finding v[] = {{.leaf = 0, .begin = 0, .end = 3, .kind = PHI_NAME_PATIENT}, {.leaf = 0, .begin = 20, .end = 30, .kind = PHI_GEO_ZIP}};
    const struct phi_result found = {v, 2};
    (void)state;
    assert_int_equal(transform_text(arena, text, WALK_USER, &found, viewed(policy_purpose(policy, "treatment", 9)), tokens, &out, &done), 0);
    assert_true(span_is(buf_span(&out), "[NAME_1] \"said\"\n[TEXT_1] 021"));
    assert_int_equal(done.edits, 3);
}

/* ---- general forms ---- */

#define TODAY 20783L /* 2026-11-26 */

static void general(enum phi_kind kind, const char *value, const char *want) {
    char text[32];
    int rc = transform_generalize(kind, span_of(value), TODAY, text, sizeof text);
    if (!want && rc == 0) fail_msg("%s became %s", value, text);
    if (want && (rc < 0 || strcmp(text, want) != 0)) fail_msg("%s became %s, not %s", value, rc < 0 ? "nothing" : text, want);
}

static void dates_become_years(void **state) {
    static const char *const good[][2] = {
        {"1961-03-14", "1961"}, {"03/14/1961", "1961"}, {"14.03.1961", "1961"}, {"March 14, 1961", "1961"}, {"14-Mar-1961", "1961"},
        {"Mar 1961", "1961"}, {"1961", "1961"}, {"19610314", "1961"}, {"196103141530", "1961"}, {"1961-03-14T10:30:00Z", "1961"},
        {"03141961", "1961"}, {"20111961", "1961"}, {"3/14/61", "1961"}, {"14 Mar 61", "1961"}, {"Mar 14, '61", "1961"}, {"2026-11-01", "2026"},
        {"1937-01-01", "1937"}, {"1936-12-31", "[90+]"}, {"1899", "[90+]"}, {"01/01/1920", "[90+]"},
    };
    static const char *const none[] = {"", "March 14", "3/14", "Tuesday", "2019-2021", "14:30", "10:30:61", "3/14/26", "3/14/19", "3000-01-01", "2150-01-01",
                                       "1/2/3/61", "12345", "0000-00-00"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        general(PHI_DATE_DOB, good[i][0], good[i][1]);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        general(PHI_DATE_DOB, none[i], NULL);
    general(PHI_DATE_SERVICE, "3/14/19", "2019");
    general(PHI_DATE_OTHER, "3/14/99", "1999");
    general(PHI_DATE_RELATIVE, "1961-03-14", NULL);
}

static void zips_become_prefixes(void **state) {
    static const char *const good[][2] = {
        {"02139", "021"}, {"02139-1234", "021"}, {"021391234", "021"}, {"90210", "902"}, {"10001", "100"}, {"99901", "999"},
        {"03601", "000"}, {"05901", "000"}, {"10201", "000"}, {"20301", "000"}, {"87801", "000"}, {"89301", "000"}, /* 2020 */
        {"06301", "000"}, {"83001", "000"}, {"83101", "000"}, {"79001", "000"}, {"89001", "000"}, {"10301", "000"},  /* 2000 */
        {"00001", "000"}, {"09001", "000"}, {"34001", "000"}, {"96201", "000"}, {"98701", "000"}, {"88801", "000"},  /* no area */
    };
    static const char *const none[] = {"", "0213", "021390", "0213A", "02139 1234", "02139-123", "02139-12345", "2139-01234", "MA 02139"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        general(PHI_GEO_ZIP, good[i][0], good[i][1]);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        general(PHI_GEO_ZIP, none[i], NULL);
    general(PHI_GEO_STREET, "02139", NULL);
}

static void ages_over_89_become_one(void **state) {
    char small[3];
    (void)state;
    general(PHI_AGE_90PLUS, "91-year-old", "90+");
    general(PHI_AGE_90PLUS, "nonagenarian", "90+");
    general(PHI_AGE_LE89, "90 y/o", "90+");
    general(PHI_AGE_LE89, "89", "80-89");
    general(PHI_AGE_LE89, "60", "60-69");
    general(PHI_AGE_LE89, "7", "0-9");
    general(PHI_AGE_LE89, "age 67", "60-69");
    general(PHI_AGE_LE89, "67 and 68", NULL);
    general(PHI_AGE_LE89, "18 months", NULL);
    general(PHI_GEO_CITY, "Springfield, IL", "IL");
    general(PHI_GEO_CITY, "Springfield", NULL);
    general(PHI_GEO_CITY, "Springfield, XX", NULL);
    general(PHI_GEO_CITY, "Springfield, LA", "LA");
    general(PHI_GEO_CITY, ", IL", NULL);
    general(PHI_GEO_CITY, "Springfield, L ", NULL);
    general(PHI_AGE_LE89, "old", NULL);
    general(PHI_SSN, "987-65-4320", NULL);
    assert_int_equal(transform_generalize(PHI_AGE_90PLUS, span_of("95"), TODAY, small, sizeof small), -1);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(each_action_at_its_place),
        CASE(no_finding_changes_no_byte),
        CASE(nested_json_is_edited_at_its_level),
        CASE(order_of_numbers_is_that_of_the_document),
        CASE(a_block_writes_nothing),
        CASE(keys_and_numbers_cannot_be_edited),
        CASE(sensitive_findings_block_or_count),
        CASE(sensitive_findings_overlap_without_harm),
        CASE(token_shaped_text_is_tokenized),
        CASE(nothing_comes_back_from_sound),
        CASE(numbers_inside_of_strings_become_strings),
        CASE(numbers_in_keys_are_not_given_out),
        CASE(a_finding_never_cuts_token_text),
        CASE(what_is_dropped_forges_no_token),
        CASE(tokenized_bodies_come_back),
        CASE(findings_that_do_not_fit_are_errors),
        CASE(too_little_room_is_an_error),
        CASE(monitor_changes_only_the_floor),
        CASE(plain_text_is_decided_the_same),
        CASE(dates_become_years),
        CASE(zips_become_prefixes),
        CASE(ages_over_89_become_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
