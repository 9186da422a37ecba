/* SPDX-License-Identifier: Apache-2.0
 *
 * What the readings of the tagger become: labels on words, which names.c and places.c put together with what evidence.c
 * decided, and dates and numbers as findings.
 */
#ifndef TAGGED_H
#define TAGGED_H

#include "detector.h"
#include "tagger.h"

struct tagged_rules {
    uint16_t zip, date, number;
};

/* Labels the words of the run that nothing decided, and takes the label off those that are hardly anything. */
void tagged_label(struct words *w, const struct tagger_run *run);
/* Puts the ZIP codes, dates and numbers of the run into the sink. 0 or -1. */
int tagged_emit(const struct words *w, const struct tagger_run *run, struct tagged_rules rules, struct phi_candidates *sink);
/* Does the run say anything of any word? */
bool tagged_any(const struct tagger_run *run);

#endif
