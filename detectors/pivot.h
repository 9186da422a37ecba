/* SPDX-License-Identifier: Apache-2.0
 *
 * Some patterns begin with nearly anything and hold something rare further on: the @ of a mail address, the
 * "Hospital" behind some words. They wait for the rare part and look back from there.
 *
 *     [A-Z][a-z]{2,20} (?:County|Parish)   ->   " County" or " Parish", 3 to 21 bytes of [A-Za-z] before it
 */
#ifndef PIVOT_H
#define PIVOT_H

#include "opening.h"

struct pivot {
    struct opening *openings; /* of the rare part; NULL with n 0: there is none that pays */
    int n;
    uint32_t min, max;       /* bytes between the start of the match and it */
    struct byte_set between; /* all that can stand there */
    struct byte_set first, before; /* what a match can begin with; what may not stand before it */
    bool start;                    /* no match at the start of the text */
};

/* heads: the openings of the pattern itself. 0, or -1 when out of memory. */
int pivot_find(struct pivot *pivot, const struct node *nodes, int root, const struct opening *heads, int n);
void pivot_free(struct pivot *pivot);

/* Every match holds an ASCII digit within so many bytes of its start; 0 = not known. */
uint32_t digit_within(const struct node *nodes, int root);

#endif
