/* SPDX-License-Identifier: Apache-2.0
 *
 *     4400-B   N    Old Mill   Rd    NE  ,  Apt  24A
 *     number  dir.  name...   suffix dir.   unit value
 *
 * Suffixes that are everyday or clinical words (point, run, rest, well) are left to the weights of places.
 */
#include "streets.h"

#include "lexicon.h"
#include "word_lists.h"

enum { NAME_WORDS_MAX = 5, LETTERHEAD_WORDS = 9 };

static bool is_value(const struct word *x)
{
    return x->shape == SHAPE_NUMBER || x->shape == SHAPE_ALNUM || x->shape == SHAPE_INITIAL;
}

static bool is_house_number(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    char first = w->text[x->begin];

    if (first < '0' || first > '9' || (first == '0' && x->letters == 4) || x->letters > 6 || x->flags & WORD_TAKEN) /* 0730 is a time */
        return false;
    return x->shape == SHAPE_NUMBER || (x->shape == SHAPE_ALNUM && x->letters <= 6);
}

/* A word that can be in the name of a street. */
static bool is_name_word(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    bool numbered = x->shape == SHAPE_ALNUM && w->text[x->begin] >= '0' && w->text[x->begin] <= '9';

    if (x->gap & ~(GAP_SPACE | GAP_PERIOD | GAP_HYPHEN | GAP_APOSTROPHE) || (x->gap & GAP_PERIOD && w->v[i - 1].letters > 2))
        return false;
    return numbered || x->shape == SHAPE_TITLE || x->shape == SHAPE_UPPER || x->shape == SHAPE_MIXED || x->shape == SHAPE_INITIAL ||
           (x->shape == SHAPE_LOWER && x->flags & WORD_LINE_LOWER && !(x->classes & LEX(COMMON)));
}

/* "28 Fr CT", "2211 TO ST", "2 Referral ENT Dr.": what stands before a suffix that is an abbreviation of something else, too. */
static bool is_no_street(const struct words *w, uint32_t first, uint32_t suffix)
{
    const struct word *before = &w->v[suffix - 1];
    for (uint32_t i = first; i < suffix; i++)
        if (words_is_size(w, i))
            return true;
    if (words_is(w, suffix, "dr") && (before->classes & LEX(VERB) || (before->classes & LEX(ACRONYM) && before->shape == SHAPE_UPPER)))
        return true;
    return words_is(w, suffix - 1, "by") || words_is(w, suffix - 1, "to") || words_is(w, suffix - 1, "at");
}

/* "Apt 24A", ", Suite 4B", "#12" behind the street; returns the last word. */
static uint32_t with_unit(const struct words *w, uint32_t last)
{
    uint32_t i = last + 1;

    if (i < w->n && words_in(w, i, LIST(DIRECTION)) && w->v[i].gap == GAP_SPACE && w->v[i].letters <= 2 && w->v[i].shape != SHAPE_LOWER)
        last = i++;
    if (i >= w->n || w->v[i].gap & ~(GAP_SPACE | GAP_COMMA | GAP_PERIOD | GAP_OTHER | GAP_HYPHEN | GAP_LINE))
        return last;
    if (words_in(w, i, LIST(UNIT)) && i + 1 < w->n && is_value(&w->v[i + 1]) &&
        !(w->v[i + 1].gap & ~(GAP_SPACE | GAP_PERIOD | GAP_OTHER)))
        return i + 1;
    if (w->v[i].shape == SHAPE_NUMBER && w->text[w->v[i].begin - 1] == '#')
        return i;
    bool ordinal = w->v[i].shape == SHAPE_ALNUM && w->v[i].letters <= 4 && w->text[w->v[i].end - 1] >= 'a'; /* ", 3rd Fl", ", 4th floor" */
    if (ordinal && i + 1 < w->n && w->v[i + 1].gap == GAP_SPACE && (words_is(w, i + 1, "fl") || words_is(w, i + 1, "floor") || words_is(w, i + 1, "flr")))
        return i + 1;
    return last;
}

static bool find_box(const struct words *w, uint32_t i, uint32_t *last)
{
    uint32_t box = words_is(w, i, "po") || words_is(w, i, "rr") || words_is(w, i, "hc") ? i + 1 : words_is(w, i, "p") && words_is(w, i + 1, "o") ? i + 2 : 0;

    if (box && !words_is(w, box, "box") && box < w->n && is_value(&w->v[box])) /* RR 2 Box 14 */
        box++;
    *last = box + 1;
    return box && words_is(w, box, "box") && box + 1 < w->n && is_value(&w->v[box + 1]) && !(w->v[box].gap & GAP_LINE);
}

/* "Hwy 17", "Route 9", "County Road 12" */
static bool find_highway(const struct words *w, uint32_t i, uint32_t *last)
{

    *last = i + 1;
    return words_in(w, i, LIST(ROAD)) && w->v[i].shape != SHAPE_LOWER && i + 1 < w->n && w->v[i + 1].gap == GAP_SPACE && is_value(&w->v[i + 1]);
}

bool streets_find(const struct words *w, uint32_t i, uint32_t *last)
{
    uint32_t k = i + 1;

    if (w->v[i].shape != SHAPE_NUMBER && w->v[i].shape != SHAPE_ALNUM)
        return find_box(w, i, last) || find_highway(w, i, last);
    if (!is_house_number(w, i) || (i && w->v[i].gap & (GAP_SLASH | GAP_PERIOD | GAP_COLON) && w->v[i - 1].shape == SHAPE_NUMBER && !(w->v[i].gap & GAP_SPACE)))
        return false;
    if (k < w->n && w->v[k].gap != GAP_SPACE && !(w->v[k].gap == GAP_HYPHEN && is_value(&w->v[k])))
        return false;
    bool third = i > 1 && w->v[i - 1].gap == GAP_HYPHEN, second = k < w->n && w->v[k].gap == GAP_HYPHEN;
    if (i && w->v[i].gap == GAP_HYPHEN && w->v[i - 1].shape == SHAPE_NUMBER && (third || second)) /* "3-22-07 TURP Dr Quill" */
        return false;
    for (; k < w->n && k <= i + NAME_WORDS_MAX + 1 && (is_name_word(w, k) || (k == i + 1 && is_value(&w->v[k]))); k++) {
        bool plain = words_is(w, k, "broadway");
        if (!words_in(w, k, LIST(STREET_SUFFIX)) || (k == i + 1 && !plain))
            continue;
        if (is_no_street(w, i + 1, k))
            return false;
        bool numbered = k > i + 1 && words_is(w, k - 1, "county") && k + 1 < w->n && w->v[k + 1].gap == GAP_SPACE && is_value(&w->v[k + 1]); /* "1519 COUNTY RD 88" */
        if (numbered) {
            *last = k + 1;
            return true;
        }
        if (k + 1 < w->n && words_in(w, k + 1, LIST(STREET_SUFFIX)) && is_name_word(w, k + 1) && w->v[k + 1].gap == GAP_SPACE)
            k++;
        *last = with_unit(w, k);
        return true;
    }
    return false;
}

bool streets_find_zip(const struct words *w, uint32_t i, uint32_t *last)
{
    const struct word *x = &w->v[i];

    *last = i;
    if (i >= w->n || x->shape != SHAPE_NUMBER || x->letters != 5 || x->gap & ~(GAP_SPACE | GAP_COMMA | GAP_BLANK))
        return false;
    if (i + 1 < w->n && x[1].gap == GAP_HYPHEN && x[1].begin == x->end + 1 && x[1].shape == SHAPE_NUMBER && x[1].letters == 4)
        *last = i + 1;
    return true;
}

/* What a name of a practice is written with. */
static bool is_letterhead_word(const struct word *x)
{
    return x->shape == SHAPE_TITLE || x->shape == SHAPE_UPPER || x->shape == SHAPE_MIXED || x->shape == SHAPE_INITIAL ||
           (x->shape == SHAPE_LOWER && x->letters <= 3);
}

bool streets_find_letterhead(const struct words *w, uint32_t i, uint32_t *first, uint32_t *last)
{
    uint32_t k = i;

    if (!i || !(w->v[i].gap & GAP_LINE) || w->v[i].gap & ~(GAP_LINE | GAP_SPACE))
        return false;
    while (k > 0 && i - k < LETTERHEAD_WORDS && is_letterhead_word(&w->v[k - 1])) {
        k--;
        if (w->v[k].gap & (GAP_LINE | GAP_START))
            break;
        if (w->v[k].gap & ~(GAP_SPACE | GAP_OTHER | GAP_HYPHEN | GAP_APOSTROPHE | GAP_COMMA | GAP_PERIOD))
            return false;
    }
    *first = k;
    *last = i - 1;
    return i - k > 1 && w->v[k].gap & (GAP_LINE | GAP_START) && !(w->v[k].classes & (LEX(LABEL) | LEX(HEADING) | LEX(GREETING) | LEX(COMMON))) &&
           !(w->v[k].flags & WORD_TAKEN);
}
