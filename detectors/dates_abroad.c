/* SPDX-License-Identifier: Apache-2.0
 *
 *     del  3  al  9  de  enero  de  2009
 *         day ... day    month      year
 *
 * The search begins at a number, of which there are fewer than words. Month words are known without their accents.
 */
#include "dates_abroad.h"

#include "word_lists.h"

/* The lists of a word, those with accents included (words_lists leaves them out). */
static uint64_t lists_of(const struct words *w, uint32_t i)
{
    return i < w->n && w->v[i].shape < SHAPE_NUMBER ? word_lists_find(w->v[i].hash) : 0;
}

/* The number that word i begins with ("3", "1er", "2º"), 0 when it is none of at most four digits. */
static int number(const struct words *w, uint32_t i)
{
    int value = 0;
    uint32_t k;

    if (i >= w->n || w->v[i].shape < SHAPE_NUMBER)
        return 0;
    for (k = w->v[i].begin; k < w->v[i].end && w->text[k] >= '0' && w->text[k] <= '9'; k++)
        value = value < 10000 ? value * 10 + (w->text[k] - '0') : value;
    if (k < w->v[i].end && (value > 31 || w->v[i].end - k > 2))
        return 0;
    return value < 10000 ? value : 0;
}

static bool is_day(const struct words *w, uint32_t i)
{
    int day = number(w, i);
    return day >= 1 && day <= 31 && w->v[i].end - w->v[i].begin <= 4;
}

static bool is_year(const struct words *w, uint32_t i)
{
    int year = number(w, i);
    return year >= 1880 && year <= 2100;
}

static uint32_t behind_of(const struct words *w, uint32_t i)
{
    return i + (words_joined(w, i, GAP_SPACE) && lists_of(w, i) & LIST(OF_ABROAD));
}

/* The last word of the year behind month `month`, or `month`. */
static uint32_t with_year(const struct words *w, uint32_t month)
{
    uint32_t i = behind_of(w, month + 1);
    return words_joined(w, i, GAP_SPACE | GAP_COMMA | GAP_PERIOD | GAP_HYPHEN | GAP_SLASH) && is_year(w, i) ? i : month;
}

/* "3 al 9 de", "3. bis 9.": where the second day stands, or where the first does. */
static uint32_t last_day(const struct words *w, uint32_t i)
{
    if (words_joined(w, i + 1, GAP_SPACE | GAP_PERIOD) && lists_of(w, i + 1) & LIST(RANGE_ABROAD) && words_joined(w, i + 2, GAP_SPACE) && is_day(w, i + 2))
        return i + 2;
    return i;
}

static bool find_day_first(const struct words *w, uint32_t i, struct date *out)
{
    uint32_t month = behind_of(w, last_day(w, i) + 1);
    uint64_t lists = lists_of(w, month);
    bool year, of;

    if (!is_day(w, i) || !words_joined(w, month, GAP_SPACE | GAP_PERIOD | GAP_HYPHEN | GAP_SLASH))
        return false;
    out->first = i;
    out->last = with_year(w, month);
    year = out->last > month;
    of = month > 1 && lists_of(w, month - 1) & LIST(OF_ABROAD);
    out->score = year ? 95 : 85;
    if (lists & LIST(MONTH_SHORT_ABROAD) || (!of && lists & LIST(MONTH_NAME_ABROAD)))
        return year;
    return lists & (LIST(MONTH_ABROAD) | LIST(MONTH_NAME_ABROAD));
}

/* "noviembre de 2011", "marzo 2006": i is the year. */
static bool find_month_year(const struct words *w, uint32_t i, struct date *out)
{
    bool of = i && words_joined(w, i, GAP_SPACE) && lists_of(w, i - 1) & LIST(OF_ABROAD);
    uint32_t month = i - 1 - of;

    if (!is_year(w, i) || i < 1u + of || !words_joined(w, i, GAP_SPACE | GAP_COMMA) || (of && !words_joined(w, i - 1, GAP_SPACE)))
        return false;
    out->first = month;
    out->last = i;
    out->score = 90;
    return lists_of(w, month) & (LIST(MONTH_ABROAD) | (of ? LIST(MONTH_NAME_ABROAD) : 0));
}

/* "vom", "am"; not that of "10 am 3.1" */
static bool is_day_before(const struct words *w, uint32_t i)
{
    bool clock = i > 1 && w->v[i - 2].shape >= SHAPE_NUMBER && w->v[i - 2].letters <= 2 && w->v[i - 1].gap == GAP_SPACE;
    return i && lists_of(w, i - 1) & LIST(BEFORE_DAY_MONTH_ABROAD) && !clock;
}

/* "vom 3.1. bis", "am 3.1." */
static bool find_dotted(const struct words *w, uint32_t i, struct date *out)
{
    int month = number(w, i + 1);

    if (!is_day_before(w, i) || !is_day(w, i) || month < 1 || month > 12 || !words_joined(w, i, GAP_SPACE) ||
        !words_joined(w, i + 1, GAP_PERIOD) || w->v[i + 1].begin != w->v[i].end + 1 || w->v[i + 1].end >= w->len ||
        w->text[w->v[i + 1].end] != '.' || (i + 2 < w->n && !(w->v[i + 2].gap & (GAP_SPACE | GAP_LINE | GAP_BLANK))))
        return false;
    out->first = i;
    out->last = i + 1;
    out->score = 75;
    return true;
}

bool dates_abroad_find(const struct words *w, uint32_t i, struct date *out)
{
    return find_day_first(w, i, out) || find_month_year(w, i, out) || find_dotted(w, i, out);
}
