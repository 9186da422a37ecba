/* SPDX-License-Identifier: Apache-2.0
 *
 * A prompt or an input that came as token numbers becomes the text that they stand for, which can be searched and which
 * the upstream reads as the same numbers.
 */
#ifndef WALK_IDS_H
#define WALK_IDS_H

#include "shape.h"
#include "span.h"

struct arena;
struct buf;
struct vocabulary;

/* body: walked before, so it is strict JSON. Writes it with [1, 2, ...] and [[1, 2], [3]] under its "prompt" or "input" as "text" and ["text", "text"].
 * 0, or -1: there is none, or it is not all of that form (mixed, unknown or control numbers, no valid text). */
MUST_CHECK int walk_ids_to_text(struct arena *a, enum shape_endpoint e, struct span body, const struct vocabulary *v,
                                struct buf *out);

#endif
