/* SPDX-License-Identifier: Apache-2.0
 *
 * The compiled word lists, the lexicon, and the splitting of text into words that both are looked up with.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../detectors/dictionary.h"
#include "../../detectors/lexicon.h"
#include "../../detectors/words.h"

#define WORDS_FILE "detectors/dictionaries/words.bin"

static struct phi_dictionary *dictionary;

static int setup(void **state)
{
    char err[128];
    (void)state;
    dictionary = phi_dictionary_open(WORDS_FILE, err, sizeof err);
    return dictionary ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    phi_dictionary_close(dictionary);
    return 0;
}

static uint32_t facts(const char *word)
{
    return phi_dictionary_find(dictionary, words_hash(word, strlen(word)));
}

static void knows_names_and_words(void **state)
{
    (void)state;
    assert_int_equal(FACT_GIVEN(facts("mary")), 7);
    assert_int_equal(FACT_SURNAME(facts("smith")), 7);
    assert_true(FACT_RATIO(facts("mary")) >= 5);
    assert_true(FACT_RATIO(facts("brown")) <= 4);
    assert_true(facts("table") & FACT_ENGLISH);
    assert_true(facts("metoprolol") & FACT_SCIENCE);
    assert_false(facts("smith") & FACT_ENGLISH && FACT_RATIO(facts("smith")) < 4);
    assert_true(FACT_CITY(facts("houston")) >= 4);
    assert_int_equal(facts("qzxwvkjq"), 0);
}

static void knows_phrases(void **state)
{
    uint64_t h = words_phrase(words_hash("santa", 5), words_hash("fe", 2));
    (void)state;
    assert_true(facts("santa") & FACT_HEAD);
    assert_true(FACT_CITY(phi_dictionary_entry(dictionary, h)) >= 3);
    h = words_phrase(words_hash("mayo", 4), words_hash("clinic", 6));
    assert_true(phi_dictionary_entry(dictionary, h) & FACT_SYSTEM);
    h = words_phrase(words_hash("santa", 5), words_hash("metoprolol", 10));
    assert_int_equal(phi_dictionary_entry(dictionary, h), 0);
}

static void refuses_what_is_damaged(void **state)
{
    char err[128];
    uint64_t data[16] = {0};
    (void)state;
    assert_null(phi_dictionary_open("detectors/dictionaries/none.bin", err, sizeof err));
    assert_null(phi_dictionary_open("detectors", err, sizeof err));
    assert_null(phi_dictionary_over(data, sizeof data, err, sizeof err));
    memcpy(data, "PHIWORDS", 8);
    data[1] = DICTIONARY_VERSION | (uint64_t)8 << 32; /* version 3, probe 8 */
    data[2] = 6;                     /* slots */
    data[3] = data[4] = 64;
    assert_null(phi_dictionary_over(data, sizeof data, err, sizeof err)); /* the checksum is wrong */
    assert_non_null(strstr(err, "checksum"));
    data[2] = UINT64_MAX / 8;
    assert_null(phi_dictionary_over(data, sizeof data, err, sizeof err));
    data[2] = 6;
    data[1] = 1 | (uint64_t)8 << 32;
    assert_null(phi_dictionary_over(data, sizeof data, err, sizeof err));
    assert_non_null(strstr(err, "version"));
    assert_null(phi_dictionary_over(data, 63, err, sizeof err));
    assert_null(phi_dictionary_over((char *)data + 1, 100, err, sizeof err));
}

/* An own table: full, so that a search for what is not there ends by its bound. */
static void searches_end(void **state)
{
    uint64_t data[8 + 4 + 2], check = UINT64_C(0xCBF29CE484222325);
    char err[128];
    (void)state;
    memset(data, 0, sizeof data);
    memcpy(data, "PHIWORDS", 8);
    data[1] = DICTIONARY_VERSION | (uint64_t)4 << 32;
    data[2] = 4;
    data[3] = data[4] = 64;
    for (int i = 8; i < 12; i++)
        data[i] = (uint64_t)(i + 1) << DICTIONARY_PAYLOAD_BITS | FACT_LISTED;
    for (int i = 8; i < 14; i++)
        check = (check ^ data[i]) * UINT64_C(0x100000001B3);
    data[5] = check;
    struct phi_dictionary *d = phi_dictionary_over(data, sizeof data, err, sizeof err);
    assert_non_null(d);
    assert_int_equal(phi_dictionary_find(d, UINT64_MAX), 0);
    assert_int_equal(phi_dictionary_find(d, 9), FACT_LISTED);
    phi_dictionary_close(d);
}

static void lexicon_has_classes(void **state)
{
    (void)state;
    assert_true(lexicon_find(words_hash("dr", 2)) & LEX(DOCTOR));
    assert_true(lexicon_find(words_hash("wife", 4)) & LEX(RELATION));
    assert_true(lexicon_find(words_hash("crohn", 5)) & LEX(EPONYM));
    assert_true(lexicon_find(words_hash("march", 5)) & LEX(MONTH));
    assert_int_equal(lexicon_find(words_hash("qzxwvkjq", 8)), 0);
}

static struct words words;

static const struct word *split(const char *text)
{
    words_start(&words, text, (uint32_t)strlen(text));
    assert_true(words_next(&words));
    return words.v;
}

static void splits_words(void **state)
{
    (void)state;
    const struct word *v = split("Dr. O'Neill's B12, iPhone\n\nSMITH-Jones x 3");
    assert_int_equal(words.n, 8);
    assert_int_equal(v[0].shape, SHAPE_TITLE);
    assert_int_equal(v[1].gap, GAP_PERIOD | GAP_SPACE);
    assert_int_equal(v[1].end - v[1].begin, 7);
    assert_true(v[1].flags & WORD_POSSESSIVE && v[1].flags & WORD_PREFIXED);
    assert_true(v[1].hash == words_hash("oneill", 6));
    assert_int_equal(v[2].shape, SHAPE_ALNUM);
    assert_int_equal(v[3].shape, SHAPE_MIXED);
    assert_true(v[4].gap & GAP_LINE && v[4].gap & GAP_BLANK);
    assert_int_equal(v[4].shape, SHAPE_UPPER);
    assert_int_equal(v[5].gap, GAP_HYPHEN);
    assert_int_equal(v[7].shape, SHAPE_NUMBER);
    assert_false(words_next(&words));
}

static void folds_letters(void **state)
{
    (void)state;
    assert_true(split("Sjöström")[0].hash == words_hash("sjostrom", 8));
    assert_true(split("ŁUKASZ")[0].hash == words_hash("lukasz", 6));
    assert_true(split("Nguyễn")[0].hash == words_hash("nguyen", 6));
    assert_int_equal(split("ŁUKASZ")[0].shape, SHAPE_UPPER);
    assert_int_equal(split("Étienne")[0].shape, SHAPE_TITLE);
    assert_int_equal(split("山田")[0].shape, SHAPE_OTHER);
    assert_true(split("doesn’t")[0].flags & WORD_CONTRACTED);
}

static void nothing_has_no_words(void **state)
{
    (void)state;
    words_start(&words, "", 0);
    assert_false(words_next(&words));
    words_start(&words, " .,- \n", 6);
    assert_false(words_next(&words));
}

/* Every word of a long text is decided once, whatever the chunks. */
static void chunks_cover_all(void **state)
{
    enum { WORDS = 3 * WORDS_MAX + 17 };
    char *text = malloc(2 * WORDS + 1);
    uint32_t seen = 0;
    (void)state;
    for (int i = 0; i < WORDS; i++)
        memcpy(text + 2 * i, "a ", 3);
    words_start(&words, text, 2 * WORDS);
    while (words_next(&words)) {
        for (uint32_t i = words.first; i < words.last; i++)
            assert_int_equal(words.v[i].begin, 2 * seen++);
        assert_true(words.n <= WORDS_MAX);
    }
    assert_int_equal(seen, WORDS);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_names_and_words), cmocka_unit_test(knows_phrases),
        cmocka_unit_test(refuses_what_is_damaged), cmocka_unit_test(searches_end),
        cmocka_unit_test(lexicon_has_classes), cmocka_unit_test(splits_words),
        cmocka_unit_test(folds_letters), cmocka_unit_test(nothing_has_no_words),
        cmocka_unit_test(chunks_cover_all),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
