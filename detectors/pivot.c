/* SPDX-License-Identifier: Apache-2.0
 *
 * Of the parts of a concatenation, the one is taken whose openings are rarest. What stands before it must have
 * an end, so that looking back has one.
 */
#include "pivot.h"

#include <string.h>

#include "memory.h"

/* A pivot must be this much rarer than the beginning, and the beginning be frequent enough to be worth it. */
#define PIVOT_GAIN 3.0
#define HEAD_COST_LEAST 1e-3
/* A place where only the first byte fits costs this part of one where all fit: most end at the second byte. */
#define LOOK_COST 0.01
/* What it costs all rules when one of them may begin inside a word. */
#define INSIDE_COST 0.03

struct extent {
    uint64_t min, max;
    struct byte_set all;
};

enum { EXTENT_MAX = 2048 };

static bool extent_of(const struct node *nodes, int index, struct extent *e)
{
    const struct node *node = &nodes[index];
    struct extent inner;
    *e = (struct extent){0};
    switch (node->type) {
    case NODE_OPAQUE:
        return false;
    case NODE_EMPTY:
    case NODE_BOUNDARY:
    case NODE_BEHIND:
        return true;
    case NODE_SET:
        e->all = node->set;
        e->min = 1;
        e->max = node->set.bits[2] | node->set.bits[3] ? 4 : 1;
        if (e->max == 4) /* the bytes that follow the first */
            e->all.bits[2] = e->all.bits[3] = ~(uint64_t)0;
        return true;
    case NODE_CAT:
    case NODE_ALT:
        e->min = node->type == NODE_ALT ? UINT64_MAX : 0;
        for (int i = node->child; i; i = nodes[i].next) {
            if (!extent_of(nodes, i, &inner))
                return false;
            bool cat = node->type == NODE_CAT;
            e->min = cat ? e->min + inner.min : inner.min < e->min ? inner.min : e->min;
            e->max = cat ? e->max + inner.max : inner.max > e->max ? inner.max : e->max;
            for (int k = 0; k < 4; k++)
                e->all.bits[k] |= inner.all.bits[k];
        }
        return e->max <= EXTENT_MAX;
    case NODE_REPEAT:
        if (node->max < 0 || !extent_of(nodes, node->child, e))
            return false;
        e->min *= (uint64_t)node->min;
        e->max *= (uint64_t)node->max;
        return e->max <= EXTENT_MAX;
    }
    return false;
}


static void extent_add(struct extent *sum, const struct extent *e)
{
    sum->min += e->min;
    sum->max += e->max;
    for (int k = 0; k < 4; k++)
        sum->all.bits[k] |= e->all.bits[k];
}

static int pivot_keep(struct pivot *pivot, const struct opening_list *list, const struct extent *before)
{
    struct opening *copy = phi_memory_new((size_t)list->n * sizeof *copy);
    if (!copy)
        return -1;
    memcpy(copy, list->v, (size_t)list->n * sizeof *copy);
    phi_memory_free(pivot->openings);
    pivot->openings = copy;
    pivot->n = list->n;
    pivot->min = (uint32_t)before->min;
    pivot->max = (uint32_t)before->max;
    pivot->between = before->all;
    return 0;
}

static void pivot_heads(struct pivot *pivot, const struct opening *heads, int n)
{
    pivot->start = true;
    memset(&pivot->before, 0xFF, sizeof pivot->before);
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < 4; k++) {
            pivot->first.bits[k] |= heads[i].set[0].bits[k];
            pivot->before.bits[k] &= heads[i].before.bits[k];
        }
        pivot->start &= heads[i].start;
    }
}

/* May one begin inside a word? Then most places of a text would be worth a look. */
static bool begins_inside(const struct opening *v, int n)
{
    static const uint64_t letters = 0x07FFFFFE00000000u; /* a to z, in the second word of a set */
    for (int i = 0; i < n; i++)
        if (v[i].set[0].bits[1] & letters && letters & ~v[i].before.bits[1])
            return true;
    return false;
}

static double cost_of(struct opening_cost cost)
{
    return cost.fit + LOOK_COST * cost.look;
}

int pivot_find(struct pivot *pivot, const struct node *nodes, int root, const struct opening *heads, int n)
{
    struct extent before = {0}, e;
    struct opening_cost head = openings_cost(heads, n);
    double cost_head = cost_of(head) + (begins_inside(heads, n) ? INSIDE_COST : 0), best = cost_head / PIVOT_GAIN;
    const struct node *cat = &nodes[root];
    int rc = 0;
    *pivot = (struct pivot){0};
    while (cat->type == NODE_CAT && cat->child && !nodes[cat->child].next)
        cat = &nodes[cat->child];
    if (cat->type != NODE_CAT || cost_head < HEAD_COST_LEAST)
        return 0;
    struct opening_list *list = opening_list_new();
    if (!list)
        return -1;
    for (int i = cat->child; i && rc >= 0; i = nodes[i].next) {
        rc = before.max ? openings_find(list, nodes, i) : 0;
        double cost = rc == 1 && !begins_inside(list->v, list->n) ? cost_of(openings_cost(list->v, list->n)) : 1;
        if (cost < best) {
            best = cost;
            rc = pivot_keep(pivot, list, &before);
        }
        if (!extent_of(nodes, i, &e))
            break;
        extent_add(&before, &e);
        if (before.max > EXTENT_MAX)
            break;
    }
    pivot_heads(pivot, heads, n);
    opening_list_free(list);
    return rc < 0 ? -1 : 0;
}

void pivot_free(struct pivot *pivot)
{
    phi_memory_free(pivot->openings);
    pivot->openings = NULL;
    pivot->n = 0;
}

/* ---- a digit in every match ---- */

enum { DIGIT_WITHIN_MAX = 256 };

static bool holds_digit(const struct node *nodes, int index)
{
    static const uint64_t digits = 0x03FF000000000000u;
    const struct node *node = &nodes[index];
    switch (node->type) {
    case NODE_OPAQUE:
    case NODE_EMPTY:
    case NODE_BOUNDARY:
    case NODE_BEHIND:
        return false;
    case NODE_SET:
        return !(node->set.bits[0] & ~digits || node->set.bits[1] || node->set.bits[2] || node->set.bits[3]);
    case NODE_CAT:
        for (int i = node->child; i; i = nodes[i].next)
            if (holds_digit(nodes, i))
                return true;
        return false;
    case NODE_ALT:
        for (int i = node->child; i; i = nodes[i].next)
            if (!holds_digit(nodes, i))
                return false;
        return node->child != 0;
    case NODE_REPEAT:
        return node->min > 0 && holds_digit(nodes, node->child);
    }
    return false;
}

/* Sums up what stands before the digit and the part that holds it. */
uint32_t digit_within(const struct node *nodes, int root)
{
    struct extent before = {0}, e;
    const struct node *node = &nodes[root];
    if (node->type != NODE_CAT) {
        bool known = holds_digit(nodes, root) && extent_of(nodes, root, &e) && e.max <= DIGIT_WITHIN_MAX;
        return known ? (uint32_t)e.max : 0;
    }
    for (int i = node->child; i; i = nodes[i].next) {
        uint32_t ahead = nodes[i].type == NODE_EMPTY && nodes[i].child ? digit_within(nodes, nodes[i].child) : 0;
        if (ahead && before.max + ahead <= DIGIT_WITHIN_MAX) /* (?=[A-Z]{0,3}\d) */
            return (uint32_t)before.max + ahead;
        if (!extent_of(nodes, i, &e))
            return 0;
        extent_add(&before, &e);
        if (before.max > DIGIT_WITHIN_MAX)
            return 0;
        if (holds_digit(nodes, i))
            return nodes[i].type == NODE_CAT && before.max == e.max ? digit_within(nodes, i) : (uint32_t)before.max;
    }
    return 0;
}
