/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of a transform: one per kind, place, rule and action, with its count.
 */
#ifndef TRANSFORM_ROWS_H
#define TRANSFORM_ROWS_H

#include "transform.h"

struct transform_rows { /* all zero: none */
    size_t size;     /* room in t->rows */
    uint32_t *slots; /* rows by their key: index + 1, 0: empty; twice size */
};

/* -1: the arena is full. */
MUST_CHECK int transform_rows_count(struct arena *a, struct transform *t, struct transform_rows *r, struct transform_row row);

#endif
