/* SPDX-License-Identifier: Apache-2.0
 *
 * Names that are spelled letter by letter, as people do on the telephone and in dictations: "Szymborski. S, Z, Y, M, B as in
 * boy, O, R, S, K, I". At least three letters, and the name itself stands near, or a word that announces one.
 */
#ifndef SPELLED_NAME_H
#define SPELLED_NAME_H

#include "detector.h"
#include "words.h"

/* Behind "B": "as in boy", "for boy", "dash". How many words. */
uint32_t spelled_aside(const struct words *w, uint32_t i);
/* Puts the letters of such names that begin in w->v[w->first..w->last), and the name as a word, into the sink. 0 or -1. */
int spelled_name_emit(const struct words *w, uint16_t rule, struct phi_candidates *sink);

#endif
