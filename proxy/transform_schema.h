/* SPDX-License-Identifier: Apache-2.0
 *
 * Schemas whose letter the answer must follow ("strict": true): where a field asks for a form that no token has, a model
 * cannot write the token that stands for the value and invents one that fits. Such a request is refused.
 */
#ifndef TRANSFORM_SCHEMA_H
#define TRANSFORM_SCHEMA_H

#include "../detectors/phi.h"
#include "walk.h"

/* tokens: by kind, whether a token of it leaves. Whether a field for such a value bars it: *kind and *path say where. */
bool transform_schema_bars(const struct walk *w, struct span body, const bool tokens[PHI_KINDS], enum phi_kind *kind,
                           uint32_t *path);
/* The text is the pattern of a schema, which says what it says letter by letter. */
bool transform_schema_is_pattern(const struct walk_leaf *leaf);

#endif
