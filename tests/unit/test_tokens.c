/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens: numbering, letters, the same form always the same token, forms that must not be joined, reserved
 * numbers, hostile volume; and the grammar with its borders.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../../proxy/arena.h"
#include "../../proxy/token_date.h"
#include "../../proxy/tokens.h"

static void assert_span(struct span s, const char *expected) {
    assert_int_equal(s.len, strlen(expected));
    assert_memory_equal(s.ptr, expected, s.len);
}

static struct span put(struct tokens *t, enum phi_kind kind, const char *value, unsigned subject) {
    return tokens_put(t, kind, span_of(value), subject);
}

static int setup(void **state) {
    *state = arena_new(256u << 20);
    return *state ? 0 : -1;
}

static int teardown(void **state) {
    arena_free(*state);
    return 0;
}

static void numbers_follow_appearance_per_word(void **state) {
    struct tokens *t = tokens_new(*state);
    assert_span(put(t, PHI_NAME_PATIENT, "Ada Quill", 0), "[NAME_1]");
    assert_span(put(t, PHI_DATE_DOB, "03/04/1951", 0), "[DATE_1]");
    assert_span(put(t, PHI_NAME_PROVIDER, "Dr. Bo Vance", 0), "[NAME_2]");
    assert_span(put(t, PHI_SSN_LAST4, "4320", 0), "[SSN_1]");
    assert_span(put(t, PHI_NAME_PATIENT, "Ada Quill", 0), "[NAME_1]");
    assert_int_equal(tokens_count(t), 4);
}

static void forms_of_a_subject_differ_by_letter(void **state) {
    struct tokens *t = tokens_new(*state);
    assert_span(put(t, PHI_NAME_PATIENT, "Ada Quill", 7), "[NAME_1]");
    assert_span(put(t, PHI_NAME_PROVIDER, "Bo Vance", 8), "[NAME_2]");
    assert_span(put(t, PHI_NAME_PATIENT, "Quill, Ada", 7), "[NAME_1B]");
    assert_span(put(t, PHI_NAME_UNKNOWN, "Quill", 7), "[NAME_1C]");
    assert_span(put(t, PHI_NAME_PATIENT, "VANCE", 8), "[NAME_2B]");
    /* Another word has its own numbers, also for one subject. */
    assert_span(put(t, PHI_EMAIL, "ada@example.com", 7), "[EMAIL_1]");
}

static void letters_run_to_zz_and_then_to_a_new_number(void **state) {
    struct tokens *t = tokens_new(*state);
    char value[32];
    const struct {
        int form;
        const char *token;
    } expected[] = {{0, "[NAME_1]"},    {1, "[NAME_1B]"},   {25, "[NAME_1Z]"}, {26, "[NAME_1BB]"},
                    {27, "[NAME_1BC]"}, {51, "[NAME_1CB]"}, {650, "[NAME_1ZZ]"}, {651, "[NAME_2]"},
                    {652, "[NAME_2B]"}};
    size_t next = 0;

    for (int i = 0; i < 653; i++) {
        snprintf(value, sizeof value, "form %d", i);
        struct span token = put(t, PHI_NAME_PATIENT, value, 3), back;
        assert_true(tokens_find(t, token, &back));
        assert_span(back, value);
        if (i == expected[next].form) assert_span(token, expected[next++].token);
    }
    assert_int_equal(next, sizeof expected / sizeof expected[0]);
}

static void same_form_keeps_its_token_whatever_the_subject(void **state) {
    struct tokens *t = tokens_new(*state);
    assert_span(put(t, PHI_NAME_PATIENT, "Smith", 1), "[NAME_1]");
    assert_span(put(t, PHI_NAME_PATIENT, "Smith", 0), "[NAME_1]");
    assert_span(put(t, PHI_NAME_PATIENT, "Smith", 2), "[NAME_1]");
    /* Two people never share a number: subject 2 does not join that of subject 1. */
    assert_span(put(t, PHI_NAME_PATIENT, "Jo Smith", 2), "[NAME_2]");
    assert_span(put(t, PHI_NAME_PATIENT, "Al Smith", 1), "[NAME_1B]");
    assert_span(put(t, PHI_NAME_PATIENT, "Smyth", 0), "[NAME_3]");
    assert_span(put(t, PHI_NAME_PATIENT, "Smyth", 9), "[NAME_3]");
    assert_span(put(t, PHI_NAME_PATIENT, "Ed Smyth", 9), "[NAME_4]");
    /* Bytes decide, not likeness. */
    assert_span(put(t, PHI_NAME_PATIENT, "smith", 0), "[NAME_5]");
}

static void no_two_subjects_share_a_number(void **state) {
    struct tokens *t = tokens_new(*state);
    static unsigned owner[4096];
    char value[32];

    for (unsigned i = 0; i < 4000; i++) {
        unsigned subject = 1 + (i * 2654435761u >> 7) % 97, number;
        snprintf(value, sizeof value, "v%u", i % 1500);
        size_t before = tokens_count(t);
        struct span token = put(t, PHI_NAME_PATIENT, value, subject);
        assert_true(token.len > 0);
        if (tokens_count(t) == before) continue; /* a form that was there keeps its token */
        number = 0;
        for (const char *p = token.ptr + 6; *p >= '0' && *p <= '9'; p++)
            number = number * 10 + (unsigned)(*p - '0');
        assert_true(number < 4096);
        assert_true(owner[number] == 0 || owner[number] == subject);
        owner[number] = subject;
    }
    memset(owner, 0, sizeof owner);
}

static void values_come_back_exactly_or_not_at_all(void **state) {
    struct tokens *t = tokens_new(*state);
    struct span value;
    put(t, PHI_NAME_PATIENT, "Ada \"Q\"\n\\Quill", 0);
    assert_true(tokens_find(t, span_of("[NAME_1]"), &value));
    assert_span(value, "Ada \"Q\"\n\\Quill");
    const char *foreign[] = {"[NAME_10]", "[NAME_2]", "[name_1]", "NAME_1", "[NAME_1B]", "[NAME_1", "[DATE_1]", " [NAME_1]",
                             "[NAME_01]", ""};
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
        assert_false(tokens_find(t, span_of(foreign[i]), &value));
}

static void values_are_copied(void **state) {
    struct tokens *t = tokens_new(*state);
    char text[] = "Ada Quill";
    struct span value;
    put(t, PHI_NAME_PATIENT, text, 0);
    memset(text, 'x', sizeof text - 1);
    assert_true(tokens_find(t, span_of("[NAME_1]"), &value));
    assert_span(value, "Ada Quill");
}

static void reserved_numbers_are_skipped(void **state) {
    struct tokens *t = tokens_new(*state);
    struct span value;
    assert_int_equal(tokens_reserve(t, span_of("[NAME_1]")), 0);
    assert_int_equal(tokens_reserve(t, span_of("[NAME_1]")), 0);
    assert_int_equal(tokens_reserve(t, span_of("[NAME_3C]")), 0);
    assert_int_equal(tokens_reserve(t, span_of("[WIDGET_4]")), 0);
    assert_int_equal(tokens_reserve(t, span_of("no token")), 0);
    assert_span(put(t, PHI_NAME_PATIENT, "Ada", 0), "[NAME_2]");
    assert_span(put(t, PHI_NAME_PATIENT, "Bo", 0), "[NAME_4]");
    assert_span(put(t, PHI_DATE_DOB, "1951", 0), "[DATE_1]");
    assert_false(tokens_find(t, span_of("[NAME_1]"), &value));
    assert_false(tokens_find(t, span_of("[NAME_3C]"), &value));
    /* Too late: the caller must not go on. */
    assert_int_equal(tokens_reserve(t, span_of("[NAME_2]")), -1);
    assert_int_equal(tokens_reserve(t, span_of("[NAME_2B]")), -1);
}

static void what_has_no_token(void **state) {
    struct tokens *t = tokens_new(*state);
    assert_int_equal(put(t, PHI_NONE, "x", 0).len, 0);
    assert_int_equal(put(t, PHI_KINDS, "x", 0).len, 0);
    assert_int_equal(put(t, PHI_NAME_PATIENT, "", 0).len, 0);
    assert_int_equal(tokens_count(t), 0);
}

static void every_kind_has_a_token_of_the_grammar(void **state) {
    struct tokens *t = tokens_new(*state);
    for (unsigned k = 1; k < PHI_KINDS; k++) {
        char value[16];
        size_t begin, end;
        snprintf(value, sizeof value, "v%u", k);
        struct span token = put(t, (enum phi_kind)k, value, 0);
        assert_true(token.len > 0 && token.len <= TOKEN_MAX);
        assert_true(token_next(token, 0, &begin, &end));
        assert_int_equal(begin, 0);
        assert_int_equal(end, token.len);
    }
}

static void a_full_arena_gives_no_token(void **state) {
    (void)state;
    struct arena *small = arena_new(20000);
    struct tokens *t = tokens_new(small);
    assert_non_null(t);
    char value[16];
    int i;
    for (i = 0; i < 10000; i++) {
        snprintf(value, sizeof value, "v%d", i);
        if (put(t, PHI_NAME_PATIENT, value, (unsigned)i % 3).len == 0) break;
    }
    assert_in_range(i, 10, 9999);
    arena_free(small);
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double time_values(struct arena *a, unsigned n) {
    struct tokens *t = tokens_new(a);
    char value[32];
    double begin = seconds();
    for (unsigned i = 0; i < n; i++) {
        struct span back;
        snprintf(value, sizeof value, "value %u", i);
        struct span token = put(t, PHI_NAME_PATIENT, value, i % 5 ? 0 : i % 60000);
        assert_true(tokens_find(t, token, &back));
        assert_span(back, value);
    }
    assert_int_equal(tokens_count(t), n);
    return seconds() - begin;
}

/* Ten times the values may take about ten times as long; a table that decays takes a hundred times. */
static void hostile_volume_stays_linear(void **state) {
    time_values(*state, 1000);
    double ten = time_values(*state, 10000), hundred = time_values(*state, 100000);
    assert_true(hundred < ten * 40 + 0.05);
}

static void reserving_many_stays_linear(void **state) {
    struct tokens *t = tokens_new(*state);
    char text[32];
    double begin = seconds();
    for (int i = 1; i <= 100000; i++) {
        snprintf(text, sizeof text, "[NAME_%d]", i);
        assert_int_equal(tokens_reserve(t, span_of(text)), 0);
    }
    assert_span(put(t, PHI_NAME_PATIENT, "Ada", 0), "[NAME_100001]");
    assert_span(put(t, PHI_NAME_PATIENT, "Bo", 0), "[NAME_100002]");
    assert_true(seconds() - begin < 5);
}

static void numbers_end_at_a_million(void **state) {
    struct arena *a = arena_new(1u << 30);
    (void)state;
    struct tokens *t = tokens_new(a);
    char text[32];
    for (int i = 1; i < 1000000; i++) {
        snprintf(text, sizeof text, "[SSN_%d]", i);
        assert_int_equal(tokens_reserve(t, span_of(text)), 0);
    }
    assert_span(put(t, PHI_SSN, "987-65-4320", 0), "[SSN_1000000]");
    assert_int_equal(put(t, PHI_SSN, "987-65-4321", 0).len, 0);
    arena_free(a);
}

/* ---- grammar ---- */

static void next_finds_exact_tokens_only(void **state) {
    (void)state;
    const struct {
        const char *text;
        int begin, end; /* -1: none */
    } cases[] = {
        {"[NAME_1]", 0, 8},
        {"Dear [NAME_12B], hi", 5, 15},
        {"[[NAME_1]]", 1, 9},
        {"[NAME_[NAME_1]", 6, 14},
        {"[NAME_1][DATE_2]", 0, 8},
        {"\\[NAME_1]", 1, 9},
        {"[A_1]", 0, 5},
        {"[A_1234567ZZ]", 0, 13},
        {"[A_12345678]", -1, -1},
        {"[A_1BBB]", -1, -1},
        {"[DATE_1+12d]", 0, 12},
        {"[DATE_1B-999999d]", 0, 17},
        {"[DATE_1+0d]", -1, -1},
        {"[DATE_1+012d]", -1, -1},
        {"[DATE_1+1234567d]", -1, -1},
        {"[DATE_1+12]", -1, -1},
        {"[DATE_1+d]", -1, -1},
        {"[DATE_1+12w]", -1, -1},
        {"[DATE_1 +12d]", -1, -1},
        {"[DATE_1+12d+1d]", -1, -1},
        {"[ABCDEFGHIJKLMNOPQRSTUVWXYZAB_1234567ZZ+1d]", -1, -1},
        {"[A_1A]", -1, -1},
        {"[A_0]", -1, -1},
        {"[A_01]", -1, -1},
        {"[A_]", -1, -1},
        {"[_1]", -1, -1},
        {"[A1_1]", -1, -1},
        {"[NAME 1]", -1, -1},
        {"[name_1]", -1, -1},
        {"[FULL_NAME_1]", -1, -1},
        {"[NAME_1", -1, -1},
        {"NAME_1]", -1, -1},
        {"[NAME\\_1\\]", -1, -1},
        {"[ABCDEFGHIJKLMNOPQRSTUVWXYZAB_1234567ZZ]", 0, 40},
        {"[ABCDEFGHIJKLMNOPQRSTUVWXYZABC_1]", -1, -1},
        {"", -1, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t begin = 99, end = 99;
        bool found = token_next(span_of(cases[i].text), 0, &begin, &end);
        assert_int_equal(found, cases[i].begin >= 0);
        if (!found) continue;
        assert_int_equal(begin, cases[i].begin);
        assert_int_equal(end, cases[i].end);
    }
    size_t begin, end;
    assert_true(token_next(span_of("[NAME_1][DATE_2]"), 1, &begin, &end));
    assert_int_equal(begin, 8);
}

static void pending_is_the_longest_open_beginning(void **state) {
    (void)state;
    const struct {
        const char *text;
        size_t pending;
    } cases[] = {
        {"", 0}, {"abc", 0}, {"abc[", 1}, {"a[N", 2}, {"a[NAME_", 6}, {"a[NAME_1", 7}, {"a[NAME_1B", 8}, {"[A_1234567ZZ", 12},
        {"a[NAME_1]", 0}, {"[NAME_1][", 1}, {"[[", 1}, {"[x", 0}, {"[A_0", 0}, {"[A_1BBB", 0}, {"[DATE_1+", 8}, {"[DATE_1+12", 10}, {"[DATE_1B-12d", 12}, {"[DATE_1+0", 0}, {"[DATE_1+12w", 0},
        {"[A_12345678", 0}, {"[A B", 0},
        {"[ABCDEFGHIJKLMNOPQRSTUVWXYZAB_1234567ZZ", 39}, {"[ABCDEFGHIJKLMNOPQRSTUVWXYZAB", 29}, {"[ABCDEFGHIJKLMNOPQRSTUVWXYZABC", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(token_pending(span_of(cases[i].text)), cases[i].pending);
}

static struct span put_date(struct tokens *tokens, const char *value) {
    struct token_date date;
    assert_int_equal(token_date_read(span_of(value), false, 20400, &date), 0);
    return tokens_put_date(tokens, PHI_DATE_SERVICE, span_of(value), &date);
}

static void date_is(const struct tokens *tokens, const char *token, const char *want) {
    char out[TOKEN_DATE_TEXT_MAX];
    struct span value;
    bool found = tokens_find(tokens, span_of(token), &value) || tokens_find_date(tokens, span_of(token), out, &value);
    if (!want) {
        assert_false(found);
        return;
    }
    assert_true(found);
    if (!span_is(value, want)) fail_msg("%s: %.*s, not %s", token, (int)value.len, value.ptr, want);
}

static void dates_keep_their_distance(void **state) {
    struct tokens *tokens = tokens_new(*state);
    assert_true(span_is(put_date(tokens, "03/14/2024"), "[DATE_1]"));
    assert_true(span_is(put_date(tokens, "03/26/2024"), "[DATE_1+12d]"));
    assert_true(span_is(put_date(tokens, "March 1, 2024"), "[DATE_1B-13d]"));
    assert_true(span_is(put_date(tokens, "03/26/2024"), "[DATE_1+12d]"));
    assert_true(span_is(put_date(tokens, "2024-03-14T10:00:00Z"), "[DATE_1C]"));
    date_is(tokens, "[DATE_1+12d]", "03/26/2024");
    date_is(tokens, "[DATE_1C]", "2024-03-14T10:00:00Z");
    /* computed by the model */
    date_is(tokens, "[DATE_1+20d]", "04/03/2024");
    date_is(tokens, "[DATE_1B+20d]", "April 3, 2024");
    date_is(tokens, "[DATE_1B]", "March 14, 2024");
    /* not ours: another number, form, word; a time of day is not invented; beyond the calendar */
    date_is(tokens, "[DATE_2]", NULL);
    date_is(tokens, "[DATE_2+1d]", NULL);
    date_is(tokens, "[DATE_1D+1d]", NULL);
    date_is(tokens, "[MRN_1+1d]", NULL);
    date_is(tokens, "[DATE_1C+1d]", NULL);
    date_is(tokens, "[DATE_1+999999d]", NULL);
    /* Other tokens of the word go on counting. */
    assert_true(span_is(tokens_put(tokens, PHI_DATE_OTHER, span_of("last spring"), 0), "[DATE_2]"));
    date_is(tokens, "[DATE_2+1d]", NULL);
}

/* From the distance of a birth and a visit an age over 89 could be told. */
static void far_dates_have_no_distance(void **state) {
    struct tokens *tokens = tokens_new(*state);
    assert_true(span_is(put_date(tokens, "03/14/2024"), "[DATE_1]"));
    assert_true(span_is(put_date(tokens, "03/14/1930"), "[DATE_2]"));
    assert_true(span_is(put_date(tokens, "03/15/1930"), "[DATE_2+1d]"));
    assert_true(span_is(put_date(tokens, "03/14/1980"), "[DATE_2+18263d]"));
    assert_true(span_is(put_date(tokens, "03/14/2020"), "[DATE_1-1461d]"));
}

/* Settled: all that was found before is found, in an arena of its own, and nothing else. */
static void settled_tokens_restore_as_before(void **state) {
    struct arena *making = arena_new(1u << 24);
    struct tokens *t = tokens_new(making);
    char value[32], token[TOKEN_MAX];
    struct span s;

    assert_true(span_is(put_date(t, "03/14/2024"), "[DATE_1]"));
    assert_true(span_is(put_date(t, "March 1, 2024"), "[DATE_1B-13d]"));
    for (int i = 1; i <= 500; i++) {
        snprintf(value, sizeof value, "value %d", i);
        assert_true(tokens_put(t, PHI_MRN, span_of(value), 0).ptr != NULL);
    }
    struct tokens *settled = tokens_settle(t, *state);
    assert_non_null(settled);
    assert_int_equal(tokens_count(settled), 502);
    arena_free(making);
    for (int i = 1; i <= 500; i++) {
        snprintf(value, sizeof value, "value %d", i);
        snprintf(token, sizeof token, "[MRN_%d]", i);
        assert_true(tokens_find(settled, span_of(token), &s));
        assert_span(s, value);
    }
    assert_false(tokens_find(settled, span_of("[MRN_501]"), &s));
    assert_false(tokens_find(settled, span_of("[MRN_1B]"), &s));
    date_is(settled, "[DATE_1]", "03/14/2024");
    date_is(settled, "[DATE_1B-13d]", "March 1, 2024");
    date_is(settled, "[DATE_1B+20d]", "April 3, 2024");
    date_is(settled, "[DATE_2]", NULL);
    /* Nothing goes in any more, and it does not settle twice. */
    assert_int_equal(put(settled, PHI_MRN, "value 501", 0).len, 0);
    assert_int_equal(put_date(settled, "03/15/2024").len, 0);
    assert_int_equal(tokens_reserve(settled, span_of("[MRN_900]")), -1);
    assert_null(tokens_settle(settled, *state));
}

static void settling_without_room_or_tokens(void **state) {
    struct arena *small = arena_new(200);
    struct tokens *t = tokens_new(*state);
    struct span s;

    struct tokens *none = tokens_settle(t, *state);
    assert_non_null(none);
    assert_int_equal(tokens_count(none), 0);
    assert_false(tokens_find(none, span_of("[NAME_1]"), &s));
    for (int i = 0; i < 20; i++) {
        char value[16];
        snprintf(value, sizeof value, "Ada %d", i);
        put(t, PHI_NAME_PATIENT, value, 0);
    }
    assert_null(tokens_settle(t, small));
    assert_true(tokens_find(t, span_of("[NAME_20]"), &s));
    assert_span(s, "Ada 19");
    arena_free(small);
}

/* What is pending can become a token, and every proper beginning of a token is pending. */
static void every_beginning_of_a_token_is_pending(void **state) {
    (void)state;
    const char *tokens[] = {"[NAME_3]", "[NAME_3B]", "[SSN_1000000]", "[BIOMETRIC_999999ZZ]", "[DATE_1ZZ-123456d]"};
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
        for (size_t n = 1; n < strlen(tokens[i]); n++)
            assert_int_equal(token_pending(span_make(tokens[i], n)), n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(numbers_follow_appearance_per_word, setup, teardown),
        cmocka_unit_test_setup_teardown(forms_of_a_subject_differ_by_letter, setup, teardown),
        cmocka_unit_test_setup_teardown(letters_run_to_zz_and_then_to_a_new_number, setup, teardown),
        cmocka_unit_test_setup_teardown(same_form_keeps_its_token_whatever_the_subject, setup, teardown),
        cmocka_unit_test_setup_teardown(no_two_subjects_share_a_number, setup, teardown),
        cmocka_unit_test_setup_teardown(values_come_back_exactly_or_not_at_all, setup, teardown),
        cmocka_unit_test_setup_teardown(dates_keep_their_distance, setup, teardown),
        cmocka_unit_test_setup_teardown(far_dates_have_no_distance, setup, teardown),
        cmocka_unit_test_setup_teardown(settled_tokens_restore_as_before, setup, teardown),
        cmocka_unit_test_setup_teardown(settling_without_room_or_tokens, setup, teardown),
        cmocka_unit_test_setup_teardown(values_are_copied, setup, teardown),
        cmocka_unit_test_setup_teardown(reserved_numbers_are_skipped, setup, teardown),
        cmocka_unit_test_setup_teardown(what_has_no_token, setup, teardown),
        cmocka_unit_test_setup_teardown(every_kind_has_a_token_of_the_grammar, setup, teardown),
        cmocka_unit_test(a_full_arena_gives_no_token),
        cmocka_unit_test_setup_teardown(hostile_volume_stays_linear, setup, teardown),
        cmocka_unit_test_setup_teardown(reserving_many_stays_linear, setup, teardown),
        cmocka_unit_test(numbers_end_at_a_million),
        cmocka_unit_test(next_finds_exact_tokens_only),
        cmocka_unit_test(pending_is_the_longest_open_beginning),
        cmocka_unit_test(every_beginning_of_a_token_is_pending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
