/* SPDX-License-Identifier: Apache-2.0
 *
 * Weak findings that stand alone. A text about somebody names him more than once: beside his name stand dates, numbers,
 * places, titles. Where a whole request has one or two words that only look like a name or a place, and nothing else that is
 * anybody's, they are a product, a method, a trial: "Mosteller BSA", "outside of TENAYA". Measured on 844 texts without an
 * identifier: see docs/DETECTION.md.
 */
#ifndef PHI_LONE_H
#define PHI_LONE_H

#include "scratch.h"

/* Takes such findings away; call it when all are there. Nothing in strict mode, in texts of a line, or of kinds that are kept. */
void lone_drop(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaves);

#endif
