/* SPDX-License-Identifier: Apache-2.0 */
#include "surname_first.h"

#include "candidate.h"
#include "dictionary.h"
#include "evidence.h"
#include "lexicon.h"
#include "text.h"

enum { SCORE = 58, AGE_BEHIND = 3 };

/* "McDonald" and "DeAngelo", not "SystemExit". */
static bool is_capital(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    const char *text = w->text + x->begin;

    if (x->shape == SHAPE_MIXED)
        return x->letters > 4 && (text_is_upper(text[2]) || text_is_upper(text[3]));
    return x->shape == SHAPE_TITLE || x->shape == SHAPE_UPPER;
}

/* Nobody's word but a name's: no word of the language, no medicine, no town that many know. */
static bool is_unlike_words(const struct words *w, uint32_t i)
{
    const uint64_t names = LEX(PARTICLE) | LEX(AMBIGUOUS);
    const struct word *x = &w->v[i];

    return is_capital(w, i) && !(x->classes & ~names) && !fact_is_word(x->facts) && FACT_CITY(x->facts) < 3 &&
           !(x->flags & (WORD_TAKEN | WORD_CONTRACTED | WORD_POSSESSIVE));
}

/* The last word of what hyphens join to word i. */
static uint32_t hyphened_end(const struct words *w, uint32_t i)
{
    while (i + 1 < w->n && w->v[i + 1].gap == GAP_HYPHEN && w->v[i + 1].begin == w->v[i].end + 1 && w->v[i + 1].shape < SHAPE_NUMBER)
        i++;
    return i;
}

/* A list, a banner or a bed stands before; no sentence, and no list of other things between commas. */
static bool opens(const struct words *w, uint32_t i)
{
    const uint16_t breaks = GAP_LINE | GAP_START | GAP_BLANK | GAP_COLON | GAP_PERIOD | GAP_OPEN | GAP_OTHER | GAP_STOP;

    if (i == 0 || w->v[i].gap & breaks)
        return !(w->v[i].gap & GAP_COMMA);
    return w->v[i].gap == GAP_SPACE && (w->v[i - 1].shape == SHAPE_ALNUM || w->v[i - 1].shape == SHAPE_NUMBER || words_is(w, i - 1, "re") || words_is(w, i - 1, "pt"));
}

/* A column, a bar, an age, a bracket or nothing stands behind. */
static bool closes(const struct words *w, uint32_t last)
{
    const struct word *x = &w->v[last + 1];

    if (last + 1 < w->n && w->v[last].shape == SHAPE_INITIAL && x->gap & GAP_PERIOD)
        return true;
    if (last + 1 >= w->n || x->gap & (GAP_BLANK | GAP_LINE | GAP_OPEN) || (x->gap & GAP_OTHER && w->text[w->v[last].end] == ' '))
        return true;
    return x->gap == (GAP_COMMA | GAP_SPACE) && (x->shape == SHAPE_NUMBER || x->shape == SHAPE_ALNUM) && x->letters <= AGE_BEHIND;
}

/* "Mr. Selassie, I hear": who says it, not an initial. */
static bool is_speaker(const struct words *w, uint32_t i)
{
    return w->text[w->v[i].begin] == 'I' && i + 1 < w->n && w->v[i + 1].gap == GAP_SPACE && w->v[i + 1].shape == SHAPE_LOWER;
}

/* The last word of the name whose family name begins with word i, or 0. */
static uint32_t name_end(const struct words *w, uint32_t i)
{
    uint32_t family = hyphened_end(w, i), given = family + 1;

    if (!is_unlike_words(w, i) || w->v[i].letters < 3 || given >= w->n || w->v[given].gap != (GAP_COMMA | GAP_SPACE))
        return 0;
    if (w->v[given].shape == SHAPE_INITIAL) /* "5/7 1320 SELASSIE, M inj", not "Quillas, E-28006" */
        return text_is_upper(w->text[w->v[given].begin]) && !candidate_is_credential(w, given) &&
               !(given + 1 < w->n && w->v[given + 1].gap & GAP_HYPHEN) &&
               !(w->v[given].flags & WORD_CONTRACTED) && !is_speaker(w, given) ? given : 0; /* "Mr. Selassie, I'm" */
    bool named = is_unlike_words(w, given) || (is_capital(w, given) && !w->v[given].classes && FACT_GIVEN(w->v[given].facts) > 1);
    if (!named)
        return 0;
    uint32_t last = hyphened_end(w, given);
    if (last + 1 < w->n && w->v[last + 1].gap == GAP_SPACE && w->v[last + 1].shape == SHAPE_INITIAL)
        last++;
    return closes(w, last) ? last : 0;
}

int surname_first_emit(const struct words *w, uint16_t rule, struct phi_candidates *sink)
{
    for (uint32_t i = words_in_set(w->open, w->first, w->last); i < w->last; i = words_in_set(w->open, i + 1, w->last)) {
        uint32_t first = i, last;
        if (!is_capital(w, i) || (last = name_end(w, i)) == 0)
            continue;
        while (first > 0 && i - first < 2 && w->v[first].gap == GAP_SPACE && w->v[first - 1].classes & LEX(PARTICLE) && w->v[first - 1].shape != SHAPE_UPPER)
            first--;
        if (!opens(w, first))
            continue;
        struct phi_candidate c = {.kind = PHI_NAME_UNKNOWN, .rule = rule, .score = SCORE, .begin = w->v[first].begin, .end = w->v[last].end};
        uint32_t family = hyphened_end(w, i);
        c.family = (struct phi_part){w->v[first].begin, w->v[family].end};
        c.given = (struct phi_part){w->v[family + 1].begin, w->v[hyphened_end(w, family + 1)].end};
        if (phi_candidate_add(sink, &c) < 0)
            return -1;
        i = last;
    }
    return 0;
}
