/* SPDX-License-Identifier: Apache-2.0
 *
 * The tagger: what it finds that has no cue of its own, what it leaves, and that its explanation adds up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../detectors/tagger.h"
#include "../../detectors/tagger_groups.h"
#include "../../detectors/tagger_sum.h"
#include "prose_found.h"

static const char *any_in(struct prose_found *f, const char *text)
{
    return prose_find(f, text, PHI_NAME_PATIENT, PHI_OTHER_CODE, 50, false);
}

struct tagger_case {
    const char *text, *found;
};

static void check_each(struct prose_found *f, const struct tagger_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strstr(any_in(f, cases[i].text), cases[i].found) || (!*cases[i].found && *any_in(f, cases[i].text)))
            fail_msg("%s: %s", cases[i].text, any_in(f, cases[i].text));
}

static void finds_by_what_stands_around(void **state)
{
    static const struct tagger_case cases[] = {
        {"[patient] well , my boy wes , he drove me in .", "wes"},
        {"[patient] it started on the 11th , i think .", "11th"},
        {"[patient] they took me to mercy by ambulance .", "mercy"},
        {"[patient] i drive for blue heron freight .", "blue heron freight"},
        {"from st. clair beach , over by the water", "st. clair beach"},
        {"[patient] i saw doctor quillonjo yesterday and he was kind", "quillonjo"},
        {"[patient] she is at quillemaugh now", "quillemaugh"},
        {"The police report is 24-051883 and he wants a copy", "24-051883"},
        {"[doctor] the accession was uh s p two four dash zero nine nine one", "two four dash zero nine nine one"},
        {"Specimen: gallbladder wall SR-24-31.", "SR-24-31"},
        {"PA: key BX7K-Q22M. Denied, appeal.", "BX7K-Q22M"},
        {"He rents a room above the Sunrise Market on Kenilworth.", "Sunrise Market"},
        {"Seen at the clinic 7/8. Bring the card.", "7/8"},
    };
    check_each(*state, cases, sizeof cases / sizeof *cases);
}

static void leaves_values_and_words(void **state)
{
    static const struct tagger_case cases[] = {
        {"Blasts CD34+ CD117+ CD13+, on HFNC 40L, by LPN report 1530.", ""},
        {"Dispensed NDC 78206-0145-01, LOINC 9318-7, AUC 400-600.", ""},
        {"Pain 4/10, strength 5/5, platelets 125000, WBC 12500.", ""},
        {"The patient was counselled at length and will return as needed.", ""},
        {"B12 500, vitamin D 1000, HR 88, BP 130/80.", ""},
        {"Prepped with Betadine, Foley placed, Bovie used for the fascia.", ""},
        {"We march on. The second wave, at the CMC joint.", ""},
        {"[patient] at the time i was fine , and then on the second try it hurt .", ""},
    };
    check_each(*state, cases, sizeof cases / sizeof *cases);
}

/* How many digits there are decides nothing; the word beside does. */
static void bare_digits_stay(void **state)
{
    static const struct tagger_case cases[] = {
        {"8841720", ""},
        {"pull up the one 8841720 now", ""},
        {"The total is 8841720 today", ""},
        {"4471882, 4471883, 9912345, 5512345", ""},
        {"we count 1234567 cells per field", ""},
        {"{\"a\": 4471882}", ""},
    };
    check_each(*state, cases, sizeof cases / sizeof *cases);
}

/* Runs and words of a text. */
struct counted {
    unsigned runs, words, longest;
    int32_t rest[TAGS - 1];
};

/* The features' parts make the sum, but for what a tag has without any and for what each part is rounded by. */
static void check_sums(const struct words *w, uint32_t i, struct counted *c)
{
    struct tag_features f;
    struct tag_cells cells;
    int32_t sum[TAGS - 1];

    tagger_features(w, i, &f);
    tagger_cells(&f, &cells);
    assert_true(f.n < TAG_FEATURES_MAX);
    tagger_sum(w, i, 0, &(struct tagger_work){0}, sum);
    for (unsigned t = 1; t < TAGS; t++) {
        int32_t rest = sum[t - 1];
        for (unsigned k = 0; k < f.n; k++)
            rest -= tagger_weight(f.v[k], &cells, t);
        if (!c->words)
            c->rest[t - 1] = rest;
        assert_in_range(rest - c->rest[t - 1] + 2 * TAG_FEATURES_MAX, 0, 4 * TAG_FEATURES_MAX);
    }
}

static void count_run(void *context, const struct words *w, const struct tagger_open *open, struct tagger_run *run)
{
    struct counted *c = context;

    (void)open;
    assert_true(run->first < run->end && run->end <= w->n);
    c->runs++;
    c->longest = run->end - run->first > c->longest ? run->end - run->first : c->longest;
    for (uint32_t i = run->first; i < run->end; i++, c->words++)
        check_sums(w, i, c);
}

static struct counted count_runs(struct prose_found *f, const char *text)
{
    struct counted c = {0};
    assert_int_equal(prose_watch_runs(f->dictionary, &f->words, text, (uint32_t)strlen(text), count_run, &c), 0);
    return c;
}

/* The list that the fit and explanations read adds up to the sum that decides. */
static void lists_what_it_sums(void **state)
{
    assert_true(count_runs(*state, "Seen by Dr. Quill Marshall at St. Quilla's on 3/14, MRN 00448-Q. née Ünsal, i . e . mr. o'quill").words > 10);
    assert_int_equal(count_runs(*state, "he is well and has no pain in the chest").words, 0);
    assert_int_equal(count_runs(*state, "").runs, 0);
}

static void long_runs_are_cut(void **state)
{
    static char text[64 * 1024];
    struct counted c;

    for (size_t at = 0; at + 12 < sizeof text; at += 11)
        memcpy(text + at, "Quillmarsh ", 11);
    c = count_runs(*state, text);
    assert_true(c.words > 5000);
    assert_int_equal(c.longest, TAG_RUN_MAX);
}

struct told {
    unsigned words;
    bool named;
};

static void explain_run(void *context, const struct words *w, const struct tagger_open *open, struct tagger_run *run)
{
    struct told *t = context;
    char parts[300], little[8];

    if (!tagger_read(w, open, run))
        return;
    for (uint32_t i = run->first; i < run->end; i++, t->words++) {
        const struct tagging *said = &run->v[i - run->first];
        assert_in_range(said->tag, TAG_NAME, TAG_NUMBER);
        assert_in_range(said->percent, 0, 100);
        tagger_explain(w, i, said->tag, parts, sizeof parts);
        tagger_explain(w, i, said->tag, little, sizeof little);
        t->named |= strstr(parts, "class-1.DOCTOR +") != NULL;
        assert_null(strstr(parts, "uill"));
    }
}

static void explains_without_quoting(void **state)
{
    struct prose_found *f = *state;
    struct told t = {0};
    const char *text = "seen by dr quillmarsh today";

    assert_int_equal(prose_watch_runs(f->dictionary, &f->words, text, (uint32_t)strlen(text), explain_run, &t), 0);
    assert_true(t.words > 0 && t.named);
}

static void features_have_names(void **state)
{
    char name[64], before[64] = "";

    (void)state;
    for (unsigned k = 0; k < TAG_NUMBERED; k++) {
        assert_true(tagger_name(k, name, sizeof name) > 0);
        assert_string_not_equal(name, before);
        memcpy(before, name, sizeof name);
    }
    tagger_name(TAG_HASHED | 0x1230 | TEMPLATE_L1, name, sizeof name);
    assert_string_equal(name, "word-1.123");
    assert_int_equal(tagger_weight(TAG_NUMBERED, &(struct tag_cells){{1}}, TAG_NAME), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_by_what_stands_around), cmocka_unit_test(leaves_values_and_words), cmocka_unit_test(bare_digits_stay),
        cmocka_unit_test(lists_what_it_sums),
        cmocka_unit_test(long_runs_are_cut),           cmocka_unit_test(explains_without_quoting), cmocka_unit_test(features_have_names),
    };
    return cmocka_run_group_tests(tests, prose_setup, prose_teardown);
}
