/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine as its callers see it: rules, thresholds, context, failures, and above all that the fast scan
 * finds what the slow one finds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../starter_engine.h"

static struct phi_engine *engine_of(const struct phi_rule *rules, size_t n)
{
    struct phi_engine *e = phi_engine_new();
    char err[200];
    int offset;
    assert_non_null(e);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(phi_engine_add(e, &rules[i], err, sizeof err, &offset), 0);
    return e;
}

static void seal(struct phi_engine *e)
{
    char err[200];
    assert_int_equal(phi_engine_seal(e, err, sizeof err), 0);
}

static struct phi_leaf leaf_of(const char *text)
{
    return (struct phi_leaf){.text = text, .len = (uint32_t)strlen(text)};
}

static struct phi_engine *starter(void)
{
    struct phi_engine *e = phi_engine_new();
    assert_non_null(e);
    assert_int_equal(starter_add(e), 0);
    seal(e);
    return e;
}

/* Is exactly `value` a finding of that kind? */
static bool found(const struct phi_result *r, const struct phi_leaf *leaves, enum phi_kind kind, const char *value)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct phi_finding *f = &r->v[i];
        if (f->kind == kind && f->end - f->begin == strlen(value) &&
            memcmp(leaves[f->leaf].text + f->begin, value, strlen(value)) == 0)
            return true;
    }
    return false;
}

static void same(const struct phi_result *a, const struct phi_result *b, const struct phi_finding *copy)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        assert_int_equal(copy[i].leaf, b->v[i].leaf);
        assert_int_equal(copy[i].begin, b->v[i].begin);
        assert_int_equal(copy[i].end, b->v[i].end);
        assert_int_equal(copy[i].kind, b->v[i].kind);
        assert_int_equal(copy[i].rule, b->v[i].rule);
        assert_int_equal(copy[i].score, b->v[i].score);
        assert_int_equal(copy[i].via, b->v[i].via);
        assert_int_equal(copy[i].subject, b->v[i].subject);
    }
}

static size_t scan_both(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaves, size_t n)
{
    struct phi_result fast, slow;
    int rc = phi_scan(e, s, leaves, n, &fast);
    struct phi_finding *copy = calloc(fast.n + 1, sizeof *copy);
    assert_non_null(copy);
    if (fast.n)
        memcpy(copy, fast.v, fast.n * sizeof *copy);
    assert_int_equal(phi_scan_slow(e, s, leaves, n, &slow), rc);
    same(&fast, &slow, copy);
    free(copy);
    return slow.n;
}

/* ---- building ---- */

static void test_zeroed(void **state)
{
    (void)state;
    struct phi_rule rule = {0};
    struct phi_engine *e = phi_engine_new();
    char err[200] = "";
    int offset = 7;
    assert_int_equal(phi_engine_add(e, &rule, err, sizeof err, &offset), -1);
    assert_true(err[0]);
    assert_int_equal(offset, -1);
    struct phi_scratch *s = phi_scratch_new();
    struct phi_leaf leaf = {0};
    struct phi_result r;
    assert_int_equal(phi_scan(e, s, &leaf, 1, &r), -1); /* not sealed */
    seal(e);
    assert_int_equal(phi_scan(e, s, &leaf, 1, &r), 0);
    assert_int_equal(r.n, 0);
    assert_int_equal(phi_scan(e, s, NULL, 0, &r), 0);
    assert_int_equal(phi_engine_add(e, &rule, err, sizeof err, &offset), -1); /* sealed */
    phi_scratch_free(s);
    phi_scratch_free(NULL);
    phi_engine_unref(e);
    phi_engine_unref(NULL);
    assert_string_equal(phi_kind_name(PHI_NONE), "NONE");
    assert_int_equal(phi_kind_find("SSN", 3), PHI_SSN);
    assert_int_equal(phi_kind_find("SSNX", 4), PHI_NONE);
    assert_int_equal(phi_kind_letter(PHI_SSN), 'G');
}

static void test_rule_mistakes(void **state)
{
    (void)state;
    static const char *const words[] = {"x", NULL};
    const struct phi_rule bad[] = {
        {.id = "Upper", .kind = PHI_SSN, .pattern = "x"},
        {.id = "a", .kind = PHI_NONE, .pattern = "x"},
        {.id = "a", .kind = PHI_KINDS, .pattern = "x"},
        {.id = "a", .kind = PHI_SSN, .pattern = ""},
        {.id = "a", .kind = PHI_SSN, .pattern = "("},
        {.id = "a", .kind = PHI_SSN, .pattern = "x", .score = 101},
        {.id = "a", .kind = PHI_SSN, .pattern = "x", .validate = "nosuch"},
        {.id = "a", .kind = PHI_SSN, .pattern = "x", .required = true},
        {.id = "a", .kind = PHI_SSN, .pattern = "x", .words = words, .within = -1},
        {.id = "a", .kind = PHI_SSN, .pattern = "a\\Kb"},
        {.id = "a", .kind = PHI_SSN, .pattern = "\\Gb"},
        {.id = "a", .kind = PHI_SSN, .pattern = "a\\Cb"},
        {.id = "a", .kind = PHI_SSN, .pattern = "(*LIMIT_MATCH=9)a"},
        {.id = "a", .kind = PHI_SSN, .pattern = "a(*SKIP)b"},
        {.id = "a", .kind = PHI_SSN, .pattern = "a(?C1)b"},
        {.id = "field-key", .kind = PHI_SSN, .pattern = "x"},
    };
    struct phi_engine *e = phi_engine_new();
    char err[200], *longer = calloc(1, 5000);
    int offset;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(phi_engine_add(e, &bad[i], err, sizeof err, &offset), -1);
    memset(longer, 'a', 4100);
    struct phi_rule rule = {.id = "long", .kind = PHI_SSN, .pattern = longer};
    assert_int_equal(phi_engine_add(e, &rule, err, sizeof err, &offset), -1);
    rule = (struct phi_rule){.id = "paren", .kind = PHI_SSN, .pattern = "ab(c"};
    assert_int_equal(phi_engine_add(e, &rule, err, sizeof err, &offset), -1);
    assert_int_equal(offset, 4);
    rule = (struct phi_rule){.id = "class", .kind = PHI_SSN, .pattern = "[(*]a"};
    assert_int_equal(phi_engine_add(e, &rule, err, sizeof err, &offset), 0);
    assert_int_equal(phi_engine_add(e, &rule, err, sizeof err, &offset), -1); /* the id is taken */
    free(longer);
    phi_engine_unref(e);
}

static void test_references(void **state)
{
    (void)state;
    struct phi_engine *e = starter();
    assert_ptr_equal(phi_engine_ref(e), e);
    phi_engine_unref(e);
    assert_string_equal(phi_rule_id(e, 0), "ssn");
    phi_engine_unref(e);
}

/* ---- findings ---- */

static void test_value_group(void **state)
{
    (void)state;
    const struct phi_rule rules[] = {{.id = "r", .kind = PHI_MRN, .pattern = "box (?<value>\\d+)", .score = 60}};
    struct phi_engine *e = engine_of(rules, 1);
    struct phi_scratch *s = phi_scratch_new();
    struct phi_leaf leaf = leaf_of("the box 4711 is");
    struct phi_result r;
    char text[80];
    seal(e);
    assert_int_equal(phi_scan(e, s, &leaf, 1, &r), 0);
    assert_int_equal(r.n, 1);
    assert_int_equal(r.v[0].begin, 8);
    assert_int_equal(r.v[0].end, 12);
    assert_int_equal(phi_explain(e, s, &r.v[0], text, sizeof text), 0);
    assert_string_equal(text, "base 60");
    assert_int_equal(phi_explain(e, s, &r.v[0], text, 3), -1);
    phi_scratch_free(s);
    phi_engine_unref(e);
}

static void test_context(void **state)
{
    (void)state;
    static const char *const words[] = {"shelf", "row number", NULL};
    struct phi_rule rule = {.id = "r", .kind = PHI_MRN, .pattern = "\\b\\d{6}\\b", .score = 30, .words = words,
                            .within = 20, .raise = 40};
    struct phi_engine *e = engine_of(&rule, 1);
    struct phi_scratch *s = phi_scratch_new();
    struct phi_result r;
    char text[80];
    seal(e);
    static const struct {
        const char *text;
        size_t n;
    } cases[] = {{"shelf 123456", 1},   {"SHELF 123456", 1}, {"shelfs 123456", 0}, {"unshelfed 123456", 0},
                 {"123456 row number", 1}, {"123456", 0}, {"shelf                          123456", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct phi_leaf leaf = leaf_of(cases[i].text);
        assert_int_equal(phi_scan(e, s, &leaf, 1, &r), 0);
        assert_int_equal(r.n, cases[i].n);
        if (r.n) {
            assert_int_equal(r.v[0].score, 70);
            assert_int_equal(phi_explain(e, s, &r.v[0], text, sizeof text), 0);
            assert_string_equal(text, "base 30, context +40");
        }
    }
    phi_engine_unref(e);
    rule.required = true;
    rule.score = 90;
    e = engine_of(&rule, 1);
    seal(e);
    struct phi_leaf leaf = leaf_of("123456");
    assert_int_equal(phi_scan(e, s, &leaf, 1, &r), 0);
    assert_int_equal(r.n, 0);
    phi_scratch_free(s);
    phi_engine_unref(e);
}

static void test_threshold(void **state)
{
    (void)state;
    struct phi_rule rule = {.id = "r", .kind = PHI_MRN, .pattern = "\\bm\\d{6}\\b", .score = 40};
    struct phi_scratch *s = phi_scratch_new();
    struct phi_leaf leaf = leaf_of("m123456");
    struct phi_result r;
    for (int i = 0; i < 4; i++) {
        struct phi_engine *e = engine_of(&rule, 1);
        if (i == 1)
            phi_engine_set_threshold(e, PHI_MRN, 40);
        if (i == 2)
            phi_engine_set_mode(e, PHI_STRICT);
        if (i == 3)
            phi_engine_set_threshold(e, PHI_SSN, 10);
        seal(e);
        assert_int_equal(phi_scan(e, s, &leaf, 1, &r), 0);
        assert_int_equal(r.n, i == 1 || i == 2);
        phi_engine_unref(e);
    }
    phi_scratch_free(s);
}

static void test_allow(void **state)
{
    (void)state;
    struct phi_engine *e = phi_engine_new();
    struct phi_scratch *s = phi_scratch_new();
    struct phi_leaf leaf = leaf_of("call (617) 555-0100 or 617-555-0142");
    struct phi_result r;
    assert_int_equal(starter_add(e), 0);
    assert_int_equal(phi_engine_allow(e, "617 555 0100", 12), 0);
    assert_int_equal(phi_engine_allow(e, "", 0), -1);
    assert_int_equal(phi_engine_allow(e, "...", 3), -1);
    for (int i = 0; i < 300; i++) {
        char other[32];
        int n = snprintf(other, sizeof other, "other %d", i);
        assert_int_equal(phi_engine_allow(e, other, (size_t)n), 0);
    }
    seal(e);
    assert_int_equal(phi_engine_allow(e, "late", 4), -1);
    assert_int_equal(phi_scan(e, s, &leaf, 1, &r), 0);
    assert_int_equal(r.n, 1);
    assert_true(found(&r, &leaf, PHI_PHONE, "617-555-0142"));
    phi_scratch_free(s);
    phi_engine_unref(e);
}

static void test_overlap(void **state)
{
    (void)state;
    const struct phi_rule rules[] = {
        {.id = "wide", .kind = PHI_GEO_STREET, .pattern = "aaa bbb ccc", .score = 60},
        {.id = "strong", .kind = PHI_DATE_OTHER, .pattern = "bbb", .score = 80},
        {.id = "more", .kind = PHI_DATE_DOB, .pattern = "bbb cc", .score = 90},
        {.id = "sense", .kind = PHI_SENS_HIV, .pattern = "aaa bbb", .score = 60},
    };
    struct phi_engine *e = engine_of(rules, 4);
    struct phi_scratch *s = phi_scratch_new();
    struct phi_leaf leaf = leaf_of("x aaa bbb ccc x");
    struct phi_result r;
    seal(e);
    assert_int_equal(phi_scan(e, s, &leaf, 1, &r), 0);
    assert_int_equal(r.n, 4);
    assert_true(found(&r, &leaf, PHI_GEO_STREET, "aaa"));
    assert_true(found(&r, &leaf, PHI_DATE_DOB, "bbb cc"));
    assert_true(found(&r, &leaf, PHI_GEO_STREET, "c"));
    assert_true(found(&r, &leaf, PHI_SENS_HIV, "aaa bbb"));
    phi_scratch_free(s);
    phi_engine_unref(e);
}

/* A name inside an e-mail address is part of it, however sure: one token stands for the address. */
static void test_name_in_address(void **state)
{
    (void)state;
    const struct phi_rule rules[] = {
        {.id = "address", .kind = PHI_EMAIL, .pattern = "aaa@bbb", .score = 60},
        {.id = "name", .kind = PHI_NAME_UNKNOWN, .pattern = "aa", .score = 90},
        {.id = "number", .kind = PHI_MRN, .pattern = "bbb", .score = 90},
    };
    struct phi_engine *e = engine_of(rules, 3);
    struct phi_scratch *s = phi_scratch_new();
    struct phi_leaf leaf = leaf_of("aa aaa@bbb aa");
    struct phi_result r;
    seal(e);
    assert_int_equal(phi_scan(e, s, &leaf, 1, &r), 0);
    assert_int_equal(r.n, 4);
    assert_true(found(&r, &leaf, PHI_NAME_UNKNOWN, "aa"));
    assert_true(found(&r, &leaf, PHI_EMAIL, "aaa"));
    assert_true(found(&r, &leaf, PHI_MRN, "bbb"));
    phi_scratch_free(s);
    phi_engine_unref(e);
}

/* ---- failures ---- */

static void test_limit(void **state)
{
    (void)state;
    struct phi_rule rule = {.id = "r", .kind = PHI_MRN, .pattern = "(a+)+$", .score = 60};
    struct phi_engine *e = engine_of(&rule, 1);
    struct phi_scratch *s = phi_scratch_new();
    struct phi_leaf leaf = leaf_of("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");
    struct phi_result r = {.n = 9};
    seal(e);
    assert_int_equal(phi_scan(e, s, &leaf, 1, &r), -1);
    assert_int_equal(r.n, 0);
    assert_int_equal(phi_scan_slow(e, s, &leaf, 1, &r), -1);
    leaf = leaf_of("aaa");
    assert_int_equal(phi_scan(e, s, &leaf, 1, &r), 0); /* the scratch still works */
    assert_int_equal(r.n, 1);
    phi_scratch_free(s);
    phi_engine_unref(e);
}

static void test_invalid_text(void **state)
{
    (void)state;
    static const char *const bad[] = {"\x80", "abc\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\xFF",
                                      "abcdefgh\xC3", "\xF0\x80\x80\x80"};
    struct phi_engine *e = starter();
    struct phi_scratch *s = phi_scratch_new();
    struct phi_result r;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct phi_leaf leaf = leaf_of(bad[i]);
        assert_int_equal(phi_scan(e, s, &leaf, 1, &r), -1);
    }
    struct phi_leaf nul = {.text = "abcdefghij\0b", .len = 12};
    assert_int_equal(phi_scan(e, s, &nul, 1, &r), -1);
    struct phi_leaf fine = leaf_of("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80");
    assert_int_equal(phi_scan(e, s, &fine, 1, &r), 0);
    phi_scratch_free(s);
    phi_engine_unref(e);
}

/* ---- fast and slow ---- */

static void test_odd_patterns(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "abc", "(?i)abc", "a|b", "\\bfoo|bar\\b", "(?<=x)a", "(?<!x)a", "(?<![a-z])\\d+", "\\Bx", "\\d{2,4}-?\\d", "[^a]b",
        "(?i)k+s", ".b", "\\Wa", "\\x{e9}t", "(?i)\\x{e9}t", "[\\x{2010}-\\x{2015}-]1", "(a)\\1", "(?:a|b|)c", "(?:ab?)*c",
        "a?b?c?", "(?=ab)a", "(?!ab)a.", "(?i:m)r", "a(?i)b|c", "[[:alpha:]]1", "\\p{Lu}x", "\\Qa.b\\E", "(?x) a b", "^ab",
        "ab$", "\\Aab", "(?m)^ab", "x\\R", "\\h1", "\\S+@\\S+", "[a-z]{0,3}@", "[a-z.]{1,6}:", "(?|a(b)|c(d))", "(?<n>a)b",
        "(?>a+)b", "a{3}", "a{2,}b", "\\N1", "\\V1", "[\\d-]+1", "[]a]1", "[^]a]1", "[a\\]b]1", "(?#note)ab", "(a|ab)(c|bcd)",
        "((?:a|b){2,3})c", "(?i)stra\\x{df}e", "\\ba", "\\b-", "\\b[a-]", "(?<=\\d)\\.", "(?<!a|b)c", "(?<!ab)c", "(?s).x",
        "(?(?=a)ab|cd)", "a(?R)?b", "\\d*x", "()a", "(?:)a", "(?i)\\bsk", "(?:a{0}b)", "\\x41", "\\101", "\\t1", "[\\b]",
        "(?:x|y(?:z|w))1", "\\d\\d/\\d\\d", "a\\/b", "(?-i)a", "(?U)a+b", "\\e|a", "[\\w.]+=", "\\/\\/[a-z]+", "[a-z][a-z.]{1,4}\\s?[(1]", "[a-z]{1,3}1", "[a-z]{0,3}1", "(?<![a-z])[a-z]{2,3}(?:-|1|@)x?",
        "a[b-d]*1", "[ab][a-c]{2}(?:1|)", "\\b[a-z]{1,3}\\b1?", "[a-c]+?\\b.", "(?i)[a-z]{2,4}[.:]", "[a-z]{1,2}(?=1)", "[a-z]+(?!1)-",
        "[a-z]{1,4}+[-1]", "(?:[a-z]{1,3}-)", "[a-z]{1,3}(?<=b)1",
    };
    static const char alphabet[][5] = {"a", "b", "c", "d", "x", "y", "z", "w", "f", "o", "r", "A", "B", "K", "S", "k", "s",
                                       "m", "1", "2", "0", "-", "@", ".", ":", " ", "\n", "\r", "\t", "/", "=", "_", "ab", "\xC5\xBF",
                                       "\xE2\x84\xAA", "\xC3\xA9", "\xC3\x89", "\xE2\x80\x90", "\xC2\xA0", "\xF0\x9F\x98\x80", "\b", "t", "n", "i"};
    struct phi_scratch *s = phi_scratch_new();
    uint32_t seed = 12345;
    size_t findings = 0;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        struct phi_rule rule = {.id = "r", .kind = PHI_MRN, .pattern = patterns[i], .score = 70};
        struct phi_engine *e = engine_of(&rule, 1);
        seal(e);
        for (int round = 0; round < 300; round++) {
            char text[256] = "";
            size_t n = 0;
            for (int k = 0; k < round % 40; k++) {
                seed = seed * 1664525u + 1013904223u;
                const char *add = alphabet[(seed >> 16) % (sizeof alphabet / sizeof *alphabet)];
                memcpy(text + n, add, strlen(add));
                n += strlen(add);
            }
            struct phi_leaf leaf = leaf_of(text);
            findings += scan_both(e, s, &leaf, 1);
        }
        phi_engine_unref(e);
    }
    assert_true(findings > 1000);
    phi_scratch_free(s);
}

static const char *const pieces[] = {
    "Patient: John Q. Smith", "SSN 536-22-8741", "536 22 8741", "MRN: 00123456", "phone (617) 555-0142 x12", "fax 617.555.0177",
    "on 3/4/2021", "2021-03-04T10:20:30Z", "March 4th, 2021", "the 4th of March", "DOB 03/04/1931", "92 y/o", "aged 101", "94yo",
    "123 Main St Apt 4B", "PO Box 12", "Boston, MA 02118-1234", "jdoe@example.com", "jdoe at example dot com", "192.0.2.17",
    "00:1B:44:11:3A:B7", "1HGCM82633A004352", "1EG4-TE5-MK73", "NPI 1234567893", "AB1234563", "Rx# 1234567", "POD#3",
    "auth # A12345", "member id XYZ123456789", "pain 3/10", "L4/5", "BP 120/80", "hemoglobin A1c 7.2", "\n", "\n\n", "  ",
    "(01)00844588003288(17)141120(10)7654321D", "+A99912345/$$52001510X3", "Dr. Jane Roe", "his wife Mary", "caf\xC3\xA9",
    "\xE2\x80\x9Cquoted\xE2\x80\x9D", "na\xC3\xAFve", "the patient was seen and examined", "lisinopril 10 mg daily", "123 Aa Bb",
    "1-1-1-1", "a@a.a@a", "0000000000", "987-65-4321", "RR 2 Box 152", "PSC 1234 Box 5, APO AE 09123", "unit 5", ",", ".", "-",
};

static size_t compose(char *out, size_t size, uint32_t *seed)
{
    size_t n = 0;
    for (;;) {
        *seed = *seed * 1664525u + 1013904223u;
        const char *piece = pieces[(*seed >> 16) % (sizeof pieces / sizeof *pieces)];
        if (n + strlen(piece) + 2 > size)
            break;
        memcpy(out + n, piece, strlen(piece));
        n += strlen(piece);
        if (*seed & 0x100)
            out[n++] = ' ';
    }
    out[n] = 0;
    return n;
}

static void test_equal(void **state)
{
    (void)state;
    struct phi_engine *e = starter();
    struct phi_scratch *s = phi_scratch_new();
    char text[4][1024];
    uint32_t seed = 42;
    size_t findings = 0;
    for (int round = 0; round < 400; round++) {
        struct phi_leaf leaves[4];
        for (int i = 0; i < 4; i++) {
            compose(text[i], 16u << (seed >> 20) % 7, &seed);
            leaves[i] = leaf_of(text[i]);
        }
        findings += scan_both(e, s, leaves, 4);
    }
    assert_true(findings > 5000);
    phi_scratch_free(s);
    phi_engine_unref(e);
}

/* A number cut into two parts of one message is found in both; not across messages or fields. */
static void test_seam(void **state)
{
    (void)state;
    struct phi_engine *e = starter();
    struct phi_scratch *s = phi_scratch_new();
    struct phi_result r;
    struct phi_leaf leaves[2] = {leaf_of("caf\u00E9 my SSN is 536-22-"), leaf_of("8741 thanks")};
    leaves[0].group = leaves[1].group = 7;
    assert_int_equal(scan_both(e, s, leaves, 2), 2);
    assert_int_equal(phi_scan(e, s, leaves, 2, &r), 0);
    assert_true(found(&r, leaves, PHI_SSN, "536-22-"));
    assert_true(found(&r, leaves, PHI_SSN, "8741"));
    assert_int_equal(r.v[0].via, PHI_VIA_JOIN);
    struct phi_leaf marked[2] = {leaf_of("my SSN is 536-22"), leaf_of("-8741 thanks")};
    marked[0].group = marked[1].group = 7;
    assert_int_equal(scan_both(e, s, marked, 2), 2);
    assert_int_equal(phi_scan(e, s, marked, 2, &r), 0);
    assert_true(found(&r, marked, PHI_SSN, "536-22"));
    marked[1] = leaf_of("- thanks 8741");
    marked[1].group = 7;
    assert_int_equal(scan_both(e, s, marked, 2), 0);
    leaves[1].group = 8;
    assert_int_equal(scan_both(e, s, leaves, 2), 0);
    leaves[0].group = leaves[1].group = 0;
    assert_int_equal(scan_both(e, s, leaves, 2), 0);
    leaves[0].group = leaves[1].group = 7;
    leaves[0].label = "id";
    leaves[0].label_len = 2;
    assert_int_equal(scan_both(e, s, leaves, 2), 0);
    phi_scratch_free(s);
    phi_engine_unref(e);
}

static double scan_seconds(struct phi_engine *e, const char *piece, size_t bytes, uint32_t *findings)
{
    struct phi_scratch *s = phi_scratch_new();
    char *text = malloc(bytes + 1);
    struct timespec now, then;
    struct phi_result r;
    assert_non_null(text);
    for (size_t i = 0; i < bytes; i++)
        text[i] = piece[i % strlen(piece)];
    text[bytes] = 0;
    struct phi_leaf leaf = leaf_of(text);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &then);
    assert_int_equal(phi_scan(e, s, &leaf, 1, &r), 0);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    *findings = (uint32_t)r.n;
    phi_scratch_free(s);
    free(text);
    return (double)(now.tv_sec - then.tv_sec) + (double)(now.tv_nsec - then.tv_nsec) / 1e9;
}

/* Eight times the text may take about eight times as long; what looks at all of it from each place takes sixty-four times. */
static void test_hostile_text_stays_linear(void **state)
{
    static const struct phi_rule rule = {.id = "radiology", .kind = PHI_GEO_FACILITY, .pattern = "[A-Z][a-z]+ Radiology", .score = 70};
    static const char *const hostile[] = {"Patient: Roe\tAttending: Poe. ", "to Interventional Radiology, ", "to Quill Radiology. Interventional Radiology, "};
    struct phi_engine *e = engine_of(&rule, 1);
    (void)state;
    seal(e);
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        uint32_t few, many;
        double one = scan_seconds(e, hostile[i], 1u << 17, &few), eight = scan_seconds(e, hostile[i], 1u << 20, &many);
        assert_true(many >= few && (i == 1 ? many == 0 : few > 0));
        assert_true(eight < one * 24 + 0.1);
    }
    phi_engine_unref(e);
}

/* Chains of words that may be a name, a number, a disease: none costs more than some fifty times what plain words cost. What reads from each
 * word to the end of its chain costs thousands of times as much. */
static void test_hostile_words_cost_little(void **state)
{
    static const char *const hostile[] = {"Aaa-", "alpha 12 ", "9K - ", "b as in cc ", "Texas, Ohio, ", "Aa vs ", "Aaaa muscular ", "Third Degree of ", "Unit Desk ", "Dr-", "Mr'a-", "Q. When?\n"};
    struct phi_engine *e = phi_engine_new();
    char err[200];
    uint32_t found;
    (void)state;
    assert_non_null(e);
    assert_int_equal(phi_engine_dictionary(e, "detectors/dictionaries/words.bin", err, sizeof err), 0);
    seal(e);
    double plain = scan_seconds(e, "the cat sat on a mat ", 1u << 17, &found);
    assert_int_equal(found, 0);
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
        assert_true(scan_seconds(e, hostile[i], 1u << 17, &found) < plain * 60 + 0.1);
    phi_engine_unref(e);
}

static void test_triggers(void **state)
{
    (void)state;
    struct phi_engine *e = starter();
    for (unsigned i = 0; i < phi_rule_count(e); i++) {
        assert_true(phi_rule_id(e, i)[0]);
        assert_true(phi_rule_trigger(e, i)[0]);
        if (getenv("PHI_TRIGGERS"))
            printf("%-14s %s\n", phi_rule_id(e, i), phi_rule_trigger(e, i));
        if (i < STARTER_RULES)
            assert_null(strstr(phi_rule_trigger(e, i), "full scan"));
    }
    uint32_t line;
    assert_string_equal(phi_rule_file(e, 2, &line), "starter");
    assert_int_equal(line, 3);
    assert_string_equal(phi_rule_id(e, 60000), "");
    phi_engine_unref(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zeroed),       cmocka_unit_test(test_rule_mistakes), cmocka_unit_test(test_references),
        cmocka_unit_test(test_value_group),  cmocka_unit_test(test_context),       cmocka_unit_test(test_threshold),
        cmocka_unit_test(test_allow),        cmocka_unit_test(test_overlap), cmocka_unit_test(test_name_in_address),       cmocka_unit_test(test_limit),
        cmocka_unit_test(test_invalid_text), cmocka_unit_test(test_odd_patterns),  cmocka_unit_test(test_equal),
        cmocka_unit_test(test_triggers),     cmocka_unit_test(test_seam),         cmocka_unit_test(test_hostile_text_stays_linear),
        cmocka_unit_test(test_hostile_words_cost_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
