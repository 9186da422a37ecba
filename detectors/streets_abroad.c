/* SPDX-License-Identifier: Apache-2.0
 *
 *     Alte   Lindenstraße   12 a  ,  10969   Berlin
 *     word   ...suffix     number    postcode  city
 *
 * The search begins at the number, of which there are fewer than words, and looks back.
 */
#include "streets_abroad.h"

#include <string.h>

#include "lexicon.h"
#include "text.h"

static bool ends_with(const struct words *w, const struct word *x, const char *tail)
{
    size_t n = strlen(tail);
    return x->end - x->begin >= n + 3 && text_equal_nocase(w->text + x->end - n, tail, (uint32_t)n);
}

/* "Lindenstraße", "Goetheweg", "Keizersgracht" */
static bool is_street_word(const struct words *w, uint32_t i)
{
    static const char *const tails[] = {"stra\303\237e", "strasse", "str", "weg", "gasse", "platz", "allee", "ufer", "damm", "straat", "laan",
                                        "gracht", "kade", "plein", "gata", "gaten", "gatan", "vegen", "v\303\244gen", "veien", "vej", "gade", "katu", "utca"};
    const struct word *x = &w->v[i];
    if (!word_is_capital(x) || x->letters < 6)
        return false;
    for (size_t k = 0; k < sizeof tails / sizeof *tails; k++)
        if (ends_with(w, x, tails[k]))
            return true;
    return false;
}

/* "Berliner Straße", "Kossuth utca": a word for street behind a name. */
static bool is_street_pair(const struct words *w, uint32_t i)
{
    static const char *const names[] = {"stra\303\237e", "strasse", "str", "allee", "platz", "weg", "gasse", "ufer", "damm", "utca", "ulica", NULL};
    if (i == 0 || w->v[i].gap != GAP_SPACE || !word_is_capital(&w->v[i - 1]) || w->v[i - 1].letters < 3 || w->v[i - 1].classes & LEX(COMMON))
        return false;
    for (size_t k = 0; names[k]; k++)
        if (w->v[i].end - w->v[i].begin == strlen(names[k]) && text_equal_nocase(w->text + w->v[i].begin, names[k], w->v[i].end - w->v[i].begin))
            return w->v[i].shape != SHAPE_LOWER || names[k][0] == 'u';
    return false;
}

/* ", 10969 Berlin" behind the number: the last word of it, or `last`. */
static uint32_t with_city(const struct words *w, uint32_t last)
{
    uint32_t i = last + 1;
    if (i < w->n && w->v[i].shape == SHAPE_INITIAL && w->v[i].gap == GAP_SPACE && i + 1 < w->n) /* "12 a" */
        i++;
    if (i < w->n && w->v[i].shape == SHAPE_INITIAL && i + 1 < w->n && w->v[i + 1].gap == GAP_HYPHEN) /* "D-10969" */
        i++;
    if (i + 1 >= w->n || w->v[i].shape != SHAPE_NUMBER || w->v[i].letters < 4 || w->v[i].letters > 5 ||
        w->v[i].gap & ~(GAP_SPACE | GAP_COMMA | GAP_LINE | GAP_HYPHEN | GAP_BLANK))
        return last;
    return word_is_capital(&w->v[i + 1]) && w->v[i + 1].gap == GAP_SPACE ? i + 1 : last;
}

bool streets_abroad_find(const struct words *w, uint32_t i, uint32_t *first, uint32_t *last)
{
    const struct word *x = &w->v[i];
    if (i == 0 || x->letters > 4 || !text_is_digit(w->text[x->begin]) || (x->gap != GAP_SPACE && x->gap != (GAP_SPACE | GAP_PERIOD)))
        return false;
    if (is_street_word(w, i - 1))
        *first = i - 1;
    else if (is_street_pair(w, i - 1))
        *first = i - 2;
    else
        return false;
    *last = with_city(w, i);
    return true;
}

/* Letter and digit in turns, three of them. */
static bool is_half_code(const struct words *w, uint32_t i, bool letter)
{
    const struct word *x = &w->v[i];
    if (i >= w->n || x->shape != SHAPE_ALNUM || x->end - x->begin != 3)
        return false;
    for (uint32_t k = 0; k < 3; k++) {
        char c = w->text[x->begin + k];
        if (letter == (k % 2 == 0) ? !text_is_upper(c) : !text_is_digit(c))
            return false;
    }
    return true;
}

static bool is_province(const struct words *w, uint32_t i)
{
    static const char names[] = " BC AB ON QC MB SK NS NB NL PE PEI YT NT NU ";
    const struct word *x = &w->v[i];
    char name[6] = " ";
    uint32_t n = x->end - x->begin;
    if (x->shape != SHAPE_UPPER || n > 3)
        return false;
    memcpy(name + 1, w->text + x->begin, n);
    name[n + 1] = ' ';
    return strstr(names, name) != NULL;
}

bool streets_abroad_find_city(const struct words *w, uint32_t i, uint32_t *first, uint32_t *last)
{
    if (i < 2 || !is_half_code(w, i, true) || !is_half_code(w, i + 1, false) || !is_province(w, i - 1) || w->v[i - 1].gap & ~(GAP_SPACE | GAP_COMMA))
        return false;
    *first = *last = i - 2;
    if (!word_is_capital(&w->v[*first]))
        return false;
    while (*first > 0 && *last - *first < 2 && !(w->v[*first].gap & ~(GAP_SPACE | GAP_HYPHEN | GAP_PERIOD)) && word_is_capital(&w->v[*first - 1]))
        --*first;
    return true;
}
