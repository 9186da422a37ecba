/* SPDX-License-Identifier: Apache-2.0
 *
 * Which of many openings fit at a place of a text? A deterministic automaton over the first bytes that stops as
 * soon as few openings are left; those are then compared one by one. Nearly all places are dead at the first or
 * second byte.
 *
 *     ' ' M ---> R ---> { "MRN", "MR #" }
 *          \---> a ---> { "March", "May", "Mar", "masshealth" } ...
 */
#ifndef AUTOMATON_H
#define AUTOMATON_H

#include <stddef.h>
#include <string.h>

#include "opening.h"

enum { AUTOMATON_DEPTH = 8, AUTOMATON_GROUPS = 4 };

struct automaton {
    const struct opening **openings; /* own array, borrowed openings */
    uint32_t n;
    uint8_t group[257]; /* of the byte before */
    uint8_t pairs[1 << 16]; /* by the first two bytes as they lie: not dead behind a letter 1, behind others 2 */
    bool inner; /* some opening may begin with a small ASCII letter behind an ASCII letter */
    uint32_t start[AUTOMATON_GROUPS][256]; /* codes: 0 dead, odd a leaf, even a row */
    uint16_t class[AUTOMATON_DEPTH][256]; /* by depth; 0: no opening has it here, or the end of the text */
    unsigned n_class[AUTOMATON_DEPTH];
    uint32_t *rows; /* of codes, by class */
    uint32_t *leaves; /* depth, count, openings */
    size_t n_rows, n_leaves;
};

/* The openings are borrowed, the array is taken over (phi_memory_new), also on failure. 0 or -1. */
int automaton_build(struct automaton *a, const struct opening **openings, uint32_t n);
void automaton_free(struct automaton *a);

/* Is the place at `text` not dead after two bytes? Both are there. */
static inline bool automaton_alive(const struct automaton *a, bool letter_before, const char *text)
{
    uint16_t pair;
    memcpy(&pair, text, sizeof pair);
    return a->pairs[pair] & (2 - letter_before);
}

/* The leaf for the place `at`, or NULL: {depth, count, openings...}; what fits there is among them. */
static inline const uint32_t *automaton_walk(const struct automaton *a, uint32_t code, const char *text, uint32_t len,
                                             uint32_t at)
{
    const unsigned char *p = (const unsigned char *)text + at;
    const uint16_t *class = a->class[1];
    if (len - at >= AUTOMATON_DEPTH) {
        for (; code && !(code & 1); class += 256)
            code = a->rows[(code >> 1) + class[*++p]];
    } else {
        for (uint32_t k = 1; code && !(code & 1); k++)
            code = a->rows[(code >> 1) + (at + k < len ? a->class[k][text[at + k] & 0xFF] : 0)];
    }
    return code ? &a->leaves[code >> 1] : NULL;
}

/* Does the opening fit at `at`, of which the first `depth` bytes are known to? */
static inline bool automaton_fits(const struct opening *o, uint32_t depth, const char *text, uint32_t len, uint32_t at)
{
    if (!opening_follows(o, at ? (unsigned char)text[at - 1] : BEFORE_START) || len - at < o->n)
        return false;
    for (uint32_t k = depth; k < o->n; k++)
        if (!byte_set_has(&o->set[k], (unsigned char)text[at + k]))
            return false;
    return true;
}

#endif
