/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass over the words. Signs of a study are counted once each, for a note says "patients" often; those of code are
 * counted with the marks that only code has. One word that speaks of a person settles it for the study.
 */
#include "genre.h"

#include <string.h>

#include "label_index.h"
#include "text.h"

enum sign { SIGN_NONE = 0, SIGN_STRONG, SIGN_WEAK, SIGN_PERSON, SIGN_CODE, SIGN_SPOKEN };
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

_Static_assert(sizeof words / sizeof *words == GENRE_INDEXED, "run detectors/dictionaries/lists.py after a change of genre.def");

struct signs {
    uint64_t seen[4]; /* a bit for each word of the table */
    unsigned strong, weak, code, spoken; /* spoken: words of code that are said of patients, too: "bowel function", "self" */
    bool person, statistic;
};

/* Nearly all words are told by their first three letters. */
static bool sign_begins(const char *word, uint32_t n)
{
    unsigned letters = (word[0] & 31u) << 10 | (word[1] & 31u) << 5 | (n > 2 ? word[2] & 31u : 0);
    return genre_starts[letters / 64] >> letters % 64 & 1;
}

static void signs_add(struct signs *s, const char *text, uint32_t begin, uint32_t end)
{
    char folded[WORD_MAX + 1];
    uint32_t n = end - begin;
    uint64_t hash = LABEL_HASH;
    if (n < 2 || n > WORD_MAX || !sign_begins(text + begin, n))
        return;
    for (uint32_t i = n; i-- > 0;) {
        folded[i] = text_lower(text[begin + i]);
        hash = label_hash_add(hash, folded[i]);
    }
    size_t number = label_index_find(genre_index, GENRE_BITS, hash);
    const struct sign_word *w = number ? &words[--number] : NULL;
    if (!w || w->word[n] || memcmp(w->word, folded, n) != 0)
        return;
    bool first = !(s->seen[number / 64] >> (number % 64) & 1);
    s->seen[number / 64] |= UINT64_C(1) << (number % 64);
    s->person |= w->sign == SIGN_PERSON && !(n == 2 && text_is_upper(text[end - 1])); /* MR imaging, MS, pT2 */
    s->strong += first && w->sign == SIGN_STRONG;
    s->weak += first && w->sign == SIGN_WEAK;
    s->code += first && w->sign == SIGN_CODE;
    s->spoken += first && w->sign == SIGN_SPOKEN;
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

static unsigned code_marks(const char *text, uint32_t len)
{
    unsigned marks = 0;
    for (uint32_t i = 0; i < len; i++)
        marks += is_code_mark(text, len, i);
    return marks;
}

static void word_read(struct signs *s, const char *text, uint32_t len, uint32_t begin, uint32_t end)
{
    if (end == begin + 1)
        s->statistic = s->statistic || is_statistic(text, len, begin);
    else
        signs_add(s, text, begin, end);
    s->person = s->person || is_year_old(text, len, begin, end);
}

static void words_read(struct signs *s, const struct marks *m, const char *text, uint32_t len)
{
    for (uint32_t base = 0; base < len; base += MARKS_BYTES) {
        struct marks here = m ? m[base / MARKS_BYTES] : marks_at(text, len, base);
        for (uint64_t starts = marks_word_starts(&here); starts; starts &= starts - 1) {
            unsigned k = (unsigned)__builtin_ctzll(starts);
            uint64_t behind = ~here.letters >> k;
            uint32_t end = base + (behind ? k + (unsigned)__builtin_ctzll(behind) : MARKS_BYTES);
            while (!behind && end < len && text_is_letter(text[end]))
                end++;
            word_read(s, text, len, base + k, end < len ? end : len);
        }
    }
}

enum genre genre_of(const struct marks *m, const char *text, uint32_t len)
{
    struct signs s = {0};
    words_read(&s, m, text, len);
    unsigned marks = s.code + s.spoken >= 2 ? code_marks(text, len) : 0, code = s.code + (marks || s.code >= 2 ? s.spoken : 0);
    if (code >= CODE_LEAST || (code >= 2 && marks >= 3))
        return code * 2 + marks >= s.strong + s.weak ? GENRE_CODE : GENRE_PLAIN;
    s.strong += s.statistic;
    bool study = s.strong ? 2 * s.strong + s.weak >= STUDY_LEAST : s.weak >= STUDY_WEAK;
    return study && !s.person ? GENRE_STUDY : GENRE_PLAIN;
}

/* A day, its month and its year: three numbers, or two and a word. */
static bool is_whole_date(const char *text, uint32_t begin, uint32_t end)
{
    unsigned numbers = 0;

    for (uint32_t i = begin; i < end; i++)
        numbers += text_is_digit(text[i]) && (i == begin || !text_is_digit(text[i - 1]));
    return numbers >= 3 || (numbers == 2 && text_longest_word(text + begin, end - begin) >= 3);
}

static bool is_period_word(const char *word, uint32_t n)
{
    static const char words_of_period[] = " from between to and until till through thru since before after ";
    return n > 0 && text_among(words_of_period, word, n);
}

bool genre_is_studys(const char *text, uint32_t len, uint32_t begin, uint32_t end)
{
    uint32_t last = begin, next = end;

    if (!is_whole_date(text, begin, end))
        return true;
    while (last > 0 && text[last - 1] == ' ')
        last--;
    while (next < len && text[next] == ' ')
        next++;
    uint32_t first = (uint32_t)text_letters_before(text, last), behind = (uint32_t)text_letters(text + next, len - next);
    bool dash = next < len && (text[next] == '-' || (unsigned char)text[next] == 0xE2);
    return dash || is_period_word(text + first, last - first) || is_period_word(text + next, behind);
}
