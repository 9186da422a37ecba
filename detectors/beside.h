/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers without a label that stand beside somebody's name, and those that go on behind a number that has one.
 */
#ifndef PHI_BESIDE_H
#define PHI_BESIDE_H

#include "detector.h"

extern const struct phi_detector phi_beside;

/* Adds candidates for the numbers beside s->findings, which resolve has sorted. The number added, or -1. */
int beside_scan(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaves);

#endif
