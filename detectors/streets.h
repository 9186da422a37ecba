/* SPDX-License-Identifier: Apache-2.0
 *
 * Street addresses after USPS Publication 28: number, name, suffix, secondary unit; PO boxes.
 */
#ifndef STREETS_H
#define STREETS_H

#include <stdbool.h>
#include <stdint.h>

#include "words.h"

/* Does an address begin with word i? *last: its last word. */
bool streets_find(const struct words *w, uint32_t i, uint32_t *last);
/* Is word i a ZIP code ("65144", "65144-1234") behind a state? *last: its last word. */
bool streets_find_zip(const struct words *w, uint32_t i, uint32_t *last);

/* The line above the street address that begins with word i, when it is a name for itself: who lives or works there. */
bool streets_find_letterhead(const struct words *w, uint32_t i, uint32_t *first, uint32_t *last);

#endif
