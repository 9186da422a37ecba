/* SPDX-License-Identifier: Apache-2.0
 *
 * Places that the word lists have by name: health systems, clinics, pharmacies, homes, schools, shops, employers
 * ("Lincare", "Abilene ISD", "Trader Joe's"). Who cares or teaches and has a name that is nothing else is found wherever
 * it stands; a shop, and whose name is also a word, a family or a town ("Target", "Wendy's", "Auburn"), only where a word
 * beside it says that somebody is there.
 * And practices that no list has, by what they treat behind a name or a town ("Thornleigh Neuro").
 */
#ifndef BRANDS_H
#define BRANDS_H

#include "detector.h"
#include "words.h"

struct phi_dictionary;

/* "Giant #0771": the number of the store goes with its name. The last word, then. */
uint32_t brands_number(const struct words *w, uint32_t last);

/* Puts the places that begin in w->v[w->first..w->last) into the sink. 0 or -1. */
int brands_emit(const struct words *w, const struct phi_dictionary *d, uint16_t rule, struct phi_candidates *sink);

#endif
