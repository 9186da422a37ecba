/* SPDX-License-Identifier: Apache-2.0
 *
 * Who dictated and who typed: the initials at the foot of a report, told by a name that stands elsewhere in it.
 */
#ifndef PHI_INITIALS_H
#define PHI_INITIALS_H

#include "detector.h"

extern const struct phi_detector phi_initials;

/* Adds candidates for the initials of the names in s->findings. The number added, or -1. */
int initials_scan(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaves, size_t n);

#endif
