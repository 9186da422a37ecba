/* SPDX-License-Identifier: Apache-2.0
 *
 * A text made from another, each byte of which knows where it came from. Kept in the scratch and reused.
 */
#ifndef PHI_MAPPED_H
#define PHI_MAPPED_H

#include <stdbool.h>
#include <stdint.h>

#include "memory.h"

struct mapped_text {
    struct phi_array bytes, begins, ends;
    uint32_t n, peak; /* peak: the most n was since mapped_wipe */
    bool failed; /* out of memory; stays until mapped_clear */
};

/* Where the text under work comes from: begin and end in the leaf per byte, or NULL when it is the leaf. */
struct offset_map {
    const uint32_t *begin, *end;
};

void mapped_clear(struct mapped_text *m, uint32_t expect);
void mapped_put(struct mapped_text *m, const char *bytes, uint32_t n, uint32_t begin, uint32_t end);
/* Copies [from, to) of a text with its own map. */
void mapped_copy(struct mapped_text *m, const char *text, struct offset_map map, uint32_t from, uint32_t to);
void mapped_wipe(struct mapped_text *m); /* of text, as far as there was any */
void mapped_reverse(struct mapped_text *m, uint32_t from);
void mapped_free(struct mapped_text *m);

static inline uint32_t map_begin(struct offset_map map, uint32_t at)
{
    return map.begin ? map.begin[at] : at;
}
static inline uint32_t map_end(struct offset_map map, uint32_t at) /* of the byte at `at` */
{
    return map.end ? map.end[at] : at + 1;
}
/* The source of [from, to): the least begin and the greatest end, since turned text maps backwards. */
void map_range(struct offset_map map, uint32_t from, uint32_t to, uint32_t *begin, uint32_t *end);

static inline struct offset_map mapped_map(const struct mapped_text *m)
{
    return (struct offset_map){m->begins.v, m->ends.v};
}

#endif
