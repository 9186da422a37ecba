/* SPDX-License-Identifier: Apache-2.0
 *
 * What only looks like a name or a place is nobody's where nothing in the request is anybody's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../starter_engine.h"

#define ASKED "My sheet has the weight in one column and the height in inches in the next. I want Mosteller BSA in the third."

static struct phi_engine *engine_of(enum phi_mode mode)
{
    struct phi_engine *e = phi_engine_new();
    char err[200];
    assert_non_null(e);
    assert_int_equal(starter_add(e), 0);
    assert_int_equal(phi_engine_dictionary(e, "detectors/dictionaries/words.bin", err, sizeof err), 0);
    phi_engine_set_mode(e, mode);
    assert_int_equal(phi_engine_seal(e, err, sizeof err), 0);
    return e;
}

/* How many identifiers these texts of one request have. */
static size_t found(const struct phi_engine *e, const char *first, const char *second)
{
    struct phi_leaf leaves[] = {{.text = first, .len = (uint32_t)strlen(first)}, {.text = second, .len = (uint32_t)strlen(second)}};
    struct phi_scratch *s = phi_scratch_new();
    struct phi_result r;
    assert_non_null(s);
    assert_int_equal(phi_scan(e, s, leaves, 2, &r), 0);
    size_t n = r.n;
    phi_scratch_free(s);
    return n;
}

static void a_method_alone_is_none(void **state)
{
    struct phi_engine *e = engine_of(PHI_BALANCED);
    (void)state;
    assert_int_equal(found(e, ASKED, "Thanks!"), 0);
    phi_engine_unref(e);
}

static void beside_somebody_it_may_be_his(void **state)
{
    struct phi_engine *e = engine_of(PHI_BALANCED);
    (void)state;
    assert_int_equal(found(e, ASKED, "The weight is of Mrs. Quillfeather."), 2);
    assert_int_equal(found(e, ASKED, "SSN 219-09-9999"), 2);
    assert_int_equal(found(e, "I want Mosteller BSA in D", ""), 1); /* too short to tell */
    phi_engine_unref(e);
}

static void strict_mode_hides_it(void **state)
{
    struct phi_engine *e = engine_of(PHI_STRICT);
    (void)state;
    assert_true(found(e, ASKED, "Thanks!") > 0);
    phi_engine_unref(e);
}

static void behind_a_title_it_is_somebody(void **state)
{
    struct phi_engine *e = engine_of(PHI_BALANCED);
    (void)state;
    assert_int_equal(found(e, "good morning are you missus waqa\nyes that is right, and the foot that hurt so much is not any better today than it was", ""), 1);
    phi_engine_unref(e);
}

static void a_frequent_family_and_a_day_are_somebodys(void **state)
{
    struct phi_engine *e = engine_of(PHI_BALANCED);
    (void)state;
    assert_int_equal(found(e, "Does Hernandez still need anticoagulation? He had a provoked DVT after knee surgery four months ago and the repeat ultrasound is clean.", ""), 1);
    assert_true(found(e, "The patient was operated on March 3 and again on the 9th for dehiscence. Now has a fistula. When would you feed him and what route would be best?", "") > 0);
    phi_engine_unref(e);
}

/* Many are called so. */
static void a_given_name_alone_is_somebody(void **state)
{
    struct phi_engine *e = engine_of(PHI_BALANCED);
    (void)state;
    assert_true(found(e, "She has been on the same dose of levothyroxine for years and sharon feels tired again, what do I check first?", "") > 0);
    phi_engine_unref(e);
}

static void what_is_kept_stays(void **state)
{
    struct phi_engine *e = phi_engine_new();
    char err[200];
    (void)state;
    assert_non_null(e);
    assert_int_equal(phi_engine_dictionary(e, "detectors/dictionaries/words.bin", err, sizeof err), 0);
    phi_engine_keep(e, PHI_GEO_CITY);
    assert_int_equal(phi_engine_seal(e, err, sizeof err), 0);
    assert_int_equal(found(e, ASKED, "Thanks!"), 1);
    phi_engine_unref(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_method_alone_is_none),
        cmocka_unit_test(beside_somebody_it_may_be_his),
        cmocka_unit_test(strict_mode_hides_it),
        cmocka_unit_test(behind_a_title_it_is_somebody),
        cmocka_unit_test(a_frequent_family_and_a_day_are_somebodys),
        cmocka_unit_test(a_given_name_alone_is_somebody),
        cmocka_unit_test(what_is_kept_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
