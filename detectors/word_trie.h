/* SPDX-License-Identifier: Apache-2.0
 *
 * Which openings may begin at this word? Asked for every word of a text, so it is short: the first three bytes are an index,
 * each further byte chooses in a row of one cache line. Of a byte only five bits count (six of the first), so capitals are
 * small letters here; the openings that are left at the end are compared byte by byte.
 *
 *     [T,t]he ---> ' ' ---> p ---> { "the patient", "the pt" }      the same row for "The P"
 */
#ifndef WORD_TRIE_H
#define WORD_TRIE_H

#include "automaton.h"

enum { WORD_TRIE_BYTES = 8, WORD_TRIE_FIRST = 1 << 16, WORD_TRIE_ROW = 32, WORD_TRIE_LEAF = 1 << 15 };

struct word_leaf {
    uint32_t first, n; /* glances */
};

struct word_trie {
    uint16_t *first;                /* by the first three bytes: a row */
    uint16_t (*rows)[WORD_TRIE_ROW]; /* by the next byte: a row, a leaf with the bit WORD_TRIE_LEAF, or 0: dead */
    struct word_leaf *leaves;
    struct automaton_glance *glances; /* from the first byte of the word on */
    uint32_t n_rows, n_leaves, n_glances;
};

/* Of the openings that may begin with an ASCII letter behind something else than one. 0 or -1. */
int word_trie_build(struct word_trie *t, const struct opening *const *openings, uint32_t n);
void word_trie_free(struct word_trie *t);

/* The code behind the first four bytes of a word; these are its first eight, as they lie. */
static inline uint32_t word_trie_enter(const struct word_trie *t, uint64_t bytes)
{
    return t->rows[t->first[(bytes & 63) << 10 | (bytes >> 8 & 31) << 5 | (bytes >> 16 & 31)]][bytes >> 24 & 31];
}

/* The leaf for a word, or NULL; what fits there is among its openings. */
static inline const struct word_leaf *word_trie_walk(const struct word_trie *t, uint64_t bytes)
{
    uint32_t code = word_trie_enter(t, bytes);
    for (unsigned shift = 32; code && !(code & WORD_TRIE_LEAF); shift += 8)
        code = t->rows[code][bytes >> shift & 31];
    return code ? &t->leaves[code & (WORD_TRIE_LEAF - 1)] : NULL;
}

#endif
