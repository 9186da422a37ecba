/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts as a reader sees them, not as they are stored: with invisible characters gone, look-alikes and foreign
 * digits made plain, encodings decoded. Made only where something in the text calls for it.
 */
#ifndef PHI_CANONICAL_H
#define PHI_CANONICAL_H

#include <stdbool.h>
#include <stdint.h>

#include "scratch.h"

/* Scans the folded views of a leaf, if it has any. 0 or -1. */
int canonical_scan(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaf, uint32_t number,
                   bool in_turn);

#endif
