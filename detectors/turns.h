/* SPDX-License-Identifier: Apache-2.0
 *
 * Who speaks by initials: in transcripts that give each turn two or three capitals and a colon.
 */
#ifndef PHI_TURNS_H
#define PHI_TURNS_H

#include "detector.h"

extern const struct phi_detector phi_turns;

#endif
