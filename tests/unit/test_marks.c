/* SPDX-License-Identifier: Apache-2.0
 *
 * The bits of a text are the same however they were read, and mean what text.h says of each byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "../../detectors/marks.h"

enum { LEN = 333, BLOCKS = LEN / MARKS_BYTES + 2 };

static uint32_t random_state = 1;

static char random_byte(void) {
    static const char common[] = "aAzZmM09 5+-/_=\n.@[`{\x7F\x80\xC3\xFF";
    random_state = random_state * 1664525 + 1013904223;
    uint32_t r = random_state >> 8;
    char c = r & 1 ? common[(r >> 1) % (sizeof common - 1)] : (char)(r >> 1 & 0xFF);
    return c ? c : ' ';
}

static bool bit(uint64_t bits, uint32_t i) {
    return bits >> i % 64 & 1;
}

static void assert_means_text(const struct marks *m, const char *text, uint32_t len) {
    for (uint32_t i = 0; i < len; i++) {
        const struct marks *b = &m[i / 64];
        char c = text[i];
        bool high = (unsigned char)c >= 0x80;
        assert_int_equal(bit(b->letters, i), text_is_letter(c));
        assert_int_equal(bit(b->digits, i), text_is_digit(c));
        assert_int_equal(bit(b->high, i), high);
        assert_int_equal(bit(b->lower, i), c >= 'a' && c <= 'z');
        assert_int_equal(bit(b->coded, i), (text_is_alnum(c) && !high) || c == '+' || c == '-' || c == '/' || c == '_');
        assert_int_equal(bit(marks_word_starts(b), i), text_is_letter(c) && !(i && text_is_letter(text[i - 1])));
        assert_int_equal(bit(marks_alnum_starts(b), i), text_is_alnum(c) && !(i && text_is_alnum(text[i - 1])));
    }
}

static void every_way_reads_the_same(void **state) {
    static struct marks ways[3][BLOCKS];
    static char text[LEN];
    unsigned read = 0;
    (void)state;
    for (uint32_t len = 0; len <= LEN; len++) {
        for (uint32_t i = 0; i < len; i++) text[i] = random_byte();
        for (unsigned way = 0; way < 3; way++) {
            memset(ways[way], 0xAA, sizeof ways[way]);
            if (!marks_read_way(way, ways[way], text, len)) continue;
            read++;
            assert_means_text(ways[way], text, len);
            uint32_t blocks = (len + MARKS_BYTES - 1) / MARKS_BYTES + 1; /* with the empty one behind */
            for (uint32_t b = 0; b < blocks; b++) {
                assert_int_equal(ways[way][b].letters, ways[0][b].letters);
                assert_int_equal(ways[way][b].digits, ways[0][b].digits);
                assert_int_equal(ways[way][b].coded, ways[0][b].coded);
                assert_int_equal(ways[way][b].letter_before, ways[0][b].letter_before);
                assert_int_equal(ways[way][b].digit_before, ways[0][b].digit_before);
            }
            assert_true(!ways[way][blocks - 1].letters && !ways[way][blocks - 1].digits);
        }
    }
    assert_true(read >= LEN);
}

/* Bits of one block, behind whatever stands before it. */
static void one_block_is_that_of_all(void **state) {
    static char text[LEN];
    struct phi_array all = {0};
    (void)state;
    for (uint32_t i = 0; i < LEN; i++) text[i] = random_byte();
    assert_int_equal(marks_read(&all, text, LEN), 0);
    for (uint32_t at = 0; at < LEN; at += MARKS_BYTES) {
        struct marks one = marks_at(text, LEN, at), *same = (struct marks *)all.v + at / MARKS_BYTES;
        assert_int_equal(one.letters, same->letters);
        assert_int_equal(one.digits, same->digits);
        assert_int_equal(one.letter_before, same->letter_before);
        assert_int_equal(one.digit_before, same->digit_before);
    }
    phi_array_free(&all);
}

static bool begins(const char *text, bool announcer) {
    struct phi_array all = {0};
    assert_int_equal(marks_read(&all, text, (uint32_t)strlen(text)), 0);
    const struct marks *m = all.v;
    bool is = bit(announcer ? m->announcers : m->spoken, 1);
    phi_array_free(&all);
    return is;
}

static void words_are_told_by_their_first_letters(void **state) {
    (void)state;
    assert_true(begins(" Dr. Roe", true));
    assert_true(begins(" MD", true));
    assert_true(begins(" stepmother", true));
    assert_true(begins(" one", false));
    assert_true(begins(" oh", false));
    assert_false(begins(" drug", true));
    assert_false(begins(" once", false));
    assert_false(begins(" d", true));
    assert_false(begins("one", false)); /* at 0, not at 1 */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_way_reads_the_same), cmocka_unit_test(one_block_is_that_of_all),
                                       cmocka_unit_test(words_are_told_by_their_first_letters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
