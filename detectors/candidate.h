/* SPDX-License-Identifier: Apache-2.0
 *
 * Which words may be a part of a name or of a place at all, before the evidence is summed (evidence.h).
 */
#ifndef PHI_CANDIDATE_H
#define PHI_CANDIDATE_H

#include <stdbool.h>
#include <stdint.h>

#include "dictionary.h"
#include "words.h"

/* Looks up the words of the chunk that can matter; w->open keeps those that candidate_is may take. Whether a small
 * word without an entry is English is asked of all only where that matters (rosters). */
void candidates_prepare(struct words *w, const struct phi_dictionary *d, bool of_all);
/* Is the word one that is decided at all? */
bool candidate_is(const struct words *w, uint32_t i);
/* "The", "AND": a small word that is no name and no place, unless what goes on it is written so, too ("The [Dalles]", "The [20th]"). */
bool candidate_is_small(const struct words *w, uint32_t i);
/* Is the word a letter of "M.D." and the like, and no initial? */
bool candidate_is_credential(const struct words *w, uint32_t i);
/* Which of these classes have the words of the run of capitals that goes on behind i? */
uint64_t candidate_ends_run(const struct words *w, uint32_t i, uint64_t classes);

/* How much a word by itself looks like a name: 0 not at all ... 5 surely. */
static inline unsigned candidate_likeness(const struct word *x)
{
    uint32_t f = x->facts;
    unsigned given = FACT_GIVEN(f), surname = FACT_SURNAME(f), best = given > surname ? given : surname;

    if (x->shape == SHAPE_INITIAL || !(f & FACT_LISTED))
        return x->classes || f ? 0 : 1;
    if (best >= 5)
        return FACT_RATIO(f) >= 5 ? 5 : FACT_RATIO(f) >= 3 ? 4 : 2;
    if (best >= 3)
        return FACT_RATIO(f) >= 4 ? 4 : FACT_RATIO(f) ? 2 : 3;
    if (best)
        return FACT_RATIO(f) >= 4 ? 3 : FACT_RATIO(f) || fact_is_word(f) ? 1 : 3;
    return 0;
}

/* "Michigan, Virginia", "Herbst vs Damon", "Ha. Tell me": one of several states, or of things that are compared, or called out. */
bool candidate_is_nobody(const struct words *w, uint32_t i);

#endif
