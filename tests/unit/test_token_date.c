/* SPDX-License-Identifier: Apache-2.0
 *
 * Written dates: the day, the form, another day in the same form; and what is not certain enough.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../proxy/token_date.h"

#define TODAY 20400 /* 2025-11-08 */

static void other_day(const char *value, long days, const char *want) {
    struct token_date t;
    char text[TOKEN_DATE_TEXT_MAX];
    if (token_date_read(span_of(value), false, TODAY, &t) < 0) fail_msg("not read: %s", value);
    int n = token_date_write(t.form, t.day + days, text);
    assert_true(n > 0);
    if (!span_is(span_make(text, (size_t)n), want)) fail_msg("%s %+ld: %.*s, not %s", value, days, n, text, want);
}

static void forms(void **state) {
    (void)state;
    other_day("03/14/2024", 20, "04/03/2024");
    other_day("3/14/2024", 20, "4/3/2024");
    other_day("3/14/24", 20, "4/3/24");
    other_day("2024-03-14", 20, "2024-04-03");
    other_day("2024/3/14", 20, "2024/4/3");
    other_day("14.03.2024", 20, "03.04.2024");
    other_day("03-14-2024", -14, "02-29-2024");
    other_day("20240314", 20, "20240403");
    other_day("March 14, 2024", 20, "April 3, 2024");
    other_day("Mar 14th, 2024", 20, "Apr 3rd, 2024");
    other_day("14 Mar 2024", 20, "3 Apr 2024");
    other_day("14-MAR-2024", 20, "3-APR-2024");
    other_day("march 4, 2024", 8, "march 12, 2024");
    other_day("Thursday, March 14, 2024", 1, "Friday, March 15, 2024");
    other_day("Thu 14 Mar 2024", -3, "Mon 11 Mar 2024");
    other_day("12/31/1999", 1, "01/01/2000");
    other_day("02/28/2100", 1, "03/01/2100");
    other_day("01/01/1970", -1, "12/31/1969");
}

static void days(void **state) {
    struct token_date t;
    (void)state;
    assert_int_equal(token_date_read(span_of("01/01/1970"), false, TODAY, &t), 0);
    assert_int_equal(t.day, 0);
    assert_int_equal(token_date_read(span_of("March 14, 2024"), false, TODAY, &t), 0);
    assert_int_equal(t.day, 19796);
    assert_int_equal(token_date_read(span_of("2024-03-14T14:35:00Z"), false, TODAY, &t), 0);
    assert_int_equal(t.day, 19796);
    assert_true(t.exact);
}

static void not_certain(void **state) {
    static const char *const no[] = {"03/14", "March 2024", "2024", "14", "", "03/32/2024", "13/13/2024", "02/30/2024",
                                     "Friday, March 14, 2024" /* a Thursday */, "3/14-2024", "March 14, 2024 %Y",
                                     "99999999", "123456789", "00/00/0000", "May", "March April 2024", "3/14/024",
                                     "14 of March 2024", "March 14nd, 2024"};
    struct token_date t;
    (void)state;
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (token_date_read(span_of(no[i]), false, TODAY, &t) == 0) fail_msg("read: %s as %s", no[i], t.form);
    assert_int_equal(token_date_read(span_of("3/14/21"), true, TODAY, &t), -1);
    assert_int_equal(token_date_read(span_of("3/14/61"), true, TODAY, &t), 0);
    assert_int_equal(t.day, -3215);
}

/* Every day of the range is written and read back. */
static void every_day(void **state) {
    static const char *const starts[] = {"03/14/2024", "3/4/2024", "March 4, 2024", "14 Mar 2024"};
    (void)state;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        struct token_date t, again;
        char text[TOKEN_DATE_TEXT_MAX];
        assert_int_equal(token_date_read(span_of(starts[i]), false, TODAY, &t), 0);
        for (long day = -62000; day < 84000; day += 13) {
            int n = token_date_write(t.form, day, text);
            assert_true(n > 0);
            if (token_date_read(span_make(text, (size_t)n), false, TODAY, &again) < 0) fail_msg("not read: %.*s", n, text);
            assert_int_equal(again.day, day);
        }
        assert_int_equal(token_date_write(t.form, -70000, text), -1);
        assert_int_equal(token_date_write(t.form, 84100, text), -1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(forms), cmocka_unit_test(days), cmocka_unit_test(not_certain),
                                       cmocka_unit_test(every_day)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
