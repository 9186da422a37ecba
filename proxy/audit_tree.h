/* SPDX-License-Identifier: Apache-2.0
 *
 * The Merkle tree over the log's lines (RFC 6962 section 2.1, RFC 9162 section 2.1): leaf = SHA-256(0x00, line without its
 * newline), node = SHA-256(0x01, left, right). Leaf i is the record with sequence i + 1. Only the roots of the complete
 * subtrees at the right edge are kept, so a tree of any size needs 2 KiB.
 */
#ifndef AUDIT_TREE_H
#define AUDIT_TREE_H

#include "span.h"

#include <stdint.h>

#define AUDIT_NODE_LEN 32
#define AUDIT_PATH_MAX 128 /* nodes of a proof; a tree of 2^63 leaves needs 63, a consistency proof 64 */

struct audit_tree_hasher;

struct audit_tree {
    struct audit_tree_hasher *hasher; /* borrowed */
    uint64_t size;
    unsigned char edge[64][AUDIT_NODE_LEN]; /* [i] holds a subtree of 2^i leaves where bit i of size is set */
};

struct audit_tree_hasher *audit_tree_hasher_new(void); /* NULL when out of memory */
void audit_tree_hasher_free(struct audit_tree_hasher *h);
MUST_CHECK int audit_tree_leaf(struct audit_tree_hasher *h, struct span line, unsigned char out[AUDIT_NODE_LEN]);

void audit_tree_init(struct audit_tree *t, struct audit_tree_hasher *h);
MUST_CHECK int audit_tree_add(struct audit_tree *t, const unsigned char leaf[AUDIT_NODE_LEN]);
MUST_CHECK int audit_tree_root(const struct audit_tree *t, unsigned char out[AUDIT_NODE_LEN]);

/* ---- proofs: which subtrees are needed is known from the sizes alone; their roots come from one pass over the leaves ---- */

struct audit_path {
    struct audit_path_node {
        uint64_t begin, end; /* leaves */
        unsigned char hash[AUDIT_NODE_LEN];
    } v[AUDIT_PATH_MAX]; /* in the order of the proof */
    size_t n;
    unsigned char order[AUDIT_PATH_MAX]; /* the same by position */
    size_t filled;
    struct audit_tree work;
};

/* That leaf `index` is in the tree of `size` leaves. index < size. */
void audit_path_inclusion(struct audit_path *p, struct audit_tree_hasher *h, uint64_t index, uint64_t size);
/* That the tree of `size` leaves continues the one of `old` leaves. 0 < old <= size. */
void audit_path_consistency(struct audit_path *p, struct audit_tree_hasher *h, uint64_t old, uint64_t size);
/* Leaves in order, from 0 to size - 1. */
MUST_CHECK int audit_path_feed(struct audit_path *p, uint64_t index, const unsigned char leaf[AUDIT_NODE_LEN]);
bool audit_path_complete(const struct audit_path *p);

struct audit_node {
    unsigned char hash[AUDIT_NODE_LEN];
};

/* RFC 9162 section 2.1.3.2. true: the leaf is at `index` in the tree with this root. */
bool audit_inclusion_holds(struct audit_tree_hasher *h, uint64_t index, uint64_t size, const unsigned char *leaf,
                           const struct audit_node *path, size_t n, const unsigned char *root);
/* RFC 9162 section 2.1.4.2. */
bool audit_consistency_holds(struct audit_tree_hasher *h, uint64_t old, uint64_t size, const unsigned char *old_root,
                             const unsigned char *root, const struct audit_node *path, size_t n);

#endif
