/* SPDX-License-Identifier: Apache-2.0
 *
 * "OYELARAN, Folasade T.", "van Wyk, Pieter-Jan | ...": names as lists and banners write them, also when no list of names
 * knows either word: what stands on both sides is a list's, and the words are no others.
 */
#ifndef SURNAME_FIRST_H
#define SURNAME_FIRST_H

#include "detector.h"
#include "words.h"

/* Puts such names that begin in w->v[w->first..w->last) and were not decided to be names as a whole into the sink. 0 or -1. */
int surname_first_emit(const struct words *w, uint16_t rule, struct phi_candidates *sink);

#endif
