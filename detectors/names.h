/* SPDX-License-Identifier: Apache-2.0
 *
 * Persons' names: runs of words that were decided to be names, with their particles, initials and suffixes, and whose
 * name it is where the text says so.
 */
#ifndef NAMES_H
#define NAMES_H

#include "detector.h"
#include "words.h"

/* Puts the names that begin in w->v[w->first..w->last) into the sink; rule is the number of the rule. 0 or -1. */
int names_emit(const struct words *w, uint16_t rule, struct phi_candidates *sink);

/* The words that are names only when nothing may be missed: below the usual threshold, above that of strict mode. halves: also words beside
 * a name that may be its other half. */
int names_weak(const struct words *w, bool halves, uint16_t rule, struct phi_candidates *sink);

#endif
