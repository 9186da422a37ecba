/* SPDX-License-Identifier: Apache-2.0
 *
 * The roster: what is found of it, what is not, and that a file that is no sound roster is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../detectors/phi.h"
#include "../../detectors/roster.h"
#include "../../detectors/roster_build.h"
#include "../../detectors/roster_file.h"
#include "../../detectors/siphash.h"

#define WORDS_FILE "detectors/dictionaries/words.bin"

static const struct roster_keys keys = {{{1, 2}}, {{3, 4}}};
static const uint8_t salt[ROSTER_SALT] = {7}, check[ROSTER_CHECK] = {8};

static struct roster_text text_of(const char *s)
{
    return (struct roster_text){s, (uint32_t)strlen(s)};
}

static void person(struct roster_builder *b, enum roster_type role, const char *given, const char *family, uint32_t birth)
{
    assert_int_equal(roster_add_person(b, role, text_of(given), text_of(family), birth), ROSTER_ADDED);
}

static void value(struct roster_builder *b, enum roster_type type, const char *v)
{
    assert_int_equal(roster_add_value(b, type, text_of(v)), ROSTER_ADDED);
}

static void fill(struct roster_builder *b)
{
    person(b, ROSTER_PATIENT, "Anna Maria", "Hollingsworth", 19610314);
    person(b, ROSTER_PATIENT, "May", "Day", 0);
    person(b, ROSTER_PATIENT, "Robert", "Quillfeather", 20020229);
    person(b, ROSTER_PATIENT, "Zoë", "Núñez-O'Rourke", 0);
    person(b, ROSTER_PATIENT, "Ludwig", "van der Bergen", 0);
    person(b, ROSTER_PATIENT, "Sage", "Thistle", 0);
    person(b, ROSTER_STAFF, "Priya", "Venkatesan", 0);
    person(b, ROSTER_PATIENT, "Tom", "Boston", 0);
    person(b, ROSTER_PATIENT, "Ann", "Parkinson", 0);
    person(b, ROSTER_PATIENT, "Will", "Young", 0);
    assert_int_equal(roster_add_name(b, ROSTER_PATIENT, text_of("Umberland, Eliza J., Jr."), 0), ROSTER_ADDED);
    assert_int_equal(roster_add_name(b, ROSTER_RELATIVE, text_of("Dr. Karl von Ashgrove III"), 0), ROSTER_ADDED);
    value(b, ROSTER_MRN, "00417723");
    value(b, ROSTER_MRN, "OS-004512");
    value(b, ROSTER_PHONE, "+1 (617) 555-0147");
    value(b, ROSTER_EMAIL, "Anna.H@Example.com");
    value(b, ROSTER_STREET, "412 Birchwood Ave., Apt 3");
    for (int i = 0; i < 200; i++) { /* so many that a number of five digits says little */
        char number[8];
        snprintf(number, sizeof number, "%05d", 61000 + i * 7);
        value(b, ROSTER_ACCOUNT, number);
    }
}

static void release(const void *data, size_t size)
{
    (void)size;
    free((void *)(uintptr_t)data);
}

static void *made(size_t *size)
{
    struct roster_builder *b = roster_builder_new(&keys);
    void *data = NULL;
    assert_non_null(b);
    fill(b);
    assert_int_equal(roster_build(b, salt, check, 20000, &data, size), 0);
    roster_builder_free(b);
    return data;
}

struct rig {
    struct phi_engine *e;
    struct phi_scratch *s;
    char out[1024];
};

static struct rig rig;

static int set_up(void **state)
{
    char err[200];
    size_t size;
    void *data = made(&size);
    struct phi_roster *r = roster_new(data, size, &keys, release, err, sizeof err);

    assert_non_null(r);
    rig.e = phi_engine_new();
    rig.s = phi_scratch_new();
    assert_int_equal(phi_engine_dictionary(rig.e, WORDS_FILE, err, sizeof err), 0);
    assert_int_equal(phi_engine_roster(rig.e, r), 0);
    roster_unref(r);
    assert_int_equal(phi_engine_seal(rig.e, err, sizeof err), 0);
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    phi_scratch_free(rig.s);
    phi_engine_unref(rig.e);
    return 0;
}

/* What the roster found, as "rule:text | rule:text"; with kinds as "KIND:text". */
static const char *found(const char *text, bool kinds)
{
    struct phi_leaf leaf = {.text = text, .len = (uint32_t)strlen(text)};
    struct phi_result r;
    size_t n = 0;

    rig.out[0] = 0;
    assert_int_equal(phi_scan(rig.e, rig.s, &leaf, 1, &r), 0);
    for (size_t i = 0; i < r.n; i++) {
        const char *id = phi_rule_id(rig.e, r.v[i].rule);
        if (strncmp(id, "roster-", 7) != 0)
            continue;
        n += (size_t)snprintf(rig.out + n, sizeof rig.out - n, "%s%s:%.*s", n ? " | " : "", kinds ? phi_kind_name(r.v[i].kind) : id + 7,
                              (int)(r.v[i].end - r.v[i].begin), text + r.v[i].begin);
    }
    phi_scratch_clear(rig.s);
    return rig.out;
}

#define FOUND(text, expected) assert_string_equal(found(text, false), expected)

static void test_siphash(void **state)
{
    /* The reference vector of the paper, appendix A. */
    const struct siphash_key key = {{UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)}};
    uint8_t in[15];

    (void)state;
    for (uint8_t i = 0; i < sizeof in; i++)
        in[i] = i;
    assert_true(siphash(&key, 2, 4, in, sizeof in) == UINT64_C(0xa129ca6149be45e5));
}

static void test_spellings(void **state)
{
    (void)state;
    FOUND("seen: Anna Hollingsworth today", "person:Anna Hollingsworth");
    FOUND("seen: anna hollingsworth today", "person:anna hollingsworth");
    FOUND("SEEN ANNA HOLLINGSWORTH TODAY", "person:ANNA HOLLINGSWORTH");
    FOUND("chart of HOLLINGSWORTH, ANNA M today", "person:HOLLINGSWORTH, ANNA M");
    FOUND("chart of Hollingsworth, Anna, reviewed", "person:Hollingsworth, Anna");
    FOUND("seen: Anna M. Hollingsworth today", "person:Anna M. Hollingsworth");
    FOUND("seen: Anna Louise Hollingsworth today", "person:Anna Louise Hollingsworth");
    FOUND("seen: Annamaria Hollingsworth today", "person:Annamaria Hollingsworth");
    FOUND("Bob Quillfeather came", "person:Bob Quillfeather");
    FOUND("saw quillfeather, bobby", "person:quillfeather, bobby");
    FOUND("PID|1||X||Hollingsworth^Anna^M", "person:Hollingsworth^Anna^M"); /* the field of HL7 goes on */
    FOUND("for Eliza Umberland and Karl von Ashgrove", "person:Eliza Umberland | person:Karl von Ashgrove");
}

static void test_folding(void **state)
{
    (void)state;
    FOUND("met Zoe Nunez-ORourke here", "person:Zoe Nunez-ORourke");
    FOUND("met Zo\xC3\xAB N\xC3\xBA\xC3\xB1\x65z O'Rourke here", "person:Zo\xC3\xAB N\xC3\xBA\xC3\xB1\x65z O'Rourke");
    FOUND("met Zoe Nunez here", "person:Zoe Nunez");
    FOUND("met Zoe O\xE2\x80\x99Rourke here", "person:Zoe O\xE2\x80\x99Rourke");
    FOUND("letter to Ludwig van der Bergen", "person:Ludwig van der Bergen");
    FOUND("letter to van der Bergen, Ludwig", "person:van der Bergen, Ludwig");
}

static void test_slips(void **state)
{
    (void)state;
    FOUND("met Anna Hollingswroth today", "near:Anna Hollingswroth");  /* turned */
    FOUND("met Anna Hollngsworth today", "near:Anna Hollngsworth");    /* missing */
    FOUND("met Anna Hollingssworth today", "near:Anna Hollingssworth"); /* added */
    FOUND("met Anna Hollingsvorth today", "near:Anna Hollingsvorth");  /* wrong */
    FOUND("seen: Hollingswroth, Anna today", "near:Hollingswroth, Anna");
    FOUND("seen: Greta Hollingswroth today", "");   /* another person */
    FOUND("met Anna Holingswroth today", "");     /* two slips */
}

static void test_family_alone(void **state)
{
    (void)state;
    FOUND("of the Hollingsworth sort", "family:Hollingsworth");
    FOUND("then Quillfeather's chart", "family:Quillfeather");
    FOUND("then hollingsworth left", "family:hollingsworth");
}

/* Ordinary words, places and eponyms hide nothing by themselves. */
static void test_ordinary_words(void **state)
{
    (void)state;
    FOUND("The patient may return any day, will follow the young.", "");
    FOUND("MAY DAY PATIENT MAY RETURN", "");
    FOUND("Day 3: may eat. Day 4: well.", "");
    FOUND("thistle and sage are herbs", "");
    FOUND("He flew to Boston with Parkinson disease", "");
    FOUND("you will Young people", "");
    FOUND("seen May Day at noon", "person:May Day");
    FOUND("seen: Day, May at noon", "person:Day, May");
    FOUND("Sage Thistle was seen", "person:Sage Thistle");
    FOUND("NOTE OF THISTLE, SAGE IN CAPITALS", "person:THISTLE, SAGE");
    FOUND("seen with J. Day at noon", ""); /* the names detector has it */
}

static void test_values(void **state)
{
    (void)state;
    FOUND("call (617) 555-0147 now", "number:(617) 555-0147");
    FOUND("call 1-617-555-0147 now", "number:1-617-555-0147");
    FOUND("call +1 617.555.0147 now", "number:+1 617.555.0147");
    FOUND("call 6175550147 now", "number:6175550147");
    FOUND("id 00417723 or 417723 or 0041-7723", "number:00417723 | number:417723 | number:0041-7723");
    FOUND("id 004 17723 and 1:417723", "number:004 17723 | number:417723");
    FOUND("id OS004512, os 004512", "number:OS004512 | number:os 004512");
    FOUND("ratio 1.417723 and 417723.5", "");
    FOUND("id 417724", "");
    FOUND("mail anna.h@example.com, please", "email:anna.h@example.com");
    FOUND("mail xanna.h@example.com, please", "");
    FOUND("lives at 412 Birchwood Avenue in town", "street:412 Birchwood Avenue");
    FOUND("lives at 412 birchwood ave", "street:412 birchwood ave");
    FOUND("lives at 413 Birchwood Avenue", "");
}

/* A short number is somebody's too often, and a birthday always. */
static void test_beside_a_person(void **state)
{
    (void)state;
    FOUND("count 61007 and 61014", "");
    FOUND("Anna Hollingsworth, 61007", "person:Anna Hollingsworth | number:61007");
    FOUND("on 03/14/1961 something", "");
    FOUND("Anna Hollingsworth 3/14/1961", "person:Anna Hollingsworth | birth:3/14/1961");
}

static void test_birth(void **state)
{
    char err[200];
    const struct phi_rule rule = {.id = "a-date", .kind = PHI_DATE_OTHER, .pattern = "\\d+[/-]\\d+[/-]\\d+|[A-Z][a-z]+ \\d+, \\d+", .score = 60};
    struct phi_engine *with = phi_engine_new(), *without = rig.e;
    size_t size;
    void *data = made(&size);
    struct phi_roster *r = roster_new(data, size, &keys, release, err, sizeof err);

    (void)state;
    assert_int_equal(phi_engine_add(with, &rule, err, sizeof err, NULL), 0);
    assert_int_equal(phi_engine_dictionary(with, WORDS_FILE, err, sizeof err), 0);
    assert_int_equal(phi_engine_roster(with, r), 0);
    roster_unref(r);
    assert_int_equal(phi_engine_seal(with, err, sizeof err), 0);
    rig.e = with;
    FOUND("Anna Hollingsworth 3/14/1961", "person:Anna Hollingsworth | birth:3/14/1961");
    FOUND("3/14/61 Hollingsworth, Anna", "birth:3/14/61 | person:Hollingsworth, Anna");
    FOUND("Anna Hollingsworth 1961-03-14", "person:Anna Hollingsworth | birth:1961-03-14");
    FOUND("Anna Hollingsworth March 14, 1961", "person:Anna Hollingsworth | birth:March 14, 1961");
    FOUND("Bob Quillfeather 02/29/02", "person:Bob Quillfeather | birth:02/29/02");
    FOUND("Bob Quillfeather 3/14/1961", "person:Bob Quillfeather");
    FOUND("3/14/1961", "");
    rig.e = without;
    phi_engine_unref(with);
}

static bool is_kind(const char *text, enum phi_kind kind)
{
    struct phi_leaf leaf = {.text = text, .len = (uint32_t)strlen(text)};
    struct phi_result r;
    return phi_scan(rig.e, rig.s, &leaf, 1, &r) == 0 && r.n == 1 && r.v[0].kind == kind;
}

/* The practice knows its patients better than the words around a name; a member of its staff may be a patient. */
static void test_kinds(void **state)
{
    (void)state;
    assert_string_equal(found("seen Anna Hollingsworth", true), "NAME.PATIENT:Anna Hollingsworth");
    assert_string_equal(found("Provider: Anna Hollingsworth, MD", true), "NAME.PATIENT:Anna Hollingsworth");
    assert_true(is_kind("asked Priya Venkatesan", PHI_NAME_PROVIDER));
    assert_true(is_kind("Patient name: Priya Venkatesan", PHI_NAME_PATIENT));
    assert_string_equal(found("id 417723, 617-555-0147", true), "MRN:417723 | PHONE:617-555-0147");
}

static void test_found_is_in_the_folded_view(void **state)
{
    (void)state;
    FOUND("seen: An\xE2\x80\x8Bna Holl\xE2\x80\x8Bingsworth", "person:An\xE2\x80\x8Bna Holl\xE2\x80\x8Bingsworth");
}

/* Without the key the entries of a file are noise: another key finds nothing, and gives another file. */
static void test_another_key(void **state)
{
    const struct roster_keys other = {{{1, 3}}, {{3, 5}}};
    char err[200];
    size_t size;
    void *data = made(&size);
    struct phi_roster *r = roster_new(data, size, &other, release, err, sizeof err);
    struct phi_engine *e = phi_engine_new(), *before = rig.e;

    (void)state;
    assert_int_equal(phi_engine_dictionary(e, WORDS_FILE, err, sizeof err), 0);
    assert_int_equal(phi_engine_roster(e, r), 0);
    roster_unref(r);
    assert_int_equal(phi_engine_seal(e, err, sizeof err), 0);
    rig.e = e;
    FOUND("Anna Hollingsworth, 417723, 617-555-0147, anna.h@example.com", "");
    rig.e = before;
    phi_engine_unref(e);
}

static void test_unusable(void **state)
{
    struct roster_builder *b = roster_builder_new(&keys);

    (void)state;
    assert_int_equal(roster_add_value(b, ROSTER_MRN, text_of("1234")), ROSTER_UNUSABLE);
    assert_int_equal(roster_add_value(b, ROSTER_MRN, text_of("abcdefg")), ROSTER_UNUSABLE);
    assert_int_equal(roster_add_value(b, ROSTER_EMAIL, text_of("nobody")), ROSTER_UNUSABLE);
    assert_int_equal(roster_add_value(b, ROSTER_STREET, text_of("unknown")), ROSTER_UNUSABLE);
    assert_int_equal(roster_add_person(b, ROSTER_PATIENT, text_of("Anna"), text_of(""), 0), ROSTER_UNUSABLE);
    assert_int_equal(roster_add_name(b, ROSTER_PATIENT, text_of("--"), 0), ROSTER_UNUSABLE);
    roster_builder_free(b);
}

/* Every cut is refused, and a changed byte of the header is refused or harmless. */
static void test_damage(void **state)
{
    char err[200];
    size_t size;
    uint8_t *data = made(&size);

    (void)state;
    for (size_t n = 0; n < size; n += n < 300 ? 1 : 97)
        assert_null(roster_new(data, n, &keys, NULL, err, sizeof err));
    for (size_t i = 0; i < ROSTER_HEADER * 8; i++) {
        data[i / 8] ^= (uint8_t)(1u << i % 8);
        struct phi_roster *r = roster_new(data, size, &keys, NULL, err, sizeof err);
        for (uint64_t tag = 1; r && tag; tag <<= 1)
            roster_find(r, tag - 1);
        roster_unref(r);
        data[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    free(data);
}

/* Switched off, lowered, and kept for a kind of the floor. */
static void test_adjust(void **state)
{
    char err[200];
    struct phi_engine *e = phi_engine_new(), *before = rig.e;
    size_t size;
    void *data = made(&size);
    struct phi_roster *r = roster_new(data, size, &keys, release, err, sizeof err);

    (void)state;
    assert_int_equal(phi_engine_dictionary(e, WORDS_FILE, err, sizeof err), 0);
    assert_int_equal(phi_engine_roster(e, r), 0);
    roster_unref(r);
    assert_int_equal(phi_engine_adjust(e, "no-such", -5), -1);
    assert_int_equal(phi_engine_adjust(e, "roster-family", PHI_OFF), 0);
    assert_int_equal(phi_engine_adjust(e, "roster-number", PHI_OFF), 0);
    assert_int_equal(phi_engine_adjust(e, "roster-email", -60), 0);
    phi_engine_keep(e, PHI_MRN);
    assert_int_equal(phi_engine_seal(e, err, sizeof err), 0);
    rig.e = e;
    FOUND("then Quillfeatherstone, hollingsworth left", "");
    FOUND("id 417723, 617-555-0147, anna.h@example.com", "number:417723");
    rig.e = before;
    phi_engine_unref(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_siphash), cmocka_unit_test(test_spellings), cmocka_unit_test(test_folding), cmocka_unit_test(test_slips),
        cmocka_unit_test(test_family_alone), cmocka_unit_test(test_ordinary_words), cmocka_unit_test(test_values),
        cmocka_unit_test(test_beside_a_person), cmocka_unit_test(test_birth), cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_found_is_in_the_folded_view), cmocka_unit_test(test_another_key), cmocka_unit_test(test_unusable),
        cmocka_unit_test(test_damage), cmocka_unit_test(test_adjust)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
