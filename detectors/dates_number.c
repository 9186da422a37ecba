/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers as they are said: a word below twenty, or tens with ones behind; and days that are one word.
 */
#include "dates.h"

#include <string.h>
#include <strings.h>

#include "lexicon.h"
#include "phi.h"

enum { COUNTED_FROM = 10 };

struct number_word {
    char text[12];
    uint8_t len, value;
    bool ordinal;
};

/* The number that word i is by itself, or NULL. */
static const struct number_word *number_word(const struct words *w, uint32_t i)
{
#define N(text, value, ordinal) {text, sizeof text - 1, value, ordinal}
    static const struct number_word numbers[] = {
        N("zero", 0, false), N("one", 1, false), N("two", 2, false), N("three", 3, false), N("four", 4, false), N("five", 5, false),
        N("six", 6, false), N("seven", 7, false), N("eight", 8, false), N("nine", 9, false), N("ten", 10, false), N("eleven", 11, false),
        N("twelve", 12, false), N("thirteen", 13, false), N("fourteen", 14, false), N("fifteen", 15, false), N("sixteen", 16, false),
        N("seventeen", 17, false), N("eighteen", 18, false), N("nineteen", 19, false), N("zeroth", 0, true), N("first", 1, true),
        N("second", 2, true), N("third", 3, true), N("fourth", 4, true), N("fifth", 5, true), N("sixth", 6, true), N("seventh", 7, true),
        N("eighth", 8, true), N("ninth", 9, true), N("tenth", 10, true), N("eleventh", 11, true), N("twelfth", 12, true),
        N("thirteenth", 13, true), N("fourteenth", 14, true), N("fifteenth", 15, true), N("sixteenth", 16, true),
        N("seventeenth", 17, true), N("eighteenth", 18, true), N("nineteenth", 19, true), N("twentieth", 20, true),
        N("thirtieth", 30, true), N("twenty", 20, false), N("thirty", 30, false), N("forty", 40, false), N("fifty", 50, false),
        N("sixty", 60, false), N("seventy", 70, false), N("eighty", 80, false), N("ninety", 90, false)};
#undef N
    uint32_t len = i < w->n ? w->v[i].end - w->v[i].begin : 0;
    char first = len ? (char)(w->text[w->v[i].begin] | 0x20) : 0;
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
        if (numbers[k].len == len && numbers[k].text[0] == first && words_equal(w, i, numbers[k].text, len))
            return &numbers[k];
    return NULL;
}

int dates_read_number(const struct words *w, uint32_t i, unsigned *used, bool *ordinal)
{
    const struct number_word *word = i < w->n && w->v[i].classes & LEX(NUMBER) ? number_word(w, i) : NULL, *ones;

    *used = 1;
    *ordinal = word && word->ordinal;
    if (!word || word->ordinal || word->value < 20 || !words_joined(w, i + 1, GAP_SPACE | GAP_HYPHEN))
        return word ? word->value : -1;
    ones = number_word(w, i + 1);
    if (!ones || ones->value < 1 || ones->value > 9)
        return word->value;
    *used = 2;
    *ordinal = ones->ordinal;
    return word->value + ones->value;
}

/* Behind a day the sentence ends or goes on with a small word; "the ninth floor" is none. */
static bool is_left_alone(const struct words *w, uint32_t i)
{
    static const char *const small[] = {"i", "we", "you", "he", "she", "they", "it", "my", "our", "her", "his", "and", "but", "so", "or", "if", "then",
                                        "when", "because", "for", "at", "in", "with", "to", "by", "yes", "no", "yeah", "okay", "um", "uh", "that", "is", "was", "works", "through", "till", "until"};
    unsigned used;
    bool ordinal = false;

    if (i >= w->n || w->v[i].gap != GAP_SPACE)
        return true;
    if (i + 1 < w->n)
        dates_read_number(w, i + 1, &used, &ordinal);
    return !ordinal && words_is_any(w, i, small, sizeof small / sizeof *small); /* "the fourth and fifth toes" */
}

/* "of last month", "of this month": its last word, or 0. */
static uint32_t month_said(const struct words *w, uint32_t i)
{
    bool near = words_is(w, i, "of") && (words_is(w, i + 1, "last") || words_is(w, i + 1, "this") || words_is(w, i + 1, "next"));
    return near && words_is(w, i + 2, "month") ? i + 2 : 0;
}

bool dates_find_said_day(const struct words *w, uint32_t i, struct date *out)
{
    static const char *const before[] = {"on", "since", "until", "till", "til", "by", "after", "before", "from", "was", "is", "for", "due", "around", "about", "like", "to", "through", "thru"};
    unsigned used;
    bool ordinal;
    int day = dates_read_number(w, i, &used, &ordinal);

    if (!ordinal || day < 1 || day > 31 || !i || !words_is(w, i - 1, "the") || w->v[i].gap != GAP_SPACE)
        return false;
    *out = (struct date){i, i + used - 1, PHI_DATE_OTHER, 55};
    uint32_t month = month_said(w, i + used);
    if (month) {
        out->last = month;
        return true;
    }
    if (day < 4 || !is_left_alone(w, i + used))
        return false;
    if (day >= COUNTED_FROM && w->v[i].flags & WORD_LINE_LOWER) /* nobody counts so far: "the tenth is fine" */
        return i < 2 || !words_is(w, i - 2, "of");
    return i > 1 && w->v[i - 1].gap == GAP_SPACE && (w->v[i - 2].classes & (LEX(WEEKDAY) | LEX(MONTH)) || words_is_any(w, i - 2, before, sizeof before / sizeof *before));
}

bool dates_find_glued(const struct words *w, uint32_t i, struct date *out)
{
    static const char *const months = "janfebmaraprmayjunjulaugsepoctnovdec";
    const char *s = w->text + w->v[i].begin, *at;
    unsigned n = w->v[i].end - w->v[i].begin, lead = 0, tail = 0;
    char month[4] = {0};

    while (lead < n && s[lead] >= '0' && s[lead] <= '9')
        lead++;
    if (!lead || lead > 2 || n < lead + 5)
        return false;
    for (unsigned k = 0; k < 3; k++)
        month[k] = (char)(s[lead + k] | 0x20);
    for (tail = lead + 3; tail < n && s[tail] >= '0' && s[tail] <= '9'; tail++)
        ;
    at = strstr(months, month);
    out->first = out->last = i;
    out->score = 85;
    return tail == n && (n == lead + 5 || n == lead + 7) && at && (at - months) % 3 == 0;
}
