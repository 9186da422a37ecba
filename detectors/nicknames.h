/* SPDX-License-Identifier: Apache-2.0
 *
 * Given names and their short and pet forms (dictionaries/nicknames.txt), by the hashes of words.h.
 */
#ifndef NICKNAMES_H
#define NICKNAMES_H

#include <stdint.h>

/* The names that go with one, in either direction, at most max; how many. */
unsigned nicknames_of(uint64_t name, uint64_t *out, unsigned max);

#endif
