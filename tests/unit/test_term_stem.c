/* SPDX-License-Identifier: Apache-2.0
 *
 * Drugs and terms of medicine are known by how they end, people are not taken for any.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "../../detectors/term_stem.h"

static bool is_term(const char *word)
{
    return term_stem_in(word, strlen(word));
}

static void drugs_end_as_their_kind(void **state)
{
    static const char *const drugs[] = {"Ciprofloxacin", "Tizanidine", "Tezepelumab", "Vonoprazan", "SOTATERCEPT", "rimegepant"};
    (void)state;
    for (size_t i = 0; i < sizeof drugs / sizeof *drugs; i++)
        assert_true(is_term(drugs[i]));
}

static void terms_end_as_what_they_are(void **state)
{
    static const char *const terms[] = {"Iridocyclitis", "Monocytopenia", "OSTEOCHONDROPATHY", "Herpesviral", "Glomerulomegaly", "Spirometrosis"};
    (void)state;
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++)
        assert_true(is_term(terms[i]));
}

static void people_do_not(void **state)
{
    static const char *const people[] = {"Ernestine", "Ranvir", "Carol", "Maxine", "Considine", "Aprile", "Montserrat", "Kasparian", "Leonide", "Antoin", "Munib", "Nehemia", "Oyoma", "Mathis"};
    (void)state;
    for (size_t i = 0; i < sizeof people / sizeof *people; i++)
        assert_false(is_term(people[i]));
}

/* An ending alone is no drug: "Pril", "mab". */
static void endings_need_a_beginning(void **state)
{
    (void)state;
    assert_false(is_term(""));
    assert_false(is_term("mab"));
    assert_false(is_term("April"));
    assert_false(is_term("xstat"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drugs_end_as_their_kind),
        cmocka_unit_test(terms_end_as_what_they_are),
        cmocka_unit_test(people_do_not),
        cmocka_unit_test(endings_need_a_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
