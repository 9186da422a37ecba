/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses whose number stands behind the street ("Lindenstraße 12, 10969 Berlin"), and cities before a Canadian postal code.
 */
#ifndef STREETS_ABROAD_H
#define STREETS_ABROAD_H

#include <stdbool.h>
#include <stdint.h>

#include "words.h"

/* Is word i the number of a house, the street before it? *first, *last: the words of the address. */
bool streets_abroad_find(const struct words *w, uint32_t i, uint32_t *first, uint32_t *last);
/* Does a Canadian postal code begin with word i ("V6B 0J1"), behind a province? *first, *last: the words of the city. */
bool streets_abroad_find_city(const struct words *w, uint32_t i, uint32_t *first, uint32_t *last);

#endif
