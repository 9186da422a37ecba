/* SPDX-License-Identifier: Apache-2.0
 *
 * The words for digits are told by their first two letters, so that other text costs one comparison for each word.
 */
#include "spoken.h"

#include <string.h>

#include "text.h"

enum { DIGITS_MAX = 24 };

/* The bytes of the word for a digit at `at`, or 0. "double" and "triple" say that the next counts more than once. */
static uint32_t spoken_word(const char *text, uint32_t len, uint32_t at)
{
    static const char *const words[] = {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "oh",
                                        "double", "triple"};
    if (len - at < 2)
        return 0;
    char first = text_lower(text[at]), second = text_lower(text[at + 1]);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (words[i][0] != first || words[i][1] != second)
            continue;
        uint32_t n = (uint32_t)strlen(words[i]);
        if (len - at >= n && text_equal_nocase(text + at, words[i], n) && (len - at == n || !text_is_alnum(text[at + n])))
            return n;
    }
    return 0;
}

bool spoken_begins(const char *text, uint32_t len, uint32_t at)
{
    /* z o t f s e n d, as bits from 'a' on, and the letters that may come second */
    static const uint32_t first = 0x020C6038u, second = 0x00426190u;
    unsigned a = (unsigned char)text_lower(text[at]) - 'a', b = at + 1 < len ? (unsigned char)text_lower(text[at + 1]) - 'a' : 26;
    return a < 26 && b < 26 && first >> a & 1 && second >> b & 1 && (at == 0 || !text_is_alnum(text[at - 1])) &&
           spoken_word(text, len, at) > 0;
}

uint32_t spoken_end(const char *text, uint32_t len, uint32_t at, uint32_t *digits)
{
    uint32_t end = at, n;
    *digits = 0;
    while (*digits < DIGITS_MAX && at < len && (n = spoken_word(text, len, at)) != 0) {
        end = at + n;
        ++*digits;
        at = end;
        while (at < len && at - end < 3 && text[at] && strchr(" ,-.", text[at]))
            at++;
    }
    return end;
}
