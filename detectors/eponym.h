/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of people that are none: "Foley catheter", "Jackson-Pratt", "has Addison's".
 */
#ifndef PHI_EPONYM_H
#define PHI_EPONYM_H

#include "words.h"

/* Is the word an eponym that stands before its disease, sign or instrument, or alone for the disease? */
bool eponym_is(const struct words *w, uint32_t i);
/* Does a disease, a sign, an instrument stand within three words behind word i? */
bool eponym_head(const struct words *w, uint32_t i);
/* "B. Colon, sigmoid": does the second specimen of a list begin here? */
bool eponym_specimen(const struct words *w, uint32_t i);

#endif
