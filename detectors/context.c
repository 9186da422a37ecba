/* SPDX-License-Identifier: Apache-2.0
 *
 * Windows are short (tens of bytes) and matches are few: at each byte that some word begins with, the words are
 * compared.
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

/* Is one of the words at i, whole, within to? */
static bool words_at(const struct rule *rule, const char *text, uint32_t len, uint32_t i, uint32_t to)
{
    for (uint32_t k = 0; k < rule->n_words; k++) {
        const char *word = rule->words[k];
        if (lower(text[i]) != word[0])
            continue;
        uint32_t n = (uint32_t)strlen(word);
        if (!word_at(text, i, to, word, n))
            continue;
        bool before = !is_word(word[0]) || i == 0 || !is_word(text[i - 1]);
        bool behind = !is_word(word[n - 1]) || i + n == len || !is_word(text[i + n]);
        if (before && behind)
            return true;
    }
    return false;
}

static bool window_has(const struct rule *rule, const char *text, uint32_t len, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        unsigned char c = (unsigned char)text[i];
        bool first = rule->word_firsts[c / 32] >> c % 32 & 1 && (i == 0 || !is_word(text[i]) || !is_word(text[i - 1]));
        if (first && words_at(rule, text, len, i, to))
            return true;
    }
    return false;
}

bool context_has(const struct rule *rule, const char *text, uint32_t len, uint32_t begin, uint32_t end)
{
    uint32_t within = (uint32_t)rule->within;
    uint32_t low = begin > within ? begin - within : 0;
    uint32_t high = len - end > within ? end + within : len;
    return window_has(rule, text, len, low, begin) || window_has(rule, text, len, end, high);
}
