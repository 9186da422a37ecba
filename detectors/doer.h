/* SPDX-License-Identifier: Apache-2.0
 *
 * Who does what only people do: "Herrera states she fell", "Nijak to follow up in 2 weeks", "1. Grondel - d/c today". The capital
 * that begins a sentence or an entry says nothing; what follows does.
 */
#ifndef PHI_DOER_H
#define PHI_DOER_H

#include <stdbool.h>
#include <stdint.h>

#include "dictionary.h"
#include "words.h"

/* Is word i, which nothing has decided yet, somebody by what stands behind it? */
bool doer_is(const struct words *w, const struct phi_dictionary *d, uint32_t i);

#endif
