/* SPDX-License-Identifier: Apache-2.0
 *
 * What a part of a pattern can begin with: for each of the first bytes the set of values it may have, and the set
 * of bytes that may stand before. An alternation makes several openings of one.
 *
 *     \b(?:MRN|chart no)   ->   not-word | [mM] [rR] [nN]
 *                               not-word | [cC] [hH] [aA] [rR] [tT] ' ' [nN] [oO]
 */
#ifndef OPENING_H
#define OPENING_H

#include "pattern_tree.h"

enum {
    OPENING_BYTES = 16,
    OPENINGS_MAX = 96,
    BEFORE_START = 256, /* "nothing stands before" as a value of the byte before */
};

struct opening {
    struct byte_set set[OPENING_BYTES];
    struct byte_set before; /* bytes that may not stand before */
    uint32_t hash;          /* of the sets, while openings grow */
    uint8_t n;
    bool open;     /* what follows is not known, or n is full */
    bool boundary; /* \b in front */
    bool start;    /* true: the start of the text will not do */
};

struct opening_list {
    struct opening *v; /* room for OPENINGS_MAX */
    int n;
};

struct opening_list *opening_list_new(void); /* empty; NULL when out of memory */
void opening_list_free(struct opening_list *list);

/* The openings of `node` and its brothers behind it, of at most `bytes` bytes. 1, 0 when there are more than
 * `most` or one says nothing, -1 when out of memory. */
int openings_grow(struct opening_list *list, const struct node *nodes, int node, int bytes, int most);
/* The same with as many bytes as the number of openings allows. */
int openings_find(struct opening_list *list, const struct node *nodes, int node);

static inline bool opening_follows(const struct opening *o, unsigned before)
{
    return before == BEFORE_START ? !o->start : !byte_set_has(&o->before, before);
}

/* Which share of the places of a clinical text has a first byte that fits, and which fits one opening, roughly. */
struct opening_cost {
    double look, fit;
};
struct opening_cost openings_cost(const struct opening *v, int n);

#endif
