/* SPDX-License-Identifier: Apache-2.0
 *
 * Counters by name: a hash table whose rows stay where they are. A name is one or more texts with a separator between.
 */
#ifndef AUDIT_TALLY_H
#define AUDIT_TALLY_H

#include "span.h"

#include <stdint.h>

#define TALLY_NUMBERS 10
#define TALLY_SEPARATOR '\x1f'
#define TALLY_TIME 27

struct tally_row {
    int64_t number[TALLY_NUMBERS];
    char first[TALLY_TIME + 1], last[TALLY_TIME + 1]; /* times; "" until one was given */
    uint64_t hash;
    uint32_t len;
    char name[]; /* len bytes and a NUL */
};

struct tally {
    struct tally_row **slots;
    size_t size, n, limit; /* size is a power of two; limit 0: 100000 */
    bool failed;
};

void tally_free(struct tally *t);
/* The row of this name; beyond the limit that of "(others)". NULL when out of memory. */
struct tally_row *tally_row(struct tally *t, const struct span *parts, size_t n);
void tally_time(struct tally_row *r, struct span time);
/* All rows: by number[column] descending, or by name when column is -1. The array is the caller's. NULL: none or no memory. */
struct tally_row **tally_sorted(const struct tally *t, int column);

/* Text kept for a short while under a number that stands for it: what an outcome needs of its decision. */
struct tally_pending {
    struct tally_entry {
        uint64_t key; /* 0: free */
        void *row[2];
    } *v;
    size_t size, n;
};

void tally_pending_free(struct tally_pending *p);
MUST_CHECK int tally_pending_put(struct tally_pending *p, struct span id, void *a, void *b);
/* Takes it out. false: it is not there. */
bool tally_pending_take(struct tally_pending *p, struct span id, void **a, void **b);

#endif
