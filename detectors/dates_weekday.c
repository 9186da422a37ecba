/* SPDX-License-Identifier: Apache-2.0
 *
 * The weekday in front of a date.
 */
#include "dates.h"

#include "lexicon.h"

/* "last Thursday, the 8th", "this coming Monday, the 2nd" */
static uint32_t with_last(const struct words *w, uint32_t weekday)
{
    static const char *const near[] = {"last", "next", "this", "coming"};
    uint32_t i = weekday;

    while (i > 0 && weekday - i < 2 && w->v[i].gap == GAP_SPACE && words_is_any(w, i - 1, near, sizeof near / sizeof *near))
        i--;
    return i;
}

uint32_t dates_with_weekday(const struct words *w, uint32_t first, bool whole)
{
    uint32_t i = first && words_is(w, first - 1, "the") && w->v[first].gap == GAP_SPACE ? first - 1 : first; /* "Tues the 4th of May" */

    if (i && w->v[i - 1].classes & LEX(WEEKDAY) && words_joined(w, i, GAP_SPACE | GAP_COMMA | GAP_PERIOD) && (whole || w->v[i - 1].shape != SHAPE_LOWER || w->v[i - 1].letters > 3))
        return with_last(w, i - 1);
    return first;
}
