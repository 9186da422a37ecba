/* SPDX-License-Identifier: Apache-2.0
 *
 * Places in words: cities, counties, hospitals and other facilities. Street addresses and ZIP codes have a shape and
 * are rules; states and countries alone stay (45 CFR 164.514(b)(2)(i)(B)).
 */
#ifndef PLACES_H
#define PLACES_H

#include "detector.h"
#include "words.h"

struct places_rules {
    uint16_t city, facility, zip;
};

struct phi_dictionary;

/* Puts the places that begin in w->v[w->first..w->last) into the sink, and the ZIP codes behind them. 0 or -1. */
int places_emit(const struct words *w, const struct phi_dictionary *d, struct places_rules rules, struct phi_candidates *sink);
/* Firms named by what they do ("Polonia Bakery"), as employers. 0 or -1. */
/* Puts towns of several words that are written without capitals into the sink. 0 or -1. */
int places_towns(const struct words *w, const struct phi_dictionary *d, uint16_t rule, struct phi_candidates *sink);
int places_firms(const struct words *w, uint16_t rule, struct phi_candidates *sink);

#endif
