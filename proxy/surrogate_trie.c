/* SPDX-License-Identifier: Apache-2.0
 *
 * A node for each byte, children as a list: texts are few and short, and most bytes of an answer begin none.
 */
#include "surrogate_trie.h"

#include <string.h>

#include "arena.h"

struct trie_node {
    struct trie_node *child, *next;
    struct span value;
    char byte;
    bool ends, made, several;
};

static struct trie_node *child_of(const struct trie_node *n, char byte) {
    struct trie_node *c = n ? n->child : NULL;
    while (c && c->byte != byte)
        c = c->next;
    return c;
}

static struct trie_node *walk(const struct surrogate_trie *t, struct span text) {
    struct trie_node *n = t->root;
    for (size_t i = 0; n && i < text.len; i++)
        n = child_of(n, text.ptr[i]);
    return n;
}

static struct trie_node *grow(struct surrogate_trie *t, struct arena *a, struct span text) {
    if (!t->root) t->root = arena_alloc(a, sizeof *t->root);
    struct trie_node *n = t->root;
    for (size_t i = 0; n && i < text.len; i++) {
        struct trie_node *c = child_of(n, text.ptr[i]);
        if (!c) {
            c = arena_alloc(a, sizeof *c);
            if (!c) return NULL;
            c->byte = text.ptr[i];
            c->next = n->child;
            n->child = c;
        }
        n = c;
    }
    return n;
}

int surrogate_trie_add(struct surrogate_trie *t, struct arena *a, struct span text, struct span value,
                       enum trie_strength strength) {
    struct trie_node *n = text.len ? grow(t, a, text) : NULL;

    if (!n) return -1;
    t->first[(unsigned char)text.ptr[0]] = true;
    bool made = strength == TRIE_MADE, same = n->ends && !n->several && span_equal(n->value, value);
    if (n->ends && n->made) return same || !made; /* what is weak gives way */
    if (made || !n->ends) {
        n->value = value;
        n->ends = true;
        n->made = made;
        n->several = false;
    } else {
        n->several |= !same;
    }
    return 1;
}

bool surrogate_trie_made(const struct surrogate_trie *t, struct span text) {
    const struct trie_node *n = walk(t, text);
    return n && n->ends && n->made;
}

/* A text that ends in a letter or digit does not go on in one. */
static enum surrogate_match border(struct span text, size_t len, bool word, bool ended) {
    if (!word || (len == text.len && ended)) return SURROGATE_YES;
    if (len == text.len) return SURROGATE_PART;
    return surrogate_word_byte(text.ptr[len], word) ? SURROGATE_NO : SURROGATE_YES;
}

enum surrogate_match surrogate_trie_match(const struct surrogate_trie *t, struct span text, bool ended, size_t *len,
                                          struct span *value) {
    const struct trie_node *n = t->root;
    enum surrogate_match found = SURROGATE_NO;
    bool word = false;

    for (size_t i = 0; n && i < text.len; i++) {
        word = surrogate_word_byte(text.ptr[i], word);
        n = child_of(n, text.ptr[i]);
        if (!n || !n->ends) continue;
        switch (border(text, i + 1, word, ended)) {
        case SURROGATE_NO: break;
        case SURROGATE_PART: return SURROGATE_PART;
        case SURROGATE_YES:
            found = SURROGATE_YES;
            *len = i + 1;
            *value = n->several ? span_make(NULL, 0) : n->value;
            break;
        }
    }
    return n && n->child && !ended ? SURROGATE_PART : found;
}

/* No deeper than the longest text. */
static struct trie_node *copy(const struct trie_node *first, struct arena *a) {
    struct trie_node *list = NULL, **end = &list;

    for (const struct trie_node *n = first; n; n = n->next, end = &(*end)->next) {
        *end = arena_alloc(a, sizeof **end);
        if (!*end) return NULL;
        **end = *n;
        (*end)->next = NULL;
        (*end)->child = n->child ? copy(n->child, a) : NULL;
        if (n->value.len) (*end)->value.ptr = arena_copy(a, n->value);
        if ((n->child && !(*end)->child) || (n->value.len && !(*end)->value.ptr)) return NULL;
    }
    return list;
}

int surrogate_trie_copy(const struct surrogate_trie *t, struct arena *a, struct surrogate_trie *out) {
    memcpy(out->first, t->first, sizeof out->first);
    out->root = t->root ? copy(t->root, a) : NULL;
    return t->root && !out->root ? -1 : 0;
}
