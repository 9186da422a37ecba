/* SPDX-License-Identifier: Apache-2.0 */
#include "likeness.h"

#include <string.h>

#include "lexicon.h"
#include "term_stem.h"

enum { UNLISTED_FEWEST = 4, FREQUENT = 4, CAPITALIZED = 5 };

/* "crnp", "nrcme": letters that are no word. */
static bool is_spoken(const struct words *w, const struct word *x)
{
    uint32_t vowels = 0;
    for (uint32_t at = x->begin; at < x->end; at++)
        vowels += w->text[at] < 0 || strchr("aeiouy", w->text[at] | 0x20);
    return x->letters > 4 ? vowels * 4 >= x->letters : vowels > 1;
}

enum likeness likeness_of(const struct words *w, const struct phi_dictionary *d, uint32_t i)
{
    const uint64_t others = LEX(COMMON) | LEX(VERB) | LEX(ACRONYM) | LEX(DRUG) | LEX(NUMBER) | LEX(CALENDAR) | LEX(WEEKDAY) | LEX(MONTH) | LEX(DOSE) | LEX(FACILITY) | LEX(FACILITY_PART) |
                            LEX(HEADING) | LEX(PROVIDER) | LEX(PATIENT) | LEX(RELATION) | LEX(TITLE) | LEX(DOCTOR) | LEX(CREDENTIAL) | LEX(GREETING) | LEX(STREET) | LEX(STATE) | LEX(COUNTRY) |
                            LEX(CHAT) | LEX(LABEL) | LEX(SIGN) | LEX(NAMED) | LEX(AGE) | LEX(PLACE) | LEX(EPONYM_HEAD);
    if (i >= w->n || (w->v[i].shape != SHAPE_LOWER && !word_is_capital(&w->v[i])) || w->v[i].letters < 2 || w->v[i].flags & (WORD_TAKEN | WORD_CONTRACTED))
        return LIKE_NOBODY;
    const struct word *x = &w->v[i];
    if (x->classes & others)
        return LIKE_NOBODY;
    uint32_t facts = likeness_facts(w, d, i);
    bool english = facts & FACT_ENGLISH && FACT_RATIO(facts) < CAPITALIZED, disease = x->classes & LEX(EPONYM) && FACT_SURNAME(facts) <= FREQUENT;
    bool word = x->classes & LEX(AMBIGUOUS) || disease || english;
    if (FACT_GIVEN(facts) || FACT_SURNAME(facts)) /* a list of science has names, too */
        return !word ? LIKE_NAME : FACT_GIVEN(facts) >= FREQUENT || FACT_SURNAME(facts) >= FREQUENT ? LIKE_WORD : LIKE_NOBODY;
    if (word || fact_is_word(facts) || facts & FACT_TERM || x->letters < UNLISTED_FEWEST || x->flags & WORD_FOREIGN)
        return LIKE_NOBODY;
    return !is_spoken(w, x) || term_stem_in(w->text + x->begin, x->end - x->begin) ? LIKE_NOBODY : LIKE_UNLISTED;
}
