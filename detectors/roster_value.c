/* SPDX-License-Identifier: Apache-2.0
 *
 *     "(617) 555-0147"  "617.555.0147"  "+1 617 555 0147"   ->  6175550147
 *     "MRN 00417723"    "0041-7723"                         ->  417723
 *     "412 Birchwood Ave., Apt 3"                           ->  412 birchwood avenue
 */
#include "roster_value.h"

#include <string.h>

#include "lexicon.h"
#include "text.h"

void roster_value_add(struct roster_value *value, const char *text, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        char c = text_lower(text[i]);
        bool letter = c >= 'a' && c <= 'z', digit = text_is_digit(c);
        if (!letter && !digit)
            continue;
        if (value->n == ROSTER_VALUE_MAX) {
            value->full = true;
            return;
        }
        value->v[value->n++] = c;
        value->letter |= letter;
        value->digit |= digit;
    }
}

bool roster_value_finish(const struct roster_value *value, struct roster_value *out)
{
    uint32_t skip = 0;

    if (value->full || !value->digit || value->n < ROSTER_VALUE_LEAST)
        return false;
    *out = *value;
    if (value->letter)
        return true;
    while (value->v[skip] == '0' && value->n - skip > ROSTER_VALUE_LEAST)
        skip++;
    if (value->n - skip == 11 && value->v[skip] == '1')
        skip++;
    out->n = value->n - skip;
    memcpy(out->v, value->v + skip, out->n);
    return true;
}

uint64_t roster_value_hash(const struct roster_value *value)
{
    return words_hash(value->v, value->n);
}

uint64_t roster_email_hash(const char *text, uint32_t len)
{
    char folded[256];
    uint32_t n = 0;

    for (; n < len && n < sizeof folded; n++)
        folded[n] = text_lower(text[n]);
    uint64_t hash = words_hash(folded, n);
    explicit_bzero(folded, sizeof folded);
    return hash;
}

/* ---- streets ---- */

static const char *const spelled[][2] = {
    {"st", "street"}, {"str", "street"}, {"ave", "avenue"}, {"av", "avenue"}, {"rd", "road"}, {"dr", "drive"}, {"ln", "lane"},
    {"ct", "court"}, {"blvd", "boulevard"}, {"pl", "place"}, {"ter", "terrace"}, {"cir", "circle"}, {"hwy", "highway"},
    {"pkwy", "parkway"}, {"sq", "square"}, {"n", "north"}, {"s", "south"}, {"e", "east"}, {"w", "west"}};

static uint64_t street_word(const struct words *w, uint32_t i)
{
    char folded[12];
    uint32_t n = words_fold(w, i, folded, sizeof folded);

    for (size_t k = 0; n < sizeof folded && k < sizeof spelled / sizeof *spelled; k++)
        if (strlen(spelled[k][0]) == n && memcmp(spelled[k][0], folded, n) == 0)
            return words_hash(spelled[k][1], strlen(spelled[k][1]));
    explicit_bzero(folded, sizeof folded);
    return w->v[i].hash;
}

static bool ends_street(const struct words *w, uint32_t i)
{
    static const char *const units[] = {"apt", "apartment", "unit", "suite", "ste", "floor", "fl", "room"};

    for (size_t k = 0; k < sizeof units / sizeof *units; k++)
        if (words_is(w, i, units[k]))
            return true;
    return w->v[i].gap & ~(GAP_SPACE | GAP_PERIOD | GAP_HYPHEN | GAP_APOSTROPHE);
}

/* "412 Birchwood", not "412 mg": the word behind a house number is capitalized, where anything is. */
static bool begins_street(const struct words *w, uint32_t i)
{
    const struct word *house = &w->v[i], *next = house + 1;

    if ((house->shape != SHAPE_NUMBER && house->shape != SHAPE_ALNUM) || house->letters > 6 || i + 1 >= w->n || next->begin - house->end != 1 ||
        next->gap != GAP_SPACE)
        return false;
    return next->shape != SHAPE_LOWER || (next->flags & WORD_LINE_LOWER && next->letters > 3 && !(next->classes & (LEX(COMMON) | LEX(DOSE))));
}

uint32_t roster_street_hashes(const struct words *w, uint32_t i, uint64_t hash[ROSTER_STREET_WORDS])
{
    uint32_t count = 1;
    unsigned letters = 0;

    if (!begins_street(w, i))
        return 0;
    hash[0] = w->v[i].hash;
    for (; count < ROSTER_STREET_WORDS && i + count < w->n && !ends_street(w, i + count); count++) {
        const struct word *x = &w->v[i + count];
        letters += x->shape < SHAPE_NUMBER ? x->letters : 0;
        hash[count] = words_phrase(hash[count - 1], street_word(w, i + count));
    }
    return letters >= 5 ? count : 0;
}
