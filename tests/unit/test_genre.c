/* SPDX-License-Identifier: Apache-2.0
 *
 * What kind of text it is, and what that changes; lines of worklists; streets whose number stands behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../detectors/genre.h"
#include "../../detectors/marks.h"
#include "../../detectors/memory.h"
#include "../../detectors/phi.h"
#include "prose_found.h"

static const char study[] = "Methods. We retrospectively reviewed 412 consecutive patients treated in Leuven between March 2011 and "
                            "October 2018. Results. Mortality was 4% versus 2% (p = 0.21; HR 1.88, 95% CI 1.2-2.9).";
static const char code[] = "def count(values):\n    import os\n    return len(values) == 0\n\nclass Jordan:\n    pass\n";

static enum genre genre(const char *text)
{
    struct phi_array marks = {0};
    enum genre what = GENRE_UNKNOWN;
    if (marks_read(&marks, text, (uint32_t)strlen(text)) == 0)
        what = genre_of(marks.v, text, (uint32_t)strlen(text));
    phi_array_free(&marks);
    return what;
}

static void tells_kinds_apart(void **state)
{
    (void)state;
    assert_int_equal(genre(study), GENRE_STUDY);
    assert_int_equal(genre(code), GENRE_CODE);
    assert_int_equal(genre(""), GENRE_PLAIN);
    assert_int_equal(genre("Seen today for knee pain, follow up in March 2021."), GENRE_PLAIN);
}

/* One word about one person, and it is no report of a study any more. */
static void a_person_settles_it(void **state)
{
    static const char *const words[] = {" She was seen in clinic.", " DOB 3/4/1951.", " A 67-year-old man.", " Mr. Quill agreed."};
    char text[600];
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        snprintf(text, sizeof text, "%s%s", study, words[i]);
        assert_int_equal(genre(text), GENRE_PLAIN);
    }
}

static void periods_of_studies_stay(void **state)
{
    char text[600];
    assert_string_equal(prose_find(*state, study, PHI_DATE_DOB, PHI_DATE_RELATIVE, 50, false), "");
    snprintf(text, sizeof text, "%s She was seen in Leuven in March 2011.", study);
    assert_non_null(strstr(prose_find(*state, text, 0, PHI_TOKEN_TEXT, 50, false), "March 2011"));
}

static void worklists(void **state)
{
    static const struct found_case cases[] = {
        {"1) 7W-07 Zilobek 48M DKA, gap closed", "Zilobek"},
        {"- van den Zilobek, M 79M CHF", "van den Zilobek, M"},
        {"12A Quill-Zilobek 29F PPD2", "Quill-Zilobek"},
        {"Pleasant 48M with CHF", ""},
        {"Caucasian 66F here", ""},
    };
    find_each(*state, cases, sizeof cases / sizeof *cases, names_in);
}

static void streets(void **state)
{
    static const struct { const char *text, *found; } cases[] = {
        {"Er wohnt Lindenstra\303\237e 12, 10969 Berlin.", "Lindenstra\303\237e 12, 10969 Berlin"},
        {"wohnt Goetheweg 3a seit", "Goetheweg 3a"},
        {"Keizersgracht 241", "Keizersgracht 241"},
        {"Gateway 12 ports", ""},
        {"strasse 12", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(prose_find(*state, cases[i].text, PHI_GEO_STREET, PHI_GEO_STREET, 50, false), cases[i].found);
    assert_non_null(strstr(prose_find(*state, "Vancouver BC V6B 0J1", PHI_GEO_CITY, PHI_GEO_CITY, 50, false), "Vancouver"));
}

static void days_and_temperatures(void **state)
{
    static const struct { const char *text, *found; } cases[] = {
        {"RIJ placed 3/16, site clean", "3/16"},
        {"s/p PCIOL OD 4/22 without issue", "4/22"},
        {"date of birth six twelve nineteen forty eight", "six twelve nineteen forty eight"},
        {"pain 7/10, strength 5/5, MMSE 11/30, PHQ-9 9/27", ""},
        {"a T of 104F in the evening", ""},
        {"admitted jan 14 with pneumonia", "jan 14"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(prose_find(*state, cases[i].text, PHI_DATE_DOB, PHI_AGE_90PLUS, 50, false), cases[i].found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_kinds_apart), cmocka_unit_test(a_person_settles_it), cmocka_unit_test(periods_of_studies_stay),
        cmocka_unit_test(worklists),         cmocka_unit_test(streets),             cmocka_unit_test(days_and_temperatures),
    };
    return cmocka_run_group_tests(tests, prose_setup, prose_teardown);
}
