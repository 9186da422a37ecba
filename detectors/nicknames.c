/* SPDX-License-Identifier: Apache-2.0
 *
 * Pairs in order of the first: Robert is found by Bob, and Bob by Robert.
 */
#include "nicknames.h"

#include <stddef.h>

struct pair {
    uint64_t name, other;
};

#include "dictionaries/nicknames.inc"

unsigned nicknames_of(uint64_t name, uint64_t *out, unsigned max)
{
    size_t low = 0, high = sizeof pairs / sizeof *pairs, end = high;
    unsigned n = 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (pairs[middle].name < name)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < end && pairs[low].name == name && n < max; low++)
        out[n++] = pairs[low].other;
    return n;
}
