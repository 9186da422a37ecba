/* SPDX-License-Identifier: Apache-2.0
 *
 * Departments that every hospital has are no places; a number, a name or a small letter makes them one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "../../detectors/generic_place.h"

/* What stands between [ and ] of the text. */
static bool is_generic(const char *marked)
{
    char text[128];
    size_t n = 0, begin = 0, end = 0;
    for (const char *c = marked; *c; c++) {
        if (*c == '[')
            begin = n;
        else if (*c == ']')
            end = n;
        else
            text[n++] = *c;
    }
    text[n] = 0;
    return place_is_generic(text, begin, end);
}

static void departments_are(void **state)
{
    (void)state;
    assert_true(is_generic("Refer to [Interventional Radiology] today"));
    assert_true(is_generic("[WOUND CARE CENTER] NOTE"));
    assert_true(is_generic("[Dept. of Internal Medicine]"));
    assert_true(is_generic("Seen in [Cardiology Clinic]"));
    assert_true(is_generic("Called [Transfer Center] at noon"));
    assert_true(is_generic("by [Same Day Surgery] staff"));
    assert_true(is_generic("from [Compounding Pharmacy]"));
}

static void places_of_their_own_are_not(void **state)
{
    (void)state;
    assert_false(is_generic("at [Quill Oncology]"));
    assert_false(is_generic("at Quillville [Primary Care] since"));
    assert_false(is_generic("Quill & [Spine], Inc."));
    assert_false(is_generic("Unit Quill ([Adolescent])"));
    assert_false(is_generic("bed on [Oncology 5]"));
    assert_false(is_generic("is that at [medical center] then"));
    assert_false(is_generic("[Bone and Joint]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(departments_are), cmocka_unit_test(places_of_their_own_are_not)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
