/* SPDX-License-Identifier: Apache-2.0
 *
 * A slot holds the low 24 bits of the hash above 40 class bits; the high bits of the hash are its place. An empty
 * slot ends the search: it is shorter than LEXICON_PROBE.
 */
#include "lexicon.h"

#include "dictionaries/lexicon.inc"

uint64_t lexicon_find(uint64_t hash)
{
    uint64_t at = hash >> (64 - LEXICON_BITS), tag = hash & 0xFFFFFF;

    for (unsigned k = 0; k < LEXICON_PROBE; k++) {
        uint64_t slot = lexicon_slots[(at + k) & ((1u << LEXICON_BITS) - 1)];
        if (!slot)
            return 0;
        if (slot >> 40 == tag)
            return slot & ((UINT64_C(1) << 40) - 1);
    }
    return 0;
}
