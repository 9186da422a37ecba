/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass that reads a text character by character: escapes decoded, characters folded.
 */
#ifndef PHI_FOLD_H
#define PHI_FOLD_H

#include "mapped.h"

/* How one code point is read: -1 as it is, else the bytes written to `to` (0: dropped). */
int fold_character(uint32_t c, char to[4], char *strength);

/* Is there anything that fold_text would decode? */
bool fold_has_escape(const char *text, uint32_t len);

/* Are there marks, tags or a line break inside a value that fold_text would leave out? */
bool fold_has_markup(const char *text, uint32_t len);

/* Fills out from the text; the enum phi_via bits of what makes the result worth a scan, 0 = nothing. */
unsigned fold_text(const char *text, uint32_t len, struct offset_map map, struct mapped_text *out);

#endif
