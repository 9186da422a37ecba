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

/* Up to eight bytes of an opening as one number, as far as all values that a byte may have are the same in some bits: a place
 * where (bytes & mask) != value does not fit. */
struct automaton_glance {
    uint64_t mask, value;
    uint32_t opening;
    bool whole;    /* these bits tell all, and nothing of the opening is left to compare */
    uint8_t exact; /* of how many of the first bytes they tell all */
};

/* Openings that are compared one by one, behind `depth` bytes that fit all of them. */
struct automaton_leaf {
    uint32_t depth, n, first; /* glances */
};

struct automaton {
    const struct opening **openings; /* own array, borrowed openings */
    uint32_t n;
    uint8_t group[257]; /* of the byte before */
    uint8_t pairs[1 << 14]; /* two bits for the first two bytes as they lie: not dead behind a letter 1, behind others 2 */
    bool inner; /* some opening may begin with a small ASCII letter behind an ASCII letter */
    uint32_t start[AUTOMATON_GROUPS][256]; /* codes: 0 dead, odd a leaf, even a row */
    uint16_t class[AUTOMATON_DEPTH][256]; /* by depth; 0: no opening has it here, or the end of the text */
    unsigned n_class[AUTOMATON_DEPTH];
    uint32_t *rows; /* of codes, by class */
    struct automaton_leaf *leaves;
    struct automaton_glance *glances;
    size_t n_rows, n_leaves, n_glances;
};

/* The openings are borrowed, the array is taken over (phi_memory_new), also on failure. 0 or -1. */
int automaton_build(struct automaton *a, const struct opening **openings, uint32_t n);
void automaton_free(struct automaton *a);
/* What can be compared at once of an opening from `depth` on; the opening's number is kept with it. */
struct automaton_glance automaton_glance_of(const struct opening *o, uint32_t id, uint32_t depth);

/* Is the place at `text` not dead after two bytes? Both are there. */
static inline bool automaton_alive(const struct automaton *a, bool letter_before, const char *text)
{
    uint16_t pair;
    memcpy(&pair, text, sizeof pair);
    return a->pairs[pair >> 2] >> (pair & 3) * 2 & (2 - letter_before);
}

/* The leaf for the place `at`, or NULL; what fits there is among its openings. */
static inline const struct automaton_leaf *automaton_walk(const struct automaton *a, uint32_t code, const char *text, uint32_t len,
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

/* The eight bytes from `at` on, as they lie; zero behind the text. */
static inline uint64_t automaton_bytes(const char *text, uint32_t len, uint32_t at)
{
    uint64_t bytes = 0;
    if (len >= sizeof bytes && at <= len - sizeof bytes)
        memcpy(&bytes, text + at, sizeof bytes);
    else
        for (unsigned k = 0; at + k < len && k < sizeof bytes; k++)
            bytes |= (uint64_t)(unsigned char)text[at + k] << 8 * k;
    return bytes;
}

static inline bool automaton_glance(const struct automaton_glance *g, uint64_t bytes)
{
    return (bytes & g->mask) == g->value;
}

/* Does the opening fit at `at`, of which the bytes from `depth` on are not known to? */
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
