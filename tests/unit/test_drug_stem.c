/* SPDX-License-Identifier: Apache-2.0
 *
 * Drugs are known by how they end, people are not taken for drugs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "../../detectors/drug_stem.h"

static bool is_drug(const char *word)
{
    return drug_stem_in(word, strlen(word));
}

static void drugs_end_as_their_kind(void **state)
{
    static const char *const drugs[] = {"Ciprofloxacin", "Tizanidine", "Tezepelumab", "Vonoprazan", "SOTATERCEPT", "rimegepant"};
    (void)state;
    for (size_t i = 0; i < sizeof drugs / sizeof *drugs; i++)
        assert_true(is_drug(drugs[i]));
}

static void people_do_not(void **state)
{
    static const char *const people[] = {"Ernestine", "Ranvir", "Carol", "Maxine", "Considine", "Aprile", "Montserrat", "Kasparian", "Leonide", "Antoin", "Munib"};
    (void)state;
    for (size_t i = 0; i < sizeof people / sizeof *people; i++)
        assert_false(is_drug(people[i]));
}

/* An ending alone is no drug: "Pril", "mab". */
static void endings_need_a_beginning(void **state)
{
    (void)state;
    assert_false(is_drug(""));
    assert_false(is_drug("mab"));
    assert_false(is_drug("April"));
    assert_false(is_drug("xstat"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drugs_end_as_their_kind),
        cmocka_unit_test(people_do_not),
        cmocka_unit_test(endings_need_a_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
