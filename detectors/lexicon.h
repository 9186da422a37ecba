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

enum { LEXICON_CLASSES = 40, LEXICON_SLOT_BITS = 14, LEXICON_STEP_BITS = 12 };

/* By bit; NULL where there is no class. */
extern const char *const lexicon_class_names[LEXICON_CLASSES];

/* A slot holds the low 24 bits of a word's hash above 40 class bits. No word has to look further than at its own, which the
 * next bits of the hash choose by a step (dictionaries/lexicon.py): most words are asked for, and none takes a branch. */
extern const uint8_t lexicon_steps[];
extern const uint64_t lexicon_slots[];

/* The classes of a word by its hash (words.h), as LEX() bits; 0 when it is none. */
static inline uint64_t lexicon_find(uint64_t hash)
{
    uint64_t step = lexicon_steps[hash >> 24 & ((1u << LEXICON_STEP_BITS) - 1)];
    uint64_t slot = lexicon_slots[hash * (2 * step + 1) >> (64 - LEXICON_SLOT_BITS)];
    uint64_t same = slot >> 40 == (hash & 0xFFFFFF);
    return slot & -same & ((UINT64_C(1) << 40) - 1);
}

#endif
