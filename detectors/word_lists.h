/* SPDX-License-Identifier: Apache-2.0
 *
 * The lists of word_lists.def by the hash of a word: one look tells all lists that it is in.
 */
#ifndef WORD_LISTS_H
#define WORD_LISTS_H

#include "words.h"

enum word_list {
#define LIST_OF(name, words) LIST_##name,
#include "word_lists.def"
#undef LIST_OF
    WORD_LISTS
};

#define LIST(name) (UINT64_C(1) << LIST_##name)

/* The lists of a word by its hash, as LIST() bits. */
uint64_t word_lists_find(uint64_t hash);

/* The lists of word i (there may be none). What is written with letters outside ASCII or an apostrophe is in none. */
static inline uint64_t words_lists(const struct words *w, uint32_t i)
{
    return i < w->n && !(w->v[i].flags & (WORD_FOREIGN | WORD_PREFIXED)) ? word_lists_find(w->v[i].hash) : 0;
}
static inline bool words_in(const struct words *w, uint32_t i, uint64_t lists)
{
    return words_lists(w, i) & lists;
}

#endif
