/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of lexicon_find, and what the classes are called.
 */
#include "lexicon.h"

#include "dictionaries/lexicon.inc"

_Static_assert(sizeof lexicon_slots == sizeof *lexicon_slots << LEXICON_SLOT_BITS && sizeof lexicon_steps == 1 << LEXICON_STEP_BITS,
               "the bits are not what lexicon.py made");

const char *const lexicon_class_names[LEXICON_CLASSES] = {
#define CLASS(name, bit) [bit] = #name,
#include "dictionaries/lexicon.def"
#undef CLASS
};
