/* SPDX-License-Identifier: Apache-2.0
 *
 * Public bodies, laws, questionnaires and scales that bear names of people and places: "American Academy of Pediatrics", "Ryan White
 * Act", "Columbia Suicide Severity Rating Scale".
 */
#ifndef PHI_THING_H
#define PHI_THING_H

#include "words.h"

/* Does the word that says what it is stand in the run of capitals [first, last], or within four words behind it? "Blue Cross" says it alone. */
bool thing_named(const struct words *w, uint32_t first, uint32_t last);

/* "[Ryan] White Act", "[Kendra]'s Law", "[Young] Mania Rating Scale": is word i the first or a later part of what such a thing is called after? */
bool thing_bears_name(const struct words *w, uint32_t i);

/* "Smith et al.": does whoever wrote a paper end with word `last`? */
bool thing_cited(const struct words *w, uint32_t last);

#endif
