/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings that certainly name the same person or thing get the same number.
 */
#ifndef PHI_SUBJECT_H
#define PHI_SUBJECT_H

#include "scratch.h"

/* Numbers s->findings in order of appearance. 0 or -1. */
int subject_number(struct phi_scratch *s, const struct phi_leaf *leaves);

#endif
