/* SPDX-License-Identifier: Apache-2.0
 *
 * The tree of a pattern becomes steps, each a set of bytes and what may come behind it; sets of steps become states. What
 * the tree does not tell, a character beyond ASCII, a long count and a state too many all mean "ask": an outline may admit
 * too much, never too little.
 */
#include "outline.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

enum { STEPS_MAX = 4096, STATES_MAX = 400, SLOTS = 1024, LOOSE = 3, COUNT_MAX = 16, STEP_ASK = 1 };

/* A set, then `next`; without a set: on to `next` and to `other`. */
struct step {
    const struct byte_set *set;
    uint16_t next, other; /* 0: none */
};

struct state {
    uint16_t *steps; /* those with sets */
    unsigned n;
};

struct builder {
    const struct node *nodes;
    struct step step[STEPS_MAX];
    unsigned n_steps;
    struct state state[STATES_MAX];
    unsigned n_states;
    uint16_t slots[SLOTS]; /* states by hash of their steps, from 1 */
    uint16_t list[STEPS_MAX], stack[2 * STEPS_MAX]; /* a state under work */
    uint32_t seen[STEPS_MAX], now;                  /* steps that are in it */
    unsigned n, classes;
    uint8_t member[129]; /* a byte of each class; 128: beyond ASCII */
    uint16_t rows[STATES_MAX * 129];
    bool ask, failed;
};

/* ---- steps ---- */

static uint16_t step_new(struct builder *b, const struct byte_set *set, uint16_t next, uint16_t other)
{
    if (b->n_steps == STEPS_MAX)
        return STEP_ASK;
    b->step[b->n_steps] = (struct step){set, next, other};
    return (uint16_t)b->n_steps++;
}

static uint16_t steps_of(struct builder *b, int node, uint16_t next);

/* Children from `node` on, one behind the other. What the last looks ahead to stands there, whatever comes behind. */
static uint16_t steps_of_all(struct builder *b, int node, uint16_t next)
{
    if (!node)
        return next;
    const struct node *n = &b->nodes[node];
    if (n->type == NODE_EMPTY && n->child && !n->next)
        return steps_of(b, n->child, STEP_ASK);
    return steps_of(b, node, steps_of_all(b, n->next, next));
}

static uint16_t steps_of_repeat(struct builder *b, const struct node *n, uint16_t next)
{
    int least = n->min < COUNT_MAX ? n->min : COUNT_MAX;
    if (n->max < 0 || n->max > least + LOOSE) {
        uint16_t loop = step_new(b, NULL, next, 0);
        b->step[loop].other = loop == STEP_ASK ? 0 : steps_of(b, n->child, loop);
        next = loop;
    } else {
        for (int i = least; i < n->max; i++)
            next = step_new(b, NULL, next, steps_of(b, n->child, next));
    }
    for (int i = 0; i < least; i++)
        next = steps_of(b, n->child, next);
    return next;
}

static uint16_t steps_of(struct builder *b, int node, uint16_t next)
{
    const struct node *n = &b->nodes[node];
    uint16_t all = 0;
    switch (n->type) {
    case NODE_OPAQUE:
        return STEP_ASK;
    case NODE_SET:
        return step_new(b, &n->set, next, 0);
    case NODE_CAT:
        return steps_of_all(b, n->child, next);
    case NODE_ALT:
        for (int i = n->child; i; i = b->nodes[i].next)
            all = step_new(b, NULL, steps_of(b, i, next), all);
        return all;
    case NODE_REPEAT:
        return steps_of_repeat(b, n, next);
    case NODE_EMPTY:
    case NODE_BOUNDARY:
    case NODE_BEHIND:
        break;
    }
    return next;
}

/* ---- states ---- */

/* The step and those that it leads to without a byte, into the state under work. */
static void state_add(struct builder *b, uint16_t step)
{
    unsigned n = 0;
    b->stack[n++] = step;
    while (n) {
        uint16_t at = b->stack[--n];
        if (!at || b->seen[at] == b->now)
            continue;
        b->seen[at] = b->now;
        b->ask |= at == STEP_ASK;
        if (b->step[at].set)
            b->list[b->n++] = at;
        else if (at != STEP_ASK) {
            b->stack[n++] = b->step[at].next;
            b->stack[n++] = b->step[at].other;
        }
    }
}

static void state_begin(struct builder *b)
{
    b->now++;
    b->n = 0;
    b->ask = false;
}

static void list_sort(uint16_t *list, unsigned n)
{
    for (unsigned i = 1; i < n; i++) {
        uint16_t one = list[i];
        unsigned k = i;
        for (; k && list[k - 1] > one; k--)
            list[k] = list[k - 1];
        list[k] = one;
    }
}

/* Where the state under work is among the slots, or would be. */
static uint16_t *state_slot(struct builder *b)
{
    uint32_t hash = b->n;
    for (unsigned i = 0; i < b->n; i++)
        hash = (hash ^ b->list[i]) * 0x9E3779B1u;
    unsigned at = hash >> 22;
    for (; b->slots[at]; at = (at + 1) % SLOTS) {
        const struct state *s = &b->state[b->slots[at] - 1];
        if (s->n == b->n && memcmp(s->steps, b->list, b->n * sizeof *b->list) == 0)
            break;
    }
    return &b->slots[at];
}

/* The number of the state under work. */
static uint16_t state_number(struct builder *b)
{
    if (b->ask || b->n == 0)
        return b->ask ? OUTLINE_ASK : OUTLINE_NO;
    list_sort(b->list, b->n);
    uint16_t *slot = state_slot(b);
    if (*slot || b->n_states == STATES_MAX)
        return *slot ? (uint16_t)(*slot - 1 + OUTLINE_FIRST) : OUTLINE_ASK;
    struct state *s = &b->state[b->n_states++];
    s->steps = malloc(b->n * sizeof *b->list);
    s->n = b->n;
    b->failed |= !s->steps;
    if (b->failed)
        return OUTLINE_ASK;
    memcpy(s->steps, b->list, b->n * sizeof *b->list);
    *slot = (uint16_t)b->n_states;
    return (uint16_t)(*slot - 1 + OUTLINE_FIRST);
}

static uint16_t state_behind(struct builder *b, const struct state *s, unsigned byte)
{
    state_begin(b);
    for (unsigned i = 0; i < s->n && !b->ask; i++) {
        const struct step *step = &b->step[s->steps[i]];
        if (byte == 128)
            b->ask |= (step->set->bits[2] | step->set->bits[3]) != 0;
        else if (byte_set_has(step->set, byte))
            state_add(b, step->next);
    }
    return state_number(b);
}

/* Parts the classes that a set does not hold whole. */
static void classes_part(struct builder *b, struct outline *o, const struct byte_set *set, uint8_t size[129])
{
    uint8_t with[129] = {0}, to[129] = {0};
    for (unsigned w = 0; w < 2; w++)
        for (uint64_t bits = set->bits[w]; bits; bits &= bits - 1)
            with[o->class[w * 64 + (unsigned)__builtin_ctzll(bits)]]++;
    for (unsigned w = 0; w < 2; w++)
        for (uint64_t bits = set->bits[w]; bits; bits &= bits - 1) {
            uint8_t *class = &o->class[w * 64 + (unsigned)__builtin_ctzll(bits)], was = *class;
            if (with[was] == size[was])
                continue;
            if (!to[was]) {
                to[was] = (uint8_t)b->classes++;
                size[to[was]] = with[to[was]] = with[was];
            }
            *class = to[was];
        }
    for (unsigned c = 0; c < b->classes; c++)
        size[c] = (uint8_t)(to[c] ? size[c] - with[c] : size[c]);
}

/* Bytes that no set tells apart are one class. */
static void classes_build(struct builder *b, struct outline *o, const struct pattern_tree *tree)
{
    uint8_t size[129] = {128};
    b->classes = 1;
    memset(o->class, 0, sizeof o->class);
    for (int i = 1; i < tree->n; i++)
        if (tree->v[i].type == NODE_SET)
            classes_part(b, o, &tree->v[i].set, size);
    o->class[128] = (uint8_t)b->classes++;
    o->classes = (uint8_t)b->classes;
    for (unsigned byte = 0; byte <= 128; byte++)
        b->member[o->class[byte]] = (uint8_t)byte;
}

static int rows_build(struct builder *b, struct outline *o, const struct pattern_tree *tree)
{
    uint16_t first = steps_of(b, tree->root, STEP_ASK);
    classes_build(b, o, tree);
    state_begin(b);
    state_add(b, first);
    if (state_number(b) != OUTLINE_FIRST)
        return b->failed ? -1 : 0; /* nothing is known of it */
    for (unsigned i = 0; i < b->n_states && !b->failed; i++)
        for (unsigned c = 0; c < b->classes; c++)
            b->rows[i * b->classes + c] = state_behind(b, &b->state[i], b->member[c]);
    size_t size = (size_t)b->n_states * b->classes * sizeof *b->rows;
    o->rows = b->failed ? NULL : phi_memory_new(size);
    if (!o->rows)
        return -1;
    memcpy(o->rows, b->rows, size);
    return 0;
}

static void builder_begin(struct builder *b, const struct node *nodes)
{
    b->nodes = nodes;
    b->n_steps = STEP_ASK + 1;
    b->step[STEP_ASK] = (struct step){NULL, 0, 0};
    b->n_states = 0;
    b->now = 0;
    b->ask = b->failed = false;
    memset(b->slots, 0, sizeof b->slots);
    memset(b->seen, 0, sizeof b->seen);
}

int outline_build(struct outline *o, const struct pattern_tree *tree)
{
    *o = (struct outline){.rows = NULL};
    struct builder *b = malloc(sizeof *b); /* most of it is never read: rules are many, and it is large */
    if (!b)
        return -1;
    builder_begin(b, tree->v);
    int rc = rows_build(b, o, tree);
    for (unsigned i = 0; i < b->n_states; i++)
        free(b->state[i].steps);
    free(b);
    return rc;
}

/* The state behind all bytes of a set; OUTLINE_NO when there are several. */
static unsigned state_behind_set(const struct outline *o, unsigned state, const struct byte_set *set)
{
    unsigned behind = OUTLINE_NO, n = 0;
    for (unsigned w = 0; w < 4; w++)
        for (uint64_t bits = set->bits[w]; bits; bits &= bits - 1) {
            unsigned byte = w * 64 + (unsigned)__builtin_ctzll(bits);
            unsigned next = o->rows[(state - OUTLINE_FIRST) * o->classes + o->class[byte < 128 ? byte : 128]];
            if (n++ && next != behind)
                return OUTLINE_NO;
            behind = next;
        }
    return behind;
}

struct outline_mark outline_behind(const struct outline *o, const struct byte_set *sets, unsigned n)
{
    struct outline_mark mark = {OUTLINE_FIRST, 0};
    for (unsigned k = 0; k < n && o->rows && mark.state >= OUTLINE_FIRST; k++) {
        unsigned next = state_behind_set(o, mark.state, &sets[k]);
        if (next == OUTLINE_NO)
            break;
        mark = (struct outline_mark){(uint16_t)next, (uint16_t)(k + 1)};
    }
    return mark;
}

void outline_free(struct outline *o)
{
    phi_memory_free(o->rows);
    *o = (struct outline){.rows = NULL};
}
