/* SPDX-License-Identifier: Apache-2.0
 *
 * What was compiled for looking up (dictionaries/lists.py) is what stands in the lists: each word of each list, each
 * label, each field is found, and nothing else is. Fails when a list was changed and lists.py not run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "../../detectors/fields.h"
#include "../../detectors/genre.h"
#include "../../detectors/label_index.h"
#include "../../detectors/labels.h"
#include "../../detectors/phi.h"
#include "../../detectors/word_lists.h"

#include "../../detectors/dictionaries/genre.inc"

static const struct list {
    const char *words;
    uint64_t bit;
} lists[] = {
#define LIST_OF(name, words) {words, LIST(name)},
#include "../../detectors/word_lists.def"
#undef LIST_OF
};

/* The lists that hold the word, found one by one. */
static uint64_t lists_in_turn(const char *word, size_t len) {
    uint64_t found = 0;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (const char *at = lists[i].words; *at; at += strcspn(at, " ")) {
            at += strspn(at, " ");
            if (strcspn(at, " ") == len && memcmp(at, word, len) == 0) found |= lists[i].bit;
        }
    return found;
}

static void every_word_is_in_its_lists(void **state) {
    unsigned n = 0;
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (const char *at = lists[i].words; *at; at += strcspn(at, " ")) {
            at += strspn(at, " ");
            size_t len = strcspn(at, " ");
            if (!len) break;
            assert_int_equal(word_lists_find(words_hash(at, len)), lists_in_turn(at, len));
            n++;
        }
    assert_true(n > 300);
}

static void other_words_are_in_none(void **state) {
    static const char *const words[] = {"aardvark", "doba", "bor", "", "hollingsworth", "zzz"};
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_int_equal(word_lists_find(words_hash(words[i], strlen(words[i]))), 0);
}

/* Only the plain writing of a word is the word, in any case. */
static void letters_must_be_the_same(void **state) {
    static struct words w;
    const char *text = "BORN born b\xC3\xB3rn o'born born's";
    (void)state;
    words_start(&w, text, (uint32_t)strlen(text));
    assert_true(words_next(&w));
    assert_int_equal(w.n, 5);
    assert_true(words_in(&w, 0, LIST(BIRTH)));
    assert_true(words_in(&w, 1, LIST(BIRTH)));
    assert_false(words_in(&w, 2, LIST(BIRTH)));
    assert_false(words_in(&w, 3, LIST(BIRTH)));
    assert_true(words_in(&w, 4, LIST(BIRTH)));
    assert_false(words_in(&w, 5, LIST(BIRTH))); /* there is none */
}

static void every_label_is_found(void **state) {
    static const struct label labels[] = {
#define LABEL(word, kind, how, shape) {word, kind, how, shape},
#include "../../detectors/labels.def"
#undef LABEL
    };
    (void)state;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        const struct label *found = label_find(labels[i].word, (uint32_t)strlen(labels[i].word));
        assert_non_null(found);
        assert_string_equal(found->word, labels[i].word);
    }
    assert_null(label_find("aardvark", 8));
    assert_null(label_find("mrnx", 4));
    assert_null(label_find("", 0));
    assert_string_equal(label_find("Member ID", 9)->word, "memberid");
}

static void every_field_is_found(void **state) {
    static const struct field fields[] = {
#define FIELD(label, kind, shape, where) {label, kind, shape, where},
#include "../../detectors/fields.def"
#undef FIELD
    };
    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const struct field *found = field_find(fields[i].label, (uint32_t)strlen(fields[i].label), FIELD_IN_KEY | FIELD_IN_BANNER);
        assert_non_null(found);
        assert_string_equal(found->label, fields[i].label);
    }
    assert_null(field_find("aardvark", 8, FIELD_IN_KEY | FIELD_IN_BANNER));
    assert_null(field_find("", 0, FIELD_IN_KEY | FIELD_IN_BANNER));
    assert_non_null(field_find("Patient_Name", 12, FIELD_IN_KEY));
}

static void signs_of_a_genre_are_found(void **state) {
    static const char *const signs[] = {
#define SIGN(word, sign) word,
#include "../../detectors/genre.def"
#undef SIGN
    };
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        const char *s = signs[i];
        unsigned letters = (s[0] & 31u) << 10 | (s[1] & 31u) << 5 | (s[2] & 31u);
        assert_int_equal(label_index_find(genre_index, GENRE_BITS, label_hash(s, (uint32_t)strlen(s))), i + 1);
        assert_true(genre_starts[letters / 64] >> letters % 64 & 1);
    }
    const char *code = "import numpy\ndef f(args):\n    return None\n", *plain = "the import of a definition";
    (void)state;
    assert_int_equal(genre_of(NULL, code, (uint32_t)strlen(code)), GENRE_CODE);
    assert_int_equal(genre_of(NULL, plain, (uint32_t)strlen(plain)), GENRE_PLAIN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_is_in_its_lists), cmocka_unit_test(other_words_are_in_none), cmocka_unit_test(letters_must_be_the_same),
        cmocka_unit_test(every_label_is_found),       cmocka_unit_test(every_field_is_found),    cmocka_unit_test(signs_of_a_genre_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
