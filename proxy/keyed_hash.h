/* SPDX-License-Identifier: Apache-2.0
 *
 * A keyed hash for tables whose keys come from outside: without the key nobody can choose texts that collide
 * and turn a table into a list.
 */
#ifndef KEYED_HASH_H
#define KEYED_HASH_H

#include "span.h"

#include <stdint.h>

struct keyed_hash {
    uint64_t key[2];
};

/* A fresh random key; -1 when the system gives none. */
MUST_CHECK int keyed_hash_init(struct keyed_hash *h);
/* label keeps equal bytes of different meaning apart. */
uint64_t keyed_hash_of(const struct keyed_hash *h, uint64_t label, struct span s);

#endif
