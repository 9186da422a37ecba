/* SPDX-License-Identifier: Apache-2.0
 *
 * Was a line broken at its margin, inside a sentence? Then the break is a blank. A form's lines are short, or end with a value and
 * columns before it; what begins as an entry of a list goes on with no line.
 */
#ifndef MARGIN_H
#define MARGIN_H

#include "words.h"

/* begin, end: of the line, whose last word is w->v[w->n - 1]; next: where the one behind it begins. */
bool margin_broke(const struct words *w, uint32_t begin, uint32_t end, uint32_t next);
/* Does a line begin with word i, be it one that goes on a sentence? */
bool margin_begins(const struct words *w, uint32_t i);

#endif
