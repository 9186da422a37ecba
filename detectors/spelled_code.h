/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers with letters in them as they are read aloud, sign by sign: "Z A F six six one oh two nine four", "B as in boy, L, X,
 * three zero zero seven", "1 1 4 dash 0 2 7". What is digits only and long is left to labelled.c, stages ("T 2 N 1 M 0") and
 * levels ("L 4 L 5") to nobody.
 */
#ifndef SPELLED_CODE_H
#define SPELLED_CODE_H

#include "detector.h"
#include "words.h"

/* Puts such numbers that begin in w->v[w->first..w->last) into the sink. 0 or -1. */
int spelled_code_emit(const struct words *w, uint16_t rule, struct phi_candidates *sink);

#endif
