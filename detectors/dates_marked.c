/* SPDX-License-Identifier: Apache-2.0
 *
 * Days with a dot or a blank between month and day, which are numbers everywhere but in a text that writes its days so:
 *
 *     DOB 9 22 53   adm 10 30 24       ... MRI 11 15 no osteo, mero thru 11 18
 *     Prepared 1.2.2025                ... delirium 12.28, staples out 1.10
 */
#include "dates.h"

#include "lexicon.h"
#include "phi.h"
#include "word_lists.h"

enum { SCORE = 54, DAY_SURE = 10 };

static bool is_month_and_day(const struct words *w, uint32_t i, uint16_t mark)
{
    int month = dates_digits(w, i), day = dates_digits(w, i + 1);

    return month >= 1 && month <= 12 && day >= 1 && day <= 31 && w->v[i].letters <= 2 && w->v[i + 1].letters <= 2 &&
           dates_one_mark(w, i + 1, mark);
}

/* Month, day and year with the same mark, the year of two digits or four. */
static bool is_whole(const struct words *w, uint32_t i, uint16_t mark)
{
    if (!is_month_and_day(w, i, mark) || !dates_one_mark(w, i + 2, mark))
        return false;
    int year = dates_digits(w, i + 2);
    return (w->v[i + 2].letters == 2 && year >= 0) || (year >= 1900 && year <= 2100);
}

/* No version: a whole year, or one of these decades. */
static bool is_recent(const struct words *w, uint32_t i)
{
    int year = dates_digits(w, i);
    return w->v[i].letters == 4 || (year >= 15 && year <= 29);
}

static bool ends_there(const struct words *w, uint32_t last)
{
    return last + 1 >= w->n || w->v[last + 1].shape < SHAPE_NUMBER || w->v[last + 1].gap & (GAP_LINE | GAP_BLANK | GAP_COMMA | GAP_OPEN);
}

/* With blanks it is the birth that tells, or three such days; with dots a whole day is a day. */
static void read_ways(const struct words *w, struct date_ways *ways)
{
    unsigned blanks = 0;
    bool birth = false;
    uint16_t months = 0;

    for (uint32_t i = words_in_set(w->forms, 0, w->n); i < w->n; i = words_in_set(w->forms, i + 1, w->n)) {
        if (w->v[i].shape != SHAPE_NUMBER)
            continue;
        if (is_whole(w, i, GAP_PERIOD) && is_recent(w, i + 2))
            ways->dotted |= (uint16_t)(1 << dates_digits(w, i));
        if (!is_whole(w, i, GAP_SPACE) || !ends_there(w, i + 2) || (i && w->v[i - 1].shape >= SHAPE_NUMBER && w->v[i].gap == GAP_SPACE))
            continue;
        blanks++;
        months |= (uint16_t)(1 << dates_digits(w, i));
        birth |= i && words_in(w, i - 1, LIST(BIRTH));
    }
    if (birth || blanks > 2)
        ways->spaced |= months;
}

/* "12.28%", "1.5/2", "1.5.2" */
static bool goes_on(const struct words *w, uint32_t last)
{
    uint32_t at = w->v[last].end;
    char behind = at < w->len ? w->text[at] : ' ', next = at + 1 < w->len ? w->text[at + 1] : ' ';
    return behind == '%' || behind == '/' || ((behind == '.' || behind == '-') && next >= '0' && next <= '9');
}

static bool is_unit(const struct words *w, uint32_t i)
{
    static const char *const units[] = {"cm", "mm", "m", "mg", "g", "kg", "ml", "l", "x", "by", "hours", "hrs", "h", "days", "d", "weeks", "wks", "months", "years", "times", "fold", "percent"};
    return i < w->n && !(w->v[i].gap & (GAP_LINE | GAP_COMMA)) && (w->v[i].classes & (LEX(DOSE) | LEX(AGE)) || words_is_any(w, i, units, sizeof units / sizeof *units));
}

/* A dose, a share, a size, or one number of several. */
static bool is_measured(const struct words *w, uint32_t i, uint32_t last)
{
    const struct word *x = &w->v[i];

    if (x->gap & ~(GAP_SPACE | GAP_LINE | GAP_OPEN | GAP_COMMA | GAP_OTHER | GAP_BLANK) || goes_on(w, last))
        return true;
    if (is_unit(w, last + 1))
        return true;
    if (w->v[i + 1].gap == GAP_PERIOD && dates_digits(w, i + 1) >= DAY_SURE) /* "pretrial 9.18 1pm" */
        return false;
    return (i && w->v[i - 1].shape >= SHAPE_NUMBER && x->gap == GAP_SPACE) || !ends_there(w, last);
}

static bool is_cued(const struct words *w, uint32_t i)
{
    static const char *const cues[] = {"on", "and", "thru", "through", "until", "since", "next", "review", "ends", "seen", "by"};
    return i && (words_is_any(w, i - 1, cues, sizeof cues / sizeof *cues) || words_in(w, i - 1, LIST(DAY_CUE)) || w->v[i - 1].classes & LEX(WEEKDAY));
}

bool dates_find_marked(const struct words *w, uint32_t i, struct date_ways *ways, struct date *out)
{
    if (i + 1 >= w->n || w->v[i].shape != SHAPE_NUMBER || (w->v[i + 1].gap != GAP_PERIOD && w->v[i + 1].gap != GAP_SPACE))
        return false;
    uint16_t mark = w->v[i + 1].gap;
    uint32_t last = is_whole(w, i, mark) ? i + 2 : i + 1;
    if (last == i + 2 && mark == GAP_PERIOD) /* dates_find knows those */
        return false;
    if (!is_month_and_day(w, i, mark) || is_measured(w, i, last))
        return false;
    if (!ways->read)
        read_ways(w, ways);
    ways->read = true;
    uint16_t months = mark == GAP_SPACE ? ways->spaced : ways->dotted;
    if (!(last == i + 2 ? months : dates_near_month(months, dates_digits(w, i))))
        return false;
    if (mark == GAP_PERIOD && last == i + 1 && dates_digits(w, i + 1) < DAY_SURE && !is_cued(w, i))
        return false;
    bool weekday = i && w->v[i - 1].classes & LEX(WEEKDAY) && w->v[i].gap == GAP_SPACE && w->v[i - 1].shape != SHAPE_LOWER;
    *out = (struct date){weekday ? i - 1 : i, last, PHI_DATE_OTHER, SCORE};
    return true;
}
