/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts and the values that they stand for, found in one pass from their beginning: the longest that ends at the border
 * of a word.
 */
#ifndef SURROGATE_TRIE_H
#define SURROGATE_TRIE_H

#include "surrogates.h"

struct trie_node;

struct surrogate_trie { /* all zero: empty */
    struct trie_node *root;
    bool first[256]; /* bytes that begin a text */
};

enum trie_strength {
    TRIE_WEAK,  /* a word or another spelling: where it fits two values it fits none */
    TRIE_MADE   /* a surrogate as it was made: goes before what is weak */
};

/* 1 added (or there already with this value), 0 taken by another value, -1 out of memory. text and value outlive it. */
int surrogate_trie_add(struct surrogate_trie *t, struct arena *a, struct span text, struct span value,
                       enum trie_strength strength);
/* Its value as one that was made, or false. */
bool surrogate_trie_made(const struct surrogate_trie *t, struct span text);
enum surrogate_match surrogate_trie_match(const struct surrogate_trie *t, struct span text, bool ended, size_t *len,
                                          struct span *value);

/* Into another arena, values too. -1 when that is full. */
MUST_CHECK int surrogate_trie_copy(const struct surrogate_trie *t, struct arena *a, struct surrogate_trie *out);

#endif
