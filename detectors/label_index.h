/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking up a folded label in a table of labels by its hash. The hash is made from the last letter to the first, so
 * that what ends at one place and begins at several costs one pass. dictionaries/lists.py makes the index.
 */
#ifndef LABEL_INDEX_H
#define LABEL_INDEX_H

#include <stdint.h>

#define LABEL_HASH UINT64_C(0xCBF29CE484222325) /* of nothing */

static inline uint64_t label_hash_add(uint64_t hash, char c)
{
    return (hash ^ (uint8_t)c) * UINT64_C(0x100000001B3);
}

static inline uint64_t label_hash(const char *folded, uint32_t len)
{
    uint64_t hash = LABEL_HASH;
    while (len)
        hash = label_hash_add(hash, folded[--len]);
    return hash;
}

/* The number of the only label that may have this hash, from 1, or 0: to be compared. */
static inline uint32_t label_index_find(const uint32_t *index, unsigned bits, uint64_t hash)
{
    uint32_t mask = (1u << bits) - 1, at = (uint32_t)(hash ^ hash >> 29) & mask;
    for (; index[at]; at = (at + 1) & mask)
        if (index[at] >> 16 == hash >> 48)
            return index[at] & 0xFFFF;
    return 0;
}

#endif
