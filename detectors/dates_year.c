/* SPDX-License-Identifier: Apache-2.0
 *
 * Years, in digits and as they are said.
 */
#include "dates.h"

#include "lexicon.h"

unsigned dates_year_words(const struct words *w, uint32_t i)
{
    unsigned used = 0, more = 0;
    bool ordinal;
    int year = dates_digits(w, i), high;

    if (year >= 1880 && year <= 2100)
        return 1;
    high = dates_read_number(w, i, &used, &ordinal);
    if ((high == 19 || high == 20) && !ordinal && used == 1 && words_joined(w, i + 1, GAP_SPACE | GAP_HYPHEN)) {
        int low = dates_read_number(w, i + 1, &more, &ordinal);
        if (low >= 10 && !ordinal)
            return 1 + more;
    }
    if (high == 2 && words_is(w, i + 1, "thousand")) {
        uint32_t k = i + 2 + words_is(w, i + 2, "and");
        int low = words_joined(w, k, GAP_SPACE) ? dates_read_number(w, k, &more, &ordinal) : -1;
        return low > 0 ? k + more - i : 2;
    }
    return 0;
}

/* "of last year", "of twenty three" */
static bool is_year_said(const struct words *w, uint32_t i)
{
    unsigned used;
    bool ordinal;

    if (!words_is(w, i, "of") || !words_joined(w, i + 1, GAP_SPACE) || !words_joined(w, i + 2, GAP_SPACE | GAP_HYPHEN))
        return false;
    if (words_is(w, i + 2, "year"))
        return words_is(w, i + 1, "last") || words_is(w, i + 1, "this");
    return dates_read_number(w, i + 1, &used, &ordinal) > 20 && used == 2 && !ordinal;
}

uint32_t dates_with_year(const struct words *w, uint32_t last, bool *has)
{
    uint32_t i = last + 1;

    *has = false;
    if (is_year_said(w, i)) {
        *has = true;
        return i + 2;
    }
    if (words_is(w, i, "of") || words_is(w, i, "in"))
        i++;
    if (!words_joined(w, i, GAP_SPACE | GAP_COMMA | GAP_PERIOD | GAP_HYPHEN | GAP_SLASH | GAP_APOSTROPHE))
        return last;
    unsigned year = dates_year_words(w, i);
    if (!year && w->v[i].shape == SHAPE_NUMBER && w->v[i].letters == 2 &&
        w->v[i].gap & (GAP_APOSTROPHE | GAP_HYPHEN | GAP_SLASH))
        year = 1;
    *has = year > 0;
    return year ? i + year - 1 : last;
}
