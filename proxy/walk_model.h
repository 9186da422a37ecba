/* SPDX-License-Identifier: Apache-2.0
 *
 * "gpt-4o-2024-08-06" and "claude-sonnet-4" are names of models, neither a date of a patient nor a patient's name, although
 * they look like it. What a model's name may hold without being an identifier.
 */
#ifndef WALK_MODEL_H
#define WALK_MODEL_H

#include "walk.h"

struct arena;
struct phi_result;

/* Takes from the findings those in the model's name (of the body, or of the path: a leaf outside) that are its maker's
 * words or the day of a release, or that the site itself wrote into the pattern of a route. globs: NULL-terminated.
 * -1: the arena is full. */
MUST_CHECK int walk_model_release(struct arena *a, const struct walk *w, const char *const *globs, struct phi_result *found);

#endif
