/* SPDX-License-Identifier: Apache-2.0
 *
 * Holidays, which date what they are said of.
 */
#include "dates.h"

#include "lexicon.h"
#include "phi.h"
#include "word_lists.h"

/* "Easter Sunday", "Labor Day weekend": the words that go with a holiday. */
static uint32_t holiday_end(const struct words *w, uint32_t last)
{
    while (words_joined(w, last + 1, GAP_SPACE) && words_in(w, last + 1, LIST(HOLIDAY_TAIL)))
        last++;
    int year = words_joined(w, last + 1, GAP_SPACE | GAP_COMMA) ? dates_digits(w, last + 1) : -1; /* "St Patrick's Day 2024" */
    return year >= 1900 && year <= 2100 ? last + 1 : last;
}

bool dates_find_holiday(const struct words *w, uint32_t i, struct date *out)
{
    bool small = w->v[i].shape == SHAPE_LOWER && !(w->v[i].flags & WORD_LINE_LOWER);

    out->first = i;
    out->last = holiday_end(w, i);
    out->score = 60;
    if (words_in(w, i, LIST(HOLIDAY)))
        return !small;
    if (words_is(w, i, "new") && (words_is(w, i + 1, "year") || words_is(w, i + 1, "years"))) {
        out->last = holiday_end(w, i + 1);
        return out->last > i + 1 || (w->v[i + 1].flags & WORD_POSSESSIVE && w->v[i].shape == SHAPE_TITLE && w->v[i + 1].shape == SHAPE_TITLE);
    }
    if (words_in(w, i, LIST(HOLIDAY_DAY)) && words_is(w, i + 1, "day") && words_joined(w, i + 1, GAP_SPACE | GAP_APOSTROPHE)) {
        out->last = holiday_end(w, i + 1);
        return !small;
    }
    out->last = i + 1;
    return (words_is(w, i, "good") && words_is(w, i + 1, "friday") && w->v[i].shape == SHAPE_TITLE) ||
           (words_is(w, i, "ash") && words_is(w, i + 1, "wednesday")) || (words_is(w, i, "yom") && words_is(w, i + 1, "kippur")) ||
           (words_is(w, i, "rosh") && words_is(w, i + 1, "hashanah"));
}
