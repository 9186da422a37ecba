/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers that are written so that no pattern sees them: spelled, spaced out, broken over lines, with marks
 * between the digits, read backwards.
 */
#ifndef PHI_DIGITS_H
#define PHI_DIGITS_H

#include "mapped.h"
#include "marks.h"

/* Puts each such number into out, in a plain form, with some of the text in front of it. The enum phi_via bits
 * of what was found, 0 = nothing. m: of the text. */
unsigned digits_collect(const char *text, uint32_t len, const struct marks *m, struct offset_map map, struct mapped_text *out);

#endif
