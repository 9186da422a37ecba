/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is spoken to in a dialogue, by a given name that is an everyday word or stands in small letters: "all right mark , we'll see you",
 * "any questions jack ?", "i have sue here today".
 */
#ifndef ADDRESSED_H
#define ADDRESSED_H

#include "detector.h"
#include "words.h"

/* Is word i whom a greeting is for ("hey mwende how are you"), whatever the lists know of it? */
bool addressed_by_name(const struct words *w, uint32_t i);
/* Puts those of w->v[w->first..w->last) that are no names yet into the sink. 0 or -1. */
int addressed_emit(const struct words *w, uint16_t rule, struct phi_candidates *sink);

#endif
