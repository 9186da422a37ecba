/* SPDX-License-Identifier: Apache-2.0
 *
 * Names in small letters, as in chat and by whoever never presses shift: "r. dochioiu", "his spouse olga aanei",
 * "attention d florea", "Sincerely,\nb. brown, DO". No capital says that they are names; what stands beside them does.
 */
#ifndef PHI_SMALL_NAME_H
#define PHI_SMALL_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "dictionary.h"
#include "words.h"

/* "for", "per" */
static inline bool small_name_meant(const struct words *w, const struct word *x)
{
    return x->letters == 3 && ((w->text[x->begin] | 0x20) == 'f' || (w->text[x->begin] | 0x20) == 'p') && (w->text[x->begin + 2] | 0x20) == 'r';
}

/* May word i be the first whole word of such a name, or the one behind its initial or given name, by the word before it or because nothing in
 * the line is written in capitals? Asked of each word that is no everyday one, so no more is looked at. */
static inline bool small_name_may_be(const struct words *w, uint32_t i)
{
    const uint64_t cues = LEX(DOCTOR) | LEX(TITLE) | LEX(RELATION) | LEX(SIGN) | LEX(LABEL) | LEX(PATIENT) | LEX(PROVIDER) | LEX(NAMED);
    const struct word *x = &w->v[i];
    if (x->shape != SHAPE_LOWER || x->letters < 2)
        return false;
    if (x->classes & ~(LEX(EPONYM) | LEX(AMBIGUOUS) | LEX(PARTICLE)))
        return i && x->gap == (GAP_PERIOD | GAP_SPACE) && x[-1].letters == 1;
    if (!i || x->flags & WORD_LINE_LOWER || x->gap & (GAP_LINE | GAP_STOP | GAP_PERIOD))
        return true;
    return x[-1].letters == 1 || x[-1].classes & cues || small_name_meant(w, x - 1) || FACT_GIVEN(x[-1].facts) > 2;
}

/* Is there such a name at word i, for which that holds? Its words are *first to *last. */
bool small_name_read(const struct words *w, const struct phi_dictionary *d, uint32_t i, uint32_t *first, uint32_t *last);

/* "john p., diagnosed": is word i the initial of somebody whose given name stands before it? */
bool small_name_initial(const struct words *w, uint32_t i);

#endif
