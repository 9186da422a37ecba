/* SPDX-License-Identifier: Apache-2.0
 *
 * The right edge of a tree of 13 = 8 + 4 + 1 leaves:
 *
 *            root
 *          /      \
 *     [8 leaves]   o
 *                /   \
 *          [4 leaves] [1]      edge[3], edge[2], edge[0]
 *
 * Adding a leaf is adding one to a binary number: each carry joins two subtrees of the same size.
 */
#include "audit_tree.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct audit_tree_hasher {
    EVP_MD *md;
    EVP_MD_CTX *ctx;
};

struct audit_tree_hasher *audit_tree_hasher_new(void) {
    struct audit_tree_hasher *h = calloc(1, sizeof *h);
    if (!h) return NULL;

    h->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    h->ctx = EVP_MD_CTX_new();
    if (h->md && h->ctx) return h;
    audit_tree_hasher_free(h);
    return NULL;
}

void audit_tree_hasher_free(struct audit_tree_hasher *h) {
    if (!h) return;
    EVP_MD_free(h->md);
    EVP_MD_CTX_free(h->ctx);
    free(h);
}

static int digest(struct audit_tree_hasher *h, unsigned char prefix, struct span a, struct span b, unsigned char *out) {
    if (EVP_DigestInit_ex2(h->ctx, h->md, NULL) != 1 || EVP_DigestUpdate(h->ctx, &prefix, 1) != 1 ||
        EVP_DigestUpdate(h->ctx, a.ptr, a.len) != 1 || EVP_DigestUpdate(h->ctx, b.ptr, b.len) != 1)
        return -1;
    return EVP_DigestFinal_ex(h->ctx, out, NULL) == 1 ? 0 : -1;
}

int audit_tree_leaf(struct audit_tree_hasher *h, struct span line, unsigned char out[AUDIT_NODE_LEN]) {
    return digest(h, 0, line, span_make("", 0), out);
}

/* out may be left or right. */
static int join(struct audit_tree_hasher *h, const unsigned char *left, const unsigned char *right, unsigned char *out) {
    return digest(h, 1, span_make((const char *)left, AUDIT_NODE_LEN), span_make((const char *)right, AUDIT_NODE_LEN), out);
}

void audit_tree_init(struct audit_tree *t, struct audit_tree_hasher *h) {
    t->hasher = h;
    t->size = 0;
}

int audit_tree_add(struct audit_tree *t, const unsigned char leaf[AUDIT_NODE_LEN]) {
    unsigned char node[AUDIT_NODE_LEN];
    unsigned i = 0;

    memcpy(node, leaf, sizeof node);
    for (; t->size >> i & 1; i++)
        if (join(t->hasher, t->edge[i], node, node) < 0) return -1;
    memcpy(t->edge[i], node, sizeof node);
    t->size++;
    return 0;
}

int audit_tree_root(const struct audit_tree *t, unsigned char out[AUDIT_NODE_LEN]) {
    bool begun = false;

    if (t->size == 0) return EVP_Digest("", 0, out, NULL, t->hasher->md, NULL) == 1 ? 0 : -1;
    for (unsigned i = 0; i < 64; i++) {
        if (!(t->size >> i & 1)) continue;
        if (!begun) memcpy(out, t->edge[i], AUDIT_NODE_LEN);
        else if (join(t->hasher, t->edge[i], out, out) < 0) return -1;
        begun = true;
    }
    return 0;
}

/* ---- which subtrees a proof needs ---- */

static uint64_t split(uint64_t n) {
    uint64_t k = 1;

    while (k < n - k)
        k *= 2;
    return k;
}

static void need(struct audit_path *p, uint64_t begin, uint64_t end) {
    p->v[p->n++] = (struct audit_path_node){.begin = begin, .end = end};
}

static void reverse(struct audit_path *p) {
    for (size_t i = 0; i < p->n / 2; i++) {
        struct audit_path_node kept = p->v[i];
        p->v[i] = p->v[p->n - 1 - i];
        p->v[p->n - 1 - i] = kept;
    }
}

static void sort(struct audit_path *p) {
    for (size_t i = 0; i < p->n; i++) {
        size_t j = i;
        for (; j > 0 && p->v[p->order[j - 1]].begin > p->v[i].begin; j--)
            p->order[j] = p->order[j - 1];
        p->order[j] = (unsigned char)i;
    }
}

static void begin_path(struct audit_path *p, struct audit_tree_hasher *h) {
    p->n = p->filled = 0;
    audit_tree_init(&p->work, h);
}

void audit_path_inclusion(struct audit_path *p, struct audit_tree_hasher *h, uint64_t index, uint64_t size) {
    uint64_t begin = 0, end = size;

    begin_path(p, h);
    while (end - begin > 1) { /* from the root down; the proof goes up */
        uint64_t middle = begin + split(end - begin);
        if (index < middle) {
            need(p, middle, end);
            end = middle;
        } else {
            need(p, begin, middle);
            begin = middle;
        }
    }
    reverse(p);
    sort(p);
}

void audit_path_consistency(struct audit_path *p, struct audit_tree_hasher *h, uint64_t old, uint64_t size) {
    uint64_t begin = 0, end = size;
    bool whole = true; /* what is left of the old tree is all of it: its root is known to the reader */

    begin_path(p, h);
    while (old != end) {
        uint64_t middle = begin + split(end - begin);
        if (old <= middle) {
            need(p, middle, end);
            end = middle;
        } else {
            need(p, begin, middle);
            begin = middle;
            whole = false;
        }
    }
    if (!whole) need(p, begin, end);
    reverse(p);
    sort(p);
}

int audit_path_feed(struct audit_path *p, uint64_t index, const unsigned char leaf[AUDIT_NODE_LEN]) {
    struct audit_path_node *node = p->filled < p->n ? &p->v[p->order[p->filled]] : NULL;

    if (!node || index < node->begin) return 0;
    if (audit_tree_add(&p->work, leaf) < 0) return -1;
    if (index + 1 < node->end) return 0;
    if (audit_tree_root(&p->work, node->hash) < 0) return -1;
    p->work.size = 0;
    p->filled++;
    return 0;
}

bool audit_path_complete(const struct audit_path *p) {
    return p->filled == p->n;
}

/* ---- checking ---- */

bool audit_inclusion_holds(struct audit_tree_hasher *h, uint64_t index, uint64_t size, const unsigned char *leaf,
                           const struct audit_node *path, size_t n, const unsigned char *root) {
    uint64_t at = index, last = size - 1;
    unsigned char node[AUDIT_NODE_LEN];

    if (index >= size) return false;
    memcpy(node, leaf, sizeof node);
    for (size_t i = 0; i < n; i++) {
        if (last == 0) return false;
        if (at & 1 || at == last) {
            if (join(h, path[i].hash, node, node) < 0) return false;
            while (!(at & 1) && at != 0) {
                at >>= 1;
                last >>= 1;
            }
        } else if (join(h, node, path[i].hash, node) < 0) {
            return false;
        }
        at >>= 1;
        last >>= 1;
    }
    return last == 0 && memcmp(node, root, sizeof node) == 0;
}

bool audit_consistency_holds(struct audit_tree_hasher *h, uint64_t old, uint64_t size, const unsigned char *old_root,
                             const unsigned char *root, const struct audit_node *path, size_t n) {
    unsigned char before[AUDIT_NODE_LEN], after[AUDIT_NODE_LEN];
    uint64_t at = old - 1, last = size - 1;
    size_t i = 0;

    if (old == 0 || old > size) return false;
    if (old == size) return n == 0 && memcmp(old_root, root, AUDIT_NODE_LEN) == 0;
    bool power = (old & (old - 1)) == 0;
    if (!power && n == 0) return false;
    memcpy(before, power ? old_root : path[i++].hash, sizeof before);
    memcpy(after, before, sizeof after);
    for (; at & 1; at >>= 1)
        last >>= 1;
    for (; i < n; i++) {
        if (last == 0) return false;
        if (at & 1 || at == last) {
            if (join(h, path[i].hash, before, before) < 0 || join(h, path[i].hash, after, after) < 0) return false;
            for (; !(at & 1) && at != 0; at >>= 1)
                last >>= 1;
        } else if (join(h, after, path[i].hash, after) < 0) {
            return false;
        }
        at >>= 1;
        last >>= 1;
    }
    return last == 0 && memcmp(before, old_root, sizeof before) == 0 && memcmp(after, root, sizeof after) == 0;
}
