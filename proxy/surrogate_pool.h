/* SPDX-License-Identifier: Apache-2.0
 *
 * The lists that names and places are taken from, and what is taken already: the words of the request.
 */
#ifndef SURROGATE_POOL_H
#define SURROGATE_POOL_H

#include "keyed_hash.h"
#include "span.h"

#define SURROGATE_WORD_MAX 40u

struct arena;

enum surrogate_list { SURROGATE_GIVEN, SURROGATE_SURNAME, SURROGATE_PLACE, SURROGATE_LISTS };

struct surrogate_pool {
    struct arena *arena;
    struct keyed_hash hash;
    uint64_t *taken; /* hashes of words in small letters; 0: free */
    size_t size, n;  /* size is a power of two */
    uint32_t next[SURROGATE_LISTS];
};

MUST_CHECK int surrogate_pool_init(struct surrogate_pool *p, struct arena *a);
/* The words of a text are taken. */
MUST_CHECK int surrogate_pool_take(struct surrogate_pool *p, struct span text);
bool surrogate_pool_taken(const struct surrogate_pool *p, struct span word);
/* The next word of a list that is not taken, with a capital; NULL: used up. */
const char *surrogate_pool_next(struct surrogate_pool *p, enum surrogate_list list);

#endif
