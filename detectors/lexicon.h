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

/* The classes of a word by its hash (words.h), as LEX() bits; 0 when it is none. */
uint64_t lexicon_find(uint64_t hash);

#endif
