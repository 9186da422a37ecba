/* SPDX-License-Identifier: Apache-2.0
 *
 * May an opening begin at this word? Asked for every word of a text, so it is one bit in a table: by the first four bytes,
 * of which only some bits count (five of each, and whether the first letter is a capital). "No" is sure, "yes" means that
 * the automaton has to look.
 */
#ifndef WORD_GATE_H
#define WORD_GATE_H

#include <string.h>

#include "opening.h"

enum { WORD_GATE_BYTES = 4, WORD_GATE_ROWS = 1 << 16 };

struct word_gate {
    uint32_t *rows; /* by the first three bytes, a bit for each fourth */
};

/* Of the openings that may begin with an ASCII letter behind something else than one. 0 or -1. */
int word_gate_build(struct word_gate *gate, const struct opening *const *openings, uint32_t n);
void word_gate_free(struct word_gate *gate);

/* For the word that begins at `text`, where four bytes are. */
static inline bool word_gate_open(const struct word_gate *gate, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    return gate->rows[(p[0] & 63u) << 10 | (p[1] & 31u) << 5 | (p[2] & 31u)] >> (p[3] & 31) & 1;
}

#endif
