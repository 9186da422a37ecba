/* SPDX-License-Identifier: Apache-2.0
 *
 * Cue words by class (titles, relations, credentials, eponyms, ...): a small table that is part of the program.
 * The lists are dictionaries/lexicon/, one readable file a class.
 */
#ifndef LEXICON_H
#define LEXICON_H

#include <stdint.h>

enum lexicon_class {
#define CLASS(name, bit) LEXICON_##name = bit,
#include "dictionaries/lexicon.def"
#undef CLASS
};

#define LEX(name) (UINT64_C(1) << LEXICON_##name)

enum { LEXICON_BITS = 14 };

/* A slot holds the low 24 bits of the hash above 40 class bits; the high bits of the hash are its place. An empty slot
 * ends the search, and there is one. */
extern const uint64_t lexicon_slots[];

/* The classes of a word by its hash (words.h), as LEX() bits; 0 when it is none. */
static inline uint64_t lexicon_find(uint64_t hash)
{
    const uint64_t classes = (UINT64_C(1) << 40) - 1;
    for (uint64_t at = hash >> (64 - LEXICON_BITS);; at = (at + 1) & ((1u << LEXICON_BITS) - 1)) {
        uint64_t slot = lexicon_slots[at];
        if (slot >> 40 == (hash & 0xFFFFFF) || !slot)
            return slot & classes;
    }
}

#endif
