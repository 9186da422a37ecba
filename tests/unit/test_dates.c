/* SPDX-License-Identifier: Apache-2.0
 *
 * Dates and ages in all their forms, and what only looks like one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../detectors/ages.h"
#include "prose_found.h"

static void finds_dates(void **state)
{
    static const struct found_case cases[] = {
        {"seen 3/4/2021 and 03-04-2021 and 2021-03-04", "3/4/2021 | 03-04-2021 | 2021-03-04"},
        {"on 3/4/21", "3/4/21"},
        {"dob 3.4.21, 3.4.2021", "3.4.21 | 3.4.2021"},
        {"04-MAR-2021 or 4Mar21 or 04MAR2021", "04-MAR-2021 | 4Mar21 | 04MAR2021"},
        {"March 4, 2021 then Mar 4th '21 then the 4th of March", "March 4, 2021 | Mar 4th '21 | 4th of March"},
        {"the third of March, the twenty-first of June 2019", "third of March | twenty-first of June 2019"},
        {"In March 2021 and in may of 2020", "March 2021 | may of 2020"},
        {"from March 3-5, 2021", "March 3-5, 2021"},
        {"march fourth twenty twenty one", "march fourth twenty twenty one"},
        {"13 Aug 1950", "13 Aug 1950"},
        {"seen on 3/4, last visit 4/14.", "3/4 | 4/14"},
        {"echo 02/2026", "02/2026"},
        {"adm 2/3 c SOB, d/c 2/9 to SNF, RTC 4/5", "2/3 | 2/9 | 4/5"},
        {"home c husband by 12/1.", "12/1"},
        {"started Ozempic 2/3 with nausea", "2/3"},
        {"DOB: 19610507", "19610507"},
        {"date of birth , 5 , 7 , 1961", "5 , 7 , 1961"},
        {"2021-03-04T10:20:30Z", "2021-03-04T10"},
        {"on Monday, March 3", "Monday, March 3"},
        {"out of it since sunday 8/11, ran out on saturday august 2nd", "sunday 8/11 | saturday august 2nd"},
        {"the day after Thanksgiving, on Christmas Eve, on Labor Day", "Thanksgiving | Christmas Eve | Labor Day"},
        {"since the spring of 2019", "spring of 2019"},
        {"How do patients like Ann do, seen in March 2023?", "March 2023"},
        {"september 9th , 2019", "september 9th , 2019"},
        {"DOS 08/06/24, filed it 8/9, spoke w rep 9/3, appeal 10/1", "08/06/24 | 8/9 | 9/3 | 10/1"},
        {"adm 3/14. Echo nl, BCx neg 3/2; plan of care 5/10", "3/14 | 3/2"},
        {"seen 5/9, Hep B given (5/3), HUS nl 5/6", "5/9 | 5/3 | 5/6"},
        {"Collected 12.04.23   Received 12.05.23; auth 3.15.24 1617", "12.04.23 | 12.05.23 | 3.15.24"},
        {"Seen 10-20-24, back 10.20.25", "10-20-24 | 10.20.25"},
        {"Darlene ; 2-6-23 ; lab", "2-6-23"},
        {"they wanted me there on the ninth for the vein map, due date was the nineteenth.", "ninth | nineteenth"},
        {"back by the twenty first i think", "twenty first"},
        {"since Patriots' Day", "Patriots' Day"},
        {"Tue 11/5, came to the ED 1/5 w/ SOB, dc 1/7", "Tue 11/5 | 1/5 | 1/7"},
    };
    find_each(*state, cases, sizeof cases / sizeof *cases, dates_in);
}

static void finds_dates_abroad(void **state)
{
    static const struct found_case cases[] = {
        {"nacida el 8 de mayo de 1957 en", "8 de mayo de 1957"},
        {"visto el 5 de marzo, alta en noviembre del 2011 y enero 2012", "5 de marzo | noviembre del 2011 | enero 2012"},
        {"ingreso del 3 al 9 de julio de 2009", "3 al 9 de julio de 2009"},
        {"alta 12-ene-2020, control 3 dic 2021", "12-ene-2020 | 3 dic 2021"},
        {"no dia 2 de março de 2021", "2 de março de 2021"},
        {"le 12 août 1980 et le 1er février", "12 août 1980 | 1er février"},
        {"il 4 maggio 2003", "4 maggio 2003"},
        {"am 3. Januar 2023, vom 3. bis 9. Jänner", "3. Januar 2023 | 3. bis 9. Jänner"},
        {"vom 3.1. bis 9.1.2023, seit 12.10. arbeitsunfähig", "3.1 | 9.1.2023 | 12.10"},
        {"op 3 maart 2020", "3 maart 2020"},
        {"dnia 14 października 2019", "14 października 2019"},
    };
    find_each(*state, cases, sizeof cases / sizeof *cases, dates_in);
}

/* As people say them. */
static void finds_said_days(void **state)
{
    static const struct found_case cases[] = {
        {"pt: november eighteen yes", "november eighteen"},
        {"the tenth is fine . the nerve test the twenty fourth .", "tenth | twenty fourth"},
        {"the mri on the nineteenth of last month which", "nineteenth of last month"},
        {"Patient: Two twenty-eight sixty-two.", "Two twenty-eight sixty-two"},
        {"seen last Thursday, March 8 and this coming Monday, June 2", "last Thursday, March 8 | this coming Monday, June 2"},
        {"started 4Mar21 and ended 05APR2021", "4Mar21 | 05APR2021"},
    };
    find_each(*state, cases, sizeof cases / sizeof *cases, dates_in);
}

static void finds_ages(void **state)
{
    static const struct found_case cases[] = {
        {"a 92-year-old woman, 91 y/o, 93yo, 94 yo", "92 | 91 | 93yo | 94"},
        {"92F with pneumonia", "92F"},
        {"pt in obs, 91f 54kg. 94m w/ cll. 97f, s/p hemi", "91f | 94m | 97f"},
        {"walked 94m then 90m, spiked to 101f, Tc-99m MDP, 99m Tc", ""},
        {"aged 101, she turned 90", "101 | 90"},
        {"Age: 95", "95"},
        {"a ninety-two-year-old man", "ninety-two"},
        {"she is in her nineties; he is in his 90s", "nineties | 90s"},
        {"a nonagenarian and a centenarian", "nonagenarian | centenarian"},
        {"born in 1931, born 1937", "1931 | 1937"}, /* PHI_YEAR: 90 next year */
        {"a one hundred and two year old", "one hundred and two"},
        {"okay and youre ninety three is that right", "ninety three"},
        {"And how old are you, if I may?\nPt: Ninety-two come spring. So ninety-one.", "Ninety-two | ninety-one"},
        {"DOB JUN 6,1932 (91) Era", "JUN 6,1932 | 91"},
        {"Boudreaux - 96 M failure to thrive", "96"},
        {"Mother d. 94, bro d 97", "94 | 97"},
        {"he passed at home, was 97, fished all his life", "97"},
    };
    find_each(*state, cases, sizeof cases / sizeof *cases, dates_in);
}

static void leaves_decoys(void **state)
{
    static const char *const texts[] = {
        "Pain 7/10, strength 5/5, a 2/6 systolic murmur, vision 20/40.",
        "BP 120/80, Vytorin 10/40 mg, lisinopril 20/25 mg daily.",
        "d/c 1/2 NS, d/c 1/2 tab", "C 5/6, pain is 3/10",
        "L4/5 disc, 1/2 NS, 1/2 tablet, reflexes 2/4.",
        "pain from 3/10 to 8/10 scale",
        "a 45-year-old, aged 89, 67F, 90 degrees, 95 percent on room air",
        "three days later, 2 weeks ago, POD#3, yesterday, next week",
        "He quit in 2015. Since 1998 stable.",
        "You may march on. The second may be better.",
        "SSN 987-65-4320, phone 212-555-0123, version 1.2.34",
        "may 5 patients join", "HR 92, SpO2 97, weight 101 kg",
        "how old is he? his oxygen is ninety-one", "Temp 99 F at noon", "BP was fine, sat was 97, on air",
        "in november two guys came", "the tenth rib, her eighteenth birthday, the nineteenth century", "albumin 1.5/1",
        "A 90 day supply, in the 90s it was common.",
        "spring water, fall risk, winter", "Q1 hour checks",
        "1 in 10 or 3/4 of patients",
        "version 8.22.24 of the software, firmware 3.15.24", "pain in the fourth and fifth toes, on the ninth floor",
        "on the fifth day, for the seventh time, on the third and so on",
        "ROM 9/3, gravida 2/1, BiPAP 12/5, quads 4/5",
        "Between April 1989 and November 2004, 1,796 men had surgery.",
        "A retrospective review of charts from March 2007 was made.",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_string_equal(dates_in(*state, texts[i]), "");
}

/* In a text that writes its days as 3/14, scores and parts stay what they are. */
static void leaves_decoys_beside_days(void **state)
{
    static const struct found_case cases[] = {
        {"Seen 4/22. Strength 4/5, R 5/5, 3/4 tab, 1/2 of it, BiPAP 12/5, murmur 2/6", "4/22"},
        {"Seen 3/14. Took 5 1/2 tabs, 4/5 met, L5/4, ROM 5/12%, C6/5-7/6, 7/8 full", "3/14"},
        {"Seen 11/14. It is 7/9, he says; 5/10 pain", "11/14"},
    };
    find_each(*state, cases, sizeof cases / sizeof *cases, dates_in);
}

static void leaves_decoys_abroad(void **state)
{
    static const char *const texts[] = {
        "Bed 12 Julio has no pain. 3 days ago 2020 forms were sent.", "The Mayo 2012 criteria, 2 mayo packets",
        "Abril 2 tabs", "de 2012 pacientes", "5 a 9 de los pacientes", "3 mg de 2012", "at 10 am 3.1. K", "section 3.1. of", "Marco 2012",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_string_equal(dates_in(*state, texts[i]), "");
}

static void says_what_date(void **state)
{
    static const struct { const char *text, *found; } cases[] = {
        {"DOB: 03/04/1950", "DATE.DOB:03/04/1950"},
        {"born March 4, 1950", "DATE.DOB:March 4, 1950"},
        {"She died on 03/04/2021.", "DATE.DEATH:03/04/2021"},
        {"Admitted on 03/04/2021.", "DATE.SERVICE:03/04/2021"},
        {"Revised 03/04/2021.", "DATE.OTHER:03/04/2021"},
        {"nacida el 8 de mayo de 1957", "DATE.DOB:8 de mayo de 1957"},
        {"geb. 11. Oktober 1948", "DATE.DOB:11. Oktober 1948"},
        {"nacido en marzo de 1957", "DATE.DOB:marzo de 1957"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(prose_find(*state, cases[i].text, PHI_DATE_DOB, PHI_AGE_90PLUS, 50, true), cases[i].found);
}

static bool is_old_in(struct prose_found *f, const char *text, int year)
{
    struct words *w = &f->words;
    struct date date;
    words_start(w, text, (uint32_t)strlen(text));
    w->year = year;
    return words_next(w) && ages_find(w, w->n - 1, &date) && date.kind == PHI_AGE_90PLUS;
}

static void tells_age_by_the_year(void **state)
{
    assert_true(is_old_in(*state, "born in 1948", 2037));
    assert_false(is_old_in(*state, "born in 1948", 2036));
    assert_false(is_old_in(*state, "born in 1938", PHI_YEAR));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_dates), cmocka_unit_test(finds_dates_abroad), cmocka_unit_test(finds_ages), cmocka_unit_test(finds_said_days),
                                       cmocka_unit_test(leaves_decoys), cmocka_unit_test(leaves_decoys_beside_days),
                                       cmocka_unit_test(leaves_decoys_abroad),
                                       cmocka_unit_test(says_what_date), cmocka_unit_test(tells_age_by_the_year)};
    return cmocka_run_group_tests(tests, prose_setup, prose_teardown);
}
