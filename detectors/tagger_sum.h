/* SPDX-License-Identifier: Apache-2.0
 *
 * What the features of a word add up to for each tag against none, in 1/256: tagger.c decodes from it.
 */
#ifndef TAGGER_SUM_H
#define TAGGER_SUM_H

#include "tagger.h"

/* False when all are below least. */
bool tagger_sum(const struct words *w, uint32_t i, int32_t least, struct tagger_work *work, int32_t sum[TAGS - 1]);
/* Odds of a tag behind another. */
extern const float tagger_steps[TAGS][TAGS];

#endif
