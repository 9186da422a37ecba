/* SPDX-License-Identifier: Apache-2.0
 *
 * Open addressing by the high bits of the hash; an empty slot ends the search, and there is one.
 */
#include "word_lists.h"

struct list_slot {
    uint64_t hash, lists;
};

#include "dictionaries/lists.inc"

uint64_t word_lists_find(uint64_t hash)
{
    for (uint64_t at = hash >> (64 - LISTS_BITS);; at = (at + 1) & ((1u << LISTS_BITS) - 1)) {
        if (list_slots[at].hash == hash)
            return list_slots[at].lists;
        if (!list_slots[at].lists)
            return 0;
    }
}
