/* SPDX-License-Identifier: Apache-2.0
 *
 * Events of a stream are alike: between two of them mostly one text and its padding differ. Where the bytes around
 * these are those of the last event, so is their meaning, and reading them again would tell nothing new.
 */
#ifndef ANSWER_FORM_H
#define ANSWER_FORM_H

#include "answer.h"
#include "span.h"

struct answer_form; /* the last event that was read in full */

struct answer_form *answer_form_new(size_t event_ceiling); /* NULL when out of memory */
void answer_form_free(struct answer_form *f); /* wipes */

/* answer_read for the next event, which must be valid UTF-8. 1: like the last one but for its text and padding; 0: read
 * in full, in `a`; -1: not strict JSON, or a limit. What out points to lives until the next call, as text and a do. */
MUST_CHECK int answer_form_read(struct answer_form *f, struct arena *a, struct span text, struct answer *out);

#endif
