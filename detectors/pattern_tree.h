/* SPDX-License-Identifier: Apache-2.0
 *
 * The outline of a PCRE2 pattern, read only as far as it tells with which bytes a match can begin. What it
 * does not understand becomes NODE_OPAQUE, "anything may follow": an outline may admit too much, never too
 * little.
 */
#ifndef PATTERN_TREE_H
#define PATTERN_TREE_H

#include <stdbool.h>
#include <stdint.h>

struct byte_set {
    uint64_t bits[4];
};

static inline bool byte_set_has(const struct byte_set *s, unsigned byte)
{
    return s->bits[byte >> 6] >> (byte & 63) & 1;
}
static inline void byte_set_add(struct byte_set *s, unsigned byte)
{
    s->bits[byte >> 6] |= (uint64_t)1 << (byte & 63);
}

enum node_type {
    NODE_OPAQUE = 0, /* anything, of any length */
    NODE_EMPTY,      /* nothing: an assertion; what (?=x) looks ahead to is its child */
    NODE_SET,        /* one character, by its first byte */
    NODE_CAT,
    NODE_ALT,
    NODE_REPEAT,
    NODE_BOUNDARY, /* \b */
    NODE_BEHIND,   /* (?<=x) or (?<!x) of one character */
};

struct node {
    enum node_type type;
    struct byte_set set; /* SET, BEHIND; bytes from 0x80 stand for longer characters */
    bool negated;        /* BEHIND */
    int child, next;     /* indices, 0 = none */
    int min, max;        /* REPEAT; max -1 = no end */
};

enum { NODES_MAX = 4096 };

struct pattern_tree {
    struct node *v; /* v[0] is not used */
    int n;
    int root;
    bool caseless; /* (?i) is used somewhere: U+017F and U+212A may stand for s and k */
};

/* 0, or -1 when out of memory. The pattern has been accepted by PCRE2. */
int pattern_tree_parse(struct pattern_tree *t, const char *pattern);
void pattern_tree_free(struct pattern_tree *t);

#endif
