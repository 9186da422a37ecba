/* SPDX-License-Identifier: Apache-2.0
 *
 * Places: cities, facilities, addresses; states and countries alone stay.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "prose_found.h"

static void finds_places(void **state)
{
    static const struct found_case cases[] = {
        {"She was admitted to St. Brendan's Hospital yesterday.", "St. Brendan's Hospital"},
        {"Seen at St. Luke's for chest pain.", "St. Luke's"},
        {"NURSE NOTES Prairie Rose Care Center", "Prairie Rose Care Center"},
        {"OR 0730 TMA Dr Fitch, NPO", ""},
        {"Transferred from Willow Bend Regional Medical Center.", "Willow Bend Regional Medical Center"},
        {"He lives in Chattanooga, TN with his wife.", "Chattanooga, TN"},
        {"Seen at our Denver clinic last week.", "Denver clinic"},
        {"She lives at 4400 Old Mill Rd, Apt 24A, Toledo, OH 43604.", "4400 Old Mill Rd, Apt 24A | Toledo, OH | 43604"},
        {"Surgery at Mercy Medical Center, OR 4.", "Mercy Medical Center"},
        {"Mail to PO Box 118, please.", "PO Box 118"},
        {"She moved to Tulsa in 2015.", "Tulsa"},
        {"Referred from the Mayo Clinic.", "Mayo Clinic"},
    };
    find_each(*state, cases, sizeof cases / sizeof *cases, places_in);
}

static void leaves_the_rest(void **state)
{
    static const char *const texts[] = {
        "She moved here from Ohio.",
        "Travel to Brazil and Kenya is planned.",
        "He is followed in the oncology clinic and in the hospital.",
        "CT of the chest, Fl 3, Rm 4, Pt stable.",
        "Give 5 mg of Lasix. Dr. will call.",
        "1. Left knee. 2. Right hip. 3. Street drugs denied.",
        "Boston Scientific stent was placed.",
        "PEDIATRIC CLINIC VISIT\n\nWell child.",
        "New York Heart Association class III.",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_string_equal(places_in(*state, texts[i]), "");
}

static void says_what_place(void **state)
{
    static const struct { const char *text, *found; } cases[] = {
        {"Admitted to Mercy Hospital today.", "GEO.FACILITY:Mercy Hospital"},
        {"He lives in Chattanooga, TN with his wife.", "GEO.CITY:Chattanooga, TN"},
        {"Lives at 12 Elm Street with his son.", "GEO.STREET:12 Elm Street"},
    };
    static const struct { const char *text, *found; } firms[] = {
        {"He is a foreman, Blue Heron Timber, since May.", "NAME.EMPLOYER:Blue Heron Timber"},
        {"Husband bakes for the Polonia Bakery.", "NAME.EMPLOYER:Polonia Bakery"},
        {"The Bakery is closed. Hotel.", ""},
        {"HARDWARE REMOVAL", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(prose_find(*state, cases[i].text, PHI_GEO_STREET, PHI_GEO_FACILITY, 50, true), cases[i].found);
    for (size_t i = 0; i < sizeof firms / sizeof *firms; i++)
        assert_string_equal(prose_find(*state, firms[i].text, PHI_NAME_EMPLOYER, PHI_NAME_EMPLOYER, 50, true), firms[i].found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_places), cmocka_unit_test(leaves_the_rest),
                                       cmocka_unit_test(says_what_place)};
    return cmocka_run_group_tests(tests, prose_setup, prose_teardown);
}
