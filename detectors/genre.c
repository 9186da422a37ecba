/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass over the words. Signs of a study are counted once each, for a note says "patients" often; those of code are
 * counted with the marks that only code has. One word that speaks of a person settles it for the study.
 */
#include "genre.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum sign { SIGN_NONE = 0, SIGN_STRONG, SIGN_WEAK, SIGN_PERSON, SIGN_CODE };
enum { WORD_MAX = 15, STUDY_LEAST = 6, STUDY_WEAK = 8, CODE_LEAST = 4 };

static const struct sign_word {
    char word[WORD_MAX + 1];
    uint8_t sign;
} words[] = {
#define SIGN(word, sign) {word, SIGN_##sign},
#include "genre.def"
#undef SIGN
};

#include "dictionaries/genre.inc"
_Static_assert(sizeof words / sizeof *words == GENRE_STARTS_OF, "run detectors/dictionaries/lists.py after a change of genre.def");

/* Does one of the words begin so? Most do not, and need no search. */
static bool signs_begin(const char *word, uint32_t n)
{
    unsigned third = n > 2 ? word[2] & 31u : 0, letters = (word[0] & 31u) << 10 | (word[1] & 31u) << 5 | third;
    return genre_starts[letters / 64] >> letters % 64 & 1;
}

struct signs {
    uint64_t seen[4]; /* a bit for each word of the table */
    unsigned strong, weak, code;
    bool person;
};

static int word_compare(const void *key, const void *item)
{
    return strcmp(key, ((const struct sign_word *)item)->word);
}

static void signs_add(struct signs *s, const char *text, uint32_t begin, uint32_t end)
{
    char folded[WORD_MAX + 1];
    uint32_t n = end - begin;
    if (n < 2 || n > WORD_MAX || !signs_begin(text + begin, n))
        return;
    for (uint32_t i = 0; i < n; i++)
        folded[i] = text_lower(text[begin + i]);
    folded[n] = 0;
    const struct sign_word *w = bsearch(folded, words, sizeof words / sizeof *words, sizeof *words, word_compare);
    if (!w)
        return;
    size_t number = (size_t)(w - words);
    bool first = !(s->seen[number / 64] >> (number % 64) & 1);
    s->seen[number / 64] |= UINT64_C(1) << (number % 64);
    s->person |= w->sign == SIGN_PERSON && !(n == 2 && text_is_upper(text[end - 1])); /* MR imaging, MS, pT2 */
    s->strong += first && w->sign == SIGN_STRONG;
    s->weak += first && w->sign == SIGN_WEAK;
    s->code += first && w->sign == SIGN_CODE;
}

/* "67-year-old" */
static bool is_year_old(const char *text, uint32_t len, uint32_t begin, uint32_t end)
{
    return end - begin == 4 && len - end > 3 && text_equal_nocase(text + begin, "year", 4) && text_equal_nocase(text + end + 1, "old", 3);
}

/* "p <", "P =", "n =": a letter alone and a comparison behind it. */
static bool is_statistic(const char *text, uint32_t len, uint32_t at)
{
    char c = text_lower(text[at]);
    uint32_t i = at + 1;
    if ((c != 'p' && c != 'n') || (at > 0 && text_is_alnum(text[at - 1])))
        return false;
    while (i < len && text[i] == ' ' && i - at < 3)
        i++;
    if (i + 1 >= len || (text[i] != '=' && text[i] != '<' && text[i] != '>'))
        return false;
    i++;
    while (i < len && (text[i] == ' ' || text[i] == '.' || text[i] == '='))
        i++;
    return i < len && text_is_digit(text[i]);
}

/* What stands at the end of a line or between words in code alone. */
static bool is_code_mark(const char *text, uint32_t len, uint32_t at)
{
    char next = at + 1 < len ? text[at + 1] : '\n';
    switch (text[at]) {
    case '{':
    case '}':
    case ';':
        return next == '\n' || next == '\r' || (text[at] == '}' && (next == ';' || next == ','));
    case '(':
        return next == ')';
    case '=':
        return next == '=' || next == '>';
    case '-':
        return next == '>';
    }
    return false;
}

enum genre genre_of(const char *text, uint32_t len)
{
    struct signs s = {0};
    unsigned statistics = 0, marks = 0;
    for (uint32_t i = 0; i < len; i++) {
        if (!text_is_letter(text[i])) {
            marks += is_code_mark(text, len, i);
            continue;
        }
        uint32_t end = i + 1;
        while (end < len && text_is_letter(text[end]))
            end++;
        if (end == i + 1)
            statistics += is_statistic(text, len, i);
        else
            signs_add(&s, text, i, end);
        s.person |= is_year_old(text, len, i, end);
        i = end - 1;
    }
    if (s.code >= CODE_LEAST || (s.code >= 2 && marks >= 3))
        return s.code * 2 + marks >= s.strong + s.weak ? GENRE_CODE : GENRE_PLAIN;
    s.strong += statistics > 0;
    bool study = s.strong ? 2 * s.strong + s.weak >= STUDY_LEAST : s.weak >= STUDY_WEAK;
    return study && !s.person ? GENRE_STUDY : GENRE_PLAIN;
}
