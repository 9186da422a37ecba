/* SPDX-License-Identifier: Apache-2.0
 *
 * How many patients and how many encounters one request holds, as far as its findings tell.
 */
#ifndef TRANSFORM_BULK_H
#define TRANSFORM_BULK_H

#include "walk.h"

#include "../detectors/phi.h"

struct transform_bulk {
    uint32_t patients;   /* distinct record numbers, or dates of birth, or social security numbers: the most of them */
    uint32_t encounters; /* distinct dates of service, or numbers of encounters: the most of them */
};

/* today: days since 1970-01-01. -1: out of memory. */
MUST_CHECK int transform_bulk_count(struct arena *a, const struct walk *w, const struct phi_result *found, long today,
                                    struct transform_bulk *out);

#endif
