/* SPDX-License-Identifier: Apache-2.0
 *
 * Both windows are searched for the first letter of each word; windows are short (tens of bytes) and matches
 * are few, so nothing cleverer pays.
 */
#include "context.h"

#include <string.h>

#include "engine.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_word(char c)
{
    char l = lower(c);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

static bool word_at(const char *text, uint32_t at, uint32_t limit, const char *word, uint32_t n)
{
    if (limit - at < n)
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (lower(text[at + i]) != word[i])
            return false;
    return true;
}

static bool window_has(const char *text, uint32_t len, uint32_t from, uint32_t to, const char *word)
{
    uint32_t n = (uint32_t)strlen(word);
    bool head = is_word(word[0]), tail = is_word(word[n - 1]);
    for (uint32_t i = from; i + n <= to; i++) {
        if (lower(text[i]) != word[0] || !word_at(text, i, to, word, n))
            continue;
        bool before = !head || i == 0 || !is_word(text[i - 1]);
        bool behind = !tail || i + n == len || !is_word(text[i + n]);
        if (before && behind)
            return true;
    }
    return false;
}

bool context_has(const struct rule *rule, const char *text, uint32_t len, uint32_t begin, uint32_t end)
{
    uint32_t within = (uint32_t)rule->within;
    uint32_t low = begin > within ? begin - within : 0;
    uint32_t high = len - end > within ? end + within : len;
    for (uint32_t i = 0; i < rule->n_words; i++)
        if (window_has(text, len, low, begin, rule->words[i]) || window_has(text, len, end, high, rule->words[i]))
            return true;
    return false;
}
