/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../detectors/text.h"

/* Two blanks at every place of a text of every length, and blanks alone before them. */
static void test_two_blanks(void **state)
{
    char text[40];
    (void)state;
    for (size_t len = 0; len <= sizeof text; len++) {
        memset(text, 'a', sizeof text);
        for (size_t i = 0; i < len; i += 3)
            text[i] = ' ';
        assert_int_equal(text_two_blanks(text, len), len);
        for (size_t at = 0; at + 1 < len; at++) {
            char before[2] = {text[at], text[at + 1]};
            text[at] = text[at + 1] = ' ';
            size_t first = at > 0 && text[at - 1] == ' ' ? at - 1 : at;
            assert_int_equal(text_two_blanks(text, len), first);
            memcpy(text + at, before, sizeof before);
        }
    }
}

/* Bytes that differ from a blank by one bit or by one are none. */
static void test_no_blanks(void **state)
{
    static const char near[] = "!!\x1f\x1f\xA0\xA0""00\"\"!\x1f \x1f !";
    (void)state;
    assert_int_equal(text_two_blanks(near, sizeof near - 1), sizeof near - 1);
}

static void test_whole_phone(void **state)
{
    static const char *const whole[] = {"480-555-0176", "1 (480) 555-0176", "(480)555-0176", "480) 555-0176", "call 480.555.0176"};
    static const char *const none[] = {"", "0176", "555-0176", "480-555-01766", "480-555-0176 2", "180-555-0176", "4805550176", "48-555-0176"};
    (void)state;
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        assert_true(text_is_whole_phone(whole[i], strlen(whole[i])));
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(text_is_whole_phone(none[i], strlen(none[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_two_blanks), cmocka_unit_test(test_no_blanks), cmocka_unit_test(test_whole_phone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
