/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines of worklists and handoffs: a bed or a bullet, a name, age and sex. "7W-07 Obi 48M DKA" names somebody, whatever
 * the lists know of the word.
 */
#ifndef WORKLIST_H
#define WORKLIST_H

#include <stdbool.h>
#include <stdint.h>

#include "words.h"

/* Does word i end such a name? */
bool worklist_name(const struct words *w, uint32_t i);
/* Is the number that is word i the age of one whose room and name stand in front of it: "101A Uriarte 98 MCR"? */
bool worklist_age(const struct words *w, uint32_t i);
/* Marks it, and the particles and hyphenated parts before. */
void worklist_label(struct words *w, uint32_t i);

#endif
