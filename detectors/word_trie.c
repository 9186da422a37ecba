/* SPDX-License-Identifier: Apache-2.0
 *
 * Built by lists: a row is the list of openings that still fit, at its depth; a leaf is the list alone, for its openings are
 * compared from their first byte on. Rules with so many openings that the numbers do not fit into a code get longer leaves.
 * What it works with is made of patterns, and not wiped.
 */
#include "word_trie.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

enum { FIRST_BYTES = 3, NUMBERS = WORD_TRIE_LEAF, SLOTS = 4 * NUMBERS, LEAF_USUAL = 64, LEAF_GROWS = 16 };

/* A list of openings: a row of this depth, or a leaf, depth 0. */
struct list {
    uint32_t *ids, n, depth;
    uint16_t code;
};

struct builder {
    struct word_trie *t;
    const struct opening *const *openings;
    uint32_t (*low)[WORD_TRIE_BYTES]; /* of each opening, by byte: the low bits that it may have */
    struct automaton_glance *glances; /* of each opening */
    uint32_t n, leaf_most, room;     /* room: of the trie, for glances */
    struct list lists[2 * NUMBERS];
    uint32_t n_lists, slots[SLOTS]; /* lists by hash, from 1 */
    bool failed, full;
};

/* The bytes of a set by their low five bits. */
static uint32_t low_bits(const struct byte_set *set)
{
    uint64_t any = set->bits[0] | set->bits[1] | set->bits[2] | set->bits[3];
    return (uint32_t)(any | any >> 32);
}

static bool begins_word(const struct opening *o)
{
    bool follows = false;
    for (unsigned before = 0; before <= BEFORE_START; before++)
        follows |= !((before | 32) >= 'a' && (before | 32) <= 'z') && opening_follows(o, before);
    return follows && o->n > 0;
}

static bool glances_reserve(struct builder *b, uint32_t more)
{
    struct word_trie *t = b->t;
    if (t->n_glances + more <= b->room)
        return true;
    uint32_t room = 2 * (t->n_glances + more);
    struct automaton_glance *grown = realloc(t->glances, room * sizeof *grown);
    b->failed |= !grown;
    if (!grown)
        return false;
    t->glances = grown;
    b->room = room;
    return true;
}

static void leaf_fill(struct builder *b, const uint32_t *ids, uint32_t n)
{
    struct word_trie *t = b->t;
    if (!glances_reserve(b, n))
        return;
    t->leaves[t->n_leaves++] = (struct word_leaf){t->n_glances, n};
    for (uint32_t i = 0; i < n; i++)
        t->glances[t->n_glances++] = b->glances[ids[i]];
}

/* Keeps a list that is not known yet. Returns its code. */
static uint16_t list_keep(struct builder *b, uint32_t *slot, const uint32_t *ids, uint32_t n, uint32_t depth)
{
    struct word_trie *t = b->t;
    struct list *l = &b->lists[b->n_lists];
    b->full |= (depth ? t->n_rows : t->n_leaves) == NUMBERS;
    uint32_t *copy = b->full ? NULL : malloc(n * sizeof *ids);
    b->failed |= !b->full && !copy;
    if (!copy)
        return 0;
    memcpy(copy, ids, n * sizeof *ids);
    *l = (struct list){copy, n, depth, (uint16_t)(depth ? t->n_rows++ : t->n_leaves | WORD_TRIE_LEAF)};
    if (!depth)
        leaf_fill(b, ids, n);
    *slot = ++b->n_lists;
    return l->code;
}

static bool list_ends(const struct builder *b, const uint32_t *ids, uint32_t n, uint32_t depth)
{
    uint32_t complete = 0;
    while (complete < n && b->openings[ids[complete]]->n <= depth)
        complete++;
    return depth > FIRST_BYTES && (n <= b->leaf_most || complete == n || depth == WORD_TRIE_BYTES);
}

static uint16_t list_code(struct builder *b, const uint32_t *ids, uint32_t n, uint32_t depth)
{
    if (n == 0 || b->failed || b->full)
        return 0;
    depth = list_ends(b, ids, n, depth) ? 0 : depth;
    uint64_t hash = depth;
    for (uint32_t i = 0; i < n; i++)
        hash = (hash ^ ids[i]) * UINT64_C(0x9E3779B97F4A7C15);
    uint32_t at = (uint32_t)(hash >> 40) % SLOTS;
    for (; b->slots[at]; at = (at + 1) % SLOTS) {
        const struct list *l = &b->lists[b->slots[at] - 1];
        if (l->n == n && l->depth == depth && memcmp(l->ids, ids, n * sizeof *ids) == 0)
            return l->code;
    }
    return list_keep(b, &b->slots[at], ids, n, depth);
}

/* Of the openings those whose byte at this depth may have these low bits. */
static uint32_t list_choose(const struct builder *b, const uint32_t *from, uint32_t n, uint32_t depth, unsigned bits, uint32_t *to)
{
    uint32_t chosen = 0;
    for (uint32_t i = 0; i < n; i++) {
        to[chosen] = from[i];
        chosen += b->low[from[i]][depth] >> bits & 1;
    }
    return chosen;
}

static void first_fill(struct builder *b, const uint32_t *all, uint32_t n_all, uint32_t *some)
{
    uint32_t *one = some, *two = one + b->n + 1, *three = two + b->n + 1;
    for (unsigned first = 0; first < 64; first++) {
        uint32_t n_one = 0;
        for (uint32_t i = 0; i < n_all; i++) {
            unsigned byte = 64 + first;
            one[n_one] = all[i];
            n_one += ((byte | 32) >= 'a' && (byte | 32) <= 'z' && byte_set_has(&b->openings[all[i]]->set[0], byte));
        }
        for (unsigned second = 0; second < 32; second++) {
            uint32_t n_two = list_choose(b, one, n_one, 1, second, two);
            for (unsigned third = 0; third < 32; third++)
                b->t->first[first << 10 | second << 5 | third] = list_code(b, three, list_choose(b, two, n_two, 2, third, three), FIRST_BYTES);
        }
    }
}

static void rows_fill(struct builder *b, uint32_t *some)
{
    for (uint32_t i = 0; i < b->n_lists && !b->failed && !b->full; i++) {
        struct list l = b->lists[i];
        for (unsigned bits = 0; l.depth && bits < WORD_TRIE_ROW; bits++)
            b->t->rows[l.code][bits] = list_code(b, some, list_choose(b, l.ids, l.n, l.depth, bits, some), l.depth + 1);
    }
}

static void lists_free(struct builder *b)
{
    for (uint32_t i = 0; i < b->n_lists; i++)
        free(b->lists[i].ids);
    b->n_lists = 0;
    memset(b->slots, 0, sizeof b->slots);
}

/* Any word may be any opening's: when the numbers do not suffice. */
static void fill_plainly(struct builder *b, const uint32_t *all, uint32_t n)
{
    b->t->n_rows = 2;
    b->t->n_leaves = b->t->n_glances = 0;
    leaf_fill(b, all, n);
    for (uint32_t i = 0; i < WORD_TRIE_FIRST; i++)
        b->t->first[i] = 1;
    for (unsigned bits = 0; bits < WORD_TRIE_ROW; bits++)
        b->t->rows[1][bits] = WORD_TRIE_LEAF;
}

/* 0 or -1. */
static int fill(struct builder *b)
{
    uint32_t *all = malloc((b->n + 1) * 4 * sizeof *all), n = 0;
    if (!all)
        return -1;
    for (uint32_t i = 0; i < b->n; i++)
        if (begins_word(b->openings[i]))
            all[n++] = i;
    for (b->leaf_most = LEAF_USUAL; b->leaf_most; b->leaf_most = b->leaf_most < n ? b->leaf_most * LEAF_GROWS : 0) {
        b->full = false;
        b->t->n_rows = 1; /* row 0 is dead */
        b->t->n_leaves = b->t->n_glances = 0;
        first_fill(b, all, n, all + b->n + 1);
        rows_fill(b, all + b->n + 1);
        lists_free(b);
        if (!b->full)
            break;
    }
    if (b->full)
        fill_plainly(b, all, n);
    free(all);
    return b->failed ? -1 : 0;
}

/* What is asked of each opening again and again. */
static void openings_look(struct builder *b)
{
    for (uint32_t i = 0; i < b->n; i++) {
        b->glances[i] = automaton_glance_of(b->openings[i], i, 0);
        for (unsigned k = 0; k < WORD_TRIE_BYTES; k++)
            b->low[i][k] = k < b->openings[i]->n ? low_bits(&b->openings[i]->set[k]) : UINT32_MAX;
    }
}

/* To the size that is needed, a row on a cache line of its own. */
static int rows_settle(struct word_trie *t)
{
    size_t size = t->n_rows * sizeof *t->rows;
    void *rows = aligned_alloc(sizeof *t->rows, size);
    if (!rows)
        return -1;
    memcpy(rows, t->rows, size);
    free(t->rows);
    t->rows = rows;
    return 0;
}

int word_trie_build(struct word_trie *t, const struct opening *const *openings, uint32_t n)
{
    struct builder *b = calloc(1, sizeof *b);
    int rc = -1;
    *t = (struct word_trie){.first = calloc(WORD_TRIE_FIRST, sizeof *t->first), .rows = calloc(NUMBERS, sizeof *t->rows),
                            .leaves = calloc(NUMBERS, sizeof *t->leaves)};
    if (b) {
        b->t = t;
        b->openings = openings;
        b->n = n;
        b->low = malloc((n + 1) * sizeof *b->low);
        b->glances = malloc((n + 1) * sizeof *b->glances);
    }
    if (b && b->low && b->glances && t->first && t->rows && t->leaves) {
        openings_look(b);
        rc = fill(b) < 0 ? -1 : rows_settle(t);
    }
    if (b) {
        free(b->low);
        free(b->glances);
    }
    free(b);
    return rc;
}

void word_trie_free(struct word_trie *t)
{
    free(t->first);
    free(t->rows);
    free(t->leaves);
    free(t->glances);
    *t = (struct word_trie){.n_rows = 0};
}
