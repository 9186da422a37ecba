/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs of base64, base32 and hex that hold text.
 */
#ifndef PHI_ENCODED_H
#define PHI_ENCODED_H

#include "mapped.h"
#include "marks.h"

/* Puts what each run decodes to into out, with some of the text in front; every byte of it maps to the whole
 * run. True when there is any. m: of the text. */
bool encoded_collect(const char *text, uint32_t len, const struct marks *m, struct offset_map map, struct mapped_text *out);

#endif
