/* SPDX-License-Identifier: Apache-2.0
 *
 * Who wrote, typed or took a call, by a few letters behind all else: "... 19 hours. rlb", "read back 1121 tlm", "16:05 by RTW.". A
 * stroke or the initials of a name that stands elsewhere are known by rules and by initials.c.
 */
#ifndef SIGNED_OFF_H
#define SIGNED_OFF_H

#include "detector.h"
#include "words.h"

struct phi_dictionary;

/* Puts such letters in w->v[w->first..w->last) into the sink. 0 or -1. */
int signed_off_emit(const struct words *w, const struct phi_dictionary *d, uint16_t rule, struct phi_candidates *sink);

#endif
