/* SPDX-License-Identifier: Apache-2.0
 *
 * The words for digits are told by their first two letters, so that other text costs one comparison for each word.
 */
#include "spoken.h"

#include <string.h>

#include "text.h"

enum { DIGITS_MAX = 24 };

/* The word for a digit by its first two letters, or NULL. "double" and "triple" say that the next counts more than once. */
static const char *spoken_by_letters(char first, char second)
{
    switch (first) {
    case 'z': return second == 'e' ? "zero" : NULL;
    case 'o': return second == 'n' ? "one" : second == 'h' ? "oh" : NULL;
    case 't': return second == 'w' ? "two" : second == 'h' ? "three" : second == 'r' ? "triple" : NULL;
    case 'f': return second == 'o' ? "four" : second == 'i' ? "five" : NULL;
    case 's': return second == 'i' ? "six" : second == 'e' ? "seven" : NULL;
    case 'e': return second == 'i' ? "eight" : NULL;
    case 'n': return second == 'i' ? "nine" : NULL;
    case 'd': return second == 'o' ? "double" : second == 'a' ? "dash" : NULL;
    }
    return NULL;
}

/* What a word for a digit is worth; -1 for "double", "dash" and the like. */
static int spoken_value(const char *word)
{
    static const char *const words[] = {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"};
    for (int k = 0; k < 10; k++)
        if (text_lower(word[0]) == words[k][0] && text_lower(word[1]) == words[k][1])
            return k;
    return -1;
}

/* The bytes of the word for a digit at `at`, or 0. */
static uint32_t spoken_word(const char *text, uint32_t len, uint32_t at)
{
    const char *word = len - at < 2 ? NULL : spoken_by_letters(text_lower(text[at]), text_lower(text[at + 1]));
    uint32_t n = word ? (uint32_t)strlen(word) : 0;
    if (!word || len - at < n || !text_equal_nocase(text + at, word, n) || (len - at > n && text_is_alnum(text[at + n])))
        return 0;
    return n;
}

bool spoken_begins(const char *text, uint32_t len, uint32_t at)
{
    return (at == 0 || !text_is_alnum(text[at - 1])) && spoken_word(text, len, at) > 0;
}

uint32_t spoken_end(const char *text, uint32_t len, uint32_t at, struct spoken *run)
{
    uint32_t end = at, n;
    int last = -1;
    *run = (struct spoken){0};
    while (run->digits < DIGITS_MAX && at < len && (n = spoken_word(text, len, at)) != 0) {
        int value = spoken_value(text + at);
        bool dash = text_lower(text[at]) == 'd' && n == 4;
        if (dash && run->digits == 0)
            break;
        end = dash ? end : at + n;
        run->digits += !dash;
        run->steps += value > 0 && (value - last == 1 || last - value == 1);
        last = value;
        uint32_t behind = at += n;
        while (at < len && at - behind < 3 && text[at] && strchr(" ,-.", text[at]))
            at++;
    }
    return end;
}
