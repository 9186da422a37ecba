/* SPDX-License-Identifier: Apache-2.0
 *
 * Invented values: unlike every word of the request, one for each written form, back exactly; and what is not one stays.
 * Every way back is taken whole, cut at every byte and byte by byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../proxy/arena.h"
#include "../../proxy/buf.h"
#include "../../proxy/restore.h"
#include "../../proxy/surrogates.h"
#include "../../proxy/tokens.h"

struct fixture {
    struct arena *arena;
    struct tokens *tokens;
    struct surrogates *s;
};

static struct fixture begin(const char *request) {
    struct fixture f = {.arena = arena_new(16u << 20)};
    f.tokens = tokens_new(f.arena);
    f.s = tokens_surrogates(f.tokens);
    assert_non_null(f.s);
    assert_int_equal(surrogates_avoid(f.s, span_of(request)), 0);
    return f;
}

static void end(struct fixture *f) {
    arena_free(f->arena);
}

/* NUL-terminated, in the arena. */
static const char *put(struct fixture *f, enum phi_kind kind, const char *value) {
    struct span s = surrogates_put(f->s, kind, span_of(value));
    return s.len ? arena_copy(f->arena, s) : "";
}

static void push_all(struct fixture *f, enum restore_mode mode, struct span text, size_t first, size_t step, struct buf *out,
                     struct restore_counts *counts) {
    /* As a request decides it, and as a stream keeps it. */
    struct arena *kept = first % 2 ? arena_new(16u << 20) : NULL;
    struct restore *r = restore_new(kept ? tokens_settle(f->tokens, kept) : f->tokens, mode, counts);

    assert_non_null(r);
    restore_push(r, span_sub(text, 0, first), out);
    for (size_t i = first; i < text.len; i += step)
        restore_push(r, span_sub(text, i, i + step), out);
    restore_flush(r, out);
    assert_false(restore_holds(r));
    restore_free(r);
    arena_free(kept);
}

static void back(struct fixture *f, enum restore_mode mode, const char *says, const char *gives) {
    struct span text = span_of(says);
    struct restore_counts whole = {0};
    struct buf out;

    buf_init(&out, 1u << 20);
    push_all(f, mode, text, text.len, 1, &out, &whole);
    if (!span_is(buf_span(&out), gives)) fprintf(stderr, "%s: %.*s\n", says, (int)out.len, out.ptr);
    assert_true(span_is(buf_span(&out), gives));
    for (size_t cut = 0; cut <= text.len; cut++) {
        struct restore_counts counts = {0};
        buf_clear(&out);
        push_all(f, mode, text, cut, cut ? text.len : 1, &out, &counts);
        assert_true(span_is(buf_span(&out), gives));
        assert_memory_equal(&counts, &whole, sizeof counts);
    }
    buf_free(&out);
}

/* "%1" and so on in a text stand for surrogates. */
static void back_with(struct fixture *f, enum restore_mode mode, const char *says, const char *one, const char *two,
                      const char *gives) {
    char text[512];
    size_t n = 0;

    for (; *says; says++) {
        const char *with = *says == '%' ? (says[1] == '1' ? one : two) : NULL;
        if (!with) {
            text[n++] = *says;
            continue;
        }
        memcpy(text + n, with, strlen(with));
        n += strlen(with);
        says++;
    }
    text[n] = '\0';
    back(f, mode, text, gives);
}

/* Of "Avery Mendes" the second word. */
static const char *last_word(const char *name) {
    return strrchr(name, ' ') + 1;
}

static void test_forms_of_one_person(void **state) {
    (void)state;
    struct fixture f = begin("Jane M. Doe DOE, JANE Doe Ms. jane");
    const char *whole = put(&f, PHI_NAME_PATIENT, "Jane M. Doe"), *header = put(&f, PHI_NAME_UNKNOWN, "DOE, JANE"),
               *surname = put(&f, PHI_NAME_PATIENT, "Doe"), *small = put(&f, PHI_NAME_PATIENT, "jane");
    char expected[128];

    assert_string_equal(surname, last_word(whole));
    snprintf(expected, sizeof expected, "%s, %.*s", surname, (int)strcspn(whole, " "), whole);
    assert_int_equal(strcasecmp(header, expected), 0);
    assert_int_equal(strncasecmp(small, whole, strlen(small)), 0);
    assert_string_equal(put(&f, PHI_NAME_PATIENT, "Doe"), surname);
    assert_string_equal(put(&f, PHI_NAME_RELATIVE, "Doe"), surname);
    back_with(&f, RESTORE_TEXT, "%1 (%2) is well.", whole, header, "Jane M. Doe (DOE, JANE) is well.");
    end(&f);
}

static void test_words_alone(void **state) {
    (void)state;
    struct fixture f = begin("Jane Doe");
    const char *whole = put(&f, PHI_NAME_PATIENT, "Jane Doe"), *surname = last_word(whole);
    char large[64], longer[64];

    back_with(&f, RESTORE_TEXT, "%2's report; Ms. %2, the %2\xE2\x80\x99s.", whole, surname,
              "Doe's report; Ms. Doe, the Doe\xE2\x80\x99s.");
    snprintf(longer, sizeof longer, "%sson x%s %s_1 %s9", surname, surname, surname, surname);
    back(&f, RESTORE_TEXT, longer, longer);
    snprintf(large, sizeof large, "%s", surname);
    for (char *c = large; *c; c++)
        if (*c >= 'a' && *c <= 'z') *c = (char)(*c - 32);
    back_with(&f, RESTORE_TEXT, "RE: %1.", large, "", "RE: DOE.");
    back_with(&f, RESTORE_TEXT, "%1", whole, "", "Jane Doe"); /* at the end of the channel */
    back_with(&f, RESTORE_TEXT, "\xE2\x80\x9C%1\xE2\x80\x9D\xE2\x80\x94%2", whole, surname,
              "\xE2\x80\x9CJane Doe\xE2\x80\x9D\xE2\x80\x94" "Doe");
    end(&f);
}

static void test_two_of_one_surname(void **state) {
    (void)state;
    struct fixture f = begin("Jane Doe John Doe");
    const char *jane = put(&f, PHI_NAME_PATIENT, "Jane Doe"), *john = put(&f, PHI_NAME_RELATIVE, "John Doe");

    assert_string_not_equal(jane, john);
    assert_string_equal(last_word(jane), last_word(john)); /* still a family */
    back_with(&f, RESTORE_TEXT, "%1, %2", jane, john, "Jane Doe, John Doe");
    end(&f);
}

/* Two ways to spell a name would become one text: the second gets another. */
static void test_spellings_stay_apart(void **state) {
    (void)state;
    struct fixture f = begin("Jane McDoe Jane Mcdoe");
    const char *one = put(&f, PHI_NAME_PATIENT, "Jane McDoe"), *two = put(&f, PHI_NAME_PATIENT, "Jane Mcdoe");

    assert_string_not_equal(one, two);
    back_with(&f, RESTORE_TEXT, "%1, %2", one, two, "Jane McDoe, Jane Mcdoe");
    end(&f);
}

static void test_no_word_of_the_request(void **state) {
    (void)state;
    struct fixture f = begin("");
    const char *first = put(&f, PHI_NAME_PATIENT, "Jane Doe"), *place = put(&f, PHI_GEO_CITY, "Springfield, IL");
    char request[256];

    snprintf(request, sizeof request, "About %s of %s, 555-0100, 10:0100", first, place);
    struct fixture g = begin(request);
    const char *other = put(&g, PHI_NAME_PATIENT, "Jane Doe");
    assert_string_not_equal(other, first);
    assert_string_not_equal(last_word(other), last_word(first));
    assert_string_not_equal(put(&g, PHI_GEO_CITY, "Springfield, IL"), place);
    assert_null(strstr(put(&g, PHI_PHONE, "212-555-0147"), "0100"));
    end(&g);
    end(&f);
}

static void test_reserved_ranges(void **state) {
    (void)state;
    struct fixture f = begin("");
    static const struct { enum phi_kind kind; const char *value, *begin, *end; } cases[] = {
        {PHI_PHONE, "(212) 867-5309", "(202) 555-01", ""}, {PHI_FAX, "+1 212.867.5309", "+1 202.555.01", ""},
        {PHI_PHONE, "867-5309", "555-01", ""},            {PHI_SSN, "536-22-8741", "000-10-", ""},
        {PHI_SSN, "536228741", "00010", ""},              {PHI_ITIN, "912-70-1234", "900-10-", ""},
        {PHI_GEO_ZIP, "62704", "000", ""},                {PHI_GEO_ZIP, "62704-1234", "000", "-0001"},
        {PHI_IP, "8.8.8.8", "192.0.2.", ""},              {PHI_IP, "2a00:1450::1", "2001:db8::", ""},
        {PHI_EMAIL, "jane@clinic.test", "", "@example.com"}, {PHI_GEO_STREET, "412 Oak Street", "10 ", " Lane"},
        {PHI_GEO_CITY, "Springfield, IL", "", ", IL"},     {PHI_GEO_COUNTY, "Sangamon County", "", " County"},
        {PHI_GEO_FACILITY, "Oak Hospital", "", " Medical Center"}, {PHI_NAME_EMPLOYER, "Acme", "", " Works"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *made = put(&f, cases[i].kind, cases[i].value);
        if (!span_starts(span_of(made), cases[i].begin)) fprintf(stderr, "%s: %s\n", cases[i].value, made);
        assert_true(*made && span_starts(span_of(made), cases[i].begin) && span_ends(span_of(made), cases[i].end));
        assert_string_not_equal(made, cases[i].value);
        char gives[128];
        snprintf(gives, sizeof gives, "a %s, b", cases[i].value);
        back_with(&f, RESTORE_TEXT, "a %1, b", made, "", gives);
    }
    end(&f);
}

static void test_other_spellings_of_numbers(void **state) {
    (void)state;
    struct fixture f = begin("");
    put(&f, PHI_PHONE, "(212) 867-5309");
    put(&f, PHI_SSN, "536-22-8741");
    back(&f, RESTORE_TEXT, "202-555-0100, +1 202-555-0100, 2025550100 and 2025550101",
         "(212) 867-5309, (212) 867-5309, (212) 867-5309 and 2025550101");
    back(&f, RESTORE_TEXT, "000100001 is 000-10-0001, not 000-10-00012", "536-22-8741 is 536-22-8741, not 000-10-00012");
    end(&f);
}

static void test_what_has_none(void **state) {
    (void)state;
    struct fixture f = begin("");
    static const struct { enum phi_kind kind; const char *value; } cases[] = {
        {PHI_NAME_PATIENT, ""}, {PHI_NAME_PATIENT, "\xD0\x98\xD0\xB2\xD0\xB0\xD0\xBD"}, {PHI_NAME_PATIENT, "Jane \xE6\x9D\x8E"},
        {PHI_NAME_PATIENT, "Jane2"}, {PHI_NAME_PATIENT, "[NAME_1] Doe"}, {PHI_NAME_PATIENT, "J."}, {PHI_NAME_PATIENT, "Mr."},
        {PHI_PHONE, "212-867-5309 x12"}, {PHI_PHONE, "12"}, {PHI_PHONE, "1-800-FLOWERS"}, {PHI_SSN, "8741"}, {PHI_IP, "host"},
        {PHI_MRN, "00417723"}, {PHI_DATE_DOB, "03/14/1961"}, {PHI_TOKEN_TEXT, "[NAME_1]"}, {PHI_NONE, "x"}, {PHI_KINDS, "x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(put(&f, cases[i].kind, cases[i].value), "");
    assert_int_equal(surrogates_count(f.s), 0);
    end(&f);
}

/* All of a list, then none; every one of them comes back. */
static void test_used_up(void **state) {
    (void)state;
    struct fixture f = begin("");
    char name[64];
    size_t made = 0;

    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "N%c%c%c", 'a' + i % 26, 'a' + i / 26 % 26, 'a' + i / 676);
        made += *put(&f, PHI_NAME_PATIENT, name) != 0;
    }
    assert_true(made > 1000 && made < 3000);
    assert_int_equal(surrogates_count(f.s), made);
    struct span text, value;
    for (size_t at = 0, n = 0; surrogates_next(f.s, &at, &text, &value) && n < 20; n++)
        back(&f, RESTORE_TEXT, arena_copy(f.arena, text), arena_copy(f.arena, value));
    end(&f);
}

static void test_in_json_and_in_links(void **state) {
    (void)state;
    struct fixture f = begin("");
    const char *name = put(&f, PHI_NAME_PATIENT, "Jane \"J\" Doe"), *plain = put(&f, PHI_NAME_PATIENT, "Ada Roe");

    back_with(&f, RESTORE_JSON, "{\"to\":\"%2\",\"line\":\"a\\n%2\\u2019s\"}", name, plain,
              "{\"to\":\"Ada Roe\",\"line\":\"a\\nAda Roe\\u2019s\"}");
    back_with(&f, RESTORE_TEXT, "%1", name, plain, "Jane \"J\" Doe");
    end(&f);
}

/* An address that a program would fetch never gets the value. */
static void test_never_in_an_address(void **state) {
    (void)state;
    struct fixture f = begin("");
    const char *surname = last_word(put(&f, PHI_NAME_PATIENT, "Jane Doe"));
    char text[128];

    snprintf(text, sizeof text, "see https://x.example/?q=%s now", surname);
    back(&f, RESTORE_TEXT, text, text);
    end(&f);
}

static void test_beside_tokens(void **state) {
    (void)state;
    struct fixture f = begin("");
    const char *name = put(&f, PHI_NAME_PATIENT, "Jane Doe");

    assert_true(span_is(tokens_put(f.tokens, PHI_MRN, span_of("00417723"), 0), "[MRN_1]"));
    back_with(&f, RESTORE_TEXT, "[%1] [MRN_1]%1 [MRN_[MRN_1] [MRN_2]", name, "",
              "[Jane Doe] 00417723Jane Doe [MRN_00417723 [MRN_2]");
    end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms_of_one_person),
        cmocka_unit_test(test_words_alone),
        cmocka_unit_test(test_two_of_one_surname),
        cmocka_unit_test(test_spellings_stay_apart),
        cmocka_unit_test(test_no_word_of_the_request),
        cmocka_unit_test(test_reserved_ranges),
        cmocka_unit_test(test_other_spellings_of_numbers),
        cmocka_unit_test(test_what_has_none),
        cmocka_unit_test(test_used_up),
        cmocka_unit_test(test_in_json_and_in_links),
        cmocka_unit_test(test_never_in_an_address),
        cmocka_unit_test(test_beside_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
