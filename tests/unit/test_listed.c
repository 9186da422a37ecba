/* SPDX-License-Identifier: Apache-2.0
 *
 * Names that lists have: who runs a place, practices by what they treat, surnames first. And numbers by their build.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../detectors/coded.h"
#include "../../detectors/spoken.h"
#include "prose_found.h"

static void names_of_places(void **state)
{
    static const struct found_case cases[] = {
        {"the CPAP is from Lincare, she says", "Lincare"},
        {"pt goes to walgreens for it", "walgreens"},
        {"gets oxygen from apria, they say", "apria"},
        {"she works at trader joe's downtown", "trader joe's"},
        {"He fell outside Stop & Shop on Friday.", "Stop & Shop"},
        {"took the bus from the Home Depot home", "Home Depot"},
        {"slipped in the Kroger on Quillmar Street", "Kroger | Quillmar Street"},
        {"reports a Target lesion on the left arm", ""},
        {"Wendy's pain is better; the sample is in a Rush", ""},
        {"pain at the CMC joint, MSK exam normal, IHC positive", ""},
        {"Total bilirubin was high, Boost was given", ""},
        {"follow with Quillesdale Neuro in May", "Quillesdale Neuro"},
        {"Rx to Oduyaville Drug, they deliver", "Oduyaville Drug"},
    };
    find_each(*state, cases, sizeof cases / sizeof *cases, places_in);
}

/* The name in one piece, whatever else was found in it. */
static void surnames_first(void **state)
{
    static const struct found_case cases[] = {
        {"Bed 5TW-14B  OYELARANQ, Folasade T.   MR", "OYELARANQ, Folasade T"},
        {"Subject: van Wyquill, Pieter-Jan | Study", "Pieter-Jan"},
        {"Hsiehq, Pei-Shan | rm 120 | onset", "Pei-Shan"},
        {"sign-out. Oyelaranq, Babatunde, 71, ileus", "Oyelaranq, Babatunde"},
        {"CHEST, PORTABLE | ONE VIEW", ""},
        {"Levaquin, Zosyn, 5 days", ""},
        {"raise BlockingIOErrorq, InterruptedErrorq | None", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (!strstr(names_in(*state, cases[i].text), cases[i].found) || (!*cases[i].found && *names_in(*state, cases[i].text)))
            fail_msg("%s: %s", cases[i].text, names_in(*state, cases[i].text));
}

static void no_parts_of_names(void **state)
{
    static const struct found_case cases[] = {
        {"Per Casandra Sherman, the wound is clean.", "Casandra Sherman"},
        {"Witness Rosalind Oduya signed.", "Rosalind Oduya"},
        {"\nAletha Geiger, M.D.\n", "Aletha Geiger"},
    };
    find_each(*state, cases, sizeof cases / sizeof *cases, names_in);
}

static bool is_coded(const char *text)
{
    uint32_t len = (uint32_t)strlen(text), begin = 0, end;
    while (begin < len && text[begin] != '{')
        begin++;
    for (end = ++begin; end < len && text[end] != '}';)
        end++;
    char plain[80];
    snprintf(plain, sizeof plain, "%.*s%.*s%s", (int)(begin - 1), text, (int)(end - begin), text + begin, text + end + 1);
    return coded_number(plain, (uint32_t)strlen(plain), begin - 1, end - 1);
}

static void numbers_by_their_build(void **state)
{
    static const char *const numbers[] = {"Burkhardt ({E1009284})", "SPEC {NF0041772}", "scanner {MAGV-66120}.", "auth {A-7740-19923},", "our # {004417-PL}",
                                          "their no. {8810-F-4471}.", "file {LBX-118-7704}"};
    static const char *const others[] = {"bare {4817220}", "{44-81722}", "trial {NCT01046032}", "drug {BMS-986165}", "{S72001A}", "CPT {20610-RT}", "{G0439}",
                                         "concept {C0004096}", "{COVID-19999}", "{rs1801133}", "{12345678}-x", "/{AB-44812}", "{AB-44812}.jpg", "{SP-1-2}", "SNOMED {CT-4481200}x"};
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!is_coded(numbers[i]))
            fail_msg("%s is one", numbers[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (is_coded(others[i]))
            fail_msg("%s is none", others[i]);
}

/* What bills have stays a number of somebody where a bill would not have it. */
static void codes_of_bills(void **state)
{
    static const struct { const char *text; unsigned kind; bool billed; } cases[] = {
        {"K0861", PHI_DEVICE_SERIAL, true},        {"K0861-NU", PHI_DEVICE_SERIAL, true}, {"K0861", PHI_ACCOUNT_PATIENT, false}, {"C7714-B2", PHI_DEVICE_SERIAL, false},
        {"99214-25", PHI_ACCOUNT_PATIENT, true},   {"20610-RT", PHI_OTHER_CODE, true},    {"20488-11", PHI_OTHER_CODE, false},   {"00781-GA", PHI_PLAN_ID, false},
        {"207Q00000X", PHI_OTHER_CODE, true},      {"CMS-4201-F", PHI_PLAN_ID, true},     {"CMS-4201-F", PHI_MRN, false},        {"A1234", PHI_ACCOUNT_PATIENT, false},
        {"G2211", PHI_ACCOUNT_PATIENT, true},      {"97161-97163", PHI_ACCOUNT_PATIENT, true}, {"97161-97163", PHI_OTHER_CODE, false}, {"D7880", PHI_PLAN_ID, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (coded_billed(cases[i].text, 0, (uint32_t)strlen(cases[i].text), cases[i].kind) != cases[i].billed)
            fail_msg("%s as %u", cases[i].text, cases[i].kind);
}

static void digits_that_are_said(void **state)
{
    struct spoken run;
    static const char number[] = "seven seven dash one four three three .", counting[] = "one two three four five six seven";

    (void)state;
    assert_int_equal(spoken_end(number, sizeof number - 1, 0, &run), sizeof number - 1 - 2);
    assert_int_equal(run.digits, 6);
    spoken_end(counting, sizeof counting - 1, 0, &run);
    assert_int_equal(run.steps, 6);
    assert_int_equal(spoken_end("dash one", 8, 0, &run), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_places),        cmocka_unit_test(surnames_first),       cmocka_unit_test(no_parts_of_names),
        cmocka_unit_test(numbers_by_their_build), cmocka_unit_test(codes_of_bills),
        cmocka_unit_test(digits_that_are_said),
    };
    return cmocka_run_group_tests(tests, prose_setup, prose_teardown);
}
