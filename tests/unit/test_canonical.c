/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers and names in forms that are read by people and models but not by patterns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../starter_engine.h"

struct fixture {
    struct phi_engine *e;
    struct phi_scratch *s;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    char err[100];
    f->e = phi_engine_new();
    f->s = phi_scratch_new();
    *state = f;
    return starter_add(f->e) < 0 || phi_engine_seal(f->e, err, sizeof err) < 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    phi_scratch_free(f->s);
    phi_engine_unref(f->e);
    free(f);
    return 0;
}

/* Is the form under a finding? Marks in front and combining marks behind may stay. */
static bool covered(const struct phi_result *r, uint32_t begin, uint32_t end, enum phi_kind kind)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->v[i].kind == kind && r->v[i].begin <= begin + 3 && r->v[i].end + 6 >= end)
            return true;
    return false;
}

static const char *const ssn_forms[] = {
    "536-22-8741",
    "536228741",
    "536 22 8741",
    "536.22.8741",
    "5 3 6 2 2 8 7 4 1",
    "536/22/8741",
    "536_22_8741",
    "536\342\200\22322\342\200\2238741",
    "536\342\200\22122\342\200\2218741",
    "536\342\210\22222\342\210\2228741",
    "536\302\24022\302\2408741",
    "53\342\200\2136-2\342\200\2132-87\342\200\21341",
    "53\342\200\2156-2\342\200\2152-87\342\200\21541",
    "53\302\2556-2\302\2552-87\302\25541",
    "53\342\201\2406-2\342\201\2402-87\342\201\24041",
    "\342\200\2561478-22-635\342\200\254",
    "53\342\200\2166-22-8741",
    "53\357\270\2176-22-87\357\270\21741",
    "53\343\205\2446-22-87\343\205\24441",
    "53\315\2176-22-87\315\21741",
    "5\314\2623\314\2626\314\262-\314\2622\314\2622\314\262-\314\2628\314\2627\314\2624\314\2621\314\262",
    "5\357\270\217\342\203\2433\357\270\217\342\203\2436\357\270\217\342\203\243-2\357\270\217\342\203\2432\357\270\217\342\203\243-8\357\270\217\342\203\2437\357\270\217\342\203\2434\357\270\217\342\203\2431\357\270\217\342\203\243",
    "\357\274\225\357\274\223\357\274\226\357\274\215\357\274\222\357\274\222\357\274\215\357\274\230\357\274\227\357\274\224\357\274\221",
    "\360\235\237\223\360\235\237\221\360\235\237\224-\360\235\237\220\360\235\237\220-\360\235\237\226\360\235\237\225\360\235\237\222\360\235\237\217",
    "\331\245\331\243\331\246-\331\242\331\242-\331\250\331\247\331\244\331\241",
    "\340\245\253\340\245\251\340\245\254-\340\245\250\340\245\250-\340\245\256\340\245\255\340\245\252\340\245\247",
    "\342\201\265\302\263\342\201\266-\302\262\302\262-\342\201\270\342\201\267\342\201\264\302\271",
    "\342\221\244\342\221\242\342\221\245-\342\221\241\342\221\241-\342\221\247\342\221\246\342\221\243\342\221\240",
    "\363\240\200\265\363\240\200\263\363\240\200\266\363\240\200\255\363\240\200\262\363\240\200\262\363\240\200\255\363\240\200\270\363\240\200\267\363\240\200\264\363\240\200\261",
    "&#53;&#51;&#54;&#45;&#50;&#50;&#45;&#56;&#55;&#52;&#49;",
    "&#x35;&#x33;&#x36;&#x2d;&#x32;&#x32;&#x2d;&#x38;&#x37;&#x34;&#x31;",
    "%35%33%36%2D%32%32%2D%38%37%34%31",
    "\\u0035\\u0033\\u0036\\u002d\\u0032\\u0032\\u002d\\u0038\\u0037\\u0034\\u0031",
    "\\x35\\x33\\x36\\x2d\\x32\\x32\\x2d\\x38\\x37\\x34\\x31",
    "NTM2LTIyLTg3NDE=",
    "U1NOIGlzIDUzNi0yMi04NzQx",
    "NTM2LTIyLTg3NDE",
    "3533362d32322d38373431",
    "GUZTMLJSGIWTQNZUGE======",
    "=35=33=36=2D=32=32=2D=38=37=34=31",
    "five three six, two two, eight seven four one",
    "five36-22-87fourone",
    "536-22-\0128741",
    "536-22-\015\012    8741",
    "536-**22**-8741",
    "`536`-`22`-`8741`",
    "536-<b>22</b>-8741",
    "{\\\"ssn\\\": \\\"536-22-8741\\\"}",
    "536-22-874l",
    "1478-22-635",
    "ecf-bb-hgda",
    "5\342\203\2433\342\203\2436\342\203\243-2\342\203\2432\342\203\243-8\342\203\2437\342\203\2434\342\203\2431\342\203\243",
    "536 then 22 then 8741",
    "1. 536\0122. 22\0123. 8741",
    "536,22,8741",
    "536\302\26722\302\2678741",             /* middle dots */
    "536\342\200\24222\342\200\2428741",     /* bullets */
    "536\342\206\22222\342\206\2228741",     /* arrows */
    "536->22->8741",
    "536+22+8741",
    "\342\201\265\302\263\342\201\266\342\201\273\302\262\302\262\342\201\273\342\201\270\342\201\267\342\201\264\302\271", /* superscripts */
    "[536][22][8741]",
    "536 - 22 - 8741",
    "SSNis536-22-8741x",
    "ssn_536-22-8741_",};

static bool form_found(struct fixture *f, const char *before, const char *form, const char *behind, enum phi_kind kind)
{
    char text[1024];
    struct phi_result fast, slow;
    int n = snprintf(text, sizeof text, "%s%s%s", before, form, behind);
    struct phi_leaf leaf = {.text = text, .len = (uint32_t)n};
    uint32_t begin = (uint32_t)strlen(before), end = begin + (uint32_t)strlen(form);
    if (form[0] == '{') /* the value inside a JSON text */
        begin += 12, end -= 3;
    if (strncmp(form, "SSNis", 5) == 0 || strncmp(form, "ssn_", 4) == 0)
        begin += form[3] == '_' ? 4 : 5, end -= 1;
    assert_int_equal(phi_scan_slow(f->e, f->s, &leaf, 1, &slow), 0);
    size_t count = slow.n;
    assert_int_equal(phi_scan(f->e, f->s, &leaf, 1, &fast), 0);
    assert_int_equal(fast.n, count);
    return covered(&fast, begin, end, kind);
}

static void test_ssn_forms(void **state)
{
    size_t n = sizeof ssn_forms / sizeof *ssn_forms, hits = 0;
    for (size_t i = 0; i < n; i++) {
        bool hit = form_found(*state, "The patient social security number (SSN) is ", ssn_forms[i], ".", PHI_SSN);
        hits += hit;
        if (!hit)
            print_message("form %zu is not found\n", i + 1);
    }
    print_message("%zu of %zu forms\n", hits, n);
    assert_int_equal(hits, n);
}

static void test_other_kinds(void **state)
{
    static const struct {
        const char *before, *form, *behind;
        enum phi_kind kind;
    } cases[] = {
        {"call me at ", "six one seven five five five oh one four two", " today", PHI_PHONE},
        {"phone ", "6 1 7 5 5 5 0 1 4 2", ".", PHI_PHONE},
        {"phone ", "(617) 555\u2013" "0142", ".", PHI_PHONE},
        {"phone ", "617-555-\n0142", ".", PHI_PHONE},
        {"mail ", "jdoe\uFF20" "example.com", " now", PHI_EMAIL},
        {"mail ", "jdoe&#64;example.com", " now", PHI_EMAIL},
        {"mail ", "jdoe%40example.com", " now", PHI_EMAIL},
        {"mail ", "j\u200B" "doe@exam\u200Bple.com", " now", PHI_EMAIL},
        {"mail ", "amRvZUBleGFtcGxlLmNvbQ==", " now", PHI_EMAIL},
        {"born ", "\uFF10\uFF13/\uFF10\uFF14/\uFF11\uFF19\uFF18\uFF15", " in", PHI_DATE_OTHER},
        {"born ", "03\u200B/04\u200B/1985", " in", PHI_DATE_OTHER},
        {"at ", "192\u3002" "0.2.17", "", PHI_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool hit = cases[i].kind == PHI_NONE || form_found(*state, cases[i].before, cases[i].form, cases[i].behind, cases[i].kind);
        if (!hit)
            print_message("case %zu is not found\n", i);
        assert_true(hit);
    }
}

/* What looks like a trick and is none. */
static void test_false_alarms(void **state)
{
    static const char *const texts[] = {
        "Take one or two tablets, three times, for five to seven days, then four, six, eight.",
        "WBC 9.2, HGB 13.1, PLT 245, NA 138, K 4.1, CL 102, CO2 25, BUN 14, CR 0.9",
        "strength 5/5 in all four extremities, reflexes 2+ 2+ 2+ 1+",
        "git commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "int main(void) { return getElementByIdentifierNameAndValue(0x1234abcd); }",
        "Steps: 1 2 3 4 5 6 7 8 9 10", "50%20 of the 100% done, a=30, b=41", "caf\u00E9 na\u00EFve \u201Cquoted\u201D \u2014 dash",
        "AT&T; R&D; Q&A &copy; 2020", "C:\\users\\x\\u00\\x", "\u041F\u0440\u0438\u0432\u0435\u0442, \u043C\u0438\u0440",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct phi_leaf leaf = {.text = texts[i], .len = (uint32_t)strlen(texts[i])};
        struct phi_result r;
        assert_int_equal(phi_scan(f->e, f->s, &leaf, 1, &r), 0);
        if (r.n)
            print_message("text %zu: %u-%u %s\n", i, r.v[0].begin, r.v[0].end, phi_kind_name((enum phi_kind)r.v[0].kind));
        assert_int_equal(r.n, 0);
    }
}

/* Offsets point into the original, on character borders. */
static void test_offsets(void **state)
{
    static const char text[] = "\u00E9\u00E9 SSN \uFF15\uFF13\uFF16-\u200B22-8741\u00E9";
    struct fixture *f = *state;
    struct phi_leaf leaf = {.text = text, .len = sizeof text - 1};
    struct phi_result r;
    assert_int_equal(phi_scan(f->e, f->s, &leaf, 1, &r), 0);
    assert_int_equal(r.n, 1);
    assert_int_equal(r.v[0].kind, PHI_SSN);
    assert_int_equal(r.v[0].begin, 9);
    assert_int_equal(r.v[0].end, sizeof text - 1 - 2);
    assert_int_equal(r.v[0].via, PHI_VIA_FOLD);
}

/* In a long text only the surroundings of what was folded are read again; wherever it stands it is found. */
static void test_long(void **state)
{
    static const char filler[] = "The patient was seen and examined today and is doing well. ";
    static const char trick[] = "SSN \uFF15\uFF13\uFF16-\u200B22-8741 ok ";
    struct fixture *f = *state;
    for (size_t place = 0; place <= 60; place += 5) {
        char text[6000] = "";
        size_t n = 0, at = 0;
        for (size_t i = 0; i <= 60; i++) {
            const char *add = i == place ? trick : filler;
            at = i == place ? n : at;
            memcpy(text + n, add, strlen(add));
            n += strlen(add);
        }
        struct phi_leaf leaf = {.text = text, .len = (uint32_t)n};
        struct phi_result r;
        assert_int_equal(phi_scan(f->e, f->s, &leaf, 1, &r), 0);
        assert_int_equal(r.n, 1);
        assert_int_equal(r.v[0].begin, at + 4);
        assert_int_equal(r.v[0].end, at + strlen(trick) - 4);
    }
}

static void test_via(void **state)
{
    static const struct {
        const char *text;
        unsigned via;
    } cases[] = {
        {"SSN 536-22-8741", 0},
        {"SSN &#53;36-22-8741", PHI_VIA_ENTITY},
        {"SSN NTM2LTIyLTg3NDE=", PHI_VIA_BASE},
        {"SSN five three six two two eight seven four one", PHI_VIA_WORDS},
        {"SSN 536-**22**-8741", PHI_VIA_MARKUP},
        {"SSN 536-22-\n8741", PHI_VIA_JOIN},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct phi_leaf leaf = {.text = cases[i].text, .len = (uint32_t)strlen(cases[i].text)};
        struct phi_result r;
        assert_int_equal(phi_scan(f->e, f->s, &leaf, 1, &r), 0);
        assert_true(r.n >= 1);
        assert_int_equal(r.v[0].kind, PHI_SSN);
        assert_int_equal(r.v[0].via, cases[i].via);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ssn_forms), cmocka_unit_test(test_other_kinds), cmocka_unit_test(test_false_alarms),
        cmocka_unit_test(test_offsets),   cmocka_unit_test(test_via),       cmocka_unit_test(test_long),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
