/* SPDX-License-Identifier: Apache-2.0
 *
 * A value that was surely found in one place is looked for in all others.
 */
#ifndef PHI_REPEAT_H
#define PHI_REPEAT_H

#include "detector.h"

extern const struct phi_detector phi_repeat;

/* Adds candidates for the repeats of s->findings. The number added, or -1. */
int repeat_scan(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaves, size_t n);

#endif
