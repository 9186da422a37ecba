/* SPDX-License-Identifier: Apache-2.0
 *
 * The name of a house at the head of its paper, of words that nobody would take for one in prose: "GREAT BASIN REFERENCE
 * LABORATORIES". One of the first lines, up to a column or a bracket, capitals throughout, at the end a word for such a house, and
 * before it one that is no heading and says not what is done there.
 */
#ifndef LETTERHEAD_H
#define LETTERHEAD_H

#include "detector.h"
#include "words.h"

/* Puts it into the sink when w->v begins with the text. 0 or -1. */
int letterhead_emit(const struct words *w, uint16_t rule, struct phi_candidates *sink);

#endif
