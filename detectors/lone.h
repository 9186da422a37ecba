/* SPDX-License-Identifier: Apache-2.0
 *
 * Weak findings that stand alone. A text about somebody names him more than once: beside his name stand dates, numbers,
 * places, titles. Where a whole request has four values at most that only look like a name, a place, a day or a code, and
 * nothing else that is anybody's, they are a product, a method, a trial: "Mosteller BSA", "outside of TENAYA". What it spares
 * and what it costs: docs/DETECTION.md.
 */
#ifndef PHI_LONE_H
#define PHI_LONE_H

#include "scratch.h"

/* Takes such findings away; call it when all are there. Nothing in strict mode, in texts of a line, or of kinds that are kept. */
void lone_drop(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaves);

#endif
