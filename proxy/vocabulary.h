/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes that the numbers of a tokenizer stand for (proxy/vocabularies/build.py says where they come from), so that
 * a text which a client sends as numbers can be read.
 */
#ifndef VOCABULARY_H
#define VOCABULARY_H

#include "span.h"

#include <stdint.h>

struct vocabulary; /* immutable */

/* NULL: not there, or not of the form. */
struct vocabulary *vocabulary_load(const char *path);
void vocabulary_free(struct vocabulary *v);

/* Empty for a number that stands for no text (control tokens too). */
struct span vocabulary_token(const struct vocabulary *v, uint64_t id);

/* The models whose numbers these are. */
bool vocabulary_is_of(const struct vocabulary *v, struct span model);

#endif
