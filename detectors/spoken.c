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
    static const uint32_t second['z' - 'a' + 1] = { /* letters that come second, from 'a' on */
        ['z' - 'a'] = 1u << 4, ['o' - 'a'] = 1u << 13 | 1u << 7, ['t' - 'a'] = 1u << 22 | 1u << 7 | 1u << 17,
        ['f' - 'a'] = 1u << 14 | 1u << 8, ['s' - 'a'] = 1u << 8 | 1u << 4, ['e' - 'a'] = 1u << 8, ['n' - 'a'] = 1u << 8,
        ['d' - 'a'] = 1u << 14,
    };
    unsigned a = (unsigned char)(text[at] | 0x20) - 'a', b = at + 1 < len ? (unsigned char)(text[at + 1] | 0x20) - 'a' : 26;
    return a < 26 && b < 26 && second[a] >> b & 1 && (at == 0 || !text_is_alnum(text[at - 1])) && spoken_word(text, len, at) > 0;
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
